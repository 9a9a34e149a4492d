// Croft dies at each step between the receipt of a reading and its acknowledgement: the step does not matter.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = dirname(process.env.CROFT_BIN ?? fileURLToPath(new URL('../../build/croft', import.meta.url)));
const plain = join(folder, 'croft');
const failing = join(folder, 'croft-failing');
process.env.CROFT_BIN = failing;  // before support is loaded, which looks once
const { startCroft, within } = await import('../support/croft.mjs');
const { assertSound, startLoad, told } = await import('../support/load.mjs');

const steps = ['received', 'appended', 'writing', 'written', 'committed', 'told', 'acknowledged to the node', 'acknowledged'];

test('no program but that of these tests has a failpoint in it', () => {
  assert.ok(readFileSync(failing).includes('acknowledged to the node'));
  for (const trace of ['acknowledged to the node', 'FAILPOINT', 'failpoint']) assert.ok(!readFileSync(plain).includes(trace), `${plain} knows «${trace}»`);
});

test('it dies at each step, and every reading is there once', async (t) => {
  const env = {};
  const croft = await startCroft({ env });
  t.after(() => croft.stop());
  const client = await croft.user();
  const load = await startLoad(client, croft.mqttPort, { devices: 20, rate: 2000 });
  for (const step of steps) {
    await load.flows(200);
    await croft.stop();
    // Steps of a batch are passed less often than those of a message.
    env.FAILPOINT = `${step}:${/writ|committed/.test(step) ? 5 : 300}`;
    // It may be so quick that it dies before this test has seen it ready.
    await croft.start().catch((error) => assert.match(error.message, /SIGKILL/));
    const how = await within(croft.exited(), 30_000, `it dies at «${step}»`);
    assert.equal(how.signal, 'SIGKILL', step);
    delete env.FAILPOINT;
    await croft.start();
  }
  await load.flows(200);
  await load.finish();
  client.url = croft.url;
  await client.login();
  const found = await load.audit(client);
  t.diagnostic(told(found));
  assertSound(found);
  assert.equal(found.missing, 0, JSON.stringify(found));
});
