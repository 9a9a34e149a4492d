// Holds what bench_load wrote down against what Croft stored: lost, missing, stored twice, never sent, altered.
// SPDX-License-Identifier: Apache-2.0
// Usage: node bench/audit.mjs URL TOKEN LEDGER     TOKEN is a session of the devices' owner
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What each node of a ledger sent, and what of it was not acknowledged: device -> {made, open, times}. */
export function readLedger(file) {
  const devices = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const [device, , made, open] = line.split('\t');
    devices.set(device, { made: Number(made), open: new Set(open.split(',').filter(Boolean).map(Number)), times: new Uint8Array(Number(made) + 1) });
  }
  return devices;
}

/** Each reading that the session may see, from the streamed export, so that memory stays small. */
async function* storedReadings(url, token, query = '') {
  const answer = await fetch(new URL(`/api/v1/data/all${query}`, url), { headers: { accept: 'application/x-ndjson', authorization: `Bearer ${token}` } });
  if (answer.status !== 200) throw new Error(`the export answered ${answer.status}: ${await answer.text()}`);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of answer.body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest) yield JSON.parse(rest);
}

// What node.cpp sends as number n.
const unaltered = ({ n, temperature, humidity }) => Math.abs(temperature - (10 + (n % 30) + (n % 10) / 10)) < 1e-9 && humidity === n % 100;

/**
 * {made, acknowledged, stored, lost, missing, duplicated, phantom, altered, examples}. `lost`: acknowledged, and not stored. `missing`:
 * neither acknowledged nor stored. `phantom`: stored, and never sent. Readings without the measurement `n` are not counted.
 */
export async function audit(url, token, ledger, query) {
  const devices = typeof ledger === 'string' ? readLedger(ledger) : ledger;
  const found = { made: 0, acknowledged: 0, stored: 0, lost: 0, missing: 0, duplicated: 0, phantom: 0, altered: 0, examples: [] };
  const note = (what, device, n) => {
    found[what] += 1;
    if (found.examples.length < 10) found.examples.push(`${what}: ${device} ${n}`);
  };
  for await (const { device, values } of storedReadings(url, token, query)) {
    if (values.n === undefined) continue;
    found.stored += 1;
    const sent = devices.get(device);
    if (!sent || !(values.n >= 1 && values.n <= sent.made)) note('phantom', device, values.n);
    else if ((sent.times[values.n] += 1) > 1) note('duplicated', device, values.n);
    if (!unaltered(values)) note('altered', device, values.n);
  }
  for (const [device, { made, open, times }] of devices) {
    found.made += made;
    found.acknowledged += made - open.size;
    for (let n = 1; n <= made; ++n) if (times[n] === 0) note(open.has(n) ? 'missing' : 'lost', device, n);
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url, token, ledger] = process.argv.slice(2);
  if (!ledger) {
    console.error('Usage: node bench/audit.mjs URL TOKEN LEDGER');
    process.exit(2);
  }
  const found = await audit(url, token, ledger);
  console.log(JSON.stringify(found));
  process.exitCode = found.lost + found.duplicated + found.phantom + found.altered > 0 ? 1 : 0;
}
