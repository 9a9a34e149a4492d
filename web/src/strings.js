// The words of the language this browser was told, or prefers.
// SPDX-License-Identifier: Apache-2.0
import { english } from './words/en.js';
import { french } from './words/fr.js';

/** @type {Record<string, typeof english>} */
export const languages = { en: english, fr: french };

const key = 'croft-language';

/** Storage may be forbidden, or full: then the choice is not kept. */
function chosen() {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

// Tests read these words without a browser.
const preferred = globalThis.navigator?.languages ?? [];
const wanted = [chosen(), ...preferred].map((tag) => tag.slice(0, 2).toLowerCase());

/** Its key in `languages`. */
export const language = wanted.find((tag) => Object.hasOwn(languages, tag)) ?? 'en';

export const strings = languages[language];

if (globalThis.document) document.documentElement.lang = language;

/** Every word is read when the page starts, so it starts again. @param {string} to a key of `languages` */
export function speak(to) {
  try {
    localStorage.setItem(key, to);
  } finally {
    location.reload();
  }
}
