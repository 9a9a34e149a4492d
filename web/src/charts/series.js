// The points of one graph: history from the server, joined by what arrives live, bounded however long it runs.
// SPDX-License-Identifier: Apache-2.0

/**
 * Time (epoch ms), lowest, highest, average, and how many live readings are in it (0: from history).
 * @typedef {[time: number, min: number, max: number, avg: number, count: number]} Point
 */

const most_points = 4_000; // more than any range shows at its finest

export class Series {
  /**
   * @param {number} resolution ms that one point stands for; live readings closer than this share one
   * @param {Point[]} [points] ordered by time
   */
  constructor(resolution, points = []) {
    this.resolution = Math.max(0, resolution);
    this.points = points;
  }

  /**
   * Takes one live reading. A late one finds its place; one that is there already changes nothing.
   * @param {number} time epoch ms @param {number} value
   */
  add(time, value) {
    if (!Number.isFinite(time) || !Number.isFinite(value)) return;
    const { points } = this;
    let at = points.length; // where it belongs: after every point not later than itself
    while (at > 0 && points[at - 1][0] > time) at -= 1;
    const before = points[at - 1];
    if (before && (time === before[0] || time - before[0] < this.resolution)) return merge(before, value);
    points.splice(at, 0, [time, value, value, value, 1]);
    if (points.length > most_points) points.splice(0, points.length - most_points);
  }

  /** Forgets what is older. @param {number} from epoch ms */
  trim(from) {
    let old = 0;
    while (old < this.points.length && this.points[old][0] < from) old += 1;
    if (old) this.points.splice(0, old);
  }

  /** The points in pieces: a new one begins where readings were missing. @returns {Point[][]} */
  pieces() {
    const longest = this.longestStep();
    /** @type {Point[][]} */
    const pieces = [];
    this.points.forEach((point, i) => {
      const gap = i === 0 || point[0] - this.points[i - 1][0] > longest;
      if (gap) pieces.push([]);
      pieces[pieces.length - 1].push(point);
    });
    return pieces;
  }

  /**
   * The step beyond which readings count as missing: three times the usual one, so that a device that
   * measures every minute and one that measures every second both draw a line.
   */
  longestStep() {
    const steps = this.points.slice(1).map((point, i) => point[0] - this.points[i][0]).sort((a, b) => a - b);
    const usual = steps.length ? steps[Math.floor(steps.length / 2)] : 0;
    return Math.max(3 * usual, 5 * this.resolution, 5_000);
  }

  /** @returns {{low: number, high: number, last: number}|null} */
  extremes() {
    if (!this.points.length) return null;
    let [low, high] = [Infinity, -Infinity];
    for (const [, min, max] of this.points) {
      if (min < low) low = min;
      if (max > high) high = max;
    }
    return { low, high, last: this.points[this.points.length - 1][3] };
  }
}

/** @param {Point} point @param {number} value */
function merge(point, value) {
  const [, min, max, avg, count] = point;
  point[1] = Math.min(min, value);
  point[2] = Math.max(max, value);
  if (count === 0) return; // history knows its own average
  point[3] = avg + (value - avg) / (count + 1);
  point[4] = count + 1;
}

/**
 * The server's answer as points; values it could not give (null) are left out and so become gaps.
 * @param {[string|number, number, number, number][]} rows
 * @returns {Point[]}
 */
export function fromHistory(rows) {
  /** @type {Point[]} */
  const points = [];
  for (const [time, min, max, avg] of rows) {
    const at = typeof time === 'number' ? time : Date.parse(time);
    if ([at, min, max, avg].every((part) => typeof part === 'number' && Number.isFinite(part))) {
      points.push([at, min, max, avg, 0]);
    }
  }
  return points;
}
