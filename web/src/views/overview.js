// All devices at a glance: who is there, what they measure, what is switched on.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { deviceList, deviceStore, loadDevices } from '../devices.js';
import { measurementName, measurementsOf, unit, valueText } from '../format.js';
import { html } from '../html.js';
import { CardAlert, useOpenOf } from '../parts/alerts.js';
import { Actuator, actuatorsOf } from '../parts/actuator.js';
import { VirtualDevices } from '../parts/credentials.js';
import { Icon } from '../parts/icon.js';
import { Sparkline } from '../parts/sparkline.js';
import { Status } from '../parts/status.js';
import { RefusalAlarm } from '../parts/refusal.js';
import { Title } from '../parts/title.js';
import { explain } from '../problems.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { Message } from './message.js';

const batch = 60; // cards drawn at first, and with each "more"
const filter_from = 7; // devices from which a filter is of use
const values_shown = 6;
const recount_ms = 300;
const words = strings.overview;

export function Overview() {
  const { ids, loaded, error } = useStore(deviceList);
  const [wanted, setWanted] = useState('');
  const [shown, setShown] = useState(batch);
  const matching = wanted ? ids.filter((id) => nameOf(id).includes(wanted.toLowerCase())) : ids;

  if (loaded && !ids.length) {
    return html`<div class="page narrow">
      <${Message} title=${words.emptyTitle} text=${words.emptyText} action=${words.add} href="/devices/new" />
      <${VirtualDevices} />
    </div>`;
  }
  return html`<div class="page">
    <div class="page-head overview-head">
      <${Title} text=${words.title} />
      <a class="button primary" href="/devices/new"><${Icon} name="plus" />${words.add}</a>
      <p class="summary">${loaded && html`<${Summary} ids=${ids} />`}</p>
      ${ids.length >= filter_from &&
      html`<label class="filter">
        <${Icon} name="search" /><span class="visually-hidden">${words.filter}</span>
        <input type="search" placeholder=${words.filter} value=${wanted} onInput=${(/** @type {any} */ event) => setWanted(event.target.value)} />
      </label>`}
    </div>
    <${RefusalAlarm} />
    ${error && !loaded && html`<div class="hint" role="alert">
      <p>${explain(error)}</p>
      <button type="button" onClick=${loadDevices}>${strings.app.tryAgain}</button>
    </div>`}
    ${!loaded && !error && html`<ul class="devices" aria-label=${strings.app.loading}>
      ${[1, 2, 3].map((n) => html`<li key=${n} class="card device-card skeleton"></li>`)}
    </ul>`}
    <ul class="devices">
      ${matching.slice(0, shown).map((id) => html`<${DeviceCard} key=${id} id=${id} />`)}
    </ul>
    ${loaded && wanted && !matching.length && html`<p class="hint" role="status">${words.noMatch(wanted)}</p>`}
    ${matching.length > shown && html`<button type="button" class="more" onClick=${() => setShown(shown + batch)}>
      ${words.more} (${matching.length - shown})
    </button>`}
  </div>`;
}

/** @param {string} id */
const nameOf = (id) => deviceStore(id).value?.name.toLowerCase() ?? '';

/** @param {{ids: string[]}} props */
function Summary({ ids }) {
  const count = () => ids.filter((id) => deviceStore(id).value?.online).length;
  const [online, setOnline] = useState(count);
  useEffect(() => {
    /** @type {number|undefined} */
    let timer;
    const recount = () => {
      timer = undefined;
      setOnline(count());
    };
    const soon = () => (timer ??= setTimeout(recount, recount_ms)); // once, however many have changed
    recount();
    const endings = ids.map((id) => deviceStore(id).subscribe(soon));
    return () => {
      clearTimeout(timer);
      endings.forEach((end) => end());
    };
  }, [ids]);
  return html`${words.summary(ids.length, online)}`;
}

/** @param {{id: string}} props */
function DeviceCard({ id }) {
  const device = useStore(deviceStore(id));
  const alerted = useOpenOf(id).length > 0;
  if (!device) return null;
  const names = measurementsOf(device.values);
  return html`<li class=${`card device-card ${device.online ? '' : 'is-away'} ${alerted ? 'has-alert' : ''}`}>
    <div class="device-card-head">
      <h2><a href=${`/devices/${encodeURIComponent(id)}`}><bdi>${device.name}</bdi></a></h2>
      <${Status} device=${device} />
    </div>
    ${names.length
      ? html`<dl class="values">${names.slice(0, values_shown).map((name) => html`<div key=${name}>
            <dt>${measurementName(name)}</dt>
            <dd><span class="number">${valueText(device.values?.[name], name)}</span> <span class="unit">${unit(name)}</span>
              ${typeof device.values?.[name] === 'number' && html`<${Sparkline} device=${id} measurement=${name} value=${device.values[name]} />`}</dd>
          </div>`)}
        </dl>`
      : html`<p class="hint no-values">${words.noValues}</p>`}
    <${CardAlert} device=${id} />
    ${Object.keys(device.state ?? {}).length > 0 &&
    html`<div class="device-card-foot">
      ${actuatorsOf(device).map((actuator) => html`<${Actuator} key=${actuator} device=${device} actuator=${actuator} />`)}
    </div>`}
  </li>`;
}
