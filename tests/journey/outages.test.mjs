// A part that Croft stands on goes away for a while under load: what fails meanwhile, and that nothing acknowledged is lost.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { layout, sleep, startCroft, until } from '../support/croft.mjs';
import { KeepingNode } from '../support/keeping_node.mjs';

const away = process.env.CROFT_LONG ? 120_000 : 4_000;
const skip = layout === 'embedded' && 'one process on embedded parts has nothing that goes away by itself';

let croft;
let client;
let nodes;
let running;

before(async () => {
  if (skip) return;
  croft = await startCroft();
  client = await croft.user();
  nodes = [];
  for (let number = 0; number < 4; ++number) nodes.push(new KeepingNode(croft, await client.createDevice(`Node ${number}`), { boot: 1 }));
  running = nodes.map((node) => node.run());
});
after(async () => {
  for (const node of nodes ?? []) node.stopped = true;
  await Promise.all(running ?? []);
  await croft?.stop();
});

const acknowledged = () => nodes.reduce((sum, node) => sum + node.acknowledged.size, 0);
const status = (method, path, options) => client.request(method, path, options).then((answer) => answer.status, () => 0);
const last = () => status('GET', '/api/v1/data/last', { query: { n: 1 } });

// Lets `part` be away, and tells what was seen meanwhile and how long it took until readings were acknowledged and answers given again.
async function outage(t, name, part, { stop = () => part.stop(), look = async () => {} } = {}) {
  const flowed = acknowledged();
  await until(() => acknowledged() > flowed + 50, 30_000, 'readings flow');
  await stop();
  const left = Date.now() + away;
  await sleep(1_500);  // what was under way has ended
  const atFirst = acknowledged();
  await look();
  while (Date.now() < left) await sleep(50);
  const meanwhile = acknowledged() - atFirst;
  const back = Date.now();
  await part.start();
  const before = acknowledged();
  await until(() => acknowledged() > before, 60_000, `readings are acknowledged again after ${name} came back`);
  const readings = Date.now() - back;
  await until(async () => (await last()) !== 503, 60_000, `the API answers again after ${name} came back`);
  t.diagnostic(`${name} away for ${away / 1000} s: ${meanwhile} readings acknowledged meanwhile; readings flow again after ${readings} ms, answers after ${Date.now() - back} ms`);
  return meanwhile;
}

// Everything acknowledged is stored, once.
async function audit(t) {
  if ((await last()) === 401) await client.login();
  const counts = [];
  for (const node of nodes) {
    const acknowledgedNow = [...node.acknowledged];
    const stored = (await client.readings({ device: node.device.id, limit: 1000 })).map(({ values }) => values.n);
    const there = new Set(stored);
    assert.deepEqual(acknowledgedNow.filter((n) => !there.has(n)), [], 'acknowledged, and not stored');
    assert.equal(there.size, stored.length, 'stored twice');
    counts.push(acknowledgedNow.length);
  }
  t.diagnostic(`${counts.reduce((a, b) => a + b)} readings acknowledged so far: none lost, none twice`);
}

test('without its database nothing is acknowledged, and nothing acknowledged is lost', { skip }, async (t) => {
  const { postgresServer } = await import('../support/engines.mjs');
  const meanwhile = await outage(t, 'PostgreSQL', await postgresServer(), {
    look: async () => assert.equal(await last(), 503, 'a query says that the store is away'),
  });
  assert.equal(meanwhile, 0);
  await audit(t);
});

test('without the session store nobody is let in, and readings are stored all the same', { skip }, async (t) => {
  const { redisServer } = await import('../support/engines.mjs');
  const meanwhile = await outage(t, 'Redis', await redisServer(), {
    look: async () => {
      assert.equal(await last(), 503, 'nobody is let in');
      assert.equal(await status('POST', '/api/v1/auth/login', { body: { username: client.user.username, password: client.password } }), 503);
      assert.equal(await status('GET', '/', {}), 200, 'the dashboard is there');
    },
  });
  assert.ok(meanwhile > 50, `${meanwhile} readings were acknowledged meanwhile`);
  await audit(t);
});

test('without the broker nodes keep their readings, and everything else is answered', { skip: skip || (layout !== 'apart' && 'the broker is a part of the process') }, async (t) => {
  const broker = { start: () => croft.broker.start() };
  await outage(t, 'Mosquitto', broker, {
    stop: () => croft.broker.end('SIGTERM'),
    look: async () => assert.equal(await last(), 200, 'what is stored can be read'),
  });
  await audit(t);
});

for (const name of ['data', 'command', 'auth', 'visualisation']) {
  test(`a ${name} service that was killed comes back as if nothing had been`, { skip: skip || (layout !== 'apart' && 'one process') }, async (t) => {
    const part = croft.services[name];
    const meanwhile = await outage(t, name, part, { stop: () => part.end('SIGKILL') });
    if (name !== 'data') assert.ok(meanwhile > 50, `${meanwhile} readings were acknowledged meanwhile`);
    await audit(t);
  });
}
