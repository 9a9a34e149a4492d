// The documents against the program: the API description is served and sound, and every example of docs/mqtt.md does what it says.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Node, api, deployment, fits, mosquittoSub, startCroft, until } from '../support/croft.mjs';

const text = readFileSync(new URL('../../docs/mqtt.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/^```(\w+) ([^\n]+)\n([\s\S]*?)\n```$/gm)].map(([, language, words, payload]) => {
  const [kind, ...facts] = words.split(' ');
  return { language, kind, payload, ...Object.fromEntries(facts.map((fact) => fact.split('='))) };
});
const of = (kind) => examples.filter((example) => example.kind === kind);

let croft;
let ada;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
});
after(() => croft?.stop());

test('docs/mqtt.md has examples of every topic', () => {
  for (const kind of ['telemetry', 'telemetry/ack', 'command', 'command/ack', 'state', 'status', 'source']) assert.ok(of(kind).length > 0, kind);
  assert.ok(of('telemetry').some((example) => example.refused));
});

describe('telemetry of docs/mqtt.md', () => {
  for (const [number, example] of of('telemetry').entries()) {
    test(`example ${number + 1} is ${example.refused ? `refused as ${example.refused}` : 'stored'}: ${example.payload.slice(0, 50)}`, async () => {
      const device = await ada.createDevice();
      const node = await Node.connect(croft, device);
      const refusals = () => (croft.own ? croft.metric('croft_data_refused_total', { reason: example.refused }) : 0);
      const before = await refusals();
      await node.publish('telemetry', example.payload);
      await node.deliver({ mark: 1, boot: 99, seq: 1 });
      const stored = (await ada.readings({ device: device.id })).filter(({ values }) => !('mark' in values));
      if (example.refused) {
        assert.deepEqual(stored, []);
        const shown = await until(async () => {
          const { refused, totals } = await ada.get(`/api/v1/data/refused?device=${device.id}`);
          return refused.length === 1 && totals.length === 1 && { ...refused[0], ...totals[0] };
        });
        assert.deepEqual([shown.reason, shown.count, shown.device, shown.payload], [example.refused, 1, device.id, example.payload]);
        assert.notEqual(shown.detail, '');
        if (croft.own) assert.equal((await refusals()) - before, 1, `croft_data_refused_total{reason="${example.refused}"}`);
      } else {
        const sent = [JSON.parse(example.payload)].flat();
        const bare = ({ time, boot, seq, ...values }) => values;
        assert.deepEqual(stored.map(({ values }) => values), sent.map(bare));
        if (example.clock) assert.equal(stored[0].clock, example.clock);
        for (const { boot, seq } of sent) if (boot !== undefined) assert.ok(node.acknowledged(boot, seq));
      }
      await node.stop();
    });
  }
});

test('the acknowledgement is as documented', async () => {
  const device = await ada.createDevice();
  const node = await Node.connect(croft, device);
  const [example] = of('telemetry/ack').map(({ payload }) => JSON.parse(payload));
  const readings = example.seq.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => ({ temperature: 1, boot: example.boot, seq: first + n })));
  await node.publish('telemetry', readings);
  await until(() => node.acks.length > 0);
  assert.deepEqual(node.acks[0], example);
  await node.stop();
});

test('a command has the documented members, and every documented answer is understood', async () => {
  const [example] = of('command').map(({ payload }) => JSON.parse(payload));
  for (const answer of of('command/ack').map(({ payload }) => JSON.parse(payload))) {
    const device = await ada.createDevice();
    const node = await Node.connect(croft, device, { answer: (command) => ({ ...answer, id: command.id }) });
    const made = await ada.command(device.id, example.action, { actuator: example.actuator, for: example.for });
    await until(async () => (await ada.get(`/api/v1/command/${made.id}`)).state === answer.state, 5_000, `the command becomes ${answer.state}`);
    assert.deepEqual(Object.keys(node.commands[0]).sort(), Object.keys(example).sort());
    assert.deepEqual({ ...node.commands[0], id: '', expires: '' }, { ...example, id: '', expires: '' });
    assert.equal(node.commands[0].expires.length, example.expires.length);
    await node.stop();
  }
});

test('state and status are understood as documented', async () => {
  const device = await ada.createDevice();
  const node = await Node.connect(croft, device, { listens: false });
  const [online, offline] = of('status').map(({ payload }) => payload);
  await node.publish('status', online, { retain: true });
  await node.publish('state', of('state')[0].payload, { retain: true });
  await until(async () => {
    const shown = await ada.device(device.id);
    return shown.online && JSON.stringify(shown.state) === of('state')[0].payload;
  });
  await node.publish('status', offline, { retain: true });
  await until(async () => !(await ada.device(device.id)).online);
  await node.stop();
});

test('the topics of the table are those that a device may use', async () => {
  const device = await ada.createDevice();
  const node = await Node.connect(croft, device);
  const mentioned = [...text.matchAll(/^\| `croft\/v1\/<device>\/([a-z/]+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(mentioned, ['telemetry', 'telemetry/ack', 'command', 'command/ack', 'state', 'status', 'firmware', 'update', 'update/get', 'update/data']);
  await node.stop();
});

test('the mapping of a foreign topic starts as documented', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const mapped = await startCroft({ config: of('source')[0].payload });
  await mapped.stop();
});

test('the command line of docs/mqtt.md uses topics that exist', async () => {
  const device = await ada.createDevice();
  assert.match(text, /mosquitto_pub .*-q 1/);
  const sub = await mosquittoSub({ port: croft.mqttPort, username: device.id, password: device.secret, topics: [`croft/v1/${device.id}/command`] });
  const made = await ada.command(device.id);
  const message = await sub.next();
  assert.equal(JSON.parse(message.payload).id, made.id);
  await sub.stop();
});

test('the API description is served as it is written', async () => {
  const served = await croft.client().expect(200, 'GET', '/openapi.yaml');
  assert.equal(served, readFileSync(new URL('../../docs/openapi.yaml', import.meta.url), 'utf8'));
});

test('every operation of the description has an id, a summary and answers, and every example fits', () => {
  const ids = new Set();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item).filter(([name]) => name !== 'parameters')) {
      const where = `${method} ${path}`;
      assert.ok(operation.operationId && !ids.has(operation.operationId), where);
      ids.add(operation.operationId);
      assert.ok(operation.summary && Object.keys(operation.responses).length > 0, where);
      if (operation.security?.length !== 0) assert.ok(operation.responses[401], `${where} needs a session, and says nothing of 401`);
      const content = operation.requestBody?.content['application/json'];
      if (content?.example) fits(`/paths/${path.replaceAll('/', '~1')}/${method}/requestBody/content/application~1json/schema`, content.example);
      for (const parameter of path.matchAll(/\{(\w+)\}/g)) {
        const names = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((one) => one.name ?? api.components.parameters[one.$ref.split('/').pop()].name);
        assert.ok(names.includes(parameter[1]), where);
      }
    }
  }
});
