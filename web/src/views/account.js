// The account: who one is, the password, and where one is logged in.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { get, now, post, remove } from '../api.js';
import { ago, instant, moment } from '../format.js';
import { html } from '../html.js';
import { Choice } from '../parts/choice.js';
import { Confirm } from '../parts/dialog.js';
import { Field, Problem, Submit, useForm } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Title } from '../parts/title.js';
import { ZoneLine } from '../parts/zone.js';
import { explain } from '../problems.js';
import { session } from '../session.js';
import { useStore } from '../store.js';
import { language, languages, speak, strings } from '../strings.js';
import { clientName } from '../user_agent.js';

/** @typedef {{id: string, current: boolean, started: string, expires: string, remote: string, userAgent: string}} Session */

const words = strings.account;

export function AccountPage() {
  const { user } = useStore(session);
  const [generation, setGeneration] = useState(0); // a new password has ended the other sessions
  return html`<div class="page narrow">
    <div class="page-head"><a class="back" href="/"><${Icon} name="back" />${strings.app.back}</a></div>
    <${Title} text=${words.title} />
    <section class="card">
      <h2>${words.profile}</h2>
      <dl class="facts">
        <dt>${strings.auth.username}</dt><dd><bdi>${user?.username}</bdi></dd>
        <dt>${strings.auth.email}</dt><dd><bdi>${user?.email}</bdi></dd>
      </dl>
      <${Choice} name="language" label=${words.language} value=${language} onChange=${speak}
        options=${Object.entries(languages).map(([key, { language: name }]) => [key, name])} />
      <${ZoneLine} />
    </section>
    <${Password} onChanged=${() => setGeneration(generation + 1)} />
    <${Sessions} key=${generation} />
  </div>`;
}

/** @param {{onChanged: () => void}} props */
function Password({ onChanged }) {
  const [saved, setSaved] = useState(0);
  const { form, busy, problem, errors, onSubmit } = useForm(['current', 'password'], async ({ current, password }) => {
    await post('/auth/password', { current, password });
    setSaved(saved + 1);
    onChanged();
  });
  return html`<form class="card" key=${saved} ref=${form} onSubmit=${onSubmit} novalidate>
    <h2>${words.password}</h2>
    <input class="visually-hidden" type="text" autocomplete="username" value=${session.value.user?.username} tabindex="-1" aria-hidden="true" readonly />
    <${Field} name="current" type="password" label=${words.current} error=${errors.current} autocomplete="current-password" />
    <${Field} name="password" type="password" label=${words.fresh} error=${errors.password} autocomplete="new-password" />
    <${Problem} text=${problem} />
    <div class="actions">
      <span class="said-good" role="status">${saved > 0 && html`<${Icon} name="check" />${words.changed}`}</span>
      <${Submit} busy=${busy} label=${words.change} busyLabel=${words.changing} />
    </div>
  </form>`;
}

function Sessions() {
  const [list, setList] = useState(/** @type {Session[]|null} */ (null));
  const [problem, setProblem] = useState('');
  const [asking, setAsking] = useState(false);
  const load = () => get('/auth/sessions').then(({ sessions }) => setList(sessions), (error) => setProblem(explain(error)));
  useEffect(() => void load(), []);
  const end = (/** @type {string} */ id) => {
    setProblem('');
    return remove(`/auth/sessions/${encodeURIComponent(id)}`).then(load, (error) => setProblem(explain(error)));
  };
  const others = (list ?? []).filter(({ current }) => !current);
  return html`<section class="card">
    <h2>${words.sessions}</h2>
    <ul class="sessions" aria-busy=${list ? undefined : 'true'}>
      ${list?.map((one) => html`<li key=${one.id}>
        <div>
          <strong><bdi>${clientName(one.userAgent) || words.unknownClient}</bdi></strong>
          ${one.current && html` <span class="chip is-live">${words.here}</span>`}
          <p class="hint"><bdi>${one.remote}</bdi>, ${words.since(ago(instant(one.started), now()))}, ${words.until(moment(instant(one.expires), now()))}</p>
        </div>
        ${!one.current && html`<button type="button" class="quiet" onClick=${() => end(one.id)}>${words.end}</button>`}
      </li>`)}
    </ul>
    <${Problem} text=${problem} />
    ${others.length > 0 && html`<div class="actions">
      <button type="button" class="danger-quiet" onClick=${() => setAsking(true)}>${words.endOthers}</button>
    </div>`}
    ${list && others.length === 0 && html`<p class="hint">${words.onlyHere}</p>`}
    ${asking && html`<${Confirm} title=${words.endOthersAsk} text=${words.endOthersExplain} confirm=${words.endOthersConfirm}
      busy=${words.ending} act=${() => remove('/auth/sessions').then(load)} onClose=${() => setAsking(false)} />`}
  </section>`;
}
