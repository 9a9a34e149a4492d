// Reads the result lines of a test run and ends it: what failed, then «N passed, N failed» alone on the last line.
// SPDX-License-Identifier: Apache-2.0
// Usage: node summary.mjs RESULTS_FILE [PART], exit code 1 when something failed or nothing ran; with PART one line about it.
import { existsSync, readFileSync } from 'node:fs';

const [file, part] = process.argv.slice(2);
const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
const tests = lines.map((line) => JSON.parse(line)).filter((test) => !part || test.part === part);
const count = (outcome) => tests.filter((test) => test.outcome === outcome).length;
const verdict = `${count('passed')} passed, ${count('failed')} failed`;

if (part) {
  console.log(`    ${part}: ${verdict}${count('skipped') ? `, ${count('skipped')} skipped` : ''}`);
} else {
  const failed = tests.filter((test) => test.outcome === 'failed');
  if (failed.length) console.log('\nWhat failed:');
  for (const test of failed) console.log(`  [${test.part}] ${test.name}\n${(test.why ?? '').split('\n').slice(0, 6).join('\n').replace(/^/gm, '      ')}`);
  const skipped = tests.filter((test) => test.outcome === 'skipped');
  if (skipped.length) console.log('\nSkipped:');
  for (const test of skipped) console.log(`  [${test.part}] ${test.name}`);
  if (tests.length === 0) console.log('No test ran.');
  console.log(`\n${verdict}`);
}
process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
