// A real PostgreSQL for a test: its own server in a temporary directory, that can be stopped, killed and started again.
// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAtEnd, until, within } from './wait.mjs';

// As Debian installs it, the newest first; elsewhere by the PATH.
function program(name) {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => b - a) : [];
  return versions.map((version) => join(root, version, 'bin', name)).find(existsSync) ?? name;
}

// It refuses to run as root.
const asUser = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--pdeathsig', 'QUIT'] : ['setpriv', '--pdeathsig', 'QUIT'];

function run(command, options = {}) {
  const [name, ...args] = command;
  const ended = spawnSync(name, args, { encoding: 'utf8', ...options });
  if (ended.status !== 0) throw new Error(`${command.join(' ')} failed: ${ended.error ?? ''}${ended.stdout}${ended.stderr}`);
  return ended.stdout.trim();
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/**
 * A PostgreSQL that answers on a free port of 127.0.0.1, to the user croft with a password. `url(name)` makes the database `name`
 * if it is not there, and gives its URL; `query(sql, name)` asks it something; `stop()` is polite, `kill()` is a crash.
 */
export async function startPostgres() {
  const directory = mkdtempSync(join(tmpdir(), 'croft-postgres-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, 'data');
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  mkdirSync(data);
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, password);
  if (process.getuid() === 0) run(['chown', '-R', 'postgres:postgres', directory]);
  run([...asUser, program('initdb'), '-D', data, '-U', 'croft', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions']);

  const env = { ...process.env, PGPASSWORD: password };
  const connection = ['-h', '127.0.0.1', '-p', String(port), '-U', 'croft'];
  let child = null;
  let log = '';
  let exited = null;
  const databases = new Set(['postgres']);

  async function end(signal) {
    if (!child) return;
    child.kill(signal);
    await within(exited, 20_000, `PostgreSQL ends after ${signal}`);
    child = null;
  }
  const postgres = {
    port,
    password,
    logs: () => log,
    async start() {
      const [name, ...args] = [...asUser, program('postgres'), '-D', data, '-p', String(port), '-k', directory, '-c', 'listen_addresses=127.0.0.1', '-c', 'shared_buffers=32MB'];
      child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      const started = child;
      started.stdout.on('data', (text) => (log += text));
      started.stderr.on('data', (text) => (log += text));
      exited = new Promise((resolve) => started.on('close', resolve));
      closeAtEnd(() => started.kill('SIGQUIT'));
      await until(() => spawnSync(program('pg_isready'), ['-q', ...connection]).status === 0, 20_000, 'PostgreSQL takes connections').catch((error) => {
        throw new Error(`${error.message}\n${log}`);
      });
      return postgres;
    },
    /** Ends every connection and shuts down. */
    stop: () => end('SIGINT'),
    /** As a crash: nothing is written down. */
    async kill() {
      if (!child) return;
      // Its backends notice that it is gone and go, too.
      const workers = run(['pgrep', '-P', String(child.pid)]).split('\n');
      await end('SIGKILL');
      await until(() => workers.every((pid) => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')), 10_000, 'its backends end');
    },
    url(name) {
      if (!databases.has(name)) run([program('createdb'), ...connection, name], { env });
      databases.add(name);
      return `postgresql://croft:${password}@127.0.0.1:${port}/${name}`;
    },
    query: (sql, name = 'postgres') => run([program('psql'), ...connection, '-Atqc', sql, name], { env }),
  };
  return postgres.start();
}
