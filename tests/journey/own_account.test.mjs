// What a person does with their own account: sees where it is logged in, ends sessions, changes the password.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, behindGateway, deployment } from '../support/croft.mjs';

let croft;
before(async () => (croft = await deployment()));
after(() => croft?.stop());

test('a person sees their sessions, ends one, and logs out everywhere else', async () => {
  const ada = await croft.user();
  const others = [];
  for (const agent of ['One/1.0', 'Two/2.0', 'Three/3.0']) others.push(await new Client(croft.url).login(ada.user.username, ada.password, { 'User-Agent': agent }));
  const { sessions } = await ada.get('/api/v1/auth/sessions');
  assert.deepEqual(sessions.map(({ userAgent }) => userAgent).slice(0, 3), ['Three/3.0', 'Two/2.0', 'One/1.0']);
  assert.deepEqual(sessions.map(({ current }) => current), [false, false, false, true]);
  assert.ok(sessions.every(({ remote, started, expires }) => remote && Date.parse(started) < Date.parse(expires)));

  const view = await others[1].live();
  await ada.expect(204, 'DELETE', `/api/v1/auth/sessions/${sessions[1].id}`);
  await others[1].refused(401, 'GET', '/api/v1/auth/me');
  await view.ended(5_000);
  await ada.refused(404, 'DELETE', `/api/v1/auth/sessions/${sessions[1].id}`);
  await others[0].get('/api/v1/auth/me');

  const eve = await croft.user();
  await eve.refused(404, 'DELETE', `/api/v1/auth/sessions/${sessions[0].id}`);
  await others[2].get('/api/v1/auth/me');

  await ada.expect(204, 'DELETE', '/api/v1/auth/sessions');
  for (const other of others) await other.refused(401, 'GET', '/api/v1/auth/me');
  assert.equal((await ada.get('/api/v1/auth/sessions')).sessions.length, 1);
  await eve.get('/api/v1/auth/me');
});

test('a new password needs the old one, and ends the other sessions', async () => {
  const ada = await croft.user();
  const other = await new Client(croft.url).login(ada.user.username, ada.password);
  const change = (current, password) => ({ body: { current, password } });
  const wrong = await ada.refused(422, 'POST', '/api/v1/auth/password', change('not my password', 'a much better secret'));
  assert.deepEqual(wrong.errors.map(({ field }) => field), ['current']);
  const weak = await ada.refused(422, 'POST', '/api/v1/auth/password', change(ada.password, 'short'));
  assert.deepEqual(weak.errors.map(({ field }) => field), ['password']);
  await other.get('/api/v1/auth/me');
  await ada.expect(204, 'POST', '/api/v1/auth/password', change(ada.password, 'a much better secret'));
  await other.refused(401, 'GET', '/api/v1/auth/me');
  await ada.get('/api/v1/auth/me');
  await new Client(croft.url).refused(401, 'POST', '/api/v1/auth/login', { body: { username: ada.user.username, password: ada.password } });
  await new Client(croft.url).login(ada.user.username, 'a much better secret');
});

test('whoever guesses the present password is slowed down', { skip: behindGateway && 'the gateway is first to say so' }, async () => {
  const ada = await croft.user();
  const statuses = [];
  for (let i = 0; i < 14; i++) statuses.push((await ada.request('POST', '/api/v1/auth/password', { body: { current: `guess ${i}`, password: 'a much better secret' } })).status);
  assert.ok(statuses.slice(0, 5).every((status) => status === 422), statuses.join());
  assert.equal(statuses.at(-1), 429);
});
