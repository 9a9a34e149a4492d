// Nothing acknowledged is lost: the server is killed without warning while readings stream in, again and again.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Node, mosquittoPub, sleep, spawnCroft, startCroft, until, within } from '../support/croft.mjs';

const kills = process.env.CROFT_LONG ? 25 : 4;

/** The tier of readings with boot and seq: a node that keeps what is not acknowledged, and sends it again. */
class KeepingNode {
  constructor(croft, device) {
    Object.assign(this, { croft, device, kept: new Map(), next: 1, acknowledged: new Set(), stopped: false });
  }
  async run() {
    while (!this.stopped) {
      const node = await Node.connect(this.croft, this.device).catch(() => null);
      if (!node) {
        await sleep(50);
        continue;
      }
      let lost = false;
      node.closed.then(() => (lost = true));
      // After a lost connection everything not acknowledged goes out again.
      for (const reading of this.kept.values()) node.publish('telemetry', reading).catch(() => {});
      while (!lost && !this.stopped) {
        if (this.kept.size < 500 && !this.finishing) {
          const seq = this.next++;
          const reading = { n: seq, boot: 1, seq };
          this.kept.set(seq, reading);
          node.publish('telemetry', reading).catch(() => {});
        }
        await sleep(2);
        for (const ack of node.acks.splice(0)) this.#forget(ack);
      }
      await node.stop().catch(() => {});
    }
  }
  #forget({ seq }) {
    for (const [first, last] of seq) {
      for (let n = first; n <= last; ++n) if (this.kept.delete(n)) this.acknowledged.add(n);
    }
  }
}

test(`every reading acknowledged to a node is stored exactly once, over ${kills} kills of the server`, async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const nodes = [];
  for (let number = 0; number < 4; ++number) nodes.push(new KeepingNode(croft, await client.createDevice(`Node ${number}`)));
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
  let total = 0;
  for (const node of nodes) {
    const stored = (await client.readings({ device: node.device.id, limit: 1000 })).map(({ values }) => values.n).sort((a, b) => a - b);
    assert.deepEqual(stored, Array.from({ length: node.next - 1 }, (_, n) => n + 1), 'each once, none missing');
    total += stored.length;
  }
  t.diagnostic(`${total} readings over ${kills} kills: none lost, none twice`);
});

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

test('readings without boot and seq at QoS 1 that arrived while the server was dead are stored after its restart', async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const device = await client.createDevice();
  const publish = (lines) => mosquittoPub({ port: croft.mqttPort, username: device.id, password: device.secret, topic: `croft/v1/${device.id}/telemetry`, lines });
  // Killed in the middle of a stream: what mosquitto_pub saw acknowledged was in the broker's hands or in the database.
  const sending = publish(Array.from({ length: 3_000 }, (_, n) => JSON.stringify({ n })));
  await until(async () => (await client.get('/api/v1/data/last', { n: 1 })).readings.length === 1);
  await croft.stop();
  await sending;
  await croft.start();
  client.url = croft.url;
  await client.login();
  const stored = (await client.readings({ device: device.id, limit: 1000 })).map(({ values }) => values.n);
  assert.equal(new Set(stored).size, stored.length, 'none twice');
  const highest = Math.max(...stored);
  assert.equal(stored.length, highest + 1, 'none missing before the last that was stored');
});
