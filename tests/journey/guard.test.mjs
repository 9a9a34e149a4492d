// The guard: nothing without a session but what the description marks as open, and nobody's things but one's own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LiveView, api, behindGateway, deployment } from '../support/croft.mjs';

let croft;
let ada;
let eve;
let device;
let command;
before(async () => {
  croft = await deployment();
  ada = await croft.user();
  eve = await croft.user();
  device = await ada.createDevice();
  command = await ada.command(device.id);
});
after(() => croft?.stop());

const open = new Set(['/api/v1/auth/signup', '/api/v1/auth/login', '/livez', '/readyz', '/metrics', '/openapi.yaml']);
const filled = (path) => path.replace('{id}', path.includes('/command/') ? command.id : device.id);
const methods = ['get', 'post', 'put', 'patch', 'delete'];

describe('without a session', () => {
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of methods.filter((name) => item[name])) {
      const isOpen = item[method].security?.every((way) => Object.keys(way).length === 0) || path === '/metrics'; // open on this machine
      const inside = behindGateway && ['/readyz', '/metrics'].includes(path) && 'the gateway shows it to nobody';
      test(`${method.toUpperCase()} ${path} ${isOpen ? 'answers' : 'answers 401'}`, { skip: inside }, async () => {
        assert.equal(isOpen, open.has(path), 'the description and this list of exceptions agree');
        const answer = await croft.client().request(method.toUpperCase(), filled(path), { body: method === 'get' || method === 'delete' ? undefined : {} });
        if (isOpen) assert.ok(answer.status !== 404 && answer.status !== 403 && answer.status < 500, `${answer.status}`);
        if (isOpen && method === 'get') assert.equal(answer.status, 200);
        // A plain request for the live view is told to upgrade; whether it may is asked then (below).
        if (!isOpen) assert.ok(answer.status === 401 || (answer.status === 426 && item[method].responses[426]), answer.text);
        if (answer.status === 401) assert.ok(!/ada|tomatoes/i.test(answer.text));
      });
    }
  }

  test('the guard comes before everything else that could be wrong', async () => {
    const client = croft.client();
    await client.refused(401, 'POST', '/api/v1/devices', { raw: 'not json' });
    await client.refused(401, 'GET', '/api/v1/devices/nonsense');
    await client.refused(401, 'GET', '/api/v1/data/last', { query: { n: 'many' } });
  });

  test('the live view does not open', async () => {
    for (const path of ['/ws', '/api/v1/visual/ws']) {
      const view = new LiveView(croft.url.replace('http', 'ws') + path, {});
      await assert.rejects(view.opened, (error) => error.status === 401);
      await croft.client().refused(401, 'GET', path); // nor does it say what it is
    }
  });

  test('the dashboard and its files answer', async () => {
    const page = await fetch(croft.url);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
  });

  test('odd spellings of a path do not get around the guard', async () => {
    for (const path of ['/api/v1/auth/login/../../devices', '/api/v1/devices/', '//api/v1/devices', '/api/v1/%64evices', '/api/v1/auth/login/..%2f..%2fdevices', '/API/v1/devices']) {
      const answer = await fetch(croft.url + path, { redirect: 'manual' });
      assert.ok(answer.status >= 300 || !(await answer.text()).includes('"devices"'), `${path} answered ${answer.status}`);
    }
  });
});

describe("somebody else's things do not exist", () => {
  const foreign = [
    ['GET', (ids) => `/api/v1/devices/${ids.device}`],
    ['PATCH', (ids) => `/api/v1/devices/${ids.device}`, { name: 'Mine now' }],
    ['DELETE', (ids) => `/api/v1/devices/${ids.device}`],
    ['POST', (ids) => `/api/v1/devices/${ids.device}/secret`, {}],
    ['GET', (ids) => `/api/v1/data/all?device=${ids.device}`],
    ['GET', (ids) => `/api/v1/data/last?device=${ids.device}`],
    ['GET', (ids) => `/api/v1/data/byDate?device=${ids.device}&date=2026-11-22`],
    ['GET', (ids) => `/api/v1/data/series?device=${ids.device}&measurement=temperature&from=2026-11-22&to=2026-11-23`],
    ['GET', (ids) => `/api/v1/command/all?device=${ids.device}`],
    ['GET', (ids) => `/api/v1/command/${ids.command}`],
  ];
  for (const [method, path, body] of foreign) {
    const shown = path({ device: '{device}', command: '{command}' });
    test(`${method} ${shown} answers as if there were nothing`, async () => {
      const others = await eve.refused(404, method, path({ device: device.id, command: command.id }), { body });
      const nothing = await eve.refused(404, method, path({ device: 'zzzzzzzzzzzzzzzz', command: 'zzzzzzzzzzzzzzzz' }), { body });
      const blind = (problem) => JSON.stringify(problem).replaceAll(device.id, '*').replaceAll(command.id, '*').replaceAll('zzzzzzzzzzzzzzzz', '*');
      assert.equal(blind(others), blind(nothing));
    });
  }

  test('POST command/add to it', async () => {
    await eve.refused(404, 'POST', '/api/v1/command/add', { body: { device: device.id, actuator: 'led', action: 'on' } });
  });

  test('and lists show only one’s own', async () => {
    const mine = await eve.createDevice('Beans');
    assert.deepEqual((await eve.get('/api/v1/devices')).devices.map(({ id }) => id), [mine.id]);
    assert.deepEqual((await eve.get('/api/v1/command/all')).commands, []);
    assert.equal((await ada.device(device.id)).name, 'Tomatoes');
  });
});
