// The shapes that travel between the server and the dashboard, for the type checker alone.
// SPDX-License-Identifier: Apache-2.0

/** @typedef {number|boolean} Value */
/** @typedef {{id: string, username: string, email: string, role: string}} User */
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
 */

export {};
