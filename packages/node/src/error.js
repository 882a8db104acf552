// Errors, and the words of a hint.

/**
 * Every error of this package. Neither its text nor its properties hold a byte of a value or a key, and it has no cause,
 * so all of it can be logged. The code is one of those in index.d.ts.
 */
export class EnvsealError extends Error {
  #hint;

  constructor(code, summary, { hint, details = [] } = {}) {
    const lines = [summary, ...details.map((detail) => `  ${detail}`)];
    super(withoutPrivateKeys((hint ? [...lines, `hint: ${hint}`] : lines).join('\n')));
    this.code = code;
    this.#hint = hint && withoutPrivateKeys(hint);
  }

  /** What to try next: a command or a sentence; undefined if there is nothing to suggest. */
  get hint() {
    return this.#hint;
  }
}
Object.defineProperty(EnvsealError.prototype, 'name', { value: 'EnvsealError' });

/** Returns an error for a call that fails in the operating system. `path` is the file that it is about. */
export function ioError(path, doing, { code }) {
  if (code !== 'ENOENT') return new EnvsealError('ENVSEAL_IO', `cannot ${doing} ${path}: ${code}`);
  return new EnvsealError('ENVSEAL_NOT_FOUND', `cannot ${doing} ${path}: it does not exist`, {
    hint: 'list the env files: envseal ls',
  });
}

/** Hides private keys that were given as a path or a name, also as the name of a variable spells them. */
const withoutPrivateKeys = (text) => text.replace(/envseal[-_]([sl])k1[-_][\w-]*/gi, 'envseal-$1k1-…');

/**
 * Fills the words into a hint, each quoted for a POSIX shell. Returns undefined if one would be read as an option, or holds
 * a character that a terminal obeys or hides: nobody could see what they paste.
 */
export function hint(strings, ...words) {
  if (words.some((word) => /^-|[\p{C}\p{Zl}\p{Zp}]/u.test(word))) return undefined;
  return String.raw({ raw: strings }, ...words.map((word) => quoted(String(word))));
}

function quoted(word) {
  return /^[\p{L}\p{N}._\-/+:@,%]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
