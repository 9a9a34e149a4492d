// The eight containers for the journey: `up` starts them, waits until each is healthy and prints where they are, `down` removes them.
// SPDX-License-Identifier: Apache-2.0
// Usage: eval "$(node tests/containers/deployment.mjs up)"
import { Composition } from '../support/containers.mjs';
import { freePort } from '../support/gateway.mjs';

const services = ['auth', 'data', 'command', 'visualisation', 'broker', 'postgres', 'redis', 'gateway'];
const [http, mqtt] = [await freePort(), await freePort()];
const containers = new Composition('compose.yaml', {
  CROFT_HTTP_PORT: String(http),
  CROFT_MQTT_PORT: String(mqtt),
  CROFT_MQTT_PUBLIC_URL: `mqtt://:${mqtt}`,
  CROFT_AUTH_SIGNUP: 'open',
});

if (process.argv[2] === 'up') {
  const began = Date.now();
  containers.up();
  for (const service of services) await containers.healthy(service, 120_000);
  console.error(`eight containers are up and healthy after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  process.stdout.write(`export CROFT_URL=http://127.0.0.1:${http} CROFT_MQTT_URL=mqtt://127.0.0.1:${mqtt}\n`, () => process.exit(0));
} else {
  containers.down();
  process.exit(0);
}
