// The user's triggers: loaded once, kept current by alerts as they come, changed through here.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, get, patch, post, remove } from './api.js';
import { connection, onMessage } from './live.js';
import { Store } from './store.js';

/** @typedef {import('./types.js').Trigger} Trigger */
/** @typedef {import('./types.js').TriggerWish} TriggerWish */
/** @typedef {import('./types.js').Condition} Condition */

/**
 * items: every trigger, oldest first; at most one alert of each is open, and then it is in the phase "firing".
 * mails: whether Croft can send any; assumed until it is known.
 * @type {Store<{items: Trigger[], loaded: boolean, error: unknown, mails: boolean}>}
 */
export const triggerList = new Store({ items: [], loaded: false, error: null, mails: true });

const page_size = 1_000;
const most_pages = 10;
const reload_ms = 2_000;
let loads = 0;
/** @type {number|undefined} */
let reloadTimer;

export async function loadTriggers() {
  const load = ++loads;
  try {
    /** @type {Trigger[]} */
    const found = [];
    let cursor;
    let mails = true;
    let pages = 0;
    do {
      const answer = await get('/command/trigger', { limit: page_size, cursor });
      if (load !== loads) return; // a newer load is under way, or something changed meanwhile
      found.push(...answer.triggers);
      mails = answer.emailAvailable;
      cursor = answer.next ?? undefined;
      pages += 1;
    } while (cursor && pages < most_pages);
    triggerList.set({ items: found, loaded: true, error: null, mails });
  } catch (error) {
    if (load === loads) triggerList.patch({ error });
  }
}

/** @param {string} id @returns {Promise<boolean>} false when there is no such trigger (any more) */
export async function loadTrigger(id) {
  try {
    keep(await get(address(id)));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    dropTrigger(id);
    return false;
  }
}

/** @param {TriggerWish} wish */
export async function addTrigger(wish) {
  keep(await post('/command/trigger', wish));
}

/** @param {string} id @param {Partial<TriggerWish> & {enabled?: boolean}} changes */
export async function changeTrigger(id, changes) {
  keep(await patch(address(id), changes));
}

/** The server's part; whoever shows the trigger leaves it first, then drops it. @param {string} id */
export const removeTrigger = (id) => remove(address(id));

/**
 * When a trigger would have fired, judged over the device's own history.
 * @param {Condition} condition @param {number} days
 */
export const previewTrigger = (condition, days) => post('/command/trigger/preview', { ...condition, days });

export function forgetTriggers() {
  loads += 1;
  triggerList.set({ items: [], loaded: false, error: null, mails: true });
}

/** @param {Trigger[]} triggers */
export const firing = (triggers) => triggers.filter(({ state, enabled }) => enabled && state.phase === 'firing');

/** @param {string} id */
const address = (id) => `/command/trigger/${encodeURIComponent(id)}`;

/** @param {Trigger} trigger */
function keep(trigger) {
  loads += 1; // what is still on its way is older
  const { items } = triggerList.value;
  const there = items.some(({ id }) => id === trigger.id);
  triggerList.patch({ items: there ? items.map((one) => (one.id === trigger.id ? trigger : one)) : [...items, trigger] });
  if (!triggerList.value.loaded) void loadTriggers();
}

/** @param {string} id */
export function dropTrigger(id) {
  loads += 1;
  triggerList.patch({ items: triggerList.value.items.filter((trigger) => trigger.id !== id) });
}

onMessage('alert', ({ trigger: id, fired, cleared, value }) => {
  const known = triggerList.value.items.find((trigger) => trigger.id === id);
  if (!known) return reloadSoon(); // made on another page
  if (cleared && known.state.fired && Date.parse(known.state.fired) > Date.parse(fired)) return; // of an earlier one
  const phase = cleared ? 'inactive' : 'firing';
  keep({ ...known, state: { ...known.state, phase, fired, since: cleared ?? fired, value: cleared ? known.state.value : value } });
});

onMessage('deviceRemoved', () => reloadSoon());

function reloadSoon() {
  reloadTimer ??= setTimeout(() => {
    reloadTimer = undefined;
    if (connection.value.state !== 'idle') void loadTriggers();
  }, reload_ms);
}

connection.subscribe(() => {
  const { state, generation } = connection.value;
  if (state === 'live' && (generation > 1 || triggerList.value.error)) void loadTriggers();
});
