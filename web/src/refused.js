// What of a device's messages was not stored: asked for again and again while somebody looks.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { now, request } from './api.js';
import { instant } from './format.js';

const pause_ms = 5_000;
const recent_ms = 10 * 60_000;

/** @typedef {{device: string, time: string, reason: string, detail: string, count: number}} Refusal the newest, and how many of all there were of its reason */

/**
 * The newest refused message of the last ten minutes: of one device, or of all.
 * @param {string} [device]
 * @returns {Refusal|null}
 */
export function useRefusal(device) {
  const [refusal, setRefusal] = useState(/** @type {Refusal|null} */ (null));
  useEffect(() => {
    let over = false;
    const look = async () => {
      const answer = await request('GET', '/data/refused', { query: { device, limit: 1 } }).catch(() => null);
      if (answer && !over) setRefusal(newestOf(answer));
    };
    void look();
    const timer = setInterval(() => document.hidden || void look(), pause_ms);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [device]);
  return refusal;
}

/** @param {{refused: Omit<Refusal, 'count'>[], totals: {device: string, reason: string, count: number}[]}} answer */
function newestOf({ refused: [newest], totals }) {
  if (!newest || now() - instant(newest.time) > recent_ms) return null;
  const same = totals.find(({ device, reason }) => device === newest.device && reason === newest.reason);
  return { ...newest, count: same?.count ?? 1 };
}
