// The triggers of a device: what each waits for and does, and how it stands.
// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { useAct } from '../act.js';
import { usePresent } from '../clock.js';
import { ago, instant, moment } from '../format.js';
import { html } from '../html.js';
import { actTexts, capital, conditionText } from '../sentences.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { changeTrigger, loadTriggers, triggerList } from '../triggers.js';
import { Icon } from './icon.js';

/** @typedef {import('../types.js').Trigger} Trigger */

const words = strings.triggers;
const refresh_ms = 10_000; // firing and clearing are told live; a wait that has begun is not

/** @param {{device: string}} props */
export function TriggerList({ device }) {
  const { items, loaded, error } = useStore(triggerList);
  const own = items.filter((trigger) => trigger.device === device);
  const some = own.length > 0;
  useEffect(() => {
    if (!some) return undefined;
    const timer = setInterval(() => void (document.hidden || loadTriggers()), refresh_ms);
    return () => clearInterval(timer);
  }, [some]);
  return html`<div class="card">
    ${error && !loaded
      ? html`<p class="hint">
          ${words.failed} <button type="button" class="link" onClick=${loadTriggers}>${strings.app.tryAgain}</button>
        </p>`
      : loaded && !some && html`<p class="hint triggers-empty">${words.empty}</p>`}
    <ul class="rows">${own.map((trigger) => html`<${Row} key=${trigger.id} trigger=${trigger} />`)}</ul>
    <a class="button add" href=${`/devices/${encodeURIComponent(device)}/triggers/new`}><${Icon} name="plus" />${words.add}</a>
  </div>`;
}

/** @param {{trigger: Trigger}} props */
function Row({ trigger }) {
  const present = usePresent();
  const { id, enabled, state } = trigger;
  const { busy, problem, run } = useAct(() => changeTrigger(id, { enabled: !enabled }));
  const condition = capital(conditionText(trigger, { own: true }));
  const acts = actTexts(trigger);
  const fired = instant(state.fired);
  const mood = { inactive: 'said-quiet', pending: 'said-wait', firing: 'said-bad' }[state.phase];
  return html`<li class=${`row ${enabled ? '' : 'is-disabled'}`}>
    <div class="row-words">
      <p class="row-title"><a href=${`/triggers/${encodeURIComponent(id)}`}><bdi>${condition}</bdi></a></p>
      ${acts.length > 0 && html`<p><bdi>${capital(acts.join(', '))}</bdi></p>`}
      ${enabled
        ? html`<p class=${mood}>
            ${state.phase === 'firing' && html`<${Icon} name="alert" />`}
            <span>${words.phases[state.phase] ?? state.phase}${state.phase === 'firing' && ` ${words.since(moment(fired, present))}`}</span>
          </p>`
        : html`<p>${words.disabled}</p>`}
      ${state.phase !== 'firing' && !Number.isNaN(fired) && html`<p>${words.lastFired(ago(fired, present))}</p>`}
      ${problem && html`<p class="field-error" role="alert">${problem}</p>`}
    </div>
    <div class="row-acts">
      <button type="button" class="small" aria-label=${`${enabled ? words.disable : words.enable}: ${condition}`}
        aria-disabled=${busy ? 'true' : undefined} onClick=${run}>${enabled ? words.disable : words.enable}</button>
      <a class="button small" href=${`/triggers/${encodeURIComponent(id)}`} aria-label=${`${words.edit}: ${condition}`}>${words.edit}</a>
    </div>
  </li>`;
}
