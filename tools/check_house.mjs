// Holds the laws of the house: reads the tree, checks each law, and says which is broken, where, and why it exists.
// SPDX-License-Identifier: Apache-2.0
// Usage: node tools/check_house.mjs [ROOT]; exit code 1 when a law is broken. With CROFT_RESULTS, one JSON line a law.
import { appendFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { structureLaws } from './house/structure.mjs';
import { styleLaws } from './house/style.mjs';
import { readTree } from './house/tree.mjs';

export function checkHouse(root) {
  const tree = readTree(root);
  return [...structureLaws, ...styleLaws].map(({ name, reason, check }) => ({ name, reason, faults: check(tree) }));
}

function report(verdicts) {
  for (const { name, reason, faults } of verdicts) {
    console.log(faults.length ? `    FAILED   ${name}, because ${reason}:` : `    ok       ${name}`);
    for (const fault of faults) console.log(`             ${fault.path}:${fault.line}: ${fault.what}`);
    if (!process.env.CROFT_RESULTS) continue;
    const why = faults.map((fault) => `${fault.path}:${fault.line}: ${fault.what}`).join('\n');
    const entry = { part: 'laws', name, outcome: faults.length ? 'failed' : 'passed', ...(why && { why }) };
    appendFileSync(process.env.CROFT_RESULTS, JSON.stringify(entry) + '\n');
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
  const verdicts = checkHouse(root);
  report(verdicts);
  process.exitCode = verdicts.some((verdict) => verdict.faults.length) ? 1 : 0;
}
