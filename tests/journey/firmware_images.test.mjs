// Signed images: croft firmware makes what a node can check with the public key alone, and never loses a key.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { croftCommand, temporaryDirectory } from '../support/croft.mjs';

const folder = temporaryDirectory();
const at = (name) => join(folder, name);
const firmware = (...args) => croftCommand(['firmware', ...args]);
const bytes = randomBytes(300_000);
writeFileSync(at('image.bin'), bytes);

test('a key is made once, for its owner alone, and never written over', () => {
  assert.equal(firmware('key', '-o', at('key')).code, 0);
  assert.equal(statSync(at('key')).mode & 0o777, 0o600);
  const before = readFileSync(at('key'), 'utf8');
  const again = firmware('key', '-o', at('key'));
  assert.notEqual(again.code, 0);
  assert.match(again.stderr, /is there already/);
  assert.equal(readFileSync(at('key'), 'utf8'), before);
});

test('a signed file is the manifest, the signature and the image, as documented', () => {
  const made = firmware('sign', at('image.bin'), '--key', at('key'), '--version', '1.5.0', '-o', at('signed'));
  assert.equal(made.code, 0, made.stderr);
  const file = readFileSync(at('signed'));
  const head = file.subarray(0, file.length - bytes.length).toString();
  assert.deepEqual(file.subarray(file.length - bytes.length), bytes);
  const lines = head.split('\n');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  assert.deepEqual(lines.slice(0, 5), ['croft-firmware-1', 'nodemcuv2', '1.5.0', String(bytes.length), sha256]);
  const manifest = `${lines.slice(0, 5).join('\n')}\n`;
  const key = createPublicKey(readFileSync(at('key.pub')));
  assert.equal(key.asymmetricKeyDetails.namedCurve, 'prime256v1');
  assert.ok(verify('sha256', Buffer.from(manifest), { key, dsaEncoding: 'der' }, Buffer.from(lines[5], 'base64')));
  const checked = firmware('check', at('signed'), '--key', at('key.pub'));
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /firmware 1\.5\.0 for nodemcuv2, 300000 bytes/);
});

test('what was changed, cut off, or signed by another is refused in words', () => {
  const file = readFileSync(at('signed'));
  const refused = (content, message, key = 'key.pub') => {
    writeFileSync(at('odd'), content);
    const checked = firmware('check', at('odd'), '--key', at(key));
    assert.notEqual(checked.code, 0);
    assert.match(checked.stderr, message);
  };
  const tampered = Buffer.from(file);
  tampered[tampered.length - 1] ^= 1;
  refused(tampered, /not the one that was signed/);
  refused(Buffer.from(file.toString('latin1').replace('1.5.0', '9.9.9'), 'latin1'), /none of the known keys/);
  refused(file.subarray(0, file.length - 1), /cut off/);
  refused(bytes, /not a signed image/);
  assert.equal(firmware('key', '-o', at('other')).code, 0);
  refused(file, /none of the known keys/, 'other.pub');
});

test('an image that is too large for any node is not signed', () => {
  writeFileSync(at('large.bin'), Buffer.alloc(1023 * 1024 + 1, 1));
  const refused = firmware('sign', at('large.bin'), '--key', at('key'), '--version', '1', '-o', at('never'));
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /larger/);
});
