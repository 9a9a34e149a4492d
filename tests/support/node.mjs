// A node in JavaScript that does just what a test tells it: presence, readings, and what it answers to commands.
// SPDX-License-Identifier: Apache-2.0
import mqtt from 'mqtt';
import { closeAtEnd, until, within } from './wait.mjs';

export class Node {
  /** `device` as POST /devices gave it: {id, secret}. `answer(command)` says what to acknowledge; null says nothing. */
  static async connect(croft, device, { answer = obey, clean = true, listens = true } = {}) {
    const node = new Node(device, answer);
    node.client = mqtt.connect(croft.mqttUrl, {
      protocolVersion: 5,
      username: device.id,
      password: device.secret,
      clientId: device.id,
      clean,
      reconnectPeriod: 0,
      will: { topic: node.topic('status'), payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    node.client.on('error', () => {});
    closeAtEnd(() => node.client.end(true));
    node.closed = new Promise((resolve) => node.client.once('close', resolve));
    await within(new Promise((resolve, reject) => {
      node.client.once('connect', resolve);
      node.client.once('error', reject);
    }), 5_000, 'a node is connected');
    node.client.on('message', (topic, payload) => node.#receive(topic, payload));
    if (listens) {
      await node.client.subscribeAsync([node.topic('command'), node.topic('telemetry/ack')], { qos: 1 });
      await node.publish('status', 'online', { retain: true });
    }
    return node;
  }

  constructor(device, answer) {
    this.device = device;
    this.answer = answer;
    this.commands = [];
    this.acks = [];
  }

  topic(kind) {
    return `croft/v1/${this.device.id}/${kind}`;
  }
  publish(kind, payload, options = {}) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return within(this.client.publishAsync(this.topic(kind), text, { qos: 1, ...options }), 5_000, `${kind} is acknowledged by the broker`);
  }
  /** Publishes and waits until telemetry/ack covers (boot, seq). */
  async deliver(reading, ms = 5_000) {
    await this.publish('telemetry', reading);
    await until(() => this.acknowledged(reading.boot, reading.seq), ms, `telemetry/ack covers ${reading.boot}/${reading.seq}; there were ${JSON.stringify(this.acks)}`);
  }
  acknowledged(boot, seq) {
    return this.acks.some((ack) => ack.boot === boot && ack.seq.some(([first, last]) => first <= seq && seq <= last));
  }

  #receive(topic, payload) {
    const message = JSON.parse(payload.toString());
    if (topic === this.topic('telemetry/ack')) return this.acks.push(message);
    this.commands.push(message);
    const answer = this.answer?.(message);
    if (!answer) return undefined;
    if (answer.state === 'done') this.publish('state', { [answer.actuator]: answer.value }, { retain: true }).catch(() => {});
    return this.publish('command/ack', answer).catch(() => {});
  }

  /** Leaves as a lost network would: the broker publishes the last will. */
  vanish() {
    this.client.stream.destroy();
    return this.closed;
  }
  stop() {
    return this.client.endAsync(true);
  }
}

/** Does what it is told. */
export const obey = (command) => ({ id: command.id, state: 'done', actuator: command.actuator, value: command.action });
