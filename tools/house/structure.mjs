// The laws about walls and floors: who may include whom, who may name a driver, whose table it is.
// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from 'node:path';
import { roomOf } from './tree.mjs';

export const services = ['auth', 'data', 'command', 'visualisation'];

// A room may include only rooms of lower floors.
export const floors = {
  protocol: 0,
  base: 1,
  'device/core': 1,
  model: 2,
  redis: 2,
  tls: 2,
  http: 3,
  mqtt: 3,
  db: 3,
  sessions: 3,
  limits: 3,
  rules: 3,
  security: 4,
  live: 4,
  mail: 4,
  broker: 4,
  relay: 5,
  auth: 5,
  data: 5,
  command: 5,
  firmware: 5,
  visualisation: 5,
  'device/sim': 5,
  app: 6,
};

// The room that an include leads to: "data/writer.hpp" is src/data, "protocol/topics.hpp" and "device/core/node.hpp" as they are.
function includedRoom(include) {
  if (!include.quoted) return null;
  const parts = include.path.split('/');
  if (parts.length < 2) return null;
  const room = parts[0] === 'device' ? `device/${parts[1]}` : parts[0];
  return room in floors ? room : null;
}

function* crossings(tree) {
  for (const file of tree.files) {
    if (!file.isCpp || !file.room) continue;
    for (const include of file.includes) {
      const target = includedRoom(include);
      if (target && target !== file.room) yield { file, include, target };
    }
  }
}

const fault = (file, line, what) => ({ path: file.path, line, what });

function servicesApart(tree) {
  const faults = [];
  for (const { file, include, target } of crossings(tree)) {
    if (services.includes(file.room) && services.includes(target)) {
      faults.push(fault(file, include.line, `${file.room} includes "${include.path}" of ${target}`));
    }
  }
  return faults;
}

function downwardOnly(tree) {
  const faults = [];
  for (const [room, sentence] of tree.rooms) {
    if (!(room in floors)) faults.push({ path: sentence.path, line: 1, what: `${room} has no floor; give it one in tools/house/structure.mjs` });
  }
  for (const { file, include, target } of crossings(tree)) {
    if (file.isTest || (services.includes(file.room) && services.includes(target))) continue;
    if (!(floors[target] < floors[file.room])) {
      faults.push(fault(file, include.line, `${file.room} (floor ${floors[file.room]}) includes "${include.path}" (floor ${floors[target]})`));
    }
  }
  return faults;
}

function declaredOnly(tree) {
  const faults = [];
  const nameOf = (room) => tree.rooms.get(room)?.name ?? room;
  for (const { file, include, target } of crossings(tree)) {
    const sentence = tree.rooms.get(file.room);
    if (!sentence) continue;
    const declared = [...sentence.USES, ...(file.isTest ? sentence.TEST_USES : [])];
    if (!declared.includes(nameOf(target))) {
      faults.push(fault(file, include.line, `includes "${include.path}", but ${sentence.path} does not say USES ${nameOf(target)}`));
    }
  }
  for (const [room, sentence] of tree.rooms) {
    const expected = room.split('/').pop();
    if (sentence.name !== expected && sentence.name !== room.replace('/', '_')) {
      faults.push({ path: sentence.path, line: 1, what: `the library is called ${sentence.name}, its folder ${expected}` });
    }
  }
  return faults;
}

function resolveInclude(tree, byPath, file, include) {
  if (!include.quoted) return null;
  return [join('src', include.path), include.path, join(dirname(file.path), include.path)].find((path) => byPath.has(path)) ?? null;
}

// Depth-first search for a way back; each circle is told once, by the include that closes it.
function findCircles(nodes, edgesOf, tell) {
  const state = new Map();
  const visit = (node, trail) => {
    state.set(node, 'open');
    for (const edge of edgesOf(node)) {
      if (state.get(edge.to) === 'open') tell([...trail.slice(trail.indexOf(edge.to)), edge.to], edge);
      else if (!state.has(edge.to)) visit(edge.to, [...trail, edge.to]);
    }
    state.set(node, 'done');
  };
  for (const node of nodes) if (!state.has(node)) visit(node, [node]);
}

function noCircles(tree) {
  const faults = [];
  const byPath = new Map(tree.files.filter((file) => file.isCpp).map((file) => [file.path, file]));
  const fileEdges = (path) =>
    byPath.get(path).includes.flatMap((include) => {
      const to = resolveInclude(tree, byPath, byPath.get(path), include);
      return to && to !== path ? [{ to, line: include.line, from: path }] : [];
    });
  findCircles(byPath.keys(), fileEdges, (circle, edge) => faults.push({ path: edge.from, line: edge.line, what: circle.join(' -> ') }));

  const names = new Map([...tree.rooms.values()].map((sentence) => [sentence.name, sentence]));
  const roomEdges = (name) => (names.get(name)?.USES ?? []).filter((to) => names.has(to)).map((to) => ({ to, from: name }));
  findCircles(names.keys(), roomEdges, (circle, edge) =>
    faults.push({ path: names.get(edge.from).path, line: 1, what: `USES goes round: ${circle.join(' -> ')}` }),
  );
  return faults;
}

const driverHeaders = { sqlite: /^sqlite3\.h$/, postgres: /^(libpq-fe\.h|postgresql\/)/, redis: /^hiredis\//, smtp: /^curl\// };
const drivers = ['sqlite', 'postgres', 'memory', 'redis', 'smtp'];

function driverOf(include) {
  if (!include.quoted) return drivers.find((driver) => driverHeaders[driver]?.test(include.path));
  if (drivers.includes(includedRoom(include))) return includedRoom(include);  // a driver with a room of its own
  const stem = include.path.split('/').pop().replace(/\.hpp$/, '');
  return includedRoom(include) || !include.path.includes('/') ? drivers.find((driver) => stem === driver || stem.startsWith(`${driver}_`)) : undefined;
}

function driversUnnamed(tree) {
  const faults = [];
  for (const file of tree.files) {
    if (!file.isCpp || !file.room || file.isTest) continue;
    for (const include of file.includes) {
      const driver = driverOf(include);
      const ownFile = file.room === driver || file.stem === driver || file.stem.startsWith(`${driver}_`);
      const sameRoom = !include.quoted || [file.room, driver].includes(includedRoom(include) ?? file.room);
      if (!driver || (ownFile && sameRoom) || (file.room === 'app' && include.quoted)) continue;
      faults.push(fault(file, include.line, `names the driver ${driver} by including ${include.path}`));
    }
  }
  return faults;
}

const standardHeaders = new Set(
  `algorithm any array atomic bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits clocale cmath csetjmp csignal
   cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception filesystem forward_list fstream functional
   initializer_list iomanip ios iosfwd iostream istream iterator limits list locale map memory memory_resource mutex new numeric optional
   ostream queue random ratio regex scoped_allocator set shared_mutex sstream stack stdexcept streambuf string string_view system_error
   thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector
   assert.h ctype.h float.h inttypes.h limits.h math.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h time.h`.split(/\s+/),
);

function bareRooms(tree) {
  const faults = [];
  const allowed = { protocol: ['protocol'], 'device/core': ['protocol', 'device/core'] };
  for (const file of tree.files) {
    const mayInclude = allowed[file.room];
    if (!mayInclude || !file.isCpp || file.isTest) continue;
    for (const include of file.includes) {
      const fits = include.quoted ? mayInclude.includes(includedRoom(include) ?? file.room) : standardHeaders.has(include.path);
      const unknown = include.quoted && include.path.includes('/') && !includedRoom(include);
      if (!fits || unknown) faults.push(fault(file, include.line, `includes ${include.path}`));
    }
  }
  for (const room of Object.keys(allowed)) {
    const sentence = tree.rooms.get(room);
    for (const flag of ['-fno-exceptions', '-fno-rtti']) {
      if (sentence && !sentence.FLAGS.includes(flag)) faults.push({ path: sentence.path, line: 1, what: `does not build with ${flag}` });
    }
  }
  return faults;
}

const homes = [
  { header: /^boost\/beast/, name: 'Boost.Beast', home: 'http' },
  { header: /^CLI\//, name: 'CLI11', home: 'app' },
  { header: /^toml\+\+\//, name: 'toml++', home: 'app' },
  { header: /^spdlog\//, name: 'spdlog', home: 'base' },
  { header: /^prometheus\//, name: 'prometheus-cpp', home: 'base' },
];

function heavyLibrariesAtHome(tree) {
  const faults = [];
  for (const file of tree.files) {
    if (!file.isCpp || !file.room) continue;
    for (const include of file.includes) {
      const library = homes.find(({ header }) => header.test(include.path));
      if (library && library.home !== file.room) {
        faults.push(fault(file, include.line, `includes <${include.path}>; ${library.name} lives in src/${library.home} only`));
      }
    }
  }
  return faults;
}

const modeIdentifier = /\b(\w*monolith\w*|is_split|split_mode|is_all|all_in_one|run_all|Mode::k?(?:all|split)\w*|Target::\w+)\b/i;

function modeOnlyInApp(tree) {
  const faults = [];
  for (const file of tree.files) {
    if (!file.isCpp || file.isTest || !file.path.startsWith('src/') || file.room === 'app') continue;
    for (const literal of file.literals) {
      if (/^(all|split)$/.test(literal.value)) faults.push(fault(file, literal.line, `has the mode's name "${literal.value}"`));
    }
    file.code.split('\n').forEach((line, index) => {
      const match = modeIdentifier.exec(line);
      if (match) faults.push(fault(file, index + 1, `asks which mode it is in: ${match[1]}`));
    });
  }
  return faults;
}

const tableName = /\b(?:FROM|JOIN|INTO|UPDATE|REFERENCES|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+([a-z_][a-z0-9_]*)(\s*\()?/g;

function tablesIn(text) {
  const named = new Set([...text.matchAll(/\b([a-z_][a-z0-9_]*)\s*(?:\([^()]*\)\s*)?AS\s*\(\s*(?:SELECT|INSERT|UPDATE|DELETE|VALUES|WITH)/g)].map((match) => match[1]));
  return [...text.matchAll(tableName)]
    .filter((match) => !named.has(match[1]) && !(match[2] && /^(?:FROM|JOIN)/.test(match[0])) && !/^sqlite_|^pg_/.test(match[1]))
    .map((match) => ({ table: match[1], line: text.slice(0, match.index).split('\n').length }));
}

function tablesOfOneService(tree) {
  const users = new Map();
  for (const file of tree.files) {
    if (!services.includes(file.room) || file.isTest) continue;
    const pieces = file.extension === '.sql' ? [{ value: file.text.replace(/--[^\n]*/g, ''), line: 1 }] : file.literals;
    for (const piece of pieces) {
      for (const { table, line } of tablesIn(piece.value)) {
        if (!users.has(table)) users.set(table, new Map());
        const places = users.get(table);
        if (!places.has(file.room)) places.set(file.room, fault(file, piece.line + line - 1, ''));
      }
    }
  }
  return [...users]
    .filter(([, places]) => places.size > 1)
    .map(([table, places]) => {
      const [first, ...others] = [...places];
      const rest = others.map(([service, place]) => `${service} (${place.path}:${place.line})`).join(', ');
      return { ...first[1], what: `table ${table} is used by ${first[0]} and by ${rest}` };
    });
}

export const structureLaws = [
  { name: 'No service includes another', reason: 'a service must be able to run as its own process; what it needs it is handed', check: servicesApart },
  { name: 'Includes go down the floors', reason: 'what is below must be understandable, testable and usable without what is above', check: downwardOnly },
  { name: 'A folder includes only what it declares', reason: 'the USES line is the map that people read; it must not lie', check: declaredOnly },
  { name: 'No circle', reason: 'two parts that need each other are one part that cannot be understood in halves', check: noCircles },
  { name: 'Drivers are named in app and in tests only', reason: 'the same service code must run on embedded and on outside parts', check: driversUnnamed },
  { name: 'protocol and device/core stand on the standard library', reason: 'a node with 80 KB of memory compiles these files', check: bareRooms },
  { name: 'Heavy libraries live in one room', reason: 'each costs seconds of compile time in every file that sees it, and a replacement should touch one room', check: heavyLibrariesAtHome },
  { name: 'The mode is known in app only', reason: 'a service that asks how it is deployed behaves differently where it is not tested', check: modeOnlyInApp },
  { name: 'No table is read by two services', reason: 'a table shared by two services ties their releases and their databases together', check: tablesOfOneService },
];
