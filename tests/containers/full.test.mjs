// The eight containers of deploy/compose.yaml, started for real: one `up`, and the journey from a sign-up to a lamp through the gateway.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, Node, freePort, mosquittoPub, until } from '../support/croft.mjs';
import { Composition } from '../support/containers.mjs';

const services = ['auth', 'data', 'command', 'visualisation', 'broker', 'postgres', 'redis', 'gateway'];
let croft;
let containers;
let ada;
let device;

before(async () => {
  const [http, mqtt] = [await freePort(), await freePort()];
  const told = `mqtt://:${mqtt}`; // ports of this test instead of the usual ones
  containers = new Composition('compose.yaml', { CROFT_HTTP_PORT: String(http), CROFT_MQTT_PORT: String(mqtt), CROFT_MQTT_PUBLIC_URL: told, CROFT_AUTH_SIGNUP: 'open' });
  containers.up();
  croft = { url: `http://127.0.0.1:${http}`, mqttUrl: `mqtt://127.0.0.1:${mqtt}`, mqttPort: mqtt };
});
after(() => {
  if (process.env.CROFT_KEEP) console.log(`kept: ${croft.url} ${croft.mqttUrl}`);
  else containers?.down();
});

test('«up -d» is all it takes: every container becomes healthy', async () => {
  for (const service of services) await containers.healthy(service, 120_000);
});

test('no container runs as root, can write into its image, or gain a privilege', () => {
  for (const service of services) {
    const { Config, HostConfig, EffectiveCaps } = containers.inspect(service);
    assert.ok(Config.User && !/^(0|root)\b/.test(Config.User), `${service} runs as ${Config.User}`);
    assert.equal(HostConfig.ReadonlyRootfs, true, service);
    assert.ok(!EffectiveCaps?.length, `${service} has ${EffectiveCaps}`);
    assert.ok(HostConfig.Memory > 0 && HostConfig.Memory <= 256 * 2 ** 20, service);
  }
});

test('people sign up and log in through the gateway, and see the dashboard', async () => {
  ada = await (await new Client(croft.url).signup()).login();
  const page = await fetch(croft.url);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type'), /^text\/html/);
  device = await ada.createDevice('Tomatoes');
  assert.equal(device.mqtt.port, croft.mqttPort);
});

test('a reading goes from mosquitto_pub through the broker into PostgreSQL, and live to the browser', async () => {
  const view = await ada.live();
  const sent = await mosquittoPub({ port: croft.mqttPort, username: device.id, password: device.secret, topic: `croft/v1/${device.id}/telemetry`, payload: '{"temperature":23.5}' });
  assert.equal(sent.code, 0, sent.output);
  await until(async () => (await ada.get('/api/v1/data/last', { n: 1 })).readings[0]?.values.temperature === 23.5);
  await until(() => view.events.some((event) => event.type === 'reading' && event.values.temperature === 23.5));
  assert.deepEqual(view.faults, []);
});

test('a command reaches the node, and its answer comes back', async () => {
  const node = await Node.connect(croft, device);
  const command = await ada.command(device.id, 'on');
  await until(async () => (await ada.get(`/api/v1/command/${command.id}`)).state === 'done');
  assert.deepEqual(node.commands.map(({ actuator, action }) => ({ actuator, action })), [{ actuator: 'led', action: 'on' }]);
  await until(async () => (await ada.device(device.id)).state.led === 'on');
});

test('readings sent while the data service is away are there when it is back', async () => {
  containers.engine('stop', '-t', '0', containers.container('data')); // killed, and not started again by the engine
  const sent = await mosquittoPub({ port: croft.mqttPort, username: device.id, password: device.secret, topic: `croft/v1/${device.id}/telemetry`, payload: '{"temperature":11.25}' });
  assert.equal(sent.code, 0, sent.output);
  containers.engine('start', containers.container('data'));
  await containers.healthy('data', 60_000);
  await until(async () => (await ada.get('/api/v1/data/last', { n: 1 })).readings[0]?.values.temperature === 11.25, 20_000);
});

test('a log-out ends the session in every service', async () => {
  const bob = await (await new Client(croft.url).signup()).login();
  await bob.get('/api/v1/data/last');
  await bob.logout();
  for (const path of ['/api/v1/auth/me', '/api/v1/data/last', '/api/v1/command/all']) {
    await until(async () => (await bob.request('GET', path)).status === 401, 2_000, `${path} answers 401`);
  }
});

test('administrators use the program in the container', () => {
  assert.match(containers.exec('auth', 'croft', 'user', 'list'), new RegExp(ada.user.username));
});

test('a second «up» changes nothing: secrets stay, sessions and readings too', async () => {
  containers.compose('stop');
  containers.up();
  for (const service of services) await containers.healthy(service, 120_000);
  const readings = await until(async () => (await ada.get('/api/v1/data/last')).readings, 20_000);
  assert.deepEqual(readings.map((reading) => reading.values.temperature), [11.25, 23.5]);
});
