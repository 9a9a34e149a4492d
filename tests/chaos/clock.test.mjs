// The server's clock jumps by hours, days and years under load: nothing is lost, nothing is doubled, and Croft goes on answering.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { binary, startCroft, temporaryDirectory } from '../support/croft.mjs';
import { assertSound, startLoad, told } from '../support/load.mjs';

const hour = 3600;
const jumps = [hour, -hour, 3 * 365 * 24 * hour, -24 * hour, 0];

test('the clock jumps', async (t) => {
  const file = join(temporaryDirectory(), 'shift');
  const shift = (seconds) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    writeFileSync(file, bytes, { flag: 'r+' });
  };
  writeFileSync(file, Buffer.alloc(8));
  const croft = await startCroft({ env: { LD_PRELOAD: join(dirname(binary), 'croft-weather.so'), CLOCK_SHIFT: file } });
  t.after(() => croft.stop());
  const client = await croft.user();
  const load = await startLoad(client, croft.mqttPort, { devices: 20, rate: 1000 });
  for (const seconds of jumps) {
    await load.flows(500);
    shift(seconds);
    await load.flows(500);
    const asked = Date.now();
    assert.equal((await client.request('GET', '/livez')).status, 200);
    await client.login();  // a session of before the jump may be over
    const { body } = await client.request('GET', '/api/v1/auth/me');
    assert.equal(body.username, client.user.username, 'and a session of after it counts');
    assert.ok(Date.now() - asked < 3_000, `answered within ${Date.now() - asked} ms`);
  }
  await load.finish();
  await client.login();
  const found = await load.audit(client);
  t.diagnostic(told(found));
  assertSound(found);
  assert.equal(found.missing, 0, JSON.stringify(found));
});
