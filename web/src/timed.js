// Timed commands: starting and cancelling them, and what is scheduled or running on a device, live.
// SPDX-License-Identifier: Apache-2.0
import { get, now, patch, post, remove } from './api.js';
import { instant } from './format.js';
import { connection, onMessage } from './live.js';
import { Store } from './store.js';

/** @typedef {import('./types.js').Timed} Timed */
/** @typedef {{items: Timed[], loaded: boolean, error: unknown}} TimedList */

const page_size = 1_000;
const most_pages = 10;
const missed_shown_ms = 24 * 3_600_000;

/** Ids that the WebSocket has told of: what an answer says of them may be older. @type {Set<string>} */
const heard = new Set();
const most_heard = 1_000;
/** @type {Map<string, Store<TimedList>>} */
const stores = new Map();

/** @param {string} device @returns {Store<TimedList>} what is scheduled, running, or was missed not long ago */
export function timedStore(device) {
  const known = stores.get(device);
  if (known) return known;
  const fresh = new Store(/** @type {TimedList} */ ({ items: [], loaded: false, error: null }));
  stores.set(device, fresh);
  return fresh;
}

/** @param {Timed} timed */
export const isOver = ({ state }) => state === 'done' || state === 'cancelled' || state === 'missed';

/** When its latest start was missed, if that is still worth telling. @param {Timed} timed @returns {number} epoch ms, or NaN */
export function missedAt({ missed, started, state }) {
  const at = instant(missed);
  if (state === 'cancelled' || now() - at > missed_shown_ms || instant(started) > at) return NaN;
  return at;
}

/** @param {Timed} timed */
const isShown = (timed) => !isOver(timed) || !Number.isNaN(missedAt(timed));

/** @param {string} device */
export async function loadTimed(device) {
  const store = timedStore(device);
  try {
    /** @type {Timed[]} */
    const found = [];
    let cursor;
    let pages = 0;
    do {
      const answer = await get('/command/timed', { device, limit: page_size, cursor });
      found.push(...answer.timed.filter(isShown));
      cursor = answer.next ?? undefined;
      pages += 1;
    } while (cursor && pages < most_pages);
    store.set({ items: found.sort(byStart), loaded: true, error: null });
  } catch (error) {
    store.patch({ error });
  }
}

/** @param {{device: string, actuator: string, action: string, for: number, at?: string, repeat?: import('./types.js').Repeat}} wanted */
export async function addTimed(wanted) {
  const made = await post('/command/timed', wanted);
  if (!heard.has(made.id)) take(made); // a fast device has confirmed before the answer is here
}

/** Ends it too when it is running. @param {Timed} timed */
export async function cancelTimed({ id, device }) {
  await remove(`/command/timed/${encodeURIComponent(id)}`);
  drop(device, id);
}

/** @param {Timed} timed @param {boolean} enabled */
export async function enableTimed({ id }, enabled) {
  take(await patch(`/command/timed/${encodeURIComponent(id)}`, { enabled }));
}

export function forgetTimed() {
  stores.clear();
  heard.clear();
}

/** @param {Timed} timed */
function take(timed) {
  const store = stores.get(timed.device);
  if (!store?.value.loaded) return;
  const others = store.value.items.filter(({ id }) => id !== timed.id);
  store.patch({ items: isShown(timed) ? [...others, timed].sort(byStart) : others });
}

/** @param {string} device @param {string} id */
function drop(device, id) {
  const store = stores.get(device);
  store?.patch({ items: store.value.items.filter((timed) => timed.id !== id) });
}

/** What runs first, then what starts soonest; what is switched off or over last. @param {Timed} a @param {Timed} b */
function byStart(a, b) {
  const key = (/** @type {Timed} */ timed) => (timed.state === 'running' ? 0 : instant(timed.next) || Infinity);
  const [first, second] = [key(a), key(b)];
  if (first !== second) return first - second;
  return a.id < b.id ? 1 : -1;
}

onMessage('timed', ({ type, ...timed }) => {
  heard.add(timed.id);
  if (heard.size > most_heard) heard.delete(/** @type {string} */ (heard.values().next().value));
  take(/** @type {Timed} */ (timed));
});

connection.subscribe(() => {
  if (connection.value.generation < 2 || connection.value.state !== 'live') return;
  for (const device of stores.keys()) void loadTimed(device);
});
