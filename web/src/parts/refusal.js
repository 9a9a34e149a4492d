// The alarm that messages of a device are not stored, and why.
// SPDX-License-Identifier: Apache-2.0
import { usePresent } from '../clock.js';
import { instant, moment } from '../format.js';
import { html } from '../html.js';
import { useRefusal } from '../refused.js';
import { deviceName } from '../sentences.js';
import { strings } from '../strings.js';
import { Icon } from './icon.js';

const words = strings.refusals;

/** Without a device: of all, with the way to the device it is about. @param {{device?: string}} props */
export function RefusalAlarm({ device }) {
  const refusal = useRefusal(device);
  const present = usePresent();
  return html`<div role="status" aria-label=${words.title}>
    ${refusal && html`<ul class="open-alerts">
      <li class="open-alert">
        <${Icon} name="alert" />
        <p><bdi>${device ? words.here : words.of(deviceName(refusal.device))}</bdi>
          <span> ${words.why(words.reasons[refusal.reason] ?? refusal.reason, refusal.detail, refusal.count, moment(instant(refusal.time), present))}</span></p>
        ${!device && html`<a href=${`/devices/${encodeURIComponent(refusal.device)}`}>${words.toDevice}</a>`}
      </li>
    </ul>`}
  </div>`;
}
