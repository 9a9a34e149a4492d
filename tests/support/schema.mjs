// Holds answers against docs/openapi.yaml, so that the description cannot drift from the program.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export const api = parse(readFileSync(new URL('../../docs/openapi.yaml', import.meta.url), 'utf8'));

const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
addFormats.default ? addFormats.default(ajv) : addFormats(ajv);
ajv.addSchema(api, 'openapi');
const validators = new Map();

/** Throws unless `value` fits what the JSON pointer of the description says, "/components/schemas/User". */
export function fits(pointer, value) {
  if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` }));
  const validate = validators.get(pointer);
  if (validate(value)) return;
  const faults = validate.errors.map((error) => `${error.instancePath || '(whole)'} ${error.message} ${JSON.stringify(error.params)}`);
  throw new Error(`does not fit docs/openapi.yaml#${pointer}:\n  ${faults.join('\n  ')}\n  ${JSON.stringify(value).slice(0, 600)}`);
}

const patterns = Object.keys(api.paths)
  // A path without a parameter is more exact than one with: /command/all before /command/{id}.
  .sort((a, b) => a.includes('{') - b.includes('{'))
  .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`) }));

/** The description's path template for an address, or undefined. */
export const templateOf = (pathname) => patterns.find(({ pattern }) => pattern.test(pathname))?.path;

const escaped = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

function follow(pointer) {
  const node = pointer.split('/').slice(1).reduce((at, key) => at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], api);
  return node?.$ref ? follow(node.$ref.slice(1)) : { node, pointer };
}

/** Throws unless an answer is one that the description allows for this method and path. */
export function checkAnswer(method, pathname, { status, type, body, headers }) {
  const where = `${method} ${pathname} answered ${status}`;
  const template = templateOf(pathname);
  const operation = template && api.paths[template][method === 'HEAD' ? 'get' : method.toLowerCase()];
  if (!operation) {
    // The dashboard answers what is not below /api; anything else that is not described must be a problem.
    if (status >= 400) checkProblem(where, status, type, body);
    return;
  }
  const { node: response, pointer } = follow(`/paths/${escaped(template)}/${method === 'HEAD' ? 'get' : method.toLowerCase()}/responses/${status}`);
  // Any request may be unreadable, or come when too many do; the description says so once, at its top.
  if (!response && [400, 429, 503].includes(status)) return checkProblem(where, status, type, body);
  if (!response) throw new Error(`${where}, which docs/openapi.yaml does not mention`);
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    if (header.required && !headers.has(name)) throw new Error(`${where} without the header ${name}`);
  }
  if (method === 'HEAD') return;
  if (!response.content) {
    if (body !== undefined && body !== '') throw new Error(`${where} with a body, and docs/openapi.yaml says it has none`);
    return;
  }
  if (!response.content[type]) throw new Error(`${where} as «${type}»; docs/openapi.yaml says ${Object.keys(response.content)}`);
  if (status >= 400 && type === 'application/problem+json') checkProblem(where, status, type, body);
  fits(`${pointer}/content/${escaped(type)}/schema`, body);
}

function checkProblem(where, status, type, body) {
  if (type !== 'application/problem+json') throw new Error(`${where} as «${type}», not as a problem: ${JSON.stringify(body).slice(0, 300)}`);
  fits('/components/schemas/Problem', body);
  if (body.status !== status) throw new Error(`${where}, but its body says ${body.status}`);
}
