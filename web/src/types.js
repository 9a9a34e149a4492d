// The shapes that travel between the server and the dashboard, for the type checker alone.
// SPDX-License-Identifier: Apache-2.0

/** @typedef {number|boolean} Value */
/** @typedef {{id: string, username: string, email: string, role: string, timezone?: string}} User timezone: an IANA name */
/**
 * @typedef {object} Device
 * @property {string} id
 * @property {string} name
 * @property {string} [created]
 * @property {boolean} online
 * @property {string|null} [lastSeen]
 * @property {Record<string, Value>} [values] the latest of each measurement
 * @property {Record<string, string>} [state] what the actuators really are, as the node says
 * @property {Mqtt} [mqtt] how to reach the broker
 */
/** @typedef {Device & {secret: string}} NewDevice */
/** @typedef {{host?: string, port?: number}} Mqtt */
/** @typedef {{device: string, time: string, values: Record<string, Value>}} Reading */
/** @typedef {'pending'|'sent'|'done'|'refused'|'expired'} CommandState */
/**
 * @typedef {object} Command
 * @property {string} id
 * @property {string} device
 * @property {string} actuator
 * @property {string} action
 * @property {number|null} [for] seconds
 * @property {CommandState} state
 * @property {string|null} [reason]
 * @property {string|null} [by] the user's name
 * @property {string} [cause] "user", "timed:<id>" or "trigger:<id>"
 * @property {string} created
 * @property {string|null} [sent]
 * @property {string|null} [done]
 * @property {string|null} [expires]
 * @property {string|null} [reported] the actuator's position when the history was asked for
 * @property {boolean} [mismatch] that position is not what it should be
 */
/** @typedef {'scheduled'|'running'|'done'|'cancelled'|'missed'} TimedState */
/** @typedef {{days: 'daily'|string[], time: string, tz: string}} Repeat days: "mon" to "sun"; time: "06:30" in the zone tz */
/**
 * @typedef {object} Timed
 * @property {string} id
 * @property {string} device
 * @property {string} actuator
 * @property {string} action
 * @property {number} for seconds
 * @property {string|null} [at]
 * @property {Repeat|null} [repeat]
 * @property {boolean} enabled
 * @property {TimedState} state a repeating one goes back and forth between scheduled and running
 * @property {string|null} [next] when it starts (again)
 * @property {string|null} [started]
 * @property {string|null} [ends] null until the device has confirmed the start
 * @property {string|null} [missed] the latest start that did not happen
 * @property {string} created
 * @property {string} [reason]
 */
/** @typedef {'inactive'|'pending'|'firing'} Phase */
/** @typedef {{device: string, actuator: string, action: string, for?: number|null}} Reaction */
/**
 * What a trigger waits for; one of above, below and noDataFor is there. Times in seconds.
 * @typedef {object} Condition
 * @property {string} device
 * @property {string} measurement
 * @property {number} [above]
 * @property {number} [below]
 * @property {number} [noDataFor]
 * @property {number} [hysteresis]
 * @property {number} [holdFor]
 * @property {number} [cooldown]
 */
/** @typedef {Condition & {command: Reaction|null, email: boolean}} TriggerWish */
/**
 * @typedef {TriggerWish & {id: string, name: string, enabled: boolean,
 *   state: {phase: Phase, since: string, fired: string|null, time: string|null, value: number|null}}} Trigger
 */
/**
 * @typedef {object} Alert
 * @property {string} id
 * @property {string} trigger its id; the trigger itself may be gone
 * @property {string} name
 * @property {string} device
 * @property {string} measurement
 * @property {number|null} value
 * @property {string} fired
 * @property {string|null} cleared
 * @property {string|null} command id of the command it sent
 * @property {{state: string, error?: string}|null} email
 */

export {};
