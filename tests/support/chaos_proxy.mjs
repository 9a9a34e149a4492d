// A bad network between two programs: a TCP proxy that delays, stalls, resets, or lets one side believe in a connection that is gone.
// SPDX-License-Identifier: Apache-2.0
import { createConnection, createServer } from 'node:net';
import { closeAtEnd, sleep } from './wait.mjs';

/** Forwards a free port of 127.0.0.1 to `port`. It is a good network until it is told otherwise; heal() makes it one again. */
export async function startChaosProxy(port) {
  const pairs = new Set();
  const how = { delay: 0, stalled: false, refusing: false };
  let healed = () => {};
  let stalled = Promise.resolve();

  async function forward(from, to) {
    for await (const bytes of from) {
      if (how.delay) await sleep(how.delay);
      await stalled;
      if (!to.write(bytes)) await new Promise((resolve) => to.once('drain', resolve).once('close', resolve));
    }
    to.end();
  }
  const server = createServer((inner) => {
    if (how.refusing) return inner.resetAndDestroy();
    const outer = createConnection({ port, host: '127.0.0.1' });
    const pair = { inner, outer };
    pairs.add(pair);
    for (const socket of [inner, outer]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => pair.halfOpen || (inner.destroy(), outer.destroy(), pairs.delete(pair)));
    }
    forward(inner, outer).catch(() => {});
    forward(outer, inner).catch(() => {});
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAtEnd(() => server.close());
  return {
    port: server.address().port,
    connections: () => pairs.size,
    /** Each chunk comes so many milliseconds later. */
    delay: (ms) => (how.delay = ms),
    /** Nothing goes through, and nobody is told. */
    stall() {
      stalled = new Promise((resolve) => (healed = resolve));
    },
    /** Every connection is reset. */
    reset() {
      for (const { inner, outer } of pairs) [inner, outer].forEach((socket) => socket.resetAndDestroy());
      pairs.clear();
    },
    /** Every connection is reset, and new ones are, too. */
    refuse() {
      how.refusing = true;
      this.reset();
    },
    /** The far side loses its connections; the near side goes on believing in them. */
    halfOpen() {
      for (const pair of pairs) {
        pair.halfOpen = true;
        pair.outer.resetAndDestroy();
      }
      pairs.clear();
    },
    heal() {
      Object.assign(how, { delay: 0, refusing: false });
      healed();
      stalled = Promise.resolve();
    },
  };
}
