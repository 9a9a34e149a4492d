// From points to what Plotly draws: a line, the band of extremes around it, axes that do not fidget.
// SPDX-License-Identifier: Apache-2.0
//
// Times are epoch ms throughout; Plotly itself writes them in the browser's zone.
import { valueText, valueWithUnit } from '../format.js';

/** @typedef {import('./series.js').Series} Series */
/** @typedef {import('./series.js').Point} Point */
/**
 * @typedef {object} Look
 * @property {string} line @property {string} band @property {string} mark @property {string} grid @property {string} text
 * @property {string} surface @property {string} font
 */
/**
 * A stretch of time to be pointed at: from a moment, with the value then, to another or to the end. Epoch ms.
 * A faint one is a moment worth knowing, not a warning.
 * @typedef {{from: number, to: number|null, value: number|null, faint?: boolean}} Mark
 */

const two_hours = 2 * 3_600_000;
const day = 24 * 3_600_000;

/** The smallest height of a graph in its own unit, so that the noise of a quiet sensor stays flat. */
/** @type {Record<string, number>} */
const least_span = { temperature: 2, humidity: 4, soilMoisture: 40 };

/**
 * @param {Series} series
 * @param {{from: number, to: number, name: string, binary: boolean, look: Look, width: number, height: number, marks?: Mark[], zoom?: boolean}} view
 *        binary: values are only false and true; zoom: a stretch of time can be chosen by dragging
 */
export function figure(series, view) {
  const pieces = series.pieces();
  const data = [band(pieces, view), line(pieces, view), dots(pieces, view)];
  const { marks = [], look, to } = view;
  if (!marks.length) return { data, layout: layout(series, view) };
  return { data: [...data, heads(marks, look)], layout: { ...layout(series, view), shapes: marks.flatMap((mark) => stretch(mark, to, look)) } };
}

/** The points at which the marks begin; one without a value has only its stretch. @param {Mark[]} marks @param {Look} look */
function heads(marks, look) {
  const valued = marks.filter(({ value }) => value !== null);
  return {
    x: valued.map(({ from }) => from), y: valued.map(({ value }) => value),
    type: 'scatter', mode: 'markers', cliponaxis: false, hoverinfo: 'skip',
    marker: { color: look.mark, size: 9, line: { color: look.surface, width: 1.5 } },
  };
}

/** A line where it begins, which is seen however short it is, and its whole length shaded. @param {Mark} mark @param {number} end @param {Look} look */
function stretch({ from, to, faint }, end, look) {
  const upright = { yref: 'paper', y0: 0, y1: 1, layer: 'below' };
  if (faint) return [{ ...upright, type: 'line', x0: from, x1: from, line: { color: look.text, width: 1, dash: 'dot' } }];
  return [
    { ...upright, type: 'rect', x0: from, x1: to ?? end, fillcolor: `${look.mark}1f`, line: { width: 0 } },
    { ...upright, type: 'line', x0: from, x1: from, line: { color: look.mark, width: 1 } },
  ];
}

/** @param {Point[][]} pieces @param {{look: Look}} view */
function band(pieces, { look }) {
  /** @type {(number|null)[]} */ const x = [];
  /** @type {(number|null)[]} */ const y = [];
  for (const piece of pieces) {
    if (!piece.some(([, min, max]) => max > min)) continue;
    for (const [time, , max] of piece) x.push(time), y.push(max);
    for (const [time, min] of [...piece].reverse()) x.push(time), y.push(min);
    x.push(null), y.push(null);
  }
  return { x, y, type: 'scatter', mode: 'lines', fill: 'toself', fillcolor: look.band, line: { width: 0 }, hoverinfo: 'skip' };
}

/** @param {Point[][]} pieces @param {{look: Look, name: string, binary: boolean}} view */
function line(pieces, { look, name, binary }) {
  /** @type {(number|null)[]} */ const x = [];
  /** @type {(number|null)[]} */ const y = [];
  /** @type {(string|null)[]} */ const customdata = [];
  for (const piece of pieces) {
    for (const [time, min, max, avg] of piece) {
      x.push(time), y.push(avg);
      const extremes = max > min && !binary ? `<br>${valueText(min, name)} – ${valueText(max, name)}` : '';
      customdata.push(valueWithUnit(name, binary ? avg >= 0.5 : avg) + extremes);
    }
    x.push(null), y.push(null), customdata.push(null);
  }
  const shape = binary ? 'hv' : 'linear';
  return {
    x, y, customdata, type: 'scatter', mode: 'lines', line: { color: look.line, width: 2, shape },
    // No <b>: Plotly writes it as a style attribute, which the page's security policy refuses.
    hovertemplate: '%{customdata}<extra></extra>',
  };
}

/** A reading alone between two gaps is no line; it gets a dot. @param {Point[][]} pieces @param {{look: Look}} view */
function dots(pieces, { look }) {
  const alone = pieces.filter((piece) => piece.length === 1).map(([point]) => point);
  return {
    x: alone.map(([time]) => time), y: alone.map(([, , , avg]) => avg),
    type: 'scatter', mode: 'markers', cliponaxis: false, marker: { color: look.line, size: 5 }, hoverinfo: 'skip',
  };
}

/** @param {Series} series @param {{from: number, to: number, name: string, binary: boolean, look: Look, width: number, height: number, zoom?: boolean}} view */
function layout(series, { from, to, name, binary, look, width, height, zoom = false }) {
  const axis = {
    fixedrange: true, gridcolor: look.grid, zeroline: false, linecolor: look.grid, automargin: false,
    tickfont: { color: look.text, size: 12 },
  };
  const vertical = binary
    ? { range: [-0.1, 1.1], tickvals: [0, 1], ticktext: [valueText(false), valueText(true)] }
    : { range: steadyRange(series.extremes(), least_span[name] ?? 0), nticks: 5, tickformat: '~g' };
  const empty = series.points.length === 0;
  const nticks = Math.max(4, Math.floor(width / 80));
  return {
    width, height, margin: { l: 48, r: 14, t: 8, b: to - from > two_hours ? 40 : 28 }, showlegend: false, dragmode: zoom ? 'zoom' : false, hovermode: 'x',
    paper_bgcolor: 'transparent', plot_bgcolor: 'transparent', font: { family: look.font },
    hoverlabel: { bgcolor: look.surface, bordercolor: look.grid, font: { color: look.text, family: look.font, size: 13 } },
    xaxis: {
      ...axis, fixedrange: !zoom, type: 'date', range: [from, to], nticks,
      tickformat: timeFormat(to - from, nticks), hoverformat: to - from > 2 * day ? '%-d %b, %H:%M' : '%H:%M:%S', showgrid: false, ticks: 'outside', tickcolor: look.grid,
    },
    yaxis: { ...axis, ...vertical, showticklabels: !empty, showgrid: !empty },
  };
}

/**
 * A second line names the day or month where it changes. Ticks may be half a minute apart, and two of one minute must not read the same.
 * @param {number} span ms @param {number} ticks at the most
 */
function timeFormat(span, ticks) {
  if (span / ticks <= 30_000) return '%H:%M:%S';
  if (span <= two_hours) return '%H:%M';
  if (span <= 2 * day) return '%H:%M\n%-d %b';
  return span <= 90 * day ? '%-d\n%b' : '%b\n%Y';
}

/**
 * Limits on round numbers, with room around the values: the axis moves in steps and not with each reading.
 * @param {{low: number, high: number}|null} extremes @param {number} least
 */
export function steadyRange(extremes, least) {
  if (!extremes) return [0, 1];
  const { low, high } = extremes;
  const span = Math.max(high - low, least, Math.abs(high) * 0.02, 1e-9);
  const middle = (low + high) / 2;
  const step = niceStep(span / 4);
  const bottom = Math.floor((Math.min(low, middle - span / 2) - span * 0.04) / step) * step;
  const top = Math.ceil((Math.max(high, middle + span / 2) + span * 0.04) / step) * step;
  return [low >= 0 ? Math.max(bottom, -step / 5) : bottom, top];
}

/** @param {number} size @returns {number} 1, 2 or 5 times a power of ten, not smaller */
function niceStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return (size <= power ? 1 : size <= 2 * power ? 2 : size <= 5 * power ? 5 : 10) * power;
}
