// A bad network between nodes and broker, and between Croft and PostgreSQL: slow, stalled, reset, refused; then the audit.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chance } from '../support/chance.mjs';
import { startChaosProxy } from '../support/chaos_proxy.mjs';
import { sleep, startCroft } from '../support/croft.mjs';
import { postgresServer } from '../support/engines.mjs';
import { assertSound, startLoad, told } from '../support/load.mjs';

const rounds = process.env.CROFT_LONG ? 60 : 4;
// Of a stall the programs hear nothing until it is over.
const patience = 120_000;

async function underLoad(t, croft, load, proxy, kinds) {
  const random = chance();
  t.diagnostic(`CROFT_SEED=${random.seed}`);
  const done = {};
  for (let round = 0; round < rounds; ++round) {
    await load.flows(300, patience).catch((error) => {
      throw new Error(`${error.message}\nafter ${JSON.stringify(done)}, CROFT_SEED=${random.seed}\n${croft.logs().slice(-2000)}`);
    });
    const kind = random.of(kinds);
    done[kind] = (done[kind] ?? 0) + 1;
    proxy[kind](random.between(20, 200));
    await sleep(random.between(100, 1500));
    proxy.heal();
  }
  await load.finish();
  const found = await load.audit(load.client);
  t.diagnostic(`${JSON.stringify(done)}: ${told(found)}`);
  assertSound(found, `CROFT_SEED=${random.seed}`);
  assert.equal(found.missing, 0, JSON.stringify(found));
}

test('between the nodes and the broker', async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const proxy = await startChaosProxy(croft.mqttPort);
  const load = await startLoad(client, proxy.port, { devices: 20, rate: 1000 });
  await underLoad(t, croft, Object.assign(load, { client }), proxy, ['delay', 'stall', 'reset', 'refuse']);
});

test('between Croft and PostgreSQL', async (t) => {
  const postgres = await postgresServer();
  const proxy = await startChaosProxy(postgres.port);
  const url = postgres.url('network').replace(`:${postgres.port}/`, `:${proxy.port}/`);
  const croft = await startCroft({ env: { CROFT_DATABASE_URL: url } });
  t.after(() => croft.stop());
  const client = await croft.user();
  const load = await startLoad(client, croft.mqttPort, { devices: 20, rate: 1000 });
  await underLoad(t, croft, Object.assign(load, { client }), proxy, ['delay', 'stall', 'reset', 'refuse']);
});
