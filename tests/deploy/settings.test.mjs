// Whether Croft knows every setting that the compose files give its containers.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { croftCommand, temporaryDirectory } from '../support/croft.mjs';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const everyService = ['compose.yaml', 'compose.tls.yaml', 'compose.embedded.yaml'].flatMap((file) =>
  Object.entries(parse(readFileSync(join(deploy, file), 'utf8'), { merge: true }).services).map(([name, service]) => ({ name, ...service })),
);

test('Croft knows every setting that its containers are given', () => {
  const directory = temporaryDirectory();
  const secrets = {
    mqtt_password: 'a', auth_password: 'a', data_password: 'b', command_password: 'c', visualisation_password: 'd', smtp_url: '', smtp_from: '',
    database_url: 'postgresql://croft_auth:secret@postgres:5432/croft_auth', sessions_url: 'redis://:secret@redis:6379',
  };
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(directory, name), `${value}\n`);
  const settings = new Set(croftCommand(['serve', '--help']).stdout.match(/--[a-z][a-z-]+/g).map((flag) => `CROFT_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`));
  for (const { name, environment = {} } of everyService.filter(({ name }) => !['prepare', 'postgres', 'redis', 'gateway'].includes(name))) {
    const env = {};
    for (const [variable, value] of Object.entries(environment)) {
      assert.ok(settings.has(variable.replace(/_FILE$/, '')), `${name}: ${variable} is a setting of Croft`);
      env[variable] = variable.endsWith('_FILE') ? join(directory, value.split('/').at(-1)) : String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1');
    }
    const checked = croftCommand(['config', 'check'], { env });
    assert.equal(checked.code, 0, `${name}: ${checked.stderr}`);
  }
});
