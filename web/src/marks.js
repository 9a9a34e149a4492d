// What happened on a device while it measured, for the time axis of its graphs: alerts, and commands.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, now } from './api.js';
import { windowOf } from './charts/ranges.js';
import { instant } from './format.js';
import { connection, onMessage } from './live.js';
import { useStore } from './store.js';

/** @typedef {import('./charts/figure.js').Mark} Mark */

const most = 200; // of each kind, the newest
const ahead_ms = 60_000; // of this browser's idea of now
const settle_ms = 2_000; // a command changes its state three times: one look afterwards is enough

/** @type {{alerts: import('./types.js').Alert[], commands: import('./types.js').Command[]}} */
const nothing = { alerts: [], commands: [] };

/** @param {string} device @returns {typeof nothing} */
export function useHappenings(device) {
  const [found, setFound] = useState(nothing);
  const { generation } = useStore(connection);
  useEffect(() => {
    let over = false;
    /** @type {number|undefined} */
    let timer;
    const load = async () => {
      timer = undefined;
      const query = { device, limit: most };
      const [alerts, commands] = await Promise.all([get('/command/alerts', query), get('/command/all', query)]).catch(() => []);
      if (alerts && !over) setFound({ alerts: alerts.alerts, commands: commands.commands });
    };
    const again = (/** @type {{device: string}} */ message) => {
      if (message.device === device) timer ??= setTimeout(load, settle_ms);
    };
    void load();
    const endings = [onMessage('alert', again), onMessage('command', again)];
    return () => {
      over = true;
      clearTimeout(timer);
      endings.forEach((end) => end());
    };
  }, [device, generation]);
  return found;
}

/**
 * The marks of one measurement's graph, the same array as long as nothing new has happened in its time.
 * @param {typeof nothing} happenings @param {string} measurement @param {import('./charts/ranges.js').Range} range
 * @returns {Mark[]}
 */
export function useMarks({ alerts, commands }, measurement, range) {
  return useMemo(() => {
    const [begin, end] = windowOf(range, now() + ahead_ms);
    /** @type {Mark[]} */
    const found = [];
    for (const alert of alerts) {
      const [from, to] = [instant(alert.fired), alert.cleared ? instant(alert.cleared) : null];
      if (alert.measurement === measurement && from < end && (to ?? Infinity) > begin) found.push({ from: Math.max(from, begin), to, value: from < begin ? null : alert.value ?? null });
    }
    for (const command of commands) {
      const at = instant(command.created);
      if (at > begin && at < end) found.push({ from: at, to: at, value: null, faint: true });
    }
    return found;
  }, [alerts, commands, measurement, range.key]);
}
