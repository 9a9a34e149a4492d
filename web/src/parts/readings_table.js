// What the graphs show as a table: for who reads rather than looks, and for who wants the figure itself.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { get, now } from '../api.js';
import { windowOf } from '../charts/ranges.js';
import { fromHistory } from '../charts/series.js';
import { clockSeconds, measurementName, moment, unit, valueText } from '../format.js';
import { html } from '../html.js';
import { explain } from '../problems.js';
import { strings } from '../strings.js';
import { Problem } from './form.js';

const points = 200;
const day_ms = 86_400_000;
const words = strings.table;

/** @typedef {Map<number, Map<string, import('../charts/series.js').Point>>} Rows by time, and then by measurement */

/** @param {string} device @param {string[]} measurements @param {import('../charts/ranges.js').Range} range @returns {Promise<Rows>} newest first */
async function load(device, measurements, range) {
  const [from, to] = windowOf(range, now()).map((time) => new Date(time).toISOString());
  const answers = await Promise.all(measurements.map((measurement) => get('/data/series', { device, measurement, points, from, to })));
  /** @type {Rows} */
  const rows = new Map();
  answers.forEach((answer, i) => {
    for (const point of fromHistory(answer.points)) rows.set(point[0], (rows.get(point[0]) ?? new Map()).set(measurements[i], point));
  });
  return new Map([...rows].sort(([a], [b]) => b - a));
}

/** @param {{device: import('../types.js').Device, measurements: string[], range: import('../charts/ranges.js').Range}} props */
export function ReadingsTable({ device, measurements, range }) {
  const [open, setOpen] = useState(false);
  return html`<details class="readings-table" onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
    <summary>${words.title}</summary>
    ${open && html`<${Table} key=${range.key} device=${device} measurements=${measurements} range=${range} />`}
  </details>`;
}

/** @param {{device: import('../types.js').Device, measurements: string[], range: import('../charts/ranges.js').Range}} props */
function Table({ device, measurements, range }) {
  const [rows, setRows] = useState(/** @type {Rows|null} */ (null));
  const [problem, setProblem] = useState('');
  useEffect(() => {
    load(device.id, measurements, range).then(setRows, (error) => setProblem(explain(error)));
  }, []);
  const when = (/** @type {number} */ time) => (range.span <= day_ms ? clockSeconds(time) : moment(time, now()));
  return html`<${Problem} text=${problem} />
    ${!rows && !problem && html`<p class="hint" role="status">${strings.app.loading}</p>`}
    ${rows?.size === 0 && html`<p class="hint">${strings.chart.empty}</p>`}
    ${rows && rows.size > 0 && html`<div class="table-frame" tabindex="0" role="region" aria-label=${words.title}><table>
      <thead><tr><th scope="col">${words.time}</th>${measurements.map((name) => html`<th key=${name} scope="col">${measurementName(name)}${unit(name) && ` (${unit(name)})`}</th>`)}</tr></thead>
      <tbody>${[...rows].map(([time, row]) => html`<tr key=${time}>
        <th scope="row">${when(time)}</th>
        ${measurements.map((name) => html`<td key=${name}>${cell(row.get(name), device.values?.[name], name)}</td>`)}
      </tr>`)}</tbody>
    </table></div>`}`;
}

/** A point of several readings says between which values they were. @param {import('../charts/series.js').Point|undefined} point @param {unknown} latest @param {string} name */
function cell(point, latest, name) {
  if (!point) return '';
  const [, min, max, avg] = point;
  if (typeof latest === 'boolean') return valueText(avg >= 0.5);
  return max > min ? html`${valueText(avg, name)} <span class="hint">${valueText(min, name)} – ${valueText(max, name)}</span>` : valueText(avg, name);
}
