// Triggers: from a reading over the broker to an alert, a command at another node, and the live view; and their rehearsal over history.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Node, deployment, obey, sleep, startCroft, until } from '../support/croft.mjs';
import { startMailServer } from '../support/smtp.mjs';

const triggers = '/api/v1/command/trigger';
let croft;
let ada;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
});
after(() => croft?.stop());

async function withNode(name) {
  const device = await ada.createDevice(name);
  const node = await Node.connect(croft, device, { answer: obey });
  await until(async () => (await ada.device(device.id)).online);
  return { device, node };
}
const watch = (body) => ada.expect(201, 'POST', triggers, { body });
const alertsOf = async (device) => (await ada.get('/api/v1/command/alerts', { device: device.id })).alerts;
const preview = (body) => ada.expect(200, 'POST', `${triggers}/preview`, { body });

test('a reading over the threshold becomes an alert and a command at another node, and one under it clears the alert', async () => {
  const { device, node } = await withNode('Bed');
  const pump = await withNode('Pump');
  const view = await ada.live();
  const trigger = await watch({ device: device.id, measurement: 'temperature', above: 30, hysteresis: 2, command: { device: pump.device.id, actuator: 'pump', action: 'ON', for: 'PT10M' } });
  assert.equal(trigger.name, 'temperature above 30');
  assert.deepEqual(trigger.command, { device: pump.device.id, actuator: 'pump', action: 'on', for: 600 });
  assert.equal(trigger.state.phase, 'inactive');

  await node.publish('telemetry', { temperature: 30 });
  await node.publish('telemetry', { temperature: 31.5 });
  const fired = await view.next((event) => event.type === 'alert' && event.trigger === trigger.id);
  assert.deepEqual([fired.device, fired.measurement, fired.value, fired.cleared, fired.email], [device.id, 'temperature', 31.5, null, null]);
  const heard = await until(() => pump.node.commands[0], 5_000, 'the pump is told');
  assert.deepEqual([heard.id, heard.actuator, heard.action, heard.for], [fired.command, 'pump', 'on', 600]);
  const command = await ada.get(`/api/v1/command/${fired.command}`);
  assert.deepEqual([command.cause, command.by, command.device], [`trigger:${trigger.id}`, ada.user.username, pump.device.id]);
  assert.equal((await ada.get(`${triggers}/${trigger.id}`)).state.phase, 'firing');

  await node.publish('telemetry', { temperature: 29 });
  await node.publish('telemetry', { temperature: 27 });
  const cleared = await view.next((event) => event.type === 'alert' && event.id === fired.id && event.cleared);
  assert.ok(cleared.cleared >= cleared.fired);
  assert.deepEqual((await alertsOf(device)).map(({ id }) => id), [fired.id]);
  const { phase, value } = (await ada.get(`${triggers}/${trigger.id}`)).state;
  assert.deepEqual([phase, value], ['inactive', 27]);
  assert.equal(pump.node.commands.length, 1);
  view.close();
  await node.stop();
  await pump.node.stop();
});

test('what is late or comes again fires nothing', async () => {
  const { device, node } = await withNode();
  await watch({ device: device.id, measurement: 'temperature', above: 30 });
  const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
  await node.deliver({ temperature: 99, time: ago(3600), boot: 1, seq: 1 });
  await node.deliver({ temperature: 20, time: ago(10), boot: 1, seq: 2 });
  await node.deliver({ temperature: 99, time: ago(20), boot: 1, seq: 3 });
  const high = { temperature: 31, time: ago(5), boot: 1, seq: 4 };
  await node.deliver(high);
  await node.publish('telemetry', high);
  await node.deliver({ temperature: 32, time: ago(4), boot: 1, seq: 5 });
  await until(async () => (await alertsOf(device)).length === 1);
  await sleep(300);
  assert.deepEqual((await alertsOf(device)).map(({ value }) => value), [31]);
  await node.stop();
});

test('a trigger holds, cools down and hears silence', async () => {
  const { device, node } = await withNode();
  const held = await watch({ device: device.id, measurement: 'temperature', above: 30, holdFor: 2 });
  const silent = await watch({ device: device.id, measurement: 'temperature', noDataFor: 3, name: 'Bed is silent' });
  await node.publish('telemetry', { temperature: 31 });
  await until(async () => (await ada.get(`${triggers}/${held.id}`)).state.phase === 'pending');
  const alerts = await until(async () => {
    const found = await alertsOf(device);
    return found.length === 2 && found;
  }, 12_000, 'both fire by the clock alone');
  assert.deepEqual(alerts.map(({ trigger }) => trigger), [silent.id, held.id]);
  assert.equal(alerts[0].name, 'Bed is silent');
  await node.publish('telemetry', { temperature: 32 });
  await until(async () => (await alertsOf(device))[0].cleared);
  await node.stop();
});

test('an alert that is open stays the one alert over a restart', async (t) => {
  if (!croft.own) return t.skip('needs to restart the program');
  const { device, node } = await withNode();
  const trigger = await watch({ device: device.id, measurement: 'temperature', above: 30, email: true });
  await node.deliver({ temperature: 31, boot: 1, seq: 1 });
  const [alert] = await until(async () => {
    const found = await alertsOf(device);
    return found.length && found;
  });
  assert.ok(['queued', 'failed'].includes(alert.email.state), JSON.stringify(alert));
  await node.stop();
  await croft.kill();
  await croft.start();
  await ada.login();
  const again = await Node.connect(croft, device);
  assert.equal((await ada.get(`${triggers}/${trigger.id}`)).state.phase, 'firing');
  await again.deliver({ temperature: 33, boot: 2, seq: 1 });
  await again.deliver({ temperature: 20, boot: 2, seq: 2 });
  await until(async () => (await alertsOf(device))[0].cleared);
  assert.deepEqual((await alertsOf(device)).map(({ id }) => id), [alert.id]);
  await again.stop();
});

test('an alert with e-mail reaches its owner by way of a mail server', async (t) => {
  if (!croft.own) return t.skip('needs a mail server of its own');
  const server = await startMailServer();
  const own = await startCroft({ env: { CROFT_SMTP_URL: `smtp://127.0.0.1:${server.port}`, CROFT_SMTP_FROM: 'croft@example.org' } });
  t.after(() => own.stop());
  const grower = await own.user();
  const device = await grower.createDevice('Bed 2');
  const node = await Node.connect(own, device);
  await grower.expect(201, 'POST', triggers, { body: { device: device.id, measurement: 'temperature', above: 30, email: true } });
  await node.publish('telemetry', { temperature: 31.5 });
  const [mail] = await until(() => server.taken.length > 0 && server.taken, 10_000, 'the mail server has a mail');
  assert.deepEqual(mail.to, [grower.user.email]);
  assert.match(mail.headers.subject, /Bed 2: temperature 31\.5, above 30/);
  const alert = async () => (await grower.get('/api/v1/command/alerts')).alerts[0];
  await until(async () => (await alert()).email.state === 'sent', 10_000, 'the alert says so');
  await node.stop();
});

test('a trigger is listed, changed, switched off and deleted', async () => {
  const { device, node } = await withNode();
  const made = [];
  for (const above of [10, 20, 30]) made.push((await watch({ device: device.id, measurement: 'temperature', above })).id);
  const first = await ada.get(triggers, { device: device.id, limit: 2 });
  const rest = await ada.get(triggers, { device: device.id, cursor: first.next });
  assert.deepEqual([...first.triggers, ...rest.triggers].map(({ id }) => id), made);
  assert.equal(rest.next, null);
  await ada.expect(204, 'DELETE', `${triggers}/${made[0]}`);
  await ada.refused(404, 'GET', `${triggers}/${made[0]}`);

  await node.publish('telemetry', { temperature: 25 });
  await until(async () => (await alertsOf(device)).length === 1);
  const off = await ada.expect(200, 'PATCH', `${triggers}/${made[1]}`, { body: { enabled: false } });
  assert.deepEqual([off.enabled, off.state.phase], [false, 'inactive']);
  assert.ok((await alertsOf(device))[0].cleared);
  const changed = await ada.expect(200, 'PATCH', `${triggers}/${made[2]}`, { body: { below: 28, hysteresis: 1, name: 'Cold', command: { device: device.id, actuator: 'heater', action: 'on' } } });
  assert.deepEqual([changed.below, changed.above, changed.hysteresis, changed.name], [28, undefined, 1, 'Cold']);
  const without = await ada.expect(200, 'PATCH', `${triggers}/${made[2]}`, { body: { command: null } });
  assert.equal(without.command, null);
  await node.publish('telemetry', { temperature: 26 });
  await until(async () => (await alertsOf(device)).length === 2);
  assert.equal((await alertsOf(device))[0].name, 'Cold');
  await node.stop();
});

test('what is wrong with a trigger is said by name', async () => {
  const device = await ada.createDevice();
  const good = { device: device.id, measurement: 'temperature', above: 30 };
  const command = { device: device.id, actuator: 'led', action: 'on' };
  for (const [field, more] of [
    ['measurement', { measurement: 'two words' }],
    ['above', { above: undefined }],
    ['above', { above: 'hot' }],
    ['below', { below: 3 }],
    ['noDataFor', { noDataFor: 60 }],
    ['hysteresis', { hysteresis: -1 }],
    ['holdFor', { holdFor: 'PT5' }],
    ['cooldown', { cooldown: 1.5 }],
    ['name', { name: 'x'.repeat(101) }],
    ['email', { email: 'ada@example.org' }],
    ['command', { command: 'on' }],
    ['command.action', { command: { ...command, action: 'toggle' } }],
    ['command.actuator', { command: { ...command, actuator: '' } }],
    ['command.for', { command: { ...command, for: 0 } }],
  ]) {
    await ada.refused(422, 'POST', triggers, { body: { ...good, ...more } }, field);
  }
  for (const days of [0, 91, 1.5]) await ada.refused(422, 'POST', `${triggers}/preview`, { body: { ...good, days } }, 'days');
});

test('triggers, alerts and previews of somebody else are not there', async () => {
  const eve = await croft.user();
  const device = await ada.createDevice();
  const own = await eve.createDevice();
  const trigger = await watch({ device: device.id, measurement: 'temperature', above: 30 });
  const body = { device: device.id, measurement: 'temperature', above: 30 };
  await eve.refused(404, 'POST', triggers, { body });
  await eve.refused(404, 'POST', triggers, { body: { ...body, device: own.id, command: { device: device.id, actuator: 'led', action: 'on' } } });
  await eve.refused(404, 'POST', `${triggers}/preview`, { body });
  await eve.refused(404, 'GET', `${triggers}/${trigger.id}`);
  await eve.refused(404, 'PATCH', `${triggers}/${trigger.id}`, { body: { enabled: false } });
  await eve.refused(404, 'DELETE', `${triggers}/${trigger.id}`);
  await eve.refused(404, 'GET', triggers, { query: { device: device.id } });
  await eve.refused(404, 'GET', '/api/v1/command/alerts', { query: { device: device.id } });
  assert.deepEqual((await eve.get(triggers)).triggers, []);
});

test('a POST that is sent twice with one key makes one trigger', async () => {
  const device = await ada.createDevice();
  const how = { body: { device: device.id, measurement: 'temperature', above: 30 }, headers: { 'idempotency-key': randomUUID() } };
  const [first, second] = [await ada.expect(201, 'POST', triggers, how), await ada.expect(201, 'POST', triggers, how)];
  assert.equal(first.id, second.id);
  assert.equal((await ada.get(triggers, { device: device.id })).triggers.length, 1);
});

test('with a device its triggers and alerts go', async () => {
  const { device, node } = await withNode();
  const trigger = await watch({ device: device.id, measurement: 'temperature', above: 30 });
  await node.publish('telemetry', { temperature: 31 });
  await until(async () => (await alertsOf(device)).length === 1);
  await node.stop();
  await ada.expect(204, 'DELETE', `/api/v1/devices/${device.id}`);
  await ada.refused(404, 'GET', `${triggers}/${trigger.id}`);
  await until(async () => (await ada.get('/api/v1/command/alerts')).alerts.every((alert) => alert.device !== device.id));
});

test('a preview tells when a trigger would have fired', async () => {
  const { device, node } = await withNode();
  const start = Date.now() - 2 * 86_400_000;
  const values = [20, 31, 32, 29, 20, 35, 36, 20];
  await node.publish('telemetry', values.map((temperature, hour) => ({ temperature, time: new Date(start + hour * 3_600_000).toISOString() })));
  await until(async () => (await ada.readings({ device: device.id })).length === values.length);
  const at = (hour) => new Date(start + hour * 3_600_000).toISOString();
  const body = { device: device.id, measurement: 'temperature', above: 30 };
  const seen = await preview(body);
  assert.equal(seen.readings, values.length);
  assert.deepEqual(seen.firings, [{ fired: at(1), cleared: at(3), value: 31 }, { fired: at(5), cleared: at(7), value: 35 }]);
  assert.equal(seen.truncated, false);
  assert.equal(Date.parse(seen.to) - Date.parse(seen.from), 7 * 86_400_000);
  assert.equal((await preview({ ...body, holdFor: 5_000 })).firings.length, 2);
  assert.equal((await preview({ ...body, holdFor: 8_000 })).firings.length, 0);
  assert.equal((await preview({ ...body, cooldown: 'P1D' })).firings.length, 1);
  assert.equal((await preview({ ...body, days: 1 })).readings, 0);
  assert.deepEqual(await alertsOf(device), [], 'nothing was recorded for the past');
  await node.stop();
});
