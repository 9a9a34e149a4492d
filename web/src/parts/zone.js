// In which time zone the user's times of day are meant, and a way to change it to the browser's.
// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { explain } from '../problems.js';
import { session, setZone } from '../session.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';

/** @returns {string} an IANA name, "" when the browser does not tell */
const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';

/** A zone as people write it. @param {string} zone */
export const zoneName = (zone) => zone.replaceAll('_', ' ');

/** @returns {string} the user's zone */
export const useZone = () => useStore(session).user?.timezone ?? 'UTC';

export function ZoneLine() {
  const zone = useZone();
  const [problem, setProblem] = useState('');
  const here = browserZone();
  const words = strings.zone;
  const onUse = () => setZone(here).then(() => setProblem(''), (error) => setProblem(explain(error)));
  return html`<p class="hint zone" role="status">
    ${words.times(zoneName(zone))}${' '}
    ${here && here !== zone && html`<button type="button" class="link" onClick=${onUse}>${words.use(zoneName(here))}</button>`}
    ${problem && html`<span class="said-bad"> ${problem}</span>`}
  </p>`;
}
