// The API description against the sources: no route without its description, and no description of what is not there.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTree } from '../../tools/house/tree.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const description = readFileSync(`${root}/docs/openapi.yaml`, 'utf8');
// The description itself is a file that is served, as the dashboard's are.
const described = new Set([...description.matchAll(/^ {2}(\/\S+):$/gm)].map(([, path]) => path).filter((path) => path !== '/openapi.yaml'));
// A literal that ends in «/» is the start of an address, not a route.
const named = new Set(
  readTree(root)
    .files.filter((file) => file.path.startsWith('src/') && file.isCpp && !file.isTest)
    .flatMap((file) => file.literals.map(({ value }) => value))
    .filter((value) => /^\/(api\/v1\/[\w/{}]*[\w}]|ws|livez|readyz|metrics)$/.test(value)),
);
const without = (some, others) => [...some].filter((path) => !others.has(path)).sort();

test('every route that the sources name is in docs/openapi.yaml', () => {
  assert.ok(named.size > 20, `only ${named.size} routes were found in the sources`);
  assert.deepEqual(without(named, described), []);
});

test('every path of docs/openapi.yaml is a route that the sources name', () => {
  assert.deepEqual(without(described, named), []);
});
