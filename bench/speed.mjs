// One table of what a running Croft does on this machine, beside what its broker does alone; each figure of several runs, median and range.
// SPDX-License-Identifier: Apache-2.0
// Usage: node bench/speed.mjs [sqlite|postgres] [RUNS]     wants build/croft and build/bench_load
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { freePort, sleep, startCroft, temporaryDirectory, until } from '../tests/support/croft.mjs';
import { bench, devicesFor } from '../tests/support/load.mjs';
import { startPostgres } from '../tests/support/postgres.mjs';

const [engine, runs] = [process.argv[2] ?? 'sqlite', Number(process.argv[3] ?? 3)];
const figures = new Map();
const note = (what, value, unit) => {
  if (!figures.has(what)) figures.set(what, { unit, values: [] });
  figures.get(what).values.push(value);
};

const cpuSeconds = (pid) => {
  const [, , ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/, 'x').split(' ');
  return (Number(rest[11]) + Number(rest[12])) / 100;
};
const residentMb = (pid) => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function run(args) {
  const result = await bench(args).ended;
  if (result.what !== 'result') throw new Error(`bench_load ${args.join(' ')}: ${JSON.stringify(result)}`);
  return result;
}

async function ingest(croft, nodes) {
  const readings = (rate, seconds) => run(['readings', `--port=${croft.mqttPort}`, `--nodes=${nodes}`, `--rate=${rate}`, `--seconds=${seconds}`, `--boot=${Math.floor(performance.now())}`, '--keep=2000', '--drain=60']);
  const cpu = cpuSeconds(croft.pid);
  const fast = await readings(100_000, 10);
  note('ingest, offered 100,000/s: acknowledged', fast.acknowledged_a_second, 'readings/s');
  note('ingest: processor time of Croft', ((cpuSeconds(croft.pid) - cpu) / fast.acknowledged) * 1e6, 'µs a reading');
  for (const rate of [10_000, 25_000]) {
    const steady = await readings(rate, 10);
    note(`publish to acknowledgement at ${rate.toLocaleString('en')}/s: median`, steady.latency_ms.p50, 'ms');
    note(`publish to acknowledgement at ${rate.toLocaleString('en')}/s: p99`, steady.latency_ms.p99, 'ms');
  }
  note('resident after that', residentMb(croft.pid), 'MB');
}

const viewing = (croft, user, nodes) => [`--port=${new URL(croft.url).port}`, `--token=${user.token}`, `--nodes=${nodes}`];

async function idleViewers(croft, user, nodes) {
  const idle = residentMb(croft.pid);
  const common = viewing(croft, user, nodes);
  const quiet = bench(['viewers', ...common, '--connections=1000', '--one-device', '--seconds=4']);
  await until(() => quiet.last.watching === 1000, 20_000, '1,000 viewers watch');
  note('an idle viewer', (residentMb(croft.pid) - idle) * 1.024, 'KB');
  await quiet.ended;
}

async function views(croft, user, nodes) {
  const common = viewing(croft, user, nodes);
  const load = bench(['readings', `--port=${croft.mqttPort}`, `--nodes=${nodes}`, '--rate=10000', '--seconds=14', `--boot=${Math.floor(performance.now())}`, '--drain=30']);
  await sleep(2_000);
  const seen = await run(['viewers', ...common, '--connections=1000', '--one-device', '--seconds=10']);
  note('node to viewer, 10,000 readings/s, 1,000 viewers: median', seen.latency_ms.p50, 'ms');
  note('node to viewer, 10,000 readings/s, 1,000 viewers: p99', seen.latency_ms.p99, 'ms');
  await load.ended;
  const few = bench(['readings', `--port=${croft.mqttPort}`, `--nodes=${nodes}`, '--rate=2000', '--seconds=12', `--boot=${Math.floor(performance.now())}`, '--drain=30']);
  await sleep(1_500);
  const cpu = cpuSeconds(croft.pid);
  const flood = await run(['viewers', ...common, '--connections=100', '--seconds=8']);
  note('frames to 100 viewers of everything', flood.frames_a_second, 'frames/s');
  note('frames: by a whole core of Croft', flood.frames / (cpuSeconds(croft.pid) - cpu), 'frames/s');
  await few.ended;
}

async function requests(croft, user, device) {
  const ask = (target, rate, seconds, connections) => run(['requests', `--port=${new URL(croft.url).port}`, `--token=${user.token}`, `--target=${target}`, `--rate=${rate}`, `--seconds=${seconds}`, `--connections=${connections}`]);
  for (const [what, target] of [['guarded request (devices/{id})', `/api/v1/devices/${device}`], ['last?n=100', `/api/v1/data/last?device=${device}&n=100`]]) {
    const cpu = cpuSeconds(croft.pid);
    const fast = await ask(target, 150_000, 4, 64);
    note(`${what}: answered, the asker beside it`, fast.answered_a_second, 'requests/s');
    note(`${what}: by a whole core of Croft`, fast.requests / (cpuSeconds(croft.pid) - cpu), 'requests/s');
    const calm = await ask(target, 1000, 5, 64);
    note(`${what}, at 1,000/s: p99`, calm.latency_ms.p99, 'ms');
  }
}

async function brokerAlone(nodes) {
  const [port, file] = [await freePort(), join(temporaryDirectory(), 'mosquitto.conf')];
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`);
  const broker = spawn('/usr/sbin/mosquitto', ['-c', file], { stdio: 'ignore' });
  await sleep(500);
  const offer = async () => (await run(['readings', `--port=${port}`, `--nodes=${nodes}`, '--rate=200000', '--seconds=5', '--unnumbered', '--keep=1000', '--drain=30'])).acknowledged_a_second;
  note('Mosquitto alone, QoS 1, nobody subscribed: acknowledged', await offer(), 'messages/s');
  const taker = spawn('mosquitto_sub', ['-p', String(port), '-t', '#', '-q', '1', '-i', 'taker'], { stdio: 'ignore' });
  await sleep(300);
  note('Mosquitto alone, QoS 1, mosquitto_sub takes all: acknowledged', await offer(), 'messages/s');
  taker.kill();
  broker.kill();
}

for (let i = 1; i <= runs; i++) {
  console.log(`run ${i} of ${runs}`);
  const postgres = engine === 'postgres' ? await startPostgres() : null;
  const began = performance.now();
  const croft = await startCroft({ env: postgres ? { CROFT_DATABASE_URL: postgres.url('speed') } : {} });
  note('start to ready, an empty state', performance.now() - began, 'ms');
  await sleep(500);
  note('resident, idle', residentMb(croft.pid), 'MB');
  const user = await croft.user();
  const { devices, nodes } = await devicesFor(user, 1000);
  await idleViewers(croft, user, nodes);
  await brokerAlone(nodes);
  await ingest(croft, nodes);
  await views(croft, user, nodes);
  await requests(croft, user, devices[0].id);
  await croft.stop();
  await postgres?.stop();
}
console.log(`\n| ${engine}, ${runs} runs | median | range | |\n| --- | --- | --- | --- |`);
const round = (value) => (value >= 1000 ? Math.round(value / 100) * 100 : Number(value.toPrecision(3))).toLocaleString('en');
for (const [what, { unit, values }] of figures) {
  values.sort((a, b) => a - b);
  console.log(`| ${what} | ${round(values[Math.floor(values.length / 2)])} | ${round(values[0])} to ${round(values.at(-1))} | ${unit} |`);
}
process.exit(0);
