// The corpus: files of other tools' test suites, read as the binary reads them. ENVSEAL_CORPUS names the folder.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { loadEnvFile } from '../src/files.js';
import { readValues } from '../src/values.js';
import { BINARY, envseal, NO_BINARY, ROOT } from './support.js';

const corpus = process.env.ENVSEAL_CORPUS ?? join(ROOT, '../shared/corpus');
const names = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.endsWith('.env')) : [];
const skip = names.length === 0 ? `no corpus at ${corpus}` : NO_BINARY;

test('the corpus is read as the binary reads it', { skip }, async (t) => {
  for (const name of names) {
    await t.test(name, () => {
      const path = join(corpus, name);
      const run = envseal(['get', '-f', path, '--format', 'json']);
      const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
      const own = () => readValues([loadEnvFile(path)], 'get', { given: [], env });
      if (run.status !== 0) return assert.throws(own, { name: 'EnvsealError' }, `${BINARY} refuses it: ${run.stderr}`);
      const values = [...own()].map(([name, { value }]) => [name, Buffer.from(value, 'latin1').toString()]);
      assert.deepEqual(Object.fromEntries(values), JSON.parse(Buffer.from(run.stdout, 'latin1').toString()));
    });
  }
});
