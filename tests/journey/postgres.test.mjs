// Croft on PostgreSQL: waits for it, says what is wrong, outlives its crash without losing a reading.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { croftCommand, freePort, mosquittoPub, sleep, spawnCroft, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';
import { startPostgres } from '../support/postgres.mjs';

const postgres = await startPostgres();
after(() => postgres.stop());

const serve = (url, listen = '127.0.0.1:0') =>
  spawnCroft(['serve'], { env: { CROFT_STATE_DIR: temporaryDirectory(), CROFT_HTTP_LISTEN: listen, CROFT_MQTT_LISTEN: '127.0.0.1:0', CROFT_DATABASE_URL: url } });

async function end(croft) {
  croft.child.kill('SIGTERM');
  const how = await within(croft.exited, 10_000, 'croft ends after SIGTERM');
  return how;
}

test('a Croft that is started first says what it waits for, and is ready when the database is', async () => {
  const url = postgres.url('later');
  await postgres.stop();
  const croft = serve(url);
  await until(() => croft.logs().includes('waiting for the database'), 5_000);
  assert.match(croft.logs(), /Connection refused/);
  await postgres.start();
  await until(() => croft.logs().includes('"ready"'), 15_000, 'it is ready');
  assert.match(croft.logs(), /"database":"PostgreSQL \d+/);
  assert.equal((await end(croft)).code, 0);
});

test('whoever asks while it waits hears that it lives and is not ready', async () => {
  const port = await freePort();
  const croft = serve('postgresql://croft@127.0.0.1:1/croft', `127.0.0.1:${port}`);
  await until(() => croft.logs().includes('waiting for the database'), 5_000);
  const ask = (path) => fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) });
  assert.equal((await ask('/livez')).status, 200);
  const ready = await ask('/readyz');
  assert.equal(ready.status, 503);
  assert.equal((await ready.json()).parts.server, 'starting');
  for (const path of ['/api/v1/data/all', '/']) {
    const refused = await ask(path);
    assert.equal(refused.status, 503, path);
    assert.equal(refused.headers.get('retry-after'), '2');
    assert.match((await refused.json()).detail, /starting/);
  }
  assert.deepEqual(await end(croft), { code: 0, signal: null });
});

test('SIGTERM ends the wait, as a success', async () => {
  const croft = serve('postgresql://croft@127.0.0.1:1/croft');
  await until(() => croft.logs().includes('waiting for the database'), 5_000);
  assert.deepEqual(await end(croft), { code: 0, signal: null });
});

test('a wrong password and a missing database are said clearly, and no password is ever written', async () => {
  const url = postgres.url('croft');
  const wrong = serve(url.replace(postgres.password, 'a-wrong-secret'));
  await until(() => /password authentication failed for user/.test(wrong.logs()), 5_000);
  await end(wrong);
  const missing = serve(url.replace(/croft$/, 'nowhere'));
  await until(() => missing.logs().includes('nowhere'), 5_000);
  assert.match(missing.logs(), /does not exist/);
  await end(missing);
  const printed = croftCommand(['config', 'print'], { env: { CROFT_DATABASE_URL: url } }).stdout;
  assert.match(printed, /postgresql:\/\/croft:\*{8}@127\.0\.0\.1/);
  for (const text of [wrong.logs(), missing.logs(), printed]) {
    assert.ok(!text.includes(postgres.password) && !text.includes('a-wrong-secret'), text);
  }
});

test('readings that come while PostgreSQL is down are stored when it is back, each once', async () => {
  const croft = await startCroft({ env: { CROFT_DATABASE_URL: postgres.url('outage') } });
  const ada = await croft.user();
  const device = await ada.expect(201, 'POST', '/api/v1/devices', { body: { name: 'Bed' } });
  const publish = (numbers) =>
    mosquittoPub({
      port: croft.mqttPort,
      id: device.id,
      username: device.id,
      password: device.secret,
      topic: `croft/v1/${device.id}/telemetry`,
      lines: numbers.map((seq) => JSON.stringify({ temperature: 20 + seq / 10, boot: 1, seq })),
    });
  const numbers = Array.from({ length: 60 }, (_, i) => i);
  await publish(numbers.slice(0, 20));
  await until(async () => (await ada.get('/api/v1/data/all', { limit: 100 })).readings.length === 20);
  await postgres.kill();
  const offered = publish(numbers.slice(20, 40));
  await sleep(1_500);
  await postgres.start();
  await offered;
  await publish(numbers.slice(30, 60));
  const stored = await until(async () => {
    const { readings } = await ada.get('/api/v1/data/all', { limit: 100 });
    return readings.length >= 60 && readings;
  }, 20_000, 'all are stored');
  assert.deepEqual(stored.map(({ values }) => Math.round((values.temperature - 20) * 10)).sort((a, b) => a - b), numbers);
  assert.equal((await croft.stop()).code, 0);
});
