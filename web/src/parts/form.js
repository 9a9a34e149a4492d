// What forms are made of: a labelled field with its error, the button that sends, the error of the whole.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';
import { explain, fieldErrors } from '../problems.js';
import { strings } from '../strings.js';
import { Icon } from './icon.js';

/**
 * The life of a form: empty fields are named before anything is sent, the server's verdict afterwards.
 * @param {string[]} required names of fields
 * @param {(values: Record<string, string>) => Promise<unknown>} submit
 * @param {(error: unknown) => string} [describe] words for an error, where explain() is not enough
 */
export function useForm(required, submit, describe = explain) {
  const [state, setState] = useState({ busy: false, problem: '', errors: /** @type {Record<string, string>} */ ({}) });
  const form = useRef(/** @type {HTMLFormElement|null} */ (null));

  useEffect(() => {
    const wrong = form.current?.querySelector('[aria-invalid="true"]');
    if (wrong instanceof HTMLElement) wrong.focus();
  }, [state.errors]);

  const onSubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (state.busy || !form.current) return;
    const values = Object.fromEntries([...new FormData(form.current)].map(([k, v]) => [k, String(v)]));
    const missing = required.filter((name) => !values[name]?.trim());
    const errors = Object.fromEntries(missing.map((name) => [name, strings.errors.required]));
    if (missing.length) return setState({ busy: false, problem: '', errors });
    setState({ busy: true, problem: '', errors: {} });
    try {
      await submit(values);
      setState({ busy: false, problem: '', errors: {} });
    } catch (error) {
      setState({ busy: false, problem: describe(error), errors: fieldErrors(error) });
    }
  };
  return { ...state, form, onSubmit };
}

/**
 * @param {{name: string, label: string, type?: string, value?: string, error?: string, autocomplete?: string,
 *          placeholder?: string, autofocus?: boolean, maxLength?: number}} props
 */
export function Field({ name, label, type = 'text', value, error, ...rest }) {
  const [shown, setShown] = useState(false);
  const secret = type === 'password';
  const reveal = shown ? strings.auth.hidePassword : strings.auth.showPassword;
  return html`<div class="field">
    <label for=${`field-${name}`}>${label}</label>
    <div class="field-box">
      <input
        id=${`field-${name}`}
        name=${name}
        type=${secret && shown ? 'text' : type}
        defaultValue=${value}
        aria-invalid=${error ? 'true' : undefined}
        aria-describedby=${error ? `error-${name}` : undefined}
        autocapitalize="none"
        spellcheck=${false}
        ...${rest}
      />
      ${secret &&
      html`<button type="button" class="quiet square" aria-label=${reveal} title=${reveal} onClick=${() => setShown(!shown)}>
        <${Icon} name=${shown ? 'eye-off' : 'eye'} />
      </button>`}
    </div>
    ${error && html`<p class="field-error" id=${`error-${name}`}>${error}</p>`}
  </div>`;
}

/** @param {{busy: boolean, label: string, busyLabel: string, class?: string}} props */
export function Submit({ busy, label, busyLabel, class: extra = 'primary' }) {
  return html`<button type="submit" class=${extra} aria-disabled=${busy ? 'true' : undefined}>
    ${busy ? busyLabel : label}
  </button>`;
}

/** Says what went wrong, aloud too. @param {{text: string}} props */
export function Problem({ text }) {
  return html`<div role="alert">
    ${text && html`<p class="problem"><${Icon} name="alert" /><span>${text}</span></p>`}
  </div>`;
}
