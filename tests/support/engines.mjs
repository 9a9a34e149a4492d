// The servers that a test file shares: one PostgreSQL and one Redis, started when first asked for, ended with the file.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { startPostgres } from './postgres.mjs';
import { startRedis } from './redis.mjs';

let postgres = null;
let redis = null;

export const postgresServer = () => (postgres ??= startPostgres());
export const redisServer = () => (redis ??= startRedis());

/** The URL of the session store. */
export async function sessionStore() {
  return (await redisServer()).url;
}

/** Makes databases of one deployment: name -> URL. */
export async function databases() {
  const server = await postgresServer();
  const deployment = randomBytes(4).toString('hex');
  const urls = new Map();
  return async (name) => {
    if (!urls.has(name)) urls.set(name, await server.url(`${name}_${deployment}`));
    return urls.get(name);
  };
}
