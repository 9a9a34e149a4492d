// Waiting in tests: for a condition rather than for a time, and never for ever.
// SPDX-License-Identifier: Apache-2.0
import { after } from 'node:test';

// What a failed test left open must not keep its file from ending.
const leftovers = new Set();
after(() => leftovers.forEach((close) => close()));
export const closeAtEnd = (close) => leftovers.add(close);

// Programs under a sanitizer are slower; CROFT_SLOW=4 gives every wait four times as long.
export const slowness = Number(process.env.CROFT_SLOW ?? 1);

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `look` until it gives something truthy, and returns that. Throws after `ms`, with the last error or `what`. */
export async function until(look, ms = 5_000, what = look.toString()) {
  const end = Date.now() + ms * slowness;
  let last;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= end) throw new Error(`not within ${ms * slowness} ms: ${what}${last ? `\n${last.stack}` : ''}`);
    await sleep(20);
  }
}

/** The promise's value, or an error that says what did not happen in time. */
export function within(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms * slowness} ms: ${what}`)), ms * slowness);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
