// Turns an error into words for the person in front of the page.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from './api.js';
import { strings } from './strings.js';

/** @param {unknown} error @returns {string} one or two sentences */
export function explain(error) {
  const words = strings.errors;
  if (!(error instanceof ApiError)) return words.server;
  switch (error.status) {
    case 0: return error.timedOut ? words.timeout : words.unreachable;
    case 401: return words.session;
    case 403: return error.detail || words.forbidden;
    case 404: return words.gone;
    case 409: return error.detail || words.conflict;
    case 413: return words.tooLarge;
    case 400:
    case 422: return error.fields.length ? words.invalid : error.detail || words.invalid;
    case 429: return words.tooMany(Math.max(1, Math.ceil(error.retryAfter)));
    default: return words.server;
  }
}

/** @param {unknown} error @returns {Record<string, string>} what is wrong with which field of a form */
export function fieldErrors(error) {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(error.fields.map(({ field, message }) => [field, sentence(message)]));
}

/** @param {string} text */
function sentence(text) {
  const trimmed = String(text).trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
