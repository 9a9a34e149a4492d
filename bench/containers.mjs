// Measures the memory of each container of a running deploy/compose.yaml, as a table, and the sum against a board with 1 GB.
// SPDX-License-Identifier: Apache-2.0
// Usage: node bench/containers.mjs [PROJECT] [SECONDS]; as root, so that the memory of every process can be read.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [project = 'croft', seconds = '20'] = process.argv.slice(2);
const services = ['auth', 'data', 'command', 'visualisation', 'broker', 'postgres', 'redis', 'gateway'];
const engine = ['podman', 'docker'].find((name) => spawnSync(name, ['info'], { stdio: 'ignore' }).status === 0);
const run = (...args) => spawnSync(engine, args, { encoding: 'utf8' }).stdout.trim();

const names = run('ps', '--format', '{{.Names}}').split('\n');
const containerOf = (service) => names.find((name) => new RegExp(`^${project}[-_]${service}[-_]1$`).test(name));
const units = { B: 1, kB: 1e3, KB: 1e3, KiB: 1024, MB: 1e6, MiB: 2 ** 20, GB: 1e9, GiB: 2 ** 30 };
const bytes = (text) => Number.parseFloat(text) * (units[/[a-zA-Z]+$/.exec(text.trim())[0]] ?? Number.NaN);

/** What the engine counts against the limit: the processes' own memory and the files they have in the cache. */
function counted(container) {
  const [usage, limit] = run('stats', '--no-stream', '--format', '{{.MemUsage}}', container).split('/');
  return { usage: bytes(usage), limit: bytes(limit) };
}

/** The processes alone, each page divided by those who share it (PSS). */
function resident(container) {
  const pids = run('top', container, ...(engine === 'podman' ? ['hpid'] : ['-eo', 'pid'])).split('\n').slice(1).map(Number).filter(Boolean);
  return pids.reduce((sum, pid) => {
    try {
      return sum + 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
    } catch {
      return sum;  // ended meanwhile
    }
  }, 0);
}

const most = new Map(services.map((service) => [service, { usage: 0, limit: 0, resident: 0 }]));
const end = Date.now() + Number(seconds) * 1000;
do {
  for (const [service, seen] of most) {
    const container = containerOf(service);
    if (!container) continue;
    const now = counted(container);
    seen.usage = Math.max(seen.usage, now.usage);
    seen.limit = now.limit;
    seen.resident = Math.max(seen.resident, resident(container));
  }
} while (Date.now() < end);

const mega = (value) => (value / 1e6).toFixed(1);
console.log(`| container | processes (PSS), MB | counted against the limit, MB | limit, MB |\n| --- | --- | --- | --- |`);
const sum = { resident: 0, usage: 0, limit: 0 };
for (const [service, seen] of most) {
  console.log(`| ${service} | ${mega(seen.resident)} | ${mega(seen.usage)} | ${mega(seen.limit)} |`);
  for (const key of Object.keys(sum)) sum[key] += seen[key];
}
console.log(`| **sum** | **${mega(sum.resident)}** | **${mega(sum.usage)}** | **${mega(sum.limit)}** |`);
