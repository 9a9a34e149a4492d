// What a device has lived through: sparklines on the overview, alerts and commands marked on its graphs, and its readings saved as a file.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Node, obey, startCroft, until } from '../support/croft.mjs';
import { Browser, barriers, drawnPoints, onPage, patience, picture } from './browser.mjs';

let croft;
let browser;
let ada;
let device;
let node;
before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
  ada = await croft.user();
  device = await ada.createDevice('Bed 2');
  await ada.expect(201, 'POST', '/api/v1/command/trigger', { body: { device: device.id, measurement: 'temperature', above: 30 } });
  node = await Node.connect(croft, device, { answer: obey });
  const begin = Date.now() - 50 * 60_000;
  const hour = Array.from({ length: 50 }, (_, i) => ({ time: begin + i * 60_000, temperature: 20 + Math.sin(i / 8) * 5, boot: 1, seq: i + 1 }));
  await node.publish('telemetry', hour);
  await node.deliver({ temperature: 33, boot: 1, seq: 100 });
  await until(async () => (await ada.get('/api/v1/command/alerts')).alerts.length === 1, patience, 'the alert');
});
after(async () => {
  await node?.stop();
  await browser?.stop();
  await croft?.stop();
});

test('a card shows the last hour of each measurement, and goes on live', async () => {
  const page = await browser.visitAs(ada, '/');
  const line = () => page.locator('.spark path').getAttribute('d');
  await until(async () => ((await line()) ?? '').length > 200, patience, 'the line is drawn');
  const before = await line();
  await picture(page, 'sparklines');
  await node.deliver({ temperature: -5, boot: 1, seq: 101 });
  await until(async () => (await line()) !== before, patience, 'the line goes on');
});

test('alerts and commands are marked on the time axis', async () => {
  const page = await browser.visitAs(ada, `/devices/${device.id}?range=1h`);
  await until(async () => (await drawnPoints(page)).Temperature > 20, patience, 'the graph is drawn');
  const shapes = (dotted) => page.evaluate((wanted) => document.querySelector('.plot').layout.shapes?.filter(({ type, line }) => type === 'line' && (line.dash === 'dot') === wanted).length ?? 0, dotted);
  await until(async () => (await shapes(false)) === 1, patience, 'the alert is marked');
  assert.equal(await shapes(true), 0);
  await ada.command(device.id, 'on');
  await until(async () => (await shapes(true)) === 1, patience, 'the command is marked');
  await onPage(page, () => /Marked: 1 alert, 1 command\./.test(document.querySelector('.plot').getAttribute('aria-label')));
  await picture(page, 'marks');
});

test('every reading on show is saved as CSV and as NDJSON', async () => {
  const page = await browser.visitAs(ada, `/devices/${device.id}?range=1h`);
  const { readings } = await ada.get('/api/v1/data/all', { device: device.id, limit: 1000 });
  for (const [name, count] of [['CSV', (text) => text.trim().split(/\r?\n/).length - 1], ['NDJSON', (text) => text.trim().split('\n').map(JSON.parse).length]]) {
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name, exact: true }).click();
    const download = await waiting;
    assert.match(download.suggestedFilename(), new RegExp(`^Bed 2 \\d{4}-\\d\\d-\\d\\d\\.${name.toLowerCase()}$`));
    assert.equal(count(readFileSync(await download.path(), 'utf8')), readings.length);
  }
});

test('what the graphs show is there as a table, too', async () => {
  const page = await browser.visitAs(ada, `/devices/${device.id}?range=1h`);
  await page.getByText('As a table').click();
  const rows = page.locator('.readings-table tbody tr');
  await rows.first().waitFor();
  const { readings } = await ada.get('/api/v1/data/all', { device: device.id, limit: 1000 });
  assert.equal(await rows.count(), readings.length);
  assert.match(await rows.first().textContent(), /^\d\d:\d\d:\d\d.*5\.0$/);
  await picture(page, 'table', { fullPage: true });
  assert.deepEqual(await barriers(page), []);
});

test('a stretch is seen closer by dragging over it, and any other time by its two ends', async () => {
  const page = await browser.visitAs(ada, `/devices/${device.id}?range=1h`);
  await until(async () => (await drawnPoints(page)).Temperature > 20, patience, 'the graph is drawn');
  const box = await page.locator('.plot .nsewdrag').first().boundingBox();
  const at = (share) => box.x + box.width * share;
  await page.mouse.move(at(0.4), box.y + 60);
  await page.mouse.down();
  await page.mouse.move(at(0.6), box.y + 60, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/range=\d+-\d+/);
  const [from, to] = /range=(\d+)-(\d+)/.exec(page.url()).slice(1).map(Number);
  const hour = 3_600_000;
  assert.ok(Math.abs((to - from) / hour - 0.2) < 0.03, `${(to - from) / hour} of an hour`);
  assert.ok(Math.abs((Date.now() - from) / hour - 0.6) < 0.05, `from ${(Date.now() - from) / hour} hours ago`);
  await until(async () => (await drawnPoints(page)).Temperature === 12 || (await drawnPoints(page)).Temperature === 13 || (await drawnPoints(page)).Temperature === 11, patience, 'the readings of that stretch');
  await picture(page, 'closer');

  await page.getByLabel('From').fill('2026-01-01T10:00');
  await page.getByLabel('to', { exact: true }).fill('2026-01-01T09:00');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByText('The end must be later').waitFor();
  await page.getByLabel('to', { exact: true }).fill('2026-01-02T09:00');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForURL(new RegExp(`range=${Date.parse('2026-01-01T09:00Z')}-${Date.parse('2026-01-02T08:00Z')}`)); // Paris is an hour ahead
  await page.getByText('No readings in this time').waitFor();
  await page.getByRole('button', { name: '1 h', exact: true }).click();
  await until(async () => (await drawnPoints(page)).Temperature > 20, patience, 'the last hour again');
});
