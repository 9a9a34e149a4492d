// Accounts and sessions: signing up, logging in, being known, and being gone at once after logging out.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, deployment, startCroft } from '../support/croft.mjs';

let croft;
before(async () => (croft = await deployment()));
after(() => croft?.stop());

test('a person signs up, logs in, is known, and logs out', async () => {
  const client = await croft.client().signup();
  assert.equal(client.user.role === 'admin' || client.user.role === 'user', true);
  assert.ok(!JSON.stringify(client.user).includes(client.password));

  const session = await client.expect(200, 'POST', '/api/v1/auth/login', { body: { username: client.user.username, password: client.password } });
  assert.ok(Date.parse(session.expires) > Date.now() + 60_000, 'a session lasts more than a minute');
  client.token = session.token;
  assert.deepEqual(await client.get('/api/v1/auth/me'), client.user);

  await client.logout();
  await client.refused(401, 'GET', '/api/v1/auth/me');
  await client.refused(401, 'GET', '/api/v1/devices');
  await client.refused(401, 'GET', '/api/v1/data/last');
  await client.refused(401, 'GET', '/api/v1/command/all');
});

test('logging in works by e-mail address too', async () => {
  const client = await croft.client().signup();
  await client.login(client.user.email);
  assert.equal((await client.get('/api/v1/auth/me')).id, client.user.id);
});

test('logging out by GET ends the session too', async () => {
  const client = await croft.user();
  await client.expect(204, 'GET', '/api/v1/auth/logout');
  await client.refused(401, 'GET', '/api/v1/auth/me');
});

test('two sessions of one person end separately', async () => {
  const first = await croft.user();
  const second = new Client(croft.url);
  await second.login(first.user.username, first.password);
  await first.logout();
  await first.refused(401, 'GET', '/api/v1/auth/me');
  assert.equal((await second.get('/api/v1/auth/me')).id, first.user.id);
});

test('a browser gets the session as a cookie that scripts and other sites cannot use', async () => {
  const client = await croft.client().signup();
  const answer = await client.request('POST', '/api/v1/auth/login', { body: { username: client.user.username, password: client.password } });
  const cookie = answer.headers.get('set-cookie');
  assert.match(cookie, /;\s*HttpOnly/i);
  assert.match(cookie, /;\s*SameSite=Strict/i);
  const pair = cookie.split(';')[0];

  const headers = { cookie: pair };
  assert.equal((await client.expect(200, 'GET', '/api/v1/auth/me', { headers })).id, client.user.id);
  const out = await client.request('POST', '/api/v1/auth/logout', { headers });
  assert.equal(out.status, 204);
  assert.match(out.headers.get('set-cookie') ?? '', /(Max-Age=0|Expires=Thu, 01 Jan 1970)/i);
  await client.refused(401, 'GET', '/api/v1/auth/me', { headers });
});

test('a cookie does not let another site act', async () => {
  const client = await croft.client().signup();
  const login = await client.request('POST', '/api/v1/auth/login', { body: { username: client.user.username, password: client.password } });
  const headers = { cookie: login.headers.get('set-cookie').split(';')[0], origin: 'https://evil.example' };
  const answer = await fetch(new URL('/api/v1/devices', croft.url), {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Planted' }),
  });
  assert.ok(answer.status === 403 || answer.status === 401, `a POST from another origin answered ${answer.status}`);
});

test('wrong passwords and unknown names answer alike', async () => {
  const client = await croft.client().signup();
  const wrong = await client.refused(401, 'POST', '/api/v1/auth/login', { body: { username: client.user.username, password: 'not the password' } });
  const unknown = await client.refused(401, 'POST', '/api/v1/auth/login', { body: { username: `${client.user.username}x`, password: 'not the password' } });
  assert.deepEqual(wrong, unknown);
});

test('a name or an address that is taken is a conflict, in any case', async () => {
  const client = await croft.client().signup();
  const { username, email } = client.user;
  const body = { username: `${username}2`, email: `2${email}`, password: 'long enough a password' };
  await client.refused(409, 'POST', '/api/v1/auth/signup', { body: { ...body, username } });
  await client.refused(409, 'POST', '/api/v1/auth/signup', { body: { ...body, email } });
  await client.refused(409, 'POST', '/api/v1/auth/signup', { body: { ...body, username: username.toUpperCase() } });
  await client.refused(409, 'POST', '/api/v1/auth/signup', { body: { ...body, email: email.toUpperCase() } });
});

test('what is wrong with a sign-up is said by field', async () => {
  const client = croft.client();
  const good = { username: 'somebody', email: 'somebody@example.org', password: 'long enough a password' };
  await client.refused(422, 'POST', '/api/v1/auth/signup', { body: { ...good, username: '' } }, 'username');
  await client.refused(422, 'POST', '/api/v1/auth/signup', { body: { ...good, email: 'nowhere' } }, 'email');
  await client.refused(422, 'POST', '/api/v1/auth/signup', { body: { ...good, email: 'a@b.org\r\nBcc: c@d.org' } }, 'email');
  await client.refused(422, 'POST', '/api/v1/auth/signup', { body: { ...good, password: 'short' } }, 'password');
  await client.refused(422, 'POST', '/api/v1/auth/signup', { body: { username: 'somebody', email: 'somebody@example.org' } }, 'password');
  await client.refused(422, 'POST', '/api/v1/auth/signup', { body: { ...good, username: 7 } }, 'username');
  const all = await client.refused(422, 'POST', '/api/v1/auth/signup', { body: {} });
  assert.equal(all.errors.length, 3, 'all three fields are told at once');
});

test('nobody makes themselves an administrator', async () => {
  await croft.user(); // so that the first account, which may be special, is not the one below
  const client = croft.client();
  const body = { username: `eve${Date.now()}`, email: `eve${Date.now()}@example.org`, password: 'long enough a password', role: 'admin', id: 'chosen' };
  const answer = await client.request('POST', '/api/v1/auth/signup', { body });
  if (answer.status === 201) {
    assert.equal(answer.body.role, 'user');
    assert.notEqual(answer.body.id, 'chosen');
  } else {
    assert.equal(answer.status, 422);
  }
});

test('forged and damaged tokens are nobody', async () => {
  const client = await croft.user();
  const [head, claims, signature] = client.token.split('.');
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const decoded = JSON.parse(Buffer.from(claims, 'base64url'));
  const forgeries = [
    '', 'x', 'a.b.c', `${head}.${claims}`, `${head}.${claims}.`, `${head}.${claims}.${signature}x`, `${head}.${claims}.${signature.slice(1)}`,
    `${encode({ alg: 'none', typ: 'at+jwt' })}.${claims}.`,
    `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${claims}.${signature}`,
    `${head}.${encode({ ...decoded, exp: decoded.exp + 1_000_000 })}.${signature}`,
    `${head}.${encode({ ...decoded, role: 'admin' })}.${signature}`,
    `${client.token}.${signature}`, client.token.replaceAll('.', ' '), 'x'.repeat(8000),
  ];
  for (const token of forgeries) {
    await client.refused(401, 'GET', '/api/v1/auth/me', { headers: { authorization: `Bearer ${token}` } });
  }
  for (const authorization of [client.token, `Basic ${client.token}`, `bearer`, `Bearer  `]) {
    await client.refused(401, 'GET', '/api/v1/auth/me', { headers: { authorization } });
  }
});

test('guessing a password is slowed down, for that account alone', async () => {
  const client = await croft.client().signup();
  const other = await croft.client().signup();
  let answer;
  for (let attempt = 0; attempt < 40; ++attempt) {
    answer = await client.request('POST', '/api/v1/auth/login', { body: { username: client.user.username, password: `guess ${attempt}` } });
    if (answer.status === 429) break;
    assert.equal(answer.status, 401);
  }
  assert.equal(answer.status, 429, '40 wrong passwords in a row were all tried');
  assert.ok(Number(answer.headers.get('retry-after')) >= 1);
  await other.login();
});

test('a fresh install has no account, and signup = "closed" lets nobody in', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const closed = await startCroft({ env: { CROFT_AUTH_SIGNUP: 'closed' } });
  t.after(() => closed.stop());
  const client = closed.client();
  for (const username of ['admin', 'croft', 'demo', 'root']) {
    for (const password of ['admin', 'password', 'croft', 'demo', 'public']) {
      const answer = await client.request('POST', '/api/v1/auth/login', { body: { username, password } });
      assert.ok(answer.status === 401 || answer.status === 429, `${username}/${password} answered ${answer.status}`);
    }
  }
  await client.refused(403, 'POST', '/api/v1/auth/signup', { body: { username: 'ada', email: 'ada@example.org', password: 'long enough a password' } });
});

test('signup = "first" lets exactly one person in', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const first = await startCroft({ env: { CROFT_AUTH_SIGNUP: 'first' } });
  t.after(() => first.stop());
  const owner = await first.user();
  await first.client().refused(403, 'POST', '/api/v1/auth/signup', { body: { username: 'late', email: 'late@example.org', password: 'long enough a password' } });
  assert.equal((await owner.get('/api/v1/auth/me')).id, owner.user.id);
});

test('sessions and accounts survive a restart or are cleanly gone, never half', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const own = await startCroft();
  t.after(() => own.stop());
  const client = await own.user();
  await own.restart();
  client.url = own.url;
  const me = await client.request('GET', '/api/v1/auth/me');
  assert.ok(me.status === 200 || me.status === 401);
  await client.login();
  assert.equal((await client.get('/api/v1/auth/me')).id, client.user.id);
});
