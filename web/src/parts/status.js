// Whether a device is online, or since when it is not.
// SPDX-License-Identifier: Apache-2.0
import { usePresent } from '../clock.js';
import { instant, moment } from '../format.js';
import { html } from '../html.js';
import { strings } from '../strings.js';

/** @param {{device: import('../types.js').Device}} props */
export function Status({ device }) {
  const present = usePresent();
  const seen = instant(device.lastSeen);
  const words = device.online
    ? strings.device.online
    : Number.isNaN(seen)
      ? strings.device.neverSeen
      : strings.device.offlineSince(moment(seen, present));
  return html`<span class=${`status ${device.online ? 'is-online' : 'is-offline'}`}>
    <span class="dot" aria-hidden="true"></span>${words}
  </span>`;
}
