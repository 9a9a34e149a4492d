// Reads the project's files into what the laws look at: lines, includes, string literals, and each folder's CMake sentence.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

const places = ['protocol', 'src', 'device', 'web', 'bench', 'deploy', 'cmake', 'tools', 'tests', '.ci'];
const topLevel = ['run', 'test', 'CMakeLists.txt'];
const skipped = /^(node_modules|vendor|build.*|\.git)$/;

function walk(root, folder) {
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (skipped.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...walk(root, path));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

// The folder that is one library: src/data, protocol, device/core. Subfolders (migrations/) belong to it.
export function roomOf(path) {
  const parts = path.split('/');
  if (parts[0] === 'src') return parts.length > 2 ? parts[1] : null;
  if (parts[0] === 'protocol') return 'protocol';
  if (parts[0] === 'device') return parts.length > 2 ? `device/${parts[1]}` : null;
  return null;
}

// Splits C++ text into its code (comments and the insides of literals blanked, line breaks kept) and its string literals.
export function dissect(text) {
  let code = '';
  const literals = [];
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"([^()\\\s]*)\(([\s\S]*?)\)\1"|"((?:[^"\\\n]|\\.)*)"|'(?:[^'\\\n]|\\.)+'/g;
  let at = 0;
  for (const match of text.matchAll(token)) {
    const [whole, , raw, plain] = match;
    // A quote between digits is a separator (1'000), not a character literal.
    if (whole[0] === "'" && /[0-9a-fA-F]/.test(text[match.index - 1] ?? '')) continue;
    if (match.index < at) continue;
    code += text.slice(at, match.index);
    const value = raw ?? plain;
    if (value !== undefined) literals.push({ value, line: text.slice(0, match.index).split('\n').length });
    const kept = value === undefined ? ' ' : '""';
    code += kept + '\n'.repeat(whole.split('\n').length - 1);
    at = match.index + whole.length;
  }
  return { code: code + text.slice(at), literals };
}

function readIncludes(lines) {
  return lines.flatMap((line, index) => {
    const match = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/.exec(line);
    return match ? [{ quoted: match[1] === '"', path: match[2], line: index + 1 }] : [];
  });
}

function readFile(root, path) {
  const text = readFileSync(join(root, path), 'utf8');
  const extension = extname(path);
  const isCpp = ['.cpp', '.hpp', '.h', '.ino'].includes(extension);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return {
    path,
    name: basename(path),
    stem: basename(path, extension),
    extension,
    isCpp,
    isTest: /_(test|fuzz)\.cpp$|(^|\/)test_\w+\.hpp$/.test(path),
    room: roomOf(path),
    text,
    lines,
    includes: isCpp ? readIncludes(lines) : [],
    ...(isCpp ? dissect(text) : { code: text, literals: [] }),
  };
}

// croft_library(name USES a b SOURCES c.cpp ...): the one sentence that a folder says about itself.
function readSentence(file) {
  const text = file.text.replace(/#[^\n]*/g, '');
  const call = /croft_library\s*\(\s*([\w-]+)([^)]*)\)/.exec(text);
  if (!call) return null;
  const sentence = { path: file.path, name: call[1], USES: [], SOURCES: [], LINK: [], FLAGS: [], TEST_USES: [], ON_POSTGRES: [] };
  let group = null;
  for (const word of call[2].split(/\s+/).filter(Boolean)) {
    if (sentence[word] instanceof Array) group = word;
    else if (group) sentence[group].push(word);
  }
  return sentence;
}

const textFile = /\.(cpp|hpp|h|ino|mjs|js|css|html|sql|sh|cmake|toml|txt|yaml|yml|json|md)$/;

export function readTree(root) {
  const paths = [...places.filter((place) => existsSync(join(root, place))).flatMap((place) => walk(root, place))];
  paths.push(...topLevel.filter((path) => existsSync(join(root, path))));
  const files = paths
    .filter((path) => textFile.test(path) || extname(path) === '')
    .sort()
    .map((path) => readFile(root, path));
  const rooms = new Map();
  for (const file of files) {
    if (file.name !== 'CMakeLists.txt') continue;
    const room = roomOf(join(dirname(file.path), 'x'));
    const sentence = room && readSentence(file);
    if (sentence && !rooms.has(room)) rooms.set(room, sentence);
  }
  return { root, files, rooms };
}
