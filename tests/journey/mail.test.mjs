// E-mail through a real mail server: the doctor's test mail and its explanations, and alerts on their way to people.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { croftCommandAsync, startCroft, temporaryDirectory } from '../support/croft.mjs';
import { certificates, startMailServer } from '../support/smtp.mjs';

const login = { user: 'croft@example.org', password: 'p:a@s%s' };
const url = (server, { user = login.user, password = login.password, scheme = 'smtp' } = {}) =>
  `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;

/** `croft doctor --mail-to ada@example.org` with these settings: {code, stdout}. The port of HTTP and MQTT is any free one. */
function doctor(settings, to = 'ada@example.org') {
  return croftCommandAsync(['doctor', '--mail-to', to], {
    env: {
      CROFT_STATE_DIR: join(temporaryDirectory(), 'state'),
      CROFT_HTTP_LISTEN: '127.0.0.1:0',
      CROFT_MQTT_LISTEN: '127.0.0.1:0',
      CROFT_SMTP_FROM: 'Gewächshaus <croft@example.org>',
      ...settings,
    },
  });
}

test('the doctor sends a test mail with STARTTLS, a log-in and an authority of our own', async () => {
  const tls = certificates();
  const server = await startMailServer({ tls, login });
  const { code, stdout } = await doctor({ CROFT_SMTP_URL: url(server), CROFT_SMTP_CA_FILE: tls.ca });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /ok +mail +the mail server took a test mail for ada@example\.org/);
  const [mail] = server.taken;
  assert.deepEqual([mail.from, mail.to, mail.secure, mail.loggedIn], ['croft@example.org', ['ada@example.org'], true, true]);
  assert.match(mail.headers['message-id'], /^<[a-z0-9]+@example\.org>$/);
  assert.equal(mail.headers['auto-submitted'], 'auto-generated');
  assert.match(mail.headers.from, /^=\?utf-8\?Q\?Gew=C3=A4chshaus\?= <croft@example\.org>$/);
});

test('the doctor sends a test mail with TLS from the first byte', async () => {
  const tls = certificates();
  const server = await startMailServer({ tls, smtps: true, login });
  const { code, stdout } = await doctor({ CROFT_SMTP_URL: url(server, { scheme: 'smtps' }), CROFT_SMTP_CA_FILE: tls.ca });
  assert.equal(code, 0, stdout);
  assert.equal(server.taken.length, 1);
});

test('the address of the mail server can be read from a file', async () => {
  const tls = certificates();
  const server = await startMailServer({ tls, login });
  const file = join(temporaryDirectory(), 'smtp');
  writeFileSync(file, `${url(server)}\n`);
  const { code, stdout } = await doctor({ CROFT_SMTP_URL_FILE: file, CROFT_SMTP_CA_FILE: tls.ca });
  assert.equal(code, 0, stdout);
});

test('a certificate of an unknown authority is refused, and no password told to whoever showed it', async () => {
  const known = certificates();
  const server = await startMailServer({ tls: certificates(), login });
  const verbs = [];
  server.script = (verb) => void verbs.push(verb);
  const { code, stdout } = await doctor({ CROFT_SMTP_URL: url(server), CROFT_SMTP_CA_FILE: known.ca });
  assert.equal(code, 1);
  assert.match(stdout, /WRONG +mail +no mail went to .*certificate of 127\.0\.0\.1:\d+ is not to be trusted/);
  assert.deepEqual(verbs, ['EHLO', 'STARTTLS']);
});

test('a certificate for another name is refused', async () => {
  const tls = certificates('DNS:mail.example.org');
  const server = await startMailServer({ tls, login });
  const { code, stdout } = await doctor({ CROFT_SMTP_URL: url(server), CROFT_SMTP_CA_FILE: tls.ca });
  assert.equal(code, 1);
  assert.match(stdout, /certificate of 127\.0\.0\.1:\d+ is not to be trusted/);
  assert.equal(server.heard.length, 0);
});

test('the doctor says in words why no mail went', async () => {
  const plain = await startMailServer();
  const withLogin = await startMailServer({ login });
  const refusing = await startMailServer();
  refusing.script = (verb) => (verb === 'RCPT' ? '550 5.1.1 no such user here' : undefined);
  const dropping = await startMailServer();
  dropping.script = (verb) => (verb === '.' ? 'drop' : undefined);
  const gone = await startMailServer();
  await gone.close();
  const cases = [
    [{ CROFT_SMTP_URL: `smtp://127.0.0.1:${gone.port}` }, /nothing answers at 127\.0\.0\.1:\d+; check host and port/],
    [{ CROFT_SMTP_URL: 'smtp://no-such-host.invalid' }, /the name no-such-host\.invalid of the mail server is not known \(DNS\)/],
    [{ CROFT_SMTP_URL: url(withLogin, { password: 'wrong' }) }, /refused the user name or password of smtp\.url: 535 5\.7\.8/],
    [{ CROFT_SMTP_URL: `smtp://127.0.0.1:${withLogin.port}` }, /said: 530 5\.7\.0 log in first/],
    [{ CROFT_SMTP_URL: `smtp://127.0.0.1:${refusing.port}` }, /said: 550 5\.1\.1 no such user here/],
    [{ CROFT_SMTP_URL: `smtp://127.0.0.1:${dropping.port}` }, /ended before it said whether it took the mail/],
    [{ CROFT_SMTP_URL: `smtps://127.0.0.1:${plain.port}` }, /no TLS with 127\.0\.0\.1:\d+; smtps:\/\/ is for port 465/],
    [{ CROFT_SMTP_URL: '' }, /no mail server is configured; set smtp\.url and smtp\.from/],
  ];
  for (const [settings, words] of cases) {
    const { code, stdout } = await doctor(settings);
    assert.equal(code, 1, stdout);
    assert.match(stdout, words);
    assert.doesNotMatch(stdout, /p:a@s%s|p%3Aa/);
  }
  assert.equal(plain.heard.length, 0);
});

test('the doctor looks at a running Croft and finds nothing wrong', async () => {
  const croft = await startCroft();
  const { code, stdout } = await croftCommandAsync(['doctor'], { env: { CROFT_STATE_DIR: croft.stateDir } });
  assert.equal(code, 0, stdout);
  for (const line of [/ok +state /, /ok +database .*croft\.db, \d+ MB, sound/, /ok +server +runs and is ready/, /ok +guard /]) assert.match(stdout, line);
  assert.match(stdout, /note +mail +no mail server is configured/);
  await croft.stop();
});

test('the doctor finds a taken port, a broken database and a broker that is not there', async () => {
  const taken = await startMailServer();
  const stateDir = temporaryDirectory();
  writeFileSync(join(stateDir, 'croft.db'), 'SQLite format 3\0 and then nonsense'.repeat(200));
  const { code, stdout } = await croftCommandAsync(['doctor'], {
    env: { CROFT_STATE_DIR: stateDir, CROFT_HTTP_LISTEN: `127.0.0.1:${taken.port}`, CROFT_MQTT_LISTEN: '127.0.0.1:0', CROFT_MQTT_PROGRAM: 'no-such-broker' },
  });
  assert.equal(code, 1, stdout);
  assert.match(stdout, /WRONG +http +127\.0\.0\.1:\d+ is taken by another program/);
  assert.match(stdout, /WRONG +database .*restore a backup/);
  assert.match(stdout, /WRONG +broker +there is no program "no-such-broker"/);
  assert.match(stdout, /3 things to mend/);
});
