// Which page is shown: addresses are real paths, links are ordinary links.
// SPDX-License-Identifier: Apache-2.0
import { Store } from './store.js';

/** Path and query of the present page. */
export const here = new Store(location.pathname + location.search);

/** @param {string} address path on this origin @param {{replace?: boolean}} [options] */
export function go(address, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  if (!replace) scrollTo(0, 0);
  here.set(location.pathname + location.search);
}

/** Changes one query parameter in place, without a step in the history. @param {string} name @param {string} value */
export function setParameter(name, value) {
  const address = new URL(location.href);
  address.searchParams.set(name, value);
  go(address.pathname + address.search, { replace: true });
}

/** @param {string} name @returns {string|null} */
export const parameter = (name) => new URLSearchParams(here.value.split('?')[1] ?? '').get(name);

/** Only a path of our own may be returned to after log-in. @param {string|null} address @returns {string} */
export const safeReturn = (address) => (address && /^\/(?![/\\])/.test(address) ? address : '/');

/**
 * @template V
 * @param {{path: string, view: V}[]} routes a segment that starts with ":" matches anything
 * @param {string} address
 * @returns {{view: V, params: Record<string, string>}|null}
 */
export function match(routes, address) {
  const given = address.split('?')[0].split('/').filter(Boolean);
  for (const { path, view } of routes) {
    const wanted = path.split('/').filter(Boolean);
    if (wanted.length !== given.length) continue;
    /** @type {Record<string, string>} */
    const params = {};
    const fits = wanted.every((part, i) => {
      if (!part.startsWith(':')) return part === given[i];
      params[part.slice(1)] = decode(given[i]);
      return true;
    });
    if (fits) return { view, params };
  }
  return null;
}

/** @param {string} segment */
function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** @param {MouseEvent} event */
function follow(event) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin) return;
  if (link.target || link.hasAttribute('download') || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

export function startRouter() {
  document.addEventListener('click', follow);
  addEventListener('popstate', () => here.set(location.pathname + location.search));
}
