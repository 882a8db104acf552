// What someone who can write to the repository may try: nothing is returned, and no error holds a byte of a value.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';

import { EnvsealError, load, open } from '../index.js';
import { folder, keyPair, write } from './support.js';

const SECRET = 'hunter2-horse-battery';
const key = keyPair();
const other = keyPair();
const HEAD = `ENVSEAL_PUBLIC_KEY=${key.public}\n`;
const sealed = (name, text = SECRET, kind, refs) => key.seal(name, text, kind, refs);

/** Opens a file with this text, with the key. */
function opened(t, text, options = { keys: key.private }) {
  return { ...open(join(folder(t, { '.env': text }), '.env'), options) };
}

/** Expects an error that says this, and that neither holds the secret nor has a cause. */
function refuses(run, code, ...parts) {
  assert.throws(run, (error) => {
    assert.ok(error instanceof EnvsealError, inspect(error));
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.ok(error.message.includes(part), `${part}: ${error.message}`);
    const shown = `${inspect(error, { showHidden: true, depth: 9 })} ${JSON.stringify(error)} ${error.stack}`;
    for (const secret of [SECRET, 'hunter2', key.private, other.private]) assert.ok(!shown.includes(secret), shown);
    assert.equal(error.cause, undefined);
    return true;
  });
}

test('a value moved to another name, another file or another key', (t) => {
  const [a, b] = [sealed('A'), sealed('B')];
  refuses(
    () => opened(t, `${HEAD}A=${b}\nB=${a}\n`),
    'ENVSEAL_CANNOT_DECRYPT',
    '.env:2 A:',
    '.env:3 B:',
    'another name',
  );
  refuses(() => opened(t, `${HEAD}A=${a}\nC=${a}\n`), 'ENVSEAL_CANNOT_DECRYPT', '.env:3 C: encrypted for another name');
  refuses(
    () => opened(t, `${HEAD}A=${other.seal('A', SECRET)}\n`, { keys: [other.private, key.private] }),
    'ENVSEAL_CANNOT_DECRYPT',
    `.env:2 A: encrypted with another key: ${other.id}`,
  );
  refuses(() => opened(t, `A=${a}\n`), 'ENVSEAL_NO_KEY', 'the file has no ENVSEAL_PUBLIC_KEY');
  const files = folder(t, { '.env.production': `ENVSEAL_PUBLIC_KEY_PRODUCTION=${other.public}\nA=${a}\n` });
  const both = { keys: [key.private, other.private] };
  refuses(() => open(join(files, '.env.production'), both), 'ENVSEAL_CANNOT_DECRYPT', 'another key');
});

test('another private key than that of the file', (t) => {
  const text = `${HEAD}A=${sealed('A')}\nPLAIN=1\n`;
  refuses(() => opened(t, text, { keys: other.private }), 'ENVSEAL_NO_KEY', `the program gave key ${other.id}`);
  refuses(() => opened(t, text, {}), 'ENVSEAL_NO_KEY', 'not found in ENVSEAL_PRIVATE_KEY or .env.keys');
});

test('every altered bit', (t) => {
  const token = sealed('A', SECRET, 1, 'B');
  const blob = Buffer.from(token.slice('envseal:1:'.length, -2), 'base64url');
  for (let bit = 0; bit < blob.length * 8; bit++) {
    const altered = Buffer.from(blob);
    altered[bit >> 3] ^= 1 << (bit & 7);
    const text = `${HEAD}A=envseal:1:${altered.toString('base64url')}:B\n`;
    refuses(() => opened(t, text), 'ENVSEAL_CANNOT_DECRYPT', '.env:2 A:');
  }
});

test('what only looks sealed is never plain text', (t) => {
  const token = sealed('A');
  const forms = [
    'envseal:',
    'envseal:1:sk_live_x',
    `envseal:2:${token.slice(10)}`,
    `x ${token}`,
    `"${token}`,
    `\u201c${token}`,
  ];
  for (const form of [
    ...forms,
    `\`${token}\``,
    token.toUpperCase(),
    `${token}=`,
    `${token}:`,
    `${token}:B,A`,
    `${token}:A,A`,
  ]) {
    const bytes = Buffer.from(form).toString('latin1');
    refuses(() => opened(t, `${HEAD}A=${bytes}\n`), 'ENVSEAL_CANNOT_DECRYPT', '.env:2 A:');
  }
  for (const form of [`'${token}'`, `"${token}"`, `  ${token}  # c`]) {
    assert.deepEqual(opened(t, `${HEAD}A=${form}\n`), { A: SECRET });
  }
});

test('references that no reviewer saw', (t) => {
  const smuggled = `${HEAD}SECRET=${sealed('SECRET')}\nURL=${sealed('URL', '"$SECRET ${SECRET} ${SECRET:-x}"', 1)}\n`;
  assert.equal(opened(t, smuggled).URL, '$SECRET ${SECRET} ${SECRET:-x}');
  const literal = `${HEAD}SECRET=${sealed('SECRET')}\nURL=${sealed('URL', '$SECRET', 0)}\nPLAIN=$URL\n`;
  assert.deepEqual([opened(t, literal).URL, opened(t, literal).PLAIN], ['$SECRET', '$SECRET']);
  const token = sealed('URL', '$SECRET', 1);
  refuses(() => opened(t, `${HEAD}SECRET=1\nURL=${token}:SECRET\n`), 'ENVSEAL_CANNOT_DECRYPT', '.env:3 URL:');
  const withValue = sealed('URL', 'x', 0, 'SECRET');
  refuses(
    () => opened(t, `${HEAD}URL=${withValue}\n`),
    'ENVSEAL_CANNOT_DECRYPT',
    'a literal value with a list of names',
  );
  const listed = `${HEAD}SECRET=${sealed('SECRET')}\nURL=${sealed('URL', '"$SECRET $OTHER"', 1, 'SECRET')}\n`;
  assert.equal(opened(t, listed).URL, `${SECRET} $OTHER`);
});

test('a command stays text', (t) => {
  const text = `${HEAD}A=${sealed('A', '$(id) `id`')}\nB=${sealed('B', '"$(id)"', 1)}\nC="$(id)"\n`;
  assert.deepEqual(opened(t, text), { A: '$(id) `id`', B: '$(id)', C: '$(id)' });
});

test('names that run code, sealed or by a reference, overridden or not', (t) => {
  refuses(
    () => opened(t, `${HEAD}NODE_OPTIONS=${sealed('NODE_OPTIONS')}\n`),
    'ENVSEAL_REFUSED',
    '.env:2 NODE_OPTIONS:',
  );
  refuses(() => opened(t, `${HEAD}PATH=envseal:1:junk\n`), 'ENVSEAL_REFUSED', '.env:2 PATH: a reserved name');
  const chain = `${HEAD}A=${sealed('A')}\nB=x$A\nC=\${NO:-$B}\nBASH_ENV=$C\n`;
  refuses(() => opened(t, chain), 'ENVSEAL_REFUSED', '.env:5 BASH_ENV:', 'encrypted value of C');
  const path = join(folder(t, { '.env': `${HEAD}PATH=${sealed('PATH')}\n` }), '.env');
  refuses(() => load({ files: path, keys: key.private }), 'ENVSEAL_REFUSED', '.env:2 PATH:');
  assert.equal(opened(t, 'NODE_OPTIONS=--enable-source-maps\n').NODE_OPTIONS, '--enable-source-maps');
});

test('merge conflicts, values of other tools, UTF-16', (t) => {
  const conflict = 'A=1\n<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> x\n';
  refuses(() => opened(t, conflict), 'ENVSEAL_REFUSED', '.env:2 contains a merge-conflict marker');
  refuses(() => opened(t, "A='\n>>>>>>> x\n'\n"), 'ENVSEAL_REFUSED', '.env:2');
  refuses(
    () => opened(t, `A=encrypted:${'A'.repeat(40)}\n`),
    'ENVSEAL_REFUSED',
    '.env:1 A: this is a value of dotenvx',
  );
  assert.ok(opened(t, `A=encrypted:${'A'.repeat(40)} # envseal: plain\n`).A);
  refuses(() => opened(t, '\xff\xfeA\0=\x001\0'), 'ENVSEAL_MALFORMED', 'UTF-16');
});

test('the public key: malformed, twice, of another environment', (t) => {
  for (const text of [
    `ENVSEAL_PUBLIC_KEY=${key.public.slice(0, -1)}\n`,
    `ENVSEAL_PUBLIC_KEY=${key.private}\n`,
    `${HEAD}${HEAD}`,
    `ENVSEAL_PUBLIC_KEY_PRODUCTION=${key.public}\n`,
  ]) {
    refuses(() => opened(t, text), 'ENVSEAL_MALFORMED', 'ENVSEAL_PUBLIC_KEY');
  }
});

test('files with one key name, files that are none, and symlinks', (t) => {
  const twins = folder(t, { '.env.a.b': 'A=1', '.env.a_b': 'A=2', '.env.x': 'A=1', 'x.env': 'A=2' });
  for (const name of ['.env.a.b', '.env.a_b', '.env.x', 'x.env']) {
    refuses(() => open(join(twins, name)), 'ENVSEAL_REFUSED', 'are side by side');
  }
  const names = [
    '.env.example',
    '.env.bak',
    '.env.vault',
    '.env.keys',
    '.env.default',
    '.env.a,b',
    '.env.prod\u200b',
    'x.txt',
  ];
  for (const name of names) {
    refuses(() => open(join(folder(t), name)), 'ENVSEAL_MALFORMED', 'is not an env file');
  }
  // A symlink to another environment's file is that file.
  const links = folder(t, { '.env': `${HEAD}A=${sealed('A')}\n` });
  symlinkSync('.env', join(links, '.env.production'));
  assert.deepEqual({ ...open(join(links, '.env.production'), { keys: key.private }) }, { A: SECRET });
  symlinkSync('nowhere', join(links, '.env.staging'));
  refuses(() => open([`?${join(links, '.env.staging')}`]), 'ENVSEAL_NOT_FOUND', 'it does not exist');
  mkdirSync(join(links, '.env.folder'));
  refuses(() => open(join(links, '.env.folder')), 'ENVSEAL_IO', 'not a regular file');
});

test('a key that only a grant has', (t) => {
  const text = `${HEAD}A=${sealed('A')}\n`;
  const grant = `[grants.default]\nbob = { key = "${key.public}", by = "alice", grant = "envseal-gr1-x" }\n`;
  const path = join(folder(t, { '.env': text, 'envseal.toml': grant }), '.env');
  refuses(
    () => open(path),
    'ENVSEAL_NO_KEY',
    'only the envseal command can use a grant',
    'envseal run -e default -- CMD',
  );
});

test('envseal names never reach a reference or the values', (t) => {
  process.env.ENVSEAL_TEST_SECRET = SECRET;
  t.after(() => delete process.env.ENVSEAL_TEST_SECRET);
  const values = opened(t, 'A=${ENVSEAL_TEST_SECRET:-unset}\nENVSEAL_ENV=production\nENVSEAL_KEYS_FILE=/x\n');
  assert.deepEqual(values, { A: 'unset' });
});

test('references that would fill the memory', (t) => {
  const lines = ['A0=0123456789'];
  for (let at = 1; at < 30; at++) lines.push(`A${at}="\${A${at - 1}}\${A${at - 1}}"`);
  refuses(() => opened(t, lines.join('\n')), 'ENVSEAL_REFUSED', 'more than 64 MiB');
});

test('all or nothing', (t) => {
  const good = Array.from({ length: 5 }, (_, at) => `GOOD${at}=${sealed(`GOOD${at}`)}`).join('\n');
  const path = join(folder(t, { '.env': `${HEAD}${good}\nBAD=${sealed('OTHER')}\n` }), '.env');
  const before = { ...process.env };
  refuses(() => open(path, { keys: key.private }), 'ENVSEAL_CANNOT_DECRYPT', '.env:7 BAD:');
  refuses(() => load({ files: path, keys: key.private }), 'ENVSEAL_CANNOT_DECRYPT', '.env:7 BAD:');
  for (const value of ['a\0b', '\xff']) {
    write(join(path, '..'), { '.env': `${HEAD}GOOD=1\nBAD=${sealed('BAD', value)}\n` });
    refuses(() => load({ files: path, keys: key.private }), 'ENVSEAL_REFUSED', '.env:3 BAD:');
  }
  assert.deepEqual({ ...process.env }, before);
});

test('hostile text is read in linear time', (t) => {
  const length = 200_000;
  const start = process.hrtime.bigint();
  for (const text of [
    `A=${' '.repeat(length)}x`,
    `A=x #${' '.repeat(length)}x`,
    `A='${"\\'".repeat(length)}`,
    `A=${'${'.repeat(length)}`,
    `A="${'${A:-'.repeat(60)}${'}'.repeat(60)}"`.repeat(200),
    `A=${'x '.repeat(length)}\n`,
    'A='.repeat(length),
    '<'.repeat(length),
    `A=${'envseal:1'.repeat(length / 10)}`,
    '\n'.repeat(length),
    'A="\n'.repeat(2000),
  ]) {
    try {
      opened(t, text);
    } catch (error) {
      assert.ok(error instanceof EnvsealError, inspect(error));
    }
  }
  assert.ok(process.hrtime.bigint() - start < 20_000_000_000n);
});
