// A switch that shows what the device says it is, and follows each command until the device has answered.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { now } from '../api.js';
import { isOpen, latestStore, send } from '../commands.js';
import { actuatorName, duration, instant, moment } from '../format.js';
import { html } from '../html.js';
import { explain } from '../problems.js';
import { useStore } from '../store.js';
import { strings } from '../strings.js';
import { Icon } from './icon.js';

/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Command} Command */

const done_shown_ms = 8_000;

/** What a device can switch: what it reported, else the LED that every node has. @param {Device} device */
export function actuatorsOf(device) {
  const reported = Object.keys(device.state ?? {}).sort();
  return reported.length ? reported : ['led'];
}

/** @param {{device: Device, actuator: string}} props */
export function Actuator({ device, actuator }) {
  const command = useStore(latestStore(device.id, actuator));
  const [sending, setSending] = useState('');
  const [problem, setProblem] = useState('');
  const real = device.state?.[actuator];
  const wanted = sending || (command && isOpen(command) ? command.action : '');

  const onSwitch = async (/** @type {string} */ action) => {
    if (wanted) return;
    setSending(action);
    setProblem('');
    try {
      await send(device.id, actuator, action);
    } catch (error) {
      setProblem(strings.actuators.failed(explain(error)));
    }
    setSending('');
  };
  const name = actuatorName(actuator);
  return html`<div class="actuator">
    <p class="actuator-name">${name}</p>
    <div class="actuator-said" role="status">
      <${Progress} device=${device} command=${command} sending=${sending} problem=${problem} real=${real} />
    </div>
    <div class="switch" role="group" aria-label=${name}>
      ${['off', 'on'].map((action) => {
        const pending = wanted === action;
        const words = strings.actuators.states[action];
        return html`<button
          type="button"
          class=${`${real === action ? `is-${action}` : ''} ${pending ? 'is-pending' : ''}`}
          aria-pressed=${real === action ? 'true' : 'false'}
          aria-disabled=${wanted ? 'true' : undefined}
          aria-label=${strings.actuators.switchTo(name, words)}
          onClick=${() => onSwitch(action)}
        >
          ${words}
        </button>`;
      })}
    </div>
  </div>`;
}

/** @param {{device: Device, command: Command|null, sending: string, problem: string, real: string|undefined}} props */
function Progress({ device, command, sending, problem, real }) {
  const fresh = useFresh(command);
  if (problem) return html`<p class="said-bad"><${Icon} name="alert" />${problem}</p>`;
  if (sending) return html`<p class="said-wait">${strings.actuators.sending}</p>`;
  const words = strings.actuators;
  if (!command || !fresh) {
    return html`<p class="said-quiet">${real === undefined ? words.unknown : words.reported(words.states[real] ?? real)}</p>`;
  }
  switch (command.state) {
    case 'pending':
    case 'sent': {
      const until = instant(command.expires);
      if (!device.online && !Number.isNaN(until)) {
        return html`<p class="said-wait">${words.pendingOffline} ${moment(until, now())}.</p>`;
      }
      return html`<p class="said-wait">${command.state === 'sent' ? words.sent : words.pending}</p>`;
    }
    case 'done':
      return html`<p class="said-good"><${Icon} name="check" />${words.done(tookText(command))}</p>`;
    case 'refused':
      return html`<p class="said-bad">
        <${Icon} name="alert" /><span>${command.reason ? html`${words.refused}: <bdi>${command.reason}</bdi>` : words.refusedNoReason}</span>
      </p>`;
    default:
      return html`<p class="said-bad"><${Icon} name="alert" /><span>${words.expired}</span></p>`;
  }
}

/** @param {Command} command */
function tookText(command) {
  const took = instant(command.done) - instant(command.created);
  return duration(Number.isNaN(took) ? 0 : took);
}

/** Good news is shown for a while, bad news until the next command. @param {Command|null} command */
function useFresh(command) {
  const [faded, setFaded] = useState('');
  useEffect(() => {
    if (command?.state !== 'done') return undefined;
    const timer = setTimeout(() => setFaded(command.id), done_shown_ms);
    return () => clearTimeout(timer);
  }, [command?.id, command?.state]);
  return command !== null && faded !== command.id;
}
