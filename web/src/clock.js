// The passing of time for what is shown relative to now ("3 min ago").
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { now } from './api.js';
import { Store, useStore } from './store.js';

const tick = new Store(now());
setInterval(() => tick.set(now()), 5_000);

/** @returns {number} the present, epoch ms; the component is drawn again every five seconds */
export function usePresent() {
  useStore(tick);
  return now();
}

/** As usePresent(), four times a second while `running`: for what counts down. @param {boolean} [running] */
export function useCountdown(running = true) {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => redraw((n) => n + 1), 250);
    return () => clearInterval(timer);
  }, [running]);
  return now();
}
