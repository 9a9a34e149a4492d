// Nothing acknowledged is lost: the server is killed without warning while readings stream in, again and again.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sleep, spawnCroft, startCroft, until, within } from '../support/croft.mjs';
import { KeepingNode } from '../support/keeping_node.mjs';

const kills = process.env.CROFT_LONG ? 25 : 4;

/** Lets four nodes send while the server is killed again and again; then every reading must be there exactly once. */
async function killWhileSending(t, options) {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const nodes = [];
  for (let number = 0; number < 4; ++number) nodes.push(new KeepingNode(croft, await client.createDevice(`Node ${number}`), options));
  const running = nodes.map((node) => node.run());
  for (let kill = 0; kill < kills; ++kill) {
    const before = nodes.map((node) => node.acknowledged.size);
    await until(() => nodes.every((node, n) => node.acknowledged.size > before[n] + 20), 20_000, 'readings flow');
    await sleep(50 * Math.random());
    await croft.kill();
    await sleep(100);
    await croft.start();
  }
  nodes.forEach((node) => (node.finishing = true));
  await until(() => nodes.every((node) => node.kept.size === 0), 30_000, 'after the last kill everything is acknowledged');
  nodes.forEach((node) => (node.stopped = true));
  await Promise.all(running);

  client.url = croft.url;
  await client.login();
  const stored = (device) => client.readings({ device: device.id, limit: 1000 }).then((readings) => readings.map(({ values }) => values.n));
  let total = 0;
  for (const node of nodes) {
    await until(async () => (await stored(node.device)).length >= node.next - 1, 10_000, 'what the broker still holds arrives').catch(() => {});
    const numbers = (await stored(node.device)).sort((a, b) => a - b);
    const missing = [...node.acknowledged].filter((n) => !numbers.includes(n));
    assert.deepEqual(missing, [], 'acknowledged, and not stored');
    assert.equal(new Set(numbers).size, numbers.length, 'stored twice');
    total += numbers.length;
  }
  t.diagnostic(`${total} readings over ${kills} kills: none lost, none twice`);
}

test(`every reading acknowledged to a node is stored exactly once, over ${kills} kills of the server`, (t) => killWhileSending(t, { boot: 1 }));

test('so is every reading without boot and seq that the broker acknowledged', (t) => killWhileSending(t, {}));

// Lines of the log that `croft simulate --ack-log` writes: device, boot and sequence number of each acknowledged reading.
function acknowledgedIn(file) {
  const found = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [device, boot, seq] = line.split(/[\s,]+/);
    if (seq === undefined || !/^\d+$/.test(boot)) continue;
    if (!found.has(device)) found.set(device, new Set());
    found.get(device).add(`${boot}/${seq}`);
  }
  return found;
}

test('the same with virtual nodes that run the firmware’s core', async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const log = join(croft.stateDir, 'acknowledged.log');
  const nodes = spawnCroft(['simulate', '--user', client.user.username, '--devices', '40', '--interval', '100ms', '--ack-log', log], { env: { CROFT_STATE_DIR: croft.stateDir } });
  for (let kill = 0; kill < kills; ++kill) {
    const before = existsSync(log) ? readFileSync(log).length : 0;
    await until(() => existsSync(log) && readFileSync(log).length > before + 5_000, 30_000, `acknowledgements flow; croft simulate said ${nodes.logs().slice(-2000)}`);
    await croft.kill();
    await sleep(100);
    await croft.start();
  }
  await sleep(2_000);
  nodes.child.kill('SIGTERM');
  await within(nodes.exited, 15_000, 'croft simulate ends');

  client.url = croft.url;
  await client.login();
  const acknowledged = acknowledgedIn(log);
  assert.equal(acknowledged.size, 40);
  let total = 0;
  for (const [device, ids] of acknowledged) {
    const stored = await client.readings({ device, limit: 1000 });
    // A virtual node measures one thing at one time: the time tells its readings apart.
    assert.equal(new Set(stored.map(({ time }) => time)).size, stored.length, `${device}: none twice`);
    assert.ok(stored.length >= ids.size, `${device}: ${ids.size} acknowledged, ${stored.length} stored`);
    total += ids.size;
  }
  t.diagnostic(`${total} acknowledged readings of 40 nodes over ${kills} kills: none lost, none twice`);
});
