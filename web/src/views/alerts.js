// Every alert there was: what fired, when it was over, what was done about it.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { alertHistory, loadAlerts } from '../alerts.js';
import { deviceList } from '../devices.js';
import { usePresent } from '../clock.js';
import { duration, instant, moment } from '../format.js';
import { html } from '../html.js';
import { alertText } from '../parts/alerts.js';
import { Icon } from '../parts/icon.js';
import { Title } from '../parts/title.js';
import { explain } from '../problems.js';
import { amount } from '../sentences.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { triggerList } from '../triggers.js';
import { Message } from './message.js';

/** @typedef {import('../types.js').Alert} Alert */

const words = strings.alerts;

export function AlertsPage() {
  const { items, next, loaded, error } = useStore(alertHistory);
  const [busy, setBusy] = useState(false);
  useStore(deviceList); // names
  useStore(triggerList);
  useEffect(() => void loadAlerts(), []);
  const onMore = async () => {
    setBusy(true);
    await loadAlerts({ more: true });
    setBusy(false);
  };
  if (error && !loaded) return html`<${Message} title=${explain(error)} action=${strings.app.tryAgain} onAct=${() => void loadAlerts()} icon="alert" />`;
  if (loaded && !items.length) return html`<${Message} title=${words.emptyTitle} text=${words.emptyText} action=${strings.app.toOverview} href="/" icon="bell" />`;
  return html`<div class="page narrow">
    <div class="page-head"><a class="back" href="/"><${Icon} name="back" />${strings.app.back}</a></div>
    <${Title} text=${words.title} />
    <section class="card">
      ${!loaded && html`<div class="skeleton lines" role="status" aria-label=${strings.app.loading}></div>`}
      <ol>${items.map((alert) => html`<${Row} key=${alert.id} alert=${alert} />`)}</ol>
      ${next && html`<button type="button" class="more" aria-disabled=${busy ? 'true' : undefined} onClick=${onMore}>${words.more}</button>`}
    </section>
  </div>`;
}

/** @param {{alert: Alert}} props */
function Row({ alert }) {
  const present = usePresent();
  const [fired, cleared] = [instant(alert.fired), instant(alert.cleared)];
  const known = triggerList.value.items.some(({ id }) => id === alert.trigger);
  const time = moment(fired, present);
  const href = known ? `/triggers/${encodeURIComponent(alert.trigger)}` : `/devices/${encodeURIComponent(alert.device)}`;
  const { email } = alert;
  return html`<li class=${`alert-row ${alert.cleared ? '' : 'is-open'}`}>
    <h2><a href=${href}><bdi>${alertText(alert)}</bdi></a></h2>
    <p class="alert-state">${alert.cleared ? words.lasted(duration(cleared - fired)) : words.isOpen}</p>
    <p><time datetime=${alert.fired}>${alert.value === null ? words.firedSilent(time) : words.fired(amount(alert.measurement, alert.value), time)}</time></p>
    ${alert.cleared && html`<p><time datetime=${alert.cleared}>${words.clearedAt(moment(cleared, present))}</time></p>`}
    ${alert.command && html`<p><a href=${`/devices/${encodeURIComponent(alert.device)}`}>${words.commandSent}</a></p>`}
    ${email &&
    html`<p class=${email.state === 'failed' ? 'said-bad' : ''}>
      ${words.email[email.state] ?? words.emailOther(email.state)}${email.error && html`: <bdi>${email.error}</bdi>`}.
    </p>`}
  </li>`;
}
