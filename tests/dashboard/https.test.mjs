// The dashboard over HTTPS, through the gateway, with a certificate of Croft's own authority: trusted by whoever trusts that, and by nobody else.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { croftCommand, Node, sleep, startCroft, temporaryDirectory, until } from '../support/croft.mjs';
import { startGateway } from '../support/gateway.mjs';
import { Browser, drawnPoints, logIn, onPage, patience, picture } from './browser.mjs';

const stateDir = temporaryDirectory();
let croft;
let gateway;
let ada;
let url;

/** A home directory whose Chromium trusts the authority, as `croft tls show` says. */
function trustingHome(ca) {
  const home = temporaryDirectory();
  const database = `sql:${join(home, '.pki/nssdb')}`;
  mkdirSync(join(home, '.pki/nssdb'), { recursive: true });
  execFileSync('certutil', ['-d', database, '-N', '--empty-password']);
  execFileSync('certutil', ['-d', database, '-A', '-t', 'C,,', '-n', 'Croft', '-i', ca]);
  return home;
}

/** A browser that ends with its test, however that ends. */
async function open(t, home) {
  const browser = await Browser.start({ home });
  t.after(() => browser.chromium.close());
  return browser;
}

before(async () => {
  const made = croftCommand(['tls', 'init', '--state-dir', stateDir]);
  assert.equal(made.code, 0, made.stderr);
  croft = await startCroft({ stateDir, config: '[http]\ntrusted_proxies = ["127.0.0.1"]\n' });
  const file = (name) => join(stateDir, 'tls', name);
  gateway = await startGateway({ auth: new URL(croft.url).port, tls: { certificate: file('gateway.pem'), key: file('gateway.key') } });
  ada = await croft.user();
  url = gateway.httpsUrl;
});
after(async () => {
  await gateway?.stop();
  await croft?.stop();
});

test('a browser that trusts the authority logs in over HTTPS, with a Secure cookie, and its graphs live over wss', async (t) => {
  const browser = await open(t, trustingHome(join(stateDir, 'tls/ca.pem')));
  const device = await ada.createDevice('Tomatoes');
  const node = await Node.connect(croft, device);
  const page = await browser.visit(`${url}/login`);
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));
  await logIn(page, ada.user.username, ada.password);
  await page.locator('.top').waitFor();
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, cookie.sameSite], ['__Host-croft_session', true, true, 'Strict']);
  assert.equal(await page.evaluate(() => window.isSecureContext && performance.getEntriesByType('navigation')[0].nextHopProtocol), 'h2');

  await node.deliver({ temperature: 20, boot: 1, seq: 1 });
  await page.goto(`${url}/devices/${device.id}`);
  await onPage(page, () => document.querySelector('.chart .plot')?.data);
  await page.locator('.top').getByText('Live', { exact: true }).waitFor();
  const first = (await drawnPoints(page)).Temperature;
  for (let seq = 2; seq <= 5; ++seq) {
    await node.deliver({ temperature: 20 + seq, boot: 1, seq });
    await sleep(700); // the graph has points of half a second
  }
  await until(async () => (await drawnPoints(page)).Temperature >= first + 3, patience, 'the graph grows while it is watched');
  assert.ok(sockets.length > 0 && sockets.every((socket) => socket.startsWith('wss://')), `${sockets}`);
  await picture(page, 'https');
  await browser.stop();
});

test('whoever comes by plain HTTP is led to HTTPS', async (t) => {
  const browser = await open(t, trustingHome(join(stateDir, 'tls/ca.pem')));
  const page = await (await browser.chromium.newContext()).newPage();
  await page.goto(gateway.url);
  assert.ok(page.url().startsWith(url), page.url());
  await browser.stop();
});

test('a browser that does not trust the authority refuses the page', async (t) => {
  const browser = await open(t, temporaryDirectory());
  await assert.rejects(browser.visit(url), /ERR_CERT_AUTHORITY_INVALID/);
  await browser.stop();
});

test('a browser that trusts the authority refuses it for a name it does not hold', async (t) => {
  const browser = await open(t, trustingHome(join(stateDir, 'tls/ca.pem')));
  await assert.rejects(browser.visit(url.replace('127.0.0.1', 'bank.localhost')), /ERR_CERT_COMMON_NAME_INVALID/);
  await browser.stop();
});
