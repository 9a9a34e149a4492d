// Who is logged in, and what follows from logging in and out.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, get, patch, request, sessionLost } from './api.js';
import { forgetAlerts } from './alerts.js';
import { forgetCommands } from './commands.js';
import { forgetDevices, loadDevices } from './devices.js';
import { connect, disconnect } from './live.js';
import { go, here, safeReturn } from './router.js';
import { Store } from './store.js';
import { forgetTimed } from './timed.js';
import { forgetTriggers, loadTriggers } from './triggers.js';

/** @typedef {import('./types.js').User} User */

/**
 * known: whether the server has been asked; failure: what kept it from answering.
 * ended: a session was lost, not left.
 * @type {Store<{known: boolean, user: User|null, ended: boolean, failure: unknown}>}
 */
export const session = new Store({ known: false, user: null, ended: false, failure: null });

/** @type {BroadcastChannel|null} other tabs of this browser hear at once who is logged in: they share the cookie */
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('croft-session') : null;

/** Asks the server who we are; afterwards `session.known`, or `failure` says why not. */
export async function resume() {
  session.patch({ failure: null });
  try {
    begin(await request('GET', '/auth/me', { open: true }));
  } catch (error) {
    const out = error instanceof ApiError && error.status === 401;
    session.patch(out ? { known: true, user: null } : { failure: error });
  }
}

/** @param {string} username or e-mail @param {string} password */
export async function logIn(username, password) {
  await request('POST', '/auth/login', { body: { username, password }, open: true });
  begin(await get('/auth/me'));
}

/** @param {{username: string, email: string, password: string}} account */
export async function signUp(account) {
  await request('POST', '/auth/signup', { body: account, open: true });
  await logIn(account.username, account.password);
}

export async function logOut() {
  await request('POST', '/auth/logout', { open: true });
  end(false);
  tabs?.postMessage(null);
}

/** @param {string} timezone an IANA name @throws {ApiError} */
export async function setZone(timezone) {
  session.patch({ user: await patch('/auth/me', { timezone }) });
}

/** @param {User} user */
function begin(user) {
  session.set({ known: true, user, ended: false, failure: null });
  tabs?.postMessage(user.id);
  connect();
  void loadDevices();
  void loadTriggers();
}

/** @param {boolean} lost not by this user's own wish */
function end(lost) {
  if (!session.value.user) return;
  disconnect();
  forgetDevices();
  forgetCommands();
  forgetTimed();
  forgetTriggers();
  forgetAlerts();
  session.set({ known: true, user: null, ended: lost, failure: null });
  const back = safeReturn(here.value);
  go(lost && back !== '/' ? `/login?next=${encodeURIComponent(back)}` : '/login');
}

sessionLost.subscribe(() => end(true));
tabs?.addEventListener('message', ({ data: user }) => {
  const { known, user: present } = session.value;
  if (!user) end(false);
  else if (known && user !== present?.id) location.reload(); // somebody else's page from now on
});
