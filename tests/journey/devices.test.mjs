// The life of a device: made, listed, renamed, given a new secret, deleted; and what the broker makes of each at once.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, behindGateway, deployment, mosquittoPub, mosquittoSub, until, within, startCroft } from '../support/croft.mjs';

let croft;
let ada;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
});
after(() => croft?.stop());

const telemetry = (device) => `croft/v1/${device.id}/telemetry`;
const as = (device, secret = device.secret) => ({ port: croft.mqttPort, username: device.id, password: secret });

test('a device is made with a secret that is shown once', async () => {
  const made = await ada.createDevice('Tomatoes');
  assert.equal(made.name, 'Tomatoes');
  const shown = await ada.device(made.id);
  assert.ok(!JSON.stringify(shown).includes(made.secret));
  assert.ok(!JSON.stringify(await ada.get('/api/v1/devices')).includes(made.secret));
  assert.ok(!croft.logs().includes(made.secret), 'the secret is not in the log');
  assert.deepEqual([shown.online, shown.lastSeen, shown.values, shown.state], [false, null, {}, {}]);
});

test('what the answer says about MQTT is enough to connect and publish', async () => {
  const made = await ada.createDevice();
  const { host, port, url, username, telemetryTopic } = made.mqtt;
  assert.deepEqual([username, port], [made.id, croft.mqttPort]);
  assert.equal(url, `mqtt://${host}:${port}`);
  const sent = await mosquittoPub({ host, port, username, password: made.secret, topic: telemetryTopic, payload: '{"temperature":21}' });
  assert.equal(sent.code, 0, sent.output);
  await until(async () => (await ada.device(made.id)).values.temperature === 21);
});

test('devices are listed oldest first, page by page', async () => {
  const grower = await croft.user();
  const ids = [];
  for (let number = 0; number < 5; ++number) ids.push((await grower.createDevice(`Row ${number}`)).id);
  assert.deepEqual((await grower.get('/api/v1/devices')).devices.map(({ id }) => id), ids);
  const paged = [];
  for (let cursor; cursor !== null; ) {
    const page = await grower.get('/api/v1/devices', { limit: 2, cursor });
    assert.ok(page.devices.length <= 2);
    paged.push(...page.devices.map(({ id }) => id));
    cursor = page.next;
  }
  assert.deepEqual(paged, ids);
});

test('a device is renamed', async () => {
  const made = await ada.createDevice('Old');
  const renamed = await ada.expect(200, 'PATCH', `/api/v1/devices/${made.id}`, { body: { name: 'Été – 温室 🌱' } });
  assert.equal(renamed.name, 'Été – 温室 🌱');
  assert.equal((await ada.device(made.id)).name, 'Été – 温室 🌱');
});

test('a name must be there, be text, and not be endless', async () => {
  const made = await ada.createDevice();
  for (const name of ['', 7, null, 'x'.repeat(5000), 'line\nbreak']) {
    await ada.refused(422, 'POST', '/api/v1/devices', { body: { name } }, 'name');
    await ada.refused(422, 'PATCH', `/api/v1/devices/${made.id}`, { body: { name } }, 'name');
  }
  await ada.refused(422, 'POST', '/api/v1/devices', { body: {} }, 'name');
});

test('presence follows the status topic, and the last will when the network is lost', async () => {
  const made = await ada.createDevice();
  const node = await Node.connect(croft, made);
  await until(async () => (await ada.device(made.id)).online === true);
  await node.publish('state', { led: 'off' }, { retain: true });
  await until(async () => (await ada.device(made.id)).state.led === 'off');
  await node.vanish();
  await until(async () => (await ada.device(made.id)).online === false);
  assert.ok((await ada.device(made.id)).lastSeen);
});

test('a rotated secret cuts the connection made with the old one, and only the new one works', async () => {
  const made = await ada.createDevice();
  const node = await Node.connect(croft, made);
  const listener = await mosquittoSub({ ...as(made), topics: [`croft/v1/${made.id}/command`] });
  const rotated = await ada.expect(200, 'POST', `/api/v1/devices/${made.id}/secret`);
  assert.equal(rotated.id, made.id);
  assert.notEqual(rotated.secret, made.secret);
  await within(node.closed, 5_000, 'the node is disconnected');
  await within(listener.ended, 15_000, 'mosquitto_sub is disconnected and not let in again');

  const old = await mosquittoPub({ ...as(made), topic: telemetry(made), payload: '{"temperature":1}' });
  assert.notEqual(old.code, 0, 'the old secret is refused');
  const fresh = await mosquittoPub({ ...as(made, rotated.secret), topic: telemetry(made), payload: '{"temperature":2}' });
  assert.equal(fresh.code, 0, fresh.output);
  await until(async () => (await ada.device(made.id)).values.temperature === 2);
});

test('a deleted device is disconnected, unknown to the broker, and gone from every answer', async () => {
  const made = await ada.createDevice();
  const node = await Node.connect(croft, made);
  await node.deliver({ temperature: 20, boot: 1, seq: 1 });
  const command = await ada.command(made.id);
  await ada.expect(204, 'DELETE', `/api/v1/devices/${made.id}`);
  await within(node.closed, 5_000, 'the node is disconnected');
  const sent = await mosquittoPub({ ...as(made), topic: telemetry(made), payload: '{"temperature":1}' });
  assert.notEqual(sent.code, 0);

  await ada.refused(404, 'GET', `/api/v1/devices/${made.id}`);
  await ada.refused(404, 'DELETE', `/api/v1/devices/${made.id}`);
  await ada.refused(404, 'GET', '/api/v1/data/last', { query: { device: made.id } });
  await ada.refused(404, 'GET', `/api/v1/command/${command.id}`);
  await ada.refused(404, 'POST', '/api/v1/command/add', { body: { device: made.id, actuator: 'led', action: 'on' } });
  assert.ok(!(await ada.get('/api/v1/devices')).devices.some(({ id }) => id === made.id));
  assert.ok(!(await ada.get('/api/v1/data/last', { n: 1000 })).readings.some(({ device }) => device === made.id));
});

test('what a deleted device left retained at the broker does not come back', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const made = await ada.createDevice();
  const node = await Node.connect(croft, made);
  await node.publish('state', { led: 'on' }, { retain: true });
  await until(async () => (await ada.device(made.id)).state.led === 'on');
  await ada.expect(204, 'DELETE', `/api/v1/devices/${made.id}`);
  await croft.restart();
  ada.url = croft.url;
  await ada.login();
  await ada.refused(404, 'GET', `/api/v1/devices/${made.id}`);
  assert.equal((await ada.request('GET', behindGateway ? '/livez' : '/readyz')).status, 200);
});

test('devices, their credentials and what is known of them survive a restart', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const made = await ada.createDevice('Lasting');
  const node = await Node.connect(croft, made);
  await node.deliver({ temperature: 19.5, boot: 1, seq: 1 });
  await node.publish('state', { led: 'on' }, { retain: true });
  await until(async () => (await ada.device(made.id)).state.led === 'on');
  await croft.restart();
  ada.url = croft.url;
  await ada.login();
  const again = await until(async () => {
    const shown = await ada.device(made.id);
    return shown.state.led === 'on' && shown;
  });
  assert.equal(again.name, 'Lasting');
  assert.equal(again.values.temperature, 19.5);
  const sent = await mosquittoPub({ ...as(made), topic: telemetry(made), payload: '{"temperature":20.5}' });
  assert.equal(sent.code, 0, sent.output);
  await until(async () => (await ada.device(made.id)).values.temperature === 20.5);
});

test('the same Idempotency-Key makes one device', async () => {
  const grower = await croft.user();
  const headers = { 'idempotency-key': `key-${Date.now()}` };
  const first = await grower.expect(201, 'POST', '/api/v1/devices', { body: { name: 'Once' }, headers });
  const second = await grower.expect(201, 'POST', '/api/v1/devices', { body: { name: 'Once' }, headers });
  assert.equal(second.id, first.id);
  assert.equal((await grower.get('/api/v1/devices')).devices.length, 1);
});

test('with mqtt://:1883 as mqtt.public_url, a device is told the host that the browser knows', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const own = await startCroft({ env: { CROFT_MQTT_PUBLIC_URL: 'mqtt://:1883' } });
  const made = await (await own.user()).createDevice();
  assert.deepEqual([made.mqtt.host, made.mqtt.port], ['127.0.0.1', 1883]);
  await own.stop();
});
