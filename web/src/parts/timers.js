// The timers of a device: what runs counts down beside its switch, what is to come stands in a list.
// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { useAct } from '../act.js';
import { useCountdown, usePresent } from '../clock.js';
import { actuatorName, countdown, instant, moment, span, upcoming } from '../format.js';
import { html } from '../html.js';
import { explain } from '../problems.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { addTimed, cancelTimed, enableTimed, isOver, loadTimed, missedAt, timedStore } from '../timed.js';
import { actuatorsOf } from './actuator.js';
import { Icon } from './icon.js';
import { TimerForm } from './timer_form.js';
import { useZone, zoneName } from './zone.js';

/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Timed} Timed */

const words = strings.timers;
const quick = [60, 600, 3_600];

/** Under a switch: what runs, and what one tap starts. @param {{device: Device, actuator: string, onOther: () => void}} props */
export function QuickTimers({ device, actuator, onOther }) {
  const { items } = useStore(timedStore(device.id));
  const running = items.filter((timed) => timed.actuator === actuator && timed.state === 'running');
  const [problem, setProblem] = useState('');
  const [starting, setStarting] = useState(0);
  const onStart = async (/** @type {number} */ seconds) => {
    if (starting) return;
    setStarting(seconds);
    setProblem('');
    await addTimed({ device: device.id, actuator, action: 'on', for: seconds }).catch((error) => setProblem(explain(error)));
    setStarting(0);
  };
  return html`<div class="quick">
    ${running.map((timed) => html`<${Running} key=${timed.id} timed=${timed} />`)}
    <div class="presets" role="group" aria-label=${words.quickGroup}>
      <span class="presets-label" aria-hidden="true">${words.onFor}</span>
      ${quick.map((seconds) => html`<button type="button" key=${seconds} aria-label=${words.quick(actuatorName(actuator), span(seconds))}
        aria-disabled=${starting ? 'true' : undefined} class=${starting === seconds ? 'is-pending' : ''} onClick=${() => onStart(seconds)}>${span(seconds)}</button>`)}
      <button type="button" aria-label=${words.otherFor(actuatorName(actuator))} onClick=${onOther}>${words.other}</button>
    </div>
    ${problem && html`<p class="field-error" role="alert">${problem}</p>`}
  </div>`;
}

/** @param {{timed: Timed}} props */
function Running({ timed }) {
  const ends = instant(timed.ends);
  const present = useCountdown(!Number.isNaN(ends));
  const { busy, problem, run } = useAct(() => cancelTimed(timed));
  const left = ends - present;
  const share = Math.min(1, Math.max(0, left / (timed.for * 1_000)));
  const action = strings.actuators.states[timed.action] ?? timed.action;
  return html`<div class="running">
    <p class="running-words" role="timer">
      <${Icon} name="clock" />
      ${Number.isNaN(ends)
        ? html`<span>${words.starting(action, span(timed.for))}</span>`
        : html`<span>${action} ${words.forAnother} <b class="number">${countdown(left)}</b></span>`}
    </p>
    <button type="button" class="small" aria-disabled=${busy ? 'true' : undefined} onClick=${run}>${words.endNow}</button>
    <span class="running-bar" aria-hidden="true"><span style=${{ transform: `scaleX(${Number.isNaN(share) ? 1 : share})` }}></span></span>
    ${problem && html`<p class="field-error" role="alert">${problem}</p>`}
  </div>`;
}

/** @param {{device: Device, making: string, setMaking: (actuator: string) => void}} props making: the actuator of the timer being made, or "" */
export function Timers({ device, making, setMaking }) {
  const { items, loaded, error } = useStore(timedStore(device.id));
  const shown = items.filter(({ state, repeat }) => state !== 'running' || repeat);
  return html`<div class="card timers">
    ${error && !loaded
      ? html`<p class="hint">
          ${words.failed} <button type="button" class="link" onClick=${() => loadTimed(device.id)}>${strings.app.tryAgain}</button>
        </p>`
      : html`${loaded && !shown.length && !making && html`<p class="hint">${words.empty}</p>`}
          <ul class="rows">${shown.map((timed) => html`<${Row} key=${timed.id} timed=${timed} />`)}</ul>`}
    ${making
      ? html`<${TimerForm} key=${making} device=${device} actuator=${making} onDone=${() => setMaking('')} />`
      : html`<button type="button" class="add" onClick=${() => setMaking(actuatorsOf(device)[0])}><${Icon} name="plus" />${words.add}</button>`}
  </div>`;
}

/** @param {{timed: Timed}} props */
function Row({ timed }) {
  const present = usePresent();
  const zone = useZone();
  const removal = useAct(() => cancelTimed(timed));
  const turning = useAct(() => enableTimed(timed, !timed.enabled));
  const missed = missedAt(timed);
  const what = words.whatText(actuatorName(timed.actuator), strings.actuators.states[timed.action] ?? timed.action, span(timed.for));
  const { repeat } = timed;
  const when = repeat && words.repeats(daysText(repeat.days), repeat.time) + (repeat.tz === zone ? '' : ` (${zoneName(repeat.tz)})`);
  const next = instant(timed.next);
  return html`<li class=${`row ${timed.enabled ? '' : 'is-disabled'}`}>
    <div class="row-words">
      <p class="row-title">${what}</p>
      ${when && html`<p>${when}</p>`}
      ${timed.state === 'running' && html`<p class="said-good">${words.runningNow}</p>`}
      ${!Number.isNaN(next) && html`<p><time datetime=${timed.next}>${repeat ? words.next(upcoming(next, present)) : words.startsText(upcoming(next, present))}</time></p>`}
      ${!timed.enabled && html`<p>${words.disabled}</p>`}
      ${!Number.isNaN(missed) && html`<p class="said-bad"><${Icon} name="alert" /><span>${words.missed(moment(missed, present))}${timed.reason && html`: <bdi>${timed.reason}</bdi>`}</span></p>`}
      ${(removal.problem || turning.problem) && html`<p class="field-error" role="alert">${removal.problem || turning.problem}</p>`}
    </div>
    <div class="row-acts">
      ${repeat && !isOver(timed) &&
      html`<button type="button" class="small" aria-label=${`${timed.enabled ? words.pause : words.resume}: ${what}`} aria-disabled=${turning.busy ? 'true' : undefined} onClick=${turning.run}>
        ${timed.enabled ? words.pause : words.resume}
      </button>`}
      ${!isOver(timed) &&
      html`<button type="button" class="small" aria-label=${`${repeat ? words.remove : words.cancel}: ${what}`} aria-disabled=${removal.busy ? 'true' : undefined} onClick=${removal.run}>${repeat ? words.remove : words.cancel}</button>`}
    </div>
  </li>`;
}

/** @param {'daily'|string[]} days */
function daysText(days) {
  if (days === 'daily' || days.length === 7) return words.daily;
  const list = days.join();
  if (list === 'mon,tue,wed,thu,fri') return words.workdays;
  if (list === 'sat,sun') return words.weekend;
  return days.map((day) => words.weekdaysShort[day] ?? day).join(', ');
}
