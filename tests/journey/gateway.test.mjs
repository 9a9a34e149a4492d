// The gateway: which path goes where, what it takes from strangers, and what they get when something is not there.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, mosquittoPub, slowness, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';
import { freePort, nameplate, startGateway } from '../support/gateway.mjs';
import { api } from '../support/schema.mjs';

let croft;
let gateway;
let ada;
before(async () => {
  croft = await startCroft({ config: '[http]\ntrusted_proxies = ["127.0.0.1"]\n' });
  gateway = await startGateway({ auth: new URL(croft.url).port });
  ada = await new Client(gateway.url).signup();
  await ada.login();
});
after(async () => {
  await gateway?.stop();
  await croft?.stop();
});

/** Services that only say their names, and a gateway before them. */
async function street(options) {
  const names = ['auth', 'data', 'command', 'visualisation'];
  const plates = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await nameplate(name)])));
  const ports = Object.fromEntries(names.map((name) => [name, plates[name].port]));
  const front = await startGateway({ ...ports, ...options });
  return { plates, front, stop: () => Promise.all([front.stop(), ...names.map((name) => plates[name].stop())]) };
}

/** Sends bytes as they are; `socket.answer` grows, `socket.ended` resolves with the milliseconds it lived. */
function wire(port, text = '') {
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  const started = Date.now();
  socket.answer = '';
  socket.on('data', (data) => (socket.answer += data));
  socket.on('error', () => {});
  socket.ended = new Promise((resolve) => socket.once('close', () => resolve(Date.now() - started)));
  socket.write(text);
  return socket;
}

const isProblem = (answer, status) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.type, 'application/problem+json');
  assert.equal(answer.body.status, status);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
};

test('every path of the description reaches the service it belongs to', async () => {
  const { plates, front, stop } = await street();
  const owner = (path) => {
    if (path === '/api/v1/command/trigger/preview' || path.startsWith('/api/v1/data/')) return 'data';
    if (/^\/api\/v1\/(command|firmware)(\/|$)/.test(path)) return 'command';
    return /^\/api\/v1\/(auth|devices)/.test(path) ? 'auth' : 'visualisation';
  };
  const inside = ['/livez', '/readyz', '/metrics'];
  const paths = Object.keys(api.paths).filter((path) => !inside.includes(path));
  assert.ok(paths.length > 20, `${paths.length} paths`);
  for (const path of [...paths, '/', '/login', '/src/main.js', '/graph/ws', '/devices/abc', '/api/v1/devices?limit=3', '/api/v1/data/all?device=%2F']) {
    const asked = path.replace(/\{\w+\}/g, 'abcdefgh');
    const answer = await fetch(front.url + asked);
    assert.equal(await answer.text(), owner(path), path);
    assert.equal(plates[owner(path)].asked.at(-1).url, asked, 'the service is asked exactly what the client asked');
  }
  await stop();
});

test('what the services say of themselves stays inside, however it is spelt', async () => {
  for (const path of ['/metrics', '/metrics/', '/readyz', '/local/v1/users', '/%6detrics', '//metrics', '/api/../metrics', '/graph/..%2fmetrics', '/./readyz', '/livez/x', '/metrics?x=1']) {
    const socket = wire(gateway.httpPort, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await within(socket.ended, 5_000, path);
    assert.match(socket.answer, /^HTTP\/1\.1 404 /, `${path}: ${socket.answer}`);
    assert.match(socket.answer, /application\/problem\+json/, path);
    assert.doesNotMatch(socket.answer, /croft_|"parts"/);
  }
  const alive = await ada.request('GET', '/livez');
  assert.deepEqual([alive.status, alive.body], [200, { status: 'alive' }]);
});

test('/graph/ of the original design leads to the dashboard, and nowhere else', async () => {
  for (const path of ['/graph', '/graph/', '/graph//evil.example', '/graph/\\evil.example']) {
    const socket = wire(gateway.httpPort, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await within(socket.ended, 5_000, path);
    assert.match(socket.answer, /^HTTP\/1\.1 302 /, path);
    assert.match(socket.answer, /^Location: \/\r$/m, path);
  }
  const page = await fetch(`${gateway.url}/graph/`);
  assert.match(await page.text(), /<title>Croft<\/title>/);
  assert.match(page.headers.get('content-security-policy'), /default-src 'self'/);
  assert.equal(page.headers.get('strict-transport-security'), null, 'not without TLS');
});

test('the address of a client is written by the gateway, whatever the client says', async () => {
  const { plates, front, stop } = await street();
  await fetch(`${front.url}/api/v1/auth/me`, {
    headers: { 'X-Forwarded-For': '203.0.113.7, 198.51.100.1', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil.example', 'X-Real-IP': '203.0.113.7', Forwarded: 'for=203.0.113.7;proto=https', 'X_Forwarded_For': '203.0.113.7' },
  });
  const { headers } = plates.auth.asked[0];
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'http');
  assert.equal(headers.host, new URL(front.url).host);
  for (const name of ['x-forwarded-host', 'x-real-ip', 'forwarded', 'x_forwarded_for']) assert.equal(headers[name], undefined, name);
  await stop();
  // And Croft itself: a forged scheme would make it ask for the cookie of TLS.
  const login = await ada.request('POST', '/api/v1/auth/login', { body: { username: ada.user.username, password: ada.password }, headers: { 'X-Forwarded-Proto': 'https' } });
  assert.equal(login.status, 200);
  assert.doesNotMatch(login.headers.get('set-cookie'), /Secure/);
});

test('too large a body, header or address is answered as Croft answers', async () => {
  const big = `POST /api/v1/devices HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n`;
  const cases = { 413: big, 431: `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`, 414: `GET /${'x'.repeat(9_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 400: 'GET / HTTP/1.1\r\n\r\n' };
  for (const [status, bytes] of Object.entries(cases)) {
    const socket = wire(gateway.httpPort, bytes);
    await until(() => socket.answer.includes('\r\n\r\n{') && socket.answer.endsWith('}'), 5_000, `${status}: ${socket.answer}`);
    assert.match(socket.answer, new RegExp(`^HTTP/1\\.1 ${status} `), socket.answer.slice(0, 300));
    assert.match(socket.answer, /^Content-Type: application\/problem\+json\r$/m);
    assert.match(socket.answer, new RegExp(`"status":${status}}$`));
    socket.destroy();
  }
  isProblem(await ada.request('POST', '/api/v1/devices', { raw: JSON.stringify({ name: 'x'.repeat(1_100_000) }) }), 413);
});

test('whoever asks too often is told to wait, by Croft\'s own kind of answer, and others are served', async () => {
  const { front, stop } = await street({ env: { CROFT_GATEWAY_RATE: '5', CROFT_GATEWAY_BURST: '5' } });
  const client = new Client(front.url);
  const answers = await Promise.all(Array.from({ length: 30 }, () => client.request('GET', '/login')));
  const refused = answers.filter((answer) => answer.status === 429);
  assert.ok(refused.length >= 20 && refused.length <= 25, `${refused.length} of 30 refused`);
  isProblem(refused[0], 429);
  assert.equal(refused[0].headers.get('retry-after'), '1');
  await until(async () => (await client.request('GET', '/login')).status === 200, 5_000, 'served again after a moment');
  await stop();
});

test('the shipped limits let a busy dashboard through, and slow down whoever guesses passwords', async () => {
  const pages = await Promise.all(Array.from({ length: 200 }, () => ada.request('GET', '/api/v1/auth/me')));
  assert.ok(pages.every((answer) => answer.status === 200));
  const { front, stop } = await street();
  const guesses = await Promise.all(Array.from({ length: 100 }, () => fetch(`${front.url}/api/v1/auth/login`, { method: 'POST', body: '{}' })));
  assert.ok(guesses.filter((answer) => answer.status === 429).length > 40, 'most of a hundred guesses at once wait');
  await stop();
});

test('slow clients are cut off in time, and cost nobody else anything', async () => {
  const slow = [];
  const drip = (text, more) => {
    const socket = wire(gateway.httpPort, text);
    const timer = setInterval(() => socket.write(more), 1_000);
    socket.ended.then(() => clearInterval(timer));
    slow.push(socket);
    return socket;
  };
  const headers = Array.from({ length: 50 }, () => drip('GET / HTTP/1.1\r\nHost: x\r\n', 'X: y\r\n'));
  const bodies = Array.from({ length: 10 }, () => drip(`POST /api/v1/devices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n`, '{'));
  for (let round = 0; round < 5; ++round) {
    await within(ada.get('/api/v1/auth/me'), 2_000, 'others are served meanwhile');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  for (const lived of await within(Promise.all(headers.map((socket) => socket.ended)), 16_000, 'slow headers are cut')) assert.ok(lived > 8_000 / slowness, `${lived} ms`);
  const lives = await within(Promise.all(bodies.map((socket) => socket.ended)), 60_000, 'slow bodies are cut');
  assert.ok(Math.max(...lives) < 50_000 * slowness, `${lives}`);
  assert.match(bodies[0].answer, /^HTTP\/1\.1 408 /, 'and told why');
});

test('a service that is down is a problem that passes, and the others go on', async () => {
  const port = await freePort();
  const house = await nameplate('house');
  const front = await startGateway({ auth: house.port, data: `127.0.0.1:${port}`, command: 'no-such-host.invalid:7070', visualisation: house.port });
  const ask = async (path) => {
    const response = await within(fetch(front.url + path), 5_000, path);
    const text = await response.text();
    const type = response.headers.get('content-type');
    return { status: response.status, headers: response.headers, text, type, body: type?.includes('json') ? JSON.parse(text) : text };
  };
  for (const path of ['/api/v1/data/last', '/api/v1/command/all']) {
    const answer = await ask(path);
    isProblem(answer, 502);
    assert.equal(answer.headers.get('retry-after'), '2');
  }
  assert.equal((await ask('/api/v1/auth/me')).text, 'house');
  const late = createServer((_, response) => response.end('here'));
  await new Promise((resolve) => late.listen(port, '127.0.0.1', resolve));
  await until(async () => (await ask('/api/v1/data/last')).text === 'here', 6_000, 'found again');
  late.closeAllConnections();
  late.close();
  await front.stop();
  await house.stop();
});

test('a service that comes back at another address is found there, whatever holds up the name server, and one with two is served by both', async () => {
  const folder = temporaryDirectory();
  const names = join(folder, 'names');
  const name = (...addresses) => writeFileSync(names, addresses.map((address) => `${address} STREAM data\n`).join(''));
  // In place of the name server of a container network.
  writeFileSync(join(folder, 'getent'), `#!/bin/sh\n[ "$2" = data ] && exec cat '${names}'\n[ "$2" = lost ] && exec sleep 30\nexec /usr/bin/getent "$@"\n`, { mode: 0o755 });
  const port = await freePort();
  const at = async (address) => {
    const server = createServer((_, response) => response.end(address));
    await new Promise((resolve) => server.listen(port, address, resolve));
    return server;
  };
  name('127.0.0.2');
  const [second, third] = [await at('127.0.0.2'), await at('127.0.0.3')];
  const house = await nameplate('house');
  const front = await startGateway({ auth: house.port, command: 'lost:7070', data: `data:${port}`, env: { PATH: `${folder}:${process.env.PATH}:/usr/sbin` } });
  const ask = async () => (await fetch(`${front.url}/api/v1/data/last`)).text();
  assert.equal(await ask(), '127.0.0.2');
  name('127.0.0.3');
  await until(async () => (await ask()) === '127.0.0.3', 6_000, 'it is found at the new address');
  name('127.0.0.2', '127.0.0.3');
  await until(async () => new Set([await ask(), await ask(), await ask()]).size === 2, 6_000, 'both are asked');
  for (const server of [second, third]) {
    server.closeAllConnections();
    server.close();
  }
  await front.stop();
  await house.stop();
});

test('the live view works under its three names', async () => {
  const device = await ada.createDevice();
  for (const path of ['/ws', '/graph/ws', '/api/v1/visual/ws']) {
    const view = await ada.live({ path });
    const sent = await mosquittoPub({ port: croft.mqttPort, username: device.id, password: device.secret, topic: `croft/v1/${device.id}/telemetry`, payload: '{"temperature":21}' });
    assert.equal(sent.code, 0, sent.output);
    await view.reading(device.id);
    view.close();
  }
  await assert.rejects(new Client(gateway.url).live({ path: '/graph/ws', headers: {} }), { status: 401 });
  await assert.rejects(ada.live({ path: '/graph/ws', headers: { authorization: `Bearer ${ada.token}`, origin: 'https://evil.example' } }), { status: 403 });
});

test('a long export is handed on as it comes, and JSON is sent compressed', async () => {
  let finish;
  const data = await nameplate('data', (request, response) => {
    if (request.url.startsWith('/api/v1/data/last')) return response.setHeader('Content-Type', 'application/json') && response.end(JSON.stringify({ readings: Array(500).fill('the same') }));
    response.setHeader('Content-Type', 'text/csv');
    response.write('device,time\n');
    finish = () => response.end('last\n');
    return undefined;
  });
  const front = await startGateway({ auth: data.port });
  const answer = await within(fetch(`${front.url}/api/v1/data/all`, { headers: { accept: 'text/csv' } }), 3_000, 'the header comes before the end');
  const reader = answer.body.getReader();
  const first = await within(reader.read(), 3_000, 'the first line comes before the last');
  assert.equal(new TextDecoder().decode(first.value), 'device,time\n');
  finish();
  const page = await fetch(`${front.url}/api/v1/data/last`);
  assert.equal(page.headers.get('content-encoding'), 'gzip');
  assert.equal((await page.json()).readings.length, 500);
  await front.stop();
  await data.stop();
});

test('the log tells each request and no secret', async () => {
  await fetch(`${gateway.url}/api/v1/auth/me?token=query-secret`, { headers: { authorization: 'Bearer header-secret', cookie: 'croft_session=cookie-secret', referer: 'http://x/?referer-secret' } });
  const line = await until(() => gateway.requests().filter((request) => request.path === '/api/v1/auth/me').at(-1), 3_000, 'a line in the log');
  assert.deepEqual([line.method, line.status, line.client, line.service], ['GET', '401', '127.0.0.1', 'auth']);
  assert.doesNotMatch(gateway.logs(), /-secret/);
  assert.doesNotMatch(gateway.logs(), new RegExp(ada.token));
});

test('it stops in good order, and says what is wrong with its settings', async () => {
  const house = await nameplate('house', (_, response) => setTimeout(() => response.end('late but whole'), 700));
  const front = await startGateway({ auth: house.port });
  const answer = fetch(`${front.url}/api/v1/auth/me`).then((response) => response.text());
  await until(() => house.asked.length === 1, 3_000, 'the request is under way');
  assert.deepEqual(await front.stop(), { code: 0 });
  assert.equal(await answer, 'late but whole');
  await assert.rejects(startGateway({ auth: house.port, tls: { certificate: '/nowhere.pem', key: '/nowhere.key' } }), /cannot read the certificate \/nowhere\.pem/);
  await assert.rejects(startGateway({ auth: 'x;y:1' }), /CROFT_GATEWAY_AUTH is «x;y:1»/);
  await house.stop();
});
