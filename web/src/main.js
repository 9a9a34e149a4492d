// Where the dashboard begins: its pages, and who may see which.
// SPDX-License-Identifier: Apache-2.0
import { Component, render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { html } from './html.js';
import { Shell } from './parts/shell.js';
import { explain } from './problems.js';
import { go, here, match, parameter, safeReturn, startRouter } from './router.js';
import { resume, session } from './session.js';
import { useStore } from './store.js';
import { strings } from './strings.js';
import { AccountPage } from './views/account.js';
import { AlertsPage } from './views/alerts.js';
import { DevicePage } from './views/device.js';
import { LogIn, SignUp } from './views/enter.js';
import { NewDevice } from './views/new_device.js';
import { Message, NotFound } from './views/message.js';
import { Overview } from './views/overview.js';
import { DeviceSettings } from './views/settings.js';
import { NewTrigger, TriggerPage } from './views/trigger.js';

const public_routes = [
  { path: '/login', view: LogIn },
  { path: '/signup', view: SignUp },
];
const routes = [
  { path: '/', view: Overview },
  { path: '/devices', view: Overview },
  { path: '/devices/new', view: NewDevice },
  { path: '/devices/:id', view: DevicePage },
  { path: '/devices/:id/settings', view: DeviceSettings },
  { path: '/devices/:id/triggers/new', view: NewTrigger },
  { path: '/triggers/:id', view: TriggerPage },
  { path: '/alerts', view: AlertsPage },
  { path: '/account', view: AccountPage },
];

const retry_ms = 3_000;

function App() {
  const { known, user, failure } = useStore(session);
  const address = useStore(here);
  const open = match(public_routes, address);
  const path = address.split('?')[0];

  useEffect(() => {
    if (!known) return;
    if (user && open) go(safeReturn(parameter('next')), { replace: true });
    if (!user && !open) go(path === '/' ? '/login' : `/login?next=${encodeURIComponent(address)}`, { replace: true });
  }, [known, user, address]);
  useEffect(() => {
    const timer = failure ? setTimeout(resume, retry_ms) : undefined;
    return () => clearTimeout(timer);
  }, [failure]);

  if (failure) return html`<${Message} title=${explain(failure)} action=${strings.app.tryAgain} onAct=${resume} />`;
  if (!known || Boolean(user) === Boolean(open)) return null; // asking who this is, or on the way elsewhere
  if (open) return html`<${Page} key=${path}><${open.view} /><//>`;
  const found = match(routes, address);
  return html`<${Shell}>
    <${Page} key=${path}>
      ${found ? html`<${found.view} ...${found.params} />` : html`<${NotFound} />`}
    <//>
  <//>`;
}

/** One page: takes the focus when one comes to it by a link, and survives a mistake of ours. */
class Page extends Component {
  /** @param {{children: any}} props */
  constructor(props) {
    super(props);
    this.state = { broken: false };
  }
  static getDerivedStateFromError() {
    return { broken: true };
  }
  /** @param {unknown} error */
  componentDidCatch(error) {
    console.error(error);
  }
  render() {
    const { children } = /** @type {{children: any}} */ (this.props);
    if (!(/** @type {{broken: boolean}} */ (this.state).broken)) return html`<${FocusOnArrival}>${children}<//>`;
    const words = strings.app;
    return html`<${Message} title=${words.brokenTitle} text=${words.brokenText} action=${words.reload}
      onAct=${() => location.reload()} />`;
  }
}

let arrivals = 0;

/** @param {{children: any}} props */
function FocusOnArrival({ children }) {
  const place = useRef(/** @type {HTMLDivElement|null} */ (null));
  useEffect(() => {
    arrivals += 1;
    const field = place.current?.querySelector('[autofocus]');
    const title = arrivals > 1 ? place.current?.querySelector('h1') : null; // on the first page the browser knows where to begin
    const target = field ?? title;
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }, []);
  return html`<div ref=${place}>${children}</div>`;
}

startRouter();
void resume();
render(html`<${App} />`, /** @type {Element} */ (document.getElementById('app')));
