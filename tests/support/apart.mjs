// Croft in pieces for a test: four services as processes of their own, a broker with Croft's guard, Redis, PostgreSQL, and NGINX in front.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client.mjs';
import { readPorts, spawnCroft, sumOf, temporaryDirectory } from './croft.mjs';
import { databases, sessionStore } from './engines.mjs';
import { freePort, startGateway } from './gateway.mjs';
import { until, within } from './wait.mjs';

const services = ['auth', 'data', 'command', 'visualisation'];

// A program of Croft that can be ended and started again on the same ports.
class Part {
  constructor(args, settings, ready) {
    Object.assign(this, { args, settings, ready, earlier: '', running: null });
  }
  async start() {
    if (this.running) this.earlier += this.running.logs();
    this.running = spawnCroft(this.args, { env: this.settings });
    let ended = null;
    this.running.exited.then((how) => (ended = how));
    await until(() => ended ?? this.ready(), 30_000, `croft ${this.args.join(' ')} is ready`).catch((error) => {
      this.running.child.kill('SIGKILL');
      throw new Error(`${error.message}\n${this.logs()}`);
    });
    if (ended) throw new Error(`croft ${this.args.join(' ')} ended with ${JSON.stringify(ended)}:\n${this.logs()}`);
  }
  end(signal) {
    this.running.child.kill(signal);
    return within(this.running.exited, 30_000, `croft ${this.args.join(' ')} ends after ${signal}:\n${this.logs().slice(-2000)}`);
  }
  logs() {
    return this.earlier + (this.running?.logs() ?? '');
  }
}

async function startBroker(directory, configured, passwords) {
  const port = await freePort();
  const accounts = Object.entries(passwords).map(([name, secret]) => [`CROFT_BROKER_${name.toUpperCase()}_PASSWORD`, secret]);
  const settings = { ...Object.fromEntries(accounts), CROFT_STATE_DIR: join(directory, 'broker'), CROFT_MQTT_LISTEN: `127.0.0.1:${port}` };
  const broker = new Part(['broker', ...configured], settings, () => /mosquitto version .* running|Opening ipv4|devices known/.test(broker.logs()));
  await broker.start();
  return Object.assign(broker, { port });
}

// One service: its settings, and where it listens once it does.
function service(name, directory, configured, env, args) {
  const stateDir = join(directory, name);
  mkdirSync(stateDir, { recursive: true });
  const settings = { CROFT_STATE_DIR: stateDir, CROFT_HTTP_LISTEN: '127.0.0.1:0', CROFT_AUTH_SIGNUP: 'open', ...env };
  const portsFile = join(stateDir, 'ports.json');
  const part = new Part(['serve', '--target', name, ...configured, ...args], settings, () => {
    const ports = readPorts(portsFile);
    if (!ports) return null;
    settings.CROFT_HTTP_LISTEN = `127.0.0.1:${ports.http}`;  // the gateway must find it again
    part.port = ports.http;
    return ports;
  });
  const start = part.start.bind(part);
  part.start = () => {
    rmSync(portsFile, { force: true });
    return start();
  };
  return Object.assign(part, { name, stateDir });
}

/** What startCroft() gives, of services that run apart. `services` are its parts by name, `broker` and `gateway` the others. */
export async function startApart({ config, env = {}, stateDir, args = [] } = {}) {
  const directory = stateDir ?? temporaryDirectory();
  const configFile = join(directory, 'test.toml');
  if (config !== undefined) writeFileSync(configFile, config);
  const configured = existsSync(configFile) ? ['--config', configFile] : [];
  const passwords = Object.fromEntries(services.map((name) => [name, randomBytes(16).toString('base64url')]));
  const broker = await startBroker(directory, configured, passwords);
  const sessions = await sessionStore();
  const database = await databases();

  const parts = {};
  const settingsOf = async (name) => ({
    CROFT_MQTT_URL: `mqtt://127.0.0.1:${broker.port}`,
    CROFT_MQTT_PASSWORD: passwords[name],
    CROFT_SESSIONS_URL: sessions,
    CROFT_HTTP_TRUSTED_PROXIES: '127.0.0.1',
    ...(database ? { CROFT_DATABASE_URL: await database(name) } : {}),
    ...env,
  });
  for (const name of services) parts[name] = service(name, directory, configured, await settingsOf(name), args);
  const all = Object.values(parts);
  const croft = {
    services: parts,
    broker,
    passwords,
    stateDir: parts.auth.stateDir,
    mqttPort: broker.port,
    mqttUrl: `mqtt://127.0.0.1:${broker.port}`,
    async start() {
      await Promise.all(all.map((part) => part.start()));
      croft.gateway ??= await startGateway(Object.fromEntries(all.map((part) => [part.name, part.port])));
      croft.url = croft.gateway.url;
      return croft;
    },
    async stop() {
      const how = await Promise.all(all.map((part) => part.end('SIGTERM')));
      return how.find(({ code }) => code !== 0) ?? how[0];
    },
    kill: () => Promise.all(all.map((part) => part.end('SIGKILL'))),
    async restart() {
      if (all.some((part) => part.running.child.exitCode === null && part.running.child.signalCode === null)) await croft.stop();
      return croft.start();
    },
    /** Another process of the service, not yet started. */
    replica: async (name) => service(name, mkdtempSync(join(directory, 'replica-')), configured, await settingsOf(name), args),
    logs: () => [broker, ...all].map((part) => part.logs()).join(''),
    client: () => new Client(croft.url),
    user: async (name) => (await new Client(croft.url).signup(name)).login(),
    async metric(name, labels = {}) {
      const texts = await Promise.all(all.map((part) => new Client(`http://127.0.0.1:${part.port}`).expect(200, 'GET', '/metrics')));
      return texts.reduce((sum, text) => sum + sumOf(text, name, labels), 0);
    },
  };
  return croft.start();
}
