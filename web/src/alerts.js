// Alerts: their history page by page, and those that have just come.
// SPDX-License-Identifier: Apache-2.0
import { get } from './api.js';
import { connection, onMessage } from './live.js';
import { Store } from './store.js';

/** @typedef {import('./types.js').Alert} Alert */

/** Newest first. @type {Store<{items: Alert[], next: string|null, loaded: boolean, error: unknown}>} */
export const alertHistory = new Store({ items: [], next: null, loaded: false, error: null });

/** What came in while the page was open and has not been looked at, oldest first. @type {Store<Alert[]>} */
export const notices = new Store(/** @type {Alert[]} */ ([]));

const page_size = 50;
const most_notices = 3;

/** @param {{more?: boolean}} [options] more: the page after the last one shown */
export async function loadAlerts({ more = false } = {}) {
  try {
    const { items, next } = alertHistory.value;
    const answer = await get('/command/alerts', { limit: page_size, cursor: more ? next ?? undefined : undefined });
    const all = more ? [...items, ...answer.alerts] : answer.alerts;
    alertHistory.set({ items: all, next: answer.next ?? null, loaded: true, error: null });
  } catch (error) {
    alertHistory.patch({ error });
  }
}

/** @param {string} id of the alert */
export function dismiss(id) {
  notices.set(notices.value.filter((alert) => alert.id !== id));
}

export function forgetAlerts() {
  alertHistory.set({ items: [], next: null, loaded: false, error: null });
  notices.set([]);
}

onMessage('alert', ({ type, ...message }) => {
  const alert = /** @type {Alert} */ (message);
  announce(alert);
  const { items, loaded } = alertHistory.value;
  if (!loaded) return;
  const there = items.some(({ id }) => id === alert.id);
  alertHistory.patch({ items: there ? items.map((one) => (one.id === alert.id ? alert : one)) : [alert, ...items] });
});

/** A new one is told, in the place of an earlier one of its trigger; afterwards only the notice on show changes. @param {Alert} alert */
function announce(alert) {
  const shown = notices.value;
  if (shown.some(({ id }) => id === alert.id)) notices.set(shown.map((one) => (one.id === alert.id ? alert : one)));
  else if (!alert.cleared && !told.has(alert.id)) notices.set([...shown.filter(({ trigger }) => trigger !== alert.trigger), alert].slice(-most_notices));
  told.add(alert.id);
  if (told.size > 1_000) told.delete(/** @type {string} */ (told.values().next().value));
}

/** @type {Set<string>} ids of alerts that have had their notice: a change of its e-mail's state is not a new alert */
const told = new Set();

connection.subscribe(() => {
  const { state, generation } = connection.value;
  if (state === 'live' && generation > 1 && alertHistory.value.loaded) void loadAlerts();
});
