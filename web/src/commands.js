// Commands: sending them, following each to its end, and the history of a device.
// SPDX-License-Identifier: Apache-2.0
import { get, post } from './api.js';
import { connection, onMessage } from './live.js';
import { Store } from './store.js';

/** @typedef {import('./types.js').Command} Command */
/** @typedef {{items: Command[], next: string|null, loaded: boolean, error: unknown}} History */

const page_size = 10;
const poll_ms = 1_000;
/** @type {Record<string, number>} a command only moves forward; what arrives late does not turn it back */
const rank = { pending: 0, sent: 1, done: 2, refused: 2, expired: 2 };

/** @type {Map<string, Store<History>>} */
const histories = new Map();
/** @type {Map<string, Store<Command|null>>} */
const latest = new Map();

/** @param {string} device @returns {Store<History>} newest first */
export function historyStore(device) {
  const known = histories.get(device);
  if (known) return known;
  const fresh = new Store(/** @type {History} */ ({ items: [], next: null, loaded: false, error: null }));
  histories.set(device, fresh);
  return fresh;
}

/** The newest command this page knows for an actuator. @param {string} device @param {string} actuator */
export function latestStore(device, actuator) {
  const key = `${device}/${actuator}`;
  const known = latest.get(key);
  if (known) return known;
  const fresh = new Store(/** @type {Command|null} */ (null));
  latest.set(key, fresh);
  return fresh;
}

/** @param {Command} command */
export const isOpen = ({ state }) => rank[state] < 2;

/** @param {string} device @param {{more?: boolean}} [options] more: the page after the last one shown */
export async function loadHistory(device, { more = false } = {}) {
  const store = historyStore(device);
  try {
    const cursor = more ? store.value.next ?? undefined : undefined;
    const answer = await get('/command/all', { device, limit: page_size, cursor });
    const items = more ? [...store.value.items, ...answer.commands] : answer.commands;
    store.set({ items, next: answer.next ?? null, loaded: true, error: null });
    for (const command of [...answer.commands].reverse()) if (isOpen(command)) remember(command);
  } catch (error) {
    store.patch({ error });
  }
}

/** @param {string} device @param {string} actuator @param {string} action "on" or "off" */
export async function send(device, actuator, action) {
  const command = await post('/command/add', { device, actuator, action });
  take(command);
  void follow(command.id, device, actuator);
}

export function forgetCommands() {
  histories.clear();
  latest.clear();
}

// The WebSocket tells how a command fares; without it the page asks.
/** @param {string} id @param {string} device @param {string} actuator */
async function follow(id, device, actuator) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, poll_ms));
    const command = latestStore(device, actuator).value;
    if (command?.id !== id || !isOpen(command)) return;
    if (connection.value.state === 'live') continue;
    await get(`/command/${encodeURIComponent(id)}`).then(take, () => {});
  }
}

/** @param {Command} command */
function take(command) {
  const store = histories.get(command.device);
  if (store?.value.loaded) {
    const { items } = store.value;
    const at = items.findIndex(({ id }) => id === command.id);
    if (at < 0) store.patch({ items: [command, ...items] });
    else if (advances(items[at], command)) {
      store.patch({ items: items.map((item, i) => (i === at ? { ...item, ...command } : item)) });
    }
  }
  remember(command);
}

/** @param {Command} command */
function remember(command) {
  const store = latestStore(command.device, command.actuator);
  const known = store.value;
  if (known?.id === command.id) {
    if (advances(known, command)) store.set({ ...known, ...command });
  } else if (!known || Date.parse(known.created) <= Date.parse(command.created)) {
    store.set(command);
  }
}

/** @param {Command} from @param {Command} to */
const advances = (from, to) => rank[to.state] >= rank[from.state] && isOpen(from);

onMessage('command', (message) => {
  const { type, ...command } = message;
  take(/** @type {Command} */ (command.command ?? command));
});

// What ended during a break is asked for when the connection is back.
connection.subscribe(() => {
  if (connection.value.generation < 2 || connection.value.state !== 'live') return;
  for (const device of histories.keys()) void loadHistory(device);
  for (const { value } of latest.values()) {
    if (value && isOpen(value)) void get(`/command/${encodeURIComponent(value.id)}`).then(take, () => {});
  }
});
