// The one container of deploy/compose.embedded.yaml, started for real.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, freePort, mosquittoPub, until } from '../support/croft.mjs';
import { Composition } from '../support/containers.mjs';

let croft;
let containers;
before(async () => {
  const [http, mqtt] = [await freePort(), await freePort()];
  containers = new Composition('compose.embedded.yaml', { CROFT_HTTP_PORT: String(http), CROFT_MQTT_PORT: String(mqtt), CROFT_AUTH_SIGNUP: 'open' });
  containers.up();
  croft = { url: `http://127.0.0.1:${http}`, mqttPort: mqtt };
});
after(() => containers?.down());

test('one container is a whole Croft: account, device, reading, and all of it again after a restart', async () => {
  await containers.healthy('croft', 60_000);
  const ada = await (await new Client(croft.url).signup()).login();
  const device = await ada.createDevice();
  const sent = await mosquittoPub({ port: croft.mqttPort, username: device.id, password: device.secret, topic: `croft/v1/${device.id}/telemetry`, payload: '{"temperature":23.5}' });
  assert.equal(sent.code, 0, sent.output);
  await until(async () => (await ada.get('/api/v1/data/last')).readings[0]?.values.temperature === 23.5);

  containers.engine('restart', containers.container('croft'));
  await containers.healthy('croft', 60_000);
  await until(() => ada.login(), 5_000, 'logging in again'); // the first try may find the old connection cut
  assert.equal((await ada.get('/api/v1/data/last')).readings[0].values.temperature, 23.5);
});

test('it holds no privilege and cannot write but into its volume', () => {
  const { Config, HostConfig, EffectiveCaps } = containers.inspect('croft');
  assert.equal(Config.User, '10001:10001');
  assert.equal(HostConfig.ReadonlyRootfs, true);
  assert.ok(!EffectiveCaps?.length);
});
