// A length of time as one types it: a number and its unit.
// SPDX-License-Identifier: Apache-2.0

/** @typedef {{amount: string, unit: string}} Span unit: its length in seconds */

export const units = ['1', '60', '3600', '86400'];

/** @param {number} seconds @returns {Span} with the largest unit that fits */
export function spanOf(seconds) {
  const unit = seconds ? [...units].reverse().find((length) => seconds % Number(length) === 0) ?? '1' : '60';
  return { amount: String(seconds / Number(unit)), unit };
}

/** @param {Span} span @returns {number} seconds; NaN when there is no number */
export const secondsOf = ({ amount, unit }) => (amount.trim() === '' ? NaN : Math.round(Number(amount) * Number(unit)));
