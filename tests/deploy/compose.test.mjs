// The compose files, read and not run: what they confine, what they open, and whether they fit a board with 1 GB.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const text = (name) => readFileSync(join(deploy, name), 'utf8');
const compose = (name) => parse(text(name), { merge: true });
const files = ['compose.yaml', 'compose.embedded.yaml'];
const everyService = files.flatMap((file) => Object.entries(compose(file).services).map(([name, service]) => ({ file, name, ...service })));
const megabytes = (limit) => Number(/^(\d+)m$/.exec(limit)?.[1]);
const full = compose('compose.yaml').services;
const { prepare, ...eight } = full;

describe('the full design', () => {
  test('is four services, postgres, redis, broker and gateway, and one that prepares and ends', () => {
    assert.deepEqual(Object.keys(eight).sort(), ['auth', 'broker', 'command', 'data', 'gateway', 'postgres', 'redis', 'visualisation']);
    assert.equal(prepare.restart, 'on-failure');
  });

  test('fits a board with 1 GB and leaves the system 100 MB of it', () => {
    const sum = Object.values(eight).reduce((all, service) => all + megabytes(service.mem_limit), 0);
    assert.ok(sum <= 900, `the limits sum up to ${sum} MB`);
  });

  test('lets the outside reach the gateway and the broker, and nothing else', () => {
    const published = Object.entries(full).filter(([, service]) => service.ports);
    assert.deepEqual(published.map(([name]) => name).sort(), ['broker', 'gateway']);
    assert.equal(compose('compose.yaml').networks.back.internal, true);
    for (const name of ['auth', 'data', 'visualisation', 'postgres', 'redis']) {
      assert.deepEqual([full[name].networks].flatMap((all) => (Array.isArray(all) ? all : Object.keys(all))), ['back'], name);
    }
  });

  test('gives each container a user of its own, the one its secrets belong to', () => {
    const script = text('prepare/prepare.sh');
    const users = Object.entries(eight).map(([name, service]) => {
      const owner = new RegExp(`^ +${name}\\) (?:echo (\\d+)|id -u (\\w+)) ;;$`, 'm').exec(script);
      assert.ok(owner, `prepare.sh knows ${name}`);
      assert.equal(service.user, owner[1] ? `${owner[1]}:${owner[1]}` : owner[2], name);
      return service.user;
    });
    assert.equal(new Set(users).size, 8);
  });

  test('mounts each container its own secrets only to read', () => {
    for (const [name, service] of Object.entries(eight)) {
      for (const volume of service.volumes) if (volume.startsWith('secrets:')) assert.equal(volume, 'secrets:/run/secrets:ro', name);
      for (const [variable, path] of Object.entries(service.environment ?? {})) {
        if (variable.endsWith('_FILE')) assert.ok(path.startsWith(`/run/secrets/${name}/`), `${name}: ${variable}`);
      }
      assert.ok(!/pass|secret|smtp_url$/i.test(Object.keys(service.environment ?? {}).filter((variable) => !variable.endsWith('_FILE')).join(' ')), name);
    }
  });
});

test('the image asks itself whether it is well, runs as nobody, and holds nothing but what is copied into it', () => {
  const image = readFileSync(join(deploy, '..', 'Dockerfile'), 'utf8');
  const last = image.slice(image.lastIndexOf('\nFROM '));
  assert.match(last, /^\nFROM scratch\n/);
  assert.match(last, /^HEALTHCHECK .*CMD \["croft", "health"\]$/m);
  assert.match(last, /^USER 10001:10001$/m);
  assert.match(last, /^STOPSIGNAL SIGTERM$/m);
});

describe('every container', () => {
  for (const { file, name, ...service } of everyService) {
    test(`${name} (${file}) is confined, bounded and watched`, () => {
      assert.equal(service.privileged, undefined);
      assert.equal(service.read_only, true);
      assert.deepEqual(service.cap_drop, ['ALL']);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
      assert.ok(megabytes(service.mem_limit) > 0, 'a memory limit in megabytes');
      assert.ok(service.pids_limit > 0);
      assert.ok(service.logging.options['max-size'] && service.logging.options['max-file'], 'logs that rotate');
      assert.match(service.image, /^(\$\{CROFT_IMAGE:-localhost\/croft:latest\}|[a-z]+:[\w.-]+-bookworm)$/, 'an image of ours, or an official one with a version');
      if (name === 'prepare') {
        assert.deepEqual([service.cap_add, service.networks], [['CHOWN', 'DAC_OVERRIDE', 'FOWNER'], ['back']]);
        return;
      }
      assert.equal(service.cap_add, undefined);
      assert.equal(service.restart, 'unless-stopped');
      // Croft's own containers have the image's check.
      if (!service.image.includes('CROFT_IMAGE')) assert.equal(service.healthcheck.test[0], 'CMD-SHELL');
      assert.notEqual(service.user ?? '10001:10001', '0:0');
      for (const volume of service.volumes) assert.doesNotMatch(volume, /docker\.sock|^\/(?!etc\/localtime)/);
    });
  }
});

test('every variable has a default, and .env.example names them all and no others', () => {
  const example = new Map(text('.env.example').split('\n').filter((line) => /^\w+=/.test(line)).map((line) => /^(\w+)=(.*)$/.exec(line).slice(1)));
  const used = new Set();
  for (const [, variable, fallback] of [...files, 'compose.tls.yaml'].map(text).join('\n').matchAll(/(?<!\$)\$\{(\w+)(?::-([^}]*))?\}/g)) {
    assert.ok(fallback, `${variable} has a default, and not an empty one, which podman-compose of Debian 12 does not know`);
    used.add(variable);
  }
  assert.deepEqual([...example.keys()].sort(), [...used].sort());
  for (const [, variable, fallback] of text('compose.yaml').matchAll(/(?<!\$)\$\{(\w+):-([^}]*)\}/g)) assert.equal(example.get(variable), fallback, variable);
});
