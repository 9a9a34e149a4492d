// The road of a reading: from mosquitto_pub to every place that shows it; and what becomes of those that are not readings.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, deployment, mosquittoPub, mosquittoSub, sleep, startCroft, until, layout } from '../support/croft.mjs';

let croft;
let ada;
let device;
let topic;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
});
after(() => croft?.stop());

const as = (thing) => ({ port: croft.mqttPort, username: thing.id, password: thing.secret });
const all = (thing = device) => ada.readings({ device: thing.id });

// Every test has a device of its own, so that none sees another's readings.
async function fresh() {
  device = await ada.createDevice();
  topic = `croft/v1/${device.id}/telemetry`;
  return device;
}
async function publish(payload, more = {}) {
  const sent = await mosquittoPub({ ...as(device), topic, payload: typeof payload === 'string' ? payload : JSON.stringify(payload), ...more });
  assert.equal(sent.code, 0, sent.output);
}
/** Publishes one more good reading, and waits for it: whatever came before has been dealt with by then. */
async function settle() {
  const mark = Date.now() % 1e9;
  await publish({ mark });
  await until(async () => (await ada.get('/api/v1/data/last', { n: 1, device: device.id })).readings[0]?.values.mark === mark, 5_000, 'a good reading is stored after what came before');
  return (await all()).filter((reading) => !('mark' in reading.values));
}

test('a reading goes from mosquitto_pub to last, all, byDate, series, the device, and the live view', async () => {
  await fresh();
  const view = await ada.live();
  const started = Date.now();
  await publish('{"temperature":23.5,"humidity":41,"soilMoisture":512}');
  const live = await view.reading(device.id);
  assert.ok(Date.now() - started < 5_000);
  const values = { temperature: 23.5, humidity: 41, soilMoisture: 512 };
  assert.deepEqual(live.values, values);

  const { readings: [last] } = await ada.get('/api/v1/data/last', { n: 1, device: device.id });
  assert.deepEqual(last.values, values);
  assert.equal(last.device, device.id);
  assert.equal(last.time, live.time);
  assert.ok(Math.abs(Date.parse(last.received) - Date.now()) < 20_000);

  assert.deepEqual(await all(), [last]);
  assert.deepEqual((await ada.get('/api/v1/data/byDate', { device: device.id, date: last.time.slice(0, 10) })).readings, [last]);
  const series = await ada.get('/api/v1/data/series', { device: device.id, measurement: 'temperature', from: new Date(started - 60_000).toISOString(), to: new Date(started + 60_000).toISOString() });
  assert.deepEqual(series.points.map(([, min, max, average]) => [min, max, average]), [[23.5, 23.5, 23.5]]);
  const shown = await ada.device(device.id);
  assert.deepEqual(shown.values, values);
  assert.ok(Date.parse(shown.lastSeen) >= started - 1_000);
  view.close();
});

test('the live view shows a reading only when it can be read back', async () => {
  await fresh();
  const view = await ada.live();
  for (let n = 0; n < 20; ++n) {
    await publish({ n });
    const event = await view.next((candidate) => candidate.type === 'reading' && candidate.device === device.id && candidate.values.n === n);
    const { readings } = await ada.get('/api/v1/data/last', { n: 1, device: device.id });
    assert.equal(readings[0].values.n, n, JSON.stringify(event));
  }
  view.close();
});

test('QoS 0, MQTT 3.1.1 and arrays of readings are stored too', async () => {
  await fresh();
  await publish({ temperature: 1 }, { qos: 0 });
  await publish({ temperature: 2 }, { version: 'mqttv311' });
  await publish([{ temperature: 3, time: '2026-03-01T00:00:00Z' }, { temperature: 4, time: '2026-03-01T00:00:01Z' }]);
  await until(async () => (await all()).length === 4);
  assert.deepEqual((await all()).map(({ values }) => values.temperature).sort(), [1, 2, 3, 4]);
});

test('booleans, many names and all kinds of numbers come back as they were sent', async () => {
  await fresh();
  const values = { on: true, off: false, zero: 0, small: 1e-9, large: 1.7976931348623157e308, negative: -40.125, third: 1 / 3, 'a.b-c_d': 7, count: 9007199254740991 };
  await publish(values);
  await until(async () => (await all()).length === 1);
  assert.deepEqual((await all())[0].values, values);
});

test('the sender’s time is kept: RFC 3339 with any offset, seconds, milliseconds', async () => {
  await fresh();
  const same = '2026-03-01T12:00:00.250Z';
  await publish({ a: 1, time: '2026-03-01T13:00:00.250+01:00' });
  await publish({ b: 1, time: Date.parse(same) });
  await publish({ c: 1, time: Date.parse(same) / 1000 });
  await until(async () => (await all()).length === 3);
  for (const reading of await all()) {
    assert.equal(reading.time, same);
    assert.ok(!('clock' in reading));
    assert.ok(Date.parse(reading.received) > Date.parse(same));
  }
});

test('a node without a clock gets the time of receipt, and the reading is marked', async () => {
  await fresh();
  const started = Date.now() - 1_000;
  await publish({ a: 1, time: '1970-01-01T00:00:12Z' });
  await publish({ b: 1, time: 12 });
  await publish({ c: 1, time: new Date(Date.now() + 3_600_000).toISOString() });
  await publish({ d: 1, time: '2019-12-31T23:59:59Z' });
  await publish({ e: 1 });
  await until(async () => (await all()).length === 5);
  for (const reading of await all()) {
    assert.equal(reading.clock, 'server', JSON.stringify(reading));
    assert.equal(reading.time, reading.received);
    assert.ok(Date.parse(reading.time) >= started);
  }
});

test('readings with boot and seq are acknowledged to the node once they are stored, in ranges', async () => {
  await fresh();
  const node = await Node.connect(croft, device);
  await node.publish('telemetry', [1, 2, 3, 4, 5, 7].map((seq) => ({ temperature: seq, boot: 17, seq })));
  await until(() => [1, 2, 3, 4, 5, 7].every((seq) => node.acknowledged(17, seq)));
  assert.equal((await all()).length, 6, 'what is acknowledged can be read');
  assert.ok(!node.acknowledged(17, 6) && !node.acknowledged(16, 1));
  assert.deepEqual(node.acks.find((ack) => ack.boot === 17), { boot: 17, seq: [[1, 5], [7, 7]] });
  const acks = node.acks.length;
  await node.publish('telemetry', { temperature: 1 });
  await until(async () => (await all()).length === 7);
  assert.equal(node.acks.length, acks, 'no acknowledgement without boot and seq');
  await node.stop();
});

test('the same (boot, seq) delivered again is stored once, and acknowledged again', async () => {
  await fresh();
  const node = await Node.connect(croft, device);
  await node.deliver({ temperature: 20, boot: 1, seq: 1 });
  for (let again = 0; again < 3; ++again) {
    node.acks.length = 0;
    await node.deliver({ temperature: 20, boot: 1, seq: 1 });
  }
  await node.deliver({ temperature: 20, boot: 2, seq: 1 });
  assert.equal((await all()).length, 2, 'once for boot 1, once for boot 2');
  await node.publish('telemetry', [{ temperature: 9, boot: 3, seq: 1 }, { temperature: 9, boot: 3, seq: 1 }]);
  await until(() => node.acknowledged(3, 1));
  assert.equal((await all()).length, 3, 'twice in one message is once');
  await node.stop();
});

test('without boot and seq, the same time and content is one reading, other content with that time another', async () => {
  await fresh();
  const time = '2026-03-01T12:00:00.000Z';
  await publish({ temperature: 20, time });
  await publish({ temperature: 20, time });
  await publish({ temperature: 21, time });
  await publish({ humidity: 40, time });
  const stored = (await settle()).map(({ values }) => JSON.stringify(values));
  assert.deepEqual(stored.sort(), ['{"humidity":40}', '{"temperature":20}', '{"temperature":21}']);
});

test('the same time and content from two devices are two readings', async () => {
  const reading = { temperature: 20, boot: 1, seq: 1, time: '2026-03-01T12:00:00.000Z' };
  const first = await fresh();
  await publish(reading);
  await settle();
  await fresh();
  await publish(reading);
  assert.equal((await settle()).length, 1);
  assert.equal((await ada.readings({ device: first.id })).filter(({ values }) => values.temperature).length, 1);
});

const refused = {
  'bad JSON': '{"temperature":',
  'no JSON at all': 'twenty degrees',
  'NaN': '{"temperature":NaN}',
  'Infinity': '{"temperature":1e999}',
  'a text value': '{"temperature":"warm"}',
  'a nested value': '{"temperature":{"value":20}}',
  'null': '{"temperature":null}',
  'an empty object': '{}',
  'an empty array': '[]',
  'only a time': '{"time":"2026-03-01T00:00:00Z"}',
  'a bad name': '{"1st":20}',
  'a name that is too long': JSON.stringify({ ['n'.repeat(65)]: 1 }),
  'too many measurements': JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`m${n}`, n]))),
  'too many readings': JSON.stringify(Array.from({ length: 1001 }, () => ({ t: 1 }))),
  'one bad reading among good ones': '[{"temperature":20},{"temperature":"warm"}]',
  'a negative seq': '{"temperature":20,"boot":1,"seq":-1}',
  'a broken time': '{"temperature":20,"time":"yesterday"}',
  'bytes that are not UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'nothing': '',
  'deep nesting': '['.repeat(10_000),
};
test('what is not a reading is refused without harm: nothing stored, and what follows goes on', async () => {
  await fresh();
  for (const [what, payload] of Object.entries(refused)) {
    const sent = await mosquittoPub({ ...as(device), topic, payload });
    assert.equal(sent.code, 0, `${what} is acknowledged to the broker: ${sent.output}`);
  }
  assert.deepEqual(await settle(), []);
  if (croft.own) assert.ok((await croft.metric('croft_data_refused_total')) >= Object.keys(refused).length, 'each is counted');
});

test('a message over 64 KiB and one of 1 MB are refused, and do not block', async () => {
  await fresh();
  const large = (bytes) => JSON.stringify({ temperature: 1 }).padEnd(bytes, ' ');
  await publish(large(60 * 1024));
  await mosquittoPub({ ...as(device), topic, payload: large(64 * 1024 + 1) });
  await mosquittoPub({ ...as(device), topic, payload: large(1024 * 1024) });
  assert.equal((await settle()).length, 1);
});

test('a wrong password, an unknown device and nobody at all are not let in', async () => {
  await fresh();
  const payload = '{"temperature":1}';
  for (const who of [{ username: device.id, password: 'wrong' }, { username: device.id, password: '' }, { username: 'zzzzzzzzzzzzzzzz', password: device.secret }, { username: device.id }, {}]) {
    const sent = await mosquittoPub({ port: croft.mqttPort, topic, payload, ...who });
    assert.notEqual(sent.code, 0, JSON.stringify(who));
    const older = await mosquittoPub({ port: croft.mqttPort, topic, payload, version: 'mqttv311', ...who });
    assert.notEqual(older.code, 0, JSON.stringify(who));
  }
  assert.deepEqual(await settle(), []);
});

test('a device publishes and hears only on its own topics', async () => {
  const victim = await fresh();
  const intruder = await ada.createDevice('Intruder');
  const present = await Node.connect(croft, victim);
  const listening = await mosquittoSub({ ...as(victim), topics: [`croft/v1/${victim.id}/command`, `croft/v1/${victim.id}/telemetry/ack`] });
  const own = `croft/v1/${intruder.id}/command`; // granted, so that mosquitto_sub stays when the others are not
  const spying = await mosquittoSub({ ...as(intruder), topics: [own, '#', '$SYS/#', `croft/v1/${victim.id}/#`, 'croft/v1/+/telemetry', '$share/x/croft/v1/+/telemetry', '/exp/#'] });
  const forged = {
    telemetry: '{"temperature":99}', command: '{"id":"x","actuator":"led","action":"on","expires":"2099-01-01T00:00:00Z"}', 'command/ack': '{"id":"x","state":"done"}',
    state: '{"led":"on"}', status: 'offline', 'telemetry/ack': '{"boot":1,"seq":[[1,9]]}',
  };
  for (const [kind, payload] of Object.entries(forged)) {
    for (const version of ['mqttv5', 'mqttv311']) await mosquittoPub({ ...as(intruder), topic: `croft/v1/${victim.id}/${kind}`, payload, version, retain: kind === 'state' || kind === 'status' });
  }
  // A device must not speak as Croft either, even to itself.
  await mosquittoPub({ ...as(intruder), topic: `croft/v1/${intruder.id}/telemetry/ack`, payload: forged['telemetry/ack'] });
  assert.deepEqual(await settle(), []);
  await sleep(200);
  const shown = await ada.device(victim.id);
  assert.deepEqual([shown.online, shown.state], [true, {}]);
  assert.deepEqual(listening.messages, []);
  assert.deepEqual(spying.messages.filter((message) => !message.topic.startsWith(`croft/v1/${intruder.id}/`)), []);
  await Promise.all([listening.stop(), spying.stop(), present.stop()]);
});

test('names that are wildcards are nobody', async () => {
  for (const username of ['#', '+', '+/+', 'a/b', '$SYS', 'croft', 'admin', '../x', 'x'.repeat(300)]) {
    for (const password of ['', 'croft', 'x']) {
      const sent = await mosquittoPub({ port: croft.mqttPort, username, password, topic: 'croft/v1/x/telemetry', payload: '{"t":1}' });
      assert.notEqual(sent.code, 0, username);
    }
  }
});

test('any topic can be mapped to a device in the configuration', async (t) => {
  if (!croft.own || layout !== 'embedded') return t.skip('needs a process of its own, and its state again');
  const first = await startCroft();
  const grower = await first.user();
  const sensor = await grower.createDevice('Old sensor');
  const gateway = await grower.createDevice('Gateway');
  await first.stop();

  // Its owner opens the foreign topic to the device that will publish there.
  const config = `[[data.source]]\ntopic = "/exp/sensor"\ndevice = "${sensor.id}"\n`;
  const mapped = await startCroft({ stateDir: first.stateDir, config });
  t.after(() => mapped.stop());
  grower.url = mapped.url;
  await grower.login();
  const sent = await mosquittoPub({ port: mapped.mqttPort, username: sensor.id, password: sensor.secret, topic: '/exp/sensor', payload: '{"temperature":18.5}' });
  assert.equal(sent.code, 0, sent.output);
  await until(async () => (await grower.readings({ device: sensor.id }))[0]?.values.temperature === 18.5, 5_000, 'a reading on /exp/sensor is stored for its device');
  await mosquittoPub({ port: mapped.mqttPort, username: gateway.id, password: gateway.secret, topic: '/exp/sensor', payload: '{"temperature":99}' });
  await mosquittoPub({ port: mapped.mqttPort, username: sensor.id, password: sensor.secret, topic: '/exp/sensor', payload: '{"temperature":19.5}' });
  await until(async () => (await grower.readings({ device: sensor.id })).some(({ values }) => values.temperature === 19.5));
  assert.ok(!(await grower.readings()).some(({ values }) => values.temperature === 99), 'another device does not speak on it');
});
