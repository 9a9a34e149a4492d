// Adding a device: a name, its credentials this once, and the wait for its first reading.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { now, post } from '../api.js';
import { deviceStore, keepDevice, loadDevice } from '../devices.js';
import { clockSeconds, instant, measurementName, measurementsOf, valueWithUnit } from '../format.js';
import { html } from '../html.js';
import { onMessage } from '../live.js';
import { Credentials, VirtualDevices } from '../parts/credentials.js';
import { Field, Problem, Submit, useForm } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Title } from '../parts/title.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';

/** @typedef {import('../types.js').NewDevice} Fresh */

const words = strings.add;
const ask_ms = 5_000; // asks too, in case the live connection is the thing that is broken

export function NewDevice() {
  const [fresh, setFresh] = useState(/** @type {Fresh|null} */ (null));
  return html`<div class="page narrow">
    <div class="page-head"><a class="back" href="/"><${Icon} name="back" />${strings.app.back}</a></div>
    ${fresh ? html`<${Ready} device=${fresh} />` : html`<${NameIt} onMade=${setFresh} />`}
    <${VirtualDevices} />
  </div>`;
}

/** @param {{onMade: (device: Fresh) => void}} props */
function NameIt({ onMade }) {
  const { form, busy, problem, errors, onSubmit } = useForm(['name'], async ({ name }) => {
    const made = await post('/devices', { name: name.trim() });
    keepDevice({ online: false, lastSeen: null, values: {}, state: {}, ...made });
    onMade(made);
  });
  return html`<${Title} text=${words.title} />
    <form class="card" ref=${form} onSubmit=${onSubmit} novalidate>
      <p class="lead">${words.intro}</p>
      <${Field} name="name" label=${words.name} error=${errors.name} placeholder=${words.placeholder} autocomplete="off" autofocus />
      <${Problem} text=${problem} />
      <${Submit} busy=${busy} label=${words.create} busyLabel=${words.creating} />
    </form>`;
}

/** @param {{device: Fresh}} props */
function Ready({ device }) {
  return html`<${Title} text=${words.ready(device.name)} />
    <${FirstReading} id=${device.id} />
    <${Credentials} id=${device.id} secret=${device.secret} mqtt=${device.mqtt} />`;
}

/** @param {{id: string}} props */
function FirstReading({ id }) {
  const device = useStore(deviceStore(id));
  const [first, setFirst] = useState(/** @type {import('../types.js').Reading|null} */ (null));
  const values = first?.values ?? device?.values ?? {};
  const names = measurementsOf(values);
  const there = names.length > 0;

  useEffect(() => {
    if (there) return undefined;
    const end = onMessage('reading', (message) => {
      if (message.device === id) setFirst(message);
    });
    const timer = setInterval(() => void loadDevice(id).catch(() => {}), ask_ms);
    return () => {
      end();
      clearInterval(timer);
    };
  }, [id, there]);

  const address = `/devices/${encodeURIComponent(id)}`;
  const time = clockSeconds(instant(first?.time) || instant(device?.lastSeen) || now());
  const text = names.map((name) => `${measurementName(name)} ${valueWithUnit(name, values[name])}`).join(', ');
  return html`<section class=${`card first-reading ${there ? 'is-there' : ''}`}>
    <span class="first-mark" aria-hidden="true"><${Icon} name=${there ? 'check' : 'clock'} /></span>
    <div role="status">
      <h2>${there ? words.arrivedTitle : words.waitingTitle}</h2>
      <p>${there ? words.arrivedText(time, text) : words.waitingText}</p>
    </div>
    <a class=${`button ${there ? 'primary' : ''}`} href=${address}>${there ? words.open : words.later}</a>
  </section>`;
}
