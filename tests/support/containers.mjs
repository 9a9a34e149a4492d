// Runs a compose file for a test, with Docker or podman, whichever this machine has.
// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.mjs';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));

function answers(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** {engine, compose}: the commands to use, or null where there are no containers. */
export function containerTools() {
  if (answers('docker', 'compose', 'version') && answers('docker', 'info')) return { engine: 'docker', compose: ['docker', 'compose'] };
  if (answers('podman-compose', '--version') && answers('podman', 'info')) return { engine: 'podman', compose: ['podman-compose'] };
  return null;
}

/** A compose file as a project of its own, with its own volumes and ports: up(), healthy(), exec(), logs(), down(). */
export class Composition {
  constructor(file, env) {
    this.tools = containerTools();
    this.project = 'crofttest';
    this.file = join(deploy, file);
    this.env = env;
  }

  #run(command, args, { input, ms = 600_000 } = {}) {
    const ended = spawnSync(command, args, { cwd: deploy, env: { ...process.env, ...this.env }, input, encoding: 'utf8', timeout: ms, maxBuffer: 64 << 20 });
    if (ended.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${ended.status ?? ended.signal}\n${ended.stdout}\n${ended.stderr}`);
    return ended.stdout;
  }
  compose(...args) {
    const [program, ...words] = this.tools.compose;
    return this.#run(program, [...words, '-p', this.project, '-f', this.file, ...args]);
  }
  engine(...args) {
    return this.#run(this.tools.engine, args);
  }

  up() {
    return this.compose('up', '-d');
  }
  down() {
    return this.compose('down', '-v');
  }
  container(service) {
    const names = this.engine('ps', '-a', '--format', '{{.Names}}').split('\n');
    const name = names.find((one) => new RegExp(`^${this.project}[-_]${service}[-_]1$`).test(one.trim()));
    if (!name) throw new Error(`there is no container of ${service}`);
    return name.trim();
  }
  /** What `docker inspect` says of a container. */
  inspect(service) {
    return JSON.parse(this.engine('inspect', this.container(service)))[0];
  }
  logs(service) {
    const ended = spawnSync(this.tools.engine, ['logs', '--tail', '40', this.container(service)], { encoding: 'utf8' });
    return ended.stdout + ended.stderr;
  }
  exec(service, ...command) {
    return this.engine('exec', this.container(service), ...command);
  }

  #healthNow(service) {
    // podman leaves the timer to systemd; where there is none, the check is run by hand.
    if (this.tools.engine === 'podman') return answers('podman', 'healthcheck', 'run', this.container(service));
    return this.inspect(service).State.Health.Status === 'healthy';
  }
  /** Waits until a service's own health check is content. */
  async healthy(service, ms) {
    await until(() => this.#healthNow(service), ms, `${service} is healthy`).catch((error) => {
      throw new Error(`${error.message}\n${this.logs(service)}`);
    });
  }
}
