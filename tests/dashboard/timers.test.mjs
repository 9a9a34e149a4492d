// Timers on a device's page: counting down, ending early, starting later, repeating, each against the real server and node.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, obey, startCroft, until } from '../support/croft.mjs';
import { Browser, onPage, patience, picture } from './browser.mjs';

let croft;
let browser;
let ada;
let device;
let node;
let page;
before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
  ada = await croft.user('ada');
  device = await ada.createDevice('Bed 2');
  node = await Node.connect(croft, device, { answer: endsItself });
  await node.publish('state', { led: 'off' }, { retain: true });
  await node.deliver({ temperature: 21, boot: 1, seq: 1 });
  page = await browser.visitAs(ada, `/devices/${device.id}`);
});
after(async () => {
  await node?.stop();
  await browser?.stop();
  await croft?.stop();
});

/** A node as the firmware is: with `for` it goes back by itself. */
function endsItself(command) {
  clearTimeout(node.timer);
  if (command.for) {
    const back = command.action === 'on' ? 'off' : 'on';
    node.timer = setTimeout(() => node.publish('state', { [command.actuator]: back }, { retain: true }).catch(() => {}), command.for * 1_000);
  }
  return obey(command);
}

const controls = () => page.locator('.controls');
const switchShows = (state) => onPage(page, (label) => document.querySelector(`.controls [aria-label="${label}"]`)?.getAttribute('aria-pressed') === 'true', `Switch LED ${state}`);
const rows = () => page.locator('.timers .row');
const open = async () => (await ada.get('/api/v1/command/timed')).timed.filter(({ state }) => state === 'scheduled' || state === 'running');

test('a switch that is on for a time counts down, and the node ends it', async () => {
  await page.getByRole('button', { name: 'Other… (LED)' }).click();
  await page.getByRole('spinbutton', { name: 'Duration: number' }).fill('6');
  await page.getByRole('combobox', { name: 'Duration: unit' }).selectOption('seconds');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await controls().getByText(/^On for another 0:0[1-6]$/).waitFor();
  await switchShows('On');
  await switchShows('Off');
  await controls().locator('.running').waitFor({ state: 'detached' });
  await page.locator('.history').getByText(/LED on\s+for 6.s/).waitFor();
  await page.locator('.history').getByText('by a timer').first().waitFor();
});

test('one tap starts a timer, a reload finds it still counting, and it can be ended', async () => {
  await page.getByRole('button', { name: /^LED on for 10.min$/ }).click();
  await controls().getByText(/^On for another (10:00|9:5\d)$/).waitFor();
  await switchShows('On');
  await page.reload();
  await controls().getByText(/^On for another 9:\d\d$/).waitFor();
  await picture(page, 'timer-running');
  await page.getByRole('button', { name: 'End now' }).click();
  await switchShows('Off');
  await controls().locator('.running').waitFor({ state: 'detached' });
  assert.equal(node.commands.at(-1).action, 'off');
  assert.deepEqual(await open(), []);
});

test('a duration that is none is named, by the page and by the server', async () => {
  await page.getByRole('button', { name: 'New timer' }).click();
  const number = page.getByRole('spinbutton', { name: 'Duration: number' });
  await number.fill('');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('Please fill this in.').waitFor();
  await number.fill('0');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.locator('#error-for').getByText(/^Must be whole seconds/).waitFor();
  assert.equal(await number.getAttribute('aria-invalid'), 'true');
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  assert.deepEqual(await open(), []);
});

test('a later start stands in the list with its time, and can be cancelled', async () => {
  await page.getByRole('button', { name: 'New timer' }).click();
  await page.getByText('Later', { exact: true }).click();
  const [start, words] = await page.evaluate(() => {
    const time = new Date(Date.now() + 2 * 86_400_000);
    time.setHours(6, 30, 0, 0);
    const two = (n) => String(n).padStart(2, '0');
    return [`${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T06:30`, time.toLocaleDateString('en-GB', { weekday: 'long' })];
  });
  await page.getByLabel('Starts at').fill(start);
  await page.getByRole('button', { name: 'Save timer' }).click();
  await rows().getByText(`Starts ${words} 06:30`).waitFor();
  assert.equal(new Date((await open())[0].next).toISOString(), (await page.evaluate((text) => new Date(text).toISOString(), start)));
  await rows().getByRole('button', { name: /^Cancel: LED on for 10.min$/ }).click();
  await page.getByText('Nothing is scheduled.').waitFor();
  assert.deepEqual(await open(), []);
});

test('a repeating timer is meant in the user’s zone, which the page offers to set', async () => {
  await page.getByRole('button', { name: 'New timer' }).click();
  await page.getByText('Repeating', { exact: true }).click();
  await page.getByText('Times of day are in the zone UTC.').waitFor();
  await page.getByRole('button', { name: 'Use Europe/Paris' }).click();
  await page.getByText('Times of day are in the zone Europe/Paris.').waitFor();
  assert.equal((await ada.get('/api/v1/auth/me')).timezone, 'Europe/Paris');
  for (const day of ['Saturday', 'Sunday']) await page.getByRole('checkbox', { name: day }).uncheck({ force: true });
  await page.getByLabel('Time of day').fill('06:15');
  await picture(page, 'timer-form', { fullPage: true });
  await page.getByRole('button', { name: 'Save timer' }).click();
  await rows().getByText('Mon to Fri at 06:15').waitFor();
  await rows().getByText(/^Next: .*06:15$/).waitFor(); // the browser is in Paris too
  const [timed] = await open();
  assert.deepEqual(timed.repeat, { days: ['mon', 'tue', 'wed', 'thu', 'fri'], time: '06:15', tz: 'Europe/Paris' });
});

test('a repeating timer can be paused, resumed and removed, and other pages see it', async () => {
  const other = await browser.visitAs(ada, `/devices/${device.id}`, { viewport: { width: 360, height: 740 } });
  await other.locator('.timers .row').waitFor();
  await rows().getByRole('button', { name: /^Pause: / }).click();
  await rows().getByText('Paused.').waitFor();
  await other.locator('.timers').getByText('Paused.').waitFor();
  assert.equal((await open())[0].next, null);
  await rows().getByRole('button', { name: /^Resume: / }).click();
  await other.locator('.timers').getByText(/^Next: /).waitFor();
  await rows().getByRole('button', { name: /^Remove: / }).click();
  await page.getByText('Nothing is scheduled.').waitFor();
  await other.getByText('Nothing is scheduled.').waitFor();
  await other.context().close();
});

test('a timer made by a program appears on the open page, and starts there', async () => {
  const at = new Date(Date.now() + 3_000).toISOString();
  await ada.expect(201, 'POST', '/api/v1/command/timed', { body: { device: device.id, actuator: 'led', action: 'on', for: 60, at } });
  await rows().getByText(/^Starts today /).waitFor();
  await controls().getByText(/^On for another (1:00|0:5\d)$/).waitFor();
  await until(async () => (await open())[0]?.state === 'running', patience, 'the timer runs');
  await page.getByRole('button', { name: 'End now' }).click();
  await switchShows('Off');
});
