// A backup of a running Croft, and what becomes of it: a whole installation again, or a clear refusal that changes nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, copyFileSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Node, croftCommand, croftCommandAsync, spawnCroft, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';
import { KeepingNode } from '../support/keeping_node.mjs';

const folder = temporaryDirectory();
const backup = join(folder, 'croft.backup');
let croft;
let ada;
let device;
let acknowledged;

const restore = (file, stateDir, ...flags) => croftCommand(['restore', file, ...flags], { env: { CROFT_STATE_DIR: stateDir } });
const listing = (directory) => readdirSync(directory, { recursive: true }).filter((name) => name !== 'lock').sort().join(' ');

before(async () => {
  croft = await startCroft();
  croftCommand(['tls', 'init'], { env: { CROFT_STATE_DIR: croft.stateDir } });
  ada = await croft.user();
  device = await ada.createDevice('Bed');
  await ada.expect(201, 'POST', '/api/v1/command/trigger', { body: { device: device.id, measurement: 'temperature', above: 30 } });
  // While readings stream in.
  const node = new KeepingNode(croft, device, { boot: 1 });
  const running = node.run();
  await until(() => node.acknowledged.size > 200, 20_000, 'readings flow');
  acknowledged = new Set(node.acknowledged);
  const made = await croftCommandAsync(['backup', backup], { env: { CROFT_STATE_DIR: croft.stateDir } });
  assert.equal(made.code, 0, made.stdout);
  assert.match(made.stdout, /with the keys of this installation; keep it where only you can read it/);
  const later = node.acknowledged.size;
  await until(() => node.acknowledged.size > later + 50, 10_000, 'readings go on');
  node.stopped = true;
  await running;
});
after(() => croft?.stop());

test('it is one file for its owner alone, and SQLite\'s own tools can read it', () => {
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['croft.backup']);
  const count = 'import sqlite3, sys; print(sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute("SELECT COUNT(*) FROM readings").fetchone()[0])';
  const asked = spawnSync('python3', ['-c', count, backup], { encoding: 'utf8' });
  assert.ok(Number(asked.stdout) >= acknowledged.size, asked.stdout + asked.stderr);
});

test('restored elsewhere it is the same Croft: account, device, credential, trigger, and every reading that was acknowledged before', async () => {
  const stateDir = join(folder, 'elsewhere');
  const done = restore(backup, stateDir);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /restored what was backed up at 20/);
  for (const name of ['token.key', 'tls/ca.pem', 'tls/ca.key', 'tls/broker.key'])
    assert.deepEqual(readFileSync(join(stateDir, name)), readFileSync(join(croft.stateDir, name)), name);
  assert.equal(statSync(join(stateDir, 'tls/ca.key')).mode & 0o777, 0o600);
  const again = await startCroft({ stateDir });
  const client = again.client();
  Object.assign(client, { user: ada.user, password: ada.password });
  await client.login();
  const stored = new Set((await client.readings({ device: device.id, limit: 1000 })).map(({ values }) => values.n));
  assert.deepEqual([...acknowledged].filter((n) => !stored.has(n)), []);
  assert.equal((await client.get('/api/v1/command/trigger')).triggers.length, 1);
  const node = await Node.connect(again, device);
  await node.deliver({ temperature: 20, boot: 2, seq: 1 });
  await node.stop();
  await again.stop();
});

test('an installation is not written over, and with --replace it is put aside whole', async () => {
  const other = await startCroft();
  const bob = await other.user('bob');
  const running = restore(backup, other.stateDir, '--replace');
  assert.equal(running.code, 1);
  assert.match(running.stderr, /another Croft \(process \d+\) already runs on/);
  await other.stop();
  const refused = restore(backup, other.stateDir);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /holds an installation already; with --replace it is put aside/);
  await other.start();
  bob.url = other.url;
  await bob.login();
  await other.stop();

  const done = restore(backup, other.stateDir, '--replace');
  assert.equal(done.code, 0, done.stderr);
  const aside = readdirSync(other.stateDir).find((name) => name.startsWith('before-restore-'));
  assert.ok(done.stdout.includes(join(other.stateDir, aside)), done.stdout);
  await other.start();
  ada.url = other.url;
  await ada.login();
  assert.equal((await bob.request('POST', '/api/v1/auth/login', { body: { username: bob.user.username, password: bob.password } })).status, 401);
  await other.stop();
  // What was put aside is a Croft again.
  const old = await startCroft({ stateDir: join(other.stateDir, aside) });
  bob.url = old.url;
  await bob.login();
  await old.stop();
});

test('a damaged, cut off, foreign or newer file is refused by name, and nothing changes', () => {
  const stateDir = join(folder, 'untouched');
  mkdirSync(stateDir);
  const bad = join(folder, 'bad');
  const refuse = (what, change, words) => {
    copyFileSync(backup, bad);
    change();
    const { code, stdout, stderr } = restore(bad, stateDir);
    assert.equal(code, 1, `${what}: ${stdout}`);
    assert.match(stderr, words, what);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(listing(stateDir), '', what);
  };
  const size = statSync(backup).size;
  const flip = (at) => {
    const byte = readFileSync(bad).subarray(at, at + 1);
    const file = openSync(bad, 'r+');
    writeSync(file, Buffer.from([byte[0] ^ 0x10]), 0, 1, at);
    closeSync(file);
  };
  for (const part of [0.1, 0.35, 0.6, 0.8]) refuse(`a bit at ${part}`, () => flip(Math.floor(size * part)), /is damaged: the database in it is not what was written/);
  refuse('a bit of the manifest', () => flip(size - 300), /is damaged: its manifest/);
  refuse('cut off', () => truncateSync(bad, size - 10), /is damaged|its end is missing/);
  refuse('cut in half', () => truncateSync(bad, Math.floor(size / 2)), /is no backup of Croft, or its end is missing/);
  refuse('more behind it', () => appendFileSync(bad, 'x'), /is damaged/);
  refuse('another file', () => writeFileSync(bad, 'hello'), /is no backup of Croft/);
  refuse('an empty file', () => writeFileSync(bad, ''), /is no backup of Croft/);
  const manifest = (changes) => {
    const text = readFileSync(bad).toString('latin1');
    const at = text.lastIndexOf('\n{"croftBackup":') + 1;
    const json = JSON.stringify({ ...JSON.parse(text.slice(at, text.indexOf('\n', at))), ...changes });
    truncateSync(bad, at);
    appendFileSync(bad, `${json}\n${createHash('sha256').update(json).digest('hex')}\n`);
  };
  refuse('a newer format', () => manifest({ croftBackup: 2 }), /was written by a newer Croft/);
  refuse('a name that leads outside', () => manifest({ files: ['../../evil aGVsbG8'] }), /is damaged: its manifest cannot be understood/);
  refuse('a size that cannot be', () => manifest({ size: 1e15 }), /is damaged/);
  const missing = restore(join(folder, 'nothing'), stateDir);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /nothing cannot be read/);
});

test('a restore that is cut off anywhere is as if it had not begun, or carried to its end by the next start', async () => {
  const whole = join(folder, 'whole');
  assert.equal(restore(backup, whole).code, 0);
  const oldOne = await startCroft();
  const old = await oldOne.user('carol');
  await oldOne.stop();
  const aside = 'before-restore-2026-01-01T00:00:00.000Z';
  // As far as each of these a restore may have come: what is staged, what is aside, what has moved.
  const stages = {
    'before the check was over': (dir) => cpSync(join(whole, 'croft.db'), join(dir, 'restoring/croft.db')),
    'before anything moved': (dir) => stage(dir),
    'with the old key aside': (dir) => stage(dir) || move(dir, 'token.key', `${aside}/token.key`),
    'with everything old aside': (dir) => stage(dir) || setAside(dir),
    'with the new database in its place': (dir) => stage(dir) || setAside(dir) || move(dir, 'restoring/croft.db', 'croft.db'),
    'with everything moved': (dir) => stage(dir) || setAside(dir) || ['croft.db', 'token.key', 'tls'].forEach((part) => move(dir, `restoring/${part}`, part)),
  };
  const move = (dir, from, to) => {
    mkdirSync(join(dir, to, '..'), { recursive: true });
    renameSync(join(dir, from), join(dir, to));
  };
  const stage = (dir) => {
    for (const part of ['croft.db', 'token.key', 'tls']) cpSync(join(whole, part), join(dir, 'restoring', part), { recursive: true });
    writeFileSync(join(dir, 'restoring/complete'), aside);
  };
  const setAside = (dir) => {
    for (const part of ['croft.db', 'croft.db-wal', 'croft.db-shm', 'token.key']) if (existsSync(join(dir, part))) move(dir, part, `${aside}/${part}`);
    writeFileSync(join(dir, 'restoring/aside'), '');
  };
  for (const [where, cut] of Object.entries(stages)) {
    const stateDir = join(folder, where.replaceAll(' ', '-'));
    cpSync(oldOne.stateDir, stateDir, { recursive: true });
    mkdirSync(join(stateDir, 'restoring'));
    cut(stateDir);
    const started = await startCroft({ stateDir });
    const happened = where !== 'before the check was over';
    const who = happened ? ada : old;
    who.url = started.url;
    await who.login().catch((error) => assert.fail(`${where}: ${error.message}`));
    assert.ok(!existsSync(join(stateDir, 'restoring')), where);
    assert.equal(existsSync(join(stateDir, aside, 'token.key')), happened, where);
    await started.stop();
  }
});

test('what cannot be backed up is said in one line, and leaves nothing behind', async () => {
  const run = (file, env) => croftCommand(['backup', file], { env: { CROFT_STATE_DIR: croft.stateDir, ...env } });
  const there = run(backup, {});
  assert.equal(there.code, 1);
  assert.match(there.stderr, /croft\.backup is there already/);
  const nowhere = run(join(folder, 'new'), { CROFT_STATE_DIR: join(folder, 'no-state') });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /there is no database at .*is --state-dir \(state_dir\) right\?/);
  const postgres = run(join(folder, 'new'), { CROFT_DATABASE_URL: 'postgresql://croft@127.0.0.1:1/croft' });
  assert.equal(postgres.code, 1);
  assert.match(postgres.stderr, /backed up by its own pg_dump; docs\/deployment\.md/);
  const deep = run(join(folder, 'no/such/folder'), {});
  assert.equal(deep.code, 1);
  assert.match(deep.stderr, /cannot be written: No such file or directory/);
  assert.ok(!existsSync(join(folder, 'new')) && !existsSync(join(folder, 'new.part')));
});

test('a full disk is said, and leaves what was there', { skip: process.getuid() !== 0 && 'only root can make a small disk' }, async (t) => {
  const small = join(folder, 'small');
  mkdirSync(small);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]).status !== 0) return t.skip('this machine does not let one mount');
  t.after(() => spawnSync('umount', [small]));
  const full = croftCommand(['backup', join(small, 'croft.backup')], { env: { CROFT_STATE_DIR: croft.stateDir } });
  assert.equal(full.code, 1);
  assert.match(full.stderr, /full/);
  assert.deepEqual(readdirSync(small), []);
  const none = restore(backup, small);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /is the disk full\?|No space left/);
  assert.equal(listing(small), '');
});

test('a restore that is killed under way leaves an empty state directory ready for another', async () => {
  const stateDir = join(folder, 'killed');
  for (const ms of [1, 5, 15, 30]) {
    const restoring = spawnCroft(['restore', backup, '--replace'], { env: { CROFT_STATE_DIR: stateDir } });
    await new Promise((resolve) => setTimeout(resolve, ms));
    restoring.child.kill('SIGKILL');
    await within(restoring.exited, 5_000, 'it ends');
  }
  const done = restore(backup, stateDir, '--replace');
  assert.equal(done.code, 0, done.stderr);
  assert.ok(!existsSync(join(stateDir, 'restoring')));
});
