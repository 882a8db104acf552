// Where private keys are found, as docs/files.md says, and what is said where they are not.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';

import { EnvsealError, load, open } from '../index.js';
import { parseLockedKey } from '../src/crypto.js';
import { loadEnvFile } from '../src/files.js';
import { readValues } from '../src/values.js';
import { folder, keyPair, node, ROOT, write } from './support.js';

const key = keyPair();
const other = keyPair();
const TEXT = `ENVSEAL_PUBLIC_KEY=${key.public}\nA=${key.seal('A', 'opened')}\n`;
const LINE = `ENVSEAL_PRIVATE_KEY=${key.private}\n`;

/** Reads .env in a folder with these variables in the environment. */
function read(path, env = {}, keysFile) {
  return readValues([loadEnvFile(join(path, '.env'))], 'get', { given: [], keysFile, env }).get('A').value;
}

const git = (path, ...args) => execFileSync('git', ['-C', path, '-c', 'user.name=x', '-c', 'user.email=x@x', ...args]);

test('the environment holds one key, or several', (t) => {
  const path = folder(t, { '.env': TEXT });
  for (const text of [
    key.private,
    ` ${key.private}\n`,
    `${other.private}, ${key.private}`,
    `${key.private},${other.private}`,
  ]) {
    assert.equal(read(path, { ENVSEAL_PRIVATE_KEY: text }), 'opened');
  }
  for (const [text, message] of [
    ['', /ENVSEAL_PRIVATE_KEY is set in the environment, but empty\nhint: give this job the key/],
    [`"${key.private}"`, /is a private key with other text around it/],
    [`ENVSEAL_PRIVATE_KEY=${key.private}`, /is a private key with other text around it/],
    [`X=${other.private}\nENVSEAL_PRIVATE_KEY=${key.private}`, /\nhint: set ENVSEAL_PRIVATE_KEY to/],
    [key.public, /not a private key: this is the public key; the private key is needed/],
    [`${key.private.slice(0, -1)}A`, /not a private key: the key's checksum does not match/],
    [`${key.private},`, /not a private key: not an envseal key/],
    [
      other.private,
      new RegExp(`ENVSEAL_PRIVATE_KEY holds key ${other.id}\nhint: set ENVSEAL_PRIVATE_KEY to what this prints`),
    ],
  ]) {
    assert.throws(() => read(path, { ENVSEAL_PRIVATE_KEY: text }), { name: 'EnvsealError', message });
  }
  assert.throws(() => read(path, { ENVSEAL_PRIVATE_KEY_PRODUCTION: key.private }), {
    code: 'ENVSEAL_NO_KEY',
    hint: 'give it its own name: export ENVSEAL_PRIVATE_KEY=$(printenv ENVSEAL_PRIVATE_KEY_PRODUCTION)',
  });
});

test('the hint names the environment as its file does', (t) => {
  const text = TEXT.replace('PUBLIC_KEY', 'PUBLIC_KEY_EU_WEST');
  const path = folder(t, { '.env.eu-west': text, 'keys/.env.eu-west': text, 'keys/.env.keys': 'ENVSEAL_PRIVATE_KEY_EU_WEST=x' });
  const hint = 'set ENVSEAL_PRIVATE_KEY_EU_WEST to what this prints where the key is: envseal key show --private -e eu-west';
  for (const [file, env] of [
    ['.env.eu-west', { ENVSEAL_PRIVATE_KEY_EU_WEST: 'x' }],
    ['.env.eu-west', { ENVSEAL_PRIVATE_KEY_EU_WEST: other.private }],
    ['keys/.env.eu-west', {}],
  ]) {
    const read = () => readValues([loadEnvFile(join(path, file))], 'get', { given: [], env }).get('A').value;
    assert.throws(read, { name: 'EnvsealError', hint });
  }
});

test('the keys file has lines, or a bare key', (t) => {
  for (const text of [
    LINE,
    key.private,
    `# c\nexport ENVSEAL_PRIVATE_KEY="${other.private}, ${key.private}"\n`,
    `A=1\n${LINE}${LINE}`,
  ]) {
    assert.equal(read(folder(t, { '.env': TEXT, '.env.keys': text })), 'opened');
  }
  for (const [text, message] of [
    ['ENVSEAL_PRIVATE_KEY=x\n', /ENVSEAL_PRIVATE_KEY in .*\.env\.keys:1 is not a private key/],
    ['\nenvseal-sk1-x\n', /\.env\.keys:2 is not a private key/],
    [`ENVSEAL_PRIVATE_KEY_X=${key.private}`, /not found in ENVSEAL_PRIVATE_KEY or /],
  ]) {
    assert.throws(() => read(folder(t, { '.env': TEXT, '.env.keys': text })), { name: 'EnvsealError', message });
  }
});

test('the nearest keys file up to the git root; outside git only one beside', (t) => {
  const base = folder(t, { '.env.keys': LINE, 'a/b/.env': TEXT });
  const path = join(base, 'a/b');
  assert.throws(() => read(path), { code: 'ENVSEAL_NO_KEY' });
  mkdirSync(join(base, 'a/.git'));
  assert.throws(() => read(path), { code: 'ENVSEAL_NO_KEY' }, 'an empty .git is none');
  git(base, 'init', '-q');
  assert.equal(read(path), 'opened');
  write(base, { 'a/.env.keys': `ENVSEAL_PRIVATE_KEY=${other.private}\n` });
  assert.throws(() => read(path), { code: 'ENVSEAL_NO_KEY' }, 'the nearest one counts');
});

test('a linked worktree uses the keys file of the main one', (t) => {
  const base = folder(t, { 'main/x/.env': TEXT });
  const main = join(base, 'main');
  git(main, 'init', '-q');
  git(main, 'add', '.');
  git(main, 'commit', '-qm', 'x');
  git(main, 'worktree', 'add', '-q', join(base, 'linked'));
  const linked = join(base, 'linked/x');
  assert.throws(() => read(linked), { code: 'ENVSEAL_NO_KEY' });
  write(main, { '.env.keys': LINE });
  assert.equal(read(linked), 'opened');
  // A `.git` file that leads to somebody else's repository, which doesn't know this folder.
  write(base, { 'foreign/x/.env': TEXT, 'foreign/.git': `gitdir: ${join(main, '.git/worktrees/linked')}\n` });
  assert.throws(() => read(join(base, 'foreign/x')), { code: 'ENVSEAL_NO_KEY' });
});

test('a keys file belongs to this user, also one that is named', (t) => {
  const path = folder(t, { '.env': TEXT, '.env.keys': LINE, named: key.private });
  assert.equal(read(path, {}, join(path, 'named')), 'opened');
  assert.throws(() => read(path, {}, join(path, 'nowhere')), { code: 'ENVSEAL_NO_KEY', message: /it does not exist/ });
  write(path, { empty: '' });
  assert.throws(() => read(path, {}, join(path, 'empty')), { message: /in [^ ]*empty as ENVSEAL_PRIVATE_KEY$/ });
  assert.throws(() => read(path, {}, path), { code: 'ENVSEAL_IO', message: /not a regular file/ });
  if (process.getuid() !== 0) return;
  chownSync(join(path, '.env.keys'), 1, 1);
  assert.throws(() => read(path), { code: 'ENVSEAL_REFUSED', message: /belongs to another user/ });
  const named = join(path, '.env.keys');
  assert.throws(() => read(path, {}, named), { code: 'ENVSEAL_REFUSED', message: /belongs to another user/ });
});

test('a symlink to an env file uses the keys of that folder', (t) => {
  const path = folder(t, { 'shared/.env': TEXT, 'shared/.env.keys': LINE, 'app/x': '' });
  symlinkSync('../shared/.env', join(path, 'app/.env'));
  assert.equal(read(join(path, 'app')), 'opened');
});

test('the hint names the keys file that is searched', (t) => {
  const other = `ENVSEAL_PRIVATE_KEY=${keyPair().private}\n`;
  const path = folder(t, { 'sub/.env': TEXT, 'sub/.env.keys': '', 'app/x': '', mine: other });
  symlinkSync('../sub/.env', join(path, 'app/.env'));
  const hinted = (at, env = {}) => {
    const program = `import { open } from ${JSON.stringify(new URL('../index.js', import.meta.url))};
      try { open('${at}') } catch (error) { console.log(error.message) }`;
    return /put the private key of default in (.*) as ENVSEAL_PRIVATE_KEY$/m.exec(node(program, { cwd: path, env }).out)?.[1];
  };
  assert.equal(hinted('sub/.env'), 'sub/.env.keys');
  assert.equal(hinted('app/.env'), 'sub/.env.keys');
  assert.equal(hinted('app/.env', { ENVSEAL_KEYS_FILE: '' }), 'sub/.env.keys');
  assert.equal(hinted('app/.env', { ENVSEAL_KEYS_FILE: 'mine' }), 'mine');
  rmSync(join(path, 'sub/.env.keys'));
  assert.equal(hinted('sub/.env', { ENVSEAL_KEYS_FILE: '' }), '.env.keys');
});

test('a locked key is not unlocked, and the error says what unlocks it', (t) => {
  const locked = /^envseal-lk1-.*$/m.exec(readFileSync(join(ROOT, 'tests/vectors/176-locked-good.txt'), 'latin1'))[0];
  const { public: own } = parseLockedKey(locked);
  const blob = Buffer.alloc(116);
  blob.write(own.id, 'hex');
  const path = folder(t, { '.env': `ENVSEAL_PUBLIC_KEY=${own.text}\nA=envseal:1:${blob.toString('base64url')}\n` });
  assert.throws(() => read(path, { ENVSEAL_PRIVATE_KEY: locked }), {
    code: 'ENVSEAL_NO_KEY',
    message: /key [0-9a-f]{8} in ENVSEAL_PRIVATE_KEY is locked with a passphrase\nhint: .*envseal run -- CMD/,
  });
});

test('keys given by the program are looked at first', (t) => {
  const path = join(folder(t, { '.env': TEXT, '.env.keys': 'ENVSEAL_PRIVATE_KEY=broken\n' }), '.env');
  assert.deepEqual({ ...open(path, { keys: key.private }) }, { A: 'opened' });
  assert.deepEqual({ ...open(path, { keys: [other.private, key.private] }) }, { A: 'opened' });
  assert.throws(() => open(path, { keys: 'x' }), {
    code: 'ENVSEAL_MALFORMED',
    message: /a key given by the program is not/,
  });
  assert.throws(() => open(path, { keys: 1 }), TypeError);
});

test('a key where a path or a name belongs is not shown', (t) => {
  const at = folder(t, { '.env': TEXT, [`.env.${key.private}`]: TEXT });
  const path = join(at, '.env');
  const asName = key.private.toUpperCase().replaceAll('-', '_');
  const inVariable = (name) => () => {
    process.env[name] = 'x';
    try {
      load();
    } finally {
      delete process.env[name];
    }
  };
  const runs = [
    () => open(path, { keysFile: key.private }),
    () => open(path, { keysFile: key.private.replace('sk1', 'lk1') }),
    () => load({ env: key.private }),
    () => open(key.private),
    () => open(join(key.private, '.env')),
    () => open(join(at, `.env.${key.private}`)),
    () => load({ files: key.private }),
    inVariable(`ENVSEAL_PRIVATE_KEY_${key.private}`),
    inVariable(`ENVSEAL_PRIVATE_KEY_${asName}`),
  ];
  const parts = [key.private, key.private.toLowerCase(), asName].map((text) => text.slice(12));
  for (const run of runs) {
    assert.throws(run, (error) => {
      const shown = `${inspect(error, { showHidden: true })} ${error.hint} ${error.stack}`;
      return error instanceof EnvsealError && !parts.some((part) => shown.includes(part));
    });
  }
});

test('no key is looked for where nothing is sealed', (t) => {
  const path = join(
    folder(t, { '.env': `ENVSEAL_PUBLIC_KEY=${key.public}\nA=1\n`, '.env.keys': 'ENVSEAL_PRIVATE_KEY=x\n' }),
    '.env',
  );
  assert.deepEqual({ ...open(path) }, { A: '1' });
});
