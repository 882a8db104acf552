// tests/vectors: what must open does, and what must be refused is, for the reason that the vector names.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Opener, parseLockedKey, parsePrivateKey, parsePublicKey, parseToken, Refusal } from '../src/crypto.js';
import { ROOT } from './support.js';

const folder = join(ROOT, 'tests/vectors');
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

test('there are vectors', () => assert.ok(names.length >= 210));

for (const name of names) {
  const file = readFileSync(join(folder, name), 'latin1');
  const blank = file.indexOf('\n\n');
  const headers = Object.fromEntries(
    file
      .slice(0, blank)
      .split('\n')
      .map((line) => line.split(/: (.*)/s)),
  );
  const text = file.slice(blank + 2).replace(/\n$/, '');
  test(name, { skip: beyond(headers) }, () => {
    const found = outcome(headers, text);
    for (const [key, value] of Object.entries(found)) assert.equal(value, headers[key] ?? '', key);
  });
}

/** Says what the package leaves to the binary; false for the rest. */
function beyond({ type, expect }) {
  if (type === 'grant') return 'grants are left to the binary';
  const needsArgon2 = ['success', 'error: locked-passphrase', 'error: locked-damaged', 'error: locked-key'];
  return type === 'locked-key' && needsArgon2.includes(expect) ? 'unlocking is left to the binary' : false;
}

/** Returns what the vector comes to, in the words of its own headers. */
function outcome(headers, text) {
  try {
    switch (headers.type) {
      case 'public-key': {
        const { bytes, id } = parsePublicKey(text);
        return { expect: 'success', 'public-hex': bytes.toString('hex'), 'key-id': id };
      }
      case 'private-key': {
        const { bytes, id } = parsePrivateKey(text).public;
        return { expect: 'success', 'public-hex': bytes.toString('hex'), 'key-id': id };
      }
      case 'locked-key':
        parseLockedKey(text);
        return { expect: 'success' };
      default: {
        const token = parseToken(text);
        const { kind, bytes } = new Opener(parsePrivateKey(headers['private-key'])).open(headers.name, token);
        const plaintext = Buffer.from(bytes, 'latin1').toString('hex');
        return { expect: 'success', kind, 'plaintext-hex': plaintext, refs: token.refs };
      }
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { expect: `error: ${error.step}` };
  }
}
