// The power fails: what the database had written and not synced is lost, or half of it is, and every acknowledged reading is there.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { chance } from '../support/chance.mjs';
import { binary, sleep, startCroft, temporaryDirectory } from '../support/croft.mjs';
import { assertSound, startLoad, told } from '../support/load.mjs';

const cuts = process.env.CROFT_LONG ? 60 : 4;
const sector = 512;

// What the disk holds after the cut: what was synced, and of what was not, any sectors that the disk happened to write before.
function afterTheCut(synced, written, random) {
  const disk = Buffer.from(synced);
  let torn = 0;
  for (let at = 0; at + sector <= Math.min(synced.length, written.length); at += sector) {
    if (disk.compare(written, at, at + sector, at, at + sector) === 0) continue;
    torn += 1;
    if (random.upTo(2)) written.copy(disk, at, at, at + sector);
  }
  return { disk, torn };
}

// A Croft under load whose disk is watched; cut() kills it and leaves on the disk what a power cut leaves.
async function onWatchedDisk(t, random) {
  const stateDir = temporaryDirectory();
  const shadow = join(temporaryDirectory(), 'shadow');
  mkdirSync(shadow);
  const croft = await startCroft({ stateDir, env: { LD_PRELOAD: join(dirname(binary), 'croft-weather.so'), POWER_CUT_SHADOW: shadow } });
  t.after(() => croft.stop());
  const client = await croft.user();
  const load = await startLoad(client, croft.mqttPort, { devices: 50, rate: 2000 });
  async function cut({ torn = true } = {}) {
    await croft.kill();
    let sectors = 0;
    for (const name of ['croft.db', 'croft.db-wal']) {
      const [from, to] = [join(shadow, name), join(stateDir, name)];
      if (!existsSync(from)) {
        rmSync(to, { force: true });
        continue;
      }
      const left = afterTheCut(readFileSync(from), torn && existsSync(to) ? readFileSync(to) : Buffer.alloc(0), random);
      sectors += left.torn;
      // The disk after the cut is what counts from now on.
      for (const file of [from, to]) writeFileSync(file, left.disk);
    }
    rmSync(join(stateDir, 'croft.db-shm'), { force: true });
    return sectors;
  }
  return { croft, client, load, shadow, cut };
}

test(`every acknowledged reading survives ${cuts} power cuts`, async (t) => {
  const random = chance();
  t.diagnostic(`CROFT_SEED=${random.seed}`);
  const { croft, client, load, cut } = await onWatchedDisk(t, random);
  let torn = 0;
  for (let count = 0; count < cuts; ++count) {
    await load.flows(500 + random.upTo(1500));
    await sleep(random.upTo(50));
    torn += await cut();
    await croft.start();
  }
  await load.finish();
  client.url = croft.url;
  await client.login();
  const found = await load.audit(client);
  t.diagnostic(`${cuts} cuts, ${torn} sectors that were written and not synced: ${told(found)}`);
  assertSound(found, `CROFT_SEED=${random.seed}`);
  assert.equal(found.missing, 0, JSON.stringify(found));
});

test('a disk that says it has synced, and has not, is found out: these tests can fail', async (t) => {
  const { croft, client, load, shadow, cut } = await onWatchedDisk(t, chance());
  await load.flows(2000);
  writeFileSync(join(shadow, 'lies'), '');
  await load.flows(2000);
  await cut({ torn: false });
  rmSync(join(shadow, 'lies'));
  await croft.start();
  await load.finish();
  client.url = croft.url;
  await client.login();
  const found = await load.audit(client);
  t.diagnostic(told(found));
  assert.ok(found.lost > 500, JSON.stringify(found));
});
