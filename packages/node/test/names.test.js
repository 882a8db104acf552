// File names: which are env files, and of which environment, as the binary says.

import assert from 'node:assert/strict';
import test from 'node:test';

import { environmentOf, keyName } from '../src/files.js';
import { choices, envseal, folder, keyPair, NO_BINARY, SEED, write } from './support.js';

// src/config.rs has these in its tests.
const NAMES = `.env|.ENV|.env.production|.env.Production|production.env|.env.production.local|.env.default|Default.env|.env.a=b|
  a=b.env|.env.a,b|.env.a\\b|.env.production |.env.ſtaging|.env.|.env.example|example.env|.env.example.docker|a.dist.env|
  .env.production.SAMPLE|.env.schema|.env.template.local|.env.bak|.env.BAK|.env.old|.env~|.env.save.1|.env.swp|#.env#|
  .#.env|.~lock..env#|.env.~1~|.env.bak.production|.env.bak2|.env.bak-2024-01-31|.env.backup_20240131T120000Z|.env.bakx|
  production.env.bak|.production.env.swp|..env.swp|production.bak.env|.env copy|.env - Copy (2)|.env (1)|a (1).env~|
  .env-e|.env.un~|.env_BACKUP_123|.env_LOCAL_1.production|.env___jb_tmp___|.env.keys|.ENV.keys|.env.keys.bak|.env.rej|
  .env.sync-conflict-20240131-120000-ABCDEF7|.env.vault|.env.production.gpg|.env.d.ts|.env.JSON|.env.tar.gz|.env.json~|
  backup.env|old.env|vault.env|json.env|keys.env|.env.examples|.env.my-example|.env.backup-eu|.env.json.local|.env.sh|
  .env.my_local|.env.copycat|env|.envrc|.env-example|a.environment|.env.productıon|.env.\u212a|.env.prod\u200b|.env.prоd|
  .env.ｐrod|.env. prod|.env.é|größe.env|.env.gro\u0308ße|.env.straße|.env.производство|.env.생산|
  .env.\u1112\u1161\u11ab|.env.生产|a b.env|.env.my env%`;

// What a random name is made of: more of what means something.
const PARTS = [
  ...[
    '.env',
    '.env',
    '.',
    'env',
    'a',
    'prod',
    'local',
    'bak',
    'example',
    'keys',
    'json',
    'default',
    'copy',
    'tmp',
    '1',
    '2024',
  ],
  ...[
    '~',
    '#',
    '-e',
    ' ',
    ' (',
    ' copy',
    '_',
    '_BACKUP_',
    '-',
    'é',
    'ß',
    'İ',
    'ﬁ',
    'ſ',
    '\u0301',
    'я',
    '生',
    '³',
    '\u200b',
    '=',
    '\\',
  ],
];

test('the binary takes the same names', { skip: NO_BINARY }, (t) => {
  const { below, pick, times } = choices(SEED);
  const random = times(200, () => times(1 + below(5), () => pick(PARTS)).join(''));
  const key = keyPair();
  for (const name of [...NAMES.split(/\|\n? */), ...random.filter((name) => !/^(\.+|-.*)$/.test(name))]) {
    let own;
    try {
      own = keyName('PUBLIC', environmentOf(name));
    } catch (error) {
      assert.equal(error.code, 'ENVSEAL_MALFORMED');
    }
    // The binary takes a public key of the right name only.
    const path = folder(t);
    write(path, { [name]: `${own ?? 'ENVSEAL_PUBLIC_KEY'}=${key.public}\nA=1\n` });
    const run = envseal(['get', 'A', '-f', `./${name}`], { cwd: path });
    assert.equal(run.status === 0, own !== undefined, `SEED=${SEED}: ${JSON.stringify(name)} is ${own}: ${run.stderr}`);
  }
});
