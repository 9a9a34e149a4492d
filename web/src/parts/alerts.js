// Alerts where one is looking: those open on a device, and the notice of one that has just come.
// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { dismiss, notices } from '../alerts.js';
import { usePresent } from '../clock.js';
import { instant, measurementName, moment } from '../format.js';
import { html } from '../html.js';
import { amount, capital, conditionText, deviceName } from '../sentences.js';
import { here } from '../router.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { firing, triggerList } from '../triggers.js';
import { Icon } from './icon.js';

/** @typedef {import('../types.js').Alert} Alert */

const words = strings.alerts;
const shown_ms = 15_000;

/** What an alert is about: its trigger in words, its name when the trigger is gone. @param {Alert} alert */
export function alertText({ trigger: id, name, device, measurement }) {
  const trigger = triggerList.value.items.find((one) => one.id === id);
  return trigger ? capital(conditionText(trigger)) : words.gone(deviceName(device), name || measurementName(measurement));
}

/** @param {{device: string}} props */
export function OpenAlerts({ device }) {
  const open = useOpenOf(device);
  const present = usePresent();
  return html`<div role="status" aria-label=${words.onDevice}>
    ${open.length > 0 && html`<ul class="open-alerts">
      ${open.map((trigger) => html`<li key=${trigger.id} class="open-alert">
        <${Icon} name="alert" />
        <p><bdi>${capital(conditionText(trigger, { own: true }))}</bdi> <span>${words.since(moment(instant(trigger.state.fired), present))}</span></p>
        <a href=${`/triggers/${encodeURIComponent(trigger.id)}`}>${words.toTrigger}</a>
      </li>`)}
    </ul>`}
  </div>`;
}

/** On a device's card: the first open alert, and how many more there are. @param {{device: string}} props */
export function CardAlert({ device }) {
  const open = useOpenOf(device);
  if (!open.length) return null;
  const first = capital(conditionText(open[0], { own: true }));
  return html`<p class="card-alert"><${Icon} name="alert" /><span><bdi>${first}</bdi>${open.length > 1 && ` ${words.andMore(open.length - 1)}`}</span></p>`;
}

/** @param {string} device */
export const useOpenOf = (device) => firing(useStore(triggerList).items).filter((trigger) => trigger.device === device);

/** The way to the alerts, with the number of those that are open. */
export function Bell() {
  const open = firing(useStore(triggerList).items).length;
  return html`<a class="bell" href="/alerts" title=${words.title}>
    <${Icon} name="bell" /><span class="bell-word">${words.title}</span>
    ${open > 0 && html`<b><span aria-hidden="true">${open}</span><span class="visually-hidden">${words.open(open)}</span></b>`}
  </a>`;
}

/** Beside what one does, never in its way; spoken when the reader has a pause. */
export function Notices() {
  const list = useStore(notices);
  const listed = useStore(here).startsWith('/alerts'); // there it stands anyway
  return html`<div class="notices" role="status">
    ${!listed && list.map((alert) => html`<${Notice} key=${alert.id} alert=${alert} />`)}
  </div>`;
}

/** @param {{alert: Alert}} props */
function Notice({ alert }) {
  useStore(triggerList);
  useEffect(() => {
    const timer = setTimeout(() => dismiss(alert.id), shown_ms);
    return () => clearTimeout(timer);
  }, [alert.id, alert.cleared]);
  const text = alertText(alert);
  return html`<div class=${`notice ${alert.cleared ? 'is-over' : ''}`}>
    <${Icon} name=${alert.cleared ? 'check' : 'alert'} />
    <div>
      <a href=${`/devices/${encodeURIComponent(alert.device)}`} onClick=${() => dismiss(alert.id)}><bdi>${alert.cleared ? words.over(text) : text}</bdi></a>
      ${!alert.cleared && alert.value !== null && html`<p>${words.measured(amount(alert.measurement, alert.value))}</p>`}
    </div>
    <button type="button" class="quiet" aria-label=${`${strings.app.close}: ${text}`} onClick=${() => dismiss(alert.id)}><${Icon} name="close" /></button>
  </div>`;
}
