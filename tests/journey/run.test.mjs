// ./run as a newcomer uses it: a demo at once, and nothing left behind after Ctrl-C.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, binary, slowness, temporaryDirectory, until, within } from '../support/croft.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
// ./run starts what it builds; a test of another program is no test of it.
const skip = binary !== join(root, 'build/croft') && 'the program under test is not the one that ./run builds';

function start(directory, args, env = {}) {
  const settings = { CROFT_STATE_DIR: directory, CROFT_HTTP_LISTEN: '127.0.0.1:0', CROFT_MQTT_LISTEN: '127.0.0.1:0', ...env };
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CROFT_'));
  const child = spawn(join(root, 'run'), args, { env: { ...Object.fromEntries(inherited), ...settings }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  child.stderr.on('data', (data) => (text += data));
  const exited = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  return { child, exited, text: () => text };
}

// Ctrl-C reaches the whole foreground process group.
const controlC = (running) => process.kill(-running.child.pid, 'SIGINT');

async function demo(directory) {
  const running = start(directory, ['--demo']);
  const [, url, , password] = await until(() => /Croft is ready: (\S+)[^]*Account +(\S+)[^]*Password +(\S+)/.exec(running.text()), 15_000, `the demo is ready; it said: ${running.text()}`);
  return { ...running, url: url.replace('localhost', '127.0.0.1'), password };
}

test('./run --demo is ready within two seconds, has moving graphs, and ends whole with Ctrl-C', { skip }, async (t) => {
  const directory = temporaryDirectory();
  const asked = Date.now();
  const first = await demo(directory);
  const took = Date.now() - asked;
  t.diagnostic(`from ./run --demo to the account's password: ${took} ms`);
  assert.ok(took < 2_000 * slowness, `${took} ms`);
  const client = new Client(first.url);
  await client.login('demo', first.password);
  await until(async () => (await client.get('/api/v1/devices')).devices.filter((device) => device.online && 'temperature' in device.values).length === 6, 10_000, 'six virtual nodes send readings');
  const processes = readFileSync(`/proc/${first.child.pid}/task/${first.child.pid}/children`, 'utf8').trim().split(' ').map(Number);
  assert.equal(processes.length, 2, 'the server and the nodes');

  controlC(first);
  assert.deepEqual(await within(first.exited, 15_000, './run ends after Ctrl-C'), { code: 0, signal: null }, first.text());
  for (const pid of processes) assert.throws(() => process.kill(pid, 0), 'no process is left');

  const second = await demo(directory);
  assert.notEqual(second.password, first.password);
  client.url = second.url;
  await client.refused(401, 'POST', '/api/v1/auth/login', { body: { username: 'demo', password: first.password } });
  await client.login('demo', second.password);
  assert.equal((await client.get('/api/v1/devices')).devices.length, 6, 'the same six nodes');
  controlC(second);
  await within(second.exited, 15_000, './run ends after Ctrl-C');
});

test('./run passes on what the server says when it cannot start, and its exit code', { skip }, async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address();
  const running = start(temporaryDirectory(), [], { CROFT_HTTP_LISTEN: `127.0.0.1:${port}` });
  const { code } = await within(running.exited, 15_000, './run ends').finally(() => taken.close());
  assert.ok(code > 0);
  const lines = running.text().trim().split('\n');
  assert.equal(lines.length, 1, running.text());
  assert.match(lines[0], new RegExp(`${port}.*(taken|in use)`));
});

test('flags after -- go to croft serve', { skip }, async () => {
  const directory = temporaryDirectory();
  const running = start(temporaryDirectory(), ['--', '--state-dir', directory, '--log-level', 'error']);
  await until(() => /Croft is ready/.test(running.text()), 15_000, `./run is ready; it said: ${running.text()}`);
  assert.ok(readFileSync(join(directory, 'ports.json')));
  process.kill(running.child.pid, 'SIGTERM');
  assert.deepEqual(await within(running.exited, 15_000, './run ends after SIGTERM'), { code: 0, signal: null });
});

test('./run and ./test explain themselves', () => {
  for (const script of ['run', 'test']) {
    const help = spawnSync(join(root, script), ['--help'], { encoding: 'utf8' });
    assert.equal(help.status, 0);
    assert.match(help.stdout, new RegExp(`^Usage: \\./${script} `));
    const wrong = spawnSync(join(root, script), ['--nonsense'], { encoding: 'utf8' });
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /--nonsense.*\n.*--help/);
  }
});
