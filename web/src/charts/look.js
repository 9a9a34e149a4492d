// The colours of a graph, taken from the page's own style so that light and dark are decided in one place.
// SPDX-License-Identifier: Apache-2.0

const hues = ['--hue-1', '--hue-2', '--hue-3', '--hue-4', '--hue-5', '--hue-6'];
/** @type {Record<string, string>} */
const known = { temperature: '--hue-1', humidity: '--hue-2', soilMoisture: '--hue-3' };

/** Always the same colour for the same name. @param {string} measurement */
export function hueOf(measurement) {
  if (Object.hasOwn(known, measurement)) return known[measurement];
  let sum = 0;
  for (const letter of measurement) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return hues[3 + (sum % 3)];
}

/** @param {string} measurement @returns {import('./figure.js').Look} */
export function look(measurement) {
  const style = getComputedStyle(document.documentElement);
  const line = style.getPropertyValue(hueOf(measurement)).trim();
  return {
    line,
    band: `${line}33`, // the same colour, a fifth as strong
    mark: style.getPropertyValue('--bad').trim(),
    grid: style.getPropertyValue('--line').trim(),
    text: style.getPropertyValue('--muted').trim(),
    surface: style.getPropertyValue('--surface').trim(),
    font: style.getPropertyValue('--font').trim(),
  };
}

/** @param {() => void} listener called when the page turns light or dark @returns {() => void} ends it */
export function onLookChange(listener) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}
