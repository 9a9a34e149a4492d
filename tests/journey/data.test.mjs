// Asking for readings: pages, ranges, days in a time zone, CSV, NDJSON and charts.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, deployment, sleep } from '../support/croft.mjs';

let croft;
let ada;
let device;
let other;
const start = Date.parse('2026-03-28T00:00:00Z');
const minute = 60_000;
const count = 4 * 24 * 60; // four days, one reading a minute; the second of them loses an hour in Paris
const iso = (ms) => new Date(ms).toISOString();

before(async () => {
  croft = await deployment();
  ada = await croft.user();
  device = await ada.createDevice('Tomatoes');
  other = await ada.createDevice('Beans');
  const node = await Node.connect(croft, device);
  for (let from = 0; from < count; from += 480) {
    const batch = Array.from({ length: 480 }, (_, n) => ({ n: from + n, temperature: from + n === 1234 ? 55 : 20 + ((from + n) % 10) / 10, time: iso(start + (from + n) * minute), boot: 1, seq: from + n }));
    await node.publish('telemetry', batch);
  }
  await node.deliver({ n: count, temperature: 20, time: iso(start + count * minute), boot: 1, seq: count }, 20_000);
  const beans = await Node.connect(croft, other);
  await beans.deliver({ temperature: 15, open: true, 'pressure,"odd': 1, time: iso(start + 30_000), boot: 1, seq: 1 }).catch(() => {});
  await beans.deliver({ temperature: 15, open: true, time: iso(start + 30_000), boot: 1, seq: 2 });
  await node.stop();
  await beans.stop();
});
after(() => croft?.stop());

const numbers = (readings) => readings.map(({ values }) => values.n);
const upTo = (from, to) => Array.from({ length: to - from }, (_, n) => from + n);

test('all gives every reading once, oldest first, whatever the size of a page', async () => {
  for (const limit of [1000, 999, 137]) {
    assert.deepEqual(numbers(await ada.readings({ device: device.id, limit })), upTo(0, count + 1), `limit ${limit}`);
  }
  const page = await ada.get('/api/v1/data/all', { device: device.id, limit: 7 });
  assert.equal(page.readings.length, 7);
  assert.equal(typeof page.next, 'string');
  const last = await ada.get('/api/v1/data/all', { device: other.id });
  assert.deepEqual([last.readings.length, last.next], [1, null]);
});

test('without a device, all of one’s devices are told in one order', async () => {
  const readings = await ada.readings({ limit: 1000 });
  assert.equal(readings.length, count + 2);
  assert.equal(readings[1].device, other.id, 'by time: the other device’s reading comes second');
  for (let n = 1; n < readings.length; ++n) assert.ok(readings[n - 1].time <= readings[n].time);
});

test('a page is not disturbed by readings that arrive meanwhile', async () => {
  const first = await ada.get('/api/v1/data/all', { device: other.id, limit: 1 });
  assert.equal(first.readings.length, 1);
  const whole = await ada.get('/api/v1/data/byDate', { device: device.id, limit: 500, from: iso(start) });
  const next = await ada.get('/api/v1/data/byDate', { device: device.id, limit: 500, from: iso(start), cursor: whole.next });
  assert.deepEqual(numbers(next.readings), upTo(500, 1000));
});

test('last gives the newest first, ten unless told', async () => {
  assert.deepEqual(numbers((await ada.get('/api/v1/data/last', { device: device.id })).readings), upTo(count - 9, count + 1).reverse());
  assert.deepEqual(numbers((await ada.get('/api/v1/data/last', { device: device.id, n: 3 })).readings), [count, count - 1, count - 2]);
  assert.equal((await ada.get('/api/v1/data/last', { n: 1 })).readings[0].device, device.id);
});

test('ranges are half-open', async () => {
  const range = (from, to) => ada.readings({ device: device.id, from: iso(start + from * minute), to: iso(start + to * minute), limit: 1000 }, '/api/v1/data/byDate');
  assert.deepEqual(numbers(await range(10, 20)), upTo(10, 20));
  assert.deepEqual(numbers(await range(10, 10)), []);
  const [from, to] = [iso(start + 10 * minute), iso(start + 20 * minute)];
  const pieces = [...(await range(0, 15)), ...(await range(15, 30))];
  assert.deepEqual(numbers(pieces), upTo(0, 30));
  const open = await ada.readings({ device: device.id, to: from, limit: 1000 }, '/api/v1/data/byDate');
  assert.deepEqual(numbers(open), upTo(0, 10));
  const rest = await ada.readings({ device: device.id, from: to, limit: 1000 }, '/api/v1/data/byDate');
  assert.equal(rest.length, count + 1 - 20);
  const offset = await ada.readings({ device: device.id, from: '2026-03-28T02:10:00+02:00', to: '2026-03-28T02:20:00+02:00' }, '/api/v1/data/byDate');
  assert.deepEqual(numbers(offset), upTo(10, 20));
});

test('a date is a day from midnight to midnight in its time zone, also the short one', async () => {
  const day = async (query) => numbers(await ada.readings({ device: device.id, limit: 1000, ...query }, '/api/v1/data/byDate'));
  assert.deepEqual(await day({ date: '2026-03-29' }), upTo(1440, 2880));
  assert.deepEqual(await day({ date: '2026-03-29', tz: 'UTC' }), upTo(1440, 2880));
  // Paris: 28 March ends at 23:00 UTC; on 29 March the clocks go forward, so that day has 23 hours.
  assert.deepEqual(await day({ date: '2026-03-29', tz: 'Europe/Paris' }), upTo(1440 - 60, 2880 - 120));
  assert.deepEqual(await day({ date: '2026-03-29', tz: 'Asia/Kathmandu' }), upTo(1440 - 345, 2880 - 345));
  assert.deepEqual(await day({ from: '2026-03-29', to: '2026-03-30', tz: 'Europe/Paris' }), upTo(1440 - 60, 2880 - 120));
  assert.deepEqual(await day({ from: '2026-03-29', to: '2026-03-29T00:05:00Z' }), upTo(1440, 1445));
});

test('what cannot be asked is said by name', async () => {
  const asked = (field, path, query) => ada.refused(422, 'GET', path, { query: { device: device.id, ...query } }, field);
  const byDate = '/api/v1/data/byDate';
  for (const limit of ['0', '-1', 'many', '1.5', '1001', '99999999999999999999', '']) await asked('limit', '/api/v1/data/all', { limit });
  for (const n of ['0', '-1', 'x', '1001', '']) await asked('n', '/api/v1/data/last', { n });
  await asked('cursor', '/api/v1/data/all', { cursor: 'nonsense' });
  for (const from of ['yesterday', '2026-13-01', '2026-02-30', '2026-03-28T25:00:00Z', '']) await asked('from', byDate, { from });
  await asked('date', byDate, { date: '28.03.2026' });
  await asked('tz', byDate, { date: '2026-03-28', tz: 'Mars/Olympus' });
  await asked('tz', byDate, { date: '2026-03-28', tz: '../../etc/passwd' });
  await ada.refused(422, 'GET', byDate, { query: { date: '2026-03-28', from: '2026-03-28' } });
  const series = '/api/v1/data/series';
  await ada.refused(422, 'GET', series, { query: { measurement: 'temperature' } }, 'device');
  await asked('measurement', series, {});
  await asked('points', series, { measurement: 'temperature', points: '0' });
  await ada.refused(422, 'GET', `/api/v1/data/last?n=1&n=2`);
});

test('from after to is nothing or a mistake, but never something else', async () => {
  const answer = await ada.request('GET', '/api/v1/data/byDate', { query: { device: device.id, from: '2026-03-29', to: '2026-03-28' } });
  if (answer.status === 200) assert.deepEqual(answer.body.readings, []);
  else assert.equal(answer.status, 422);
});

test('the whole selection streams as NDJSON', async () => {
  const answer = await ada.request('GET', '/api/v1/data/all', { query: { device: device.id }, headers: { accept: 'application/x-ndjson' } });
  assert.equal(answer.type, 'application/x-ndjson');
  const lines = answer.text.split('\n');
  assert.equal(lines.pop(), '');
  assert.deepEqual(lines.map((line) => JSON.parse(line)), await ada.readings({ device: device.id, limit: 1000 }));
  const day = await ada.request('GET', '/api/v1/data/byDate', { query: { device: device.id, date: '2026-03-29' }, headers: { accept: 'application/x-ndjson' } });
  assert.equal(day.text.trim().split('\n').length, 1440);
  const none = await ada.request('GET', '/api/v1/data/byDate', { query: { date: '2025-01-01' }, headers: { accept: 'application/x-ndjson' } });
  assert.deepEqual([none.status, none.text], [200, '']);
});

test('and as CSV with a column for each measurement', async () => {
  const answer = await ada.request('GET', '/api/v1/data/all', { headers: { accept: 'text/csv' } });
  assert.equal(answer.type, 'text/csv');
  const [head, ...rows] = answer.text.trim().split(/\r?\n/);
  assert.equal(rows.length, count + 2);
  const columns = head.split(',');
  assert.deepEqual(columns.slice(0, 3), ['device', 'time', 'received']);
  assert.deepEqual(columns.slice(3).sort(), ['n', 'open', 'temperature']);
  const cell = (row, name) => rows[row].split(',')[columns.indexOf(name)];
  assert.deepEqual([cell(0, 'device'), cell(0, 'n'), cell(0, 'open'), cell(0, 'time')], [device.id, '0', '', iso(start)]);
  assert.deepEqual([cell(1, 'device'), cell(1, 'n'), cell(1, 'open'), cell(1, 'temperature')], [other.id, '', 'true', '15']);
  for (const row of rows) assert.equal(row.split(',').length, columns.length);
});

test('q-values choose the form; a form that is not offered is JSON or 406', async () => {
  const ask = (accept) => ada.request('GET', '/api/v1/data/all', { query: { device: other.id }, headers: { accept } });
  assert.equal((await ask('*/*')).type, 'application/json');
  assert.equal((await ask('application/json')).type, 'application/json');
  assert.equal((await ask('text/csv;q=0.9, application/json;q=0.1')).type, 'text/csv');
});

test('a client that leaves in the middle of a stream harms nobody', async () => {
  for (let times = 0; times < 5; ++times) {
    const leave = new AbortController();
    const response = await fetch(`${croft.url}/api/v1/data/all`, { headers: { accept: 'text/csv', authorization: `Bearer ${ada.token}` }, signal: leave.signal });
    const reader = response.body.getReader();
    await reader.read();
    leave.abort();
    await Promise.race([reader.closed.catch(() => {}), sleep(200)]);  // it may have come whole already
  }
  assert.equal((await ada.get('/api/v1/data/last', { n: 1 })).readings.length, 1);
});

test('a chart keeps the extremes in few points', async () => {
  const series = await ada.get('/api/v1/data/series', { device: device.id, measurement: 'temperature', from: iso(start), to: iso(start + count * minute), points: 100 });
  assert.ok(series.points.length <= 100 && series.points.length >= 50, `${series.points.length} points`);
  assert.equal(Math.max(...series.points.map(([, , max]) => max)), 55, 'the one peak is there');
  assert.equal(Math.min(...series.points.map(([, min]) => min)), 20);
  for (let n = 0; n < series.points.length; ++n) {
    const [time, min, max, average] = series.points[n];
    assert.ok(min <= average && average <= max);
    assert.ok(time >= series.from && time < series.to);
    if (n) assert.ok(time > series.points[n - 1][0]);
  }
  assert.ok(series.resolution >= 60, 'a point stands for seconds');
  assert.deepEqual([series.from, series.to], [iso(start), iso(start + count * minute)]);
});

test('a chart of few readings shows each as it is', async () => {
  const series = await ada.get('/api/v1/data/series', { device: device.id, measurement: 'n', from: iso(start), to: iso(start + 20 * minute), points: 500 });
  assert.deepEqual(series.points.map(([, min, max, average]) => [min, max, average]), upTo(0, 20).map((n) => [n, n, n]));
});

test('a measurement that was never made is an empty chart', async () => {
  const series = await ada.get('/api/v1/data/series', { device: device.id, measurement: 'radiation', from: iso(start), to: iso(start + minute) });
  assert.deepEqual(series.points, []);
});
