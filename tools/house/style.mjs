// The laws about single files: size, names, first lines, and where co_await may stand.
// SPDX-License-Identifier: Apache-2.0

const maxLines = 400;
const measured = ['.cpp', '.hpp', '.h', '.ino', '.mjs', '.js', '.css', '.sh', '.sql', '.cmake'];
const isScript = (file) => file.extension === '' && file.lines[0]?.startsWith('#!');

function sizeBounded(tree) {
  return tree.files
    .filter((file) => (measured.includes(file.extension) || isScript(file)) && file.lines.length > maxLines)
    .map((file) => ({ path: file.path, line: maxLines + 1, what: `${file.lines.length} lines` }));
}

const commentStart = { '.sql': /^-- \S/, '.css': /^\/\*\s*\S/, '.html': /^<!--\s*\S/, '.toml': /^# \S/, '.cmake': /^# \S/, '.sh': /^# \S/, '.txt': /^# \S/ };
const needLicence = ['.cpp', '.hpp', '.h', '.ino', '.mjs', '.js', '.css', '.sh', '.sql'];

function introduced(tree) {
  const faults = [];
  for (const file of tree.files) {
    const script = isScript(file);
    const isCMake = file.name === 'CMakeLists.txt' || file.extension === '.cmake';
    if (!needLicence.includes(file.extension) && !script && !isCMake) continue;
    const from = file.lines[0]?.startsWith('#!') ? 1 : 0;
    const pattern = script ? /^# \S|^\/\/ \S/ : (commentStart[file.extension] ?? /^\/\/ \S/);
    const first = file.lines[from] ?? '';
    if (isCMake && first.startsWith('croft_library(')) continue;  // that call is the folder's sentence
    if (!pattern.test(first) || first.split(/\s+/).length < 4 || first.includes('SPDX')) {
      faults.push({ path: file.path, line: from + 1, what: 'the first line is not a sentence saying what the file is for' });
    }
    if (!isCMake && !file.lines.slice(from, from + 4).some((line) => line.includes('SPDX-License-Identifier: Apache-2.0'))) {
      faults.push({ path: file.path, line: from + 2, what: 'no «SPDX-License-Identifier: Apache-2.0» after the first sentence' });
    }
    if (['.hpp', '.h'].includes(file.extension) && !file.lines.some((line) => line.trim() === '#pragma once')) {
      faults.push({ path: file.path, line: 1, what: 'no #pragma once' });
    }
  }
  return faults;
}

const emptyNames = /^(utils?|helpers?|commons?|managers?|impl|misc)$/i;

function named(tree) {
  const faults = [];
  for (const file of tree.files) {
    const words = file.path.split('/').flatMap((part) => part.replace(/\..*$/, '').split(/[_-]/));
    const bad = words.find((word) => emptyNames.test(word));
    if (bad) faults.push({ path: file.path, line: 1, what: `«${bad}» says nothing of what the file does` });
  }
  return faults;
}

const opening = { ')': '(', ']': '[', '}': '{' };

// Walks back from `at` to where its statement starts; says whether a bracket opened on the way encloses it.
function statementBefore(code, at) {
  const depth = [];
  for (let i = at - 1; i >= 0; --i) {
    const character = code[i];
    if (character === ')' || character === ']') depth.push(opening[character]);
    else if (character === '}' && depth.length) depth.push('{');
    else if (character === '(' || character === '[') {
      if (depth.at(-1) !== character) return { text: code.slice(i, at), enclosedBy: character };
      depth.pop();
    } else if (character === '{' && depth.length) depth.pop();
    else if (depth.length === 0 && (character === ';' || character === '{' || character === '}')) {
      return { text: code.slice(i + 1, at), enclosedBy: null };
    }
  }
  return { text: code.slice(0, at), enclosedBy: null };
}

// From after `co_await`: the rest of its expression at this depth, and what ends it.
function expressionAfter(code, at) {
  let depth = 0;
  let flat = '';
  for (let i = at; i < code.length; ++i) {
    const character = code[i];
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) {
      if (depth === 0) return { flat, end: character };
      depth--;
    } else if (depth === 0) {
      if (character === ';') return { flat, end: ';' };
      flat += character;
    }
  }
  return { flat, end: '' };
}

// Takes «if (...)», «else», «case X:» and the like off the front: a statement may hang on them.
function withoutHead(text) {
  let rest = text.trim();
  for (;;) {
    const head = /^(?:else\b|do\b|case\b[^?:]*(?:::[^?:]*)*:(?!:)|default\s*:|(?:if\s+constexpr|if|for|while|switch)\s*(?=\())/.exec(rest);
    if (!head) return rest;
    rest = rest.slice(head[0].length).trim();
    if (!rest.startsWith('(')) continue;
    let depth = 0;
    let end = 0;
    do depth += rest[end] === '(' ? 1 : rest[end] === ')' ? -1 : 0;
    while (++end < rest.length && depth > 0);
    rest = rest.slice(end).trim();
  }
}

function whyMisplaced(code, at) {
  const before = statementBefore(code, at);
  if (before.enclosedBy) return 'inside brackets: a condition, an argument or a larger expression';
  const head = withoutHead(before.text.replace(/^\s*#[^\n]*$/gm, ''));
  if (head.includes('?')) return 'in a conditional expression';
  if (head !== '' && !/^co_return$/.test(head) && !/[^=!<>+\-*/%&|^]=$/.test(head)) return `after «${head.slice(-40)}»`;
  const after = expressionAfter(code, at + 'co_await'.length);
  if (after.end !== ';') return 'inside a braced or larger expression';
  if (/\?|&&|\|\||[=!<>]=|<<|\s[+\-*/%<>]\s/.test(after.flat)) return 'with an operator beside it';
  if (/^\s*\[/.test(code.slice(at + 'co_await'.length))) return 'on a lambda that is not named';
  return null;
}

function awaitsStandAlone(tree) {
  const faults = [];
  for (const file of tree.files) {
    if (!file.isCpp) continue;
    for (const match of file.code.matchAll(/\bco_await\b/g)) {
      if (/\boperator\s+$/.test(file.code.slice(0, match.index))) continue;
      const why = whyMisplaced(file.code, match.index);
      if (why) faults.push({ path: file.path, line: file.code.slice(0, match.index).split('\n').length, what: `co_await stands ${why}` });
    }
  }
  return faults;
}

export const styleLaws = [
  { name: 'No file is longer than 400 lines', reason: 'a file is one thought; a longer one is two', check: sizeBounded },
  { name: 'A file introduces itself', reason: 'the first line is what a newcomer reads, and the licence travels with the file', check: introduced },
  { name: 'Names say what a thing does', reason: 'utils, helpers, common, manager and impl attract whatever has no home', check: named },
  { name: 'co_await stands alone', reason: 'compilers miscompile it inside larger expressions (docs/decisions/0002-compilers.md), and a pause should be seen', check: awaitsStandAlone },
];
