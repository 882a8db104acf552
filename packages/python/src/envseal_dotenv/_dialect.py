"""The `.env` dialect of docs/files.md, "How a line is read": statements, values and references.

Bytes only, no files.
"""

from __future__ import annotations

import re
from typing import Callable, NamedTuple, Optional, Tuple, Union

# ECMAScript's `\s` (ECMA-262, WhiteSpace and LineTerminator) in UTF-8; the byte order mark is among it. Blanks are
# those that end no line.
_WIDE = rb"\xc2\xa0|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80|\xef\xbb\xbf"
_SPACE = re.compile(rb"[\t\n\x0b\x0c\r ]|" + _WIDE)
_SPACES = re.compile(rb"(?:[\t\n\x0b\x0c\r ]+|" + _WIDE + rb")*")
_BLANKS = re.compile(rb"(?:[\t\x0b\x0c ]+|" + _WIDE + rb")*")
_LINE_BREAK = re.compile(rb"\r\n|[\r\n]|")
_LINE_END = re.compile(rb"[\r\n]|\Z")
_BARE_END = re.compile(rb"[#\r\n]|\Z")
_NAME = re.compile(rb"[A-Za-z0-9_.-]+")
_STRAY_MARKER = re.compile(rb"(?:<{3,}|>{3,}) |(?:={7}|\|{7})(?: |\Z)")
_MARKER_INSIDE = re.compile(rb"^(?:<{7,}|>{7,}) ", re.MULTILINE)

# Unicode's White_Space. `str.strip()` removes more.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)


class Entry(NamedTuple):
    """A `NAME=value` statement."""

    name: str
    source: bytes  # right of `=`: with quotes, without blanks around it and without the comment
    comment: bytes  # from its `#` on, or empty
    line: int  # of the name, from 1

    def value(self) -> tuple[bytes, bytes]:
        """Returns what `read_source` does."""
        return read_source(self.source)

    def is_marked_plain(self) -> bool:
        """Returns true if the comment says `# envseal: plain`."""
        marks = (part.decode("utf-8", "surrogateescape").strip(WHITE_SPACE) for part in self.comment.split(b"#"))
        return any(mark[:8] == "envseal:" and mark[8:].strip(WHITE_SPACE) == "plain" for mark in marks)


class Document(NamedTuple):
    entries: list[Entry]
    strays: list[tuple[bytes, int]]  # lines that are neither statement, comment nor blank, with their numbers
    marker: Optional[int]  # the first line with a merge-conflict marker


def parse(text: bytes) -> Optional[Document]:
    """Splits a file into its statements. Returns None for UTF-16."""
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    entries: list[Entry] = []
    strays: list[tuple[bytes, int]] = []
    at, counted, line = 0, 0, 1
    while True:
        at = _end(_SPACES, text, at)
        line += _line_breaks(text, counted, at)
        counted = at
        if at == len(text):
            return Document(entries, strays, _conflict_marker(text, strays))
        matched = _statement(text, at)
        if matched:
            (start, end), (value_start, value_end), comment = matched
            at = _start(_LINE_END, text, value_end if comment is None else comment)
            name_line = line + _line_breaks(text, counted, start)
            source, tail = text[value_start:value_end], b"" if comment is None else text[comment:at]
            entries.append(Entry(text[start:end].decode("ascii"), source, tail, name_line))
        else:
            end = _start(_LINE_END, text, at)
            if text[at : at + 1] != b"#":
                strays.append((text[at:end], line))
            at = end
        at = _end(_LINE_BREAK, text, at)


def _end(pattern: re.Pattern[bytes], text: bytes, at: int, stop: Optional[int] = None) -> int:
    """Returns the end of what the pattern, which may be empty, matches at this position."""
    found = pattern.match(text, at, len(text) if stop is None else stop)
    return found.end() if found else at


def _start(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    """Returns the first position from `at` on where the pattern, which matches at the end, is found."""
    found = pattern.search(text, at)
    return found.start() if found else len(text)


def _line_breaks(text: bytes, start: int, end: int) -> int:
    return text.count(b"\n", start, end) + text.count(b"\r", start, end) - text.count(b"\r\n", max(start - 1, 0), end)


Span = Tuple[int, int]  # start and end


def _statement(text: bytes, at: int) -> Optional[tuple[Span, Span, Optional[int]]]:
    """Matches dotenv's pattern where no white space is: the name, the source, and the start of the comment."""
    if text.startswith(b"export", at) and _SPACE.match(text, at + 6):
        exported = _assignment(text, _end(_SPACES, text, at + 6))
        if exported:
            return exported
    # `export = 1` sets a variable of that name, as the pattern's backtracking has it.
    return _assignment(text, at)


def _assignment(text: bytes, start: int) -> Optional[tuple[Span, Span, Optional[int]]]:
    end = _end(_NAME, text, start)
    if end == start:
        return None
    equals = _end(_SPACES, text, end)
    if text.startswith(b"=", equals):
        after = equals + 1
    elif text.startswith(b":", end) and _SPACE.match(text, end + 1):
        after = max(_end(_LINE_BREAK, text, end + 1), _end(_SPACE, text, end + 1))
    else:
        return None
    value = _value(text, after)
    tail = _end(_BLANKS, text, value[1])
    return (start, end), value, tail if text.startswith(b"#", tail) else None


def _value(text: bytes, after: int) -> Span:
    first = _end(_SPACES, text, after)
    end = _quoted(text, first)
    if end is not None:
        return first, end
    stop = _start(_BARE_END, text, after)
    start = _end(_SPACES, text, after, stop)
    return (after, after) if start == stop else (start, _trimmed_end(text, start, stop))


def _quoted(text: bytes, start: int) -> Optional[int]:
    """Returns the end of the quoted text that starts here, if a comment or the line's end follows it.

    The first quote without a backslash before it closes the value. If something else follows that one, it is the last
    escaped quote before it that could close the value.
    """
    quote = text[start : start + 1]
    if quote not in (b"'", b'"', b"`"):
        return None
    fallback, at = None, text.find(quote, start + 1)
    while at >= 0:
        tail = _end(_BLANKS, text, at + 1)
        if text[tail : tail + 1] in (b"", b"\n", b"\r", b"#"):
            fallback = at + 1
            if text[at - 1 : at] != b"\\":
                return fallback
        elif text[at - 1 : at] != b"\\":
            return fallback
        at = text.find(quote, at + 1)
    return fallback


def _trimmed_end(text: bytes, start: int, end: int) -> int:
    while end > start:
        space = next((n for n in (1, 2, 3) if end - n >= start and _end(_SPACE, text, end - n, end) == end), 0)
        if not space:
            break
        end -= space
    return end


def _conflict_marker(text: bytes, strays: list[tuple[bytes, int]]) -> Optional[int]:
    lines = [line for stray, line in strays if _STRAY_MARKER.match(stray)][:1]
    inside = _MARKER_INSIDE.search(text)
    if inside:
        lines.append(text.count(b"\n", 0, inside.start()) + 1)
    return min(lines, default=None)


_ESCAPES = {
    b'"': re.compile(rb"\r\n?|\\[nrt]"),
    b"'": re.compile(rb"\r\n?|\\'"),
    b"`": re.compile(rb"\r\n?"),
    b"": re.compile(rb"\r\n?"),
}
_ESCAPED = {b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t", b"\\'": b"'"}


def read_source(source: bytes) -> tuple[bytes, bytes]:
    """Reads the text right of `=`: the quote, or nothing, and the value, whose references are not expanded yet."""
    start = _end(_SPACES, source, 0)
    source = source[start : _trimmed_end(source, start, len(source))]
    quote = source[:1] if source[:1] in (b"'", b'"', b"`") else b""
    if quote and len(source) > 1 and source.endswith(quote):
        source = source[1:-1]
    return quote, _ESCAPES[quote].sub(lambda found: _ESCAPED.get(found[0], b"\n"), source)


class MalformedReference(Exception):
    """A `${` that begins no reference of a known form."""


class MissingReference(Exception):
    """Holds the variable of `${NAME:?text}` that is empty or not set."""


class Reference(NamedTuple):
    head: bytes  # the text before the word: `${NAME:-`, or `$NAME`
    name: str
    operator: bytes  # `-`, `?`, `+` or nothing; `=` is `-`
    colon: bool  # an empty value counts as unset
    word: list[Union[bytes, "Reference"]]
    tail: bytes  # `}`, or nothing


_MAX_DEPTH = 64
_SPECIAL = re.compile(rb"\\\$|\$\{|\$[A-Za-z_][A-Za-z0-9_]*|[{}]|\Z")
_BRACED = re.compile(rb"\$\{([A-Za-z0-9_.]+)(?:(:?)([-=?+])|(?=\}))")


def parse_references(text: bytes) -> list[Union[bytes, Reference]]:
    """Splits a value into text and references. Raises MalformedReference."""
    return _parts(text, 0, 0)[0]


def _parts(text: bytes, at: int, depth: int) -> tuple[list[Union[bytes, Reference]], int]:
    """Reads up to the `}` that ends the reference around it, or to the end."""
    parts: list[Union[bytes, Reference]] = []
    while True:
        found = _SPECIAL.search(text, at)
        special = found[0] if found else b""
        start = found.start() if found else len(text)
        parts.append(text[at:start])
        at = start + len(special)
        if special == b"\\$":
            parts.append(b"$")
        elif special == b"${":
            opening = _BRACED.match(text, start)
            if not opening or depth == _MAX_DEPTH:
                raise MalformedReference
            operator = (opening[3] or b"").replace(b"=", b"-")
            word, end = _parts(text, opening.end(), depth + 1)
            parts.append(Reference(opening[0], opening[1].decode("ascii"), operator, bool(opening[2]), word, b"}"))
            at = end + 1
        elif special.startswith(b"$"):
            parts.append(Reference(special, special[1:].decode("ascii"), b"", False, [], b""))
        elif not depth and special:
            parts.append(special)
        elif not depth or special == b"}":
            return parts, start
        else:  # the end, or a brace that some readers would have to see closed
            raise MalformedReference


def names_in(parts: list[Union[bytes, Reference]]) -> set[str]:
    """Returns every name that is referred to, in whichever branch."""
    references = [part for part in parts if isinstance(part, Reference)]
    return {reference.name for reference in references}.union(*(names_in(reference.word) for reference in references))


TEXT = object()  # what a look-up returns for a name that the value may not refer to


def expand(parts: list[Union[bytes, Reference]], look_up: Callable[[str], object]) -> bytes:
    """Expands references. `look_up` returns a value, None or TEXT. Raises MissingReference."""
    out: list[bytes] = []
    _expand(parts, look_up, out)
    return b"".join(out)


def _expand(parts: list[Union[bytes, Reference]], look_up: Callable[[str], object], out: list[bytes]) -> None:
    for part in parts:
        if isinstance(part, bytes):
            out.append(part)
            continue
        value = look_up(part.name)
        if value is TEXT:
            out.append(part.head)
            _expand(part.word, look_up, out)
            out.append(part.tail)
            continue
        is_set = isinstance(value, bytes) and not (part.colon and not value)
        if part.operator == b"+" if is_set else part.operator == b"-":
            _expand(part.word, look_up, out)
        elif isinstance(value, bytes) and is_set:
            out.append(value)
        elif part.operator == b"?":
            raise MissingReference(part.name)


# Values that another tool encrypted, or that only another tool can look up: the tool, and the value's form.
_FOREIGN = [
    ("dotenvx", rb"encrypted:[A-Za-z0-9+/=]{16,}"),
    ("sops", rb"ENC\[.+\]"),
    ("ejson", rb"EJ\[.+\]"),
    ("1Password", rb"op://.+"),
    ("varlock", rb"varlock\(.+\)"),
    ("age", rb"-----BEGIN AGE ENCRYPTED FILE-----.+"),
    ("GPG", rb"-----BEGIN PGP MESSAGE-----.+"),
    ("Ansible's vault", rb"\$ANSIBLE_VAULT;.+"),
    ("Vault", rb"vault:v.+"),
    ("git-crypt", rb"AEdJVENSWVBU[A-Za-z0-9+/=]{16,}"),
]


def foreign_tool(value: bytes) -> Optional[str]:
    """Returns the tool that encrypted this value, which has no quotes."""
    value = value.strip(b" \t\n\x0c\r")
    return next((tool for tool, form in _FOREIGN if re.fullmatch(form, value, re.DOTALL)), None)
