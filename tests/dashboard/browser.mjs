// A real Chromium for the dashboard's tests, which notes every breach: of the security policy, of the origin, of the script.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { slowness } from '../support/croft.mjs';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** Every wait of a test, longer where programs are slower. */
export const patience = 15_000 * slowness;

export class Browser {
  /** `home` is a home directory of its own, for what Chromium reads there: certificates to trust. */
  static async start({ home } = {}) {
    const executablePath = process.env.CROFT_CHROMIUM ?? '/usr/bin/chromium';
    const env = home ? { ...process.env, HOME: home } : process.env;
    return new Browser(await chromium.launch({ executablePath, args: flags, headless: true, env }));
  }

  constructor(chromium) {
    this.chromium = chromium;
    this.breaches = [];
  }

  /** A fresh visitor with cookies of their own. `settings` as Playwright's newContext takes them. */
  async visit(url, settings = {}) {
    const context = await this.chromium.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB', timezoneId: 'Europe/Paris', ...settings });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.context().setDefaultNavigationTimeout(patience);
    await this.#watch(page, new URL(url));
    await page.goto(url);
    return page;
  }

  /** A visitor who is already logged in as `client`'s user (tests/support/client.mjs), at `path`. */
  async visitAs(client, path = '/', { url = client.url, ...settings } = {}) {
    const page = await this.visit(new URL('/login', url).href, settings);
    await logIn(page, client.user.username, client.password);
    await page.locator('.top').waitFor();
    await page.goto(new URL(path, url).href);
    return page;
  }

  async #watch(page, { origin, host }) {
    const breach = (kind, what) => this.breaches.push(`${kind}: ${what}`);
    const ours = (address) => address.startsWith(`${origin}/`) || /^(data|blob|about):/.test(address);
    page.on('pageerror', (error) => breach('error in the page', error.stack));
    page.on('dialog', (dialog) => breach('a script ran', dialog.message()).then(() => dialog.dismiss()));
    page.on('request', (request) => ours(request.url()) || breach('a request left the origin', request.url()));
    page.on('websocket', (socket) => new URL(socket.url()).host === host || breach('a WebSocket left the origin', socket.url()));
    await page.exposeFunction('croftBreach', (text) => breach('security policy', text));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.croftBreach(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
  }

  /** Ends, and fails when any page did what it must not. */
  async stop() {
    await this.chromium.close();
    assert.deepEqual(this.breaches, []);
  }
}

export async function logIn(page, username, password) {
  await page.getByLabel('Username or e-mail').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Writes a picture into the folder that CROFT_SCREENSHOTS names; without it, nothing. */
export async function picture(page, name, options = {}) {
  const folder = process.env.CROFT_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), ...options });
}

/** What axe finds serious or critical on this page: "rule: first element that breaks it". */
export async function barriers(page) {
  // By the debugger's way in, so that the page's own security policy is not in the way.
  const source = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary?.slice(0, 300)}`);
}

/** Waits for a condition on the page's own text or state; the argument is handed to the page. */
export const onPage = (page, condition, argument) => page.waitForFunction(condition, argument, { timeout: patience });

/** The points that each graph draws now: {name: count}. */
export const drawnPoints = (page) => page.evaluate(() => Object.fromEntries(
  [...document.querySelectorAll('.chart')].map((chart) => [
    chart.getAttribute('aria-label'),
    chart.querySelector('.plot').data?.[1].y.filter((value) => value !== null).length ?? 0,
  ]),
));

/** A wire between browser and server that can be cut, so that only the connection breaks and not the server. */
export async function cuttableWire(port) {
  const sockets = new Set();
  let cut = false;
  const wire = createServer((near) => {
    if (cut) return near.destroy();
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => { sockets.delete(from); to.destroy(); });
      from.pipe(to);
    }
    return undefined;
  });
  await new Promise((resolve) => wire.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${wire.address().port}`,
    cut() {
      cut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => (cut = false),
    close() {
      wire.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
