// A length of time in a form: a number and its unit.
// SPDX-License-Identifier: Apache-2.0
import { html } from '../html.js';
import { units } from '../span.js';
import { strings } from '../strings.js';

/** @typedef {import('../span.js').Span} Span */

/**
 * @param {{name: string, label: string, value: Span, onChange: (span: Span) => void, error?: string, least?: number}} props
 */
export function SpanField({ name, label, value, onChange, error, least = 1 }) {
  const words = strings.spans;
  return html`<span class="span-field" role="group" aria-label=${label}>
    <input name=${name} type="number" inputmode="numeric" min=${least} step="1" aria-label=${`${label}: ${words.number}`} value=${value.amount}
      aria-invalid=${error ? 'true' : undefined} aria-describedby=${error ? `error-${name}` : undefined}
      onInput=${(/** @type {any} */ { target }) => onChange({ ...value, amount: target.value })} />
    <select aria-label=${`${label}: ${words.unit}`} value=${value.unit}
      onChange=${(/** @type {any} */ { target }) => onChange({ ...value, unit: target.value })}>
      ${units.map((unit) => html`<option key=${unit} value=${unit} selected=${unit === value.unit}>${words.units[unit]}</option>`)}
    </select>
  </span>`;
}

/** @param {{name: string, error?: string}} props */
export const FieldError = ({ name, error }) => (error ? html`<p class="field-error" id=${`error-${name}`}>${error}</p>` : null);
