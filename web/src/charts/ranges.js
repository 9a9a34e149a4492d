// The time ranges a graph can show.
// SPDX-License-Identifier: Apache-2.0
const minute = 60_000;
const hour = 60 * minute;

/**
 * key: as it stands in the address; span in ms; points: at most so many in a graph; every: the shortest
 * time between two drawings, in ms; grows: a device younger than the span is shown from its beginning;
 * fixed: from and to in epoch ms, of a range that does not move on.
 * @typedef {{key: string, span: number, points: number, every: number, grows?: boolean, fixed?: [number, number]}} Range
 */

/** @type {Range[]} */
export const ranges = [
  { key: '15m', span: 15 * minute, points: 1_800, every: 1_000, grows: true },
  { key: '1h', span: hour, points: 500, every: 2_000 },
  { key: '24h', span: 24 * hour, points: 500, every: 10_000 },
  { key: '7d', span: 7 * 24 * hour, points: 500, every: 15_000 },
  { key: '30d', span: 30 * 24 * hour, points: 500, every: 15_000 },
  { key: '1y', span: 365 * 24 * hour, points: 500, every: 60_000 },
];

/**
 * Where the time axis begins: a new device's first minute fills the graph instead of a sliver of it.
 * @param {Range} range @param {number} to @param {number} earliest before it nothing can be known; epoch ms or NaN
 */
export function beginOf({ span, grows }, to, earliest) {
  const full = to - span;
  return grows && earliest > full ? Math.min(earliest, to - minute) : full;
}

const shortest = 10_000;

/** The key of a range between two moments. @param {number} from @param {number} to epoch ms */
export const fixedKey = (from, to) => `${Math.round(from)}-${Math.round(Math.max(to, from + shortest))}`;

/** @param {string|null} key @returns {Range} */
export function rangeOf(key) {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(key ?? '')?.map(Number) ?? [];
  if (key && to - from >= shortest) return { key, span: to - from, points: 500, every: 60_000, fixed: [from, to] };
  return ranges.find((range) => range.key === key) ?? ranges[0];
}

/** What a range shows. @param {Range} range @param {number} present @returns {[from: number, to: number]} epoch ms */
export const windowOf = ({ span, fixed }, present) => fixed ?? [present - span, present];
