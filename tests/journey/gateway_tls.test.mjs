// The gateway with a certificate: what it speaks, what it says to whoever comes without, and how it takes up a new one.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connect2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import WebSocket from 'ws';
import { makeAuthority } from '../support/certificates.mjs';
import { Client, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';
import { startGateway } from '../support/gateway.mjs';

const authority = makeAuthority();
const ca = readFileSync(authority.ca);
const files = temporaryDirectory();
const tls = { certificate: join(files, 'gateway.pem'), key: join(files, 'gateway.key') };
const acme = join(files, 'acme');

function install({ certificate, key }) {
  copyFileSync(key, tls.key);
  copyFileSync(certificate, tls.certificate);
}

let croft;
let gateway;
before(async () => {
  croft = await startCroft({ config: '[http]\ntrusted_proxies = ["127.0.0.1"]\n' });
  install(authority.issue());
  chmodSync(files, 0o755);  // NGINX's workers read there as nobody
  mkdirSync(join(acme, '.well-known/acme-challenge'), { recursive: true });
  writeFileSync(join(acme, '.well-known/acme-challenge/question'), 'answer');
  gateway = await startGateway({ auth: new URL(croft.url).port, tls, env: { CROFT_GATEWAY_ACME: acme } });
});
after(async () => {
  await gateway?.stop();
  await croft?.stop();
});

/** One HTTPS request that trusts only what `options.ca` says. */
function ask(path, { method = 'GET', headers = {}, body, ...options } = {}) {
  return within(new Promise((resolve, reject) => {
    const request = httpsRequest(gateway.httpsUrl + path, { ca, method, headers, ...options }, (response) => {
      let text = '';
      response.on('data', (data) => (text += data));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  }), 5_000, path);
}

/** What the handshake comes to: {protocol, cipher, certificate}, or it throws. */
function handshake(options) {
  return within(new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: gateway.httpsPort, ca, servername: 'localhost', ...options }, () => {
      resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().name, alpn: socket.alpnProtocol, certificate: socket.getPeerX509Certificate() });
      socket.destroy();
    });
    socket.on('error', reject);
  }), 5_000, 'a handshake');
}

test('only TLS 1.2 and 1.3 are spoken, with forward secrecy', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const met = await handshake({ minVersion: version, maxVersion: version });
    assert.equal(met.protocol, version);
    assert.match(met.cipher, /^ECDHE-|^TLS_/);
  }
  for (const version of ['TLSv1', 'TLSv1.1']) await assert.rejects(handshake({ minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }), /alert protocol version|unsupported protocol|handshake failure/);
  await assert.rejects(handshake({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES128-GCM-SHA256' }), /handshake failure/);
  await assert.rejects(ask('/livez', { ca: readFileSync(makeAuthority('Another').ca) }), /self.signed|unable to (verify|get)/);
});

test('HTTP/2 is offered, and many requests share a connection', async () => {
  assert.equal((await handshake({ ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'h2');
  const session = connect2(gateway.httpsUrl, { ca });
  const one = (path) => new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path });
    let status;
    let text = '';
    stream.on('response', (headers) => (status = headers[':status']));
    stream.on('data', (data) => (text += data));
    stream.on('end', () => resolve({ status, text }));
    stream.on('error', reject);
  });
  const answers = await within(Promise.all(Array.from({ length: 40 }, (_, n) => one(n % 2 ? '/' : '/api/v1/auth/me'))), 5_000, 'forty answers');
  assert.deepEqual(answers.map(({ status }) => status), answers.map((_, n) => (n % 2 ? 200 : 401)));
  assert.match(answers[1].text, /<title>Croft<\/title>/);
  session.close();
});

test('the plain port sends everybody on, and answers Let\'s Encrypt', async () => {
  const sent = await fetch(`${gateway.url}/devices/x?y=1`, { redirect: 'manual' });
  assert.equal(sent.status, 308);
  assert.equal(sent.headers.get('location'), `https://127.0.0.1:${gateway.httpsPort}/devices/x?y=1`);
  assert.equal(sent.headers.get('strict-transport-security'), null, 'a plain answer cannot be believed');
  assert.equal(await (await fetch(`${gateway.url}/.well-known/acme-challenge/question`)).text(), 'answer');
  assert.equal((await fetch(`${gateway.url}/.well-known/acme-challenge/other`)).status, 404);
  assert.equal((await fetch(`${gateway.url}/livez`)).status, 200);
});

test('browsers are told to stay with TLS, but not for localhost', async () => {
  for (const path of ['/', '/api/v1/auth/me', '/metrics', '/livez']) {
    assert.equal((await ask(path)).headers['strict-transport-security'], 'max-age=31536000', path);
    assert.equal((await ask(path, { headers: { host: `localhost:${gateway.httpsPort}` } })).headers['strict-transport-security'], undefined, path);
  }
  const page = await ask('/');
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  for (const [name, value] of Object.entries(page.headers)) assert.doesNotMatch(String(value), /^(.+), \1$/, `${name} is there once`);
});

test('the session cookie is Secure, and opens the live view over wss', async () => {
  const ada = await new Client(croft.url).signup();
  const login = await ask('/api/v1/auth/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: ada.user.username, password: ada.password }) });
  assert.equal(login.status, 200, login.text);
  const [cookie] = login.headers['set-cookie'];
  assert.match(cookie, /^__Host-croft_session=/);
  assert.match(cookie, /; Secure/);
  const session = cookie.split(';')[0];
  assert.equal((await ask('/api/v1/auth/me', { headers: { cookie: session } })).status, 200);
  const open = (origin) => within(new Promise((resolve, reject) => {
    const socket = new WebSocket(`${gateway.httpsUrl.replace('https', 'wss')}/graph/ws`, { ca, headers: { cookie: session, origin } });
    socket.on('open', () => resolve(socket.terminate()));
    socket.on('unexpected-response', (_, response) => reject(new Error(`answered ${response.statusCode}`)));
    socket.on('error', reject);
  }), 5_000, 'a WebSocket');
  await open(gateway.httpsUrl);
  await assert.rejects(open(gateway.url), /answered 403/);
});

test('a new certificate is taken up within moments, a broken one is not, and nobody is cut off by it', async () => {
  const before = (await handshake()).certificate.fingerprint256;
  const session = connect2(gateway.httpsUrl, { ca });
  const alive = () => new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/livez' });
    stream.on('response', (headers) => resolve(headers[':status']));
    stream.on('error', reject);
    stream.resume();
  });
  assert.equal(await alive(), 200);
  writeFileSync(tls.certificate, 'not a certificate');
  await until(() => gateway.logs().includes('cannot be used; going on with the old one'), 5_000, 'the gateway says so');
  assert.equal((await handshake()).certificate.fingerprint256, before);

  const next = authority.issue();
  install(next);
  const wanted = new X509Certificate(readFileSync(next.certificate)).fingerprint256;
  await until(async () => (await handshake()).certificate.fingerprint256 === wanted, 6_000, 'the new certificate is shown');
  session.close();
});
