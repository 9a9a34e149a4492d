// A browser's long name in the few words people know it by.
// SPDX-License-Identifier: Apache-2.0

/** The more particular first: most call themselves by several names. @type {[RegExp, string][]} */
const browsers = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrom(e|ium)\/|\bCriOS\/|\bHeadlessChrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
/** @type {[RegExp, string][]} */
const systems = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b|\biPad\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** @param {[RegExp, string][]} names @param {string} text */
const find = (names, text) => names.find(([pattern]) => pattern.test(text))?.[1] ?? '';

/** @param {string} text a User-Agent @returns {string} "Firefox, Android"; its first word when it is none of these; "" for "" */
export function clientName(text) {
  const known = [find(browsers, text), find(systems, text)].filter(Boolean).join(', ');
  return known || text.split(/[\s/]/)[0];
}
