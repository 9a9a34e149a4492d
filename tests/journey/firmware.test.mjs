// Images at the platform: what a known key has signed is kept for its owner, everything else is refused in words.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { croftCommand, startCroft, temporaryDirectory } from '../support/croft.mjs';

const folder = temporaryDirectory();
const at = (name) => join(folder, name);
const type = { 'content-type': 'application/octet-stream' };
let croft;
let ada;

function signed(version, key = 'key', board = 'nodemcuv2') {
  writeFileSync(at('image.bin'), randomBytes(200_000));
  const out = at(`signed-${version}-${key}-${board}`);
  rmSync(out, { force: true });
  const made = croftCommand(['firmware', 'sign', at('image.bin'), '--key', at(key), '--board', board, '--version', version, '-o', out]);
  assert.equal(made.code, 0, made.stderr);
  return readFileSync(out);
}
const send = (raw) => ada.request('POST', '/api/v1/firmware', { raw, headers: type });

before(async () => {
  for (const key of ['key', 'other']) assert.equal(croftCommand(['firmware', 'key', '-o', at(key)]).code, 0);
  croft = await startCroft({ env: { CROFT_FIRMWARE_KEYS: at('key.pub') } });
  ada = await croft.user();
});
after(() => croft?.stop());

test('a signed image is kept, listed, survives a kill, and is deleted', async () => {
  const made = await send(signed('1.5.0'));
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.body.board, made.body.version, made.body.size], ['nodemcuv2', '1.5.0', 200_000]);
  await croft.kill();
  await croft.start();
  ada = Object.assign(croft.client(), { user: ada.user, password: ada.password });
  await ada.login();
  const { images } = await ada.get('/api/v1/firmware');
  assert.deepEqual(images, [made.body]);
  assert.deepEqual(await ada.get(`/api/v1/firmware/${made.body.id}`), made.body);
  const eve = await croft.user();
  assert.deepEqual((await eve.get('/api/v1/firmware')).images, []);
  await eve.refused(404, 'GET', `/api/v1/firmware/${made.body.id}`);
  await eve.refused(404, 'DELETE', `/api/v1/firmware/${made.body.id}`);
  await ada.expect(204, 'DELETE', `/api/v1/firmware/${made.body.id}`);
  await ada.refused(404, 'GET', `/api/v1/firmware/${made.body.id}`);
});

test('what no known key signed, was changed, cut off or is no image is refused', async () => {
  const refused = async (file, status, message) => {
    const answer = await send(file);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.body.detail, message);
  };
  const file = signed('1.6.0');
  await refused(signed('1.6.0', 'other'), 422, /none of the known keys/);
  const tampered = Buffer.from(file);
  tampered[tampered.length - 5] ^= 1;
  await refused(tampered, 400, /not the one that was signed/);
  await refused(file.subarray(0, file.length - 1), 400, /cut off/);
  await refused(randomBytes(1000), 400, /not a signed image/);
  await refused(Buffer.alloc(1024 * 1024 + 1), 413, /./);
  const asJson = await ada.request('POST', '/api/v1/firmware', { raw: file, headers: { 'content-type': 'application/json' } });
  assert.equal(asJson.status, 415);
  assert.deepEqual((await ada.get('/api/v1/firmware')).images, []);
});

test('one version for one board is kept once', async () => {
  assert.equal((await send(signed('1.7.0'))).status, 201);
  assert.equal((await send(signed('1.7.0'))).status, 409);
  assert.equal((await send(signed('1.7.0', 'key', 'd1_mini'))).status, 201);
});

test('without a key nothing is believed, and a key that is none stops the start', async () => {
  const bare = await startCroft();
  const bob = await bare.user();
  const answer = await bob.request('POST', '/api/v1/firmware', { raw: signed('1.8.0'), headers: type });
  assert.equal(answer.status, 409);
  assert.match(answer.body.detail, /firmware\.keys/);
  await bare.stop();
  writeFileSync(at('none.pub'), 'no key');
  await assert.rejects(startCroft({ env: { CROFT_FIRMWARE_KEYS: at('none.pub') } }));
});
