// A node of a test that keeps each reading until it is acknowledged, as the firmware does.
// SPDX-License-Identifier: Apache-2.0
import { Node } from './node.mjs';
import { sleep } from './wait.mjs';

/**
 * A node that keeps what is not acknowledged, and sends it again after each lost connection. With `boot` a reading is acknowledged by
 * telemetry/ack; without, as a device that knows nothing of Croft, by the broker's PUBACK.
 */
export class KeepingNode {
  constructor(croft, device, { boot }) {
    Object.assign(this, { croft, device, boot, kept: new Map(), next: 1, acknowledged: new Set(), finishing: false, stopped: false });
  }
  reading(n) {
    // The time makes a reading without boot and seq the same one when it is sent again.
    return this.boot ? { n, boot: this.boot, seq: n } : { n, time: new Date(Date.parse('2026-03-01T00:00:00Z') + n).toISOString() };
  }
  async run() {
    while (!this.stopped) {
      const node = await Node.connect(this.croft, this.device).catch(() => null);
      if (node) await this.#send(node);
      else await sleep(50);
    }
  }
  async #send(node) {
    let lost = false;
    node.closed.then(() => (lost = true));
    for (const n of this.kept.keys()) this.#publish(node, n);
    while (!lost && !this.stopped) {
      if (this.kept.size < 500 && !this.finishing) {
        this.kept.set(this.next, true);
        this.#publish(node, this.next++);
      }
      await sleep(2);
      for (const { seq } of node.acks.splice(0)) {
        for (const [first, last] of seq) for (let n = first; n <= last; ++n) this.#forget(n);
      }
    }
    await node.stop().catch(() => {});
  }
  #publish(node, n) {
    node.client.publishAsync(node.topic('telemetry'), JSON.stringify(this.reading(n)), { qos: 1 }).then(() => this.boot || this.#forget(n), () => {});
  }
  #forget(n) {
    if (this.kept.delete(n)) this.acknowledged.add(n);
  }
}
