// The real mosquitto_pub and mosquitto_sub as devices, so that Croft is tested against somebody else's MQTT.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { closeAtEnd, until, within } from './wait.mjs';

const running = new Set();
closeAtEnd(() => running.forEach((child) => child.kill('SIGKILL')));
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function start(program, args) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  child.on('close', () => running.delete(child));
  child.stdin.on('error', () => {});
  return child;
}

function address({ port, host = '127.0.0.1', username, password, id, version = 'mqttv5', ca }) {
  return [
    ...['-h', host, '-p', String(port), '-V', version],
    ...(username === undefined ? [] : ['-u', username]),
    ...(password === undefined ? [] : ['-P', password]),
    ...(id === undefined ? [] : ['-i', id]),
    ...(ca === undefined ? [] : ['--cafile', ca]),
  ];
}

/** Publishes one payload, or with `lines` one message a line. Answers {code, output}; code 0 is accepted. */
export async function mosquittoPub({ topic, payload, lines, qos = 1, retain = false, ...connection }) {
  const child = start('mosquitto_pub', [...address(connection), '-t', topic, '-q', String(qos), ...(retain ? ['-r'] : []), lines ? '-l' : payload.length ? '-s' : '-n']);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  child.stdin.end(lines ? lines.map((line) => `${line}\n`).join('') : payload);
  const code = await within(new Promise((resolve) => child.on('close', resolve)), 20_000, `mosquitto_pub to ${topic} ends`);
  return { code, output };
}

/** Subscribes, and is listening when it resolves. `messages` grows; `ended` resolves with exit code and output. */
export async function mosquittoSub({ topics, qos = 1, ...connection }) {
  // Its lines are waited for, so they must not stay in a buffer.
  const child = start('stdbuf', ['-oL', 'mosquitto_sub', ...address(connection), '-q', String(qos), '-d', '-F', '## %r %q %t %X', ...topics.flatMap((topic) => ['-t', topic])]);
  const messages = [];
  let output = '';
  let rest = '';
  child.stdout.on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const match = /^## (\d) (\d) (\S+) ?([0-9A-Fa-f]*)$/.exec(line);
      if (match) messages.push({ retained: match[1] === '1', qos: Number(match[2]), topic: match[3], payload: Buffer.from(match[4], 'hex').toString() });
      else output += `${line}\n`;
    }
  });
  child.stderr.on('data', (data) => (output += data));
  const ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
  let over = null;
  ended.then((how) => (over = how));
  const subscription = {
    messages,
    ended,
    output: () => output,
    next: (wanted = () => true, ms = 5_000) => until(() => messages.find(wanted), ms, `a message for which ${wanted}; there were ${JSON.stringify(messages).slice(0, 800)}`),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
  await until(() => {
    if (over) throw new Error(`mosquitto_sub ended: ${JSON.stringify(over)}`);
    return /^Subscribed /m.test(output);
  }, 5_000, 'mosquitto_sub is subscribed');
  return subscription;
}
