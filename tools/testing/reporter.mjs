// Reporter for node:test: one line a test as it ends, and one JSON line each for the final count.
// SPDX-License-Identifier: Apache-2.0
// Used as node --test-reporter=tools/testing/reporter.mjs FILE, with CROFT_RESULTS naming the file of results.
import { appendFileSync } from 'node:fs';

const results = process.env.CROFT_RESULTS;
const part = process.env.CROFT_PART ?? 'node';

function record(entry) {
  if (results) appendFileSync(results, JSON.stringify({ part, ...entry }) + '\n');
}

function explain(error) {
  const cause = error?.cause ?? error;
  const text = cause?.stack ?? String(cause?.message ?? cause ?? 'failed');
  return text.split('\n').filter((line) => !line.includes('node:internal')).slice(0, 25).join('\n');
}

export default async function* reporter(events) {
  const running = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      running[data.nesting] = data.name;
      running.length = data.nesting + 1;
    }
    const said = type === 'test:diagnostic' && !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message);
    if (said) yield `             ${data.message}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const ms = Math.round(data.details?.duration_ms ?? 0);
    const name = [...running.slice(0, data.nesting), data.name].join(' › ');
    // A suite is not a test; but one whose hook failed has nothing else to tell of it.
    const isSuite = data.details?.type === 'suite';
    if (isSuite && (type === 'test:pass' || data.details?.error?.failureType === 'subtestsFailed')) continue;
    if (data.skip !== undefined || data.todo !== undefined) {
      record({ name, outcome: 'skipped' });
      yield `    skipped  ${name} (${data.skip ?? data.todo})\n`;
    } else if (type === 'test:pass') {
      record({ name, outcome: 'passed', ms });
      yield `    ok       ${name} (${ms} ms)\n`;
    } else {
      const why = explain(data.details?.error);
      record({ name, outcome: 'failed', ms, why });
      yield `    FAILED   ${name} (${ms} ms)\n${why.replace(/^/gm, '        ')}\n`;
    }
  }
}
