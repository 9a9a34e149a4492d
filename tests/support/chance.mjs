// Chance that can be had again: numbers from a seed, which is printed, so that a bad run can be walked once more.
// SPDX-License-Identifier: Apache-2.0

/** Numbers from `seed` (CROFT_SEED, or the time): {seed, upTo(n), between(a, b), of(list)}. */
export function chance(seed = Number(process.env.CROFT_SEED ?? Date.now() % 1_000_000)) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (n) => Math.floor(next() * n);
  return { seed, upTo, between: (least, most) => least + upTo(most - least + 1), of: (list) => list[upTo(list.length)] };
}
