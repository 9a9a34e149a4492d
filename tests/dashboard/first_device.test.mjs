// A newcomer's road: sign up, add a device, see its first reading, its live graph, and switch its LED.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, Node, sleep, startCroft, until } from '../support/croft.mjs';
import { Browser, drawnPoints, logIn, onPage, patience, picture } from './browser.mjs';

const shell = promisify(execFile);
let croft;
let browser;
let page;
let device;
let node;
let boot = 1;

before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
});
after(async () => {
  await node?.stop();
  await browser?.stop();
  await croft?.stop();
});

test('a visitor without a session is shown the door, whatever the address', async () => {
  // High enough for three graphs: what is out of sight is not drawn.
  page = await browser.visit(`${croft.url}/devices/abc?range=1h`, { viewport: { width: 1280, height: 1400 } });
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('next'), '/devices/abc?range=1h');
  await picture(page, 'log-in');
  await logIn(page, 'nobody', 'wrong password');
  await page.getByText('do not match').waitFor();
});

test('signing up says at each field what is wrong with it', async () => {
  await page.goto(`${croft.url}/signup`);
  await page.getByRole('button', { name: 'Create account' }).click();
  assert.equal(await page.getByText('Please fill this in.').count(), 3);
  assert.equal(await page.evaluate(() => document.activeElement.name), 'username', 'the first wrong field has the focus');
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Create account' }).click();
  await onPage(page, () => document.querySelector('[name=password]')?.getAttribute('aria-invalid') === 'true');
  const message = await page.locator('#error-password').textContent();
  assert.match(message, /8|short|characters/i);
  await picture(page, 'sign-up-errors');
});

test('signing up leads to an empty overview that says what to do', async () => {
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
  await page.getByText('croft simulate --devices 3 --user ada').waitFor();
  await picture(page, 'overview-empty');
});

test('a new device shows its secret once, with a line that really sends a reading', async () => {
  await page.getByRole('link', { name: 'Add a device' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Bed 2');
  await page.getByRole('button', { name: 'Create device' }).click();
  await page.getByRole('heading', { name: 'Waiting for the first reading…' }).waitFor();
  await picture(page, 'add-device-waiting', { fullPage: true });

  const line = await page.getByText(/^mosquitto_pub /).textContent();
  const copied = (label) => page.getByLabel(label, { exact: true }).textContent();
  device = { id: await copied('Device id (MQTT username)'), secret: await copied('Secret (MQTT password)') };
  assert.ok(device.secret.length >= 20);
  assert.equal(await copied('Broker'), `127.0.0.1:${croft.mqttPort}`);
  await shell('sh', ['-c', line]);
  await page.getByRole('heading', { name: 'The first reading has arrived' }).waitFor();
  await page.getByText(/Temperature 23\.5.°C, Humidity 41.%/).waitFor();
  await picture(page, 'add-device-arrived', { fullPage: true });
});

test('the secret is nowhere to be seen afterwards', async () => {
  await page.getByRole('link', { name: 'Open the device' }).click();
  await page.getByRole('heading', { name: 'Bed 2' }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  assert.ok(!(await page.content()).includes(device.secret));
});

test('its graphs move while one looks', async () => {
  node = await Node.connect(croft, device);
  await page.getByRole('link', { name: 'Bed 2' }).click();
  await page.locator('.status.is-online').waitFor();
  await onPage(page, () => [...document.querySelectorAll('.plot')].filter((plot) => plot.data).length === 2);
  const first = await drawnPoints(page);
  for (let seq = 1; seq <= 6; seq += 1) {
    await node.deliver({ temperature: 20 + seq / 2, humidity: 50 - seq, soilMoisture: 500 + seq, boot, seq });
    await sleep(700); // the 15 minutes are drawn in points of half a second
  }
  await page.getByRole('heading', { name: 'Soil moisture' }).waitFor(); // a graph that appeared with its first value
  const grown = await until(async () => {
    const now = await drawnPoints(page);
    return now.Temperature >= first.Temperature + 5 && now['Soil moisture'] >= 5 && now;
  }, patience, 'the graphs draw what arrived');
  assert.deepEqual(Object.keys(grown).sort(), ['Humidity', 'Soil moisture', 'Temperature']);
  assert.match(await page.getByRole('region', { name: 'Temperature' }).locator('.chart-value').textContent(), /23\.0\s*°C/);
  await picture(page, 'device', { fullPage: true });
});

test('what the live graph drew is what the history says after a reload', async () => {
  const before = await drawnPoints(page);
  await page.reload();
  await until(async () => (await drawnPoints(page)).Temperature > 0, patience, 'the graph is drawn again');
  const after = await drawnPoints(page);
  for (const name of Object.keys(before)) assert.ok(Math.abs(after[name] - before[name]) <= 1, `${name}: ${before[name]}, then ${after[name]}`);
  const label = await page.getByRole('region', { name: 'Temperature' }).locator('.plot').getAttribute('aria-label');
  assert.match(label, /Temperature, the last 15 minutes: lowest 20\.5.°C, highest 23\.5.°C/);
});

test('the time axis reads as the clock of the person in front of it', async () => {
  const labels = await page.locator('.plot').first().locator('.xtick text').allTextContents();
  const seconds = labels.map((label) => label.split(':').reduce((sum, part, i) => sum + part * [3_600, 60, 1][i], 0));
  const now = await page.evaluate(() => new Date().getHours() * 3_600 + new Date().getMinutes() * 60 + new Date().getSeconds());
  const behind = seconds.map((second) => (now - second + 86_400) % 86_400);
  assert.ok(behind.length >= 3 && behind.every((ago) => ago <= 960) && Math.min(...behind) <= 60, `${labels} at ${now}`);
});

test('each range is asked of the server and drawn', async () => {
  for (const [short, long, span] of [['1 h', 'the last hour', 3.6e6], ['24 h', 'the last 24 hours', 8.64e7], ['7 d', 'the last 7 days', 6.048e8], ['30 d', 'the last 30 days', 2.592e9], ['1 y', 'the last year', 3.1536e10]]) {
    const asked = page.waitForRequest((request) => request.url().includes('/data/series'));
    await page.getByRole('group', { name: 'Time range' }).getByText(short, { exact: true }).click();
    const query = new URL((await asked).url()).searchParams;
    const wide = Date.parse(query.get('to')) - Date.parse(query.get('from'));
    assert.ok(Math.abs(wide - span) <= 2_000, `${short}: asked for ${wide} ms`);
    await onPage(page, (text) => document.querySelector('.plot').getAttribute('aria-label').includes(text), long);
  }
  assert.equal(new URL(page.url()).searchParams.get('range'), '1y');
  await page.getByRole('group', { name: 'Time range' }).getByText('15 min', { exact: true }).click();
});

const led = () => page.locator('.controls').getByRole('group', { name: 'LED' });
const press = (state) => led().getByRole('button', { name: `Switch LED ${state}` }).click();
const said = (text) => page.locator('.controls').getByText(text).waitFor();

test('the LED is shown as switched only when the device has confirmed it', async () => {
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  node.answer = (command) => {
    held.then(() => {
      node.publish('state', { led: command.action }, { retain: true });
      node.publish('command/ack', { id: command.id, state: 'done', actuator: 'led', value: command.action });
    });
    return null;
  };
  await press('On');
  await said('Sent, not confirmed…');
  const on = led().getByRole('button', { name: 'Switch LED On' });
  assert.equal(await on.getAttribute('aria-pressed'), 'false', 'not yet');
  assert.equal(await on.getAttribute('aria-disabled'), 'true');
  await picture(page, 'led-waiting');
  letGo();
  await said(/Confirmed in/);
  await until(async () => (await on.getAttribute('aria-pressed')) === 'true', patience, 'the switch shows on');
  await page.locator('.history').getByText(/^Done/).waitFor();
  await page.locator('.history').getByText('by ada').waitFor();
  await picture(page, 'led-confirmed');
});

test('a refusal is shown with the device’s reason, and the switch stays as it is', async () => {
  node.answer = (command) => ({ id: command.id, state: 'refused', reason: 'locked by hand' });
  await press('Off');
  await said('The device refused: locked by hand');
  assert.equal(await led().getByRole('button', { name: 'Switch LED On' }).getAttribute('aria-pressed'), 'true');
  await picture(page, 'led-refused');
});

test('a command to a device that is away says until when it waits', async () => {
  await node.vanish();
  await page.locator('.device-head').getByText(/^Offline since \d\d:\d\d$/).waitFor();
  await press('Off');
  await said(/^Offline\. Waits for the device until \d\d:\d\d\.$/);
  await page.reload();
  await said(/^Offline\. Waits for the device until/); // still known after a reload
  await picture(page, 'led-offline');
});

test('a command that its device never answered is shown as expired', async () => {
  const hasty = await startCroft({ env: { CROFT_COMMAND_VALIDITY: '1s' } });
  const eve = await hasty.user();
  const mute = await eve.createDevice('Mute');
  const itsNode = await Node.connect(hasty, mute, { answer: () => null });
  const herPage = await browser.visitAs(eve, `/devices/${mute.id}`);
  await herPage.getByRole('button', { name: 'Switch LED On' }).click();
  await herPage.locator('.controls').getByText('Expired: the device did not answer in time').waitFor();
  await herPage.locator('.history').getByText('Expired', { exact: true }).waitFor();
  assert.equal(await herPage.getByRole('button', { name: 'Switch LED On' }).getAttribute('aria-disabled'), null, 'one may try again');
  await herPage.context().close();
  await itsNode.stop();
  await hasty.stop();
});

test('a renamed device has its new name everywhere', async () => {
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Cucumbers');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByRole('link', { name: 'Cucumbers' }).waitFor();
  await page.locator('.brand').click();
  await page.getByRole('heading', { name: 'Cucumbers' }).waitFor();
});

test('a replaced secret is shown once, and the old one is void', async () => {
  await page.getByRole('link', { name: 'Cucumbers' }).click();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Replace the secret…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.getByRole('button', { name: 'Replace the secret…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Replace it' }).click();
  const secret = await page.getByLabel('Secret (MQTT password)', { exact: true }).textContent();
  assert.notEqual(secret, device.secret);
  await picture(page, 'settings-new-secret', { fullPage: true });
  await assert.rejects(Node.connect(croft, device));
  node = await Node.connect(croft, { id: device.id, secret });
  boot += 1;
  await node.deliver({ temperature: 24, boot, seq: 1 });
});

test('a removed device is gone after a confirmation, and its address says so', async () => {
  const address = page.url();
  await page.getByRole('button', { name: 'Remove the device…' }).click();
  await page.getByRole('dialog').getByText('Remove Cucumbers?').waitFor();
  await picture(page, 'settings-remove');
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.getByRole('button', { name: 'Remove the device…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
  await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
  await page.goto(address);
  await page.getByRole('heading', { name: 'This device is not here' }).waitFor();
});

test('logging out ends the session, on the page and on the server', async () => {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await page.goto(`${croft.url}/devices/new`);
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await logIn(page, 'ada@example.org', 'correct horse battery');
  await page.getByRole('heading', { name: 'Add a device' }).waitFor(); // back where one wanted to go
  const session = (await page.context().cookies()).find(({ name }) => name.endsWith('croft_session'));
  assert.ok(session.httpOnly && session.sameSite === 'Strict');
  await new Client(croft.url, session.value).logout();
  await page.getByText('Your session has ended.').waitFor(); // ended elsewhere: the open page notices
});
