// One device: its graphs, its switches, and the history of its commands.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { MeasurementChart, draggable, rangeWords } from '../charts/measurement_chart.js';
import { fixedKey, rangeOf, ranges, windowOf } from '../charts/ranges.js';
import { now } from '../api.js';
import { loadHistory } from '../commands.js';
import { deviceStore, loadDevice } from '../devices.js';
import { formats, saveReadings } from '../export.js';
import { measurementsOf } from '../format.js';
import { html } from '../html.js';
import { useHappenings, useMarks } from '../marks.js';
import { OpenAlerts } from '../parts/alerts.js';
import { Actuator, actuatorsOf } from '../parts/actuator.js';
import { CommandList } from '../parts/command_list.js';
import { Icon } from '../parts/icon.js';
import { ReadingsTable } from '../parts/readings_table.js';
import { RefusalAlarm } from '../parts/refusal.js';
import { Status } from '../parts/status.js';
import { QuickTimers, Timers } from '../parts/timers.js';
import { Title } from '../parts/title.js';
import { TriggerList } from '../parts/trigger_list.js';
import { explain } from '../problems.js';
import { parameter, setParameter } from '../router.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { loadTimed, timedStore } from '../timed.js';
import { loadTriggers, triggerList } from '../triggers.js';
import { Message } from './message.js';

const words = strings.device;

/**
 * Loads a device when a page about it opens.
 * @param {string} id
 * @returns {{device: import('../types.js').Device|null, gone: boolean, error: unknown, retry: () => void}}
 */
export function useDevice(id) {
  const device = useStore(deviceStore(id));
  const [state, setState] = useState({ gone: false, error: /** @type {unknown} */ (null) });
  const load = () => {
    loadDevice(id).then(
      (there) => setState({ gone: !there, error: null }),
      (error) => setState({ gone: false, error }),
    );
  };
  useEffect(load, [id]);
  return { device, ...state, retry: load };
}

/** What is shown instead of a device's page until the device is there. @param {{gone: boolean, error: unknown, retry: () => void}} props */
export function DeviceAway({ gone, error, retry }) {
  if (gone) return html`<${Message} title=${words.goneTitle} text=${words.goneText} action=${strings.app.toOverview} href="/" />`;
  if (error) return html`<${Message} title=${explain(error)} action=${strings.app.tryAgain} onAct=${retry} icon="alert" />`;
  return html`<div class="page"><p class="visually-hidden" role="status">${strings.app.loading}</p></div>`;
}

/** @param {{id: string}} props */
export function DevicePage({ id }) {
  const { device, ...away } = useDevice(id);
  useEffect(() => {
    void loadHistory(id);
    void loadTimed(id);
    void loadTriggers();
  }, [id]);
  // Below the head all at once, so that nothing is pushed aside by what comes a moment later.
  const settled = [useStore(timedStore(id)), useStore(triggerList)].every(({ loaded, error }) => loaded || error);
  if (!device) return html`<${DeviceAway} ...${away} />`;
  return html`<div class="page">
    <div class="page-head device-head">
      <a class="back" href="/"><${Icon} name="back" />${strings.app.back}</a>
      <${Title} text=${device.name} />
      <${Status} device=${device} />
      <a class="button device-settings" href=${`/devices/${encodeURIComponent(id)}/settings`}><${Icon} name="settings" />${words.settings}</a>
    </div>
    ${settled ? html`<${Content} device=${device} />` : html`<p class="visually-hidden" role="status">${strings.app.loading}</p>`}
  </div>`;
}

/** @param {{device: import('../types.js').Device}} props */
function Content({ device }) {
  const { id } = device;
  const [making, setMaking] = useState('');
  const measurements = measurementsOf(device.values);
  return html`<${OpenAlerts} device=${id} />
    <${RefusalAlarm} device=${id} />
    <div class="device-page">
      <section class="controls" aria-labelledby="controls-title">
        <h2 id="controls-title" class="visually-hidden">${words.controls}</h2>
        <div class="card">
          ${actuatorsOf(device).map((actuator) => html`<div key=${actuator} class="control">
            <${Actuator} device=${device} actuator=${actuator} />
            <${QuickTimers} device=${device} actuator=${actuator} onOther=${() => setMaking(actuator)} />
          </div>`)}
        </div>
        <h2>${strings.timers.title}</h2>
        <${Timers} device=${device} making=${making} setMaking=${setMaking} />
      </section>
      <div class="history">
        <section aria-labelledby="triggers-title">
          <h2 id="triggers-title">${strings.triggers.title}</h2>
          <${TriggerList} device=${id} />
        </section>
        <section aria-labelledby="history-title">
          <h2 id="history-title">${words.history}</h2>
          <div class="card"><${CommandList} device=${id} /></div>
        </section>
      </div>
      <section class="graphs" aria-labelledby="graphs-title">
        ${measurements.length
          ? html`<${Graphs} device=${device} measurements=${measurements} />`
          : html`<div class="card">
              <${Waiting} id=${id} />
            </div>`}
      </section>
    </div>`;
}

/** @param {{device: import('../types.js').Device, measurements: string[]}} props */
function Graphs({ device, measurements }) {
  const range = rangeOf(parameter('range'));
  const happenings = useHappenings(device.id);
  return html`<div class="graphs-head">
      <h2 id="graphs-title">${words.graphs}</h2>
      <${RangePicker} range=${range} />
    </div>
    <div class="charts">
      ${measurements.map((name) => html`<${MarkedChart} key=${name} device=${device} measurement=${name} range=${range} happenings=${happenings} />`)}
    </div>
    <${ReadingsTable} device=${device} measurements=${measurements} range=${range} />
    <${Export} device=${device} range=${range} />`;
}

/** @param {{device: import('../types.js').Device, measurement: string, range: import('../charts/ranges.js').Range, happenings: ReturnType<typeof useHappenings>}} props */
function MarkedChart({ device, measurement, range, happenings }) {
  const marks = useMarks(happenings, measurement, range);
  const tell = (/** @type {string} */ summary) => (marks.length ? words.marked(summary, marks.filter(({ faint }) => !faint).length, marks.filter(({ faint }) => faint).length) : summary);
  return html`<${MeasurementChart} device=${device} measurement=${measurement} range=${range} marks=${marks} tell=${tell}
    onZoom=${showBetween} />`;
}

/** @param {{device: import('../types.js').Device, range: import('../charts/ranges.js').Range}} props */
function Export({ device, range }) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState('');
  const save = async (/** @type {string} */ format) => {
    setBusy(format);
    setProblem('');
    await saveReadings(device, format, ...windowOf(range, now())).catch(() => setProblem(words.exportFailed));
    setBusy('');
  };
  return html`<div class="export">
    <p class="hint">${draggable.matches ? words.zoomHint : ''} ${words.markedHint} ${words.exportText(rangeWords(range))}</p>
    <div class="actions">
      ${Object.keys(formats).map((format) => html`<button type="button" key=${format} aria-disabled=${busy ? 'true' : undefined}
        onClick=${() => busy || save(format)}>${busy === format ? words.exporting : format.toUpperCase()}</button>`)}
    </div>
    <div role="alert">${problem && html`<p class="problem"><${Icon} name="alert" /><span>${problem}</span></p>`}</div>
  </div>`;
}

/** @param {number} from @param {number} to epoch ms */
const showBetween = (from, to) => setParameter('range', fixedKey(from, to));

/** @param {{range: import('../charts/ranges.js').Range}} props */
function RangePicker({ range }) {
  const [choosing, setChoosing] = useState(false);
  const open = choosing || Boolean(range.fixed);
  return html`<div class="ranges" role="group" aria-label=${words.range}>
      ${ranges.map(({ key }) => html`<button type="button" key=${key} aria-pressed=${key === range.key && !open ? 'true' : 'false'}
        onClick=${() => { setChoosing(false); setParameter('range', key); }}>${strings.ranges.short[key]}</button>`)}
      <button type="button" aria-pressed=${open ? 'true' : 'false'} aria-expanded=${open ? 'true' : 'false'} onClick=${() => setChoosing(true)}>${strings.ranges.other}</button>
    </div>
    ${open && html`<${Between} key=${range.key} range=${range} />`}`;
}

/** As the browser's field for a moment has it. @param {number} time epoch ms */
const localTime = (time) => new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** @param {{range: import('../charts/ranges.js').Range}} props */
function Between({ range }) {
  const [problem, setProblem] = useState('');
  const [from, to] = windowOf(range, now()).map(localTime);
  const onSubmit = (/** @type {any} */ event) => {
    event.preventDefault();
    const [begin, end] = ['begin', 'end'].map((name) => Date.parse(event.target.elements[name].value));
    setProblem(begin < end ? '' : words.badRange);
    if (begin < end) showBetween(begin, end);
  };
  return html`<form class="between" onSubmit=${onSubmit} novalidate>
    <label>${words.from} <input type="datetime-local" name="begin" defaultValue=${from} /></label>
    <label>${words.to} <input type="datetime-local" name="end" defaultValue=${to} /></label>
    <button type="submit">${words.show}</button>
    ${problem && html`<p class="field-error" role="alert">${problem}</p>`}
  </form>`;
}

/** @param {{id: string}} props */
function Waiting({ id }) {
  return html`<div class="empty">
    <h2 id="graphs-title">${words.noReadingsTitle}</h2>
    <p>${words.noReadingsText}</p>
    <a class="button" href=${`/devices/${encodeURIComponent(id)}/settings`}>${words.toSettings}</a>
  </div>`;
}
