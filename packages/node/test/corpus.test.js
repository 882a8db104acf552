// The corpus: files of other tools' test suites, read as the binary reads them. ENVSEAL_CORPUS names the folder.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { loadEnvFile } from '../src/files.js';
import { readValues } from '../src/values.js';
import { envseal, folder, NO_BINARY, ROOT } from './support.js';

const corpus = process.env.ENVSEAL_CORPUS ?? join(ROOT, '../shared/corpus');
const names = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.endsWith('.env')) : [];
const skip = names.length === 0 ? `no corpus at ${corpus}` : NO_BINARY;

test('the corpus is read as the binary reads it', { skip }, async (t) => {
  for (const name of names) {
    await t.test(name, (t) => {
      const text = readFileSync(join(corpus, name), 'latin1');
      const refused = compare(t, text);
      // What only one line is refused for is compared without it.
      const lines = text.split('\n').filter((_, at) => !refused.has(at + 1));
      if (refused.size) assert.equal(compare(t, lines.join('\n')).size, 0);
    });
  }
});

/** Compares all values. Returns the numbers of the lines that both refuse. */
function compare(t, text) {
  const path = join(folder(t, { '.env': text }), '.env');
  const run = envseal(['get', '-f', path, '--format', 'json']);
  const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
  const read = () => readValues([loadEnvFile(path)], 'get', { given: [], env });
  if (run.status === 0) {
    const values = [...read()].map(([name, { value }]) => [name, Buffer.from(value, 'latin1').toString()]);
    assert.deepEqual(Object.fromEntries(values), JSON.parse(Buffer.from(run.stdout, 'latin1').toString()));
    return new Set();
  }
  const lines = (message) => [...message.matchAll(/\.env:(\d+)/g)].map(([, line]) => Number(line));
  assert.throws(read, ({ message }) => {
    assert.deepEqual(lines(message), lines(run.stderr));
    return true;
  });
  return new Set(lines(run.stderr));
}
