// A trigger tried on the device's own past before it is saved: the moments at which it would have fired.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useAct } from '../act.js';
import { now } from '../api.js';
import { MeasurementChart } from '../charts/measurement_chart.js';
import { rangeOf } from '../charts/ranges.js';
import { duration, instant, moment } from '../format.js';
import { html } from '../html.js';
import { amount } from '../sentences.js';
import { strings } from '../strings.js';
import { previewTrigger } from '../triggers.js';

/** @typedef {import('../types.js').Condition} Condition */
/** @typedef {{fired: string, cleared: string|null, value: number|null}} Firing */
/** @typedef {{firings: Firing[], readings: number, truncated: boolean, days: string}} Preview */

const words = strings.triggers;
const most_shown = 200;
/** The graph that shows as many days. @type {Record<string, string>} */
const range_keys = { 1: '24h', 7: '7d', 30: '30d' };

/** @param {{device: import('../types.js').Device, condition: Condition, ready: boolean}} props */
export function TriggerPreview({ device, condition, ready }) {
  const [days, setDays] = useState('7');
  const [found, setFound] = useState(/** @type {Preview|null} */ (null));
  const asked = JSON.stringify(condition);
  const { busy, problem, run } = useAct(async () => setFound({ ...(await previewTrigger(condition, Number(days))), days }));
  useEffect(() => setFound(null), [asked, days]); // it was about another condition
  return html`<section class="card" aria-labelledby="preview-title">
    <div class="preview-head">
      <h2 id="preview-title">${words.previewText}</h2>
      <div class="sentence">
        <select aria-label=${words.previewDays} value=${days} onChange=${(/** @type {any} */ { target }) => setDays(target.value)}>
          ${Object.entries(words.previewRanges).map(([key, text]) => html`<option key=${key} value=${key} selected=${key === days}>${text}</option>`)}
        </select>
        <button type="button" aria-disabled=${busy || !ready ? 'true' : undefined} onClick=${() => ready && run()}>${busy ? words.previewing : words.previewRun}</button>
      </div>
    </div>
    <div class="preview-result" role="status">
      ${problem && html`<p class="said-bad">${problem}</p>`}
      ${!problem && found && html`<${Moments} found=${found} measurement=${condition.measurement} />`}
    </div>
    ${!problem && found && found.firings.length > 0 && html`<${Marked} device=${device} found=${found} measurement=${condition.measurement} />`}
  </section>`;
}

/** The same moments on the device's graph. @param {{device: import('../types.js').Device, found: Preview, measurement: string}} props */
function Marked({ device, found, measurement }) {
  const marks = useMemo(
    () => found.firings.slice(-most_shown).map(({ fired, cleared, value }) => ({ from: instant(fired), to: cleared ? instant(cleared) : null, value })),
    [found],
  );
  return html`<${MeasurementChart} device=${device} measurement=${measurement} range=${rangeOf(range_keys[found.days])} marks=${marks}
    tell=${(/** @type {string} */ summary) => words.previewMarks(summary, marks.length)} />`;
}

/** @param {{found: Preview, measurement: string}} props */
function Moments({ found, measurement }) {
  const { firings, readings, truncated } = found;
  const present = now();
  if (!readings) return html`<p class="hint">${words.previewNothing}</p>`;
  const newest = firings.slice(-most_shown).reverse();
  return html`<p><strong>${words.previewCount(firings.length, truncated)}</strong> <span class="hint">${words.previewReadings(readings)}</span></p>
    ${newest.length > 0 && html`<ol class="moments" tabindex="0" aria-label=${words.previewMoments}>
      ${newest.map(({ fired, cleared, value }) => html`<li key=${fired}>
        <time datetime=${fired}>${moment(instant(fired), present)}</time>
        <b>${value === null ? '' : amount(measurement, value)}</b>
        <span>${cleared ? words.previewLasted(duration(instant(cleared) - instant(fired))) : words.previewOpen}</span>
      </li>`)}
    </ol>`}`;
}
