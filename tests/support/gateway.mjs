// The real NGINX with the shipped configuration (deploy/nginx), on free ports in front of whatever a test names.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './croft.mjs';
import { closeAtEnd, slowness, until, within } from './wait.mjs';

const script = fileURLToPath(new URL('../../deploy/nginx/gateway.sh', import.meta.url));
const running = new Set();
closeAtEnd(() => running.forEach((child) => child.kill('SIGTERM')));
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));

/** A port that nobody listened on a moment ago. */
export async function freePort() {
  const socket = createSocket();
  await new Promise((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const withHost = (address) => (String(address).includes(':') ? address : `127.0.0.1:${address}`);

/**
 * A gateway that serves when this resolves: {url, httpsUrl, stop, logs, requests}. Each service is a port of this machine or "host:port";
 * `tls` is {certificate, key}, files; `env` sets more (CROFT_GATEWAY_RATE, ...).
 */
export async function startGateway({ auth, data = auth, command = auth, visualisation = auth, tls, env = {} }) {
  const directory = temporaryDirectory();
  const [http, https] = [await freePort(), await freePort()];
  const accessLog = join(directory, 'access.log');
  const child = spawn(script, {
    env: {
      PATH: `${process.env.PATH}:/usr/sbin`,
      CROFT_GATEWAY_RUN: join(directory, 'run'),
      CROFT_GATEWAY_ACCESS_LOG: accessLog,
      CROFT_GATEWAY_HTTP: `127.0.0.1:${http}`,
      CROFT_GATEWAY_HTTPS: `127.0.0.1:${https}`,
      CROFT_GATEWAY_AUTH: withHost(auth),
      CROFT_GATEWAY_DATA: withHost(data),
      CROFT_GATEWAY_COMMAND: withHost(command),
      CROFT_GATEWAY_VISUALISATION: withHost(visualisation),
      CROFT_GATEWAY_WORKERS: '1',
      CROFT_GATEWAY_PAUSE: '1',
      ...(tls ? { CROFT_TLS_CERTIFICATE: tls.certificate, CROFT_TLS_KEY: tls.key } : {}),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  running.add(child);
  let over = null;
  const ended = new Promise((resolve) => child.on('close', (code) => resolve((over = { code }))));
  ended.then(() => running.delete(child));
  const url = `http://127.0.0.1:${http}`;
  await until(async () => over ?? (await fetch(`${url}/livez`)).ok, 10_000, 'the gateway answers').catch((error) => {
    throw new Error(`${error.message}\n${text}`);
  });
  if (over) throw new Error(`the gateway ended with ${over.code}:\n${text}`);
  return {
    url,
    httpsUrl: `https://127.0.0.1:${https}`,
    httpPort: http,
    httpsPort: https,
    logs: () => text + read(accessLog),
    /** The access log, a line an object. */
    requests: () => read(accessLog).split('\n').filter(Boolean).map((line) => JSON.parse(line)),
    async stop() {
      child.kill('SIGTERM');
      return within(ended, 20_000, 'the gateway ends');
    },
  };
}

/** A server that says who it is and what it was asked, in place of a service: {port, asked, stop}. */
export async function nameplate(name, answer) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push({ method: request.method, url: request.url, headers: request.headers });
    if (answer) return answer(request, response);
    request.resume();
    response.setHeader('Content-Type', 'text/plain');
    return response.end(name);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  closeAtEnd(() => server.closeAllConnections());
  closeAtEnd(() => server.close());
  return { name, port: server.address().port, asked, stop };
}

export { slowness };
