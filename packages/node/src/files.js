// Env files: which names they have, which of them are read, and what is in one. docs/files.md, "Names" and "Which files a
// command uses".

import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { parsePublicKey, Refusal } from './crypto.js';
import { conflictMarker, parse, read } from './dialect.js';
import { EnvsealError, hint, ioError } from './error.js';

export const KEYS_FILE = '.env.keys';
/** The variable that says in which folder values were loaded. */
export const LOADED = 'ENVSEAL_LOADED';
const DEFAULT = 'default';

// Names of files

// Any of these between dots marks a template.
const TEMPLATE_PARTS = ['dist', 'example', 'sample', 'schema', 'template'];
// Any of these after a dot marks a copy, also with a number or a date at the end.
const COPY_PART =
  /^(?:(?:backup|bak|bkp|copy|old|orig|previous|rej|save|swm|swn|swo|swp|swx|temp|tmp)(?:[\d\-_:][\d\-_:tz]*)?|sync-conflict-.*|~\d*)$/s;
// Suffixes that file managers, browsers, editors and `git mergetool` give to copies.
const COPY_ENDS = [' - copy', ' copy', ' (', '___jb_'];
const MERGE_ENDS = ['_backup_', '_base_', '_local_', '_remote_'];
// Suffixes of `.env.…` for files of other tools and kinds.
const FOREIGN_ENDS = new Set(
  `keys me vault asc gpg pgp sig age sops ejson enc 7z bz2 gz rar tar tbz2 tgz txz xz zip zst json json5 jsonc toml xml
   yaml yml cjs cts dart go java js jsx kt mjs mts php py rb ts tsx ctmpl erb gotmpl hbs j2 jinja lock mustache tmpl tpl`.split(
    /\s+/,
  ),
);

/** Returns the environment of the env file at `path`, by its name alone. Throws for another file. */
export function environmentOf(path) {
  const { environment, why } = roleOf(basename(path));
  if (environment) return environment;
  throw new EnvsealError('ENVSEAL_MALFORMED', `${path} is not an env file: ${why}`);
}

/** Returns the environment of an env file, or why the file is none. */
function roleOf(name) {
  if (isKeysFile(name)) return { why: 'by its name it is the keys file' };
  const lower = asciiLower(name);
  if (lower === '.env') return { environment: DEFAULT };
  const original = originalOf(lower);
  const stem = stemOf(original);
  if (stem === undefined) return { why: 'envseal works on .env, .env.NAME and NAME.env' };
  if (stem.split('.').some((part) => TEMPLATE_PARTS.includes(part))) return { why: 'by its name it is a template' };
  if (original.startsWith('.env.') && FOREIGN_ENDS.has(stem.split('.').at(-1)) && original !== KEYS_FILE) {
    return { why: 'by its name it belongs to another tool, or is another kind of file' };
  }
  if (original !== lower) return { why: 'by its name it is a copy' };
  const environment = environmentNamed(stemOf(name));
  if (environment === DEFAULT) return { why: '`default` is the environment of .env' };
  return environment ? { environment } : { why: 'its name is not a valid environment name' };
}

/** Returns the environment of this name in lower case; undefined if the name is not valid. */
function environmentNamed(name) {
  const bad = name === '' || /^[. ]|[. ]$|[\p{Cc}/\\=,]/u.test(name) || looksLikeAnother(name);
  return bad ? undefined : name.toLowerCase();
}

/** Returns true if a name can pass for another one by letter case, invisible characters or another script's letters. */
function looksLikeAnother(name) {
  const hasLatin = /[A-Za-z]/.test(name);
  return [...name].some((c) => {
    if (c <= '\x7f') return false;
    const becomesAscii = /[\0-\x7f]/.test(c.toUpperCase() + c.toLowerCase()) && c !== 'ß';
    // An accent that is stored apart from its letter, or a part of a Hangul syllable.
    const isPart = /[\u0300-\u036f\u1100-\u11ff]/.test(c);
    const isLatin = /[\u00c0-\u024f\u1e00-\u1eff]/.test(c);
    return becomesAscii || isPart || !/[\p{Alphabetic}\p{N}]/u.test(c) || (hasLatin && !isLatin);
  });
}

/** Returns the part of a name before or after `.env`; undefined for names that don't resemble an env file's. */
function stemOf(name) {
  const lower = asciiLower(name);
  if (lower === '.env') return '';
  if (lower.startsWith('.env.')) return name.slice(5);
  return lower.endsWith('.env') ? name.slice(0, -4) : undefined;
}

/** Returns the name of the file that this one is a copy of, or the name itself. `name` is in lower case. */
function originalOf(name) {
  for (const start of ['.~lock.', '.#', '#']) if (name.startsWith(start)) name = name.slice(start.length);
  name = name.replace(/(?<![#~])[#~]+$/, '');
  for (const end of [...COPY_ENDS, ...MERGE_ENDS]) {
    const at = name.indexOf(end);
    if (at < 0 || stemOf(name.slice(0, at)) === undefined) continue;
    if (COPY_ENDS.includes(end) || /^\d/.test(name.slice(at + end.length))) name = name.slice(0, at);
  }
  // `sed -i -e` on macOS.
  if (name.endsWith('-e') && name.slice(0, -2).split('.').at(-1) === 'env') name = name.slice(0, -2);
  let isBehind = false;
  const kept = name.split('.').filter((part, at) => {
    isBehind = (at > 0 && COPY_PART.test(part)) || (isBehind && /^\d*$/.test(part));
    return !isBehind;
  });
  return kept.join('.');
}

/** Returns true for a keys file, also under a name that some file systems treat alike. */
export function isKeysFile(name) {
  if (name === KEYS_FILE) return true;
  const visible = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '');
  return (
    visible
      .toUpperCase()
      .toLowerCase()
      .replace(/(?<![. ])[. ]+$/, '') === KEYS_FILE
  );
}

/** In ASCII only, because in Unicode the Kelvin sign becomes `k`. */
const asciiLower = (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Returns the name of the variable of an environment's key, `PUBLIC` or `PRIVATE`. */
export function keyName(kind, environment) {
  const suffix = environment === DEFAULT ? '' : `_${environment.toUpperCase().replace(/[^A-Z0-9]/gu, '_')}`;
  return `ENVSEAL_${kind}_KEY${suffix}`;
}

const isKeyName = (kind, name) => name === `ENVSEAL_${kind}_KEY` || name.startsWith(`ENVSEAL_${kind}_KEY_`);

/** Returns the value of a variable in an environment, which may be process.env; undefined if it is not set. */
export function valueIn(env, name) {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

/** Returns true for a variable that belongs to envseal. */
export function isOwnName(name) {
  return (process.platform === 'win32' ? name.toUpperCase() : name).startsWith('ENVSEAL_');
}

// Which files are read

/**
 * Returns the files that `envseal run` reads by default: that of ENVSEAL_ENV; otherwise those whose private keys are in the
 * environment, in byte order; otherwise .env.
 */
export function defaultFiles(env) {
  const named = valueIn(env, 'ENVSEAL_ENV');
  if (named) return [fileOf(named, 'ENVSEAL_ENV')];
  const injected = injectedKeyNames(env);
  if (injected.length === 0) return ['.env'];
  const here = envFilesIn('.');
  const files = injected.flatMap((variable) => {
    const found = here.filter((name) => keyName('PRIVATE', environmentOf(name)) === variable);
    if (found.length) return found;
    throw new EnvsealError('ENVSEAL_NOT_FOUND', `${variable} is set, but no env file here belongs to it`, {
      hint:
        variable === 'ENVSEAL_PRIVATE_KEY_DEFAULT'
          ? 'set the key of .env as ENVSEAL_PRIVATE_KEY'
          : 'start the program in the folder of the env file, or name the files',
    });
  });
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Returns the names of the private keys in the environment, sorted. */
export function injectedKeyNames(env) {
  return Object.keys(env)
    .filter((name) => isKeyName('PRIVATE', name))
    .sort();
}

/** Returns an environment's file in this folder: the one that exists, else the usual name. `from` says who named it. */
export function fileOf(name, from) {
  const environment = environmentNamed(name);
  if (!environment) {
    const what = `${from} is ${JSON.stringify(name)}, which isn't a valid environment name`;
    throw new EnvsealError('ENVSEAL_MALFORMED', what);
  }
  const usual = environment === DEFAULT ? ['.env'] : [`.env.${environment}`, `${environment}.env`];
  const there = usual.filter((path) => roleOf(path).environment && exists(path));
  const other = () => envFilesIn('.').find((path) => environmentOf(path) === environment);
  const path = there[0] ?? other() ?? usual[0];
  environmentOf(path);
  return path;
}

function envFilesIn(folder) {
  try {
    return readdirSync(folder).filter((name) => roleOf(name).environment);
  } catch {
    return [];
  }
}

/** Returns true if there is an entry at `path`, also a symlink that leads nowhere. */
export function exists(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

// What is in a file

/**
 * Loads the env file at `path`. A symlink to an env file has the environment and the keys of that file. Throws for a file
 * with a merge-conflict marker, beside a file of the same key name, or without one valid public key of its own.
 */
export function loadEnvFile(path) {
  const own = environmentOf(path);
  const { environment, folder } = readAs(path, own);
  const text = readRegular(path);
  refuseTwin(path, own);
  const { entries, strays } = parsed(path, text);
  const marker = conflictMarker(text, strays);
  if (marker) {
    throw new EnvsealError('ENVSEAL_REFUSED', `${path}:${marker} contains a merge-conflict marker`, {
      hint: hint`resolve the merge first: envseal edit -f ${path} && git add ${path}`,
    });
  }
  return {
    path,
    environment,
    folder,
    publicKey: publicKeyIn(path, environment, entries),
    variables: entries.filter((entry) => !isOwnName(entry.name)),
  };
}

/** Parses a text, whose file is named in the error. */
export function parsed(path, text) {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new EnvsealError('ENVSEAL_MALFORMED', `${path}: ${error.message}`);
  }
}

/** Returns the bytes of a regular file, or of one that a symlink leads to, as a byte string. */
export function readRegular(path) {
  try {
    if (statSync(path).isFile()) return readFileSync(path, 'latin1');
  } catch (error) {
    throw ioError(path, 'read', error);
  }
  throw new EnvsealError('ENVSEAL_IO', `cannot read ${path}: it is not a regular file`, {
    hint: hint`envseal reads pipes: envseal run -f ${path} -- CMD`,
  });
}

/** Returns the environment by which a file is read, and the real folder that its keys are looked for from. */
function readAs(path, environment) {
  const absolute = resolve(path);
  const folder = realFolder(dirname(absolute));
  try {
    if (!lstatSync(path).isSymbolicLink()) return { environment, folder };
    const target = realpathSync(path);
    const ofTarget = roleOf(basename(target)).environment;
    return ofTarget ? { environment: ofTarget, folder: dirname(target) } : { environment, folder };
  } catch {
    return { environment, folder };
  }
}

function realFolder(folder) {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Throws if a file beside this one has the same key name: `.env.x` and `x.env`, `.env.a.b` and `.env.a_b`. */
function refuseTwin(path, environment) {
  const variable = keyName('PUBLIC', environment);
  const folder = dirname(path);
  const twin = envFilesIn(folder).find(
    (name) => name !== basename(path) && keyName('PUBLIC', environmentOf(name)) === variable,
  );
  if (!twin) return;
  const second = join(folder, twin);
  throw new EnvsealError(
    'ENVSEAL_REFUSED',
    `${path} and ${second} are side by side, but share the key name ${variable}`,
    {
      hint: hint`keep one of the two: git mv ${second} …, or merge ${path} into it`,
    },
  );
}

function publicKeyIn(path, environment, entries) {
  const wanted = keyName('PUBLIC', environment);
  let key;
  for (const { name, source, line } of entries.filter((entry) => isKeyName('PUBLIC', entry.name))) {
    const history = hint`see when it changed: git log -p -- ${path}`;
    const malformed = (what) => new EnvsealError('ENVSEAL_MALFORMED', `${path}:${line} ${what}`, { hint: history });
    if (name !== wanted) throw malformed(`has ${name}, but this file's public key is ${wanted}`);
    if (key) throw malformed(`has ${wanted} a second time`);
    try {
      key = parsePublicKey(read(source).value);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw malformed(`${wanted} is not a public key: ${error.message}`);
    }
  }
  return key;
}
