// What can be changed about a device: its name, its secret, and whether it is here at all.
// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { patch, post, remove } from '../api.js';
import { dropDevice, keepDevice } from '../devices.js';
import { html } from '../html.js';
import { ConnectionLines, Credentials } from '../parts/credentials.js';
import { Confirm } from '../parts/dialog.js';
import { Field, Problem, Submit, useForm } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Title } from '../parts/title.js';
import { go } from '../router.js';
import { strings } from '../strings.js';
import { DeviceAway, useDevice } from './device.js';

/** @typedef {import('../types.js').Device} Device */

const words = strings.settings;

/** @param {{id: string}} props */
export function DeviceSettings({ id }) {
  const { device, ...away } = useDevice(id);
  if (!device) return html`<${DeviceAway} ...${away} />`;
  return html`<div class="page narrow">
    <div class="page-head">
      <a class="back" href=${`/devices/${encodeURIComponent(id)}`}><${Icon} name="back" /><bdi>${device.name}</bdi></a>
    </div>
    <${Title} text=${words.title} />
    <${Name} device=${device} />
    <${Secret} device=${device} />
    <${Removal} device=${device} />
  </div>`;
}

/** @param {{device: Device}} props */
function Name({ device }) {
  const [saved, setSaved] = useState(false);
  const { form, busy, problem, errors, onSubmit } = useForm(['name'], async ({ name }) => {
    setSaved(false);
    const answer = await patch(`/devices/${encodeURIComponent(device.id)}`, { name: name.trim() });
    keepDevice({ ...device, ...answer });
    setSaved(true);
  });
  return html`<form class="card" ref=${form} onSubmit=${onSubmit} onInput=${() => setSaved(false)} novalidate>
    <${Field} name="name" label=${strings.add.name} value=${device.name} error=${errors.name} autocomplete="off" />
    <${Problem} text=${problem} />
    <div class="actions">
      <span class="said-good" role="status">${saved && html`<${Icon} name="check" />${words.saved}`}</span>
      <${Submit} busy=${busy} label=${words.save} busyLabel=${words.saving} />
    </div>
  </form>`;
}

/** @param {{device: Device}} props */
function Secret({ device }) {
  const [asking, setAsking] = useState(false);
  const [fresh, setFresh] = useState(/** @type {{secret: string, mqtt?: any}|null} */ (null));
  const rotate = async () => setFresh(await post(`/devices/${encodeURIComponent(device.id)}/secret`));
  return html`${fresh
      ? html`<${Credentials} id=${device.id} secret=${fresh.secret} mqtt=${fresh.mqtt} note=${words.rotated} />`
      : html`<section class="card">
          <h2>${words.connectionTitle}</h2>
          <${ConnectionLines} id=${device.id} mqtt=${device.mqtt} />
        </section>`}
    <section class="card">
      <h2>${words.secretTitle}</h2>
      <p>${words.secretText}</p>
      <div class="actions"><button type="button" onClick=${() => setAsking(true)}>${words.rotate}</button></div>
    </section>
    ${asking &&
    html`<${Confirm} title=${words.rotateTitle} text=${words.rotateText} confirm=${words.rotateConfirm}
      busy=${words.rotating} act=${rotate} onClose=${() => setAsking(false)} />`}`;
}

/** @param {{device: Device}} props */
function Removal({ device }) {
  const [asking, setAsking] = useState(false);
  const act = async () => {
    await remove(`/devices/${encodeURIComponent(device.id)}`);
    go('/', { replace: true });
    dropDevice(device.id);
  };
  return html`<section class="card">
    <h2>${words.removeTitle}</h2>
    <p>${words.removeText}</p>
    <div class="actions"><button type="button" class="danger-quiet" onClick=${() => setAsking(true)}>${words.remove}</button></div>
    ${asking &&
    html`<${Confirm} title=${html`<bdi>${words.removeAsk(device.name)}</bdi>`} text=${words.removeExplain}
      confirm=${words.removeConfirm} busy=${words.removing} act=${act} onClose=${() => setAsking(false)} />`}
  </section>`;
}
