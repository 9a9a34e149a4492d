// The script that holds the laws is held too: a small sound tree passes, and each way of breaking it names the right law.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkHouse } from '../../tools/check_house.mjs';

const head = '// A file of the small tree that is checked here.\n// SPDX-License-Identifier: Apache-2.0\n';
const library = (name, uses, flags = '') => `# What this folder is, in a sentence.\ncroft_library(${name}\n  USES ${uses}\n  SOURCES ${name}.cpp${flags})\n`;
const bare = '\n  FLAGS -fno-exceptions -fno-rtti';
const sound = {
  'protocol/CMakeLists.txt': `# Words of device and platform.\ncroft_library(protocol SOURCES topics.cpp${bare})\n`,
  'protocol/topics.cpp': `${head}#include "protocol/topics.hpp"\n#include <cstdint>\n`,
  'protocol/topics.hpp': `${head}#pragma once\n#include <string_view>\n`,
  'device/core/CMakeLists.txt': library('core', 'protocol', bare),
  'device/core/core.cpp': `${head}#include "protocol/topics.hpp"\n#include <array>\n`,
  'src/base/CMakeLists.txt': library('base', ''),
  'src/base/base.hpp': `${head}#pragma once\n#include <spdlog/spdlog.h>\n`,
  'src/base/base.cpp': `${head}#include "base/base.hpp"\n`,
  'src/http/CMakeLists.txt': library('http', 'base'),
  'src/http/http.cpp': `${head}#include <boost/beast/http.hpp>\n#include "base/base.hpp"\n`,
  'src/http/http.hpp': `${head}#pragma once\n`,
  'src/db/CMakeLists.txt': library('db', 'base'),
  'src/db/db.hpp': `${head}#pragma once\n`,
  'src/db/db.cpp': `${head}#include "db/db.hpp"\n`,
  'src/db/sqlite.hpp': `${head}#pragma once\n#include "db/db.hpp"\n`,
  'src/db/sqlite.cpp': `${head}#include <sqlite3.h>\n#include "db/sqlite.hpp"\n`,
  'src/auth/CMakeLists.txt': library('auth', 'base db'),
  'src/auth/auth.hpp': `${head}#pragma once\n`,
  'src/auth/auth.cpp': `${head}#include "base/base.hpp"\n#include "db/db.hpp"\nconst char* kFind = "SELECT id FROM users WHERE name = $1";\n`,
  'src/auth/auth_test.cpp': `${head}#include "auth/auth.hpp"\n#include "db/sqlite.hpp"\n`,
  'src/auth/migrations/0001.sql': '-- The people who may log in.\n-- SPDX-License-Identifier: Apache-2.0\nCREATE TABLE users (id TEXT);\n',
  'src/data/CMakeLists.txt': library('data', 'base db http'),
  'src/data/data.cpp': `${head}#include "http/http.hpp"
const char* kLast = R"(WITH newest AS (SELECT time FROM readings) SELECT time FROM newest ORDER BY time)";
// co_await (a comment is not code)
Task<int> read() {
  auto first = co_await next();
  if (first > 1) co_await rest(first, f(1));
  first = co_await next();
  co_return co_await next();
}
auto spawned = spawn([&]() -> Task<void> { co_await next(); });
auto million = 1'000'000;
`,
  'src/app/CMakeLists.txt': library('app', 'base db auth data http'),
  'src/app/app.cpp': `${head}#include <CLI/CLI.hpp>\n#include <toml++/toml.h>\n#include "auth/auth.hpp"\n#include "db/sqlite.hpp"\nbool is_all = mode == "all";\n`,
};

const trees = mkdtempSync(join(tmpdir(), 'croft-house-'));
after(() => rmSync(trees, { recursive: true, force: true }));
let number = 0;

function build(changes = {}) {
  const root = join(trees, String(++number));
  for (const [path, text] of Object.entries({ ...sound, ...changes })) {
    if (text === null) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const broken = (changes) => checkHouse(build(changes)).filter((law) => law.faults.length);
const plus = (path, text) => ({ [path]: sound[path] + text });

test('a sound tree breaks no law', () => {
  assert.deepEqual(broken(), []);
});

const crimes = [
  ['No service includes another', 'src/data/data.cpp', { ...plus('src/data/data.cpp', '#include "auth/auth.hpp"\n'), 'src/data/CMakeLists.txt': library('data', 'base db http auth') }],
  ['Includes go down the floors', 'src/base/base.cpp', { ...plus('src/base/base.cpp', '#include "db/db.hpp"\n'), 'src/base/CMakeLists.txt': library('base', 'db'), 'src/db/CMakeLists.txt': library('db', '') }],
  ['Includes go down the floors', 'src/attic/CMakeLists.txt', { 'src/attic/CMakeLists.txt': library('attic', 'base') }],
  ['A folder includes only what it declares', 'src/auth/auth.cpp', plus('src/auth/auth.cpp', '#include "http/http.hpp"\n')],
  ['A folder includes only what it declares', 'src/auth/CMakeLists.txt', { 'src/auth/CMakeLists.txt': library('accounts', 'base db') }],
  ['No circle', 'src/db/db.hpp', plus('src/db/db.hpp', '#include "db/sqlite.hpp"\n'), 'Drivers are named in app and in tests only'],
  ['No circle', 'protocol/more.hpp', { ...plus('protocol/topics.hpp', '#include "protocol/more.hpp"\n'), 'protocol/more.hpp': `${head}#pragma once\n#include "protocol/topics.hpp"\n` }],
  ['Drivers are named in app and in tests only', 'src/auth/auth.cpp', plus('src/auth/auth.cpp', '#include "db/sqlite.hpp"\n')],
  ['Drivers are named in app and in tests only', 'src/data/data.cpp', plus('src/data/data.cpp', '#include <libpq-fe.h>\n')],
  ['Drivers are named in app and in tests only', 'src/auth/auth.cpp', plus('src/auth/auth.cpp', '#include <hiredis/read.h>\n')],
  ['Drivers are named in app and in tests only', 'src/auth/auth.cpp', { ...plus('src/auth/auth.cpp', '#include "redis/client.hpp"\n'), 'src/auth/CMakeLists.txt': library('auth', 'base db redis') }],
  ['protocol and device/core stand on the standard library', 'protocol/topics.cpp', plus('protocol/topics.cpp', '#include <boost/asio.hpp>\n')],
  ['protocol and device/core stand on the standard library', 'device/core/core.cpp', plus('device/core/core.cpp', '#include <Arduino.h>\n')],
  ['protocol and device/core stand on the standard library', 'protocol/CMakeLists.txt', { 'protocol/CMakeLists.txt': library('protocol', '', '\n  FLAGS -fno-rtti') }],
  ['Heavy libraries live in one room', 'src/data/data.cpp', plus('src/data/data.cpp', '#include <boost/beast/core.hpp>\n')],
  ['Heavy libraries live in one room', 'src/auth/auth.cpp', plus('src/auth/auth.cpp', '#include <toml++/toml.h>\n')],
  ['Heavy libraries live in one room', 'src/http/http.cpp', plus('src/http/http.cpp', '#include <spdlog/spdlog.h>\n')],
  ['The mode is known in app only', 'src/data/data.cpp', plus('src/data/data.cpp', 'bool shared = target == "all";\n')],
  ['The mode is known in app only', 'src/auth/auth.hpp', plus('src/auth/auth.hpp', 'bool is_split();\n')],
  ['No table is read by two services', 'src/auth/auth.cpp', plus('src/data/data.cpp', 'const char* kSpy = "SELECT role FROM users";\n')],
  ['No table is read by two services', 'src/auth/auth.cpp', { 'src/data/migrations/0001.sql': '-- A table that is not its own.\n-- SPDX-License-Identifier: Apache-2.0\nCREATE TABLE IF NOT EXISTS users (id TEXT);\n' }],
  ['No file is longer than 400 lines', 'src/data/long.cpp', { 'src/data/long.cpp': head + '\n'.repeat(400) }],
  ['A file introduces itself', 'src/data/bare.cpp', { 'src/data/bare.cpp': 'int x;\n' }],
  ['A file introduces itself', 'src/data/free.cpp', { 'src/data/free.cpp': '// A file without its licence line.\nint x;\n' }],
  ['A file introduces itself', 'src/data/twice.hpp', { 'src/data/twice.hpp': head }],
  ['Names say what a thing does', 'src/data/string_utils.cpp', { 'src/data/string_utils.cpp': head }],
  ['Names say what a thing does', 'src/data/session_manager.cpp', { 'src/data/session_manager.cpp': head }],
];
for (const [law, path, changes, alsoBreaks] of crimes) {
  const what = Object.keys(changes)[0];
  test(`«${law}» catches a change of ${what}`, () => {
    const laws = broken(changes);
    assert.deepEqual(laws.map(({ name }) => name).sort(), [law, alsoBreaks].filter(Boolean).sort());
    const verdict = laws.find(({ name }) => name === law);
    assert.ok(verdict.reason.length > 20, 'a law comes with its reason');
    assert.ok(verdict.faults.some((fault) => fault.path === path && fault.line > 0 && fault.what), JSON.stringify(verdict.faults));
  });
}

const misplaced = [
  'void f() { if (co_await ready()) go(); }',
  'void f() { while (!co_await ready()) go(); }',
  'void f() { switch (co_await kind()) { } }',
  'void f() { auto x = a ? co_await b() : c(); }',
  'void f() { auto x = co_await a() ? b : c; }',
  'void f() { use(co_await a()); }',
  'void f() { auto x = (co_await a()).value; }',
  'void f() { Options o{co_await a()}; }',
  'void f() { auto x = 1 + co_await a(); }',
  'void f() { auto x = co_await a() + 1; }',
  'void f() { co_await [x]() -> Task<void> { co_return; }(); }',
  'void f() { for (auto x : co_await a()) use(x); }',
  'void f() { return co_await a(); }',
];
for (const line of misplaced) {
  test(`co_await is seen in: ${line}`, () => {
    const laws = broken(plus('src/data/data.cpp', `${line}\n`));
    assert.deepEqual(laws.map(({ name }) => name), ['co_await stands alone']);
    assert.equal(laws[0].faults.length, 1, JSON.stringify(laws[0].faults));
  });
}

const wellPlaced = [
  'void f() { if (a) { co_await b(); } else co_await c(); }',
  'void f() { auto [a, b] = co_await both(); }',
  'void f() { const std::optional<int> x = co_await a(f(1), {2, 3}); }',
  'void f() { for (;;) co_await a(); }',
  'void f() { switch (x) { case Kind::one: co_await a(); break; default: co_await b(); } }',
  'void f() { (void)0; members_.x_ = co_await a(); }',
];
for (const line of wellPlaced) {
  test(`co_await is left alone in: ${line}`, () => assert.deepEqual(broken(plus('src/data/data.cpp', `${line}\n`)), []));
}

test('the script says law, reason and place, and leaves with 1; with 0 when all is well', () => {
  const script = fileURLToPath(new URL('../../tools/check_house.mjs', import.meta.url));
  const env = { ...process.env, CROFT_RESULTS: '' };
  const bad = spawnSync('node', [script, build({ 'src/data/bare.cpp': 'int x;\n' })], { encoding: 'utf8', env });
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /FAILED +A file introduces itself, because the first line/);
  assert.match(bad.stdout, /src\/data\/bare\.cpp:1: /);
  assert.equal(spawnSync('node', [script, build()], { env }).status, 0);
});
