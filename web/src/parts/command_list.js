// The history of a device's commands: what, when, who or what caused it, and how it ended.
// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { now } from '../api.js';
import { historyStore, isOpen, loadHistory } from '../commands.js';
import { deviceStore } from '../devices.js';
import { actuatorName, clockSeconds, duration, instant, moment, span } from '../format.js';
import { html } from '../html.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';

/** @typedef {import('../types.js').Command} Command */

/** @param {{device: string}} props */
export function CommandList({ device }) {
  const { items, next, loaded, error } = useStore(historyStore(device));
  const [busy, setBusy] = useState(false);
  const words = strings.commands;
  const onMore = async () => {
    setBusy(true);
    await loadHistory(device, { more: true });
    setBusy(false);
  };
  if (error && !loaded) {
    return html`<p class="hint">
      ${words.failed} <button type="button" class="link" onClick=${() => loadHistory(device)}>${strings.app.tryAgain}</button>
    </p>`;
  }
  if (!loaded) return html`<div class="skeleton lines" aria-hidden="true"></div>`;
  if (!items.length) return html`<p class="hint">${words.empty}</p>`;
  return html`<ol class="commands">
      ${items.map((command) => html`<${Row} key=${command.id} command=${command} />`)}
    </ol>
    ${next && html`<button type="button" class="quiet" aria-disabled=${busy ? 'true' : undefined} onClick=${onMore}>${words.more}</button>`}`;
}

/** @param {{command: Command}} props */
function Row({ command }) {
  const created = instant(command.created);
  const action = strings.actuators.states[command.action] ?? command.action;
  const real = useStore(deviceStore(command.device))?.state?.[command.actuator];
  const mismatch = command.mismatch && real === command.reported ? real : ''; // unless it has changed since it was asked
  const [present, day] = [now(), 86_400_000];
  const when = present - created < day ? clockSeconds(created) : moment(created, present);
  return html`<li class=${`command is-${command.state}`}>
    <span class="command-what">
      ${actuatorName(command.actuator)} ${action.toLowerCase()}
      ${command.for ? ` ${strings.commands.for(span(command.for))}` : ''}
    </span>
    <span class="command-state">${outcome(command)}</span>
    <time class="command-when" datetime=${command.created}>${when}</time>
    <span class="command-who"><${Cause} command=${command} /></span>
    ${mismatch && html`<span class="command-why">${strings.commands.mismatch(strings.actuators.states[mismatch] ?? mismatch)}</span>`}
    ${command.reason && html`<span class="command-why"><bdi>${command.reason}</bdi></span>`}
  </li>`;
}

/** @param {Command} command */
function outcome(command) {
  const word = strings.commands.states[command.state] ?? command.state;
  const took = instant(command.done) - instant(command.created);
  return isOpen(command) || Number.isNaN(took) || command.state !== 'done' ? word : `${word}, ${duration(took)}`;
}

/** Who or what: a person by name, a timer, or a trigger and the way to it. @param {{command: Command}} props */
function Cause({ command }) {
  const [kind, id] = String(command.cause ?? '').split(':');
  const words = strings.commands.causes;
  if (kind === 'trigger' && id) return html`<a href=${`/triggers/${encodeURIComponent(id)}`}>${words.trigger}</a>`;
  if (kind !== 'user' && Object.hasOwn(words, kind)) return words[kind];
  return command.by ? html`<bdi>${words.user} ${command.by}</bdi>` : '';
}
