// The lookup of a private key: given by the program, in the environment, in the keys file. docs/files.md, "Private keys".
// The key command and grants are not looked into: the first starts a program, the second needs an identity.

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

import { looksLikePrivateKey, parseStoredKey, Refusal } from './crypto.js';
import { read, trimmed, utf8 } from './dialect.js';
import { EnvsealError, hint } from './error.js';
import { exists, injectedKeyNames, isKeysFile, KEYS_FILE, keyName, parsed, valueIn } from './files.js';

/** No place has the private key. Each value that needs it fails with this reason. */
export class NoPrivateKey {
  constructor(message, details, hint) {
    Object.assign(this, { message, details, hint });
  }
}

/**
 * Returns the private key of an env file's public key, or NoPrivateKey. Throws if a place is not as it should be.
 * `given` are texts of private keys, `keysFile` is the path of a keys file that is taken as it is, `env` the environment.
 */
export function findPrivateKey({ environment, publicKey, folder }, { given, keysFile, env }) {
  const variable = keyName('PRIVATE', environment);
  const [empty, details] = [[], []];
  let keysFileName;
  for (const [place, keys, holds] of places()) {
    const key = keys.find((key) => key.public.text === publicKey.text);
    if (key?.locked) throw lockedKey(place, publicKey);
    if (key) return key;
    if (keys.length) details.push(`${holds} key ${keys.map((key) => key.public.id).join(', ')}`);
    else empty.push(place);
  }
  if (empty.length) details.unshift(`not found in ${empty.join(' or ')}`);
  if (valueIn(env, 'ENVSEAL_KEY_COMMAND')) details.push('only the envseal command runs ENVSEAL_KEY_COMMAND');
  const message = `no private key for ${environment} (key ${publicKey.id})`;
  return new NoPrivateKey(message, ...searchResult());

  /** Yields each place, lazily: its name, its keys, and the words before the ids of other keys. */
  function* places() {
    if (given.length) {
      const place = 'the keys given by the program';
      yield [place, given.flatMap((text) => parsedKeys(text, 'a key given by the program')), 'the program gave'];
    }
    yield [variable, injectedKeys(environment, env), `${variable} holds`];
    for (const path of keysFile ? [keysFile] : foundKeysFiles(folder)) {
      const name = keysFile ?? shown(path);
      keysFileName ??= name;
      yield [name, keysInFile(path, name, environment, !keysFile), `${variable} in ${name} holds`];
    }
    if (!keysFileName) yield [KEYS_FILE, [], ''];
  }

  /** Returns the details and the hint of a search without success. */
  function searchResult() {
    const other = injectedKeyNames(env).find(
      (name) => name !== variable && storedKeys(valueIn(env, name))?.some((key) => key.public.text === publicKey.text),
    );
    if (other) {
      const lines = [...details, `${other} holds this key, which is ${variable} by name`];
      return [lines, hint`give it its own name: export ${variable}=$(printenv ${other})`];
    }
    // The place is right, and the key is another one's.
    if (valueIn(env, variable) !== undefined) return [details, showKeyHint(environment)];
    const team = grantingFile(folder, publicKey);
    if (team) {
      const lines = [...details, `${shown(team)} grants it, but only the envseal command can use a grant`];
      return [lines, hint`envseal run -e ${environment} -- CMD`];
    }
    return [
      details,
      hint`request access: envseal team request; or put the private key of ${environment} in ${keysFileName ?? KEYS_FILE} as ${variable}`,
    ];
  }
}

function lockedKey(place, publicKey) {
  return new EnvsealError('ENVSEAL_NO_KEY', `key ${publicKey.id} in ${place} is locked with a passphrase`, {
    hint: 'the envseal command unlocks it: envseal run -- CMD',
  });
}

/** Reads a comma-separated list of private keys, newest first. Undefined if it is none. */
function storedKeys(text) {
  try {
    return text.split(',').map((key) => parseStoredKey(trimmed(key)));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Reads such a list. `what` says where it is, for the error. */
function parsedKeys(text, what, hint) {
  try {
    return text.split(',').map((key) => parseStoredKey(trimmed(key)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw malformed(`${what} is not a private key: ${error.message}`, hint);
  }
}

function showKeyHint(environment) {
  const variable = keyName('PRIVATE', environment);
  return environment === 'default'
    ? hint`set ${variable} to what this prints where the key is: envseal key show --private`
    : hint`set ${variable} to what this prints where the key is: envseal key show --private -e ${environment}`;
}

function malformed(summary, hint) {
  return new EnvsealError('ENVSEAL_MALFORMED', summary, { hint });
}

function injectedKeys(environment, env) {
  const variable = keyName('PRIVATE', environment);
  const text = valueIn(env, variable);
  if (text === undefined) return [];
  if (text === '') {
    const what = `${variable} is set in the environment, but empty`;
    throw malformed(what, `give this job the key as ${variable}, or leave the variable unset: env -u ${variable} …`);
  }
  const inner = text
    .split('=')
    .at(-1)
    .replace(/["' \n\r]/g, '');
  const isOne = countKeys(text) === countKeys(inner);
  if (!storedKeys(text) && inner !== text && isOne && storedKeys(inner)) {
    const what = `${variable} in the environment is a private key with other text around it`;
    throw malformed(
      what,
      `leave the key alone in it: export ${variable}=$(printenv ${variable} | grep -o 'envseal-[sl]k1-[A-Za-z0-9_,-]*')`,
    );
  }
  return parsedKeys(text, `${variable} in the environment`, showKeyHint(environment));
}

const countKeys = (text) => text.split(/envseal-[sl]k1-/).length;

// The keys file

/** Returns an environment's keys in the file at `path`, and its bare keys. It must belong to this user or root. */
function keysInFile(path, name, environment, wasFound) {
  const variable = keyName('PRIVATE', environment);
  const { entries, strays } = parsed(name, keysFileText(path, name, wasFound));
  const named = entries.filter((entry) => entry.name === variable);
  const bare = strays
    .map(({ text, line }) => ({ text: trimmed(utf8(text) ?? ''), line }))
    .filter(({ text }) => looksLikePrivateKey(text));
  return [
    ...named.flatMap(({ source, line }) =>
      parsedKeys(utf8(read(source).value) ?? '', `${variable} in ${name}:${line}`, showKeyHint(environment)),
    ),
    ...bare.flatMap(({ text, line }) => parsedKeys(text, `${name}:${line}`)),
  ];
}

function keysFileText(path, name, wasFound) {
  try {
    const stat = statSync(path);
    if (process.geteuid && stat.uid !== 0 && stat.uid !== process.geteuid()) {
      throw new EnvsealError('ENVSEAL_REFUSED', `${name} belongs to another user`, {
        hint: hint`if you trust it: sudo chown "$(id -u)" ${name}`,
      });
    }
    if (stat.isFile() || (stat.isFIFO() && !wasFound)) return readFileSync(path, 'latin1');
    throw new EnvsealError('ENVSEAL_IO', `cannot read ${name}: it is not a regular file`);
  } catch (error) {
    if (error instanceof EnvsealError) throw error;
    const why = error.code === 'ENOENT' ? 'it does not exist' : error.code;
    // A program that does without a missing env file must not do without its keys.
    throw new EnvsealError('ENVSEAL_NO_KEY', `cannot read ${name}: ${why}`, {
      hint: 'see where your keys are: envseal key list',
    });
  }
}

/** Yields the nearest keys file up to the git root, and then that of the main worktree. Outside git, only one beside. */
function* foundKeysFiles(folder) {
  const nearest = nearestIn(folder, keysFileIn);
  if (nearest) yield nearest;
  const main = folderInMainWorktree(folder);
  const shared = main && nearestIn(main, keysFileIn);
  if (shared) yield shared;
}

function keysFileIn(folder) {
  if (exists(join(folder, KEYS_FILE))) return join(folder, KEYS_FILE);
  try {
    const [name] = readdirSync(folder).filter(isKeysFile).sort();
    return name === undefined ? undefined : join(folder, name);
  } catch {
    return undefined;
  }
}

/** Returns the path as seen from the working directory, if it is below; otherwise as it is. */
function shown(path) {
  const below = relative(process.cwd(), path);
  return below.startsWith('..') ? path : below;
}

// Git

/** Returns what `find` returns for a folder or the nearest one above it, up to the git root. */
function nearestIn(folder, find) {
  const root = gitRoot(folder) ?? folder;
  for (const at of ancestors(folder)) {
    const found = find(at);
    if (found !== undefined || at === root) return found;
  }
  return undefined;
}

function* ancestors(folder) {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}

/** Returns the nearest folder upward that is the root of a worktree; undefined outside git. */
function gitRoot(folder) {
  const ceilings = (process.env.GIT_CEILING_DIRECTORIES ?? '').split(process.platform === 'win32' ? ';' : ':');
  for (const at of ancestors(folder)) {
    if (at !== folder && ceilings.includes(at)) return undefined;
    if (isGitRoot(at)) return at;
  }
  return undefined;
}

function isGitRoot(folder) {
  const git = join(folder, '.git');
  const stat = statSync(git, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.isFile() ?? false;
  // Git passes over an empty folder; one that lacks only one of these is a damaged repository.
  return ['HEAD', 'objects', 'refs'].filter((name) => exists(join(git, name))).length > 1;
}

/** Returns the folder of the main worktree that corresponds to one in a linked worktree (gitrepository-layout(5)). */
function folderInMainWorktree(folder) {
  try {
    const root = gitRoot(folder);
    if (!root || !statSync(join(root, '.git')).isFile()) return undefined;
    const named = /^gitdir:(.*)/s.exec(readFileSync(join(root, '.git'), 'utf8'))?.[1].trim();
    const gitDir = realpathSync(resolve(root, named));
    const leadsTo = (name) => realpathSync(resolve(gitDir, readFileSync(join(gitDir, name), 'utf8').trim()));
    const common = leadsTo('commondir');
    // Anybody can write a `.git` file that leads to somebody else's repository, so that one must name this worktree too.
    const isNamed =
      dirname(gitDir) === join(common, 'worktrees') && leadsTo('gitdir') === realpathSync(join(root, '.git'));
    if (!isNamed || basename(common) !== '.git') return undefined;
    const main = dirname(common);
    const wanted = join(main, relative(realpathSync(root), realpathSync(folder)));
    return [...ancestors(wanted)].find((at) => (at + sep).startsWith(main + sep) && exists(at) && gitRoot(at) === main);
  } catch {
    return undefined;
  }
}

/** Returns the team file that holds for a folder if a line of it grants this key to anybody. */
function grantingFile(folder, publicKey) {
  const path = nearestIn(folder, (at) => (exists(join(at, 'envseal.toml')) ? join(at, 'envseal.toml') : undefined));
  try {
    const grant = new RegExp(`key *= *"${publicKey.text}".*grant *=`);
    return path && grant.test(readFileSync(path, 'utf8')) ? path : undefined;
  } catch {
    return undefined;
  }
}
