// A question that must be answered before something that cannot be undone.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';
import { explain } from '../problems.js';
import { strings } from '../strings.js';
import { Problem } from './form.js';

/**
 * @param {{title: any, text: string, confirm: string, busy: string, act: () => Promise<void>, onClose: () => void}} props
 *        act: runs on confirmation; its failure is shown and the question stays
 */
export function Confirm({ title, text, confirm, busy, act, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement|null} */ (null));
  const [state, setState] = useState({ busy: false, problem: '' });
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close(); // gives the focus back to where it was; then onClose

  const onConfirm = async () => {
    if (state.busy) return;
    setState({ busy: true, problem: '' });
    try {
      await act();
      close();
    } catch (error) {
      setState({ busy: false, problem: explain(error) });
    }
  };
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="dialog-title">
    <h2 id="dialog-title">${title}</h2>
    <p>${text}</p>
    <${Problem} text=${state.problem} />
    <div class="actions">
      <button type="button" onClick=${close} autofocus>${strings.app.cancel}</button>
      <button type="button" class="danger" onClick=${onConfirm} aria-disabled=${state.busy ? 'true' : undefined}>
        ${state.busy ? busy : confirm}
      </button>
    </div>
  </dialog>`;
}
