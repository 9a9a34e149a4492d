// Timed commands: now, later and again and again; what a killed server, a lost node and ten thousand at once make of them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, deployment, obey, sleep, slowness, spawnCroft, startCroft, until, within } from '../support/croft.mjs';

const long = Boolean(process.env.CROFT_LONG);

let croft;
let ada;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
});
after(() => croft?.stop());

const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
const add = (client, device, more = {}) => client.expect(201, 'POST', '/api/v1/command/timed', { body: { device, actuator: 'led', action: 'on', for: 600, ...more } });
const show = (client, id) => client.get(`/api/v1/command/timed/${id}`);
const becomes = (client, id, state, ms = 8_000) => until(async () => {
  const timed = await show(client, id);
  return timed.state === state && timed;
}, ms, `timed command ${id} becomes ${state}`);

async function withNode(answer = obey) {
  const device = await ada.createDevice();
  const node = await Node.connect(croft, device, { answer });
  await until(async () => (await ada.device(device.id)).online);
  return { device, node };
}
/** All of a list, page by page. */
async function everything(client, path, member, query = {}) {
  const found = [];
  for (let cursor; cursor !== null; ) {
    const page = await client.get(path, { limit: 1000, ...query, cursor });
    found.push(...page[member]);
    cursor = page.next;
  }
  return found;
}
const commandsOf = (client, query) => everything(client, '/api/v1/command/all', 'commands', query);

test('without a time it starts at once, and its node is told the action and for how long in one message', async () => {
  const { device, node } = await withNode();
  const view = await ada.live();
  const made = await add(ada, device.id, { for: 'PT10M' });
  assert.deepEqual([made.for, made.at, made.repeat, made.state, made.next, made.enabled], [600, null, null, 'running', null, true]);
  const running = await until(async () => (await show(ada, made.id)).ends && show(ada, made.id), 5_000, 'it knows its end');
  const command = await ada.get(`/api/v1/command/${running.command}`);
  assert.deepEqual([command.state, command.for, command.cause], ['done', 600, `timed:${made.id}`]);
  assert.equal(Date.parse(running.ends), Date.parse(command.done) + 600_000);
  assert.deepEqual(node.commands.map((heard) => [heard.action, heard.for]), [['on', 600]]);
  await view.next((event) => event.type === 'timed' && event.id === made.id && event.state === 'running' && event.ends === running.ends);

  await ada.expect(204, 'DELETE', `/api/v1/command/timed/${made.id}`);
  assert.equal((await show(ada, made.id)).state, 'cancelled');
  await until(() => node.commands.length === 2, 3_000, 'the opposite goes out');
  assert.deepEqual([node.commands[1].action, node.commands[1].for], ['off', undefined]);
  await view.next((event) => event.type === 'timed' && event.id === made.id && event.state === 'cancelled');
  view.close();
  await node.stop();
});

test('with a time it starts then, ends by the node, and a node that does not end is ended', async () => {
  const { device, node } = await withNode();
  const made = await add(ada, device.id, { at: inSeconds(1.5), for: 2 });
  assert.equal(made.state, 'scheduled');
  assert.equal(made.next, made.at);
  await sleep(700);
  assert.equal(node.commands.length, 0);
  const running = await becomes(ada, made.id, 'running');
  assert.ok(Date.parse(running.started) - Date.parse(made.at) < 1_000 * slowness, `${running.started} for ${made.at}`);
  await becomes(ada, made.id, 'done');
  // This node only obeys, and never ends anything by itself.
  const shown = await until(async () => {
    const command = await ada.get(`/api/v1/command/${running.command}`);
    return (command.mismatch || node.commands.length > 1) && command;
  }, 6_000, 'the mismatch shows, or was put right');
  assert.ok(['on', 'off'].includes(shown.reported));
  await until(() => node.commands.length === 2, 8_000, 'the second line ends it');
  assert.equal(node.commands[1].action, 'off');
  const [off] = (await ada.get('/api/v1/command/all', { device: device.id })).commands;
  assert.deepEqual([off.action, off.cause], ['off', `timed:${made.id}`]);
  await node.stop();
});

test('a mismatch between what was asked and what the node reports is visible', async () => {
  const { device, node } = await withNode();
  const made = await ada.command(device.id, 'on');
  const newest = () => ada.get(`/api/v1/command/${made.id}`);
  await until(async () => (await newest()).reported === 'on', 3_000, 'the node reports on');
  assert.equal((await newest()).mismatch, false);
  await node.publish('state', { led: 'off' }, { retain: true });  // by hand, at the node
  const shown = await until(async () => (await newest()).mismatch && newest(), 6_000, 'the mismatch shows');
  assert.equal(shown.reported, 'off');
  assert.equal((await ada.get('/api/v1/command/all', { device: device.id })).commands[0].mismatch, true);
  const off = await ada.command(device.id, 'off');
  await until(async () => (await ada.get(`/api/v1/command/${off.id}`)).state === 'done');
  assert.equal((await newest()).mismatch, false, 'an older command is no longer what counts');
  await node.stop();
});

test('a repeating one knows its next time, in the zone of its user unless told, and can be switched off', async () => {
  const device = await ada.createDevice();
  const made = await add(ada, device.id, { repeat: { days: ['sun', 'mon'], time: '06:30', tz: 'America/New_York' } });
  assert.deepEqual(made.repeat, { days: ['mon', 'sun'], time: '06:30', tz: 'America/New_York' });
  assert.equal(made.state, 'scheduled');
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', weekday: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(made.next));
  assert.match(local, /^(Sun|Mon),? 06:30$/);
  assert.ok(Date.parse(made.next) > Date.now());

  const off = await ada.expect(200, 'PATCH', `/api/v1/command/timed/${made.id}`, { body: { enabled: false } });
  assert.deepEqual([off.enabled, off.next], [false, null]);
  const on = await ada.expect(200, 'PATCH', `/api/v1/command/timed/${made.id}`, { body: { enabled: true } });
  assert.deepEqual([on.enabled, on.next], [true, made.next]);

  const daily = await add(ada, device.id, { repeat: { days: 'daily', time: '23:59' } });
  assert.deepEqual(daily.repeat, { days: 'daily', time: '23:59', tz: 'UTC' });
  const once = await add(ada, device.id, { at: inSeconds(3600) });
  await ada.refused(409, 'PATCH', `/api/v1/command/timed/${once.id}`, { body: { enabled: false } });
  await ada.expect(204, 'DELETE', `/api/v1/command/timed/${made.id}`);
  await ada.refused(409, 'PATCH', `/api/v1/command/timed/${made.id}`, { body: { enabled: true } });
});

test('the list has pages, newest first, and is the user\'s own', async () => {
  const device = await ada.createDevice();
  const ids = [];
  for (let i = 0; i < 5; ++i) ids.unshift((await add(ada, device.id, { at: inSeconds(3600 + i) })).id);
  const list = await everything(ada, '/api/v1/command/timed', 'timed', { device: device.id, limit: 2 });
  assert.deepEqual(list.map(({ id }) => id).sort(), [...ids].sort());
  assert.deepEqual(list.map(({ id }) => id), list.map(({ id }) => id).sort().reverse());
  const bob = await croft.user();
  assert.deepEqual((await bob.get('/api/v1/command/timed')).timed, []);
  await bob.refused(404, 'GET', '/api/v1/command/timed', { query: { device: device.id } });
  await bob.refused(404, 'GET', `/api/v1/command/timed/${ids[0]}`);
  await bob.refused(404, 'DELETE', `/api/v1/command/timed/${ids[0]}`);
  await bob.refused(404, 'PATCH', `/api/v1/command/timed/${ids[0]}`, { body: { enabled: false } });
  await bob.refused(404, 'POST', '/api/v1/command/timed', { body: { device: device.id, actuator: 'led', action: 'on', for: 60 } });
  assert.equal((await show(ada, ids[0])).state, 'scheduled');
});

test('what cannot be is refused, field by field', async () => {
  const device = await ada.createDevice();
  const whole = { device: device.id, actuator: 'led', action: 'on', for: 600 };
  const wrong = [
    ['for', { for: undefined }], ['for', { for: 0 }], ['for', { for: 1.5 }], ['for', { for: 2678401 }], ['for', { for: 'P1M' }], ['for', { for: 'soon' }], ['for', { for: 'PT0S' }], ['for', { for: {} }],
    ['action', { action: 'toggle' }], ['actuator', { actuator: 'no name' }], ['device', { device: undefined }],
    ['at', { at: 'tomorrow' }], ['at', { at: inSeconds(-3600) }], ['at', { at: '2099-01-01T00:00:00Z' }],
    ['at', { at: inSeconds(60), repeat: { days: 'daily', time: '06:30' } }],
    ['repeat', { repeat: 'daily' }], ['repeat.days', { repeat: { time: '06:30' } }], ['repeat.days', { repeat: { days: [], time: '06:30' } }],
    ['repeat.days', { repeat: { days: ['someday'], time: '06:30' } }], ['repeat.days', { repeat: { days: 'weekly', time: '06:30' } }],
    ['repeat.time', { repeat: { days: 'daily' } }], ['repeat.time', { repeat: { days: 'daily', time: '24:00' } }],
    ['repeat.tz', { repeat: { days: 'daily', time: '06:30', tz: 'Europe/Atlantis' } }], ['repeat.tz', { repeat: { days: 'daily', time: '06:30', tz: 5 } }],
  ];
  for (const [field, change] of wrong) await ada.refused(422, 'POST', '/api/v1/command/timed', { body: { ...whole, ...change } }, field);
  await ada.refused(404, 'POST', '/api/v1/command/timed', { body: { ...whole, device: 'nobody' } });
  assert.deepEqual((await ada.get('/api/v1/command/timed', { device: device.id })).timed, []);
});

test('a request that is sent twice with one Idempotency-Key makes one', async () => {
  const device = await ada.createDevice();
  const body = { device: device.id, actuator: 'led', action: 'on', for: 60, at: inSeconds(3600) };
  const once = () => ada.expect(201, 'POST', '/api/v1/command/timed', { body, headers: { 'idempotency-key': 'water-the-tomatoes' } });
  const [first, second] = [await once(), await once()];
  assert.equal(first.id, second.id);
  assert.equal((await ada.get('/api/v1/command/timed', { device: device.id })).timed.length, 1);
});

// What follows needs a server that may be killed, and virtual nodes that end by their own clock.
async function withFleet(devices, serve = {}) {
  const own = await startCroft(serve);
  const client = await own.user();
  const fleet = spawnCroft(['simulate', '--user', client.user.username, '--devices', String(devices), '--interval', '30s', '--quiet'], { env: { CROFT_STATE_DIR: own.stateDir } });
  const all = async () => (await everything(client, '/api/v1/devices', 'devices')).map((device) => device);
  await until(async () => {
    const list = await all();
    return list.length === devices && list.every(({ online }) => online);
  }, 60_000, `${devices} virtual nodes are online; croft simulate said ${fleet.logs().slice(-500)}`);
  return {
    croft: own,
    client,
    ids: (await all()).map(({ id }) => id),
    /** As a power cut would, and back. */
    async killAndStart(ms = 100) {
      await own.kill();
      await sleep(ms);
      await own.start();
      client.url = own.url;
      await client.login();
    },
    /** How many commands the nodes carried out, by their own count. */
    async end() {
      fleet.child.kill('SIGTERM');
      await within(fleet.exited, 15_000, 'croft simulate ends');
      return Number(/(\d+) commands obeyed/.exec(fleet.logs())[1]);
    },
  };
}

test('kill -9 right after an on for 10 s: the node turns off at 10 s by itself, and the history is true', async (t) => {
  const fleet = await withFleet(1);
  t.after(() => fleet.croft.stop());
  const [device] = fleet.ids;
  const made = await add(fleet.client, device, { for: 10 });
  await until(async () => (await fleet.client.device(device)).state.led === 'on', 5_000, 'the led is on');
  const on = Date.now();
  await fleet.killAndStart(500);  // the longer it is away, the longer a node may pause before it tries again: after 3 s, 1 in 7 came too late to be seen on
  const view = await fleet.client.live();
  await until(async () => (await fleet.client.device(device)).online, 15_000, 'the node is back');
  assert.equal((await fleet.client.device(device)).state.led, 'on');
  await until(async () => (await show(fleet.client, made.id)).ends, 8_000, 'after the restart it is known when it ends');
  await view.next((event) => event.type === 'device' && event.device === device && event.state.led === 'off', 12_000);
  const off = Date.now() - on;
  t.diagnostic(`off ${off} ms after it was seen on`);
  assert.ok(off > 9_500 && off < 11_000 * slowness, `off after ${off} ms`);
  await becomes(fleet.client, made.id, 'done');
  await sleep(3_500);  // the second line would have spoken by now
  const history = await commandsOf(fleet.client);
  assert.deepEqual(history.map(({ action, state, cause }) => [action, state, cause]), [['on', 'done', `timed:${made.id}`]]);
  assert.equal(await fleet.end(), 1);
});

test(`${long ? '1,000 over 60 s with three kills' : '100 over 12 s with two kills'}: each takes effect once, none is missing`, async (t) => {
  const [count, seconds, kills, devices] = long ? [1000, 60, 3, 50] : [100, 12, 2, 10];
  const fleet = await withFleet(devices);
  t.after(() => fleet.croft.stop());
  const start = Date.now() + (long ? 8_000 : 3_000) * slowness;
  const ids = [];
  for (let i = 0; i < count; ++i) {
    const at = new Date(start + (i * seconds * 1000) / count).toISOString();
    ids.push((await add(fleet.client, fleet.ids[i % devices], { at, for: 3600 })).id);
  }
  for (let kill = 1; kill <= kills; ++kill) {
    await sleep(Math.max(0, start + (kill * seconds * 1000) / (kills + 1) - Date.now()));
    await fleet.killAndStart(300);
  }
  await until(async () => (await everything(fleet.client, '/api/v1/command/timed', 'timed')).every(({ state, ends }) => state !== 'scheduled' && (state !== 'running' || ends)), (seconds + 60) * 1000, 'all have started');
  const timed = await everything(fleet.client, '/api/v1/command/timed', 'timed');
  const commands = await commandsOf(fleet.client);
  const causes = new Map();
  for (const { cause } of commands) causes.set(cause, (causes.get(cause) ?? 0) + 1);
  const missing = ids.filter((id) => !causes.has(`timed:${id}`));
  const doubled = [...causes].filter(([, times]) => times > 1);
  const states = Object.groupBy?.(commands, ({ state }) => state) ?? {};
  t.diagnostic(`${timed.length} timed, ${commands.length} commands ${JSON.stringify(Object.fromEntries(Object.entries(states).map(([state, list]) => [state, list.length])))}`);
  assert.deepEqual([missing, doubled], [[], []]);
  assert.equal(commands.length, count);
  assert.ok(commands.every(({ state }) => state === 'done'), JSON.stringify(commands.find(({ state }) => state !== 'done')));
  const obeyed = await fleet.end();
  t.diagnostic(`${obeyed} carried out by the nodes`);
  assert.equal(obeyed, count, 'each took effect once, by the nodes\' own count');
});

test(`${long ? '10,000' : '500'} due in the same second all start, in time`, async (t) => {
  const [count, devices] = long ? [10_000, 200] : [500, 10];
  const fleet = await withFleet(devices);
  t.after(() => fleet.croft.stop());
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + (long ? 150_000 : 12_000) * slowness).toISOString();
  for (let made = 0; made < count; made += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - made) }, (_, n) => add(fleet.client, fleet.ids[(made + n) % devices], { at, for: 3600 })));
  }
  assert.ok(Date.now() < Date.parse(at), 'all are made before they are due');
  await until(async () => Date.now() > Date.parse(at) && (await fleet.croft.metric('croft_commands_total', { state: 'done' })) >= count, 180_000, 'all are done');
  const commands = await commandsOf(fleet.client);
  assert.equal(commands.length, count);
  assert.equal(new Set(commands.map(({ cause }) => cause)).size, count);
  const late = (member) => {
    const all = commands.map((command) => Date.parse(command[member]) - Date.parse(at)).sort((a, b) => a - b);
    return { median: all[Math.floor(count / 2)], p99: all[Math.floor(count * 0.99)], most: all[count - 1] };
  };
  const lateness = { created: late('created'), sent: late('sent'), done: late('done') };
  t.diagnostic(`${count} due at once, ms late: ${JSON.stringify(lateness)}`);
  assert.ok(lateness.created.most < (long ? 30_000 : 5_000) * slowness, JSON.stringify(lateness));
  assert.equal(await fleet.croft.metric('croft_command_timed_lateness_seconds_count'), count);
  assert.equal(await fleet.end(), count);
});
