// A person's or a program's view of Croft: HTTP requests and the live view, every answer checked against the description.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import WebSocket from 'ws';
import { checkAnswer, fits } from './schema.mjs';
import { closeAtEnd, slowness, until, within } from './wait.mjs';

export class Client {
  constructor(url, token = null) {
    this.url = url;
    this.token = token;
    this.user = null;
    this.password = null;
  }

  /** One request. `body` is sent as JSON, `raw` as it is. Answers {status, headers, type, body, text}. */
  async request(method, path, { body, raw, headers = {}, query, signal } = {}) {
    const address = new URL(path, this.url);
    for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) address.searchParams.append(name, value);
    const sent = { ...headers };
    if (this.token && !('authorization' in sent)) sent.authorization = `Bearer ${this.token}`;
    if (body !== undefined || (raw !== undefined && !('content-type' in sent))) sent['content-type'] ??= 'application/json';
    const response = await fetch(address, { method, headers: sent, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)), redirect: 'manual', signal });
    const text = await response.text();
    const type = (response.headers.get('content-type') ?? '').split(';')[0];
    const answer = { status: response.status, headers: response.headers, type, text, body: text };
    if (/^application\/(problem\+)?json$/.test(type)) answer.body = JSON.parse(text);
    checkAnswer(method, address.pathname, answer);
    return answer;
  }

  /** A request that must answer `status`; gives the body. */
  async expect(status, method, path, options) {
    const answer = await this.request(method, path, options);
    assert.equal(answer.status, status, `${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 600)}`);
    return answer.body;
  }
  get(path, query) {
    return this.expect(200, 'GET', path, { query });
  }

  /** A problem with this status; gives its body. With `field`, the one that `errors` must name. */
  async refused(status, method, path, options, field) {
    const problem = await this.expect(status, method, path, options);
    if (field) assert.ok(problem.errors?.some((error) => error.field === field), `no error for ${field}: ${JSON.stringify(problem)}`);
    return problem;
  }

  async signup(name = `user${randomBytes(5).toString('hex')}`, password = randomBytes(12).toString('base64url')) {
    this.password = password;
    this.user = await this.expect(201, 'POST', '/api/v1/auth/signup', { body: { username: name, email: `${name}@example.org`, password } });
    return this;
  }
  async login(username = this.user.username, password = this.password, headers = {}) {
    const session = await this.expect(200, 'POST', '/api/v1/auth/login', { body: { username, password }, headers });
    this.token = session.token;
    return this;
  }
  logout() {
    return this.expect(204, 'POST', '/api/v1/auth/logout');
  }

  createDevice(name = 'Tomatoes') {
    return this.expect(201, 'POST', '/api/v1/devices', { body: { name } });
  }
  device(id) {
    return this.get(`/api/v1/devices/${id}`);
  }
  command(device, action = 'on', more = {}) {
    return this.expect(202, 'POST', '/api/v1/command/add', { body: { device, actuator: 'led', action, ...more } });
  }
  /** All readings that `path` selects, page by page, oldest first. */
  async readings(query = {}, path = '/api/v1/data/all') {
    const found = [];
    for (let cursor; cursor !== null; ) {
      const page = await this.get(path, { ...query, cursor });
      found.push(...page.readings);
      cursor = page.next;
      assert.ok(cursor === null || page.readings.length > 0, 'a page with a next cursor is not empty');
    }
    return found;
  }

  /** The live view, open. `how` may give other headers, or a path. */
  async live({ path = '/ws', headers } = {}) {
    const view = new LiveView(this.url.replace(/^http/, 'ws') + path, headers ?? { authorization: `Bearer ${this.token}` });
    await view.opened;
    return view;
  }
}

export class LiveView {
  constructor(url, headers) {
    this.events = [];
    this.faults = [];
    this.socket = new WebSocket(url, { headers, handshakeTimeout: 5_000 * slowness });
    closeAtEnd(() => this.socket.terminate());
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('unexpected-response', (_, response) => {
        reject(Object.assign(new Error(`the handshake was answered with ${response.statusCode}`), { status: response.statusCode }));
        this.socket.terminate();
      });
      this.socket.on('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => this.socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })));
    this.socket.on('message', (data) => this.#receive(String(data)));
  }

  #receive(text) {
    try {
      const event = JSON.parse(text);
      fits('/components/schemas/LiveEvent', event);
      this.events.push(event);
    } catch (error) {
      this.faults.push(error);
    }
  }

  /** The first event, of those already there or still to come, for which `wanted` holds. */
  next(wanted, ms = 5_000) {
    return until(() => {
      if (this.faults.length) throw this.faults[0];
      return this.events.find(wanted);
    }, ms, `a live event for which ${wanted}; there were ${JSON.stringify(this.events).slice(0, 1000)}`);
  }
  reading(device, ms) {
    return this.next((event) => event.type === 'reading' && event.device === device, ms);
  }
  send(message) {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }
  ended(ms = 5_000) {
    return within(this.closed, ms, 'the live view is closed by the server');
  }
  close() {
    this.socket.terminate();
  }
}
