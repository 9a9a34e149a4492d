// One of a few, all in sight: radio buttons that look like the switches.
// SPDX-License-Identifier: Apache-2.0
import { html } from '../html.js';

/**
 * @param {{name: string, label: string, value: string, options: [value: string, words: string][],
 *          onChange: (value: string) => void}} props
 */
export function Choice({ name, label, value, options, onChange }) {
  return html`<div class="choice" role="radiogroup" aria-label=${label}>
    ${options.map(([key, words]) => html`<label key=${key} class=${key === value ? 'is-chosen' : ''}>
      <input type="radio" class="visually-hidden" name=${name} value=${key} checked=${key === value} onChange=${() => onChange(key)} />
      <span>${words}</span>
    </label>`)}
  </div>`;
}
