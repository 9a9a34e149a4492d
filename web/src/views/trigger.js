// One trigger: making it, changing it, removing it.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { measurementsOf } from '../format.js';
import { html } from '../html.js';
import { actuatorsOf } from '../parts/actuator.js';
import { Confirm } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { Title } from '../parts/title.js';
import { TriggerForm } from '../parts/trigger_form.js';
import { go } from '../router.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { draftOf, freshDraft } from '../trigger_draft.js';
import { addTrigger, changeTrigger, dropTrigger, loadTrigger, removeTrigger, triggerList } from '../triggers.js';
import { DeviceAway, useDevice } from './device.js';
import { Message } from './message.js';

/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Trigger} Trigger */

const words = strings.triggers;

/** @param {Device} device */
function draftFor(device) {
  return freshDraft(measurementsOf(device.values)[0] ?? '', device.id, actuatorsOf(device)[0]);
}

/** @param {string} id of a device */
const deviceAddress = (id) => `/devices/${encodeURIComponent(id)}`;

/** @param {{device: Device}} props */
const BackLine = ({ device }) => html`<div class="page-head">
  <a class="back" href=${deviceAddress(device.id)}><${Icon} name="back" /><bdi>${device.name}</bdi></a>
</div>`;

/** @param {{id: string}} props id of the device */
export function NewTrigger({ id }) {
  const { device, ...away } = useDevice(id);
  if (!device) return html`<${DeviceAway} ...${away} />`;
  const save = async (/** @type {import('../types.js').TriggerWish} */ wish) => {
    await addTrigger(wish);
    go(deviceAddress(id));
  };
  return html`<div class="page narrow">
    <${BackLine} device=${device} />
    <${Title} text=${words.newTitle} />
    <${TriggerForm} device=${device} initial=${draftFor(device)} save=${save}>
      <a class="button" href=${deviceAddress(id)}>${strings.app.cancel}</a>
    <//>
  </div>`;
}

/** @param {{id: string}} props id of the trigger */
export function TriggerPage({ id }) {
  const trigger = useStore(triggerList).items.find((one) => one.id === id);
  const [state, setState] = useState({ gone: false, error: /** @type {unknown} */ (null) });
  const load = () => {
    loadTrigger(id).then(
      (there) => setState({ gone: !there, error: null }),
      (error) => setState({ gone: false, error }),
    );
  };
  useEffect(load, [id]);
  if (state.gone) return html`<${Message} title=${words.goneTitle} text=${words.goneText} action=${strings.app.toOverview} href="/" />`;
  if (!trigger) return html`<${DeviceAway} gone=${false} error=${state.error} retry=${load} />`;
  return html`<${EditTrigger} trigger=${trigger} />`;
}

/** @param {{trigger: Trigger}} props */
function EditTrigger({ trigger }) {
  const { device, ...away } = useDevice(trigger.device);
  const [asking, setAsking] = useState(false);
  if (!device) return html`<${DeviceAway} ...${away} />`;
  const back = deviceAddress(device.id);
  const save = async (/** @type {import('../types.js').TriggerWish} */ wish) => {
    await changeTrigger(trigger.id, wish);
    go(back);
  };
  const act = async () => {
    await removeTrigger(trigger.id);
    go(back, { replace: true });
    dropTrigger(trigger.id);
  };
  return html`<div class="page narrow">
    <${BackLine} device=${device} />
    <${Title} text=${words.editTitle} />
    <${TriggerForm} key=${trigger.id} device=${device} initial=${draftOf(trigger, draftFor(device))} save=${save}>
      <button type="button" class="danger-quiet" onClick=${() => setAsking(true)}>${words.remove}</button>
      <a class="button" href=${back}>${strings.app.cancel}</a>
    <//>
    ${asking &&
    html`<${Confirm} title=${words.removeAsk} text=${words.removeText} confirm=${words.removeConfirm} busy=${words.removing}
      act=${act} onClose=${() => setAsking(false)} />`}
  </div>`;
}
