// A value that views can watch: the one kind of shared state in the dashboard.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';

/** @template T */
export class Store {
  /** @param {T} value */
  constructor(value) {
    this.value = value;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
  }

  /** @param {T} value replaces the old one; whoever watches hears of it unless it is the same */
  set(value) {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }

  /** @param {Partial<T>} changes */
  patch(changes) {
    this.set({ ...this.value, ...changes });
  }

  /** @param {() => void} listener @returns {() => void} ends the watch */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

/**
 * The store's value; the component is drawn again when it changes.
 * @template T
 * @param {Store<T>} store
 * @returns {T}
 */
export function useStore(store) {
  const [, redraw] = useState(0);
  const drawn = store.value;
  useEffect(() => {
    if (!Object.is(drawn, store.value)) redraw((n) => n + 1); // changed between drawing and watching
    return store.subscribe(() => redraw((n) => n + 1));
  }, [store]);
  return drawn;
}
