// Whose device sends what cannot be stored sees it within ten seconds, and why.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, startCroft } from '../support/croft.mjs';
import { Browser, picture } from './browser.mjs';

let croft;
let browser;
before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
});
after(async () => {
  await browser?.stop();
  await croft?.stop();
});

test('a message that is not stored is an alarm on the device’s page within ten seconds', async () => {
  const ada = await croft.user('ada');
  const device = await ada.createDevice('Bed 2');
  const node = await Node.connect(croft, device);
  await node.deliver({ temperature: 21, boot: 1, seq: 1 });
  const page = await browser.visitAs(ada, `/devices/${device.id}`);
  await page.getByRole('heading', { name: 'Measurements' }).waitFor();
  assert.equal(await page.getByText('was not stored').count(), 0);
  const began = Date.now();
  await node.publish('telemetry', '{"temperature":');
  await page.getByText('A message of this device was not stored.').waitFor({ timeout: 10_000 });
  await page.getByText(/It is not JSON \(at byte \d+\).* 1 so far/).waitFor();
  assert.ok(Date.now() - began < 10_000);
  await picture(page, 'refused');
  await page.goto(croft.url);
  await page.getByText('A message of Bed 2 was not stored.').waitFor({ timeout: 10_000 });
  await picture(page, 'refused-overview');
  await page.getByRole('link', { name: 'Open the device' }).click();
  await page.getByRole('heading', { name: 'Bed 2' }).waitFor();
});
