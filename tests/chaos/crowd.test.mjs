// Many at once: nodes that all come back in the same moment, viewers who read slowly or not at all, and nonsense among good readings.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApart } from '../support/apart.mjs';
import { Client, Node, sleep, startCroft, until } from '../support/croft.mjs';
import { assertSound, bench, startLoad, told } from '../support/load.mjs';

const long = process.env.CROFT_LONG;
const storm = long ? 5000 : 300;

async function sound(t, client, load) {
  const result = await load.finish();
  const found = await load.audit(client);
  t.diagnostic(`${told(found)}; node connections ${result.connects}`);
  assertSound(found);
  assert.equal(found.missing, 0, JSON.stringify(found));
}

test(`${storm} nodes come back at once after the broker was killed`, async (t) => {
  const croft = await startApart();
  t.after(() => croft.stop());
  const client = await croft.user();
  // Not through the gateway, which lets nobody make thousands of devices in a moment.
  const direct = new Client(`http://127.0.0.1:${croft.services.auth.port}`, client.token);
  const load = await startLoad(direct, croft.mqttPort, { devices: storm, rate: 1000 });
  await load.flows(2000, 120_000);
  const before = load.last.connects;
  await croft.broker.end('SIGKILL');
  await sleep(500);
  await croft.broker.start();
  const began = Date.now();
  await until(() => load.last.connects >= before + storm, 60_000, 'all nodes are back');
  t.diagnostic(`all ${storm} were back within ${Date.now() - began} ms (told once a second)`);
  assert.ok(Date.now() - began < 30_000);
  await sound(t, client, load);
});

test('viewers who stop reading are dropped, and nobody else notices', async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const load = await startLoad(client, croft.mqttPort, { devices: 20, rate: 2000 });
  const watch = (seconds) => bench(['viewers', `--port=${new URL(croft.url).port}`, `--token=${client.token}`, '--connections=10', `--seconds=${seconds}`]).ended;
  await load.flows(1000);
  const quiet = await watch(4);
  const stalled = await Promise.all(Array.from({ length: 20 }, () => client.live()));
  for (const view of stalled) view.socket.pause();
  await sleep(1_000);
  const among = await watch(4);
  t.diagnostic(`node to viewer, p50 / p99 ms: ${quiet.latency_ms.p50} / ${quiet.latency_ms.p99}; beside 20 who read nothing: ${among.latency_ms.p50} / ${among.latency_ms.p99}`);
  assert.equal(among.ended, 0, 'no good viewer was dropped');
  assert.ok(among.readings > 10 * 2000 * 2, `each good viewer saw its readings: ${among.readings}`);
  assert.ok(among.latency_ms.p99 < quiet.latency_ms.p99 * 3 + 100, 'and not much later');
  await until(async () => (await croft.metric('croft_live_clients')) === 0, 30_000, 'those who read nothing are dropped');
  stalled.forEach((view) => view.socket.terminate());
  await sound(t, client, load);
});

// Each is refused for a reason of its own; none may hold up what follows.
const nonsense = ['', '{', 'null', '[]', '{"temperature":NaN}', '{"temperature":1e999}', '{"a":{"b":1}}', '{"temperature":"hot"}', '{"t":1,"t":2}',
  '['.repeat(5000), '\u0000\u0001', `{"${'x'.repeat(200)}":1}`, '{"boot":-1,"seq":1,"t":1}', 'x'.repeat(60_000), '{"time":"yesterday","t":1}'];

test('nonsense among good readings is counted, shown to its owner, and holds up nothing', async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const load = await startLoad(client, croft.mqttPort, { devices: 20, rate: 1000 });
  await load.flows(500);
  const device = await client.createDevice('Nonsense');
  const node = await Node.connect(croft, device);
  const rounds = long ? 200 : 20;
  for (let round = 0; round < rounds; ++round) {
    for (const payload of nonsense) await node.publish('telemetry', payload);
    await node.publish('telemetry', { boot: 1, seq: round + 1, good: round });
  }
  await until(() => node.acknowledged(1, rounds), 10_000, 'the good ones among them are stored');
  await load.flows(500, 10_000);
  const sent = rounds * nonsense.length;
  assert.equal(await croft.metric('croft_data_refused_total'), sent, 'each is counted');
  const totals = await until(async () => {
    const { totals } = await client.get('/api/v1/data/refused', { device: device.id });
    return totals.reduce((sum, { count }) => sum + count, 0) === sent && totals;
  }, 10_000, 'the owner sees how many of each kind');
  t.diagnostic(totals.map(({ reason, count }) => `${reason} ${count}`).join(', '));
  assert.equal((await client.readings({ device: device.id })).length, rounds);
  await sound(t, client, load);
});
