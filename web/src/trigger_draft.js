// A trigger as the form holds it, and the way from and to what the server knows.
// SPDX-License-Identifier: Apache-2.0
import { secondsOf, spanOf } from './span.js';

/** @typedef {import('./types.js').Condition} Condition */
/** @typedef {import('./types.js').TriggerWish} TriggerWish */
/** @typedef {import('./span.js').Span} Span */
/**
 * @typedef {object} Draft
 * @property {string} measurement @property {'above'|'below'|'noDataFor'} kind
 * @property {string} threshold @property {string} hysteresis as typed
 * @property {Span} holdFor @property {Span} noDataFor @property {Span} cooldown
 * @property {boolean} acts @property {string} target device to switch
 * @property {string} actuator @property {string} action
 * @property {boolean} back @property {Span} backAfter
 * @property {boolean|null} email null: nothing was said, so yes where mails can be sent
 */

/** @param {string} measurement @param {string} target @param {string} actuator @returns {Draft} */
export const freshDraft = (measurement, target, actuator) => ({
  measurement, kind: 'below', threshold: '', hysteresis: '0', holdFor: spanOf(0), noDataFor: spanOf(600), cooldown: spanOf(0),
  acts: false, target, actuator, action: 'on', back: true, backAfter: spanOf(60), email: null,
});

/** @param {TriggerWish} trigger @param {Draft} fresh @returns {Draft} */
export function draftOf(trigger, fresh) {
  const { measurement, above, below, noDataFor, hysteresis, holdFor, cooldown, command, email } = trigger;
  const kind = noDataFor !== undefined ? 'noDataFor' : above !== undefined ? 'above' : 'below';
  return {
    ...fresh, measurement, kind, email, threshold: String(above ?? below ?? ''), hysteresis: String(hysteresis ?? 0),
    holdFor: spanOf(holdFor ?? 0), cooldown: spanOf(cooldown ?? 0), ...(noDataFor !== undefined && { noDataFor: spanOf(noDataFor) }),
    acts: command !== null, back: !command || Boolean(command.for),
    ...(command && { target: command.device, actuator: command.actuator, action: command.action }),
    ...(command?.for && { backAfter: spanOf(command.for) }),
  };
}

/** @param {string} text @returns {number} NaN when it is none */
const numberOf = (text) => (text.trim() === '' ? NaN : Number(text.replace(',', '.')));

/** @param {Draft} draft @param {string} device @returns {Condition} */
export function conditionOf(draft, device) {
  const { measurement, kind } = draft;
  const cooldown = secondsOf(draft.cooldown) || 0;
  if (kind === 'noDataFor') return { device, measurement, noDataFor: secondsOf(draft.noDataFor), cooldown };
  return { device, measurement, [kind]: numberOf(draft.threshold), hysteresis: numberOf(draft.hysteresis || '0'), holdFor: secondsOf(draft.holdFor) || 0, cooldown };
}

/** @param {Draft} draft @param {string} device @param {boolean} [mails] whether any can be sent @returns {TriggerWish} */
export function wishOf(draft, device, mails = true) {
  const { acts, target, actuator, action, back, email } = draft;
  const command = acts ? { device: target, actuator, action, ...(back && { for: secondsOf(draft.backAfter) }) } : null;
  return { ...conditionOf(draft, device), command, email: email ?? mails };
}

/** The fields whose text is no number. @param {Draft} draft @returns {string[]} */
export function wrongNumbers(draft) {
  const over = draft.kind === 'noDataFor';
  /** @type {[name: string, value: number, used: boolean][]} */
  const all = [
    [draft.kind, numberOf(draft.threshold), !over],
    ['hysteresis', numberOf(draft.hysteresis || '0'), !over],
    ['noDataFor', secondsOf(draft.noDataFor), over],
    ['command.for', secondsOf(draft.backAfter), draft.acts && draft.back],
  ];
  return all.filter(([, value, used]) => used && !Number.isFinite(value)).map(([name]) => name);
}
