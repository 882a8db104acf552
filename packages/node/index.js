// Reads env files with sealed values. Only decrypts, and writes nothing: README.md

import { fileURLToPath } from 'node:url';

import { utf8 } from './src/dialect.js';
import { EnvsealError } from './src/error.js';
import { defaultFiles, environmentOf, exists, fileOf, isOwnName, LOADED, loadEnvFile, valueIn } from './src/files.js';
import { readValues } from './src/values.js';

export { EnvsealError };

/** Returns the values of an env file, or of several, of which the earlier wins. See index.d.ts. */
export function open(path, options = {}) {
  const { encoding = 'utf8' } = options;
  if (encoding !== 'utf8' && encoding !== 'buffer') throw new TypeError("encoding must be 'utf8' or 'buffer'");
  const values = readValues(filesAt(path), 'get', sources(options));
  return valuesObject(values, encoding === 'utf8' ? asText : ({ value }) => Buffer.from(value, 'latin1'));
}

/** Sets variables of the process from env files, as `envseal run` does. See index.d.ts. */
export function load(options = {}) {
  const { files, env, override = false } = options;
  if (files !== undefined && env !== undefined) throw new TypeError('name files or environments, not both');
  const named = env === undefined ? (files ?? defaultFiles(process.env)) : list(env).map((name) => fileOf(name, 'env'));
  const values = readValues(filesAt(named), override ? 'overload' : 'run', sources(options));
  const texts = valuesObject(values, asVariable);
  // From here on nothing fails.
  for (const [name, text] of Object.entries(texts)) process.env[name] = text;
  for (const name of Object.keys(process.env).filter(isOwnName)) delete process.env[name];
  process.env[LOADED] = process.cwd();
  return texts;
}

/** Loads env files. `?FILE` may be missing. */
function filesAt(paths) {
  return list(paths).flatMap((given) => {
    const path = given instanceof URL ? fileURLToPath(given) : given;
    if (typeof path !== 'string' || path === '') throw new TypeError('a path must be a string or a file: URL');
    if (given instanceof URL || !path.startsWith('?')) return [loadEnvFile(path)];
    const optional = path.slice(1);
    environmentOf(optional);
    return exists(optional) ? [loadEnvFile(optional)] : [];
  });
}

/** Returns the places where private keys are looked for, and values of names that no file sets. */
function sources({ keys = [], keysFile = valueIn(process.env, 'ENVSEAL_KEYS_FILE') }) {
  const given = list(keys);
  if (!given.every((key) => typeof key === 'string')) throw new TypeError('keys must be strings');
  const path = keysFile instanceof URL ? fileURLToPath(keysFile) : keysFile;
  return { given, keysFile: path || undefined, env: process.env };
}

const list = (one) => (Array.isArray(one) ? one : [one]);

function valuesObject(values, convert) {
  const object = Object.create(null);
  for (const [name, slot] of values) object[name] = convert(slot);
  return object;
}

function asText(slot) {
  const text = utf8(slot.value);
  if (text === undefined) {
    throw unfit(slot, 'the value is not UTF-8', "for bytes: open(path, { encoding: 'buffer' })");
  }
  return text;
}

function asVariable(slot) {
  const text = utf8(slot.value);
  if (text === undefined) {
    throw unfit(
      slot,
      "the value is not UTF-8, which process.env can't hold",
      'start the program with it: envseal run -- CMD',
    );
  }
  if (text.includes('\0')) {
    throw unfit(
      slot,
      "the value contains a NUL byte, which environment variables can't hold",
      'for its bytes: open(path)',
    );
  }
  return text;
}

function unfit({ path, line, name }, what, hint) {
  return new EnvsealError('ENVSEAL_REFUSED', `${path}:${line} ${name}: ${what}`, { hint });
}
