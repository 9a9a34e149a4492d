// The passing of time for what is shown relative to now ("3 min ago").
// SPDX-License-Identifier: Apache-2.0
import { now } from './api.js';
import { Store, useStore } from './store.js';

const tick = new Store(now());
setInterval(() => tick.set(now()), 5_000);

/** @returns {number} the present, epoch ms; the component is drawn again every five seconds */
export function usePresent() {
  useStore(tick);
  return now();
}
