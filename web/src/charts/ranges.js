// The time ranges a graph can show.
// SPDX-License-Identifier: Apache-2.0
const minute = 60_000;
const hour = 60 * minute;

/** key: as it stands in the address; span in ms; every: the shortest time between two drawings, in ms. */
export const ranges = [
  { key: '15m', span: 15 * minute, every: 1_000 },
  { key: '1h', span: hour, every: 2_000 },
  { key: '24h', span: 24 * hour, every: 10_000 },
  { key: '7d', span: 7 * 24 * hour, every: 15_000 },
  { key: '30d', span: 30 * 24 * hour, every: 15_000 },
];

/** @param {string|null} key */
export const rangeOf = (key) => ranges.find((range) => range.key === key) ?? ranges[0];
