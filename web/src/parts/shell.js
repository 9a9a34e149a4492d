// The frame around every page of a logged-in user: the head, and what is said when the connection breaks.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { clock } from '../format.js';
import { html } from '../html.js';
import { connection, reconnectNow } from '../live.js';
import { explain } from '../problems.js';
import { logOut, session } from '../session.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { Bell, Notices } from './alerts.js';
import { Icon } from './icon.js';

const patience_ms = 1_500; // a break shorter than this is not worth a word
const relief_ms = 3_000;

/** @param {{children: any}} props */
export function Shell({ children }) {
  const { user } = useStore(session);
  return html`<a class="skip" href="#content">${strings.app.skip}</a>
    <header class="top">
      <a class="brand" href="/"><${Icon} name="logo" /><span>${strings.app.name}</span></a>
      <${ConnectionChip} />
      <a class="who" href="/account" title=${strings.account.open}><span class="visually-hidden">${strings.app.signedInAs} </span><bdi>${user?.username}</bdi></a>
      <${Bell} />
      <${LogOut} />
    </header>
    <main id="content" tabindex="-1">${children}</main>
    <${Notices} />
    <${StaleBanner} />`;
}

function LogOut() {
  const [problem, setProblem] = useState('');
  const onClick = () => logOut().catch((error) => setProblem(explain(error)));
  return html`<button type="button" class="quiet log-out" title=${strings.app.logOut} onClick=${onClick}>
      <${Icon} name="log-out" /><span>${strings.app.logOut}</span>
    </button>
    <div class="banner-place" role="alert">
      ${problem &&
      html`<div class="banner is-stale">
        <${Icon} name="alert" />
        <p><strong>${strings.app.stillIn}</strong> ${problem}</p>
        <button type="button" onClick=${() => setProblem('')}>${strings.app.close}</button>
      </div>`}
    </div>`;
}

/** Whether the connection has been away long enough to be worth a word. */
function useBroken() {
  const { state, since } = useStore(connection);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    if (state !== 'stale') return setBroken(false);
    const timer = setTimeout(() => setBroken(true), patience_ms);
    return () => clearTimeout(timer);
  }, [state]);
  return { broken: broken && state === 'stale', state, since };
}

function ConnectionChip() {
  const { broken, state } = useBroken();
  const live = !broken && state !== 'connecting';
  const words = broken ? strings.connection.connecting : live ? strings.connection.live : strings.connection.connecting;
  return html`<span class=${`chip ${live ? 'is-live' : 'is-waiting'}`}><span class="dot" aria-hidden="true"></span>${words}</span>`;
}

// Floats over the page's foot, so that nothing moves when it comes and goes.
function StaleBanner() {
  const { broken, since } = useBroken();
  const [relieved, setRelieved] = useState(false);
  const was = useRef(false);
  useEffect(() => {
    document.documentElement.classList.toggle('is-stale', broken);
    if (!broken && !was.current) return undefined;
    was.current = broken;
    if (broken) return undefined;
    setRelieved(true);
    const timer = setTimeout(() => setRelieved(false), relief_ms);
    return () => clearTimeout(timer);
  }, [broken]);
  return html`<div class="banner-place" role="status">
    ${broken &&
    html`<div class="banner is-stale">
      <${Icon} name="offline" />
      <p><strong>${strings.connection.stale(clock(since))}.</strong> ${strings.connection.staleText}</p>
      <button type="button" onClick=${reconnectNow}>${strings.connection.retryNow}</button>
    </div>`}
    ${!broken && relieved && html`<div class="banner is-back"><${Icon} name="check" /><p>${strings.connection.back}</p></div>`}
  </div>`;
}
