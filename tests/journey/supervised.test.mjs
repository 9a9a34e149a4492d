// Croft under a container engine or a service manager: it says when it is ready and that it stops, and answers whoever asks for its health.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { croftCommand, freePort, spawnCroft, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';

// JavaScript has no Unix datagrams; Python, which the tests need anyway, prints what comes.
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True: print(s.recv(4096).decode(), flush=True)
`;

test('with NOTIFY_SOCKET it says READY=1 once everything answers, and STOPPING=1', async (t) => {
  const socket = join(temporaryDirectory(), 'notify');
  const manager = spawn('python3', ['-c', listener, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => manager.kill());
  const told = [];
  manager.stdout.on('data', (data) => told.push(...String(data).split('\n').filter(Boolean)));
  await until(() => told.includes('listening'));
  const croft = await startCroft({ env: { NOTIFY_SOCKET: socket } });
  await until(() => told.includes('READY=1'));
  assert.equal((await croft.client().request('GET', '/readyz')).status, 200);
  assert.ok(!told.includes('STOPPING=1'));
  await croft.stop();
  await until(() => told.includes('STOPPING=1'));
  assert.deepEqual(told, ['listening', 'READY=1', 'STOPPING=1'], 'its broker tells nothing of its own');
});

test('croft health is content with a Croft that is ready, and not with one that has ended', async () => {
  const croft = await startCroft();
  for (const args of [['--state-dir', croft.stateDir], [croft.url], [croft.mqttUrl]]) {
    const asked = croftCommand(['health', ...args]);
    assert.equal(asked.code, 0, asked.stderr);
  }
  await croft.stop();
  for (const args of [['--state-dir', croft.stateDir], [croft.url], [croft.mqttUrl]]) {
    const asked = croftCommand(['health', ...args]);
    assert.equal(asked.code, 1, asked.stdout);
    assert.notEqual(asked.stderr.trim(), '');
  }
});

test('croft health finds the broker that croft broker became', async () => {
  const directory = temporaryDirectory();
  const port = await freePort();
  const env = { CROFT_STATE_DIR: directory, CROFT_MQTT_LISTEN: `127.0.0.1:${port}`, CROFT_BROKER_DATA_PASSWORD: 'of the data service' };
  const broker = spawnCroft(['broker'], { env });
  const ask = () => croftCommand(['health', '--state-dir', directory]);
  await until(() => ask().code === 0, 10_000, `the broker answers\n${broker.logs()}`);
  broker.child.kill('SIGTERM');
  await within(broker.exited, 10_000, 'the broker ends');
  assert.equal(ask().code, 1);
});
