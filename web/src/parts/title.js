// The heading of a page; names the browser's tab too.
// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { html } from '../html.js';
import { strings } from '../strings.js';

/** @param {{text: string}} props */
export function Title({ text }) {
  useEffect(() => {
    document.title = `${text} · ${strings.app.name}`;
  }, [text]);
  return html`<h1 tabindex="-1"><bdi>${text}</bdi></h1>`;
}
