// A real Redis of a test's own on a free port, that can be stopped, killed, paused, and started again where it was.
// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAtEnd, until, within } from './wait.mjs';

const running = new Set();
const directories = new Set();
closeAtEnd(() => running.forEach((child) => child.kill('SIGKILL')));
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// What answers PING: "+PONG", or "-NOAUTH ..." of one that wants a password.
const answers = (port) =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'));
    socket.on('data', (data) => resolve(/^(\+PONG|-NOAUTH)/.test(data) && socket.destroy()));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });

// As deploy/redis/redis.conf has it: what was answered is on the disk.
const lasting = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
// Keeps what it knew at the last SAVE, and forgets the rest.
export const forgetful = ['--appendonly', 'no', '--save', ''];

/** {url, port, start(), stop(), kill(), pause(), resume(), cli(...words)}; `args` are further words of its command line. */
export async function startRedis({ password, args = lasting } = {}) {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'croft-redis-'));
  directories.add(directory);
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, ...args, ...(password ? ['--requirepass', password] : [])];
  let child = null;
  let output = '';

  const end = async (signal) => {
    if (!child) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGCONT');  // one that is paused hears nothing
    child.kill(signal);
    await within(ended, 10_000, `redis-server ends after ${signal}`);
  };
  const redis = {
    port,
    url: `redis://${password ? `:${encodeURIComponent(password)}@` : ''}127.0.0.1:${port}`,
    async start() {
      if (child) return redis;
      const started = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      running.add(started);
      closeAtEnd(() => [started, started.stdout, started.stderr].forEach((handle) => handle.unref()));
      for (const stream of [started.stdout, started.stderr]) stream.on('data', (data) => (output = (output + data).slice(-20_000)));
      started.once('close', () => {
        running.delete(started);
        if (child === started) child = null;
      });
      await until(() => {
        if (child !== started) throw new Error(`redis-server ended:\n${output}`);
        return answers(port);
      }, 10_000, 'redis-server answers');
      return redis;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    /** It stalls: connections stay open, and nothing is answered. */
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    /** What redis-cli says to these words. */
    cli(...command) {
      const env = { ...process.env, ...(password && { REDISCLI_AUTH: password }) };
      return spawnSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8', env, timeout: 10_000 }).stdout.trim();
    },
  };
  return redis.start();
}
