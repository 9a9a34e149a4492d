// The graph of one measurement: its latest value, its history, and what arrives while one looks.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get, now } from '../api.js';
import { instant, measurementName, moment, unit, valueText, valueWithUnit } from '../format.js';
import { html } from '../html.js';
import { connection, onMessage } from '../live.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { figure } from './figure.js';
import { look, onLookChange } from './look.js';
import { drawRegularly, loadPlotly } from './plotly.js';
import { beginOf, windowOf } from './ranges.js';
import { Series, fromHistory } from './series.js';

const most_early = 1_000;
const height = 220;
/** Whether a stretch can be chosen by dragging: a finger that drags scrolls the page. */
export const draggable = matchMedia('(pointer: fine)');
const config = { displayModeBar: false, doubleClick: false, showTips: false, responsive: false };

/** @typedef {import('./ranges.js').Range} Range */

/** @typedef {import('./figure.js').Mark} Mark */

/** @type {Mark[]} */
const none = [];

/**
 * @param {{device: import('../types.js').Device, measurement: string, range: Range, marks?: Mark[], tell?: (summary: string) => string,
 *          onZoom?: (from: number, to: number) => void}} props
 *        tell: what is said of the marks to who cannot see them; onZoom: a stretch of time was chosen, epoch ms
 */
export function MeasurementChart({ device, measurement, range, marks = none, tell = (summary) => summary, onZoom }) {
  const value = device.values?.[measurement];
  const { status, extremes, retry, place } = useGraph(device, measurement, range, marks, typeof value === 'boolean', onZoom);
  const name = measurementName(measurement);
  const say = (/** @type {number} */ number) => valueWithUnit(measurement, number);
  const long = rangeWords(range);
  const words = strings.chart;
  const summary = extremes
    ? words.summary(name, long, say(extremes.low), say(extremes.high), say(extremes.last))
    : words.summaryEmpty(name, long);
  return html`<section class="card chart" aria-label=${name}>
    <header class="chart-head">
      <h3>${name}</h3>
      <p class="chart-value"><span class="number">${valueText(value, measurement)}</span> <span class="unit">${unit(measurement)}</span></p>
      <p class="chart-extremes">
        ${extremes && typeof value !== 'boolean' &&
        html`<span>${words.lowest} <b>${valueText(extremes.low, measurement)}</b></span> <span>${words.highest} <b>${valueText(extremes.high, measurement)}</b></span>`}
      </p>
    </header>
    <div class="plot-frame" data-status=${status}>
      <div class="plot" ref=${place} role="img" aria-label=${tell(summary)}></div>
      ${status === 'loading' && html`<div class="plot-cover skeleton" aria-hidden="true"></div>`}
      ${status === 'ready' && !extremes && html`<p class="plot-cover hint">${words.empty}</p>`}
      ${(status === 'failed' || status === 'no-library') &&
      html`<div class="plot-cover hint" role="alert">
        <p>${status === 'failed' ? words.failed : words.libraryFailed}</p>
        <button type="button" onClick=${retry}>${strings.app.tryAgain}</button>
      </div>`}
    </div>
  </section>`;
}

/** "the last hour", "25 Nov, 10:00 to 25 Nov, 11:00" @param {Range} range */
export function rangeWords({ key, fixed }) {
  if (!fixed) return strings.ranges.long[key];
  const [from, to] = fixed.map((time) => moment(time, now()));
  return strings.ranges.between(from, to);
}

/**
 * @param {import('../types.js').Device} device @param {string} measurement @param {Range} range @param {Mark[]} marks @param {boolean} binary
 * @param {((from: number, to: number) => void)|undefined} onZoom
 */
function useGraph({ id, created }, measurement, range, marks, binary, onZoom) {
  const place = useRef(/** @type {HTMLDivElement|null} */ (null));
  const { generation } = useStore(connection);
  const [tries, setTries] = useState(0);
  const [status, setStatus] = useState('loading');
  const [extremes, setExtremes] = useState(/** @type {ReturnType<Series['extremes']>} */ (null));

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const graph = new Graph(element, { device: id, created: instant(created), measurement, range, marks, binary, onZoom, setExtremes });
    const abort = new AbortController();
    graph
      .load(abort.signal)
      .then(() => setStatus('ready'))
      .catch((error) => {
        if (!abort.signal.aborted) setStatus(error instanceof ApiError ? 'failed' : 'no-library');
      });
    return () => {
      abort.abort();
      graph.end();
    };
  }, [id, created, measurement, range.key, marks, binary, generation, tries]);

  useEffect(() => setStatus('loading'), [id, measurement, range.key]);
  useEffect(() => {
    const element = place.current;
    return () => void (element && /** @type {any} */ (window).Plotly?.purge(element));
  }, []);
  const retry = () => {
    setStatus('loading');
    setTries(tries + 1);
  };
  return { status, extremes, retry, place };
}

/** One graph from its history on; a changed range or a new connection makes a new one on the same element. */
class Graph {
  /**
   * @param {HTMLDivElement} element
   * @param {{device: string, created: number, measurement: string, range: Range, marks: Mark[], binary: boolean,
   *          onZoom?: (from: number, to: number) => void, setExtremes: (extremes: ReturnType<Series['extremes']>) => void}} of
   */
  constructor(element, of) {
    this.element = element;
    this.of = of;
    this.drawnAt = 0;
    this.onShow = true;
    this.ended = false;
    /** @type {Series|null} */
    this.series = null;
    /** @type {[number, number][]} what arrived while the history was still on its way */
    this.early = [];
    /** @type {any} */
    this.plotly = null;
    this.watched = false;
    const resized = new ResizeObserver(() => this.draw(true));
    const seen = new IntersectionObserver(([entry]) => {
      this.onShow = entry.isIntersecting;
      if (this.onShow) this.draw();
    });
    resized.observe(element);
    seen.observe(element);
    this.endings = [
      onMessage('reading', (message) => this.take(message)),
      drawRegularly(() => this.draw()),
      onLookChange(() => this.draw(true)),
      () => resized.disconnect(),
      () => seen.disconnect(),
    ];
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    const { device, measurement, range } = this.of;
    const [from, to] = windowOf(range, now());
    const query = {
      device, measurement, points: range.points,
      from: new Date(from).toISOString(),
      to: new Date(to + 1_000).toISOString(),
    };
    const [answer, plotly] = await Promise.all([get('/data/series', query, signal), loadPlotly()]);
    if (this.ended) return;
    this.plotly = plotly;
    // Half the width of the server's points, so that a device that keeps their pace loses none to its jitter.
    this.series = new Series(range.span / range.points / 2, fromHistory(answer.points));
    for (const [time, value] of this.early) this.series.add(time, value);
    this.draw(true);
  }

  /** @param {import('../types.js').Reading} message */
  take({ device, time, values }) {
    if (this.of.range.fixed || device !== this.of.device || !values || !Object.hasOwn(values, this.of.measurement)) return;
    const at = instant(time);
    const value = Number(values[this.of.measurement]);
    if (this.series) this.series.add(at, value);
    else if (this.early.length < most_early) this.early.push([at, value]);
  }

  /** @param {boolean} [at_once] also when it is not yet time or out of sight */
  draw(at_once = false) {
    const { series, plotly, element, of } = this;
    const present = now();
    if (!series || !plotly || (!at_once && (!this.onShow || present - this.drawnAt < of.range.every - 100))) return;
    const width = element.clientWidth;
    if (!width) return;
    this.drawnAt = present;
    if (!of.range.fixed) series.trim(present - of.range.span);
    const { data, layout } = figure(series, {
      ...this.timeShown(present), width, height,
      name: of.measurement, binary: of.binary, look: look(of.measurement), marks: of.marks, zoom: Boolean(of.onZoom) && draggable.matches,
    });
    plotly.react(element, data, layout, config).then(() => this.watchZoom());
    of.setExtremes(series.extremes());
  }

  /** @param {number} present @returns {{from: number, to: number}} */
  timeShown(present) {
    const { range, created } = this.of;
    if (range.fixed) return { from: range.fixed[0], to: range.fixed[1] };
    const points = /** @type {Series} */ (this.series).points;
    const [first, last] = [points[0]?.[0] ?? present, points[points.length - 1]?.[0] ?? 0];
    const to = Math.max(present, last);
    return { from: beginOf(range, to, Math.min(first, created)), to };
  }

  /** Plotly gives the element its events with the first drawing. */
  watchZoom() {
    const element = /** @type {any} */ (this.element);
    if (this.watched || this.ended || !this.of.onZoom || !element.on) return;
    this.watched = true;
    const chosen = (/** @type {Record<string, unknown>} */ change) => {
      // A time without a zone is the browser's own.
      const [from, to] = ['xaxis.range[0]', 'xaxis.range[1]'].map((key) => (typeof change[key] === 'number' ? Number(change[key]) : Date.parse(String(change[key]).replace(' ', 'T'))));
      if (Number.isFinite(from) && Number.isFinite(to)) this.of.onZoom?.(from, to);
    };
    element.on('plotly_relayout', chosen);
    this.endings.push(() => element.removeListener?.('plotly_relayout', chosen));
  }

  end() {
    this.ended = true;
    for (const ending of this.endings) ending();
  }
}
