// How it looks and handles: from phone to wall screen, light and dark, by keyboard, and how heavy it is.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Node, spawnCroft, startCroft, until, within } from '../support/croft.mjs';
import { Browser, barriers, drawnPoints, onPage, patience, picture } from './browser.mjs';

let croft;
let browser;
let ada;
let nodes;
before(async () => {
  croft = await startCroft();
  browser = await Browser.start();
  ada = await croft.user('ada');
  nodes = spawnCroft(['simulate', '--user', 'ada', '--devices', '5', '--interval', '500ms', '--greenhouse', '--quiet'], { env: { CROFT_STATE_DIR: croft.stateDir } });
  const quiet = await ada.createDevice('A device with quite a long name that somebody thought would be a good idea');
  const node = await Node.connect(croft, quiet);
  await node.deliver({ temperature: -3.25, 'battery.voltage': 3.712, doorOpen: true, boot: 1, seq: 1 });
  await node.vanish();
  await ada.createDevice('Not set up yet');
  await until(async () => (await ada.get('/api/v1/devices')).devices.filter(({ values }) => 'temperature' in values).length >= 6, patience, 'the virtual nodes measure');
  // One has a timer that runs, one that is to come, and a trigger that fires.
  const lively = (await ada.get('/api/v1/devices')).devices.find(({ online }) => online).id;
  const timer = { device: lively, actuator: 'led', action: 'on', for: 3_600 };
  await ada.expect(201, 'POST', '/api/v1/command/timed', { body: timer });
  await ada.expect(201, 'POST', '/api/v1/command/timed', { body: { ...timer, for: 90, repeat: { days: ['mon', 'thu'], time: '06:30', tz: 'America/Argentina/Buenos_Aires' } } });
  await ada.expect(201, 'POST', '/api/v1/command/trigger', { body: { device: lively, measurement: 'temperature', above: -40 } });
  await until(async () => (await ada.get('/api/v1/command/alerts')).alerts.length > 0, patience, 'an alert');
});
after(async () => {
  nodes?.child.kill('SIGTERM');
  await within(nodes.exited, patience, 'croft simulate ends');
  await browser?.stop();
  await croft?.stop();
});

const sizes = { phone: [360, 740], tablet: [768, 1024], desk: [1280, 860], wall: [2560, 1300] };

for (const [size, [width, height]] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every page fits a ${size}, ${colorScheme}`, async () => {
      const page = await browser.visitAs(ada, '/', { viewport: { width, height }, colorScheme });
      const whole = { fullPage: size === 'phone' || size === 'tablet' };
      const check = async (name) => {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the screen`);
        await picture(page, `${name}-${size}-${colorScheme}`, whole);
        if (size === 'phone' || size === 'desk') assert.deepEqual(await barriers(page), [], `${name} can be used by everybody`);
      };
      await onPage(page, () => document.querySelectorAll('.device-card .number').length >= 15);
      await check('overview');
      const { devices } = await ada.get('/api/v1/devices');
      const lively = devices.find(({ online }) => online);
      await page.goto(`${croft.url}/devices/${lively.id}`);
      await until(async () => (await drawnPoints(page)).Temperature > 3, patience, 'the graph is drawn');
      await check('device');
      await page.locator('.open-alert').waitFor();
      await page.getByRole('button', { name: 'New timer' }).click();
      await page.getByText('Repeating', { exact: true }).click();
      await check('timer-form');
      await page.goto(`${croft.url}/devices/${lively.id}/triggers/new`);
      await page.getByLabel('Threshold').fill('15');
      await page.getByText('Against false alarms').click();
      await page.getByLabel('Switch something').check();
      await page.getByRole('button', { name: 'Try it' }).click();
      await page.locator('.preview-result p').first().waitFor();
      await check('trigger');
      await page.goto(`${croft.url}/alerts`);
      await page.locator('.alert-row').first().waitFor();
      await check('alerts');
      await page.goto(`${croft.url}/devices/${devices.find(({ values }) => 'doorOpen' in values).id}`);
      await onPage(page, () => document.querySelectorAll('.plot .main-svg').length >= 3);
      await check('device-away');
      await page.goto(`${croft.url}/devices/${devices.find(({ lastSeen }) => !lastSeen).id}`);
      await page.getByRole('heading', { name: 'No readings yet' }).waitFor();
      await check('device-new');
      await page.getByRole('link', { name: 'Settings', exact: true }).click();
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      await check('settings');
      await page.goto(`${croft.url}/devices/new`);
      await page.getByRole('heading', { name: 'Add a device' }).waitFor();
      await check('add-device');
      await page.goto(`${croft.url}/account`);
      await page.locator('.sessions li').first().waitFor();
      await check('account');
      await page.context().close();
    });
  }
}

test('the first page weighs less than 600 kB and stands within a second', async () => {
  const page = await browser.visitAs(ada, '/');
  const fresh = await page.context().browser().newContext({ storageState: await page.context().storageState() });
  const first = await fresh.newPage();
  let bytes = 0;
  const wire = await fresh.newCDPSession(first);
  await wire.send('Network.enable');
  wire.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  const started = Date.now();
  await first.goto(croft.url);
  await first.locator('.device-card .number').first().waitFor();
  const took = Date.now() - started;
  const overview = bytes;
  await first.locator('.device-card h2 a').first().click();
  await onPage(first, () => document.querySelectorAll('.plot .main-svg').length >= 2);
  console.log(`overview ${(overview / 1000).toFixed(0)} kB in ${took} ms; with the first graph ${(bytes / 1000).toFixed(0)} kB`);
  assert.ok(bytes < 600_000, `${bytes} bytes`);
  assert.ok(took < 3_000, `${took} ms`); // a second on a machine that does nothing else
  await fresh.close();
  await page.context().close();
});

test('nothing jumps while the page fills and the values change', async () => {
  const page = await browser.visitAs(ada, '/login'); // logged in: leads to the overview
  await page.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach(({ value, hadRecentInput, sources }) => {
      if (!hadRecentInput) window.shifts.push([value, sources?.map(({ node }) => node?.className ?? node?.nodeName).join()]);
    })).observe({ type: 'layout-shift', buffered: true });
  });
  const { devices } = await ada.get('/api/v1/devices');
  for (const path of ['/', `/devices/${devices.find(({ online }) => online).id}`]) {
    await page.goto(croft.url + path);
    await page.locator('.number').first().waitFor();
    await page.waitForTimeout(3_000);
    const shifts = await page.evaluate(() => window.shifts);
    const sum = shifts.reduce((total, [value]) => total + value, 0);
    assert.ok(sum < 0.1, `${path} shifts by ${sum}: ${JSON.stringify(shifts)}`); // what the field calls good
  }
  await page.context().close();
});

test('everything is reached and used by keyboard alone', async () => {
  const page = await browser.visitAs(ada, '/');
  await page.locator('.device-card').first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.getAttribute('placeholder'));
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to the content');
  const seen = [];
  for (let i = 0; i < 9; i += 1) {
    await page.keyboard.press('Tab');
    seen.push(await focused());
    const outlined = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const after = getComputedStyle(document.activeElement, '::after');
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || after.outlineStyle !== 'none';
    });
    assert.ok(outlined, `the focus on «${seen.at(-1)}» can be seen`);
  }
  for (const name of ['Croft', 'Log out', 'Add a device', 'Find a device']) assert.ok(seen.includes(name), `${name} is among ${seen}`);
  assert.ok(seen.some((name) => name.startsWith('Alerts')), `Alerts is among ${seen}`);

  await page.getByRole('link', { name: 'Add a device' }).focus();
  await page.keyboard.press('Enter');
  await onPage(page, () => document.activeElement.getAttribute('name') === 'name');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'By keyboard is ready to connect' }).waitFor();
  await page.getByRole('link', { name: 'Set it up later' }).focus();
  await page.keyboard.press('Enter');
  await onPage(page, () => document.activeElement.tagName === 'H1'); // a new page begins at its heading
  await page.context().close();
});

test('every control has a name, every page one heading and a title of its own', async () => {
  const page = await browser.visitAs(ada, '/');
  await page.locator('.device-card').first().waitFor();
  const { devices } = await ada.get('/api/v1/devices');
  const titles = new Set();
  for (const path of ['/', `/devices/${devices[0].id}`, `/devices/${devices[0].id}/settings`, `/devices/${devices[0].id}/triggers/new`, '/devices/new', '/alerts', '/nowhere']) {
    await page.goto(croft.url + path);
    await page.locator('h1').waitFor();
    await onPage(page, () => document.title !== 'Croft');
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, a, input, select')]
      .filter((one) => !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim()))
      .map((one) => one.outerHTML));
    assert.deepEqual(nameless, []);
    assert.equal(await page.locator('h1').count(), 1);
    assert.equal(await page.evaluate(() => document.querySelectorAll('[id]').length - new Set([...document.querySelectorAll('[id]')].map(({ id }) => id)).size), 0, 'ids are unique');
    titles.add(await page.title());
  }
  assert.equal(titles.size, 7, [...titles].join(', '));
  await page.context().close();
});

test('a device that has been watched for a while shows its story', async () => {
  const { devices } = await ada.get('/api/v1/devices');
  const lively = devices.find(({ online }) => online);
  const page = await browser.visitAs(ada, `/devices/${lively.id}`, { viewport: { width: 1440, height: 880 } });
  await page.getByRole('group', { name: 'LED' }).getByRole('button', { name: 'Switch LED On' }).click();
  await page.locator('.history').getByText(/^Done, /).first().waitFor();
  const drawn = await until(async () => {
    const now = await drawnPoints(page);
    return now.Temperature >= 40 && now.Humidity >= 40 && now; // the third may be out of sight, and is not drawn then
  }, 4 * patience, 'each graph draws 40 points');
  assert.equal(Object.keys(drawn).length, 3);
  await picture(page, 'story-device');
  await page.locator('.brand').click();
  await page.locator('.device-card .number').first().waitFor();
  await page.waitForTimeout(700);
  await picture(page, 'story-overview');
  await page.context().close();
});
