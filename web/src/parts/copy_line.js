// A line of text made to be copied.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';
import { strings } from '../strings.js';
import { Icon } from './icon.js';

const shown_ms = 2_000;

// The clipboard is only open to pages from a secure origin; in a home network Croft often speaks plain
// HTTP, and there the old way of copying a selection still works.
/** @param {HTMLElement} element @param {string} text @returns {Promise<boolean>} */
async function copy(element, text) {
  if (navigator.clipboard) {
    const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
    if (done) return true;
  }
  getSelection()?.selectAllChildren(element);
  return document.execCommand('copy');
}

/** @param {{label: string, text: string}} props */
export function CopyLine({ label, text }) {
  const [said, setSaid] = useState('');
  const line = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    const timer = said ? setTimeout(() => setSaid(''), shown_ms) : undefined;
    return () => clearTimeout(timer);
  }, [said]);

  const onCopy = async () => {
    const done = line.current && (await copy(line.current, text));
    setSaid(done ? strings.app.copied : strings.app.copyFailed);
  };
  return html`<div class="copy-line">
    <span class="copy-label">${label}</span>
    <div class="copy-box">
      <code ref=${line} tabindex="0" aria-label=${label}>${text}</code>
      <button type="button" class="quiet" onClick=${onCopy} aria-label=${`${strings.app.copy}: ${label}`}>
        <${Icon} name=${said === strings.app.copied ? 'check' : 'copy'} />
        <span class="copy-said" role="status">${said || strings.app.copy}</span>
      </button>
    </div>
  </div>`;
}
