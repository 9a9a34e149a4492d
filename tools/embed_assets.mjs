// Gathers the dashboard's files and writes them, compressed, as one C++ source for the croft_web library.
// SPDX-License-Identifier: Apache-2.0
//
//   node embed_assets.mjs --web DIR --modules DIR --api FILE --out DIR [--site DIR]
//
// --web      the dashboard's source folder
// --modules  the node_modules folder that holds its libraries
// --api      the description of the HTTP interface, served as /openapi.yaml
// --out      receives assets.bin and assets.cpp (only rewritten when their content changes)
// --site     also receives the files uncompressed, to look at or to serve while developing
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';

// The libraries and the address the source knows each by; one that modules import has its package name too.
// Each is listed after those it imports.
const libraries = [
  { name: 'preact', file: 'preact/dist/preact.mjs', path: '/vendor/preact.js', licence: 'preact/LICENSE' },
  { name: 'preact/hooks', file: 'preact/hooks/dist/hooks.mjs', path: '/vendor/preact-hooks.js' },
  { name: 'htm', file: 'htm/dist/htm.mjs', path: '/vendor/htm.js', licence: 'htm/LICENSE' },
  {
    file: 'plotly.js-basic-dist-min/plotly-basic.min.js',
    path: '/vendor/plotly.js',
    licence: 'plotly.js-basic-dist-min/LICENSE',
    lazy: true,  // loaded by the first page that has a graph
  },
];

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.yaml': 'application/yaml',
};

// Folders and files of web/ that browsers get; everything else there is for building.
const served = ['src', 'style', 'index.html', 'manifest.webmanifest', 'favicon.svg'];

function options(argv) {
  const found = {};
  for (let i = 0; i < argv.length; i += 2) found[argv[i].replace(/^--/, '')] = argv[i + 1];
  for (const name of ['web', 'modules', 'api', 'out']) {
    if (!found[name]) throw new Error(`embed_assets: --${name} is missing`);
  }
  return found;
}

function filesBelow(root, path) {
  const entry = join(root, path);
  if (extname(path)) return [path];
  return readdirSync(entry).sort().flatMap((name) => filesBelow(root, posix.join(path, name)));
}

const hashOf = (text) => createHash('sha256').update(text).digest('base64url');

// Browsers resolve addresses, not package names: `from 'preact'` becomes `from '/vendor/preact-1a2b3c4d.js'`.
function withAddresses(source, placed) {
  const text = source.replace(/\b(from|import)(\s*)(["'])([^"'./][^"']*)\3/g, (whole, word, space, quote, name) => {
    const library = placed.find((candidate) => candidate.name === name);
    if (!library) throw new Error(`embed_assets: no library is listed under the name "${name}"`);
    return `${word}${space}${quote}${library.address}${quote}`;
  });
  return placed.reduce((all, { path, address }) => all.replaceAll(`'${path}'`, `'${address}'`), text);
}

// A library's address holds its content's hash, so that browsers may keep it for ever.
function placeLibraries(modules) {
  return libraries.reduce((placed, library) => {
    const source = readFileSync(join(modules, library.file), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
    const text = library.name ? withAddresses(source, placed) : source;
    const address = library.path.replace('.js', `-${hashOf(text).replace(/\W|_/g, '').slice(0, 8)}.js`);
    return [...placed, { ...library, text, address }];
  }, []);
}

// Every module is announced in the page's head, so that the browser fetches them at once and not in
// as many round trips as their imports are deep.
function withPreloads(page, assets) {
  const modules = assets.filter(({ path, lazy }) => path.endsWith('.js') && !lazy);
  const links = modules.map(({ path }) => `<link rel="modulepreload" href="${path}">`);
  if (!page.includes('<!-- modulepreload -->')) throw new Error('embed_assets: index.html lost its mark');
  return page.replace('<!-- modulepreload -->', links.join('\n  '));
}

function gather({ web, modules, api }) {
  const placed = placeLibraries(modules);
  const assets = placed.map(({ address, text, lazy }) => ({ path: address, text, lazy }));
  for (const path of served.flatMap((name) => filesBelow(web, name))) {
    const bytes = readFileSync(join(web, path));
    const text = extname(path) === '.js' ? withAddresses(bytes.toString(), placed) : bytes.toString();
    assets.push({ path: `/${path}`, text });
  }
  const notices = placed
    .filter(({ licence }) => licence)
    .map(({ licence }) => `${dirname(licence)}\n\n${readFileSync(join(modules, licence), 'utf8')}`);
  assets.push({ path: '/licences.txt', text: notices.join('\n----\n\n') });
  assets.push({ path: '/openapi.yaml', text: readFileSync(api, 'utf8') });
  const page = assets.find(({ path }) => path === '/index.html');
  page.text = withPreloads(page.text, assets);
  return assets.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function compress({ path, text }) {
  const type = types[extname(path)];
  if (!type) throw new Error(`embed_assets: no content type is known for ${path}`);
  const gzip = gzipSync(text, { level: 9, memLevel: 9 });
  return { path, type, etag: hashOf(text).slice(0, 22), gzip };
}

function sourceFor(packed, blob) {
  let offset = 0;
  const rows = packed.map(({ path, type, etag, gzip }) => {
    const row = `      {${JSON.stringify(path)}, "${type}", part(${offset}, ${gzip.length}), ${JSON.stringify(etag)}},`;
    offset += gzip.length;
    return row;
  });
  return `// The dashboard's files as the browser gets them; written by tools/embed_assets.mjs.
// SPDX-License-Identifier: Apache-2.0
#include "web/assets.hpp"

asm(R"(
  .section .rodata.croft_web,"a",%progbits
  .balign 16
  .globl croft_web_blob
  .hidden croft_web_blob
croft_web_blob:
  .incbin ${JSON.stringify(blob)}
  .previous
)");

extern "C" {
[[gnu::visibility("hidden")]] extern const std::byte croft_web_blob[];
}

namespace croft::web {
namespace {
std::span<const std::byte> part(std::size_t offset, std::size_t size) {
  return {croft_web_blob + offset, size};
}
}  // namespace

std::span<const Asset> assets() {
  static const Asset kAssets[] = {
${rows.join('\n')}
  };
  return kAssets;
}

}  // namespace croft::web
`;
}

// An unchanged file keeps its time, so that nothing is compiled again for it.
function writeIfChanged(path, content) {
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(content))) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const { web, modules, api, out, site } = options(process.argv.slice(2));
const assets = gather({ web, modules, api });
const packed = assets.map(compress);
const blob = join(out, 'assets.bin');
writeIfChanged(blob, Buffer.concat(packed.map(({ gzip }) => gzip)));
writeIfChanged(join(out, 'assets.cpp'), sourceFor(packed, blob));
if (site) for (const { path, text } of assets) writeIfChanged(join(site, path), text);

const total = (list) => (list.reduce((sum, { gzip }) => sum + gzip.length, 0) / 1000).toFixed(0);
const first = packed.filter(({ path }) => !/plotly|licences|openapi/.test(path));
console.log(`dashboard: ${packed.length} files, ${total(packed)} kB compressed (${total(first)} kB without the graphs' library)`);
