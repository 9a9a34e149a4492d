// Triggers and alerts told in words.
// SPDX-License-Identifier: Apache-2.0
import { deviceStore } from './devices.js';
import { actuatorName, measurementName, span, unit, valueText, valueWithUnit } from './format.js';
import { strings } from './strings.js';
import { triggerList } from './triggers.js';

/** @typedef {import('./types.js').Condition} Condition */
/** @typedef {import('./types.js').TriggerWish} TriggerWish */

const words = strings.triggers;

/** @param {string} id @returns {string} the device's name, its id when that is not known */
export const deviceName = (id) => deviceStore(id).value?.name ?? id;

/** Within a sentence the "/1023" of a raw value says nothing. @param {string} measurement @param {unknown} value */
export const amount = (measurement, value) =>
  unit(measurement).startsWith('/') ? valueText(value, measurement) : valueWithUnit(measurement, value);

/** @param {string} text "Soil moisture", "LED" @returns {string} "soil moisture", "LED" */
const inside = (text) => (/^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text);

/**
 * "soil moisture of Bed 2 is below 300 for 5 min"
 * @param {Condition} condition @param {{own?: boolean}} [where] own: where it is clear which device is meant
 */
export function conditionText({ device, measurement, above, below, noDataFor, holdFor }, { own = false } = {}) {
  const plain = measurement ? inside(measurementName(measurement)) : words.dots;
  const name = own ? plain : words.subject(plain, deviceName(device));
  const number = (/** @type {number} */ value) => (Number.isFinite(value) ? amount(measurement, value) : words.dots);
  const time = (/** @type {number} */ seconds) => (Number.isFinite(seconds) ? span(seconds) : words.dots);
  if (noDataFor !== undefined) return words.silent(name, time(noDataFor));
  const text = above !== undefined ? words.above(name, number(above)) : words.below(name, number(below ?? NaN));
  return holdFor ? words.lasting(text, time(holdFor)) : text;
}

/** What it does, without the alert. @param {TriggerWish} trigger @returns {string[]} */
export function actTexts({ device, command, email }) {
  const acts = [];
  if (command) {
    const action = strings.actuators.states[command.action] ?? command.action;
    const act = words.act(inside(actuatorName(command.actuator)), command.device === device ? '' : deviceName(command.device), action);
    acts.push(command.for ? words.actFor(act, span(command.for)) : act);
  }
  if (email && triggerList.value.mails) acts.push(words.mail); // a promise only where it can be kept
  return acts;
}

/** "When soil moisture of Bed 2 is below 300 for 5 min, switch the LED on for 60 s and e-mail me." @param {TriggerWish} trigger */
export const sentence = (trigger) => words.whole(conditionText(trigger), actTexts(trigger));

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
