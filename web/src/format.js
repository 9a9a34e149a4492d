// How numbers, measurements and times are written.
// SPDX-License-Identifier: Apache-2.0
import { strings } from './strings.js';

/** Units of the measurements whose meaning the platform defines; others are shown as they come. */
/** @type {Record<string, string>} */
const units = { temperature: '°C', humidity: '%', soilMoisture: '/1023' };

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** The names of measurements in the order they are shown: the known ones first. @param {Record<string, unknown>|undefined} values */
export function measurementsOf(values) {
  const known = Object.keys(units);
  const place = (/** @type {string} */ name) => (known.includes(name) ? known.indexOf(name) : known.length);
  return Object.keys(values ?? {}).sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

/** @param {string} name @returns {string} "" when the unit is not known */
export const unit = (name) => (Object.hasOwn(units, name) ? units[name] : '');

/** @param {string} name "soilMoisture" @returns {string} "Soil moisture" */
export function measurementName(name) {
  if (Object.hasOwn(strings.measurements.names, name)) return strings.measurements.names[name];
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_.-]+/g, ' ').trim();
  const words = spaced.replace(/\b([A-Z])([a-z])/g, (_, first, rest) => first.toLowerCase() + rest);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {string} name @returns {string} */
export function actuatorName(name) {
  return Object.hasOwn(strings.actuators.names, name) ? strings.actuators.names[name] : measurementName(name);
}

/** Decimals kept even when they are 0, so that a figure that changes does not hop. */
/** @type {Record<string, number>} */
const least_decimals = { temperature: 1 };

/** @param {unknown} value @param {string} [name] of the measurement @returns {string} a value without its unit */
export function valueText(value, name = '') {
  if (value === true) return strings.measurements.yes;
  if (value === false) return strings.measurements.no;
  if (typeof value !== 'number' || !Number.isFinite(value)) return strings.measurements.none;
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return value.toExponential(2).replace('e+', 'e');
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  const least = Object.hasOwn(least_decimals, name) ? least_decimals[name] : 0;
  const short = String(Number(value.toFixed(digits)));
  const decimals = short.split('.')[1]?.length ?? 0;
  return (decimals < least ? value.toFixed(least) : short).replace('-', '\u2212');
}

/** @param {string} name @param {unknown} value @returns {string} "23.5 °C" */
export function valueWithUnit(name, value) {
  const mark = unit(name);
  return mark && typeof value === 'number' ? `${valueText(value, name)}\u00a0${mark}` : valueText(value, name);
}

/** @param {unknown} time RFC 3339 or epoch ms @returns {number} epoch ms, or NaN */
export function instant(time) {
  return typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) : NaN;
}

/** @param {Intl.DateTimeFormatOptions} options */
const formatter = (options) => new Intl.DateTimeFormat(strings.locale, { hourCycle: 'h23', ...options });
const clockFormat = formatter({ hour: '2-digit', minute: '2-digit' });
const secondsFormat = formatter({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dateFormat = formatter({ day: 'numeric', month: 'short' });
const weekdayFormat = formatter({ weekday: 'long' });
const yearFormat = formatter({ day: 'numeric', month: 'short', year: 'numeric' });

/** @param {number} time @returns {string} "14:03" */
export const clock = (time) => clockFormat.format(time);
/** @param {number} time @returns {string} "14:03:22" */
export const clockSeconds = (time) => secondsFormat.format(time);

/** @param {number} time @param {number} present @returns {string} "14:03" today, else "22 Nov, 14:03" */
export function moment(time, present) {
  const [then, today] = [new Date(time), new Date(present)];
  if (then.toDateString() === today.toDateString()) return clock(time);
  const date = then.getFullYear() === today.getFullYear() ? dateFormat : yearFormat;
  return `${date.format(then)}, ${clock(time)}`;
}

/** @param {number} ms @returns {string} "140 ms", "2.5 s", "45 s", "3 min", "2 h", "4 days" */
export function duration(ms) {
  const words = strings.time;
  if (ms < second) return words.milliseconds(Math.round(Math.max(ms, 0)));
  if (ms < 10 * second) return words.seconds(Math.round(ms / 100) / 10);
  if (ms < minute) return words.seconds(Math.round(ms / second));
  if (ms < hour) return words.minutes(Math.floor(ms / minute));
  if (ms < 2 * day) return words.hours(Math.floor(ms / hour));
  return words.days(Math.floor(ms / day));
}

/** Nothing is rounded away. @param {number} seconds @returns {string} "90 s", "5 min", "1 h", "2 days" */
export function span(seconds) {
  const words = strings.time;
  if (seconds % 60 || seconds === 0) return words.seconds(seconds);
  if (seconds % 3_600) return words.minutes(seconds / 60);
  if (seconds % 86_400) return words.hours(seconds / 3_600);
  return words.days(seconds / 86_400);
}

/** What is left of a count-down. @param {number} ms @returns {string} "9:58", "1:09:58" */
export function countdown(ms) {
  const left = Math.max(0, Math.ceil(ms / second));
  const [hours, minutes, seconds] = [Math.floor(left / 3_600), Math.floor(left / 60) % 60, left % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** As moment(), with the day's name when it is near: what is to come. @param {number} time @param {number} present */
export function upcoming(time, present) {
  const days = Math.round((new Date(time).setHours(0, 0, 0, 0) - new Date(present).setHours(0, 0, 0, 0)) / day);
  if (days === 0) return strings.time.today(clock(time));
  if (days === 1) return strings.time.tomorrow(clock(time));
  return days > 1 && days < 7 ? `${weekdayFormat.format(time)} ${clock(time)}` : moment(time, present);
}

/** @param {number} time @param {number} present @returns {string} "just now", "3 min ago", "22 Nov, 14:03" */
export function ago(time, present) {
  const passed = present - time;
  if (passed < 10 * second) return strings.time.now;
  return passed < day ? strings.time.ago(duration(passed)) : moment(time, present);
}
