// What a Raspberry Pi would leave to Croft: 700 MB, half of two cores, a card that takes 10 ms for each sync; and what it carries then.
// SPDX-License-Identifier: Apache-2.0
// Usage: node bench/pi.mjs [RATE] [SECONDS] [NODES]     as root, with control groups of version 1 or 2; wants build/croft, build/croft-weather.so
// and build/bench_load, which runs outside of the limits
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { binary, sleep, startCroft } from '../tests/support/croft.mjs';
import { startLoad } from '../tests/support/load.mjs';

const [rate, seconds, nodes] = [Number(process.argv[2] ?? 5000), Number(process.argv[3] ?? 30), Number(process.argv[4] ?? 200)];
const memory = 700_000_000;
const one = existsSync('/sys/fs/cgroup/cgroup.controllers');
const name = `croft-pi-${process.pid}`;
const groups = one ? { all: `/sys/fs/cgroup/${name}` } : { memory: `/sys/fs/cgroup/memory/${name}`, cpu: `/sys/fs/cgroup/cpu/${name}` };
for (const path of Object.values(groups)) mkdirSync(path);
if (one) {
  writeFileSync(join(groups.all, 'memory.max'), `${memory}`);
  writeFileSync(join(groups.all, 'cpu.max'), '100000 100000');
} else {
  writeFileSync(join(groups.memory, 'memory.limit_in_bytes'), `${memory}`);
  writeFileSync(join(groups.cpu, 'cpu.cfs_quota_us'), '100000');
  writeFileSync(join(groups.cpu, 'cpu.cfs_period_us'), '100000');
}
const highest = () => Number(readFileSync(one ? join(groups.all, 'memory.peak') : join(groups.memory, 'memory.max_usage_in_bytes'), 'utf8'));
const children = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
const residentMb = (pid) => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// Croft and the Mosquitto it starts begin outside and are then moved in: their memory counts from their next page on.
const stateDir = mkdtempSync(join(tmpdir(), 'croft-pi-'));
const croft = await startCroft({ stateDir, env: { LD_PRELOAD: join(dirname(binary), 'croft-weather.so'), SYNC_DELAY_MS: '10' } });
const pids = [croft.pid, ...children(croft.pid)];
for (const path of Object.values(groups)) for (const pid of pids) writeFileSync(join(path, 'cgroup.procs'), `${pid}`);
const user = await croft.user();
const load = await startLoad(user, croft.mqttPort, { devices: nodes, rate, seconds });
const most = { croft: 0, broker: 0 };
const watch = setInterval(() => {
  most.croft = Math.max(most.croft, residentMb(pids[0]));
  most.broker = Math.max(most.broker, residentMb(pids[1]));
}, 500);
const { acknowledged, made, latency_ms: latency, acknowledged_a_second: speed } = await load.ended;
clearInterval(watch);
const found = await load.audit(user);
console.log(`${nodes} nodes, ${rate} readings/s offered for ${seconds} s: ${acknowledged} of ${made} acknowledged, ${Math.round(speed)}/s; ${latency.p50} ms median, ${latency.p99} ms p99`);
console.log(`lost ${found.lost}, duplicated ${found.duplicated}, altered ${found.altered}; resident at most: Croft ${most.croft.toFixed(0)} MB, Mosquitto ${most.broker.toFixed(0)} MB; counted with the page cache ${(highest() / 1e6).toFixed(0)} of ${memory / 1e6} MB`);
await croft.stop();
await sleep(300);
for (const path of Object.values(groups)) rmdirSync(path);
process.exit(0);
