// The form of a trigger, which reads like the sentence it makes.
// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { deviceList, deviceStore } from '../devices.js';
import { actuatorName, measurementName, measurementsOf, unit } from '../format.js';
import { html } from '../html.js';
import { deviceName, sentence } from '../sentences.js';
import { session } from '../session.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { conditionOf, wishOf, wrongNumbers } from '../trigger_draft.js';
import { triggerList } from '../triggers.js';
import { actuatorsOf } from './actuator.js';
import { Choice } from './choice.js';
import { Problem, Submit, useForm } from './form.js';
import { FieldError, SpanField } from './span_field.js';
import { TriggerPreview } from './trigger_preview.js';

/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../trigger_draft.js').Draft} Draft */
/** @typedef {{draft: Draft, change: (part: Partial<Draft>) => void, errors: Record<string, string>}} Part */

const words = strings.triggers;

/** Where "another" in the list of measurements leads: no measurement has this name. */
const other = ' ';

/** @param {{device: Device, initial: Draft, save: (wish: import('../types.js').TriggerWish) => Promise<unknown>, children?: any}} props */
export function TriggerForm({ device, initial, save, children }) {
  const { mails } = useStore(triggerList);
  const [draft, setDraft] = useState(initial);
  const [wrong, setWrong] = useState(/** @type {string[]} */ ([]));
  const change = (/** @type {Partial<Draft>} */ part) => setDraft({ ...draft, ...part });
  const { form, busy, problem, errors, onSubmit } = useForm(['measurement'], async () => save(wishOf(draft, device.id, mails)));
  const onCheck = (/** @type {Event} */ event) => {
    event.preventDefault();
    const found = wrongNumbers(draft);
    setWrong(found);
    if (!found.length) void onSubmit(event);
    else /** @type {HTMLElement|null|undefined} */ (form.current?.querySelector(`[name="${found[0]}"]`))?.focus();
  };
  const still = wrongNumbers(draft);
  const named = wrong.filter((name) => still.includes(name)).map((name) => [name, words.notNumber]);
  const all = { ...errors, ...Object.fromEntries(named) };
  return html`<form class="trigger-form" ref=${form} onSubmit=${onCheck} novalidate>
    <section class="card" aria-label=${words.when}>
      <${When} device=${device} draft=${draft} change=${change} errors=${all} />
    </section>
    <section class="card" aria-labelledby="then-title">
      <h2 id="then-title">${words.then}</h2>
      <${Then} draft=${draft} change=${change} errors=${all} />
    </section>
    <p class="reads"><bdi>${sentence(wishOf(draft, device.id, mails))}</bdi></p>
    <${TriggerPreview} device=${device} condition=${conditionOf(draft, device.id)} ready=${Boolean(draft.measurement) && !wrongNumbers({ ...draft, acts: false }).length} />
    <${Problem} text=${problem} />
    <div class="actions">${children}<${Submit} busy=${busy} label=${words.save} busyLabel=${words.saving} /></div>
  </form>`;
}

/** @param {Part & {device: Device}} props */
function When({ device, draft, change, errors }) {
  const silent = draft.kind === 'noDataFor';
  return html`<div class="sentence">
      <span>${words.when}</span>
      <${Measurement} device=${device} draft=${draft} change=${change} errors=${errors} />
      <span>${words.of} <strong><bdi>${device.name}</bdi></strong></span>
      <select aria-label=${words.kind} value=${draft.kind} onChange=${(/** @type {any} */ { target }) => change({ kind: target.value })}>
        ${Object.entries(words.kinds).map(([kind, text]) => html`<option key=${kind} value=${kind} selected=${kind === draft.kind}>${text}</option>`)}
      </select>
      ${silent
        ? html`<span>${words.for}</span>
            <${SpanField} name="noDataFor" label=${words.silence} value=${draft.noDataFor} error=${errors.noDataFor} onChange=${(/** @type {any} */ noDataFor) => change({ noDataFor })} />`
        : html`<input name=${draft.kind} type="number" step="any" inputmode="decimal" aria-label=${words.threshold} value=${draft.threshold}
              aria-invalid=${errors[draft.kind] ? 'true' : undefined} aria-describedby=${errors[draft.kind] ? `error-${draft.kind}` : undefined}
              onInput=${(/** @type {any} */ { target }) => change({ threshold: target.value })} />
            <span class="unit">${unit(draft.measurement)}</span>
            <span>${words.for}</span>
            <${SpanField} name="holdFor" label=${words.holdFor} least=${0} value=${draft.holdFor} error=${errors.holdFor} onChange=${(/** @type {any} */ holdFor) => change({ holdFor })} />`}
    </div>
    ${['measurement', 'above', 'below', 'noDataFor', 'holdFor'].map((name) => html`<${FieldError} key=${name} name=${name} error=${errors[name]} />`)}
    <details class="more-settings" open=${draft.hysteresis !== '0' || draft.cooldown.amount !== '0'}>
      <summary>${words.more}</summary>
      ${!silent &&
      html`<div class="sentence">
          <span>${words.margin}</span>
          <input name="hysteresis" type="number" min="0" step="any" inputmode="decimal" aria-label=${words.hysteresis} value=${draft.hysteresis}
            aria-invalid=${errors.hysteresis ? 'true' : undefined} aria-describedby=${errors.hysteresis ? 'error-hysteresis' : undefined}
            onInput=${(/** @type {any} */ { target }) => change({ hysteresis: target.value })} />
          <span>${words.marginUnit}</span>
        </div>
        <${FieldError} name="hysteresis" error=${errors.hysteresis} />`}
      <div class="sentence">
        <span>${words.rest}</span>
        <${SpanField} name="cooldown" label=${words.cooldown} least=${0} value=${draft.cooldown} error=${errors.cooldown} onChange=${(/** @type {any} */ cooldown) => change({ cooldown })} />
      </div>
      <${FieldError} name="cooldown" error=${errors.cooldown} />
    </details>`;
}

/** One of those the device has sent, or any other by name. @param {Part & {device: Device}} props */
function Measurement({ device, draft, change, errors }) {
  const known = measurementsOf(device.values);
  const [typed, setTyped] = useState(!known.includes(draft.measurement));
  const invalid = errors.measurement ? { 'aria-invalid': 'true', 'aria-describedby': 'error-measurement' } : {};
  const onChoose = (/** @type {any} */ { target }) => {
    setTyped(target.value === other);
    change({ measurement: target.value === other ? '' : target.value });
  };
  return html`${known.length > 0 &&
    html`<select name=${typed ? undefined : 'measurement'} aria-label=${words.measurement} onChange=${onChoose}>
      ${known.map((name) => html`<option key=${name} value=${name} selected=${!typed && name === draft.measurement}>${measurementName(name)}</option>`)}
      <option value=${other} selected=${typed}>${words.otherMeasurement}</option>
    </select>`}
    ${typed &&
    html`<input name="measurement" type="text" aria-label=${words.measurementName} placeholder="soilMoisture" autocapitalize="none" autocomplete="off" spellcheck=${false}
      value=${draft.measurement} ...${invalid} onInput=${(/** @type {any} */ { target }) => change({ measurement: target.value.trim() })} />`}`;
}

/** @param {Part} props */
function Then({ draft, change, errors }) {
  const { ids } = useStore(deviceList);
  const { mails } = useStore(triggerList);
  const target = useStore(deviceStore(draft.target));
  const actuators = [...new Set([...(target ? actuatorsOf(target) : []), draft.actuator])];
  const onTarget = (/** @type {string} */ id) => {
    const there = deviceStore(id).value;
    change({ target: id, actuator: there ? actuatorsOf(there)[0] : draft.actuator });
  };
  const check = (/** @type {'acts'|'back'|'email'} */ name) => ({
    type: 'checkbox', checked: draft[name] ?? mails, onChange: (/** @type {any} */ event) => change({ [name]: event.target.checked }),
  });
  return html`<label class="check"><input ...${check('acts')} />${words.command}</label>
    ${draft.acts &&
    html`<div class="sentence">
        <select aria-label=${words.commandDevice} value=${draft.target} onChange=${(/** @type {any} */ event) => onTarget(event.target.value)}>
          ${(ids.includes(draft.target) ? ids : [draft.target, ...ids]).map((id) => html`<option key=${id} value=${id} selected=${id === draft.target}>${deviceName(id)}</option>`)}
        </select>
        <select aria-label=${words.actuator} value=${draft.actuator} onChange=${(/** @type {any} */ event) => change({ actuator: event.target.value })}>
          ${actuators.map((name) => html`<option key=${name} value=${name} selected=${name === draft.actuator}>${actuatorName(name)}</option>`)}
        </select>
        <${Choice} name="action" label=${words.action} value=${draft.action} options=${[['on', strings.actuators.states.on], ['off', strings.actuators.states.off]]}
          onChange=${(/** @type {string} */ action) => change({ action })} />
        <label class="check"><input ...${check('back')} />${words.back}</label>
        ${draft.back && html`<${SpanField} name="command.for" label=${words.backFor} value=${draft.backAfter} error=${errors['command.for']} onChange=${(/** @type {any} */ backAfter) => change({ backAfter })} />`}
      </div>
      ${['command.device', 'command.actuator', 'command.action', 'command.for'].map((name) => html`<${FieldError} key=${name} name=${name} error=${errors[name]} />`)}`}
    ${(mails || draft.email) && html`<label class="check"><input ...${check('email')} /><span>${words.email(session.value.user?.email ?? '')}</span></label>`}
    ${!mails && html`<p class="hint">${words.noMail}</p>`}
    <p class="hint">${words.alertNote}</p>`;
}
