// Starts the real program for a test, and brings together what tests are written with.
// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from './client.mjs';
import { closeAtEnd, until, within } from './wait.mjs';

export { Client, LiveView } from './client.mjs';
export { mosquittoPub, mosquittoSub } from './mosquitto.mjs';
export { Node, obey } from './node.mjs';
export { api, fits } from './schema.mjs';
export { sleep, slowness, until, within } from './wait.mjs';

export const binary = process.env.CROFT_BIN ?? fileURLToPath(new URL('../../build/croft', import.meta.url));

const alive = new Set();
const temporary = new Set();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
  for (const directory of temporary) rmSync(directory, { recursive: true, force: true });
});

export function temporaryDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'croft-test-'));
  temporary.add(directory);
  return directory;
}

/** A port that nobody listened on a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
    server.on('error', reject);
  });
}

// Only what a program needs from this shell; settings of the person who runs the tests must not leak into them.
function cleanEnvironment(env) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('CROFT_'));
  return { ...Object.fromEntries(kept), ...env };
}

/** Runs one command of the program to its end: {code, stdout, stderr}. */
export function croftCommand(args, { env = {}, input } = {}) {
  const ended = spawnSync(binary, args, { env: cleanEnvironment(env), input, encoding: 'utf8', timeout: 30_000 });
  return { code: ended.status, signal: ended.signal, stdout: ended.stdout, stderr: ended.stderr };
}

/** The same without holding up this program, for a command that talks to it. */
export async function croftCommandAsync(args, { env = {} } = {}) {
  const started = spawnCroft(args, { env });
  const { code, signal } = await within(started.exited, 30_000, `croft ${args[0]} ends`);
  return { code, signal, stdout: started.logs() };
}

/** Starts any command of the program: {child, exited, logs()}. It is killed when the tests end. */
export function spawnCroft(args, { env = {} } = {}) {
  const child = spawn(binary, args, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const keep = (data) => (text = (text + data).slice(-400_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  alive.add(child);
  closeAtEnd(() => [child, child.stdout, child.stderr].forEach((handle) => handle.unref()));
  const exited = new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('close', (code, signal) => {
      alive.delete(child);
      resolve({ code, signal });
    });
  });
  return { child, exited, logs: () => text };
}

export function readPorts(file) {
  try {
    const ports = JSON.parse(readFileSync(file, 'utf8'));
    return ports.http && ports.mqtt ? ports : null;
  } catch {
    return null;  // not there yet, or half written
  }
}

/** The value of a counter or gauge in the text of /metrics, summed over those of its labels that match. */
export function sumOf(text, name, labels = {}) {
  return text.split('\n').reduce((sum, line) => {
    const match = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)/.exec(line);
    const fitting = match?.[1] === name && Object.entries(labels).every(([label, value]) => match[2]?.includes(`${label}="${value}"`));
    return fitting ? sum + Number(match[3]) : sum;
  }, 0);
}

/**
 * How Croft is laid out under test: `embedded` (one process, SQLite, sessions in the process), `engines` (one process on PostgreSQL and
 * Redis), `apart` (four processes on PostgreSQL, Redis and a broker of their own, behind NGINX), or `containers` (the same as containers,
 * which are running where CROFT_URL says).
 */
export const layout = process.env.CROFT_LAYOUT ?? 'embedded';
/** The gateway shows nobody how the services are. */
export const behindGateway = layout === 'apart' || layout === 'containers';

async function engines() {
  const { databases, sessionStore } = await import('./engines.mjs');
  return { CROFT_DATABASE_URL: await (await databases())('croft'), CROFT_SESSIONS_URL: await sessionStore() };
}

// With CROFT_TEST_ENGINE=postgres each state directory has a database of its own there, so that any journey can be walked on
// PostgreSQL.
let ownPostgres;
const databases = new Map();
async function databaseSettings(directory, settings, config = '') {
  if (process.env.CROFT_TEST_ENGINE !== 'postgres' || settings.CROFT_DATABASE_URL || config.includes('[database]')) return {};
  ownPostgres ??= import('./postgres.mjs').then(({ startPostgres }) => startPostgres());
  const postgres = await ownPostgres;
  if (!databases.has(directory)) databases.set(directory, postgres.url(`t${randomBytes(6).toString('hex')}`));
  return { CROFT_DATABASE_URL: databases.get(directory) };
}

/**
 * A running `croft serve` on free ports with a state directory of its own, ready when this resolves.
 * `config` is TOML text; `env` further settings; `args` further flags; `stateDir` one to use again (then it is not removed).
 */
export async function startCroft({ config, env = {}, stateDir, args = [] } = {}) {
  if (layout === 'apart') return (await import('./apart.mjs')).startApart({ config, env, stateDir, args });
  const engine = layout === 'engines' ? await engines() : {};
  const directory = stateDir ?? temporaryDirectory();
  const configFile = join(directory, 'test.toml');
  if (config !== undefined) writeFileSync(configFile, config);
  const portsFile = join(directory, 'ports.json');
  const fixed = await databaseSettings(directory, env, config);
  let ports;
  let running;
  let earlier = '';

  const croft = {
    stateDir: directory,
    async start() {
      rmSync(portsFile, { force: true });
      if (running) earlier += running.logs();
      const settings = {
        CROFT_STATE_DIR: directory,
        CROFT_HTTP_LISTEN: '127.0.0.1:0',
        CROFT_MQTT_LISTEN: '127.0.0.1:0',
        CROFT_AUTH_SIGNUP: 'open',
        ...engine,
        ...env,
        ...fixed,
      };
      running = spawnCroft(['serve', ...(existsSync(configFile) ? ['--config', configFile] : []), ...args], { env: settings });
      let ended = null;
      running.exited.then((how) => (ended = how));
      await until(() => ended ?? readPorts(portsFile), 20_000, 'croft serve writes ports.json').catch((error) => {
        running.child.kill('SIGKILL');
        throw new Error(`${error.message}\n${running.logs()}`);
      });
      if (ended) throw new Error(`croft serve ended with ${JSON.stringify(ended)}:\n${running.logs()}`);
      ports = readPorts(portsFile);
      // Whoever connected before must find it again after a restart.
      fixed.CROFT_HTTP_LISTEN = `127.0.0.1:${ports.http}`;
      fixed.CROFT_MQTT_LISTEN = `127.0.0.1:${ports.mqtt}`;
      croft.url = `http://127.0.0.1:${ports.http}`;
      croft.mqttPort = ports.mqtt;
      croft.mqttUrl = `mqtt://127.0.0.1:${ports.mqtt}`;
      croft.pid = running.child.pid;
      return croft;
    },
    /** SIGTERM; how it ended. */
    async stop() {
      running.child.kill('SIGTERM');
      const how = await within(running.exited, 20_000, 'croft serve ends after SIGTERM').catch((error) => {
        running.child.kill('SIGKILL');
        throw new Error(`${error.message}\n${running.logs()}`);
      });
      return how;
    },
    /** SIGKILL: as a crash. */
    async kill() {
      running.child.kill('SIGKILL');
      const how = await running.exited;
      return how;
    },
    async restart() {
      if (alive.has(running.child)) await croft.stop();
      return croft.start();
    },
    exited: () => running.exited,
    logs: () => earlier + running.logs(),
    client: () => new Client(croft.url),
    /** A new account, logged in. */
    user: async (name) => (await new Client(croft.url).signup(name)).login(),
    /** One value of /metrics: a counter or gauge by name, summed over those of its labels that match. */
    async metric(name, labels = {}) {
      return sumOf(await new Client(croft.url).expect(200, 'GET', '/metrics'), name, labels);
    },
  };
  return croft.start();
}

/**
 * The Croft that a journey goes through: one that is already running when CROFT_URL and CROFT_MQTT_URL name it, so that the same
 * script runs against any deployment; else one of its own. `own` says which, for what only a process of one's own can show.
 */
export async function deployment(options) {
  if (!process.env.CROFT_URL) return Object.assign(await startCroft(options), { own: true });
  const url = process.env.CROFT_URL.replace(/\/$/, '');
  const mqttUrl = process.env.CROFT_MQTT_URL ?? `mqtt://${new URL(url).hostname}:1883`;
  return {
    url,
    mqttUrl,
    mqttPort: Number(new URL(mqttUrl).port || 1883),
    own: false,
    client: () => new Client(url),
    user: async (name) => (await new Client(url).signup(name)).login(),
    logs: () => '',
    stop: async () => {},
  };
}
