// The names that run code: the same as the binary's table, and as its tests in src/dotenv/reserved.rs read it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { readTable, rendered } from '../generate-reserved.js';
import { whyReserved } from '../src/reserved.js';
import { PACKAGE } from './support.js';

test('the data file is that of the binary', () => {
  const text = readFileSync(join(PACKAGE, 'src/reserved-names.js'), 'utf8');
  assert.equal(text, rendered(), 'out of date: node generate-reserved.js');
});

test('every name that runs code is reserved, and none that redirects', () => {
  for (const [tier, names, why] of readTable()) {
    for (const name of names) {
      assert.equal(whyReserved(name.replace('*', 'X')), tier === 'runs' ? why : undefined, name);
    }
  }
});

test('spellings', () => {
  const reserved = `GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 Npm_Config_script-Shell npm_config_init.module
    PNPM_CONFIG_SCRIPT_SHELL yarn_yarn_path CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER DYLD_INSERT_LIBRARIES`;
  for (const name of reserved.split(/\s+/)) assert.ok(whyReserved(name), name);
  assert.equal(whyReserved('Path') !== undefined, process.platform === 'win32');
  const free = ['', 'É', 'éNPM', 'A'.repeat(9999), 'GIT_AUTHOR_NAME', 'DATABASE_PATH', 'LD_PRELOAD2', 'npm_config_'];
  for (const name of [...free, 'constructor', '__proto__', 'PORT', 'YARN_NPM_AUTH_TOKEN']) {
    assert.equal(whyReserved(name), undefined, name);
  }
});
