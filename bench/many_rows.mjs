// Measures Croft with many millions of readings behind it: what they take, the newest of a device, long charts, whole exports, ingest, forgetting.
// SPDX-License-Identifier: Apache-2.0
// Usage: node bench/many_rows.mjs [MILLIONS] [DEVICES] [postgres|sqlite]     before they are packed, 100 million take 16 GB of the temporary
// directory on PostgreSQL, 5 GB on SQLite (which wants the program sqlite3)
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Node, startCroft, until } from '../tests/support/croft.mjs';
import { startPostgres } from '../tests/support/postgres.mjs';

const [millions, devices, engine] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 1000), process.argv[4] ?? 'postgres'];
const months = 10;
const day = 86_400_000;
const url = 'many';

const postgres = engine === 'postgres' ? await startPostgres() : null;
const env = postgres ? { CROFT_DATABASE_URL: postgres.url(url) } : {};
let croft = await startCroft({ env });
// Asks the database behind Croft's back.
function query(sql) {
  if (postgres) return postgres.query(sql, url);
  const { stdout, stderr, status } = spawnSync('sqlite3', ['-cmd', '.timeout 120000', join(croft.stateDir, 'croft.db'), sql], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}
function storeBytes() {
  if (postgres) return Number(postgres.query(`SELECT pg_database_size('${url}')`, 'postgres'));
  const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((pragma) => Number(query(`PRAGMA ${pragma}`)));
  return (pages - free) * size;
}
const user = await croft.user();
const say = (text) => console.log(text);

const monthStart = (ago) => {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1);
};

// One reading in each month by the front door, so that Croft itself has made the parts and knows the measurements.
const kinds = 64;
const readingsLike = (time) => Array.from({ length: kinds }, (_, i) => ({ time: time + i, temperature: 20 + ((i * 7) % 11) / 10, humidity: 40 + (i % 3), soilMoisture: 510 + ((i * 5) % 9) }));
const made = [];
for (let i = 0; i < devices; i++) made.push(await user.createDevice());
for (const [index, device] of made.entries()) {
  const node = await Node.connect(croft, device, { listens: false });
  const first = index ? [monthStart(0)] : Array.from({ length: months }, (_, ago) => monthStart(ago));
  await node.client.publishAsync(node.topic('telemetry'), JSON.stringify(first.flatMap(readingsLike)), { qos: 1 });
  await node.stop();
}
await until(() => Number(query('SELECT COUNT(*) FROM data_devices')) === devices, 30_000);

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

async function measureExport(label) {
  const peak = () => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${croft.pid}/status`, 'utf8'))[1]) / 1024;
  const [before, began] = [peak(), performance.now()];
  let [lines, bytes, most] = [0, 0, before];
  const watch = setInterval(() => (most = Math.max(most, peak())), 100);
  const answer = await fetch(`${croft.url}/api/v1/data/all`, { headers: { authorization: `Bearer ${user.token}`, accept: 'application/x-ndjson' } });
  const enough = performance.now() + 30_000;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    if (performance.now() > enough) break;
  }
  clearInterval(watch);
  const seconds = (performance.now() - began) / 1000;
  say(`${label}: all readings of ${devices} devices as NDJSON: ${Math.round(lines / seconds)} readings/s over ${seconds.toFixed(1)} s (${(bytes / lines).toFixed(0)} bytes each), ${(most - before).toFixed(1)} MB more memory`);
}

// Readings as real ones: their values are those of some that came by the front door, in turns.
const each = Math.ceil((millions * 1e6) / devices / months);
const began = performance.now();
for (let ago = months - 1; ago >= 0; ago--) {
  const start = monthStart(ago);
  const length = ago ? monthStart(ago - 1) - start : Math.max(day, Date.now() - start - day);
  const step = Math.max(1, Math.floor((length - 1000) / (each + 1)));
  const numbers = postgres ? `generate_series(1, ${each})` : `(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${each}) SELECT n FROM s)`;
  query(
    `INSERT INTO readings (device, time, key, received_after, vals)
     SELECT d.id, ${start + 1000} + CAST(n.n AS BIGINT) * ${step} + n.n * 7919 % 16, ${(1 + ago) * 2 ** 32} + n.n, 7 + n.n * 31 % 20, v.vals
     FROM data_devices d CROSS JOIN ${numbers} ${postgres ? 'n(n)' : 'n'} JOIN
     (SELECT vals, time - ${monthStart(0)} AS kind FROM readings WHERE device = 1 AND time >= ${monthStart(0)} AND time < ${monthStart(0) + kinds}) v ON v.kind = n.n * 613 % ${kinds}
     ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
  );
  say(`  ${months - ago} of ${months} months filled after ${Math.round((performance.now() - began) / 1000)} s`);
}
// What was put behind Croft's back is not rolled up and not packed yet.
query('UPDATE data_devices SET rolled = 0, packed = 0');
if (postgres) query('VACUUM ANALYZE');
const rows = each * devices * months;
const tell = (label) => say(`${label}: ${(rows / 1e6).toFixed(1)} million readings of ${devices} devices take ${(storeBytes() / 1e9).toFixed(2)} GB, ${(storeBytes() / rows).toFixed(1)} bytes each, indexes included`);
tell('rows');

// The server has closed our idle connection meanwhile, which the busy script could not notice.
await user.get('/api/v1/auth/me').catch(() => {});
await measureLast('rows');
await measureSeries('rows');
await measureExport('rows');
const rolling = performance.now();
await until(() => query('SELECT COUNT(*) FROM data_devices WHERE packed < (SELECT horizon * 3600000 FROM data_rollups)') === '0', 3_600_000, 'all is rolled up and packed');
say(`rolling up and packing, beside the other work, took ${Math.round((performance.now() - rolling) / 1000)} s`);
if (postgres) query('VACUUM');
tell('packed');
await measureLast('packed');
await measureSeries('packed');
await measureExport('packed');
await measureIngest('packed');

await croft.stop();
const began_again = performance.now();
croft = await startCroft({ env: { ...env, CROFT_DATA_RETENTION: `${Math.round((Date.now() - monthStart(3)) / 1000)}s` }, stateDir: croft.stateDir });
const old = `SELECT COUNT(*) FROM reading_blocks WHERE last_time < ${monthStart(4)}`;
await until(() => query(old) === '0', 600_000, 'the old months are gone');
say(`forgetting ${months - 4} of ${months} months took ${Math.round(performance.now() - began_again)} ms, the start of Croft included; ${(storeBytes() / 1e9).toFixed(2)} GB are left`);
await croft.stop();
await postgres?.stop();
process.exit(0);
