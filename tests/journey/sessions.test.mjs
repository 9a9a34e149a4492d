// Sessions in Redis: they outlive Croft, nobody is let in while Redis is away, and what has ended stays ended.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Client, Node, croftCommandAsync, layout, sleep, startCroft, temporaryDirectory, until } from '../support/croft.mjs';
import { forgetful, startRedis } from '../support/redis.mjs';

const skip = layout !== 'embedded' && 'these start a Croft with a Redis of their own';
const guarded = [
  ['GET', '/api/v1/auth/me'],
  ['POST', '/api/v1/auth/logout'],
  ['GET', '/api/v1/devices'],
  ['GET', '/api/v1/data/all'],
  ['GET', '/api/v1/command/all'],
  ['GET', '/api/v1/command/trigger'],
];

let redis;
let croft;
before(async () => {
  if (skip) return;
  redis = await startRedis({ password: 'p@ss:word/1' });
  croft = await startCroft({ env: { CROFT_SESSIONS_URL: redis.url } });
});
beforeEach(async () => {
  if (skip) return;
  await redis.start();
  redis.resume();
  await ready();
});
after(async () => {
  await croft?.stop();
  await redis?.stop();
});

const status = async (client, method, path, options) => (await client.request(method, path, options)).status;
const ready = (running = croft) => until(async () => (await running.client().request('GET', '/readyz')).status === 200, 10_000, 'Croft is ready');
const lost = () => until(async () => (await croft.client().request('GET', '/readyz')).status === 503, 10_000, 'Croft notices that Redis is away');
const heals = (client) => until(async () => (await status(client, 'GET', '/api/v1/auth/me')) === 200, 10_000, 'the session is good again');

test('a session survives a restart of Croft, and a crash of it', { skip }, async () => {
  const client = await croft.user();
  for (const how of [croft.stop, croft.kill]) {
    await how();
    await croft.start();
    await ready();
    client.url = croft.url;
    assert.equal((await client.get('/api/v1/auth/me')).id, client.user.id);
  }
});

test('a session that was ended stays ended: in the store, after a restart of Croft, after a crash of Redis', { skip }, async () => {
  const client = await croft.user();
  const other = await new Client(croft.url).login(client.user.username, client.password);
  assert.equal(redis.cli('LLEN', `croft:sessions:${client.user.id}`), '2');
  await client.logout();
  assert.equal(redis.cli('LLEN', `croft:sessions:${client.user.id}`), '1');
  assert.equal(await status(client, 'GET', '/api/v1/auth/me'), 401);
  await redis.kill();
  await croft.kill();
  await redis.start();
  await croft.start();
  await ready();
  assert.equal(await status(client, 'GET', '/api/v1/auth/me'), 401);
  assert.equal(await status(other, 'GET', '/api/v1/auth/me'), 200);
});

test('a new password ends every session, and is refused while that cannot be done', { skip }, async () => {
  const client = await croft.user();
  const reset = () => croftCommandAsync(['user', 'reset-password', client.user.username, '--state-dir', croft.stateDir]);
  await redis.kill();
  await lost();
  assert.notEqual((await reset()).code, 0);
  await redis.start();
  await heals(client);
  await new Client(croft.url).login(client.user.username, client.password);
  const { code, stdout } = await reset();
  assert.equal(code, 0, stdout);
  assert.equal(await status(client, 'GET', '/api/v1/auth/me'), 401);
});

for (const how of ['killed', 'stalled']) {
  test(`with Redis ${how} nobody is let in, readings are stored and acknowledged, and all heals by itself`, { skip }, async () => {
    const client = await croft.user();
    const gone = await croft.user();
    await gone.logout();
    const device = await client.createDevice();
    const node = await Node.connect(croft, device);
    const view = await client.live();
    await node.deliver({ boot: 1, seq: 1, temperature: 20 });
    how === 'killed' ? await redis.kill() : redis.pause();

    const login = { body: { username: client.user.username, password: client.password } };
    for (const [method, path, options] of [...guarded, ['POST', '/api/v1/auth/login', login]]) {
      const started = Date.now();
      const answer = await client.request(method, path, options);
      assert.equal(answer.status, 503, `${method} ${path}: ${answer.text}`);
      assert.ok(Number(answer.headers.get('retry-after')) > 0, `${method} ${path} says when to come back`);
      assert.ok(Date.now() - started < 3_000, `${method} ${path} took ${Date.now() - started} ms`);
    }
    assert.equal(await status(gone, 'GET', '/api/v1/auth/me'), 401, 'that it has ended is known without Redis');
    assert.equal(await status(new Client(croft.url), 'GET', '/api/v1/auth/me'), 401, 'without a token there is nothing to look up');
    await assert.rejects(client.live(), { status: 503 });
    assert.equal(await status(client, 'GET', '/'), 200, 'the dashboard is there');
    await lost();
    assert.match((await croft.client().request('GET', '/readyz')).body.parts.sessions, /Redis/);

    for (let seq = 2; seq <= 20; ++seq) await node.deliver({ boot: 1, seq, temperature: 20 + seq });
    await view.next((event) => event.type === 'reading' && event.values.temperature === 40);
    how === 'killed' ? await redis.start() : redis.resume();

    await heals(client);
    assert.equal(await status(gone, 'GET', '/api/v1/auth/me'), 401, 'what had ended stays ended');
    assert.equal((await client.readings({ device: device.id })).length, 20);
    await view.next((event) => event.type === 'reading' && event.values.temperature === 40);
    assert.equal(await status(new Client(croft.url), 'POST', '/api/v1/auth/login', login), 200);
    await ready();
    await node.stop();
    view.close();
  });
}

test('a Redis that lost everything ends all sessions, and people log in again', { skip }, async () => {
  const client = await croft.user();
  assert.equal(redis.cli('FLUSHALL'), 'OK');
  assert.equal(await status(client, 'GET', '/api/v1/auth/me'), 401);
  await client.login();
  assert.equal(await status(client, 'GET', '/api/v1/auth/me'), 200);
});

test('a Redis that comes back with old data brings no ended session back', { skip }, async (t) => {
  const old = await startRedis({ args: forgetful });
  t.after(() => old.stop());
  const own = await startCroft({ env: { CROFT_SESSIONS_URL: old.url } });
  t.after(() => own.stop());
  const stays = await own.user();
  const leaves = await own.user();
  assert.equal(old.cli('SAVE'), 'OK');
  await leaves.logout();
  await old.kill();
  await old.start();
  await until(async () => (await status(stays, 'GET', '/api/v1/auth/me')) === 200, 10_000, 'whoever did not leave is still in');
  assert.equal(await status(leaves, 'GET', '/api/v1/auth/me'), 401);
  await until(() => old.cli('KEYS', 'croft:session:*').split('\n').length === 1, 5_000, 'it is gone from Redis too');
  assert.match(own.logs(), /Redis keeps no append-only file/);
});

test('log-ins are counted in Redis, so that a restart of Croft is no new start for a guesser', { skip }, async () => {
  const client = await croft.user();
  const guess = () => status(new Client(croft.url), 'POST', '/api/v1/auth/login', { body: { username: client.user.username, password: 'not this one' } });
  for (let n = 0; n < 10; ++n) assert.equal(await guess(), 401);
  assert.equal(await guess(), 429);
  await croft.restart();
  await ready();
  assert.equal(await guess(), 429);
});

test('Croft may start before Redis: it says what it waits for, lets nobody in, and goes on when Redis is there', { skip }, async (t) => {
  const late = await startRedis();
  await late.stop();
  t.after(() => late.stop());
  const own = await startCroft({ env: { CROFT_SESSIONS_URL: late.url } });
  t.after(() => own.stop());
  await until(() => /waiting for Redis/.test(own.logs()), 5_000, 'the log says so');
  assert.equal(await status(own.client(), 'POST', '/api/v1/auth/login', { body: { username: 'a', password: 'b' } }), 503);
  await late.start();
  await ready(own);
  await own.user();
});

test('a wrong password of Redis is told in one clear line that does not show it', { skip }, async (t) => {
  const wrong = redis.url.replace(/:[^:@]*@/, ':guess5@');
  const own = await startCroft({ env: { CROFT_SESSIONS_URL: wrong } });
  t.after(() => own.stop());
  await until(() => /it refuses the user name or password/.test(own.logs()), 5_000, 'the log says so');
  assert.doesNotMatch(own.logs(), /guess5/);
  assert.equal(await status(own.client(), 'GET', '/readyz'), 503);
});

test('it drains and ends with 0 while Redis is away', { skip }, async (t) => {
  const away = await startRedis();
  t.after(() => away.stop());
  const own = await startCroft({ env: { CROFT_SESSIONS_URL: away.url } });
  away.pause();
  await sleep(100);
  assert.deepEqual(await own.stop(), { code: 0, signal: null });
});

test('what one process ends, another refuses at once', { skip }, async (t) => {
  // Four services behind one Redis are the layout `apart`; here it is two whole copies, and only Redis joins them.
  const client = await croft.user();
  const directory = temporaryDirectory();
  copyFileSync(join(croft.stateDir, 'token.key'), join(directory, 'token.key'));  // so that it knows the tokens
  const second = await startCroft({ stateDir: directory, env: { CROFT_SESSIONS_URL: redis.url } });
  t.after(() => second.stop());
  const there = new Client(second.url, client.token);
  assert.equal(await status(there, 'GET', '/api/v1/data/all'), 200);
  await client.logout();
  assert.equal(await status(there, 'GET', '/api/v1/data/all'), 401);
});

test('services that run apart are told what has ended, and let it in no more, though Redis forgot', { skip: layout !== 'apart' && 'only where services run apart' }, async (t) => {
  const old = await startRedis({ args: forgetful });
  t.after(() => old.stop());
  const apart = await startCroft({ env: { CROFT_SESSIONS_URL: old.url } });
  t.after(() => apart.stop());
  const { auth } = apart.services;
  const stays = await apart.user();
  const leaves = await apart.user();
  assert.equal(old.cli('SAVE'), 'OK');
  await leaves.logout();
  await sleep(500);  // the others have heard
  await auth.end('SIGKILL');  // who ended it remembers nothing now
  await old.kill();
  await old.start();
  for (const path of ['/api/v1/data/all', '/api/v1/command/all']) {
    await until(async () => (await status(stays, 'GET', path)) === 200, 10_000, `${path} answers again`);
    assert.equal(await status(leaves, 'GET', path), 401, path);
  }
  assert.equal(old.cli('KEYS', 'croft:session:*').split('\n').length, 1, 'one of them ended it in Redis again');
  await auth.start();
  await until(async () => (await status(stays, 'GET', '/api/v1/auth/me')) === 200, 10_000, 'auth is back');
  assert.equal(await status(leaves, 'GET', '/api/v1/auth/me'), 401);
});
