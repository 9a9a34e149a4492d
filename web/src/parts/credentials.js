// What a device needs to connect, each part ready to be copied, and lines to try it with.
// SPDX-License-Identifier: Apache-2.0
import { html } from '../html.js';
import { session } from '../session.js';
import { strings } from '../strings.js';
import { CopyLine } from './copy_line.js';
import { Icon } from './icon.js';

/** @typedef {import('../types.js').Mqtt} Mqtt */

/** Quotes for a shell, whatever is in it. @param {string} text */
const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/**
 * Where the broker is. A server that listens everywhere names no host that others could use; then it
 * is the one this page came from.
 * @param {Mqtt|undefined} mqtt
 */
function brokerOf(mqtt) {
  let host = mqtt?.host?.replace(/^\[|\]$/g, '') ?? '';
  const everywhere = ['', '0.0.0.0', '::', '127.0.0.1', 'localhost', '::1'];
  if (everywhere.includes(host)) host = location.hostname.replace(/^\[|\]$/g, '');
  return { host, port: mqtt?.port || 1883 };
}

/** @param {string} device */
const telemetryTopic = (device) => `croft/v1/${device}/telemetry`;

/** @param {{id: string, mqtt?: Mqtt}} props what is no secret: also shown in the settings */
export function ConnectionLines({ id, mqtt }) {
  const { host, port } = brokerOf(mqtt);
  const words = strings.credentials;
  return html`${mqtt && html`<${CopyLine} label=${words.broker} text=${`${host.includes(':') ? `[${host}]` : host}:${port}`} />`}
    <${CopyLine} label=${words.topic} text=${telemetryTopic(id)} />
    <${CopyLine} label=${words.id} text=${id} />`;
}

/** @param {{id: string, secret: string, mqtt?: Mqtt, note?: string}} props */
export function Credentials({ id, secret, mqtt, note }) {
  const { host, port } = brokerOf(mqtt);
  const words = strings.credentials;
  const topic = telemetryTopic(id);
  const publish = `mosquitto_pub -h ${quoted(host)} -p ${port} -u ${quoted(id)} -P ${quoted(secret)} -q 1 -t ${quoted(topic)} -m '{"temperature":23.5,"humidity":41}'`;
  return html`<section class="card credentials" aria-labelledby="credentials-title">
    <h2 id="credentials-title">${words.title}</h2>
    <p class="note" role="status"><${Icon} name="alert" /><span>${note ?? words.once}</span></p>
    <${CopyLine} label=${words.secret} text=${secret} />
    <${ConnectionLines} id=${id} mqtt=${mqtt} />
    <h3>${words.tryTitle}</h3>
    <${CopyLine} label=${words.publish} text=${publish} />
  </section>`;
}

/** For those who have no hardware at hand. */
export function VirtualDevices() {
  const words = strings.credentials;
  const line = `croft simulate --devices 3 --user ${quoted(session.value.user?.username ?? '')}`;
  return html`<section class="card">
    <h2>${words.virtualTitle}</h2>
    <${CopyLine} label=${words.virtual} text=${line} />
  </section>`;
}
