// The values of some env files: decrypted, expanded and joined, all or none.

import { Opener, parseToken, Refusal } from './crypto.js';
import {
  expand,
  foreignTool,
  isMarkedPlain,
  MalformedReference,
  MissingVariable,
  read,
  references,
  TEXT,
} from './dialect.js';
import { EnvsealError, hint } from './error.js';
import { isOwnName, keyName, valueIn } from './files.js';
import { findPrivateKey, NoPrivateKey } from './keys.js';
import { whyReserved } from './reserved.js';

/**
 * Who wins where several have a name, strongest first: `run` is the process, then the earlier file; `get` the earlier
 * file, then the process; `overload` the later file, then the process. `get` and `overload` take from the process only
 * names that files refer to.
 */
const PRECEDENCES = {
  run: ['process', 'earlier', 'here'],
  get: ['earlier', 'here', 'process'],
  overload: ['here', 'earlier', 'process'],
};

// The bytes that references may bring in, all values together: lines that double each other would fill any memory.
const MAX_BROUGHT_IN = 64 * 1024 * 1024;

/** Why a value can't be decrypted. */
class Failure {
  constructor(code, message, { hint, details = [], isReserved = false, root } = {}) {
    Object.assign(this, { code, message, hint, details, isReserved, root });
  }
}

/**
 * Returns the variables of `files` by name, in the order of the files: each value as a byte string, and whether it was
 * encrypted or depends on a value that was. Throws if one can't be decrypted. Those that the process wins are left out.
 */
export function readValues(files, precedence, sources) {
  const [winners, refused] = [new Map(), []];
  const budget = { left: MAX_BROUGHT_IN };
  for (const file of files) {
    const here = readFile(file, { winners, refused, budget, precedence, sources });
    for (const [name, slot] of here) {
      if (precedence === 'overload' || !winners.has(name)) winners.set(name, slot);
    }
  }
  const failed = [...refused, ...[...winners.values()].filter((slot) => slot.failure)];
  if (failed.length) throw cannotDecrypt(failed);
  return winners;
}

/** Reads one file's variables, top to bottom. */
function readFile(file, { winners, refused, budget, precedence, sources }) {
  const here = new Map();
  const openToken = opener(file, sources);
  for (const entry of file.variables) {
    const { name, line } = entry;
    const overridden =
      (precedence !== 'overload' && winners.has(name)) ||
      (precedence === 'run' && processValue(sources.env, name) !== undefined);
    const why = whyReserved(name);
    // A reserved name is judged also where its value would not be used.
    if (overridden && !why) continue;
    const slot = { name, path: file.path, line, ...valueOf(entry, why) };
    if (slot.failure?.isReserved) refused.push(slot);
    else if (!overridden) here.set(name, slot);
  }
  return here;

  /** Returns { value, sealed } or { failure }. */
  function valueOf(entry, why) {
    const { name, source, comment, line } = entry;
    const token = tokenText(source);
    if (token !== undefined && why) return { failure: reservedAndSealed(file.path, name, why) };
    if (token !== undefined) return opened(name, token, line);
    const { value, expands } = read(source);
    const tool = isMarkedPlain(comment) ? undefined : foreignTool(value);
    if (tool) return { failure: foreign(tool, file.path) };
    const expanded = expandedValue(name, line, value, expands);
    return expanded.dependsOn && why ? { failure: reservedAndDependent(name, expanded.dependsOn) } : expanded;
  }

  function opened(name, text, line) {
    try {
      const token = parseToken(text);
      const found = openToken(name, token);
      if (found instanceof Failure) return { failure: found };
      if (found.kind === 'value') return { value: found.bytes, sealed: true };
      const { value, expands } = read(found.bytes);
      return { ...expandedValue(name, line, value, expands, token.names), sealed: true };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { failure: refusal(error, file.path, name, line) };
    }
  }

  /** Expands a value. `listed` are the names that a sealed value may refer to; a plain one may refer to any. */
  function expandedValue(name, line, text, expands, listed) {
    if (!expands || !text.includes('$')) return { value: text, sealed: false };
    const mayRefer = (name) => !listed || listed.has(name);
    let failure;
    const bring = (value) => {
      budget.left -= value.length;
      if (budget.left >= 0) return value;
      failure ??= new Failure('ENVSEAL_REFUSED', 'the references in these files bring in more than 64 MiB', {
        hint: hint`write ${name} without references, or with fewer`,
      });
      return undefined;
    };
    const lookUpValue = (on) => {
      if (!mayRefer(on)) return TEXT;
      const found = lookUp(on);
      if (!found) return undefined;
      if (!found.failure) return bring(found.value);
      failure ??= dependsOn(found);
      return undefined;
    };
    try {
      // Whichever branch is taken: by another variable it would be another one.
      const isSealed = (on) => mayRefer(on) && (lookUp(on)?.sealed || lookUp(on)?.failure);
      const on = references(text).find(isSealed);
      const value = expand(text, lookUpValue);
      return failure ? { failure } : { value, sealed: on !== undefined, dependsOn: on };
    } catch (error) {
      if (error instanceof MalformedReference) failure = malformedReference(file.path, name);
      else if (error instanceof MissingVariable) failure ??= missingVariable(error, file.path, line);
      else throw error;
      return { failure };
    }
  }

  /** Returns the variable of a name that a value refers to; undefined if nothing sets it. */
  function lookUp(name) {
    // Or a plain `X=${ENVSEAL_PRIVATE_KEY}` would hand the key on.
    if (isOwnName(name)) return undefined;
    const found = {
      process: () => {
        const text = processValue(sources.env, name);
        return text === undefined ? undefined : { value: Buffer.from(text).toString('latin1') };
      },
      earlier: () => winners.get(name),
      here: () => here.get(name),
    };
    for (const place of PRECEDENCES[precedence]) {
      const variable = found[place]();
      if (variable) return variable;
    }
    return undefined;
  }
}

/**
 * Returns the value of a variable of the process; undefined if it is not set. A sealed value counts as not set: Bun, dotenv or
 * `node --env-file` took it from an env file.
 */
function processValue(env, name) {
  const text = valueIn(env, name);
  return text?.startsWith('envseal:') ? undefined : text;
}

/** Returns a function that decrypts the file's sealed values, with a key that is looked for when one is needed. */
function opener(file, sources) {
  let found;
  return (name, token) => {
    const { path, publicKey, environment } = file;
    if (!publicKey) {
      const variable = keyName('PUBLIC', environment);
      const what = `the file has no ${variable}, so nothing says which key it is encrypted with`;
      return new Failure('ENVSEAL_NO_KEY', what, { hint: hint`restore the line: git log -p -- ${path}` });
    }
    // Only values encrypted with the file's own public key are opened.
    if (token.keyId !== publicKey.id) {
      return new Failure('ENVSEAL_CANNOT_DECRYPT', `encrypted with another key: ${token.keyId}`, {
        hint: hint`it was encrypted before the key changed, or moved here; where the older key is: envseal encrypt --reseal -f ${path}`,
      });
    }
    found ??= findPrivateKey(file, sources);
    if (found instanceof NoPrivateKey) return new Failure('ENVSEAL_NO_KEY', found.message, found);
    if (!(found instanceof Opener)) found = new Opener(found);
    return found.open(name, token);
  };
}

/** Returns the text that claims to be a sealed value, or holds one; undefined for any other value. */
function tokenText(source) {
  if (source.startsWith('envseal:')) return source;
  const { quote, value } = read(source);
  if (!value.startsWith('envseal:') && !/envseal:[0-9]+:[\w-]{32}/i.test(value)) return undefined;
  // Behind a backtick it is no sealed value; it fails on the quote.
  return quote === '`' ? source : value;
}

// Failures, each with what to try next. Never `set` for a value that may be whole and only lacks its key.

function refusal({ step, message }, path, name, line) {
  if (step === 'not-sealed') {
    const what = 'a sealed value must be the whole value, exactly as envseal wrote it';
    return new Failure('ENVSEAL_CANNOT_DECRYPT', what, {
      hint: `in line ${line}, remove what is around the sealed value`,
    });
  }
  return new Failure('ENVSEAL_CANNOT_DECRYPT', message, {
    hint:
      step === 'other-name'
        ? hint`see who changed it: git log -p -- ${path}; if a line was renamed or moved by hand, restore its name`
        : hint`see who changed it: git log -p -- ${path}; or set a new value: envseal set ${name} -f ${path}`,
  });
}

function reservedAndSealed(path, name, why) {
  const what = `a reserved name must not be encrypted, because a reviewer could not read it: ${why}`;
  return new Failure('ENVSEAL_REFUSED', what, {
    isReserved: true,
    hint: hint`write it as plain text: envseal set ${name} --plain -f ${path}`,
  });
}

function reservedAndDependent(name, on) {
  return new Failure('ENVSEAL_REFUSED', `a reserved name must not depend on the encrypted value of ${on}`, {
    isReserved: true,
    hint: hint`write ${name} without that reference`,
  });
}

function foreign(tool, path) {
  return new Failure('ENVSEAL_REFUSED', `this is a value of ${tool}, which envseal cannot decrypt`, {
    hint: hint`import it: envseal import --help; or, if it is text, end the line of ${path} in: # envseal: plain`,
  });
}

function malformedReference(path, name) {
  const what = 'unsupported `${…}`: write ${NAME} or ${NAME:-text} (or := :? :+ - = ? + instead of :-)';
  return new Failure('ENVSEAL_REFUSED', what, {
    hint: hint`if that is text, put the value of ${name} in single quotes: envseal edit -f ${path}`,
  });
}

function missingVariable({ message, missing }, path, line) {
  return new Failure('ENVSEAL_REFUSED', message, {
    hint: hint`set ${missing} in the environment of this process, or above line ${line}: envseal edit -f ${path}`,
  });
}

/** The value refers to one that failed: it fails as the variable at the end of the chain does. */
function dependsOn(slot) {
  const root = slot.failure.root ?? slot;
  const { code, hint, details } = root.failure;
  const what = `it refers to ${slot.name}, which could not be decrypted`;
  return new Failure(code, what, { root, hint, details });
}

const inOneLine = ({ path, line, name, failure }) => `${path}:${line} ${name}: ${failure.message}`;

/** Returns the error for values that can't be decrypted: of several, each has a line. */
function cannotDecrypt(failed) {
  const lines = failed.map(inOneLine);
  const roots = failed.map(({ failure }) => failure.root && inOneLine(failure.root));
  const searched = failed.flatMap(({ failure }) => failure.details);
  const summary = lines.length === 1 ? lines[0] : `${lines.length} values could not be decrypted`;
  const details = new Set([...lines, ...roots, ...searched].filter((line) => line && line !== summary));
  // What weighs most decides: what is forbidden, then what was tampered with, then what is missing.
  const codes = failed.map(({ failure }) => failure.code);
  const reserved = failed.some(({ failure }) => failure.isReserved);
  const weights = ['ENVSEAL_CANNOT_DECRYPT', 'ENVSEAL_NO_KEY', 'ENVSEAL_REFUSED'];
  const code = reserved ? 'ENVSEAL_REFUSED' : weights.find((weight) => codes.includes(weight));
  return new EnvsealError(code, summary, { details: [...details], hint: failed[0].failure.hint });
}
