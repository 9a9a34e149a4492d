// Measures Croft on a PostgreSQL that holds many millions of readings: the newest of a device, ingest, and forgetting old months.
// SPDX-License-Identifier: Apache-2.0
// Usage: node bench/many_rows.mjs [MILLIONS] [DEVICES]     100 million readings take about 12 GB in the temporary directory
import { performance } from 'node:perf_hooks';
import { Node, startCroft, until } from '../tests/support/croft.mjs';
import { startPostgres } from '../tests/support/postgres.mjs';

const [millions, devices] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 1000)];
const months = 10;
const day = 86_400_000;
const url = 'many';

const postgres = await startPostgres();
const env = { CROFT_DATABASE_URL: postgres.url(url) };
let croft = await startCroft({ env });
const user = await croft.user();
const say = (text) => console.log(text);

const monthStart = (ago) => {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1);
};

// One reading in each month by the front door, so that Croft itself has made the parts and knows the measurements.
const made = [];
for (let i = 0; i < devices; i++) made.push(await user.createDevice());
for (const [index, device] of made.entries()) {
  const node = await Node.connect(croft, device, { listens: false });
  const first = index ? [monthStart(0)] : Array.from({ length: months }, (_, ago) => monthStart(ago));
  await node.client.publishAsync(node.topic('telemetry'), JSON.stringify(first.map((time) => ({ time, temperature: 21.5, humidity: 40, soilMoisture: 512 }))), { qos: 1 });
  await node.stop();
}
const count = () => Number(postgres.query('SELECT SUM(n_live_tup) FROM pg_stat_user_tables WHERE relname LIKE \'readings%\'', url));
await until(() => Number(postgres.query('SELECT COUNT(*) FROM data_devices', url)) === devices, 30_000);

async function measureLast(label) {
  const times = [];
  for (let i = 0; i < 400; i++) {
    const { id } = made[Math.floor(Math.random() * devices)];
    const began = performance.now();
    const { readings } = await user.get('/api/v1/data/last', { device: id, n: 100 });
    times.push(performance.now() - began);
    if (readings.length === 0) throw new Error('a device has no readings');
  }
  times.sort((a, b) => a - b);
  say(`${label}: last 100 of one device, over HTTP: median ${times[200].toFixed(2)} ms, p99 ${times[396].toFixed(2)} ms`);
}

async function measureIngest(label) {
  const stored = () => croft.metric('croft_data_readings_stored_total');
  const nodes = await Promise.all(made.slice(0, 50).map((device) => Node.connect(croft, device, { listens: false })));
  let stop = false;
  let number = 0;
  const publish = async (node) => {
    while (!stop) {
      const reading = () => ({ temperature: (number++ % 300) / 10, humidity: 40 + (number % 30), soilMoisture: number % 1024, time: Date.now() - (number % 1000) });
      await Promise.all(Array.from({ length: 20 }, () => node.client.publishAsync(node.topic('telemetry'), JSON.stringify(reading()), { qos: 1 })));
    }
  };
  const all = nodes.map(publish);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const [before, began] = [await stored(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const rate = ((await stored()) - before) / ((performance.now() - began) / 1000);
  stop = true;
  await Promise.all(all);
  for (const node of nodes) await node.stop();
  say(`${label}: ${Math.round(rate)} readings/s stored and acknowledged, the senders in this process`);
}

async function measureSeries(label) {
  const times = [];
  let points = 0;
  for (let i = 0; i < 20; i++) {
    const began = performance.now();
    const answer = await user.get('/api/v1/data/series', { device: made[i % devices].id, measurement: 'temperature', from: new Date(monthStart(months - 1)).toISOString(), to: new Date(Date.now() - 3 * 3_600_000).toISOString() });
    times.push(performance.now() - began);
    points = answer.points.length;
  }
  times.sort((a, b) => a - b);
  say(`${label}: ${points} points of ${months} months of one measurement, over HTTP: median ${times[10].toFixed(1)} ms, longest ${times[19].toFixed(1)} ms`);
}

await measureLast('empty');
await measureIngest('empty');

// The bytes of one real reading serve for all.
const each = Math.ceil((millions * 1e6) / devices / months);
const began = performance.now();
for (let ago = months - 1; ago >= 0; ago--) {
  const start = monthStart(ago);
  const length = ago ? monthStart(ago - 1) - start : Math.max(day, Date.now() - start - day);
  const step = Math.max(1, Math.floor(length / (each + 1)));
  postgres.query(
    `INSERT INTO readings (device, time, key, received_after, vals)
     SELECT d.id, ${start} + n::bigint * ${step}, d.id::bigint * 1000003 + n, 7, v.vals FROM data_devices d, generate_series(1, ${each}) n,
     (SELECT vals FROM readings WHERE time = ${monthStart(0)} LIMIT 1) v ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
    url,
  );
  say(`  ${months - ago} of ${months} months filled after ${Math.round((performance.now() - began) / 1000)} s`);
}
// What was put behind Croft's back is not rolled up yet.
postgres.query('UPDATE data_devices SET rolled = 0', url);
postgres.query('VACUUM ANALYZE', url);
const bytes = Number(postgres.query(`SELECT pg_database_size('${url}')`, 'postgres'));
const rows = count();
say(`${(rows / 1e6).toFixed(1)} million readings of ${devices} devices: ${(bytes / 1e9).toFixed(2)} GB, ${(bytes / rows).toFixed(1)} bytes each, indexes included`);

// The server has closed our idle connection meanwhile, which the busy script could not notice.
await user.get('/api/v1/auth/me').catch(() => {});
await measureLast('full');
await measureSeries('full, before the hours are rolled up');
const rolling = performance.now();
await until(() => postgres.query('SELECT COUNT(*) FROM data_devices WHERE rolled < (SELECT horizon FROM data_rollups)', url) === '0', 1_800_000, 'the hours are rolled up');
say(`rolling all hours up, beside other work, took ${Math.round((performance.now() - rolling) / 1000)} s`);
await measureSeries('full, from hours');
await measureIngest('full');

await croft.stop();
const began_again = performance.now();
croft = await startCroft({ env: { ...env, CROFT_DATA_RETENTION: `${Math.round((Date.now() - monthStart(3)) / 1000)}s` } });
const parts = () => Number(postgres.query("SELECT COUNT(*) FROM pg_tables WHERE tablename ~ '^readings_\\d'", url));
await until(() => parts() <= 4, 120_000, 'the old months are dropped');
say(`forgetting ${months - 4} of ${months} months took ${Math.round(performance.now() - began_again)} ms, the start of Croft included; ${(Number(postgres.query(`SELECT pg_database_size('${url}')`, 'postgres')) / 1e9).toFixed(2)} GB are left`);
await croft.stop();
await postgres.stop();
process.exit(0);
