// An alert's e-mail from the reading to the letterbox: what it says, what becomes of it, and what a crash or a bad mail server does to it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node, startCroft, until } from '../support/croft.mjs';
import { startMailServer } from '../support/smtp.mjs';

async function croftWithMail(server, env = {}) {
  return startCroft({ env: { CROFT_SMTP_URL: `smtp://127.0.0.1:${server.port}`, CROFT_SMTP_FROM: 'croft@example.org', ...env } });
}

/** A user with a node of this name and a trigger with e-mail; `fire()` makes the alert, `alert()` looks at it. */
async function watched(croft, name = 'Bed 2') {
  const user = await croft.user();
  const device = await user.createDevice(name);
  const node = await Node.connect(croft, device);
  await user.expect(201, 'POST', '/api/v1/command/trigger', { body: { device: device.id, measurement: 'soilMoisture', below: 300, email: true } });
  const alert = async () => (await user.get('/api/v1/command/alerts', { device: device.id })).alerts[0];
  return {
    address: user.user.email,
    user,
    fire: async (soilMoisture = 281) => {
      await node.publish('telemetry', { soilMoisture });
      return until(alert, 5_000, 'the alert is there');
    },
    clear: () => node.publish('telemetry', { soilMoisture: 500 }),
    mailed: (state, ms = 10_000) =>
      until(async () => {
        const found = await alert();
        return found?.email?.state === state && found.email;
      }, ms, `the alert's e-mail is ${state}`),
    mails: (server) => server.heard.filter(({ to }) => to[0] === user.user.email),
    end: () => node.stop(),
  };
}

test('an alert is mailed to the owner of the trigger, readable on a phone and in the owner\'s time', async () => {
  const server = await startMailServer();
  const croft = await croftWithMail(server, { CROFT_HTTP_PUBLIC_URL: 'https://croft.example.org' });
  const bed = await watched(croft, 'Gewächshaus <b>2</b>');
  await bed.user.expect(200, 'PATCH', '/api/v1/auth/me', { body: { timezone: 'Asia/Tokyo' } });
  await bed.fire();
  await bed.mailed('sent');
  const [mail] = server.taken;
  assert.deepEqual(mail.to, [bed.address]);
  assert.equal(mail.subject, 'Gewächshaus <b>2</b>: soil moisture 281, below 300');
  assert.equal(mail.headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(mail.headers.date, / \+0900$/);
  assert.match(mail.text, /Value: 281\nCondition: below 300\nSince: .* JST\n/);
  assert.match(mail.text, /https:\/\/croft\.example\.org/);
  await bed.end();
  await croft.stop();
});

test('a mail that is refused for good is told in the alert', async () => {
  const server = await startMailServer();
  server.script = (verb) => (verb === 'RCPT' ? '550 5.1.1 no such user here' : undefined);
  const croft = await croftWithMail(server);
  const bed = await watched(croft);
  await bed.fire();
  const email = await bed.mailed('failed');
  assert.match(email.error, /550 5\.1\.1 no such user here/);
  await bed.end();
  await croft.stop();
});

test('while the mail server is away the alert says so, and its mail waits', async () => {
  const server = await startMailServer();
  await server.close();
  const croft = await croftWithMail(server);
  const bed = await watched(croft);
  await bed.fire();
  const email = await until(async () => {
    const found = await bed.mailed('queued');
    return found.error && found;
  }, 10_000, 'the error is told');
  assert.match(email.error, /nothing answers at 127\.0\.0\.1:\d+/);
  assert.equal(await croft.metric('croft_mail_server_reachable'), 0);
  await bed.end();
  await croft.stop();
});

test('451 is tried again, and a mail whose answer was lost is sent again with the same Message-ID', async () => {
  const server = await startMailServer();
  const croft = await croftWithMail(server);
  const [later, dropped] = [await watched(croft), await watched(croft)];
  server.script = (verb, what) => {
    if (verb !== '.') return undefined;
    if (what.to[0] === later.address && later.mails(server).length === 1) return '451 4.3.0 try later';
    return what.to[0] === dropped.address && dropped.mails(server).length === 1 ? 'drop' : undefined;
  };
  await later.fire();
  await dropped.fire();
  await until(() => later.mails(server).length && dropped.mails(server).length, 10_000, 'both are tried');
  await croft.restart();  // the waiting survives it; the log-in does not
  await later.user.login();
  await dropped.user.login();
  await later.mailed('sent', 90_000);
  await dropped.mailed('sent', 90_000);
  for (const bed of [later, dropped]) {
    const ids = bed.mails(server).map(({ headers }) => headers['message-id']);
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
  }
  assert.equal(server.taken.length, 2);
  await later.end();
  await dropped.end();
  await croft.stop();
});

test('an alert that comes and goes many times is told in few mails', async () => {
  const server = await startMailServer();
  const croft = await croftWithMail(server);
  const bed = await watched(croft);
  await bed.fire();
  await bed.mailed('sent');
  for (let i = 0; i < 100; ++i) {
    await bed.clear();
    await bed.fire();
  }
  await until(async () => (await croft.metric('croft_mail_waiting')) > 100, 5_000, 'they gather');
  assert.equal(server.heard.length, 1, 'the first at once, the others together');
  await bed.end();
  await croft.stop();
});
