// A mail server for tests: speaks SMTP with STARTTLS and AUTH, keeps what it takes, and misbehaves as it is told.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { TLSSocket, createSecureContext, createServer as createTlsServer } from 'node:tls';
import { temporaryDirectory } from './croft.mjs';
import { closeAtEnd } from './wait.mjs';

/** An authority of its own and a certificate for `name`, made with openssl: {ca (a file), key, cert}. */
export function certificates(name = 'IP:127.0.0.1') {
  const directory = temporaryDirectory();
  const file = (leaf) => join(directory, leaf);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-days', '2', '-subj', '/CN=Croft test authority');
  openssl('req', ...curve, '-keyout', file('key.pem'), '-out', file('csr.pem'), '-subj', '/CN=mail');
  writeFileSync(file('ext'), `subjectAltName=${name}\n`);
  openssl('x509', '-req', '-in', file('csr.pem'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', file('ext'), '-out', file('cert.pem'));
  return { ca: file('ca.pem'), key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) };
}

// One conversation. Each method answers one verb; `script` may put another answer in its place.
class Session {
  constructor(server, socket, secure) {
    Object.assign(this, { server, secure, loggedIn: false, from: null, to: [], data: null, awaiting: null });
    this.use(socket);
    this.say('220 mail.test ESMTP');
  }
  use(socket) {
    this.socket = socket;
    this.rest = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.hear(bytes.toString('latin1')));
  }
  say(text) {
    this.socket.write(`${text}\r\n`);
  }
  hear(text) {
    this.rest += text;
    for (let end; (end = this.rest.indexOf('\r\n')) >= 0; ) {
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + 2);
      if (this.data) this.bodyLine(line);
      else if (this.awaiting) this.awaiting(line);
      else this.command(line);
    }
  }
  command(line) {
    const verb = line.split(' ')[0].toUpperCase();
    const answer = this.server.script(verb, line, this);
    if (answer === 'drop') return this.socket.destroy();
    if (answer) return this.say(answer);
    const known = { EHLO: 'ehlo', HELO: 'ehlo', STARTTLS: 'starttls', AUTH: 'auth', MAIL: 'mail', RCPT: 'rcpt', DATA: 'startData', QUIT: 'quit', RSET: 'reset' };
    if (!known[verb]) return this.say('502 5.5.1 not known');
    return this[known[verb]](line);
  }
  ehlo() {
    const offers = ['mail.test', ...(this.server.tls && !this.secure ? ['STARTTLS'] : []), ...(this.server.login && (this.secure || !this.server.tls) ? ['AUTH PLAIN LOGIN'] : []), '8BITMIME'];
    offers.forEach((offer, at) => this.say(`250${at + 1 < offers.length ? '-' : ' '}${offer}`));
  }
  starttls() {
    this.say('220 go ahead');
    this.socket.removeAllListeners('data');
    this.secure = true;
    this.use(new TLSSocket(this.socket, { isServer: true, secureContext: createSecureContext(this.server.tls) }));
  }
  auth(line) {
    const [, method, first] = line.split(' ');
    const decode = (text) => Buffer.from(text, 'base64').toString();
    const judge = (user, password) => {
      this.awaiting = null;
      this.loggedIn = user === this.server.login.user && password === this.server.login.password;
      this.say(this.loggedIn ? '235 2.7.0 welcome' : '535 5.7.8 user name or password is wrong');
    };
    const plain = (text) => judge(...decode(text).split('\0').slice(1));
    if (method.toUpperCase() === 'PLAIN') {
      if (first) return plain(first);
      this.awaiting = plain;
      return this.say('334 ');
    }
    this.awaiting = (user) => {
      this.awaiting = (password) => judge(decode(user), decode(password));
      this.say('334 UGFzc3dvcmQ6');
    };
    return this.say('334 VXNlcm5hbWU6');
  }
  mail(line) {
    if (this.server.login && !this.loggedIn) return this.say('530 5.7.0 log in first');
    this.from = /<(.*)>/.exec(line)?.[1];
    return this.say('250 2.1.0 ok');
  }
  rcpt(line) {
    this.to.push(/<(.*)>/.exec(line)?.[1]);
    this.say('250 2.1.5 ok');
  }
  startData() {
    this.data = [];
    this.say('354 end with a dot alone');
  }
  bodyLine(line) {
    if (line !== '.') return this.data.push(line.replace(/^\./, ''));
    const mail = parse({ from: this.from, to: this.to, secure: this.secure, loggedIn: this.loggedIn, lines: this.data });
    Object.assign(this, { data: null, to: [] });
    this.server.heard.push(mail);
    const answer = this.server.script('.', mail, this);
    if (answer === 'drop') return this.socket.destroy();
    if (!answer) this.server.taken.push(mail);
    return this.say(answer ?? '250 2.0.0 taken');
  }
  reset() {
    this.say('250 ok');
  }
  quit() {
    this.say('221 bye');
    this.socket.end();
  }
}

/** Headers unfolded and by lower-case name, the subject decoded, the body as text. */
function parse(mail) {
  const empty = mail.lines.indexOf('');
  const head = mail.lines.slice(0, empty).join('\r\n').replace(/\r\n[ \t]/g, ' ').split('\r\n');
  const headers = Object.fromEntries(head.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]));
  const bytes = (text) => Buffer.from(text.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('utf8');
  const subject = (headers.subject ?? '').replace(/\?= =\?utf-8\?Q\?/g, '').replace(/=\?utf-8\?Q\?(.*?)\?=/g, (_, word) => bytes(word.replaceAll('_', ' ')));
  return { ...mail, headers, subject, text: bytes(mail.lines.slice(empty + 1).join('\n').replace(/=\n/g, '')) };
}

/**
 * A mail server on a free port of this machine. `tls` {key, cert} offers STARTTLS (with `smtps`, TLS from the first byte); `login`
 * {user, password} demands it. `script(verb, line)` may answer instead ("451 later", or 'drop'); '.' is the end of a message.
 * `heard` are all messages it got, `taken` those it answered with 250.
 */
export async function startMailServer({ tls, smtps = false, login, port = 0 } = {}) {
  const state = { tls: smtps ? null : tls, login, heard: [], taken: [], script: () => undefined };
  const sockets = new Set();
  const onSocket = (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    new Session(state, socket, smtps);
  };
  const server = smtps ? createTlsServer(tls, onSocket) : createServer(onSocket);
  server.on('tlsClientError', () => {});
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  state.port = server.address().port;
  state.close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      sockets.forEach((socket) => socket.destroy());
    });
  closeAtEnd(() => state.close());
  return state;
}
