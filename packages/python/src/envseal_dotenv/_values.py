"""Opening env files: every value decrypted and expanded, in the order that precedence asks for."""

from __future__ import annotations

import enum
import os
import re
import shlex
from typing import NamedTuple, Optional, Union

from . import _dialect
from ._crypto import REASONS, Opener, Refused, SealedValue, key_id, parse_public_key, parse_sealed_value
from ._error import EnvsealError
from ._files import (
    EnvName,
    env_files_in,
    env_of_file,
    folder_of,
    is_own_name,
    is_public_key_name,
    process_variable,
    read_file,
    reserved,
    selecting,
)
from ._keys import KeyStore, NoKey

# Limits the bytes that references bring in: a few lines that double each other would otherwise fill any memory.
_MAX_BROUGHT_IN = 64 << 20
# A text that seems to contain a sealed value, at any place and in any letter case.
_HOLDS_SEALED = re.compile(rb"(?i)envseal:[0-9]+:[a-z0-9_-]{32}")


class Precedence(enum.Enum):
    """The first of several values of one name."""

    PROCESS = "the process, then the earlier file"
    EARLIER_FILE = "the earlier file, then the process"
    LATER_FILE = "the later file, then the process"


class Failure(NamedTuple):
    """Why a value is not there, and what to do about it."""

    message: str
    hint: Optional[str]
    path: str
    line: int
    name: str
    root: str  # the message of the failure at the end of a chain of references
    searched: str  # where its key was looked for, or empty
    is_reserved: bool  # refused for its name, overridden or not


class Variable(NamedTuple):
    value: Union[bytes, Failure]
    is_sealed: bool  # or depends on a sealed value, or failed


class EnvFile(NamedTuple):
    path: str
    env: EnvName
    folder: str
    document: _dialect.Document
    public: Optional[bytes]


def values_of(paths: list[str], precedence: Precedence, store: KeyStore) -> dict[str, bytes]:
    """Returns every value of these env files, or raises EnvsealError."""
    reading = _Reading(precedence, store)
    for file in [_open_file(path) for path in paths]:
        reading.add(file)
    values = reading.refused + [variable.value for variable in reading.variables.values()]
    failures = [value for value in values if isinstance(value, Failure)]
    if failures:
        first, messages = failures[0], [failure.message for failure in failures]
        if len(failures) > 1:
            messages.insert(0, f"{len(failures)} values could not be read")
        messages += dict.fromkeys(failure.searched for failure in failures if failure.searched)
        raise EnvsealError(messages[0], first.hint, first.path, first.line, first.name, tuple(messages[1:]))
    return {name: it.value for name, it in reading.variables.items() if isinstance(it.value, bytes)}


def _open_file(path: str) -> EnvFile:
    """Reads an env file, or raises for one that no value may be taken from."""
    env = env_of_file(path)
    if env is None:
        hint = "env files are called .env, .env.NAME or NAME.env; a copy or a template is none"
        raise EnvsealError(f"{path} is not an env file by its name", hint, path)
    target = os.path.realpath(path) if os.path.islink(path) else path
    text = read_file(path)
    for other, env_of_other in env_files_in(os.path.dirname(path)).items():
        if other != os.path.basename(path) and env_of_other.key_suffix == env.key_suffix:
            message = f"{path} and {other} are side by side, but share the key name {env.public_key_name}"
            raise EnvsealError(message, "keep one of the two: merge one into the other", path)
    document = _dialect.parse(text)
    if document is None:
        raise EnvsealError(f"{path}: the file is UTF-16, not UTF-8", None, path)
    if document.marker is not None:
        hint = f"resolve the merge first: envseal edit -f {shlex.quote(path)} && git add {shlex.quote(path)}"
        raise EnvsealError(f"{path}:{document.marker} contains a merge-conflict marker", hint, path, document.marker)
    # A symlink to an env file is that one: of its environment, with the keys of its folder.
    env_of_target = env_of_file(target)
    own = EnvFile(path, env_of_target or env, folder_of(target if env_of_target else path), document, None)
    return own._replace(public=_public_key(own))


def _public_key(file: EnvFile) -> Optional[bytes]:
    wanted, public = file.env.public_key_name, None
    for entry in file.document.entries:
        if not is_public_key_name(entry.name):
            continue
        try:
            key = parse_public_key(entry.value()[1])
            reason = None if public is None else f"has {wanted} a second time"
            public = key
        except Refused as refused:
            reason = f"{wanted} is not a public key: {REASONS[refused.step]}"
        if entry.name != wanted:
            reason = f"has {entry.name}, but this file's public key is {wanted}"
        if reason:
            hint = f"restore the line: git log -p -- {shlex.quote(file.path)}"
            raise EnvsealError(f"{file.path}:{entry.line} {reason}", hint, file.path, entry.line, entry.name)
    return public


class _Reading:
    """The variables of some env files, read in their order; each file from top to bottom."""

    def __init__(self, precedence: Precedence, store: KeyStore) -> None:
        self.variables: dict[str, Variable] = {}
        self.refused: list[Union[bytes, Failure]] = []  # reserved names, whatever wins
        self._precedence = precedence
        self._store = store
        self._brought_in = 0

    def add(self, file: EnvFile) -> None:
        self._file = file
        self._here: dict[str, Variable] = {}
        self._opener: Union[None, Opener, NoKey] = None
        for entry in file.document.entries:
            if is_own_name(entry.name):
                continue
            # A reserved name is judged also where its value would not be used.
            why_reserved = reserved().why(entry.name)
            is_overridden = self._is_overridden(entry.name)
            self._entry = entry
            if is_overridden and why_reserved is None:
                continue
            value, is_sealed = self._variable(why_reserved)
            if isinstance(value, Failure) and value.is_reserved:
                self.refused.append(value)
            elif not is_overridden:
                self._here[entry.name] = Variable(value, is_sealed or isinstance(value, Failure))
        for name, found in self._here.items():
            if self._precedence is Precedence.LATER_FILE or name not in self.variables:
                self.variables[name] = found

    def _is_overridden(self, name: str) -> bool:
        if self._precedence is Precedence.LATER_FILE:
            return False
        return name in self.variables or (self._precedence is Precedence.PROCESS and process_variable(name) is not None)

    def _variable(self, why_reserved: Optional[str]) -> Variable:
        text = self._sealed_text()
        if text is None:
            return self._plain(why_reserved)
        if why_reserved is not None:
            reason = f"a reserved name must not be encrypted, because a reviewer could not read it: {why_reserved}"
            hint = f"write it as plain text: envseal set {self._entry.name} --plain -f {shlex.quote(self._file.path)}"
            return Variable(self._failure(reason, hint, is_reserved=True), True)
        try:
            return Variable(self._open(parse_sealed_value(text)), True)
        except Refused as refused:
            return Variable(self._refusal(refused.step), True)

    def _sealed_text(self) -> Optional[bytes]:
        """Returns the text of a value that claims to be sealed, or contains a sealed value."""
        quote, value = self._entry.value()
        if not (value.startswith(b"envseal:") or _HOLDS_SEALED.search(value)):
            return None
        return self._entry.source if quote == b"`" else value

    def _plain(self, why_reserved: Optional[str]) -> Variable:
        quote, value = self._entry.value()
        tool = _dialect.foreign_tool(value)
        if tool and not self._entry.is_marked_plain():
            hint = "import it: envseal import --help; or, if it is to be read as it is, mark the line: # envseal: plain"
            return Variable(self._failure(f"this is a value of {tool}, which envseal cannot decrypt", hint), False)
        expanded, sealed_name = self._expanded(quote, value, None)
        if sealed_name and why_reserved is not None and isinstance(expanded, bytes):
            reason = f"a reserved name must not depend on the encrypted value of {sealed_name}"
            hint = f"write {self._entry.name} without that reference"
            return Variable(self._failure(reason, hint, is_reserved=True), True)
        return Variable(expanded, sealed_name is not None)

    def _open(self, sealed: SealedValue) -> Union[bytes, Failure]:
        file = self._file
        if file.public is None:
            reason = f"the file has no {file.env.public_key_name}, so nothing says which key it is encrypted with"
            return self._failure(reason, f"restore the line: git log -p -- {shlex.quote(file.path)}")
        if sealed.key_id != key_id(file.public):
            return self._refusal("other-key", f": {sealed.key_id}")
        if self._opener is None:
            try:
                self._opener = Opener(self._store.find(file.env, file.public, file.folder))
            except NoKey as missing:
                self._opener = missing
        if isinstance(self._opener, NoKey):
            hint, searched = self._opener.hint, self._opener.searched
            command = f"start the program with it: envseal run{selecting(file.path, file.env)} -- …"
            reason = f"no private key for {file.env} (key {key_id(file.public)})"
            return self._failure(reason, hint or command, searched=searched)
        is_source, value = self._opener.open(self._entry.name, sealed)
        return self._expanded(*_dialect.read_source(value), sealed.names)[0] if is_source else value

    def _expanded(
        self, quote: bytes, text: bytes, listed: Optional[list[str]]
    ) -> tuple[Union[bytes, Failure], Optional[str]]:
        """Expands a value. Also returns a sealed variable that it depends on, in whichever branch.

        `listed` are the names that a sealed value may refer to; a plain one may refer to any.
        """
        if quote == b"'" or b"$" not in text:
            return text, None
        try:
            parts = _dialect.parse_references(text)
        except _dialect.MalformedReference:
            reason = "unsupported `${…}`: write ${NAME} or ${NAME:-text} (or := :? :+ - = ? + instead of :-)"
            return self._failure(reason, f"if that is text, put the value in single quotes: {self._edit()}"), None
        names = sorted(name for name in _dialect.names_in(parts) if listed is None or name in listed)
        known = ((name, self._look_up(name)) for name in names)
        sealed_name = next((name for name, it in known if isinstance(it, Variable) and it.is_sealed), None)
        failed: list[Failure] = []

        def look_up(name: str) -> object:
            if listed is not None and name not in listed:
                return _dialect.TEXT
            found = self._look_up(name)
            value = found.value if isinstance(found, Variable) else found
            if isinstance(value, Failure):
                reason = f"it refers to {name}, which could not be read"
                failed.append(self._failure(reason, value.hint, value.root, value.searched))
                return None
            self._brought_in += len(value or b"")
            if self._brought_in > _MAX_BROUGHT_IN:
                reason = "the references in these files bring in more than 64 MiB"
                failed.append(self._failure(reason, f"write {self._entry.name} without references, or with fewer"))
                return None
            return value

        try:
            expanded = _dialect.expand(parts, look_up)
        except _dialect.MissingReference as missing:
            reason = f"it requires {missing}, which is empty or not set"
            failed.append(
                self._failure(reason, f"set {missing} in the environment of this process, or above: {self._edit()}")
            )
        return (failed[0] if failed else expanded), sealed_name

    def _look_up(self, name: str) -> Union[None, bytes, Variable]:
        # Or a plain `X=${ENVSEAL_PRIVATE_KEY}` would hand the key on.
        if is_own_name(name):
            return None
        process = process_variable(name)
        if self._precedence is Precedence.PROCESS and process is not None:
            return process
        # A name that an earlier file decides is not among this file's.
        return self._here.get(name) or self.variables.get(name) or process

    def _failure(
        self, reason: str, hint: Optional[str], root: str = "", searched: str = "", is_reserved: bool = False
    ) -> Failure:
        path, line, name = self._file.path, self._entry.line, self._entry.name
        message = f"{path}:{line} {name}: {reason}"
        shown = f"{message}: {root}" if root else message
        return Failure(shown, hint, path, line, name, root or message, searched, is_reserved)

    def _refusal(self, step: str, more: str = "") -> Failure:
        file, name = shlex.quote(self._file.path), self._entry.name
        hint = f"see who changed it: git log -p -- {file}"
        if step == "not-sealed":
            hint = f"in line {self._entry.line}, remove what is around the sealed value"
        elif step == "other-key":
            hint = f"where the older key is: envseal encrypt --reseal -f {file}"
        elif step == "other-name":
            hint += "; if a line was renamed or moved by hand, restore its name"
        else:
            hint += f"; or set a new value: envseal set {name} -f {file}"
        return self._failure(REASONS[step] + more, hint)

    def _edit(self) -> str:
        return f"envseal edit -f {shlex.quote(self._file.path)}"
