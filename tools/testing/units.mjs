// Runs the test programs that ctest knows of a build directory, a few at a time, and writes one JSON line a test for the final count.
// SPDX-License-Identifier: Apache-2.0
// Usage: node units.mjs BUILD_DIRECTORY RESULTS_FILE PART [NAME_FILTER]
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const [build, results, part, filter = ''] = process.argv.slice(2);
const timeLimitMs = 300_000;

// ctest knows which programs belong to this build; old ones may still lie in the directory.
function programs() {
  const listing = spawnSync('ctest', ['--test-dir', build, '--show-only=json-v1'], { encoding: 'utf8' });
  if (listing.status !== 0) throw new Error(`ctest could not list the tests:\n${listing.stderr}`);
  return JSON.parse(listing.stdout)
    .tests.filter((test) => test.command && test.name.includes(filter))
    .map((test) => ({
      name: test.name,
      command: test.command,
      directory: test.properties.find((property) => property.name === 'WORKING_DIRECTORY')?.value ?? build,
      environment: test.properties.find((property) => property.name === 'ENVIRONMENT')?.value ?? [],
    }));
}

const record = (entry) => appendFileSync(results, JSON.stringify({ part, ...entry }) + '\n');

function outcomes(program, reportFile) {
  if (!existsSync(reportFile)) return [];
  const report = JSON.parse(readFileSync(reportFile, 'utf8'));
  return report.testsuites.flatMap((suite) =>
    suite.testsuite
      .filter((test) => test.status === 'RUN')
      .map((test) => ({
        name: `${program.name}: ${suite.name}.${test.name}`,
        outcome: test.failures ? 'failed' : test.result === 'SKIPPED' ? 'skipped' : 'passed',
        ms: Math.round(parseFloat(test.time) * 1000),
        why: test.failures?.map((failure) => failure.failure).join('\n'),
      })),
  );
}

async function run(program, directory) {
  const reportFile = join(directory, `${program.name}.json`);
  const started = Date.now();
  const [executable, ...args] = program.command;
  const isGoogleTest = program.command.some((word) => basename(word).startsWith('test_')); // an emulator may come first
  const child = spawn(executable, [...args, ...(isGoogleTest ? [`--gtest_output=json:${reportFile}`] : [])], {
    cwd: program.directory,
    env: { ...process.env, ...Object.fromEntries(program.environment.map((entry) => entry.split(/=(.*)/s).slice(0, 2))) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk) => (output = (output + chunk).slice(-40_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const watchdog = setTimeout(() => child.kill('SIGKILL'), timeLimitMs);
  const ended = await new Promise((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code));
    child.on('error', (error) => resolve(error.message));
  });
  clearTimeout(watchdog);

  const tests = outcomes(program, reportFile);
  const failed = tests.filter((test) => test.outcome === 'failed');
  // A program that died, or that a sanitizer ended, is a failure of its own, whatever its tests said.
  const died = ended !== 0 && failed.length === 0;
  if (died) tests.push({ name: `${program.name}: the program ended with ${ended}`, outcome: 'failed', why: output.slice(-4000) });
  if (ended === 0 && !isGoogleTest) tests.push({ name: program.name, outcome: 'passed' });
  if (ended === 0 && tests.length === 0) tests.push({ name: `${program.name}: no test ran`, outcome: 'failed', why: output });
  tests.forEach(record);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const count = (outcome) => tests.filter((test) => test.outcome === outcome).length;
  const bad = count('failed');
  console.log(`    ${bad ? 'FAILED  ' : 'ok      '} ${program.name}: ${count('passed')} passed${bad ? `, ${bad} failed` : ''} (${seconds} s)`);
  if (bad) console.log(output.split('\n').filter((line) => !/^\[ +(RUN|OK) +\]/.test(line)).slice(-80).join('\n').replace(/^/gm, '        '));
}

const directory = mkdtempSync(join(tmpdir(), 'croft-units-'));
mkdirSync(directory, { recursive: true });
const waiting = programs();
if (waiting.length === 0) {
  record({ name: 'unit tests', outcome: 'failed', why: `no test program in ${build}${filter && ` matches «${filter}»`}` });
  console.log('    FAILED   there is no unit test to run');
}
const lanes = Math.max(1, Math.min(4, (availableParallelism ?? (() => cpus().length))()));
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let program = waiting.shift(); program; program = waiting.shift()) await run(program, directory);
  }),
);
rmSync(directory, { recursive: true, force: true });
