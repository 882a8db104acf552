// `open`, `load` and `envseal/config`, as a program uses them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { open } from '../index.js';
import { folder, keyPair, node, PACKAGE, write } from './support.js';

const key = keyPair();
const production = keyPair();
const FILES = {
  '.env': `ENVSEAL_PUBLIC_KEY=${key.public}\nA=${key.seal('A', 'secret')}\nB=plain $A\nPORT=1\n`,
  '.env.production': `ENVSEAL_PUBLIC_KEY_PRODUCTION=${production.public}\nA=${production.seal('A', 'live')}\nC=$HOSTNAME_X\n`,
};
const KEYS = {
  '.env.keys': `ENVSEAL_PRIVATE_KEY=${key.private}\nENVSEAL_PRIVATE_KEY_PRODUCTION=${production.private}\n`,
};
const PRINT = 'const { PATH, ...rest } = process.env; console.log(JSON.stringify(rest));';

/** A project with the package installed. */
function project(t, files) {
  const path = folder(t, files);
  mkdirSync(join(path, 'node_modules'));
  symlinkSync(PACKAGE, join(path, 'node_modules/envseal'));
  return path;
}

/** Returns the variables of a program that imports envseal/config. */
function configured(path, env, args) {
  const run = node(`import 'envseal/config'; ${PRINT}`, { cwd: path, env, args });
  if (run.status !== 0) return run.err;
  const { ENVSEAL_LOADED: mark, ...variables } = JSON.parse(run.out);
  assert.ok(mark);
  return variables;
}

test('open returns the values of a file', (t) => {
  const path = folder(t, { ...FILES, ...KEYS });
  const values = open(join(path, '.env'));
  assert.equal(Object.getPrototypeOf(values), null);
  assert.deepEqual({ ...values }, { A: 'secret', B: 'plain secret', PORT: '1' });
  assert.deepEqual({ ...open(pathToFileURL(join(path, '.env'))) }, { ...values });
});

test('of several files the earlier wins, and one may be missing', (t) => {
  const path = folder(t, { ...FILES, ...KEYS });
  const [first, second] = [join(path, '.env.production'), join(path, '.env')];
  assert.deepEqual({ ...open([first, second]) }, { A: 'live', C: '', B: 'plain live', PORT: '1' });
  assert.equal(open([`?${join(path, '.env.local')}`, second]).A, 'secret');
  assert.throws(() => open([join(path, '.env.local'), second]), { code: 'ENVSEAL_NOT_FOUND' });
  assert.throws(() => open([`?${join(path, '.env.bak')}`, second]), { code: 'ENVSEAL_MALFORMED' });
  assert.deepEqual({ ...open([`?${join(path, '.env.local')}`]) }, {});
  for (const wrong of [undefined, '', 1, null]) assert.throws(() => open(wrong), TypeError);
});

test('a value that is not UTF-8 is refused by name, or comes as bytes', (t) => {
  const path = join(folder(t, { '.env': 'A=\xff\0\nB=\xef\xbb\xbfx\nC=é' }), '.env');
  assert.throws(() => open(path), {
    code: 'ENVSEAL_REFUSED',
    message: /\.env:1 A: the value is not UTF-8\nhint: .*buffer/,
  });
  assert.deepEqual(open(path, { encoding: 'buffer' }).A, Buffer.from([0xff, 0]));
  assert.throws(() => open(path, { encoding: 'latin1' }), TypeError);
  assert.equal(open(join(folder(t, { '.env': "B='\xef\xbb\xbfx'" }), '.env')).B, '\ufeffx');
});

test('names of objects are names like others', (t) => {
  const text = '__proto__=1\nconstructor=2\ntoString=3\nR=${hasOwnProperty:-unset}${__proto__}\n';
  const path = project(t, { '.env': text });
  const names = { ['__proto__']: '1', constructor: '2', toString: '3', R: 'unset1' };
  assert.deepEqual(Object.entries(open(join(path, '.env'))), Object.entries(names));
  const run = node(`import 'envseal/config'; ${PRINT} console.log(process.env.constructor)`, { cwd: path });
  assert.match(run.out, /"toString":"3","R":"unset1"/);
  assert.match(run.out, /^2$/m);
});

test('config sets what the process has not, and removes the keys', (t) => {
  const path = project(t, { ...FILES, ...KEYS });
  assert.deepEqual(configured(path, {}), { A: 'secret', B: 'plain secret', PORT: '1' });
  assert.deepEqual(configured(path, { A: 'own', PORT: '' }), { A: 'own', PORT: '', B: 'plain own' });
  const env = { ENVSEAL_PRIVATE_KEY: key.private, ENVSEAL_X: '1' };
  assert.deepEqual(configured(path, env), { A: 'secret', B: 'plain secret', PORT: '1' });
});

test('a sealed value that something else took from the file is no value of the process', (t) => {
  const path = project(t, { ...FILES, ...KEYS });
  const token = /^A=(.*)$/m.exec(FILES['.env'])[1];
  const values = { A: 'secret', B: 'plain secret', PORT: '1' };
  assert.deepEqual(configured(path, { A: token }), values);
  assert.deepEqual(configured(path, {}, ['--env-file=.env', '--import', 'envseal/config']), {
    ...values,
    B: 'plain $A',
  });
});

test('config reads the file of ENVSEAL_ENV, else of the injected keys, else .env', (t) => {
  const path = project(t, { ...FILES, ...KEYS });
  assert.deepEqual(configured(path, { ENVSEAL_ENV: 'production', HOSTNAME_X: 'h' }), {
    A: 'live',
    C: 'h',
    HOSTNAME_X: 'h',
  });
  const injected = { ENVSEAL_PRIVATE_KEY_PRODUCTION: production.private };
  assert.deepEqual(configured(path, injected), { A: 'live', C: '' });
  const both = { ...injected, ENVSEAL_PRIVATE_KEY: key.private };
  assert.deepEqual(configured(path, both), { A: 'secret', B: 'plain secret', PORT: '1', C: '' });
  assert.equal(configured(path, { ...both, ENVSEAL_ENV: 'production' }).A, 'live');
  assert.match(
    configured(path, { ENVSEAL_PRIVATE_KEY_QA: 'x' }),
    /ENVSEAL_PRIVATE_KEY_QA is set, but no env file here belongs/,
  );
  assert.match(configured(path, { ENVSEAL_ENV: 'a/b' }), /ENVSEAL_ENV is "a\/b", which isn't a valid environment name/);
  assert.match(configured(path, { ENVSEAL_ENV: 'qa' }), /cannot read \.env\.qa: it does not exist/);
});

test('config stops the program if it can decrypt nothing', (t) => {
  const path = project(t, FILES);
  assert.match(
    configured(path, {}),
    /no private key for default.*\n.*not found in ENVSEAL_PRIVATE_KEY or \.env\.keys/s,
  );
  write(path, { keys: `ENVSEAL_PRIVATE_KEY=${key.private}\n` });
  assert.equal(configured(path, { ENVSEAL_KEYS_FILE: 'keys' }).A, 'secret');
});

test('config can be preloaded, also by a program in CommonJS', (t) => {
  const path = project(t, { ...FILES, ...KEYS, 'app.cjs': 'console.log(process.env.A)' });
  const run = execFileSync(process.execPath, ['--import', 'envseal/config', 'app.cjs'], {
    cwd: path,
    encoding: 'utf8',
  });
  assert.equal(run, 'secret\n');
});

test('processes and workers started by the program inherit the values, and no key', (t) => {
  const child =
    "import 'envseal/config'; console.log(process.env.A, Object.keys(process.env).filter((name) => /KEY/.test(name)));";
  const parent = `import 'envseal/config';
    import { execFileSync } from 'node:child_process';
    import { Worker } from 'node:worker_threads';
    process.stdout.write(execFileSync(process.execPath, ['child.mjs']));
    new Worker('./child.mjs', { execArgv: [] });`;
  const path = project(t, { ...FILES, 'child.mjs': child });
  const run = node(parent, { cwd: path, env: { ENVSEAL_PRIVATE_KEY_PRODUCTION: production.private } });
  assert.equal(run.out, 'live []\nlive []\n', run.err);
});

test('config leaves what load has loaded', (t) => {
  const path = project(t, { ...FILES, ...KEYS });
  const program = "import { load } from 'envseal'; load({ env: 'production' }); await import('envseal/config');";
  const run = node(`${program} console.log(process.env.A, process.env.PORT)`, { cwd: path });
  assert.equal(run.out, 'live undefined\n', run.err);
});

test('load takes environments or files, and lets them win if asked', (t) => {
  const path = project(t, { ...FILES, ...KEYS });
  const loaded = (options, env) => {
    const run = node(
      `import { load } from 'envseal'; const set = load(${options}); console.log(JSON.stringify([set, process.env.A]))`,
      { cwd: path, env },
    );
    return run.status === 0 ? JSON.parse(run.out) : run.err;
  };
  assert.deepEqual(loaded("{ env: 'production' }"), [{ A: 'live', C: '' }, 'live']);
  assert.deepEqual(loaded("{ env: ['production', 'default'] }", { A: 'own' }), [
    { C: '', B: 'plain own', PORT: '1' },
    'own',
  ]);
  assert.deepEqual(loaded("{ files: ['?.env.local', '.env'], override: true }", { A: 'own' })[1], 'secret');
  assert.deepEqual(loaded("{ files: ['.env', '.env.production'], override: true }")[1], 'live');
  assert.match(loaded("{ files: '.env', env: 'production' }"), /not both/);
});
