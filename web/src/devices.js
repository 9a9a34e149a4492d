// The user's devices as the page knows them: loaded once, then kept up to date by the WebSocket.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, get, now } from './api.js';
import { instant } from './format.js';
import { connection, onMessage } from './live.js';
import { Store } from './store.js';

/** @typedef {import('./types.js').Device} Device */

/**
 * ids: the user's devices ordered by name; loaded: whether the list is there; error: why it is not.
 * @type {Store<{ids: string[], loaded: boolean, error: unknown}>}
 */
export const deviceList = new Store({ ids: [], loaded: false, error: null });

const page_size = 1_000;
const most_devices = 10_000;
const reload_pause_ms = 5_000;
const readings_flush_ms = 500; // values are drawn twice a second at most, however many arrive

/** @type {Map<string, Store<Device|null>>} */
const devices = new Map();
/** @type {Map<string, Device>} what readings changed since the last flush */
const waiting = new Map();
/** @type {Map<string, number>} when the latest values were measured: late readings do not replace newer */
const measuredAt = new Map();
/** @type {number|undefined} */
let flushTimer;
/** @type {number|undefined} */
let reloadTimer;
let reloadedAt = 0;
let loads = 0;

/** @param {string} id @returns {Store<Device|null>} null while it is unknown */
export function deviceStore(id) {
  const known = devices.get(id);
  if (known) return known;
  const fresh = new Store(/** @type {Device|null} */ (null));
  devices.set(id, fresh);
  return fresh;
}

/** Loads all devices, page by page; what is on show stays meanwhile. */
export async function loadDevices() {
  const load = ++loads;
  try {
    /** @type {Device[]} */
    const found = [];
    let cursor;
    do {
      const answer = await get('/devices', { limit: page_size, cursor });
      if (load !== loads) return; // a newer load is under way
      found.push(...answer.devices);
      cursor = answer.next ?? undefined;
    } while (cursor && found.length < most_devices);
    for (const device of found) place(device);
    const kept = new Set(found.map(({ id }) => id));
    for (const [id, store] of devices) if (!kept.has(id)) store.set(null);
    deviceList.set({ ids: sorted([...kept]), loaded: true, error: null });
  } catch (error) {
    if (load === loads) deviceList.patch({ error });
  }
}

/** @param {string} id @returns {Promise<boolean>} false when there is no such device (any more) */
export async function loadDevice(id) {
  try {
    keepDevice(await get(`/devices/${encodeURIComponent(id)}`));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    dropDevice(id);
    return false;
  }
}

/** Takes what an answer said of a device. @param {Device} device */
export function keepDevice(device) {
  place(device);
  const { ids } = deviceList.value;
  deviceList.patch({ ids: sorted(ids.includes(device.id) ? ids : [...ids, device.id]) });
}

/** @param {string} id */
export function dropDevice(id) {
  deviceStore(id).set(null);
  deviceList.patch({ ids: deviceList.value.ids.filter((other) => other !== id) });
}

export function forgetDevices() {
  loads += 1;
  for (const store of devices.values()) store.set(null);
  devices.clear();
  waiting.clear();
  measuredAt.clear();
  deviceList.set({ ids: [], loaded: false, error: null });
}

/** @param {Device} device */
function place(device) {
  const { id, name, created, online, lastSeen = null, values, state, mqtt } = device;
  waiting.delete(id);
  deviceStore(id).set({ id, name, created, online, lastSeen, values: { ...values }, state: { ...state }, mqtt });
}

/** @param {string[]} ids */
function sorted(ids) {
  const name = (/** @type {string} */ id) => devices.get(id)?.value?.name ?? '';
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  return ids.sort((a, b) => order.compare(name(a), name(b)) || (a < b ? -1 : 1));
}

onMessage('reading', ({ device: id, time, values }) => {
  const device = waiting.get(id) ?? devices.get(id)?.value;
  if (!device) return reloadSoon();
  const measured = instant(time) || now();
  const newer = measured >= (measuredAt.get(id) ?? 0);
  if (newer) measuredAt.set(id, measured);
  waiting.set(id, {
    ...device,
    values: newer ? { ...device.values, ...values } : { ...values, ...device.values },
    lastSeen: new Date(now()).toISOString(),
  });
  flushTimer ??= setTimeout(flush, readings_flush_ms);
});

onMessage('device', ({ device: id, online, state, lastSeen }) => {
  const device = waiting.get(id) ?? devices.get(id)?.value;
  if (!device) return reloadSoon();
  waiting.set(id, {
    ...device,
    online: online ?? device.online,
    state: state ?? device.state,
    lastSeen: lastSeen ?? new Date(now()).toISOString(),
  });
  flush(); // a switch that turned or a device that vanished is shown at once
});

onMessage('deviceRemoved', ({ device }) => dropDevice(device));

function flush() {
  clearTimeout(flushTimer);
  flushTimer = undefined;
  for (const [id, device] of waiting) deviceStore(id).set(device);
  waiting.clear();
}

// Something of a device that was made elsewhere, on another page or by a program.
function reloadSoon() {
  const wait = Math.max(1_000, reloadedAt + reload_pause_ms - Date.now());
  reloadTimer ??= setTimeout(async () => {
    if (connection.value.state !== 'idle') await loadDevices();
    reloadedAt = Date.now();
    reloadTimer = undefined;
  }, wait);
}

connection.subscribe(() => {
  const { state, generation } = connection.value;
  if (state === 'live' && (generation > 1 || deviceList.value.error)) void loadDevices();
});
