// Making a timer: what is switched, for how long, and when: now, once later, or on certain days.
// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { now } from '../api.js';
import { actuatorName, span } from '../format.js';
import { html } from '../html.js';
import { secondsOf, spanOf } from '../span.js';
import { strings } from '../strings.js';
import { addTimed } from '../timed.js';
import { actuatorsOf } from './actuator.js';
import { Choice } from './choice.js';
import { Problem, Submit, useForm } from './form.js';
import { FieldError, SpanField } from './span_field.js';
import { useZone, ZoneLine } from './zone.js';

/** @typedef {import('../types.js').Device} Device */

const words = strings.timers;
const presets = [60, 600, 1_800, 3_600];
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const quarter_hour = 900_000;

/** For an input of type datetime-local, in the browser's zone. @param {number} time @returns {string} "2026-11-22T18:00" */
function localText(time) {
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {{device: Device, actuator: string, onDone: () => void}} props */
export function TimerForm({ device, actuator: first, onDone }) {
  const zone = useZone();
  const [draft, setDraft] = useState({
    actuator: first, action: 'on', for: spanOf(600), start: 'now',
    at: localText(Math.ceil((now() + quarter_hour) / quarter_hour) * quarter_hour),
    days: weekdays, time: '06:30',
  });
  const change = (/** @type {Partial<typeof draft>} */ part) => setDraft({ ...draft, ...part });
  const required = ['for', ...(draft.start === 'later' ? ['at'] : []), ...(draft.start === 'repeat' ? ['time'] : [])];
  const { form, busy, problem, errors, onSubmit } = useForm(required, async () => {
    const days = draft.days.length === 7 ? /** @type {const} */ ('daily') : weekdays.filter((day) => draft.days.includes(day));
    await addTimed({
      device: device.id, actuator: draft.actuator, action: draft.action, for: secondsOf(draft.for),
      ...(draft.start === 'later' && { at: new Date(draft.at).toISOString() }),
      ...(draft.start === 'repeat' && { repeat: { days, time: draft.time, tz: zone } }),
    });
    onDone();
  });
  const actuators = [...new Set([...actuatorsOf(device), first])];
  const daysError = errors['repeat.days'] && words.oneDay;
  return html`<form class="timer-form" ref=${form} onSubmit=${onSubmit} novalidate aria-label=${words.formTitle}>
    <div class="sentence">
      ${actuators.length > 1
        ? html`<select aria-label=${words.what} value=${draft.actuator} onChange=${(/** @type {any} */ { target }) => change({ actuator: target.value })}>
            ${actuators.map((name) => html`<option key=${name} value=${name} selected=${name === draft.actuator}>${actuatorName(name)}</option>`)}
          </select>`
        : html`<strong>${actuatorName(draft.actuator)}</strong>`}
      <${Choice} name="action" label=${words.action} value=${draft.action} options=${[['on', strings.actuators.states.on], ['off', strings.actuators.states.off]]}
        onChange=${(/** @type {string} */ action) => change({ action })} />
      <span>${words.for}</span>
      <${SpanField} name="for" label=${words.duration} value=${draft.for} error=${errors.for} onChange=${(/** @type {any} */ value) => change({ for: value })} />
    </div>
    <${FieldError} name="for" error=${errors.for} />
    <div class="presets" role="group" aria-label=${words.presets}>
      ${presets.map((seconds) => html`<button type="button" key=${seconds} aria-pressed=${secondsOf(draft.for) === seconds ? 'true' : 'false'}
        onClick=${() => change({ for: spanOf(seconds) })}>${span(seconds)}</button>`)}
    </div>
    <${Choice} name="start" label=${words.start} value=${draft.start} options=${Object.entries(words.starts)} onChange=${(/** @type {string} */ start) => change({ start })} />
    ${draft.start === 'later' &&
    html`<label class="stacked">${words.at}
        <input name="at" type="datetime-local" min=${localText(now())} value=${draft.at} aria-invalid=${errors.at ? 'true' : undefined}
          aria-describedby=${errors.at ? 'error-at' : undefined} onInput=${(/** @type {any} */ { target }) => change({ at: target.value })} />
      </label>
      <${FieldError} name="at" error=${errors.at} />`}
    ${draft.start === 'repeat' &&
    html`<fieldset class="days" aria-describedby=${daysError ? 'error-days' : undefined}>
        <legend class="visually-hidden">${words.days}</legend>
        ${weekdays.map((day) => html`<label key=${day} class=${draft.days.includes(day) ? 'is-chosen' : ''}>
          <input type="checkbox" class="visually-hidden" checked=${draft.days.includes(day)} aria-label=${words.weekdays[day]}
            onChange=${() => change({ days: draft.days.includes(day) ? draft.days.filter((other) => other !== day) : [...draft.days, day] })} />
          <span>${words.weekdaysShort[day]}</span>
        </label>`)}
      </fieldset>
      <${FieldError} name="days" error=${daysError} />
      <label class="stacked">${words.time}
        <input name="time" type="time" value=${draft.time} aria-invalid=${errors.time ? 'true' : undefined}
          onInput=${(/** @type {any} */ { target }) => change({ time: target.value })} />
      </label>
      <${FieldError} name="time" error=${errors.time ?? errors['repeat.time'] ?? errors['repeat.tz']} />
      <${ZoneLine} />`}
    <${Problem} text=${problem} />
    <div class="actions">
      <button type="button" onClick=${onDone}>${strings.app.cancel}</button>
      <${Submit} busy=${busy} label=${draft.start === 'now' ? words.startNow : words.save} busyLabel=${words.saving} />
    </div>
  </form>`;
}
