// Triggers and alerts: making one with a look at the past, its alert arriving live, and what stays of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, sleep, startCroft, until } from '../support/croft.mjs';
import { Browser, patience, picture } from './browser.mjs';

let croft;
let browser;
let ada;
let device;
let node;
let page;
let seq = 0;
const measure = (soilMoisture, more = {}) => node.deliver({ soilMoisture, boot: 1, seq: (seq += 1), ...more });

before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
  ada = await croft.user('ada');
  device = await ada.createDevice('Bed 2');
  node = await Node.connect(croft, device);
  await node.publish('state', { led: 'off' }, { retain: true });
  // Yesterday it was dry twice.
  const start = Date.now() - 86_400_000;
  const levels = [500, 310, 290, 280, 450, 460, 270, 320, 500];
  for (const [i, level] of levels.entries()) await measure(level, { time: start + i * 3_600_000 });
  await measure(500);
  page = await browser.visitAs(ada, `/devices/${device.id}`);
});
after(async () => {
  await node?.stop();
  await browser?.stop();
  await croft?.stop();
});

const triggers = async () => (await ada.get('/api/v1/command/trigger')).triggers;
const bell = () => page.locator('.bell');
const list = () => page.locator('section', { has: page.getByRole('heading', { name: 'Triggers' }) });

test('the alerts page says what it is for while there are none', async () => {
  await bell().click();
  await page.getByRole('heading', { name: 'No alerts yet' }).waitFor();
  await page.goBack();
  await page.getByText('Let Croft watch a measurement').waitFor();
});

test('the form reads like a sentence, and says what is missing', async () => {
  await page.getByRole('link', { name: 'New trigger' }).click();
  await page.getByRole('heading', { name: 'New trigger' }).waitFor();
  await page.getByRole('button', { name: 'Save trigger' }).click();
  await page.getByText('Enter a number.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), 'below');
  await page.getByLabel('Threshold').fill('300');
  await page.getByText('Against false alarms').click();
  await page.getByLabel('Margin (hysteresis)').fill('20');
  await page.getByLabel('Switch something').check();
  await page.getByRole('group', { name: 'How long it stays so' }).getByLabel('unit').selectOption('minutes');
  await page.getByText('When soil moisture of Bed 2 is below 300, switch LED on for 1 min.').waitFor();
});

test('without a mail server no e-mail is promised', async () => {
  assert.equal((await ada.get('/api/v1/command/trigger')).emailAvailable, false);
  await page.getByText('Croft cannot send e-mail here: no mail server is set up.').waitFor();
  assert.equal(await page.getByRole('checkbox', { name: /E-mail me/ }).count(), 0);
});

test('it can be tried on the device’s own past before it is saved', async () => {
  await page.getByLabel('How far back').selectOption('Last 7 days');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('It would have fired 2 times:').waitFor();
  const moments = page.locator('.moments li');
  assert.equal(await moments.count(), 2);
  assert.match(await moments.nth(0).textContent(), /270.*over after 2.h/); // 320 is back by 20, but not by more
  assert.match(await moments.nth(1).textContent(), /290.*over after 2.h/);
  const graph = page.locator('section[aria-labelledby="preview-title"] .plot');
  await graph.locator('.shapelayer path').nth(3).waitFor({ state: 'attached' });
  assert.equal(await graph.locator('.shapelayer path').count(), 4, 'each firing has its moment and its length');
  assert.match(await graph.getAttribute('aria-label'), /2 moments are marked at which it would have fired\.$/);
  await picture(page, 'trigger-preview', { fullPage: true });
  await page.getByLabel('Threshold').fill('100'); // what was found was about another threshold
  await moments.first().waitFor({ state: 'detached' });
  await graph.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('It would not have fired.').waitFor();
  assert.deepEqual(await triggers(), [], 'nothing is saved yet');
});

test('a saved trigger stands on the device’s page, watching', async () => {
  await page.getByLabel('Threshold').fill('300');
  await page.getByRole('button', { name: 'Save trigger' }).click();
  await list().getByText('Soil moisture is below 300').waitFor();
  await list().getByText('Switch LED on for 1\u00a0min').waitFor();
  await list().getByText('Watching').waitFor();
  const [trigger] = await triggers();
  assert.deepEqual([trigger.below, trigger.hysteresis, trigger.holdFor, trigger.email], [300, 20, 0, false]);
  assert.deepEqual({ ...trigger.command }, { device: device.id, actuator: 'led', action: 'on', for: 60 });
});

test('an alert arrives live: a notice, the bell, the device’s page, and the command it caused', async () => {
  await measure(280);
  await page.locator('.notice').getByText('Soil moisture of Bed 2 is below 300').waitFor();
  await page.locator('.notice').getByText('It measured 280.').waitFor();
  await bell().getByText('1 open').waitFor();
  await page.locator('.open-alert').getByText(/^Soil moisture is below 300 since \d\d:\d\d$/).waitFor();
  await list().getByText(/^Firing since/).waitFor();
  await page.locator('.history').getByRole('link', { name: 'by a trigger' }).waitFor();
  await until(() => node.commands.some(({ action, for: time }) => action === 'on' && time === 60), patience, 'the node is commanded');
  await picture(page, 'alert-live');
  await measure(270); // still the same alert
  await page.locator('.brand').click();
  await page.locator('.device-card').getByText('Soil moisture is below 300').waitFor();
  await picture(page, 'alert-overview');
  assert.equal((await ada.get('/api/v1/command/alerts')).alerts.length, 1);
});

test('its end is told where it was told, and both are in the list of alerts', async () => {
  await bell().click();
  const row = page.locator('.alert-row');
  await row.getByText('Soil moisture of Bed 2 is below 300').waitFor();
  await row.getByText('Open', { exact: true }).waitFor();
  await row.getByText(/^280 at \d\d:\d\d$/).waitFor();
  await row.getByText('A command was sent.').waitFor();
  await measure(310); // within the margin
  await sleep(500);
  assert.equal(await row.getByText('Open', { exact: true }).count(), 1);
  await measure(400);
  await row.getByText(/^Over after /).waitFor();
  await row.getByText(/^Over at \d\d:\d\d$/).waitFor();
  await bell().getByText('1 open').waitFor({ state: 'detached' });
  await picture(page, 'alerts');
  await page.goBack();
  await page.locator('.device-card .card-alert').waitFor({ state: 'detached' });
});

test('a notice is put away by hand, and turns when the alert is over', async () => {
  await measure(250);
  await page.locator('.notice').getByText('It measured 250.').waitFor();
  assert.equal(await page.locator('.notice').count(), 1, 'an earlier one of the same trigger has made room');
  await measure(400);
  await page.locator('.notice.is-over').getByText('Over: Soil moisture of Bed 2 is below 300').waitFor();
  await page.getByRole('button', { name: 'Close: Soil moisture of Bed 2 is below 300' }).click();
  await page.locator('.notice').waitFor({ state: 'detached' });
});

test('a paused trigger does not fire; one that is resumed does', async () => {
  await page.goto(`${croft.url}/devices/${device.id}`);
  await list().getByRole('button', { name: /^Pause: / }).click();
  await list().getByText('Paused.').waitFor();
  const before = (await ada.get('/api/v1/command/alerts')).alerts.length;
  await measure(200);
  await sleep(500);
  assert.equal((await ada.get('/api/v1/command/alerts')).alerts.length, before);
  await measure(400);
  await list().getByRole('button', { name: /^Resume: / }).click();
  await list().getByText('Watching').waitFor();
});

test('an edited trigger keeps what was not touched', async () => {
  await list().getByRole('link', { name: /^Edit: / }).click();
  await page.getByRole('heading', { name: 'Trigger', exact: true }).waitFor();
  assert.equal(await page.getByLabel('Threshold').inputValue(), '300');
  assert.equal(await page.getByLabel('Margin (hysteresis)').inputValue(), '20');
  await page.getByLabel('Condition', { exact: true }).selectOption('is not heard of');
  await page.getByRole('group', { name: 'How long it is not heard of' }).getByLabel('number').fill('2');
  await page.getByRole('group', { name: 'How long it is not heard of' }).getByLabel('unit').selectOption('seconds');
  await page.getByLabel('Switch something').uncheck();
  await page.getByText('When soil moisture of Bed 2 is not heard of for 2\u00a0s, show an alert.').waitFor();
  await page.getByRole('button', { name: 'Save trigger' }).click();
  await list().getByText('Soil moisture is not heard of for 2\u00a0s').waitFor();
  const [trigger] = await triggers();
  assert.equal(trigger.noDataFor, 2);
  assert.equal(trigger.command, null);
});

test('silence fires too, and a reading ends it', async () => {
  await page.locator('.open-alert').getByText(/^Soil moisture is not heard of for 2.s since/).waitFor();
  await measure(420);
  await page.locator('.open-alert').waitFor({ state: 'detached' });
});

test('a removed trigger is gone after a confirmation; its alerts stay', async () => {
  await list().getByRole('link', { name: /^Edit: / }).click();
  const address = page.url();
  await page.getByRole('button', { name: 'Remove the trigger…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('Let Croft watch a measurement').waitFor();
  assert.deepEqual(await triggers(), []);
  await bell().click();
  await until(async () => (await page.locator('.alert-row').count()) >= 3, patience, 'the alerts are listed');
  await page.goto(address);
  await page.getByRole('heading', { name: 'This trigger is not here' }).waitFor();
});

test('what a trigger e-mails is told with its alert', async () => {
  await ada.expect(201, 'POST', '/api/v1/command/trigger', { body: { device: device.id, measurement: 'soilMoisture', above: 900, email: true } });
  await measure(950);
  const alert = await until(async () => (await ada.get('/api/v1/command/alerts')).alerts.find(({ value, email }) => value === 950 && email?.state === 'failed'), patience, 'it has fired, and its mail is given up');
  await page.goto(`${croft.url}/alerts`);
  const row = page.locator('.alert-row').first();
  await row.getByText('Soil moisture of Bed 2 is above 900').waitFor();
  // No mail server is set up here, and the page says so.
  await row.getByText(`E-mail not delivered: ${alert.email.error}.`).waitFor();
});

test('with a mail server the form offers an e-mail, and tells that it will be sent', async (t) => {
  const mailing = await startCroft({ env: { CROFT_SMTP_URL: 'smtp://127.0.0.1:9', CROFT_SMTP_FROM: 'croft@example.org' } });
  t.after(() => mailing.stop());
  const eve = await mailing.user('eve');
  assert.equal((await eve.get('/api/v1/command/trigger')).emailAvailable, true);
  const { id } = await eve.createDevice('Bed 3');
  const form = await browser.visitAs(eve, `/devices/${id}/triggers/new`);
  await form.getByLabel('Name of the measurement').fill('temperature');
  await form.getByLabel('Threshold').fill('5');
  await form.getByText(/^When temperature of Bed 3 is below 5.*, e-mail me\.$/).waitFor();
  await form.getByRole('checkbox', { name: 'E-mail me at eve@example.org' }).uncheck();
  await form.getByText(/^When temperature of Bed 3 is below 5.*, show an alert\.$/).waitFor();
  assert.equal(await form.getByText('Croft cannot send e-mail here').count(), 0);
});
