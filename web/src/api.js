// Requests to the server: JSON in and out, and one kind of error that says what went wrong.
// SPDX-License-Identifier: Apache-2.0
import { Store } from './store.js';

const timeout_ms = 15_000;

/** How far the server's clock is ahead of this browser's, in ms; see now(). */
let clockAhead = 0;

/** Counts answers 401 to requests that had a session: whoever watches sends the user to the log-in page. */
export const sessionLost = new Store(0);

/** The present by the server's clock, so that a browser whose clock is off still shows the right hour of data. */
export const now = () => Date.now() + clockAhead;

export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 when the server could not be reached
   * @param {{title?: string, detail?: string, errors?: {field: string, message: string}[]}} problem
   * @param {{retryAfter?: number, timedOut?: boolean}} [more]
   */
  constructor(status, problem, more = {}) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.detail = problem.detail ?? '';
    this.fields = problem.errors ?? [];
    this.retryAfter = more.retryAfter ?? 0;
    this.timedOut = more.timedOut ?? false;
  }
}

/** @param {Response} response @param {number} asked */
function learnClock(response, asked) {
  const served = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isNaN(served)) return;
  const ahead = served + 500 - (asked + Date.now()) / 2;
  clockAhead = Math.abs(ahead) < 5_000 ? 0 : ahead;
}

/** A key that makes a repeated POST act once; works without a secure context. */
function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {string} method
 * @param {string} path below /api/v1, starting with "/"
 * @param {{body?: unknown, query?: Record<string, string|number|undefined>, signal?: AbortSignal, open?: boolean}} [options]
 *        open: a 401 is an answer like any other, not the end of a session
 * @returns {Promise<any>} the decoded answer; null when it has no content
 * @throws {ApiError}
 */
export async function request(method, path, { body, query, signal, open } = {}) {
  const address = new URL(`/api/v1${path}`, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) address.searchParams.set(name, String(value));
  }
  /** @type {Record<string, string>} */
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method === 'POST') headers['Idempotency-Key'] = idempotencyKey();

  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeout_ms);
  signal?.addEventListener('abort', () => limit.abort());
  const asked = Date.now();
  try {
    const response = await fetch(address, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: limit.signal,
      credentials: 'same-origin',
      cache: 'no-store',
    });
    learnClock(response, asked);
    if (response.ok) return response.status === 204 ? null : await response.json();
    const problem = await response.json().catch(() => ({}));
    if (response.status === 401 && !open) sessionLost.set(sessionLost.value + 1);
    throw new ApiError(response.status, problem, {
      retryAfter: Number(response.headers.get('Retry-After')) || 0,
    });
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(0, {}, { timedOut: limit.signal.aborted });
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} path @param {Record<string, string|number|undefined>} [query] @param {AbortSignal} [signal] */
export const get = (path, query, signal) => request('GET', path, { query, signal });
/** @param {string} path @param {unknown} [body] */
export const post = (path, body) => request('POST', path, { body });
/** @param {string} path @param {unknown} body */
export const patch = (path, body) => request('PATCH', path, { body });
/** @param {string} path */
export const remove = (path) => request('DELETE', path);
