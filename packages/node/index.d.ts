/** Where private keys are looked for, in this order: `keys`, `ENVSEAL_PRIVATE_KEY[_ENV]`, the keys file. */
export interface KeyOptions {
  /** Private keys, `envseal-sk1-…`, looked at first. The one that belongs to the file is used. */
  keys?: string | readonly string[];
  /**
   * A keys file. Without it, that of `ENVSEAL_KEYS_FILE`; else the nearest `.env.keys` from the env file's
   * folder up to the git root. It must belong to this user or root.
   */
  keysFile?: string | URL;
}

export interface OpenOptions extends KeyOptions {
  /** `utf8` (the default): strings; a value that is not UTF-8 is refused by name. `buffer`: bytes. */
  encoding?: 'utf8' | 'buffer';
}

export interface LoadOptions extends KeyOptions {
  /** The env files. The earlier wins. */
  files?: EnvPath | readonly EnvPath[];
  /** The environments whose env files in the working directory are read. The earlier wins. Not with `files`. */
  env?: string | readonly string[];
  /** Let files win over the variables of the process, and later files over earlier ones. */
  override?: boolean;
}

/** `.env`, `.env.NAME` or `NAME.env`. One that may be missing begins with `?`: `?.env.local`. */
export type EnvPath = string | URL;

/** Variables by name, in the order of the files. Has no prototype. */
export type Values<T = string> = Record<string, T>;

/**
 * Returns the values of an env file, or of several, of which the earlier wins. All or nothing: throws EnvsealError if one
 * can't be decrypted. The variables of the process only answer references to names that the files don't set.
 */
export function open(path: EnvPath | readonly EnvPath[], options: OpenOptions & { encoding: 'buffer' }): Values<Buffer>;
export function open(path: EnvPath | readonly EnvPath[], options?: OpenOptions & { encoding?: 'utf8' }): Values;

/**
 * Sets variables of the process from env files, as `envseal run` does, and returns those that it set. All or nothing. By
 * default it reads the file of `ENVSEAL_ENV`, else those whose private keys are injected, else `.env`. What the process has
 * wins. Then it removes the process's own `ENVSEAL_*` variables, private keys included, and sets `ENVSEAL_LOADED`.
 */
export function load(options?: LoadOptions): Values;

/** Every error about files, keys and values. Holds no byte of a value or a key. */
export class EnvsealError extends Error {
  readonly code:
    | 'ENVSEAL_NOT_FOUND' // no such env file
    | 'ENVSEAL_NO_KEY' // no private key was found, or it is locked; a named keys file is missing; no public key in the file
    | 'ENVSEAL_CANNOT_DECRYPT' // encrypted with another key, moved from another name, or altered
    | 'ENVSEAL_MALFORMED' // a name, a key or a file has a wrong form
    | 'ENVSEAL_REFUSED' // a rule forbids it: merge conflict, reserved name, twin files, another user's keys file, …
    | 'ENVSEAL_IO';
  /** A command to try, or a sentence. */
  readonly hint: string | undefined;
}
