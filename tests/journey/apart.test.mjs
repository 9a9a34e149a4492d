// Services that run apart: in any order, each with no more rights than it needs, each able to be away.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, croftCommand, layout, mosquittoPub, sleep, spawnCroft, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';

const skip = layout !== 'apart' && 'only where services run apart';

let croft;
let client;
before(async () => {
  if (skip) return;
  croft = await startCroft();
  client = await croft.user();
});
after(() => croft?.stop());

test('a service apart says what it must be told', () => {
  const { code, stderr } = croftCommand(['serve', '--target', 'data', '--state-dir', temporaryDirectory()]);
  assert.notEqual(code, 0);
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, 2, stderr);
  assert.match(lines[0], /mqtt\.url/);
  assert.match(lines[1], /sessions\.url/);
});

test('an unknown target is told in one line', () => {
  const { code, stderr } = croftCommand(['serve', '--target', 'dta', '--state-dir', temporaryDirectory()]);
  assert.notEqual(code, 0);
  assert.match(stderr.trim(), /^croft: there is no target "dta"; targets are all, auth, data, command and visualisation$/);
});

test('croft broker without a password for anybody says what to set', () => {
  const { code, stderr } = croftCommand(['broker', '--state-dir', temporaryDirectory()]);
  assert.notEqual(code, 0);
  assert.match(stderr, /broker\.auth_password/);
});

test('a service that is there first waits for the broker and for auth, and says so', { skip }, async (t) => {
  const { redisServer } = await import('../support/engines.mjs');
  const { freePort } = await import('../support/gateway.mjs');
  const port = await freePort();
  const env = {
    CROFT_STATE_DIR: temporaryDirectory(),
    CROFT_HTTP_LISTEN: '127.0.0.1:0',
    CROFT_MQTT_URL: `mqtt://127.0.0.1:${port}`,
    CROFT_MQTT_PASSWORD: 'p',
    CROFT_SESSIONS_URL: (await redisServer()).url,
  };
  const data = spawnCroft(['serve', '--target', 'data'], { env });
  t.after(() => data.child.kill('SIGKILL'));
  await until(() => /waiting for the broker/.test(data.logs()), 10_000, 'it says that it waits for the broker');
  const impatient = spawnCroft(['serve', '--target', 'visualisation'], { env: { ...env, CROFT_STATE_DIR: temporaryDirectory() } });
  await until(() => /waiting for the broker/.test(impatient.logs()), 10_000, 'another waits as well');
  impatient.child.kill('SIGTERM');
  assert.deepEqual(await within(impatient.exited, 10_000, 'SIGTERM ends the wait'), { code: 0, signal: null }, impatient.logs());
  const broker = spawnCroft(['broker'], { env: { CROFT_STATE_DIR: temporaryDirectory(), CROFT_MQTT_LISTEN: `127.0.0.1:${port}`, CROFT_BROKER_DATA_PASSWORD: 'p', CROFT_BROKER_AUTH_PASSWORD: 'q' } });
  t.after(() => broker.child.kill('SIGTERM'));
  await until(() => /waiting for the auth service/.test(data.logs()), 30_000, 'it says that it waits for auth');
  const auth = spawnCroft(['serve', '--target', 'auth'], { env: { ...env, CROFT_STATE_DIR: temporaryDirectory(), CROFT_MQTT_PASSWORD: 'q' } });
  t.after(() => auth.child.kill('SIGKILL'));
  await until(() => /"message":"ready"/.test(data.logs()), 20_000, 'it is ready');
  for (const part of [data, auth]) {
    part.child.kill('SIGTERM');
    assert.deepEqual(await within(part.exited, 10_000, 'it drains'), { code: 0, signal: null }, part.logs());
  }
});

test('a log-out is effective in every service at once, and closes live views', { skip }, async () => {
  const other = await croft.user();
  const view = await other.live();
  for (const path of ['/api/v1/auth/me', '/api/v1/data/all', '/api/v1/command/all']) await other.expect(200, 'GET', path);
  const before = Date.now();
  await other.logout();
  for (const path of ['/api/v1/auth/me', '/api/v1/data/all', '/api/v1/command/all']) await other.expect(401, 'GET', path);
  await view.ended(1_000);
  assert.ok(Date.now() - before < 1_000);
});

test('a device that was removed is unknown to every service', { skip }, async () => {
  const device = await client.createDevice();
  const node = await Node.connect(croft, device);
  await node.client.publishAsync(node.topic('telemetry'), '{"t":1}', { qos: 1 });
  await until(async () => (await client.get('/api/v1/data/last', { device: device.id })).readings.length === 1);
  await client.expect(204, 'DELETE', `/api/v1/devices/${device.id}`);
  await node.closed;
  for (const path of ['/api/v1/data/last', '/api/v1/command/all'])
    await until(async () => (await client.request('GET', path, { query: { device: device.id } })).status === 404, 2_000, `${path} does not know it`);
});

test('while auth is away the others start with what it told last, and let in who was logged in', { skip }, async () => {
  const device = await client.createDevice();
  await sleep(1_200);  // the copy of the directory is written within a second
  await croft.services.auth.end('SIGKILL');
  await croft.services.data.end('SIGTERM');
  await croft.services.data.start();
  assert.match(croft.services.data.logs(), /starting with the directory of last time/);
  const node = await Node.connect(croft, device);
  await node.client.publishAsync(node.topic('telemetry'), '{"t":2,"boot":1,"seq":1}', { qos: 1 });
  await until(async () => (await client.get('/api/v1/data/last', { device: device.id })).readings.length === 1, 10_000, 'it is stored');
  await node.stop();
  await croft.services.auth.start();
  await client.expect(200, 'GET', '/api/v1/auth/me');
});

test('readings that came while the command service was away are judged when it is back', { skip }, async () => {
  const device = await client.createDevice();
  await client.expect(201, 'POST', '/api/v1/command/trigger', { body: { device: device.id, measurement: 'temperature', above: 30 } });
  const node = await Node.connect(croft, device);
  const send = (temperature) => node.client.publishAsync(node.topic('telemetry'), JSON.stringify({ temperature }), { qos: 1 });
  await send(20);
  await sleep(300);
  await croft.services.command.end('SIGKILL');
  await send(31);
  await send(20);
  await croft.services.command.start();
  const alert = await until(async () => (await client.get('/api/v1/command/alerts', { device: device.id })).alerts[0], 20_000, 'the alert');
  assert.equal(alert.value, 31);
  await until(async () => (await client.get('/api/v1/command/alerts', { device: device.id })).alerts[0].cleared, 5_000, 'it is cleared');
  await node.stop();
});

test('each service may do at the broker what it must, and no more', { skip }, async () => {
  const device = await client.createDevice();
  const as = (name) => ({ port: croft.mqttPort, username: `croft-${name}`, password: croft.passwords[name], id: `croft-${name}-test` });
  const refused = [
    ['visualisation', `croft/v1/${device.id}/command`],
    ['data', `croft/v1/${device.id}/command`],
    ['command', `croft/v1/${device.id}/telemetry`],
    ['visualisation', 'croft/internal/v1/auth/directory'],
    ['data', '$CONTROL/croft/v1/devices'],
  ];
  for (const [name, topic] of refused) {
    const { output } = await mosquittoPub({ ...as(name), topic, payload: '{}' });
    assert.match(output, /not authori[sz]ed/i, `${name} to ${topic}`);
  }
  const thief = await mosquittoPub({ ...as('command'), id: 'croft-data', topic: `croft/v1/${device.id}/command`, payload: '{}' });
  assert.notEqual(thief.code, 0, 'no service takes over the session of another');
});
