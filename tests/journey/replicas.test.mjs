// Two replicas of a service: one works, the other stands by and takes over from one that died, hangs or leaves; nothing is lost or doubled.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, layout, sleep, startCroft, until, within } from '../support/croft.mjs';

const skip = layout !== 'apart' && 'only where services run apart';
const readyAgain = 15_000;

let croft;
let client;
const pair = {};  // by service: who works, who stands by
before(async () => {
  if (skip) return;
  croft = await startCroft();
  client = await croft.user();
  for (const name of ['data', 'command']) pair[name] = [croft.services[name], await standby(name)];
});
after(async () => {
  if (skip) return;
  for (const [worker, other] of Object.values(pair)) for (const part of [worker, other]) if (part.running.child.exitCode === null) part.running.child.kill('SIGKILL');
  for (const name of ['auth', 'visualisation']) await croft.services[name].end('SIGTERM');
});

const isReady = (part) => /"message":"ready"/.test(part.running.logs());
const begins = (part) => until(() => isReady(part) && part.ready(), readyAgain, `the other takes over:\n${part.logs()}`);

// A replica that has seen that another works.
async function standby(name, part) {
  const replica = part ?? (await croft.replica(name));
  const ready = replica.ready;
  replica.ready = () => /standing by/.test(replica.running.logs());
  await replica.start();
  replica.ready = ready;
  return replica;
}

// The first of the pair has ended: the other works now, and it stands by.
async function changeOver(name) {
  const [worker, other] = pair[name];
  await begins(other);
  pair[name] = [other, await standby(name, worker)];
}

// A node's readings, one every few milliseconds, until stop() tells how many were taken.
async function stream(device, reading) {
  const node = await Node.connect(croft, device);
  let sent = 0;
  let going = true;
  const sending = (async () => {
    while (going) {
      sent += 1;
      await node.client.publishAsync(node.topic('telemetry'), JSON.stringify(reading(sent)), { qos: 1 });
      await sleep(2);
    }
  })();
  return {
    async stop() {
      going = false;
      await sending;
      await node.stop();
      return sent;
    },
    sent: () => sent,
  };
}

async function storedIn(device) {
  const { port } = pair.data[0];
  const service = Object.assign(croft.client(), { token: client.token, url: `http://127.0.0.1:${port}` });
  const text = await service.expect(200, 'GET', '/api/v1/data/all', { query: { device: device.id }, headers: { Accept: 'application/x-ndjson' } });
  return String(text).trim().split('\n').filter(Boolean).map((line) => (typeof line === 'string' ? JSON.parse(line) : line));
}

async function audit(device, sent) {
  const counted = () => storedIn(device).catch(() => []);
  await until(async () => (await counted()).length >= sent, 30_000, 'everything is stored').catch(() => {});
  await sleep(500);
  const values = (await storedIn(device)).map(({ values }) => values.n);
  assert.equal(new Set(values).size, sent, `lost: ${sent - new Set(values).size} of ${sent}`);
  assert.equal(values.length, sent, `doubled: ${values.length - new Set(values).size} of ${sent}`);
}

const numbered = (n) => ({ n, boot: 1, seq: n });

for (const [how, interrupt] of [
  ['killed', (worker) => worker.end('SIGKILL')],
  ['ended in order', (worker) => worker.end('SIGTERM')],
  ['stopped until its lease ran out', async (worker, other) => {
    worker.running.child.kill('SIGSTOP');
    await begins(other);
    worker.running.child.kill('SIGCONT');
    const { code } = await within(worker.running.exited, 15_000, `it ends when it wakes:\n${worker.logs().slice(-2000)}`);
    assert.equal(code, 75);
    assert.match(worker.logs(), /another replica has taken over/);
  }],
])
  test(`a data replica that is ${how}: every reading is stored once`, { skip }, async (t) => {
    const device = await client.createDevice();
    const flow = await stream(device, numbered);
    await until(() => flow.sent() > 100);
    const [worker, other] = pair.data;
    const began = Date.now();
    await interrupt(worker, other);
    await changeOver('data');
    t.diagnostic(`the other was ready and the first stands by after ${Date.now() - began} ms`);
    await sleep(500);
    const sent = await flow.stop();
    const sentAt = Date.now();
    await audit(device, sent);
    t.diagnostic(`${sent} readings sent; the audit was done ${Date.now() - sentAt} ms after the last`);
  });

for (const signal of ['SIGKILL', 'SIGSTOP'])
  test(`a command replica that hears ${signal}: each alert, and each command of a trigger, is made once`, { skip }, async () => {
    const device = await client.createDevice();
    const [worker, other] = pair.command;
    const at = (part) => Object.assign(croft.client(), { token: client.token, url: `http://127.0.0.1:${part.port}` });
    await at(worker).expect(201, 'POST', '/api/v1/command/trigger', { body: { device: device.id, measurement: 'n', above: 30, command: { device: device.id, actuator: 'led', action: 'on' } } });
    const node = await Node.connect(croft, device);
    const send = (n) => node.client.publishAsync(node.topic('telemetry'), JSON.stringify({ n }), { qos: 1 });
    await send(20);
    await sleep(300);
    if (signal === 'SIGKILL') await worker.end(signal);
    else worker.running.child.kill(signal);
    for (const n of [31, 20, 32, 20, 33]) await send(n);
    await begins(other);
    if (signal === 'SIGSTOP') {
      worker.running.child.kill('SIGCONT');
      await within(worker.running.exited, 15_000, 'it ends when it wakes');
    }
    await changeOver('command');
    const now = at(pair.command[0]);
    await until(async () => (await now.get('/api/v1/command/alerts', { device: device.id })).alerts.length >= 3, 15_000, 'the alerts');
    await sleep(1_000);
    const { alerts } = await now.get('/api/v1/command/alerts', { device: device.id });
    const { commands } = await now.get('/api/v1/command/all', { device: device.id });
    assert.deepEqual(alerts.map(({ value }) => value).sort(), [31, 32, 33]);
    assert.equal(commands.length, 3);
    await node.stop();
  });

test('live views are complete on each of two replicas', { skip }, async () => {
  const second = await croft.replica('visualisation');
  await second.start();
  const device = await client.createDevice();
  const views = [];
  for (const part of [croft.services.visualisation, second]) views.push(await Object.assign(croft.client(), { token: client.token, url: `http://127.0.0.1:${part.port}` }).live());
  const flow = await stream(device, numbered);
  await until(() => flow.sent() >= 50);
  const sent = await flow.stop();
  for (const view of views) {
    const shown = () => view.events.filter((event) => event.type === 'reading' && event.device === device.id);
    await until(() => shown().length >= sent, 5_000, 'it shows all').catch(() => {});
    assert.deepEqual(shown().map(({ values }) => values.n), Array.from({ length: sent }, (_, i) => i + 1));
  }
  await client.logout();
  for (const view of views) await view.ended(1_000);
  await second.end('SIGTERM');
});
