// The WebSocket: hands on what the server tells, and when it breaks says since when and comes back by itself.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, get } from './api.js';
import { Store } from './store.js';

/**
 * state: "idle" before log-in, "connecting" the first time, "live", or "stale" after a break.
 * since: for "stale", when the last sign of life came (epoch ms of this browser).
 * generation: counts connections; whoever shows server data loads it again when it grows.
 * @type {Store<{state: 'idle'|'connecting'|'live'|'stale', since: number, generation: number}>}
 */
export const connection = new Store({ state: 'idle', since: 0, generation: 0 });

const first_wait_ms = 500;
const longest_wait_ms = 15_000;
const steady_ms = 5_000; // a connection that held this long was a good one: the next wait is short again
const silence_ms = 60_000; // a connection that told nothing for this long is replaced, it may be dead
const sleep_ms = 90_000; // timers that stood still this long: the machine slept (hidden pages tick once a minute)
const handshake_ms = 10_000;
const session_ended = 4401; // the close code that says so

/** @type {Map<string, Set<(message: any) => void>>} */
const listeners = new Map();
/** @type {WebSocket|null} */
let socket = null;
/** @type {number|undefined} */
let timer;
let failures = 0;
let openedAt = 0;
let heardAt = 0;
let aliveAt = Date.now();
let wanted = false;

/**
 * @param {string} type of message: "reading", "device", "deviceRemoved", "command", "alert"
 * @param {(message: any) => void} listener
 * @returns {() => void} ends it
 */
export function onMessage(type, listener) {
  const set = listeners.get(type) ?? new Set();
  listeners.set(type, set.add(listener));
  return () => void set.delete(listener);
}

export function connect() {
  if (wanted) return;
  wanted = true;
  failures = 0;
  connection.patch({ state: 'connecting' });
  open();
}

export function disconnect() {
  wanted = false;
  clearTimeout(timer);
  const old = socket;
  socket = null;
  old?.close();
  connection.patch({ state: 'idle', since: 0 });
}

/** Tries at once instead of waiting for the next turn. */
export function reconnectNow() {
  if (!wanted || connection.value.state !== 'stale') return;
  clearTimeout(timer);
  failures = 0;
  attempt();
}

function open() {
  const address = new URL('/ws', location.origin);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const fresh = new WebSocket(address);
  const previous = socket;
  socket = fresh;
  previous?.close();
  const late = setTimeout(() => fresh.close(), handshake_ms);
  fresh.onopen = () => {
    clearTimeout(late);
    if (socket !== fresh) return fresh.close();
    openedAt = heardAt = aliveAt = Date.now();
    connection.set({ state: 'live', since: 0, generation: connection.value.generation + 1 });
  };
  fresh.onmessage = ({ data }) => {
    if (socket === fresh) receive(data);
  };
  fresh.onclose = ({ code }) => {
    clearTimeout(late);
    if (socket === fresh) closed(code === session_ended);
  };
}

/** @param {unknown} data */
function receive(data) {
  heardAt = aliveAt = Date.now();
  let message;
  try {
    message = JSON.parse(String(data));
  } catch {
    return; // not ours; the next one may be
  }
  for (const listener of listeners.get(message?.type) ?? []) listener(message);
}

/** @param {boolean} ended by the server, together with the session */
function closed(ended) {
  socket = null;
  if (!wanted) return;
  if (openedAt && Date.now() - openedAt > steady_ms) failures = 0;
  const { state } = connection.value;
  if (state !== 'stale') connection.patch({ state: 'stale', since: aliveAt });
  openedAt = 0;
  if (ended) void attempt();
  else schedule();
}

function schedule() {
  const wait = Math.min(longest_wait_ms, first_wait_ms * 2 ** failures) * (0.7 + 0.6 * Math.random());
  failures += 1;
  clearTimeout(timer);
  timer = setTimeout(attempt, wait);
}

// A refused handshake tells a page nothing, so an ordinary request asks first whether the server is
// there and the session still lives; its 401 leads to the log-in page.
async function attempt() {
  try {
    await get('/auth/me');
    if (wanted && !socket) open();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return;
    if (wanted && !socket) schedule();
  }
}

// A machine that slept, or a network that changed, can leave a connection that looks open and is
// dead. While timers run, `aliveAt` follows the clock, so "stale since" names the moment they stopped.
setInterval(() => {
  const present = Date.now();
  const slept = present - aliveAt > sleep_ms;
  const live = connection.value.state === 'live';
  if (!live || !slept) aliveAt = present;
  if (live && (slept || present - heardAt > silence_ms)) {
    heardAt = present;
    open();
  }
}, 2_000);

addEventListener('online', reconnectNow);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) reconnectNow();
});
