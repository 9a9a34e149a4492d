// Moving house: an embedded installation goes on with a PostgreSQL, with everything it had, also after a move that was cut off.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Client, Node, binary, croftCommand, layout, obey, startCroft, until } from '../support/croft.mjs';
import { startPostgres } from '../support/postgres.mjs';

const skip = layout !== 'embedded' && 'it begins with an embedded installation';
let croft;
let ada;
let device;
let postgres;
let readings;
let commands;
before(async () => {
  if (skip) return;
  postgres = await startPostgres();
  croft = await startCroft();
  ada = await croft.user();
  device = await ada.createDevice('Bed 2 «ö»');
  await ada.expect(201, 'POST', '/api/v1/command/trigger', { body: { device: device.id, measurement: 'temperature', above: 30 } });
  const node = await Node.connect(croft, device, { answer: obey });
  // Some are packed by then, some are rows; some have numbers, some a time of their own.
  const begin = Date.now() - 40 * 86_400_000;
  for (let part = 0; part < 200; part++)
    await node.publish('telemetry', Array.from({ length: 500 }, (_, i) => ({ time: begin + (part * 500 + i) * 30_000, temperature: i % 40, humidity: 40 + (i % 7) / 10, on: i % 2 === 0 })));
  await node.deliver({ temperature: 31, boot: 4_000_000_000, seq: 1 });
  const { id } = await ada.command(device.id, 'on');
  await until(async () => (await ada.get(`/api/v1/command/${id}`)).state === 'done');
  await until(async () => (await ada.get('/api/v1/command/alerts')).alerts.length >= 1);
  await until(async () => (await croft.metric('croft_data_readings_stored_total')) === 100_001, 30_000, 'all is stored');
  await node.stop();
  readings = await all(ada);
  commands = (await ada.get('/api/v1/command/all')).commands.map(({ id: one, state }) => [one, state]);
});
after(async () => {
  await croft?.stop().catch(() => {});
  await postgres?.stop();
});

const all = async (client) => String(await client.expect(200, 'GET', '/api/v1/data/all', { headers: { Accept: 'application/x-ndjson' } }));
const move = (url) => croftCommand(['move', '--to', url, '--state-dir', croft.stateDir]);

test('a running installation is not moved, and nonsense is told in one line', { skip }, async () => {
  const running = move(postgres.url('early'));
  assert.notEqual(running.code, 0);
  assert.match(running.stderr, /runs|holds|in use|another/i);
  await croft.stop();
  const nowhere = move('postgresql://croft@127.0.0.1:1/none');
  assert.notEqual(nowhere.code, 0);
  assert.match(nowhere.stderr, /cannot connect to PostgreSQL/);
  assert.notEqual(move('mysql://host/x').code, 0);
});

test('a database that is not empty is left alone', { skip }, () => {
  const url = postgres.url('taken');
  postgres.query('CREATE TABLE somebody (id TEXT)', 'taken');
  const moved = move(url);
  assert.notEqual(moved.code, 0);
  assert.match(moved.stderr, /not empty/);
  assert.equal(postgres.query("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'", 'taken'), '1');
});

test('a move that is killed again and again comes to its end, and everything is there', { skip }, async () => {
  const url = postgres.url('house');
  const progress = () => {
    if (postgres.query("SELECT COUNT(*) FROM pg_tables WHERE tablename = 'croft_move'", 'house') === '0') return 0;
    return Number(postgres.query("SELECT COALESCE(MAX(done), 0) FROM croft_move WHERE name = 'readings'", 'house'));
  };
  const total = 100_001;
  let copied = 0;
  for (let kills = 0; kills < 3; kills++) {
    const child = spawn(binary, ['move', '--to', url, '--state-dir', croft.stateDir], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.on('close', resolve));
    for (let now = progress(); now <= copied && child.exitCode === null; now = progress());
    child.kill('SIGKILL');
    assert.equal(await exited, null, 'it was killed in the midst of its work');
    const now = progress();
    assert.ok(now > copied && now < total, `${now} readings of ${total} are there, ${copied} were before`);
    copied = now;
  }
  const half = await startCroft({ stateDir: croft.stateDir, env: { CROFT_DATABASE_URL: url } }).catch((error) => error);
  assert.match(half.message ?? '', /was cut off/);
  const moved = move(url);
  assert.equal(moved.code, 0, moved.stderr);
  assert.match(moved.stdout, /^readings +100001 rows  [0-9a-f]{16}$/m);
  assert.match(move(url).stderr, /not empty/);

  const there = await startCroft({ stateDir: croft.stateDir, env: { CROFT_DATABASE_URL: url } });
  const again = Object.assign(new Client(there.url), { user: ada.user, password: ada.password });
  await again.login();
  assert.equal(await all(again), readings);
  assert.deepEqual((await again.get('/api/v1/command/all')).commands.map(({ id, state }) => [id, state]), commands);
  assert.equal((await again.get('/api/v1/devices')).devices[0].name, 'Bed 2 «ö»');
  const node = await Node.connect(there, device); // its secret is good there, too
  await node.deliver({ temperature: 31, boot: 4_000_000_000, seq: 1 }); // known already
  await node.deliver({ temperature: 12, boot: 4_000_000_000, seq: 2 });
  await node.stop();
  assert.equal((await all(again)).trim().split('\n').length, readings.trim().split('\n').length + 1);
  await there.stop();

  const back = await startCroft({ stateDir: croft.stateDir }); // the old one is as it was
  const home = Object.assign(new Client(back.url), { user: ada.user, password: ada.password });
  await home.login();
  assert.equal(await all(home), readings);
  await back.stop();
});
