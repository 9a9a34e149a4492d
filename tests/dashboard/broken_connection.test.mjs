// When the connection or the server goes: the page says since when it is stale, comes back by itself, and has missed nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, sleep, startCroft, until } from '../support/croft.mjs';
import { Browser, cuttableWire, drawnPoints, logIn, patience, picture } from './browser.mjs';

let croft;
let browser;
let ada;
before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
  ada = await croft.user();
});
after(async () => {
  await browser?.stop();
  await croft?.stop();
});

const stale = (page) => page.getByText(/^Stale since \d\d:\d\d\.$/);
const live = (page) => page.locator('.top').getByText('Live', { exact: true });
const drawn = (page, atLeast) => until(async () => (await drawnPoints(page)).Temperature >= atLeast, patience, `the graph draws ${atLeast} points`);

async function sendSlowly(node, boot, first, count) {
  for (let seq = first; seq < first + count; seq += 1) {
    await node.deliver({ temperature: 20 + seq, boot, seq });
    await sleep(700);
  }
}

test('after a cut the page says since when, comes back alone, and loads what it missed', async () => {
  const wire = await cuttableWire(Number(new URL(croft.url).port));
  const device = await ada.createDevice('Behind a wire');
  const node = await Node.connect(croft, device);
  await sendSlowly(node, 1, 1, 2);
  const page = await browser.visitAs(ada, `/devices/${device.id}`, { url: wire.url });
  await drawn(page, 2);
  await live(page).waitFor();

  wire.cut();
  await stale(page).waitFor();
  await picture(page, 'stale');
  await sendSlowly(node, 1, 3, 3); // the page cannot know of these
  assert.equal((await drawnPoints(page)).Temperature, 2);
  await page.getByRole('group', { name: 'LED' }).getByRole('button', { name: 'Switch LED On' }).click();
  await page.getByText(/^Not sent\. Croft does not answer/).waitFor();

  wire.mend();
  await page.getByText('Live again. What was missed has been loaded.').waitFor();
  await drawn(page, 5);
  await live(page).waitFor();
  await stale(page).waitFor({ state: 'detached' });
  await node.deliver({ temperature: 26, boot: 1, seq: 6 });
  await page.locator('.chart-value').getByText('26.0').waitFor(); // and it is live again
  await node.stop();
  await page.context().close();
  wire.close();
});

test('a server that dies and comes back finds the open page waiting', async () => {
  const device = await ada.createDevice('Through a crash');
  const node = await Node.connect(croft, device);
  await sendSlowly(node, 1, 1, 2);
  await node.stop();
  const page = await browser.visitAs(ada, `/devices/${device.id}?range=1h`);
  await drawn(page, 1);

  await croft.kill();
  await stale(page).waitFor();
  await page.getByRole('button', { name: 'Reconnect now' }).click(); // in vain, and harmless
  await stale(page).waitFor();
  await croft.start();

  // Sessions that live in the server's memory end with it; then the page asks for the password and returns to its place.
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const me = await fetch(`${croft.url}/api/v1/auth/me`, { headers: { cookie } });
  if (me.status === 401) {
    await page.getByText('Your session has ended.').waitFor();
    await picture(page, 'session-ended');
    await logIn(page, ada.user.username, ada.password);
  }
  await live(page).waitFor();
  await drawn(page, 1);
  assert.equal(new URL(page.url()).pathname, `/devices/${device.id}`);
  assert.equal(new URL(page.url()).searchParams.get('range'), '1h');
  const again = await Node.connect(croft, device);
  await again.deliver({ temperature: 29, boot: 2, seq: 1 });
  await page.locator('.chart-value').getByText('29.0').waitFor();
  await again.stop();
  await page.context().close();
});

test('a page opened while the server is away waits for it', async () => {
  const wire = await cuttableWire(Number(new URL(croft.url).port));
  const page = await browser.visit(`${wire.url}/login`);
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  wire.cut();
  await logIn(page, 'somebody', 'some password');
  await page.getByText('Croft does not answer. Check that it is running').waitFor();
  wire.mend();
  await logIn(page, 'somebody', 'some password');
  await page.getByText('do not match').waitFor();
  await page.context().close();
  wire.close();
});
