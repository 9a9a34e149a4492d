// A page that only says something, with one thing to do about it.
// SPDX-License-Identifier: Apache-2.0
import { html } from '../html.js';
import { Icon } from '../parts/icon.js';
import { Title } from '../parts/title.js';
import { strings } from '../strings.js';

/** @param {{title: string, text?: string, action?: string, href?: string, onAct?: () => void, icon?: string}} props */
export function Message({ title, text, action, href, onAct, icon = 'node' }) {
  return html`<div class="message">
    <${Icon} name=${icon} class="message-icon" />
    <${Title} text=${title} />
    ${text && html`<p>${text}</p>`}
    ${action && href && html`<a class="button primary" href=${href}>${action}</a>`}
    ${action && onAct && html`<button type="button" class="primary" onClick=${onAct}>${action}</button>`}
  </div>`;
}

export function NotFound() {
  const words = strings.app;
  return html`<${Message} title=${words.notFoundTitle} text=${words.notFoundText} action=${words.toOverview} href="/" />`;
}
