// Random env files, read by the package and by the binary: every value is the same, or both refuse for the same lines.
//
// SEED repeats a run, FILES is the number of cases (500).

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'node:test';

import { loadEnvFile } from '../src/files.js';
import { readValues } from '../src/values.js';
import { choices, envseal, keyPair, NO_BINARY, SEED, write } from './support.js';

const CASES = Number(process.env.FILES ?? 500);

let below, chance, pick, times;

const NAMES =
  'A B C D E F G H DB_URL DB_PASSWORD a.b x-y _ export constructor __proto__ toString P_SET P_EMPTY 9'.split(' ');
const ODD_NAMES =
  'NODE_OPTIONS BASH_ENV Npm_Config-Shell GIT_SSH_COMMAND HTTP_PROXY ENVSEAL_ENV ENVSEAL_X envseal_y é'.split(' ');
const BYTES = [
  ...[
    'a',
    'bc',
    '0',
    ' ',
    '  ',
    '\t',
    "'",
    '"',
    '`',
    '\\',
    '\\n',
    '\\t',
    '\\r',
    "\\'",
    '\\"',
    '\\`',
    '\\\\',
    '\\$',
    '$',
    '$$',
  ],
  ...[
    '{',
    '}',
    '#',
    ' #',
    '# ',
    '=',
    ':',
    ',',
    '\v',
    '\f',
    '\x7f',
    '\x1b[31m',
    '!',
    '%41',
    '$(id)',
    '`id`',
    'x'.repeat(70),
  ],
  ...[
    '\xff',
    '\x80',
    '\xc2',
    '\xc2\xa0',
    '\xe2\x80\xa8',
    '\xe2\x80',
    '\xe3\x80\x80',
    '\xef\xbb\xbf',
    '\xc3\xa9',
    '\xf0\x9f\x98\x80',
  ],
];
// Refused at the beginning of a value, or as all of it.
const CLAIMS = ['envseal:', 'envseal:1:', 'ENVSEAL:1:', 'op://a/b', 'ENC[x]', 'encrypted:AAAABBBBCCCCDDDD', 'export '];
const LINE_BREAKS = ['\n', '\r\n', '\r', '\n\n'];
const PROCESS = { P_SET: 'set $A ${B} \\$C', P_EMPTY: '', ENVSEAL_X: 'no', D: 'process', constructor: 'p' };

/** Returns a name that is mostly one of a few. */
const name = () => (chance(0.03) ? pick(ODD_NAMES) : pick(NAMES));

function reference(depth = 0) {
  const on = chance(0.1) ? pick(['ENVSEAL_X', 'NOPE', 'P_SET', 'P_EMPTY', 'HOME']) : pick(NAMES);
  if (depth > 4 || chance(0.5)) return chance(0.5) ? `$${on}` : `\${${on}}`;
  const word = times(below(3), () =>
    chance(0.4)
      ? reference(depth + 1)
      : pick(['a', ' b', 'c', '\\$', '-', ':', ...(chance(0.1) ? ["'", '"', '#'] : [])]),
  );
  return `\${${on}${pick([':-', '-', ':=', '=', ':+', '+', ...(chance(0.1) ? [':?', '?'] : [])])}${word.join('')}}`;
}

/** Returns text for between quotes, or without. Mostly without what makes a reader refuse all of the file. */
function text() {
  const piece = () => {
    if (chance(0.25)) return reference();
    if (chance(0.001)) return pick(['\0', ...CLAIMS]);
    if (chance(0.001))
      return pick(['${', '${A', '${A:0:2}', '${!A}', '${#A}', '${A^^}', '${A_${B}}', '${}', '${A:-{}}']);
    if (chance(0.03)) return pick(LINE_BREAKS);
    return chance(0.55) ? pick(['a', 'b', '1', '/', ' ', '.']) : pick(BYTES);
  };
  return times(below(chance(0.1) ? 30 : 7), piece).join('');
}

/** Returns the source text of a value. */
function source() {
  const quote = pick(['', '', "'", '"', '"', '`']);
  const inner = quote && chance(0.8) ? text().replaceAll(quote, chance(0.3) ? `\\${quote}` : '') : text();
  return quote + (chance(0.05) ? 'y'.repeat(3000) : inner) + (chance(0.98) ? quote : '');
}

/** Returns a sealed value as it stands in a file, now and then spoiled. */
function sealed(on, key, context) {
  const isValue = chance(0.4);
  const listed = chance(0.5) ? [...new Set(times(below(6), () => pick(NAMES)))].sort().join(',') : '';
  const token = isValue ? key.seal(on, text(), 0, '', context?.(on)) : key.seal(on, source(), 1, listed, context?.(on));
  if (chance(0.995)) return chance(0.8) ? token : pick([`'${token}'`, `"${token}"`, `  ${token}  `]);
  const at = below(token.length);
  return pick([
    token.slice(0, at) + pick(['A', '_', ':', '', '%']) + token.slice(at + 1),
    `\`${token}\``,
    `x${token}`,
    `'${token}`,
    `${token}:A`,
    token.toUpperCase(),
  ]);
}

function statement(key, context) {
  const on = name();
  const value = key && chance(0.3) ? sealed(on, key, context) : source();
  const equals = pick([
    '=',
    '=',
    '=',
    ' = ',
    '= ',
    ': ',
    '\t=\t',
    ...(chance(0.1) ? [':', '\n=', '=\n', ':\r\n'] : []),
  ]);
  const comment = pick(['', '', '', ' # c', '#c', ' # envseal: plain', '\t#\xffenvseal: plain # envseal:plain ']);
  return pick(['', '', '', 'export ', '  ', 'export\t ', '\xc2\xa0']) + on + equals + value + comment;
}

function line(key, context) {
  if (chance(0.9)) return statement(key, context);
  if (chance(0.01))
    return pick(['<<<<<<< x', '=======', '>>> x', '||||||| x', '>>>>>>>', "A='\n>>>>>>> x\n'", "A='\n>>> x\n'"]);
  return pick([
    '',
    '# c',
    '  # A=1',
    'stray',
    'export',
    'export A',
    '=1',
    '\xef\xbb\xbfA=bom',
    'A',
    '<< x',
    '========',
    text(),
  ]);
}

/** Returns an env file and, if it has sealed values, its private key. */
function envFile(suffix) {
  const key = chance(0.6) ? keyPair() : undefined;
  let [context, used] = [undefined, new Set()];
  /** One encapsulation for a batch, and a new one if a name repeats. */
  const batch = (on) => {
    if (!context || used.has(on)) [context, used] = [key.context(), new Set()];
    used.add(on);
    return context;
  };
  const ends = pick(['\n', '\n', '\n', '\r\n', '\r']);
  const lines = times(1 + below(30), () => line(key, chance(0.7) ? batch : undefined));
  if (key)
    lines.splice(
      below(chance(0.9) ? 1 : 5),
      0,
      `ENVSEAL_PUBLIC_KEY${suffix}=${chance(0.998) ? key.public : keyPair().public}`,
    );
  return { body: pick(['', '', '', '\xef\xbb\xbf']) + lines.join(ends) + pick(['', ends]), key };
}

/** Writes a case's files into a folder. Returns their names and the mode of reading. */
function writeCase(folder) {
  const files = [
    ['.env', ''],
    ['.env.local', '_LOCAL'],
    ['.env.prod', '_PROD'],
  ].slice(0, chance(0.6) ? 1 : 2 + below(2));
  const keys = [];
  for (const [path, suffix] of files) {
    const { body, key } = envFile(suffix);
    write(folder, { [path]: body });
    if (key && chance(0.97)) keys.push(`ENVSEAL_PRIVATE_KEY${suffix}=${key.private}`);
  }
  if (keys.length) write(folder, { '.env.keys': `${keys.join('\n')}\n` });
  return { paths: files.map(([path]) => path), mode: pick(['get', 'run', 'overload']) };
}

const byName = ([a], [b]) => (a < b ? -1 : 1);

const env = { PATH: process.env.PATH, HOME: '/nonexistent', ...PROCESS };
const INHERITED = Object.entries(env).filter(([on]) => !on.startsWith('ENVSEAL_'));

/** Returns what the binary reads: values by name, or the lines that it refuses. */
function byBinary(folder, paths, mode) {
  const files = paths.flatMap((path) => ['-f', path]);
  const args =
    mode === 'get'
      ? ['get', ...files, '--format', 'k8s', '--name', 'x']
      : ['run', '-q', ...(mode === 'overload' ? ['--overload'] : []), ...files, '--', '/usr/bin/env', '-0'];
  const run = envseal(args, { cwd: folder, env });
  if (run.status !== 0) return { refused: run.stderr };
  const pairs =
    mode === 'get'
      ? [...run.stdout.matchAll(/^ {2}"(.*)": "(.*)"$/gm)].map(([, on, value]) => [
          on,
          Buffer.from(value, 'base64').toString('latin1'),
        ])
      : run.stdout
          .split('\0')
          .slice(0, -1)
          .map((pair) => pair.split(/=(.*)/s));
  // An environment has no order.
  return { values: mode === 'get' ? pairs : pairs.map(([on, value]) => [on, value]).sort(byName) };
}

/** Returns the same, by the package. */
function byPackage(folder, paths, mode) {
  let values;
  try {
    values = readValues(
      paths.map((path) => loadEnvFile(join(folder, path))),
      mode,
      { given: [], env },
    );
  } catch (error) {
    if (error.name !== 'EnvsealError') throw error;
    return { refused: error.message };
  }
  const own = [...values].map(([on, { value }]) => [on, value]);
  if (mode === 'get') {
    const bad = own.find(([on]) => on === '.' || on.startsWith('..'));
    return bad ? { refused: `${bad[0]} is not a valid name in the k8s format` } : { values: own };
  }
  const nul = own.find(([, value]) => value.includes('\0'));
  if (nul) return { refused: `the value of ${nul[0]} contains a NUL byte` };
  const all = new Map(mode === 'overload' ? [...INHERITED, ...own] : [...own, ...INHERITED]);
  return { values: [...all].sort(byName) };
}

/** Returns the lines and the names that a refusal is about: `.env:3 A`. */
function places(refused) {
  const found = refused.matchAll(/(?:^|[\s/])(\.env[.a-z]*:\d+(?: (?!has|contains)[\w.-]+)?)/g);
  return [...new Set([...found].map(([, place]) => basename(place)))].sort();
}

/** Returns the number of values that agree, or a text that says what differs. */
function compare(folder, paths, mode) {
  const [theirs, ours] = [byBinary(folder, paths, mode), byPackage(folder, paths, mode)];
  if (theirs.refused === undefined && ours.refused === undefined) {
    const [there, own] = [theirs, ours].map(({ values }) => values.map((pair) => JSON.stringify(pair)));
    const at = there.findIndex((pair, at) => pair !== own[at]);
    if (at < 0 && there.length === own.length) return mode === 'get' ? own.length : own.length - INHERITED.length;
    return `binary: ${there[at]}\npackage: ${own[at < 0 ? there.length : at]}`;
  }
  const same = theirs.refused && ours.refused && places(theirs.refused).join() === places(ours.refused).join();
  return same ? 0 : `binary: ${theirs.refused ?? 'reads it'}\npackage: ${ours.refused ?? 'reads it'}`;
}

test('random files are read as the binary reads them', { skip: NO_BINARY }, (t) => {
  t.diagnostic(`SEED=${SEED} FILES=${CASES}`);
  const base = mkdtempSync(join(tmpdir(), 'envseal-node-'));
  const differences = [];
  let [values, refused] = [0, 0];
  for (let at = 0; at < CASES && differences.length < 5; at++) {
    // Each case by itself: SEED=… FILES=1 repeats it.
    ({ below, chance, pick, times } = choices(SEED + at));
    const folder = join(base, String(at));
    const { paths, mode } = writeCase(folder);
    const found = compare(folder, paths, mode);
    if (typeof found === 'string') {
      differences.push(`SEED=${SEED + at} FILES=1: ${mode} of ${paths} in ${folder}\n${found}`);
      continue;
    }
    values += found;
    if (!found) refused++;
    rmSync(folder, { recursive: true });
  }
  t.diagnostic(`${values} values agree; ${refused} of ${CASES} cases are refused by both`);
  // After a difference its folder stays.
  assert.deepEqual(differences, [], differences.join('\n\n'));
  rmSync(base, { recursive: true });
  assert.ok(CASES < 100 || refused < CASES / 2, 'too much is refused to compare anything');
});
