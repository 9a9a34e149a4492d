// Load for tests: nodes of bench_load that keep what is not acknowledged, and the audit of what they sent.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { audit, readLedger } from '../../bench/audit.mjs';
import { binary, temporaryDirectory } from './croft.mjs';
import { closeAtEnd, sleep, until, within } from './wait.mjs';

const program = join(dirname(binary), 'bench_load');
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts bench_load: `last` is its newest line, {what, ...}; `ended` gives its result. */
export function bench(args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  closeAtEnd(() => [child, child.stdout, child.stderr].forEach((handle) => handle.unref()));
  const load = { child, last: {}, errors: '' };
  let rest = '';
  child.stdout.on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const [what, json] = line.split(/ (.*)/);
      load.last = { what, ...JSON.parse(json) };
    }
  });
  child.stderr.on('data', (data) => (load.errors += data));
  load.ended = new Promise((resolve) => child.on('close', (code) => {
    running.delete(child);
    resolve({ code, ...load.last });
  }));
  return load;
}

// The gateway lets nobody make thousands of devices in a moment.
async function createPatiently(client, name) {
  for (;;) {
    const answer = await client.request('POST', '/api/v1/devices', { body: { name } });
    if (answer.status === 201) return answer.body;
    assert.equal(answer.status, 429, answer.text);
    await sleep(1_000);
  }
}

/** Devices of `client`, as many, made ten at a time; and the file in which bench_load finds them. */
export async function devicesFor(client, count, directory = temporaryDirectory()) {
  const devices = [];
  while (devices.length < count) {
    const some = Array.from({ length: Math.min(10, count - devices.length) }, (_, i) => createPatiently(client, `Node ${devices.length + i}`));
    devices.push(...(await Promise.all(some)));
  }
  const nodes = join(directory, 'nodes.tsv');
  writeFileSync(nodes, devices.map(({ id, secret }) => `${id}\t${secret}\n`).join(''), { mode: 0o600 });
  return { devices, nodes, directory };
}

/**
 * Nodes that send `rate` readings a second until finish(), which waits until everything is acknowledged. `flows()` waits for
 * acknowledgements to come; `audit(client)` says what was lost, doubled or altered.
 */
export async function startLoad(client, mqttPort, { devices = 50, rate = 1000, numbered = true, seconds = 100_000, drain = 120 } = {}) {
  const made = await devicesFor(client, devices);
  const ledger = join(made.directory, 'ledger.tsv');
  const words = [`--port=${mqttPort}`, `--nodes=${made.nodes}`, `--ledger=${ledger}`, `--rate=${rate}`, `--seconds=${seconds}`, `--drain=${drain}`];
  const load = bench(['readings', ...words, ...(numbered ? [] : ['--unnumbered'])]);
  return Object.assign(load, {
    ...made,
    ledger,
    acknowledged: () => load.last.acknowledged ?? 0,
    async flows(count = 1, ms = 60_000) {
      const before = load.acknowledged();
      await until(() => load.acknowledged() >= before + count, ms, `${count} readings are acknowledged; bench_load said ${JSON.stringify(load.last)} ${load.errors}`);
    },
    async finish() {
      load.child.kill('SIGTERM');
      return within(load.ended, (drain + 10) * 1000, 'bench_load ends');
    },
    audit: (by, query) => audit(by.url, by.token, readLedger(ledger), query),
  });
}

/** Fails when anything acknowledged is not there, or anything is there twice, altered or never sent. */
export function assertSound(found, label = '') {
  const { lost, duplicated, phantom, altered } = found;
  assert.deepEqual({ lost, duplicated, phantom, altered }, { lost: 0, duplicated: 0, phantom: 0, altered: 0 }, `${label} ${JSON.stringify(found)}`);
}

export const told = (found) => `made ${found.made}, acknowledged ${found.acknowledged}, stored ${found.stored}, lost ${found.lost}, duplicated ${found.duplicated}, phantom ${found.phantom}`;
