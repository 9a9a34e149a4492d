// The program itself: how it starts, says what is wrong, keeps secrets to itself, watches its broker, and ends.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Node, binary, croftCommand, mosquittoPub, sleep, spawnCroft, startCroft, temporaryDirectory, until, within } from '../support/croft.mjs';

const quiet = (directory) => ({ CROFT_STATE_DIR: directory, CROFT_HTTP_LISTEN: '127.0.0.1:0', CROFT_MQTT_LISTEN: '127.0.0.1:0' });

/** Runs `croft serve` that must not start, and gives the lines it said. */
async function mustNotStart(config, env = {}, args = []) {
  const directory = temporaryDirectory();
  const file = join(directory, 'croft.toml');
  if (config !== null) writeFileSync(file, config);
  const running = spawnCroft(['serve', ...(config === null ? [] : ['--config', file]), ...args], { env: { ...quiet(directory), ...env } });
  const ended = await within(running.exited, 10_000, `croft serve refuses to start with ${JSON.stringify(config)}`).finally(() => running.child.kill('SIGKILL'));
  assert.ok(ended.code > 0 && ended.code < 128, `it ended with ${JSON.stringify(ended)}:\n${running.logs()}`);
  return running.logs().trim().split('\n');
}

test('SIGTERM and SIGINT end it with 0, and its broker with it', async () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const croft = await startCroft();
    const client = await croft.user();
    const view = await client.live();
    const started = Date.now();
    process.kill(croft.pid, signal);
    const how = await within(croft.exited(), 10_000, `croft ends after ${signal}`);
    assert.deepEqual(how, { code: 0, signal: null }, croft.logs());
    assert.ok(Date.now() - started < 8_000);
    await view.ended();
    const sent = await mosquittoPub({ port: croft.mqttPort, topic: 'x', payload: 'x' });
    assert.notEqual(sent.code, 0, 'the broker is gone too');
  }
});

test('what was acknowledged before SIGTERM is there after the next start', async () => {
  const croft = await startCroft();
  const client = await croft.user();
  const device = await client.createDevice();
  const sent = await mosquittoPub({ port: croft.mqttPort, username: device.id, password: device.secret, topic: `croft/v1/${device.id}/telemetry`, lines: Array.from({ length: 500 }, (_, n) => JSON.stringify({ n })) });
  assert.equal(sent.code, 0);
  await croft.restart();
  client.url = croft.url;
  await client.login();
  await until(async () => (await client.readings({ device: device.id, limit: 1000 })).length === 500, 10_000, 'all 500 readings are stored');
  await croft.stop();
});

test('off a terminal, the log is one JSON object a line', async () => {
  const croft = await startCroft();
  await croft.user();
  await croft.stop();
  const lines = croft.logs().trim().split('\n').filter(Boolean);
  assert.ok(lines.length > 0);
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object', line);
});

test('a taken port is said in one clear line', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address();
  for (const setting of ['CROFT_HTTP_LISTEN', 'CROFT_MQTT_LISTEN']) {
    const lines = await mustNotStart(null, { [setting]: `127.0.0.1:${port}` });
    const last = lines.filter((line) => line.includes(String(port)));
    assert.ok(last.length >= 1 && lines.length <= 6, lines.join('\n'));
    assert.ok(last.some((line) => /taken|in use|already/i.test(line)), lines.join('\n'));
  }
  taken.close();
});

test('a mistake in the configuration stops the start with one line: where it is and what was expected', async () => {
  const mistakes = [
    ['stat_dir = "x"', /stat_dir/],
    ['[http]\nlisten = 8080', /listen/],
    ['[http]\nlisten = "nowhere"', /listen/],
    ['[http]\nport = 8080', /port/],
    ['[htpp]\nlisten = "127.0.0.1:0"', /htpp/],
    ['[auth]\nsignup = "sometimes"', /signup.*open.*first.*closed/],
    ['[sessions]\nlifetime = "soon"', /lifetime/],
    ['[database]\nurl = "mysql://x"', /url/],
    ['[[data.source]]\ntopic = "/exp/sensor"', /device/],
    ['[[data.source]]\ntopic = "a/#/b"\ndevice = "x"', /topic/],
  ];
  for (const [config, expected] of mistakes) {
    const lines = await mustNotStart(config);
    assert.equal(lines.length, 1, `${config} said:\n${lines.join('\n')}`);
    assert.match(lines[0], expected);
    assert.match(lines[0], /croft\.toml/);
  }
  const syntax = await mustNotStart('[http\nlisten = 1');
  assert.match(syntax[0], /croft\.toml.*1/);
  assert.match((await mustNotStart(null, { CROFT_AUTH_SIGNUP: 'never' }))[0], /CROFT_AUTH_SIGNUP/);
  assert.match((await mustNotStart(null, {}, ['--config', '/nonexistent/croft.toml']))[0], /\/nonexistent\/croft\.toml/);
  assert.match((await mustNotStart(null, {}, ['--target', 'kitchen'])).join('\n'), /kitchen/);
});

test('config check tells each mistake in a line of its own; config print shows what is in force without secrets', () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'croft.toml');
  writeFileSync(file, 'typo = 1\n\n[http]\nlisten = 7\n');
  const check = croftCommand(['config', 'check', '--config', file]);
  assert.notEqual(check.code, 0);
  const lines = (check.stdout + check.stderr).trim().split('\n');
  assert.equal(lines.length, 2, lines.join('\n'));
  assert.ok(lines.some((line) => /croft\.toml:1.*typo/.test(line)), lines.join('\n'));
  assert.ok(lines.some((line) => /croft\.toml:4.*listen/.test(line)), lines.join('\n'));

  const secret = join(directory, 'secret');
  writeFileSync(secret, 'hunter2-from-file\n');
  writeFileSync(file, '[http]\nlisten = "127.0.0.1:1234"\n[mqtt]\nurl = "mqtt://broker.example:1883"\nusername = "croft"\npassword = "hunter2"\n[smtp]\nurl = "smtp://user:hunter2@mail.example"\n');
  assert.equal(croftCommand(['config', 'check', '--config', file]).code, 0);
  const print = croftCommand(['config', 'print', '--config', file], { env: { CROFT_HTTP_LISTEN: '127.0.0.1:4321' } });
  assert.equal(print.code, 0, print.stderr);
  assert.ok(!/hunter2/.test(print.stdout + print.stderr), print.stdout);
  assert.match(print.stdout, /127\.0\.0\.1:4321/, 'the environment wins over the file');
  assert.match(print.stdout, /broker\.example/);
  const fromFile = croftCommand(['config', 'print'], { env: { CROFT_MQTT_PASSWORD_FILE: secret } });
  assert.equal(fromFile.code, 0, fromFile.stderr);
  assert.ok(!/hunter2/.test(fromFile.stdout + fromFile.stderr));
  const missing = croftCommand(['config', 'print'], { env: { CROFT_MQTT_PASSWORD_FILE: '/nonexistent' } });
  assert.notEqual(missing.code, 0);
});

test('what config print says is itself a configuration', () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'again.toml');
  writeFileSync(file, croftCommand(['config', 'print']).stdout);
  const check = croftCommand(['config', 'check', '--config', file]);
  assert.equal(check.code, 0, check.stdout + check.stderr);
});

test('a broker that dies is started again, and everything goes on', async () => {
  const croft = await startCroft();
  const client = await croft.user();
  const device = await client.createDevice();
  const node = await Node.connect(croft, device);
  await node.deliver({ temperature: 1, boot: 1, seq: 1 });
  const children = readFileSync(`/proc/${croft.pid}/task/${croft.pid}/children`, 'utf8').trim().split(' ').map(Number);
  const broker = children.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'mosquitto');
  assert.ok(broker, 'mosquitto is a child of croft');
  process.kill(broker, 'SIGKILL');
  await within(node.closed, 5_000, 'the node notices');
  const again = await until(() => Node.connect(croft, device), 15_000, 'the broker is back');
  await again.deliver({ temperature: 2, boot: 1, seq: 2 }, 15_000);
  assert.equal((await client.readings({ device: device.id })).length, 2);
  await until(async () => (await client.request('GET', '/readyz')).status === 200);
  await again.stop();
  await croft.stop();
});

test('no broker is left behind by a crash, and the ports are free for the next start', async () => {
  const croft = await startCroft();
  await croft.kill();
  await croft.restart();
  assert.equal((await croft.client().request('GET', '/readyz')).status, 200);
  await croft.stop();
});

test('files with secrets are for their owner alone', async () => {
  const croft = await startCroft();
  await croft.user();
  const open = [];
  const walk = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && /key|secret|\.db|\.conf|passw|\.plugin/.test(entry.name) && statSync(path).mode & 0o077) open.push(path);
    }
  };
  const closedAbove = (statSync(croft.stateDir).mode & 0o077) === 0;
  if (!closedAbove) walk(croft.stateDir);
  assert.deepEqual(open, []);
  await croft.stop();
});

test('the command line manages accounts and devices of a running server', async () => {
  const croft = await startCroft();
  const env = { CROFT_STATE_DIR: croft.stateDir };
  const run = (args, more = {}) => {
    const done = croftCommand(args, { env, ...more });
    assert.equal(done.code, 0, `croft ${args.join(' ')}: ${done.stdout}${done.stderr}`);
    return done.stdout;
  };
  run(['user', 'add', 'ada', '--email', 'ada@example.org', '--password-stdin'], { input: 'correct horse battery\n' });
  const client = croft.client();
  await client.login('ada', 'correct horse battery');
  assert.match(run(['user', 'list']), /ada/);
  const twice = croftCommand(['user', 'add', 'ada', '--email', 'other@example.org', '--password-stdin'], { env, input: 'correct horse battery\n' });
  assert.notEqual(twice.code, 0);
  assert.equal((twice.stdout + twice.stderr).trim().split('\n').length, 1);

  run(['user', 'reset-password', 'ada', '--password-stdin'], { input: 'another horse battery\n' });
  await client.refused(401, 'GET', '/api/v1/auth/me');
  await client.refused(401, 'POST', '/api/v1/auth/login', { body: { username: 'ada', password: 'correct horse battery' } });
  await client.login('ada', 'another horse battery');

  const generated = run(['user', 'reset-password', 'ada']);
  const password = generated.split(/\s+/).find((word) => word.length >= 12 && !word.includes('ada'));
  await client.login('ada', password);

  run(['device', 'add', 'Tomatoes', '--user', 'ada']);
  const { devices } = await client.get('/api/v1/devices');
  assert.deepEqual(devices.map(({ name }) => name), ['Tomatoes']);
  assert.match(run(['device', 'list', '--user', 'ada']), new RegExp(devices[0].id));
  run(['device', 'rotate', devices[0].id]);
  run(['device', 'remove', devices[0].id]);
  assert.deepEqual((await client.get('/api/v1/devices')).devices, []);
  await croft.stop();

  const gone = croftCommand(['user', 'list'], { env });
  assert.notEqual(gone.code, 0);
  assert.match(gone.stdout + gone.stderr, /running|serve|start/i, 'it says that the server must run');
});

test('the same database is not served twice', async () => {
  const croft = await startCroft();
  const second = spawnCroft(['serve'], { env: quiet(croft.stateDir) });
  const ended = await within(second.exited, 10_000, 'the second server refuses').finally(() => second.child.kill('SIGKILL'));
  assert.ok(ended.code > 0, second.logs());
  await croft.client().expect(200, 'GET', '/livez');
  await croft.stop();
});

test('help and version answer, and unknown commands do not', () => {
  assert.match(croftCommand(['--help']).stdout, /serve/);
  assert.match(croftCommand(['serve', '--help']).stdout, /--config/);
  assert.match(croftCommand(['--version']).stdout, /\d+\.\d+/);
  const unknown = croftCommand(['dance']);
  assert.ok(unknown.code > 0);
  assert.ok((unknown.stdout + unknown.stderr).length > 0);
});

test('the program needs only what a small machine has', { skip: process.env.CROFT_SLOW && 'a sanitizer adds libraries' }, () => {
  const { stdout } = spawnSync('ldd', [binary], { encoding: 'utf8' });
  for (const heavy of ['libcurl', 'libclang', 'libLLVM']) assert.ok(!stdout.includes(heavy), `${heavy} is loaded at every start`);
});

test('virtual nodes send readings and obey', async (t) => {
  const croft = await startCroft();
  t.after(() => croft.stop());
  const client = await croft.user();
  const nodes = spawnCroft(['simulate', '--user', client.user.username, '--devices', '3', '--interval', '200ms', '--greenhouse'], { env: { CROFT_STATE_DIR: croft.stateDir } });
  const devices = await until(async () => {
    const list = (await client.get('/api/v1/devices')).devices;
    return list.length === 3 && list.every((device) => device.online && 'temperature' in device.values) && list;
  }, 15_000, `three virtual nodes are online: ${nodes.logs()}`);
  for (const { values } of devices) {
    assert.ok(values.temperature > -30 && values.temperature < 60 && values.humidity >= 0 && values.humidity <= 100);
    assert.ok(Number.isInteger(values.soilMoisture) && values.soilMoisture >= 0 && values.soilMoisture <= 1023);
  }
  const asked = Date.now();
  const made = await client.command(devices[0].id, 'on');
  const done = await until(async () => {
    const command = await client.get(`/api/v1/command/${made.id}`);
    return command.state === 'done' && command;
  });
  t.diagnostic(`sent to done: ${Date.parse(done.done) - Date.parse(done.sent)} ms; asked to seen as done: ${Date.now() - asked} ms`);
  await until(async () => (await client.device(devices[0].id)).state.led === 'on');

  const back = await client.command(devices[1].id, 'on', { for: 1 });
  await until(async () => (await client.get(`/api/v1/command/${back.id}`)).state === 'done');
  await until(async () => (await client.device(devices[1].id)).state.led === 'off', 5_000, 'the node itself switches back after a second');

  nodes.child.kill('SIGTERM');
  assert.deepEqual(await within(nodes.exited, 10_000, 'croft simulate ends'), { code: 0, signal: null });
  await until(async () => (await client.get('/api/v1/devices')).devices.every((device) => !device.online));
  await sleep(0);
});
