// Idempotency-Key over a crash: a client that never heard the answer asks again, and Croft has acted once.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sleep, startCroft } from '../support/croft.mjs';

const kills = process.env.CROFT_LONG ? 30 : 8;

let croft;
let ada;
before(async () => {
  croft = await startCroft();
  ada = await croft.user();
});
after(() => croft?.stop());

async function killAndStart() {
  await croft.kill();
  await croft.start();
  ada.url = croft.url;
  await ada.login();
}
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();
const kinds = [
  ['/api/v1/command/add', 202, () => ({ actuator: 'led', action: 'on', expires: tomorrow() }), '/api/v1/command/all', 'commands'],
  ['/api/v1/command/timed', 201, () => ({ actuator: 'led', action: 'on', for: 60, at: tomorrow() }), '/api/v1/command/timed', 'timed'],
  ['/api/v1/command/timed', 201, () => ({ actuator: 'led', action: 'on', for: 60 }), '/api/v1/command/timed', 'timed'],
  ['/api/v1/command/trigger', 201, () => ({ measurement: 'temperature', above: 30 }), '/api/v1/command/trigger', 'triggers'],
];

test('what was asked for before the server was killed is not made a second time', async () => {
  const asked = [];
  for (const [path, status, wish, list, member] of kinds) {
    const device = (await ada.createDevice()).id;
    const how = { body: { device, ...wish() }, headers: { 'idempotency-key': randomUUID() } };
    asked.push({ path, status, list, member, device, how, first: await ada.expect(status, 'POST', path, how) });
  }
  await killAndStart();
  for (const { path, status, list, member, device, how, first } of asked) {
    const again = await ada.expect(status, 'POST', path, how);
    assert.equal(again.id, first.id, path);
    assert.deepEqual((await ada.get(list, { device }))[member].map(({ id }) => id), [first.id], path);
    await ada.refused(422, 'POST', path, { ...how, body: { ...how.body, more: true } });
  }
});

test('a repeated request shows its command as it is by now', async () => {
  const device = (await ada.createDevice()).id;
  const how = { body: { device, actuator: 'led', action: 'on', expires: new Date(Date.now() + 1_000).toISOString() }, headers: { 'idempotency-key': randomUUID() } };
  const first = await ada.expect(202, 'POST', '/api/v1/command/add', how);
  await killAndStart();
  let again = first;
  for (let tries = 0; tries < 100 && again.state !== 'expired'; ++tries) {
    await sleep(100);
    again = await ada.expect(202, 'POST', '/api/v1/command/add', how); // its own `expires` is over, and the key is known
  }
  assert.deepEqual([again.id, again.state], [first.id, 'expired']);
});

test(`killed at any moment of a request, its repetition acts once (${kills} kills)`, async (t) => {
  const device = (await ada.createDevice()).id;
  let heard = 0;
  let lost = 0;
  for (let kill = 0; kill < kills; ++kill) {
    const how = { body: { device, actuator: 'led', action: 'on', expires: tomorrow() }, headers: { 'idempotency-key': randomUUID() } };
    const first = ada.request('POST', '/api/v1/command/add', how).catch(() => null);
    await sleep(Math.random() * 6);
    await killAndStart();
    if (await first) heard += 1;
    else lost += 1;
    const made = (await ada.get('/api/v1/command/all', { device })).commands.length;
    assert.ok(made === kill || made === kill + 1, `${made} commands after ${kill + 1} requests`);
    await ada.expect(202, 'POST', '/api/v1/command/add', how);
    assert.equal((await ada.get('/api/v1/command/all', { device })).commands.length, kill + 1);
  }
  t.diagnostic(`${heard} answers heard, ${lost} lost`);
});

test('a device is made once; after the crash its key names it, and its secret is not told again', async () => {
  const how = { body: { name: 'Once' }, headers: { 'idempotency-key': randomUUID() } };
  const first = await ada.expect(201, 'POST', '/api/v1/devices', how);
  assert.equal((await ada.expect(201, 'POST', '/api/v1/devices', how)).secret, first.secret);
  await killAndStart();
  const problem = await ada.refused(409, 'POST', '/api/v1/devices', how);
  assert.match(problem.detail, new RegExp(`made the device ${first.id} already`));
  assert.ok(!JSON.stringify(problem).includes(first.secret));
  const { devices } = await ada.get('/api/v1/devices', { limit: 1000 });
  assert.equal(devices.filter(({ name }) => name === 'Once').length, 1);
});
