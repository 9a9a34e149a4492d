// Several people and hostile words: nobody sees what is another's, and nothing that a device or a person writes is executed.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, sleep, startCroft, until } from '../support/croft.mjs';
import { Browser, logIn, patience, picture } from './browser.mjs';

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

test('two people at once see their own devices, live, and not each other’s', async () => {
  const [ada, eve] = [await croft.user(), await croft.user()];
  const [hers, mine] = [await ada.createDevice('Ada’s bed'), await eve.createDevice('Eve’s bed')];
  const nodes = [await Node.connect(croft, hers), await Node.connect(croft, mine)];
  const [adasPage, evesPage] = [await browser.visitAs(ada), await browser.visitAs(eve)];
  await nodes[0].deliver({ temperature: 11.5, boot: 1, seq: 1 });
  await nodes[1].deliver({ temperature: 22.5, boot: 1, seq: 1 });
  await adasPage.getByText('11.5').waitFor();
  await evesPage.getByText('22.5').waitFor();
  await sleep(700);
  assert.deepEqual(await adasPage.locator('.device-card h2').allTextContents(), ['Ada’s bed']);
  assert.deepEqual(await evesPage.locator('.device-card h2').allTextContents(), ['Eve’s bed']);
  assert.equal(await evesPage.getByText('11.5').count(), 0);

  await evesPage.goto(`${croft.url}/devices/${hers.id}`);
  await evesPage.getByRole('heading', { name: 'This device is not here' }).waitFor();
  await evesPage.goto(`${croft.url}/devices/${hers.id}/settings`);
  await evesPage.getByRole('heading', { name: 'This device is not here' }).waitFor();
  for (const node of nodes) await node.stop();
});

test('who logs in after another on the same page sees nothing of the other', async () => {
  const [ada, eve] = [await croft.user(), await croft.user()];
  await ada.createDevice('Only Ada’s');
  const page = await browser.visitAs(ada);
  await page.getByText('Only Ada’s').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assert.equal(await page.getByText('Only Ada’s').count(), 0);
  await logIn(page, eve.user.username, eve.password);
  await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
  assert.equal(await page.getByText('Only Ada’s').count(), 0);
});

test('a log-out in one tab shows in the other', async () => {
  const ada = await croft.user();
  const page = await browser.visitAs(ada);
  const other = await page.context().newPage();
  await other.goto(croft.url);
  await other.getByRole('heading', { name: 'No devices yet' }).waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await other.getByRole('heading', { name: 'Log in' }).waitFor({ timeout: patience });
});

test('two tabs of one browser never show two people', async () => {
  const [ada, eve] = [await croft.user(), await croft.user()];
  await ada.createDevice('Ada’s alone');
  const page = await browser.visitAs(ada);
  await page.getByText('Ada’s alone').waitFor();
  const other = await page.context().newPage();
  await other.goto(croft.url);
  await other.evaluate((body) => fetch('/api/v1/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }),
    JSON.stringify({ username: eve.user.username, password: eve.password }));
  await other.reload();
  await other.getByRole('heading', { name: 'No devices yet' }).waitFor();
  await page.getByRole('heading', { name: 'No devices yet' }).waitFor(); // without anybody touching it
  assert.equal(await page.getByText('Ada’s alone').count(), 0);
});

const hostile = [
  '<img src=x onerror=alert(1)><script>alert(2)</script>',
  '"><svg onload=alert(3)>${alert(4)}{{alert(5)}}',
  'javascript:alert(6) \u202Egnp.exe',
];

test('hostile names, reasons and users are text, on every page', async () => {
  const ada = await croft.user();
  for (const name of hostile) {
    const device = await ada.createDevice(name);
    const node = await Node.connect(croft, device, { answer: (command) => ({ id: command.id, state: 'refused', reason: name }) });
    await node.publish('state', { led: 'off', constructor: 'on' }, { retain: true });
    await node.deliver({ temperature: 1, constructor: 2, toString: 3, 'a.b-c_d': true, boot: 1, seq: 1 });
    const page = await browser.visitAs(ada, '/');
    await page.locator('.device-card').getByText(name, { exact: true }).waitFor();
    await page.getByRole('link', { name, exact: true }).click();
    await page.locator('h1').getByText(name, { exact: true }).waitFor();
    await until(() => page.evaluate(() => [...document.querySelectorAll('.plot')].filter((plot) => plot.data).length >= 4), patience, 'all graphs are drawn');
    await page.locator('.plot').first().hover();
    await page.getByRole('group', { name: 'LED' }).getByRole('button', { name: 'Switch LED On' }).click();
    await page.locator('.controls').getByText(`The device refused: ${name}`).waitFor();
    await picture(page, `hostile-${hostile.indexOf(name)}`);
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Remove the device…' }).click();
    await page.getByRole('dialog').getByText(name).waitFor();
    assert.equal(await page.evaluate(() => document.querySelectorAll('main img, main script, main svg[onload]').length), 0);
    await node.stop();
    await page.context().close();
  }
});

test('an address that would lead elsewhere after log-in leads home', async () => {
  const ada = await croft.user();
  for (const next of ['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
    const page = await browser.visit(`${croft.url}/login?next=${encodeURIComponent(next)}`);
    await logIn(page, ada.user.username, ada.password);
    await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
    assert.equal(page.url(), `${croft.url}/`);
    await page.context().close();
  }
});
