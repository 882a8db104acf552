// How a line of an env file is read: docs/files.md, "How a line is read". Texts are byte strings: one character for each
// byte ("latin1"), because values need not be UTF-8.

// Statements: dotenv's line pattern, matched by hand in linear time (line ends taken as \n):
//
//   ^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)
//     (\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$

/**
 * Splits a text into its statements and the lines that are neither statement, comment nor blank. An entry has the name,
 * the source text of the value, the comment from its `#` on, and the number of its line. Throws TypeError for UTF-16.
 */
export function parse(text) {
  if (text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff')) throw new TypeError('the file is UTF-16, not UTF-8');
  const [entries, strays] = [[], []];
  const lineAt = lineCounter(text);
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const found = statement(text, at);
    if (found) {
      at = lineEnd(text, found.commentStart ?? found.end);
      entries.push({
        name: found.name,
        source: text.slice(found.start, found.end),
        comment: found.commentStart === undefined ? '' : text.slice(found.commentStart, at),
        line: lineAt(found.nameStart),
      });
    } else {
      const end = lineEnd(text, at);
      if (text[at] !== '#') strays.push({ text: text.slice(at, end), line: lineAt(at) });
      at = end;
    }
  }
  return { entries, strays };
}

function statement(text, at) {
  if (text.startsWith('export', at) && spaceLength(text, at + 6)) {
    const exported = assignment(text, skipSpace(text, at + 6));
    if (exported) return exported;
  }
  // `export = 1` sets a variable of that name.
  return assignment(text, at);
}

function assignment(text, nameStart) {
  let nameEnd = nameStart;
  while (isNameByte(text[nameEnd])) nameEnd++;
  if (nameEnd === nameStart) return undefined;
  const equals = skipSpace(text, nameEnd);
  let after;
  if (text[equals] === '=') {
    after = equals + 1;
  } else if (text[nameEnd] === ':') {
    const length = spaceLength(text, nameEnd + 1);
    if (!length) return undefined;
    after = Math.max(pastLineBreak(text, nameEnd + 1), nameEnd + 1 + length);
  } else {
    return undefined;
  }
  const [start, end] = valueSpan(text, after);
  const tail = skipBlanks(text, end);
  const commentStart = text[tail] === '#' ? tail : undefined;
  return { nameStart, name: text.slice(nameStart, nameEnd), start, end, commentStart };
}

/** Returns the start and the end of the value's source text: with quotes, without blanks around it. */
function valueSpan(text, after) {
  const first = skipSpace(text, after);
  const quotedEnd = endOfQuoted(text, first);
  if (quotedEnd !== undefined) {
    // A quoted value may start on a later line; the line breaks before it are then part of the source.
    return [skipBlanks(text, after) === first ? first : after, quotedEnd];
  }
  const stop = nextOf(/[#\n\r]/g, text, after);
  let start = after;
  for (let length; start < stop && (length = spaceLength(text, start));) start += length;
  return start >= stop ? [after, after] : [start, trimmedEnd(text, start, stop)];
}

/**
 * Returns the end of the quoted text that opens at `open` if a comment or the line's end follows it. The pattern takes the
 * first quote that no backslash precedes; where something else follows that one, it falls back to the last escaped quote
 * before it that could close the value.
 */
function endOfQuoted(text, open) {
  const quote = text[open];
  if (quote !== "'" && quote !== '"' && quote !== '`') return undefined;
  let fallback;
  for (let at = text.indexOf(quote, open + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    const tail = skipBlanks(text, at + 1);
    const closes = isLineEnd(text, tail) || text[tail] === '#';
    if (text[at - 1] !== '\\') return closes ? at + 1 : fallback;
    if (closes) fallback = at + 1;
  }
  return fallback;
}

const isNameByte = (byte) => byte !== undefined && /[\w.-]/.test(byte);

// ECMAScript's white space of more than one byte, in UTF-8.
const WIDE_SPACES = new Set(
  [
    ...'\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff',
  ].map((space) => Buffer.from(space).toString('latin1')),
);

/** Returns the length in bytes of the white-space character at `at`, or 0. */
function spaceLength(text, at) {
  const byte = text.charCodeAt(at);
  if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return 1;
  if (byte === 0xc2) return text[at + 1] === '\xa0' ? 2 : 0;
  return byte >= 0xe1 && WIDE_SPACES.has(text.slice(at, at + 3)) ? 3 : 0;
}

function skipSpace(text, at) {
  for (let length; (length = spaceLength(text, at));) at += length;
  return at;
}

/** Like skipSpace, but stops at a line end. */
function skipBlanks(text, at) {
  for (let length; !isLineEnd(text, at) && (length = spaceLength(text, at));) at += length;
  return at;
}

const isLineEnd = (text, at) => at >= text.length || text[at] === '\n' || text[at] === '\r';

const lineEnd = (text, at) => nextOf(/[\n\r]/g, text, at);

function pastLineBreak(text, at) {
  if (text.startsWith('\r\n', at)) return at + 2;
  return text[at] === '\r' || text[at] === '\n' ? at + 1 : at;
}

function nextOf(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.index ?? text.length;
}

/** Returns the end of `text` up to `end` without trailing white space; never before `start`. */
function trimmedEnd(text, start, end) {
  for (;;) {
    const length = [1, 2, 3].find((size) => end - start >= size && spaceLength(text, end - size) === size);
    if (!length) return end;
    end -= length;
  }
}

/** Returns a function that counts lines, from 1. Its argument never moves backwards. */
function lineCounter(text) {
  let [seen, line] = [0, 1];
  return (at) => {
    line += (text.slice(seen, at).match(/\r\n?|\n/g) ?? []).length;
    // The two characters of one line break may be counted in two calls.
    if (text[seen] === '\n' && text[seen - 1] === '\r' && at > seen) line--;
    seen = at;
    return line;
  };
}

/** Returns the number of the first line with a merge-conflict marker, also inside a quoted value; undefined if none. */
export function conflictMarker(text, strays) {
  const lines = strays.filter((stray) => isMarker(stray.text)).map((stray) => stray.line);
  const inside = /(?<=^|\n)(?:<{7,}|>{7,}) /.exec(text);
  if (inside) lines.push(text.slice(0, inside.index).split('\n').length);
  return lines.length ? Math.min(...lines) : undefined;
}

/** Git writes seven characters, unless the attribute conflict-marker-size says otherwise (gitattributes(5)). */
function isMarker(line) {
  return /^(?:<{3,} |>{3,} |(?:={7}|\|{7})(?:[ \r]|$))/.test(line);
}

// Values

/** Reads source text: the value with quotes and escapes resolved, and whether references in it count. */
export function read(source) {
  const start = skipSpace(source, 0);
  const text = source.slice(start, trimmedEnd(source, start, source.length));
  const quote = /^['"`]/.exec(text)?.[0];
  const inner = quote && text.length > 1 && text.endsWith(quote) ? text.slice(1, -1) : text;
  const escapes = quote === '"' ? /\r\n?|\\[nrt]/g : quote === "'" ? /\r\n?|\\'/g : /\r\n?/g;
  const value = inner.replace(escapes, (escape) => ESCAPES[escape] ?? '\n');
  return { quote, value, expands: quote !== "'" };
}

const ESCAPES = { '\\n': '\n', '\\r': '\r', '\\t': '\t', "\\'": "'" };

/** Returns true if the comment marks the value as plain. */
export function isMarkedPlain(comment) {
  return comment.split('#').some((part) => {
    const mark = trimmed(utf8(part) ?? '');
    return mark.startsWith('envseal:') && trimmed(mark.slice('envseal:'.length)) === 'plain';
  });
}

/** Returns the text without the blanks around it; by default without Unicode's white space. In linear time. */
export function trimmed(text, blank = /\p{White_Space}/u) {
  let [start, end] = [0, text.length];
  while (start < end && blank.test(text[start])) start++;
  while (start < end && blank.test(text[end - 1])) end--;
  return text.slice(start, end);
}

/** Decodes a byte string; undefined if it is not UTF-8. */
export function utf8(bytes) {
  try {
    return DECODER.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns the tool that encrypted the value, or alone can look it up; undefined if there is none. */
export function foreignTool(value) {
  const text = trimmed(value, /[\t\n\f\r ]/);
  return FOREIGN.find(([, begins, ends, isBase64]) => {
    if (!text.startsWith(begins)) return false;
    const rest = text.slice(begins.length);
    if (!rest.endsWith(ends) || rest.length === ends.length) return false;
    return !isBase64 || (rest.length >= 16 && /^[A-Za-z0-9+/=]+$/.test(rest));
  })?.[0];
}

const FOREIGN = [
  ['dotenvx', 'encrypted:', '', true],
  ['sops', 'ENC[', ']'],
  ['ejson', 'EJ[', ']'],
  ['1Password', 'op://', ''],
  ['varlock', 'varlock(', ')'],
  ['age', '-----BEGIN AGE ENCRYPTED FILE-----', ''],
  ['GPG', '-----BEGIN PGP MESSAGE-----', ''],
  ["Ansible's vault", '$ANSIBLE_VAULT;', ''],
  ['Vault', 'vault:v', ''],
  ['git-crypt', 'AEdJVENSWVBU', '', true],
];

// References: $NAME, ${NAME}, and ${NAME op text} with one of POSIX's operators. What one brings in is never read again.

const MAX_DEPTH = 64;

/** Returned by a look-up if a reference to the name is text. */
export const TEXT = Symbol('text');

/** A `${` that begins no reference. */
export class MalformedReference extends Error {}

/** The variable of `${NAME:?text}` or `${NAME?text}` is empty or not set. */
export class MissingVariable extends Error {
  constructor(name) {
    super(`it requires ${name}, which is empty or not set`);
    this.missing = name;
  }
}

/** Returns the names that a text refers to, in whichever branch, sorted. */
export function references(text) {
  const names = new Set();
  const collect = (parts) => {
    for (const part of parts.filter((part) => typeof part !== 'string')) {
      names.add(part.name);
      collect(part.word);
    }
  };
  collect(parts(text));
  return [...names].sort();
}

/** Replaces references. `lookUp` returns a value, undefined for a name that is not set, or TEXT. */
export function expand(text, lookUp) {
  return resolved(parts(text), lookUp);
}

function resolved(parts, lookUp) {
  let out = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      out += part;
      continue;
    }
    const { head, name, operator, colon, word, tail } = part;
    const found = lookUp(name);
    if (found === TEXT) {
      out += head + resolved(word, lookUp) + tail;
      continue;
    }
    const value = colon && found === '' ? undefined : found;
    if (operator === '+') {
      if (value !== undefined) out += resolved(word, lookUp);
    } else if (value !== undefined) {
      out += value;
    } else if (operator === '?') {
      throw new MissingVariable(name);
    } else if (operator) {
      out += resolved(word, lookUp);
    }
  }
  return out;
}

/** Splits a text into strings and references. */
function parts(text) {
  let at = 0;
  return sequence(0);

  /** Reads up to the `}` that ends the reference around it, or to the end. */
  function sequence(depth) {
    const found = [];
    let start = at;
    const flush = () => start < at && found.push(text.slice(start, at));
    for (;;) {
      at = nextOf(/[\\${}]/g, text, at);
      if (at === text.length) {
        if (depth > 0) throw new MalformedReference();
        flush();
        return found;
      }
      if (text.startsWith('\\$', at)) {
        flush();
        start = at + 1;
        at += 2;
      } else if (text.startsWith('${', at)) {
        flush();
        found.push(braced(depth));
        start = at;
      } else if (text[at] === '$' && /[A-Za-z_]/.test(text[at + 1] ?? '')) {
        flush();
        const head = match(/\$\w+/y);
        found.push({ head, name: head.slice(1), operator: '', colon: false, word: [], tail: '' });
        start = at;
      } else if (text[at] === '{' && depth > 0) {
        // For some readers the brace would have to be closed, too.
        throw new MalformedReference();
      } else if (text[at] === '}' && depth > 0) {
        flush();
        return found;
      } else {
        at++;
      }
    }
  }

  /** Reads from `${` to its `}`. */
  function braced(depth) {
    const head = match(/\$\{[\w.]+(?:\}|:?[-=?+])/y);
    if (!head || depth === MAX_DEPTH) throw new MalformedReference();
    const [, name, colon, operator] = /^..([\w.]+)(:?)([-=?+]?)/.exec(head);
    if (!operator) return { head: head.slice(0, -1), name, operator, colon: false, word: [], tail: '}' };
    const word = sequence(depth + 1);
    at++;
    return { head, name, operator, colon: colon === ':', word, tail: '}' };
  }

  function match(pattern) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }
}
