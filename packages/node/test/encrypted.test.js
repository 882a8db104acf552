// Files that the binary encrypted, in full and in part, and values that it set: read as before, and as the binary reads them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import { loadEnvFile } from '../src/files.js';
import { readValues } from '../src/values.js';
import { choices, envseal, folder, NO_BINARY, SEED, write } from './support.js';

const FILES = 60;
const PIECES = [
  ...[
    'a',
    'B c',
    ' # x',
    '#',
    '\n',
    '\r\n',
    '\\n',
    '\\t',
    '\\\\',
    '\\$A',
    '$(id)',
    '{',
    '}',
    '$',
    ' ',
    '=',
    'x'.repeat(40),
  ],
  ...["\\'", '\xc3\xa9', '\xff', '\xe2\x80\xa8', '\xef\xbb\xbf', '\t', '!', ',', '"', "'", '`'],
];
const { below, chance, pick, times } = choices(SEED);

/** Returns a file that `encrypt` takes: balanced quotes, no stray line, references to names above. */
function body() {
  const lines = times(20, (at) => {
    const quote = pick(["'", '"', '`', '']);
    const piece = () => {
      const above = `N${below(at)}`;
      if (at > 0 && quote !== "'" && chance(0.3)) return pick([`$${above} `, `\${${above}}`, `\${${above}:-d}`]);
      return pick(
        quote ? PIECES.filter((text) => !text.includes(quote) && text !== '$' && text !== '{') : ['a', '/', '1'],
      );
    };
    const text = times(below(6), piece).join('').replace(/\\+$/, '');
    return `${pick(['', 'export '])}N${at}=${quote}${text}${quote}${pick(['', ' # c', ' # envseal: plain'])}`;
  });
  return `${lines.join(pick(['\n', '\r\n']))}\n`;
}

/** Reads a file's values. */
function valuesOf(path) {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
  return [...readValues([loadEnvFile(path)], 'get', { given: [], env })].map(([name, { value }]) => [name, value]);
}

function valuesByBinary(path) {
  const run = envseal(['get', '-f', path, '--format', 'k8s', '--name', 'x']);
  assert.equal(run.status, 0, run.stderr);
  const pairs = run.stdout.matchAll(/^ {2}"(.*)": "(.*)"$/gm);
  return [...pairs].map(([, name, value]) => [name, Buffer.from(value, 'base64').toString('latin1')]);
}

test('what the binary encrypts and sets is read', { skip: NO_BINARY }, (t) => {
  const base = folder(t);
  let paths = times(FILES, (at) => join(base, String(at), '.env'));
  for (const [at, path] of paths.entries()) write(base, { [`${at}/.env`]: body() });
  const before = new Map(paths.map((path) => [path, valuesOf(path)]));

  // All of the first half is encrypted, a part of the second; a file that `encrypt` refuses is left out.
  for (const [half, options] of [
    [0, []],
    [1, ['-k', 'N1*', '-k', 'N[02468]']],
  ]) {
    for (;;) {
      const these = paths.filter((path) => Number(path.split('/').at(-2)) % 2 === half);
      const run = envseal(['encrypt', ...options, ...these.flatMap((path) => ['-f', path])]);
      if (run.status === 0) break;
      const refused = these.find((path) => run.stderr.includes(`${path}:`));
      assert.ok(refused, run.stderr);
      paths = paths.filter((path) => path !== refused);
    }
  }
  t.diagnostic(`SEED=${SEED}: ${paths.length} of ${FILES} files were encrypted`);
  assert.ok(paths.length > FILES / 3);
  for (const path of paths) assert.deepEqual(valuesOf(path), before.get(path), path);

  for (const path of paths.slice(0, 20)) {
    const input = Buffer.from(times(8, () => pick([...PIECES, '$N1', '${N1}'])).join(''), 'latin1');
    const run = envseal(['set', '-q', 'SET', '-f', path], { input });
    assert.equal(run.status, 0, run.stderr);
    const expected = input.toString('latin1').replace(/\r?\n$/, '');
    assert.equal(valuesOf(path).at(-1)[1], expected);
  }
  for (const path of paths) assert.deepEqual(valuesOf(path), valuesByBinary(path), path);
});
