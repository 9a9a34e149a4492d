// The last hour of one measurement as a small line without axes; the number it has come to stands beside it.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, now } from '../api.js';
import { Series, fromHistory } from '../charts/series.js';
import { html } from '../html.js';
import { connection } from '../live.js';
import { useStore } from '../store.js';

const span_ms = 3_600_000;
const points = 60;
const [width, height] = [100, 24]; // of the drawing; it is stretched to its place
const at_once = 4; // histories asked for together, so that the page's own requests are not kept waiting

/** @type {(() => Promise<void>)[]} */
const waiting = [];
let asking = 0;

/** @param {() => Promise<void>} task */
function queue(task) {
  waiting.push(task);
  if (asking < at_once) void work();
}

async function work() {
  asking += 1;
  for (let task = waiting.shift(); task; task = waiting.shift()) await task();
  asking -= 1;
}

/** @param {Series} series @param {number} present @returns {string} the d of a path; "" when there is no line to draw */
export function lineOf(series, present) {
  const extremes = series.extremes();
  if (!extremes || series.points.length < 2) return '';
  const { low, high } = extremes;
  const x = (/** @type {number} */ time) => (width * (1 - (present - time) / span_ms)).toFixed(1);
  const y = (/** @type {number} */ value) => (high === low ? height / 2 : height - 1 - ((value - low) / (high - low)) * (height - 2)).toFixed(1);
  return series.pieces().map((piece) => piece.map(([time, , , avg], i) => `${i ? 'L' : 'M'}${x(time)} ${y(avg)}`).join('')).join('');
}

/** @param {{device: string, measurement: string, value: unknown}} props */
export function Sparkline({ device, measurement, value }) {
  const [series, setSeries] = useState(/** @type {Series|null} */ (null));
  const [seen, setSeen] = useState(false);
  const svg = useRef(/** @type {SVGSVGElement|null} */ (null));
  const { generation } = useStore(connection);

  useEffect(() => {
    const observer = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && setSeen(true));
    if (svg.current) observer.observe(svg.current);
    return () => observer.disconnect();
  }, []);
  // Again after a break: what was missed belongs to the line.
  useEffect(() => {
    if (!seen) return undefined;
    let over = false;
    queue(async () => {
      if (over) return;
      const [from, to] = [now() - span_ms, now() + 1_000].map((time) => new Date(time).toISOString());
      const query = { device, measurement, points, from, to };
      const answer = await get('/data/series', query).catch(() => null); // the number says it all the same
      if (answer && !over) setSeries(new Series(span_ms / points, fromHistory(answer.points)));
    });
    return () => {
      over = true;
    };
  }, [seen, generation, device, measurement]);

  const present = now();
  if (series && typeof value === 'number') {
    series.add(present, value);
    series.trim(present - span_ms);
  }
  return html`<svg class="spark" ref=${svg} viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
    <path d=${series ? lineOf(series, present) : ''} vector-effect="non-scaling-stroke" />
  </svg>`;
}
