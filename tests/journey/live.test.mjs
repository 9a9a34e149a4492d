// The live view: who sees what, and that one slow or rude client is nobody else's trouble.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { LiveView, Node, deployment, sleep, slowness, until, within } from '../support/croft.mjs';

let croft;
let ada;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
});
after(() => croft?.stop());

const readingsIn = (view) => view.events.filter((event) => event.type === 'reading');

test('each person sees their own devices only', async () => {
  const eve = await croft.user();
  const [mine, hers] = [await ada.createDevice(), await eve.createDevice()];
  const [myNode, herNode] = [await Node.connect(croft, mine), await Node.connect(croft, hers)];
  const [myView, herView] = [await ada.live(), await eve.live({ path: '/api/v1/visual/ws' })];
  await myNode.deliver({ temperature: 1, boot: 1, seq: 1 });
  await herNode.deliver({ temperature: 2, boot: 1, seq: 1 });
  await myView.reading(mine.id);
  await herView.reading(hers.id);
  await sleep(100);
  assert.deepEqual(new Set(myView.events.map(({ device }) => device)), new Set([mine.id]));
  assert.deepEqual(new Set(herView.events.map(({ device }) => device)), new Set([hers.id]));
  for (const thing of [myView, herView]) thing.close();
  for (const node of [myNode, herNode]) await node.stop();
});

test('a client that names devices hears of those, and never of somebody else’s', async () => {
  const eve = await croft.user();
  const [first, second, hers] = [await ada.createDevice(), await ada.createDevice(), await eve.createDevice()];
  const nodes = await Promise.all([first, second, hers].map((device) => Node.connect(croft, device)));
  const view = await ada.live();
  view.send({ type: 'subscribe', devices: [second.id, hers.id] });
  await sleep(200);
  view.events.length = 0;
  for (const node of nodes) await node.deliver({ temperature: 1, boot: 1, seq: 1 });
  await view.reading(second.id);
  await sleep(200);
  assert.deepEqual(new Set(readingsIn(view).map(({ device }) => device)), new Set([second.id]));
  view.close();
  for (const node of nodes) await node.stop();
});

test('a device that is made later is seen too', async () => {
  const view = await ada.live();
  const device = await ada.createDevice('Late');
  const node = await Node.connect(croft, device);
  await node.deliver({ temperature: 3, boot: 1, seq: 1 });
  await view.reading(device.id);
  await view.next((event) => event.type === 'device' && event.device === device.id && event.online === true);
  await node.vanish();
  await view.next((event) => event.type === 'device' && event.device === device.id && event.online === false);
  view.close();
});

test('a browser is let in with its cookie from the same origin, and not from another', async () => {
  const client = await croft.client().signup();
  const login = await client.request('POST', '/api/v1/auth/login', { body: { username: client.user.username, password: client.password } });
  const cookie = login.headers.get('set-cookie').split(';')[0];
  const good = await client.live({ headers: { cookie, origin: croft.url } });
  good.close();
  for (const origin of ['https://evil.example', 'null', croft.url.replace('http:', 'https:'), `${croft.url}.evil.example`]) {
    const view = new LiveView(`${croft.url.replace('http', 'ws')}/ws`, { cookie, origin });
    await assert.rejects(view.opened, (error) => error.status === 403, origin);
  }
});

test('a token in the address is not a credential', async () => {
  for (const name of ['token', 'access_token', 'authorization']) {
    const view = new LiveView(`${croft.url.replace('http', 'ws')}/ws?${name}=${ada.token}`, {});
    await assert.rejects(view.opened, (error) => error.status === 401);
  }
});

test('logging out closes the session’s live views within a second, and no others', async () => {
  const first = await croft.user();
  const second = croft.client();
  await second.login(first.user.username, first.password);
  const [ending, staying] = [await first.live(), await second.live()];
  const started = Date.now();
  await first.logout();
  await ending.ended(1_000);
  assert.ok(Date.now() - started < 1_000 * slowness);
  await sleep(200);
  assert.equal(staying.socket.readyState, staying.socket.OPEN);
  staying.close();
});

test('nonsense from a client is answered with words or an end, and harms nobody', async () => {
  const witness = await ada.live();
  const device = await ada.createDevice();
  const node = await Node.connect(croft, device);
  const nonsense = ['', 'x', '{', '[]', 'null', '{"type":7}', '{"type":"subscribe"}', '{"type":"subscribe","devices":"all"}', '{"type":"subscribe","devices":[7]}',
    JSON.stringify({ type: 'subscribe', devices: Array.from({ length: 100_000 }, (_, n) => `d${n}`) }), 'x'.repeat(200_000), Buffer.from([1, 2, 3])];
  for (const message of nonsense) {
    const view = await ada.live();
    view.socket.send(message);
    await sleep(20);
    view.close();
  }
  await node.deliver({ temperature: 5, boot: 1, seq: 1 });
  await witness.reading(device.id);
  witness.close();
  await node.stop();
});

// A WebSocket client that shakes hands and then never reads: its kernel buffer fills, then the server's.
async function deafClient(token) {
  const { hostname, port } = new URL(croft.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`GET /ws HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return { socket, ended };
}

test('a client that does not read is dropped, and slows no other', async () => {
  const grower = await croft.user();
  const device = await grower.createDevice();
  const node = await Node.connect(croft, device);
  const good = await grower.live();
  const deaf = await Promise.all(Array.from({ length: 3 }, () => deafClient(grower.token)));
  // About 3 KB a reading, so that the readings fill whatever the kernel holds for a client that is deaf.
  const values = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`measurement.number.${n}.${'x'.repeat(30)}`, n]));
  const total = 6_000;
  const started = Date.now();
  for (let seq = 0; seq < total; seq += 10) {
    await node.publish('telemetry', Array.from({ length: 10 }, (_, n) => ({ ...values, seq: seq + n, boot: 1 })));
    // As fast as a client that does read can follow.
    await until(() => readingsIn(good).length > seq - 100, 20_000, `the good client hears reading ${seq}; it heard ${readingsIn(good).length}`);
  }
  await until(() => node.acknowledged(1, total - 1), 20_000, 'every reading is acknowledged');
  await until(() => readingsIn(good).length === total, 20_000, 'the good client hears every reading');
  const seconds = (Date.now() - started) / 1000;
  const probe = Date.now();
  await node.deliver({ probe: 1, boot: 2, seq: 1 });
  await good.next((event) => event.values?.probe === 1, 2_000);
  assert.ok(Date.now() - probe < 2_000 * slowness, 'a reading is live at once again');
  for (const client of deaf) client.socket.resume();
  await within(Promise.all(deaf.map(({ ended }) => ended)), 30_000, `the deaf clients are dropped after ${seconds} s`);
  good.close();
  await node.stop();
});

test('two hundred clients all hear a reading', async () => {
  const grower = await croft.user();
  const device = await grower.createDevice();
  const node = await Node.connect(croft, device);
  const views = await Promise.all(Array.from({ length: 200 }, () => grower.live()));
  await node.deliver({ temperature: 8, boot: 1, seq: 1 });
  await Promise.all(views.map((view) => view.reading(device.id, 10_000)));
  views.forEach((view) => view.close());
  await node.stop();
});
