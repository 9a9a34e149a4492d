// TLS between nodes, services and the broker: with Croft's own authority, with other people's, and with what must be refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeAuthority } from '../support/certificates.mjs';
import { croftCommand, croftCommandAsync, mosquittoPub, mosquittoSub, spawnCroft, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';
import { freePort } from '../support/gateway.mjs';

const stateDir = temporaryDirectory();
const file = (name) => join(stateDir, 'tls', name);
const tls = (...words) => croftCommand(['tls', ...words, '--state-dir', stateDir]);
const ports = (directory = stateDir) => JSON.parse(readFileSync(join(directory, 'ports.json')));

let croft;
let ada;
let device;
before(async () => {
  const made = tls('init', '--name', 'croft.example.org');
  assert.equal(made.code, 0, made.stderr);
  croft = await startCroft({ stateDir, env: { CROFT_MQTT_TLS_LISTEN: '127.0.0.1:0' } });
  ada = await croft.user();
  device = await ada.createDevice();
});
after(() => croft?.stop());

/** What mosquitto_pub comes to as the device, over TLS, trusting `ca`. */
const publish = (ca, more = {}) => mosquittoPub({
  port: ports().mqtts, host: 'localhost', username: device.id, password: device.secret, ca,
  topic: `croft/v1/${device.id}/telemetry`, payload: '{"temperature":21.5}', ...more,
});

/** The certificate that a TLS server shows, whoever signed it. */
const shown = (port) => within(new Promise((resolve, reject) => {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
    resolve(socket.getPeerX509Certificate().fingerprint256);
    socket.destroy();
  });
  socket.on('error', reject);
}), 5_000, 'a handshake');

test('init makes what is needed, once, and keeps the keys to their owner', () => {
  for (const name of ['ca.key', 'gateway.key', 'broker.key']) assert.equal(statSync(file(name)).mode & 0o777, 0o600, name);
  const before = readFileSync(file('ca.pem'), 'utf8');
  const again = tls('init');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /already.*croft tls rotate/);
  assert.equal(readFileSync(file('ca.pem'), 'utf8'), before);
  const bad = croftCommand(['tls', 'init', '--state-dir', temporaryDirectory(), '--name', 'a,DNS:bank.example']);
  assert.match(bad.stderr, /neither a host name nor an address/);
});

test('openssl and node agree that the certificates are right', () => {
  for (const server of ['gateway', 'broker']) {
    assert.match(execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', file('ca.pem'), '-verify_hostname', 'croft.example.org', file(`${server}.pem`)], { encoding: 'utf8' }), /: OK/);
    const one = new X509Certificate(readFileSync(file(`${server}.pem`)));
    assert.ok(one.verify(new X509Certificate(readFileSync(file('ca.pem'))).publicKey));
    assert.ok(one.checkHost('localhost') && one.checkIP('127.0.0.1'));
    assert.ok((new Date(one.validTo) - new Date(one.validFrom)) / 86_400_000 <= 398, 'browsers refuse longer ones');
    assert.equal(one.publicKey.asymmetricKeyDetails.namedCurve, 'prime256v1');
  }
});

test('show tells days, fingerprints, and how to trust it everywhere', () => {
  const text = tls('show').stdout;
  assert.ok(text.includes(new X509Certificate(readFileSync(file('broker.pem'))).fingerprint256));
  assert.match(text, /395 days left/);
  for (const place of ['Debian', 'macOS', 'Windows', 'Android', 'iOS', 'Firefox', 'curl', 'mosquitto_pub', 'setTrustAnchors', 'PROGMEM']) assert.ok(text.includes(place), place);
  assert.ok(text.includes(readFileSync(file('ca.pem'), 'utf8')));
  assert.doesNotMatch(text, /PRIVATE KEY/);
  assert.match(croftCommand(['tls', 'show', '--state-dir', temporaryDirectory()]).stderr, /no authority.*croft tls init/);
});

test('a node publishes over TLS with the made authority, and with no other', async () => {
  const sent = await publish(file('ca.pem'));
  assert.equal(sent.code, 0, sent.output);
  await until(async () => (await ada.readings({ device: device.id })).length === 1, 5_000, 'the reading is stored');
  const stranger = await publish(makeAuthority().ca);
  assert.notEqual(stranger.code, 0);
  assert.match(stranger.output, /certificate verify failed|TLS error/);
  const elsewhere = await publish(file('ca.pem'), { host: '127.0.0.2' });
  assert.notEqual(elsewhere.code, 0, 'the name is checked');
  const guess = await publish(file('ca.pem'), { password: 'wrong' });
  assert.match(guess.output, /not authori[sz]ed/i);
});

test('the broker speaks TLS 1.2 and 1.3 and nothing older', () => {
  const speak = (...words) => spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${ports().mqtts}`, '-CAfile', file('ca.pem'), '-verify_return_error', ...words], { input: '', encoding: 'utf8' });
  for (const version of ['-tls1_2', '-tls1_3']) {
    const met = speak(version);
    assert.equal(met.status, 0, met.stderr);
    assert.match(met.stdout, /Verification: OK/);
  }
  assert.notEqual(speak('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0').status, 0);
  assert.notEqual(speak('-tls1_2', '-cipher', 'AES128-SHA:AES128-GCM-SHA256').status, 0, 'only with forward secrecy');
  assert.equal(speak('-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256', '-maxfraglen', '1024').status, 0, 'what an ESP8266 offers');
});

test('certificates rotate under the running broker, and nobody is cut off', async () => {
  const old = file('old-ca.pem');
  copyFileSync(file('ca.pem'), old);
  const heard = await mosquittoSub({ port: ports().mqtts, host: 'localhost', ca: old, username: device.id, password: device.secret, topics: [`croft/v1/${device.id}/command`] });
  const first = await shown(ports().mqtts);

  assert.equal(tls('rotate').code, 0);
  const renewed = new X509Certificate(readFileSync(file('broker.pem'))).fingerprint256;
  assert.notEqual(renewed, first);
  await until(async () => (await shown(ports().mqtts)) === renewed, 25_000, 'the broker shows the new certificate');

  const changed = tls('rotate', '--authority');
  assert.equal(changed.code, 0, changed.stderr);
  const next = new X509Certificate(readFileSync(file('broker.pem'))).fingerprint256;
  await until(async () => (await shown(ports().mqtts)) === next, 25_000, 'and that of the new authority');
  for (const ca of [old, file('ca.pem')]) {
    const sent = await publish(ca);
    assert.equal(sent.code, 0, `${ca}: ${sent.output}`);
  }
  assert.equal(tls('rotate', '--finish').code, 0);
  await until(async () => (await publish(old)).code !== 0, 25_000, 'the old authority is out');
  assert.equal((await publish(file('ca.pem'))).code, 0);

  await ada.command(device.id);
  await until(() => heard.messages.length === 1, 5_000, 'the connection of before has lived through it all');
});

test('virtual nodes come over TLS', async () => {
  const nodes = await croftCommandAsync(['simulate', '--devices', '3', '--interval', '200ms', '--duration', '4s', '--state-dir', stateDir, '--user', ada.user.username, '--mqtt-url', `mqtts://localhost:${ports().mqtts}`, '--ca-file', file('ca.pem')]);
  assert.equal(nodes.code, 0, nodes.stdout);
  const [, stored] = /(\d+) stored/.exec(nodes.stdout);
  assert.ok(Number(stored) >= 30, nodes.stdout);
});

/** `croft broker` with a certificate, and what a service says that wants in by mqtts://. */
async function apart(issued, host, caFile) {
  const port = await freePort();
  const directory = temporaryDirectory();
  const broker = spawnCroft(['broker'], { env: {
    CROFT_STATE_DIR: directory, CROFT_BROKER_PASSWORD: 'between services', CROFT_MQTT_LISTEN: `127.0.0.1:${await freePort()}`,
    CROFT_MQTT_TLS_LISTEN: `127.0.0.1:${port}`, CROFT_TLS_CERTIFICATE: issued.certificate, CROFT_TLS_KEY: issued.key,
  } });
  await until(() => shown(port), 5_000, `the broker listens\n${broker.logs()}`);
  const service = spawnCroft(['serve'], { env: {
    CROFT_STATE_DIR: join(directory, 'service'), CROFT_HTTP_LISTEN: '127.0.0.1:0', CROFT_LOG_FORMAT: 'json', CROFT_MQTT_URL: `mqtts://${host}:${port}`,
    CROFT_MQTT_CA_FILE: caFile, CROFT_MQTT_USERNAME: 'croft', CROFT_MQTT_PASSWORD: 'between services',
  } });
  return { service, broker, port, stop: () => [service, broker].forEach(({ child }) => child.kill('SIGTERM')) };
}

test('a service reaches the broker over TLS, and comes back to it', async () => {
  const authority = makeAuthority();
  const { service, broker, stop } = await apart(authority.issue(), 'localhost', authority.ca);
  await until(() => service.logs().includes('"ready"'), 10_000, `the service is ready\n${service.logs()}`);
  broker.child.kill('SIGKILL');
  await until(() => service.logs().includes('lost the broker'), 5_000, 'it notices');
  stop();
  assert.equal((await within(service.exited, 10_000, 'it ends')).code, 0);
});

test('a service says in words why it does not trust a broker', async () => {
  const authority = makeAuthority('The right one');
  const cases = [
    [authority.issue(), 'localhost', makeAuthority('The wrong one').ca, /not trusted here \(«The right one»\); set ca_file/],
    [authority.issue(), '127.0.0.1', temporaryDirectory(), /cannot read the authorities/],
    [authority.issue({ names: ['DNS:elsewhere.example'] }), 'localhost', authority.ca, /is not for localhost but for elsewhere\.example/],
    [authority.issue({ from: -30, to: -1 }), 'localhost', authority.ca, /has expired \(its own ends \d{4}-/],
    [authority.issue({ from: 2, to: 30 }), 'localhost', authority.ca, /not valid before .*clock/],
  ];
  await Promise.all(cases.map(async ([issued, host, ca, words]) => {
    const { service, port, stop } = await apart(issued, host, ca);
    const line = await until(() => service.logs().split('\n').find((text) => text.includes('cannot reach the broker')), 10_000, service.logs());
    assert.match(line, words);
    assert.ok(!service.logs().includes('"ready"'));
    const sent = await mosquittoPub({ port, host, ca, username: 'croft', password: 'between services', topic: 'x', payload: 'x' });
    assert.notEqual(sent.code, 0, 'and mosquitto_pub does not either');
    stop();
  }));
});

test('the doctor tells a certificate that ends soon', () => {
  const authority = makeAuthority();
  const examine = (issued) => croftCommand(['doctor'], { env: { CROFT_STATE_DIR: temporaryDirectory(), CROFT_TLS_CERTIFICATE: issued.certificate, CROFT_TLS_KEY: issued.key } }).stdout;
  assert.match(examine(authority.issue({ to: 20 })), /WRONG +tls .*ends in (19|20) days .*renew it/);
  assert.match(examine(authority.issue({ from: -30, to: -1 })), /WRONG +tls .*has ended/);
  assert.match(examine(authority.issue({ to: 90 })), /ok +tls .* until \d{4}/);
  assert.match(examine({ certificate: authority.issue().certificate, key: authority.issue().key }), /WRONG +tls .*the key is not that of the certificate/);
});

test('a start without a certificate, or with half of one, says what to do', async () => {
  const start = async (env) => {
    const started = spawnCroft(['serve'], { env: { CROFT_STATE_DIR: temporaryDirectory(), CROFT_HTTP_LISTEN: '127.0.0.1:0', CROFT_MQTT_LISTEN: '127.0.0.1:0', CROFT_MQTT_TLS_LISTEN: '127.0.0.1:0', ...env } });
    const { code } = await within(started.exited, 15_000, 'it ends');
    assert.notEqual(code, 0);
    return started.logs();
  };
  const folder = temporaryDirectory();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'broken.pem'), 'no certificate');
  assert.match(await start({}), /there is no certificate; make one with croft tls init/);
  assert.match(await start({ CROFT_TLS_CERTIFICATE: file('broker.pem') }), /belong together/);
  assert.match(await start({ CROFT_TLS_CERTIFICATE: '/none.pem', CROFT_TLS_KEY: '/none.key' }), /cannot read \/none\.pem/);
  assert.match(await start({ CROFT_TLS_CERTIFICATE: join(folder, 'broken.pem'), CROFT_TLS_KEY: file('broker.key') }), /broken\.pem: there is no certificate in it/);
});
