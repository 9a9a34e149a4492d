// Programs are killed, paused and started again in random order while readings stream in: nothing acknowledged is lost, nothing is doubled.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApart } from '../support/apart.mjs';
import { chance } from '../support/chance.mjs';
import { sleep, startCroft, until } from '../support/croft.mjs';
import { postgresServer, redisServer } from '../support/engines.mjs';
import { assertSound, startLoad, told } from '../support/load.mjs';

const long = process.env.CROFT_LONG;
const rounds = Number(process.env.CROFT_KILLS ?? (long ? 130 : 6));
const rate = Number(process.env.CROFT_RATE ?? (long ? 5000 : 1000));

// Does `faults` in random order, each after readings flowed and at a random moment, and audits what is left.
async function underLoad(t, croft, faults, { numbered = true } = {}) {
  const client = await croft.user();
  const random = chance();
  const load = await startLoad(client, croft.mqttPort, { devices: 50, rate, numbered });
  const done = {};
  t.diagnostic(`CROFT_SEED=${random.seed}`);
  for (let round = 0; round < rounds; ++round) {
    await load.flows(rate / 4).catch((error) => {
      throw new Error(`${error.message}\nafter ${JSON.stringify(done)}\n${croft.logs().slice(-3000)}`);
    });
    await sleep(random.upTo(100));
    const name = random.of(Object.keys(faults));
    done[name] = (done[name] ?? 0) + 1;
    await faults[name](random);
  }
  const result = await load.finish();
  client.url = croft.url;
  // Those who just came back may need a moment; and what only the broker has acknowledged may still be with it.
  await until(() => client.login(), 30_000, 'log-in after the last fault');
  const whole = (found) => found.lost + found.missing === 0;
  let found;
  await until(async () => whole((found = await load.audit(client))), numbered ? 5_000 : 60_000).catch((error) => found ?? Promise.reject(error));
  t.diagnostic(`${JSON.stringify(done)}: ${told(found)}; sent again ${result.repeated}, node connections ${result.connects}; ${result.seconds} s`);
  assertSound(found, `CROFT_SEED=${random.seed}`);
  assert.equal(found.missing, 0, `after the last fault everything arrives: ${JSON.stringify(found)}`);
}

const pause = async (pid, ms) => {
  process.kill(pid, 'SIGSTOP');
  await sleep(ms);
  process.kill(pid, 'SIGCONT');
};

test('one process on embedded parts, killed, paused and restarted; its broker dies with it', async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  await underLoad(t, croft, {
    'kill Croft': async () => {
      await croft.kill();
      await croft.start();
    },
    'restart Croft': () => croft.restart(),
    'pause Croft': (random) => pause(croft.pid, random.between(100, 1500)),
  });
});

// The broker goes on, so that what it acknowledged is safe with it.
const aroundTheBroker = (croft, postgres, redis) => {
  const killPart = (part) => async (random) => {
    await part.end('SIGKILL');
    await sleep(random.upTo(500));
    await part.start();
  };
  const again = (server, end) => async (random) => {
    await server[end]();
    await sleep(random.upTo(1000));
    await server.start();
  };
  return {
    ...Object.fromEntries(Object.entries(croft.services).map(([name, part]) => [`kill ${name}`, killPart(part)])),
    'kill data ': killPart(croft.services.data),  // as often as all the others together would be too kind
    'pause data': (random) => pause(croft.services.data.running.child.pid, random.between(100, 2000)),
    'kill PostgreSQL': again(postgres, 'kill'),
    'restart PostgreSQL': again(postgres, 'stop'),
    'kill Redis': again(redis, 'kill'),
    'pause Redis': async (random) => {
      redis.pause();
      await sleep(random.upTo(1000));
      redis.resume();
    },
  };
};

test('four services on PostgreSQL, Redis and a broker, any of them killed, paused or restarted', async (t) => {
  const croft = await startApart();
  t.after(() => croft.stop());
  const [postgres, redis] = [await postgresServer(), await redisServer()];
  await underLoad(t, croft, {
    ...aroundTheBroker(croft, postgres, redis),
    'kill Mosquitto': async () => {
      await croft.broker.end('SIGKILL');
      await croft.broker.start();
    },
    'restart Mosquitto': async () => {
      await croft.broker.end('SIGTERM');
      await croft.broker.start();
    },
    'pause Mosquitto': (random) => pause(croft.broker.running.child.pid, random.upTo(1000)),
  });
});

test('readings without boot and seq, as long as the broker itself survives', async (t) => {
  const croft = await startApart();
  t.after(() => croft.stop());
  await underLoad(t, croft, aroundTheBroker(croft, await postgresServer(), await redisServer()), { numbered: false });
});
