// Commands: from POST command/add over the broker to the node and back, with every state on the way.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, deployment, mosquittoSub, obey, sleep, startCroft, until } from '../support/croft.mjs';

let croft;
let ada;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
});
after(() => croft?.stop());

async function withNode(answer, how = {}) {
  const device = await ada.createDevice();
  const node = await Node.connect(croft, device, { answer, ...how });
  await until(async () => (await ada.device(device.id)).online);
  return { device, node };
}
const reaches = (id, ...states) => until(async () => {
  const command = await ada.get(`/api/v1/command/${id}`);
  return states.includes(command.state) && command;
}, 8_000, `command ${id} becomes ${states}`);

test('a command goes to the node, and is done when the node says so', async () => {
  const { device, node } = await withNode(obey);
  const view = await ada.live();
  const made = await ada.command(device.id, 'on');
  assert.ok(['pending', 'sent', 'done'].includes(made.state));
  assert.deepEqual([made.device, made.actuator, made.action, made.for, made.cause], [device.id, 'led', 'on', null, 'user']);
  assert.equal(made.by, ada.user.username);
  assert.ok(made.expires > made.created);

  const done = await reaches(made.id, 'done');
  assert.ok(done.created <= done.sent && done.sent <= done.done, JSON.stringify(done));
  const [heard] = node.commands;
  assert.deepEqual([heard.id, heard.actuator, heard.action, heard.expires], [made.id, 'led', 'on', made.expires]);
  assert.ok(!('for' in heard));
  assert.equal(node.commands.length, 1, 'a node that answers is told once');
  const states = () => view.events.filter((event) => event.type === 'command' && event.id === made.id).map(({ state }) => state);
  await until(() => states().includes('done'), 3_000, 'the live view tells that it is done');
  assert.deepEqual([...states()].sort((a, b) => ['pending', 'sent', 'done'].indexOf(a) - ['pending', 'sent', 'done'].indexOf(b)), states(), 'in order');
  await until(async () => (await ada.device(device.id)).state.led === 'on');
  await view.next((event) => event.type === 'device' && event.device === device.id && event.state.led === 'on');
  view.close();
  await node.stop();
});

test('actions are understood in any case, and `for` reaches the node', async () => {
  const { device, node } = await withNode(obey);
  for (const [action, meant] of [['ON', 'on'], ['Off', 'off'], ['oFf', 'off']]) {
    const made = await ada.command(device.id, action);
    assert.equal(made.action, meant);
    await reaches(made.id, 'done');
  }
  const timed = await ada.command(device.id, 'on', { for: 600 });
  assert.equal(timed.for, 600);
  await reaches(timed.id, 'done');
  const heard = new Map(node.commands.map((command) => [command.id, [command.action, command.for]]));
  assert.deepEqual([...heard.values()], [['on', undefined], ['off', undefined], ['off', undefined], ['on', 600]]);
  await node.stop();
});

test('a command that the node refuses is refused, with its reason', async () => {
  const { device, node } = await withNode((command) => ({ id: command.id, state: 'refused', reason: 'no such actuator' }));
  const made = await ada.command(device.id, 'on', { actuator: 'pump' });
  const refused = await reaches(made.id, 'refused');
  assert.equal(refused.reason, 'no such actuator');
  await node.stop();
});

test('a command that was sent and never answered stays sent, until it expires', async () => {
  const { device, node } = await withNode(() => null);
  const made = await ada.command(device.id);
  const sent = await reaches(made.id, 'sent');
  assert.ok(sent.sent);
  assert.equal(sent.done, null);
  await sleep(300);
  assert.equal((await ada.get(`/api/v1/command/${made.id}`)).state, 'sent');
  await node.stop();
});

test('a command to a node that is not there is pending, then expires, and is not given to it afterwards', async (t) => {
  if (!croft.own) return t.skip('needs a short validity of commands');
  const own = await startCroft({ env: { CROFT_COMMAND_VALIDITY: '2s' } });
  t.after(() => own.stop());
  const grower = await own.user();
  const device = await grower.createDevice();
  const made = await grower.command(device.id);
  assert.equal(made.state, 'pending');
  assert.ok(Date.parse(made.expires) - Date.parse(made.created) <= 2_500);
  await until(async () => (await grower.get(`/api/v1/command/${made.id}`)).state === 'expired', 8_000, 'the command expires');
  const node = await Node.connect(own, device);
  await sleep(500);
  assert.deepEqual(node.commands, []);
  await node.stop();
});

test('a command to a node that is briefly away is given to it when it returns', async () => {
  const { device, node } = await withNode(obey);
  await node.vanish();
  await until(async () => !(await ada.device(device.id)).online);
  const made = await ada.command(device.id);
  await sleep(300);
  assert.notEqual((await ada.get(`/api/v1/command/${made.id}`)).state, 'done');
  const back = await Node.connect(croft, device);
  const done = await reaches(made.id, 'done', 'expired');
  assert.equal(done.state, 'done');
  await back.stop();
});

test('commands are never retained at the broker', async () => {
  const { device, node } = await withNode(obey);
  const made = await ada.command(device.id);
  await reaches(made.id, 'done');
  await node.stop();
  const late = await mosquittoSub({ port: croft.mqttPort, username: device.id, password: device.secret, topics: [`croft/v1/${device.id}/command`] });
  await sleep(300);
  assert.deepEqual(late.messages, []);
  await late.stop();
});

test('an acknowledgement counts once, and only from the command’s own node', async () => {
  const { device, node } = await withNode(() => null);
  const stranger = await withNode(() => null);
  const made = await ada.command(device.id);
  await reaches(made.id, 'sent');
  await stranger.node.publish('command/ack', { id: made.id, state: 'done', actuator: 'led', value: 'on' });
  await node.publish('command/ack', { id: 'zzzz', state: 'done', actuator: 'led', value: 'on' });
  await node.publish('command/ack', '{"id":');
  await node.publish('command/ack', { id: made.id, state: 'dancing' });
  await sleep(300);
  assert.equal((await ada.get(`/api/v1/command/${made.id}`)).state, 'sent');
  await node.publish('command/ack', { id: made.id, state: 'done', actuator: 'led', value: 'on' });
  const done = await reaches(made.id, 'done');
  await node.publish('command/ack', { id: made.id, state: 'refused', reason: 'changed my mind' });
  await sleep(300);
  assert.deepEqual(await ada.get(`/api/v1/command/${made.id}`), done);
  await node.stop();
  await stranger.node.stop();
});

test('commands are listed newest first, by device and page by page', async () => {
  const grower = await croft.user();
  const [first, second] = [await grower.createDevice('A'), await grower.createDevice('B')];
  const made = [];
  for (let n = 0; n < 6; ++n) made.unshift((await grower.command(n % 2 ? second.id : first.id, n % 2 ? 'on' : 'off')).id);
  assert.deepEqual((await grower.get('/api/v1/command/all')).commands.map(({ id }) => id), made);
  const ofFirst = (await grower.get('/api/v1/command/all', { device: first.id })).commands;
  assert.deepEqual(ofFirst.map(({ id }) => id), made.filter((_, n) => n % 2));
  const paged = [];
  for (let cursor; cursor !== null; ) {
    const page = await grower.get('/api/v1/command/all', { limit: 4, cursor });
    paged.push(...page.commands.map(({ id }) => id));
    cursor = page.next;
  }
  assert.deepEqual(paged, made);
});

test('the same Idempotency-Key acts once; with another body it is refused', async () => {
  const { device, node } = await withNode(obey);
  const headers = { 'idempotency-key': `switch-${Date.now()}` };
  const body = { device: device.id, actuator: 'led', action: 'on' };
  const first = await ada.expect(202, 'POST', '/api/v1/command/add', { body, headers });
  const [second, third] = await Promise.all([1, 2].map(() => ada.expect(202, 'POST', '/api/v1/command/add', { body, headers })));
  assert.deepEqual([second.id, third.id], [first.id, first.id]);
  await ada.refused(422, 'POST', '/api/v1/command/add', { body: { ...body, action: 'off' }, headers });
  await reaches(first.id, 'done');
  await sleep(200);
  assert.equal(new Set(node.commands.map(({ id }) => id)).size, 1);

  const eve = await croft.user();
  const hers = await eve.createDevice();
  const same = await eve.expect(202, 'POST', '/api/v1/command/add', { body: { ...body, device: hers.id }, headers });
  assert.notEqual(same.id, first.id, 'a key belongs to its user');
  await node.stop();
});

test('many at once with one key are one', async () => {
  const { device, node } = await withNode(obey);
  const headers = { 'idempotency-key': `together-${Date.now()}` };
  const body = { device: device.id, actuator: 'led', action: 'on' };
  const answers = await Promise.all(Array.from({ length: 8 }, () => ada.request('POST', '/api/v1/command/add', { body, headers })));
  const ids = new Set(answers.filter(({ status }) => status === 202).map((answer) => answer.body.id));
  assert.equal(ids.size, 1);
  assert.ok(answers.every(({ status }) => status === 202 || status === 409));
  await reaches([...ids][0], 'done');
  assert.equal(new Set(node.commands.map(({ id }) => id)).size, 1);
  await node.stop();
});

test('what is wrong with a command is said by field', async () => {
  const device = await ada.createDevice();
  const good = { device: device.id, actuator: 'led', action: 'on' };
  const wrong = (field, change) => ada.refused(422, 'POST', '/api/v1/command/add', { body: { ...good, ...change } }, field);
  for (const action of ['toggle', '', 1, true, null, undefined]) await wrong('action', { action });
  for (const actuator of ['', '1st', 'a b', 'x'.repeat(65), 3, undefined]) await wrong('actuator', { actuator });
  for (const seconds of [0, -1, 1.5, '600', 1e12]) await wrong('for', { for: seconds });
  await wrong('device', { device: undefined });
  await wrong('device', { device: 5 });
});

test('commands and their states survive a restart', async (t) => {
  if (!croft.own) return t.skip('needs a process of its own');
  const { device, node } = await withNode(obey);
  const done = await reaches((await ada.command(device.id)).id, 'done');
  await node.stop();
  const waiting = await ada.command(device.id, 'off');
  await croft.restart();
  ada.url = croft.url;
  await ada.login();
  assert.deepEqual(await ada.get(`/api/v1/command/${done.id}`), done);
  const back = await Node.connect(croft, device);
  await reaches(waiting.id, 'done');
  await back.stop();
});
