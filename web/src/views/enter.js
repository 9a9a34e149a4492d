// The pages before the door: log in, and create an account.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../api.js';
import { html } from '../html.js';
import { Field, Problem, Submit, useForm } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Title } from '../parts/title.js';
import { explain } from '../problems.js';
import { here } from '../router.js';
import { logIn, session, signUp } from '../session.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';

const words = strings.auth;

/** @param {{title: string, children: any}} props */
function Door({ title, children }) {
  return html`<main class="door">
    <div class="door-head">
      <p class="brand"><${Icon} name="logo" /><span>${strings.app.name}</span></p>
      <p class="tagline">${words.tagline}</p>
    </div>
    <div class="card">
      <${Title} text=${title} />
      ${children}
    </div>
  </main>`;
}

/** Keeps where the visitor wanted to go, from one door to the other. @param {string} path */
const besides = (path) => path + (here.value.includes('?') ? `?${here.value.split('?')[1]}` : '');

export function LogIn() {
  const { ended } = useStore(session);
  const { form, busy, problem, errors, onSubmit } = useForm(
    ['username', 'password'],
    ({ username, password }) => logIn(username.trim(), password),
    (error) => (error instanceof ApiError && error.status === 401 ? words.wrong : explain(error)),
  );
  return html`<${Door} title=${words.logInTitle}>
    ${ended && !problem && html`<p class="note" role="status">${words.sessionEnded}</p>`}
    <form ref=${form} onSubmit=${onSubmit} novalidate>
      <${Field} name="username" label=${words.usernameOrEmail} error=${errors.username} autocomplete="username" autofocus />
      <${Field} name="password" type="password" label=${words.password} error=${errors.password} autocomplete="current-password" />
      <${Problem} text=${problem} />
      <${Submit} busy=${busy} label=${words.logIn} busyLabel=${words.loggingIn} />
    </form>
    <p class="aside">${words.noAccount} <a href=${besides('/signup')}>${words.toSignUp}</a></p>
  <//>`;
}

export function SignUp() {
  const { form, busy, problem, errors, onSubmit } = useForm(
    ['username', 'email', 'password'],
    ({ username, email, password }) => signUp({ username: username.trim(), email: email.trim(), password }),
    (error) => (error instanceof ApiError && error.status === 403 ? words.closed : explain(error)),
  );
  return html`<${Door} title=${words.signUpTitle}>
    <form ref=${form} onSubmit=${onSubmit} novalidate>
      <${Field} name="username" label=${words.username} error=${errors.username} autocomplete="username" autofocus />
      <${Field} name="email" type="email" label=${words.email} error=${errors.email} autocomplete="email" />
      <${Field} name="password" type="password" label=${words.password} error=${errors.password} autocomplete="new-password" />
      <${Problem} text=${problem} />
      <${Submit} busy=${busy} label=${words.signUp} busyLabel=${words.signingUp} />
    </form>
    <p class="aside">${words.haveAccount} <a href=${besides('/login')}>${words.toLogIn}</a></p>
  <//>`;
}
