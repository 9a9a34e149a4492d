// The disk is full under load: nothing more is acknowledged, what is stored can be read, and with room again everything goes on by itself.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sleep, startCroft, temporaryDirectory, until } from '../support/croft.mjs';
import { assertSound, startLoad, told } from '../support/load.mjs';

const rounds = process.env.CROFT_LONG ? 10 : 2;

// A file system of its own and of 64 MB; null where this user may not make one.
function smallDisk(t) {
  const directory = join(temporaryDirectory(), 'disk');
  mkdirSync(directory);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'croft-test', directory], { encoding: 'utf8' });
  if (mounted.status !== 0) return null;
  t.after(() => spawnSync('umount', ['-l', directory]));
  return directory;
}

test('a full disk', async (t) => {
  const stateDir = smallDisk(t);
  if (!stateDir) return t.skip('only root may make a small disk');
  const croft = await startCroft({ stateDir });
  t.after(() => croft.stop());
  const client = await croft.user();
  const load = await startLoad(client, croft.mqttPort, { devices: 20, rate: 2000 });
  const filler = join(stateDir, 'somebody-elses-file');
  for (let round = 0; round < rounds; ++round) {
    await load.flows(1000);
    const failures = await croft.metric('croft_data_commit_failures_total');
    // Somebody else fills the disk, and again whenever something was given back, until Croft feels it.
    await until(async () => {
      const { bavail, bsize } = statfsSync(stateDir);
      if (bavail > 0) writeFileSync(filler, Buffer.alloc(bavail * bsize), { flag: 'a' });
      return (await croft.metric('croft_data_commit_failures_total')) > failures;
    }, 20_000, 'a commit fails');
    await sleep(2_100);  // bench_load tells its numbers once a second
    const stuck = load.acknowledged();
    await sleep(1_500);
    assert.equal(load.acknowledged(), stuck, 'nothing is acknowledged on a full disk');
    assert.equal((await client.request('GET', '/api/v1/data/last', { query: { n: 1 } })).status, 200, 'what is stored can be read');
    rmSync(filler);
    const room = Date.now();
    await load.flows(1000, 15_000);
    t.diagnostic(`readings were acknowledged again within ${Date.now() - room} ms of there being room`);
  }
  await load.finish();
  const found = await load.audit(client);
  t.diagnostic(told(found));
  assertSound(found);
  assert.equal(found.missing, 0, JSON.stringify(found));
  return undefined;
});
