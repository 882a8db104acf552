"""Finding private keys: those given by the program, in the process's environment, in the keys file; in this order.

The binary also asks a key command and looks for a grant. Both need the binary: this package starts no program.
"""

from __future__ import annotations

import os
import shlex
from typing import Iterable, Iterator, Optional, Union

from . import _dialect
from ._crypto import (
    LOCKED_PREFIX,
    PRIVATE_PREFIX,
    REASONS,
    LockedKey,
    PrivateKey,
    Refused,
    key_id,
    parse_locked_key,
    parse_private_key,
    public_key_text,
)
from ._error import EnvsealError
from ._files import (
    KEYS_FILE,
    TEAM_FILE,
    EnvName,
    find_root,
    in_main_worktree,
    is_keys_file,
    is_private_key_name,
    process_variable,
    read_file,
    text_variable,
    upward,
)

StoredKey = Union[PrivateKey, LockedKey]


class NoKey(Exception):
    """No place has the private key. Carries the places that were searched, and what to do.

    `hint` is None if only the command envseal can look further.
    """

    def __init__(self, searched: str, hint: Optional[str]) -> None:
        super().__init__(searched)
        self.searched, self.hint = searched, hint


class KeyStore:
    """The places of private keys. `given` are keys in text, as the program that uses this package has them."""

    def __init__(self, given: Union[None, str, Iterable[str]]) -> None:
        texts = [given] if isinstance(given, str) else list(given or [])
        self._given = [
            key for text in texts for key in _parse_keys(text.encode("utf-8", "replace"), "keys", "the program")
        ]

    def find(self, env: EnvName, public: bytes, near: str) -> PrivateKey:
        """Returns the private key of `public`, for an env file in the folder `near`.

        Raises NoKey if it is nowhere, and EnvsealError if a place is not as it should be: the search stops there.
        """
        searched: list[str] = []
        for place, keys in self._places(env, near):
            found = next((key for key in keys if key.public == public), None)
            if found:
                return _unlocked(found, place)
            others = ", ".join(key_id(key.public) for key in keys)
            searched.append(f"{place} (holds key {others})" if others else place)
        places = " or ".join(filter(None, [", ".join(searched[:-1]), searched[-1]]))
        raise _no_key(env, public, near, f"not found in {places}")

    def _places(self, env: EnvName, near: str) -> Iterator[tuple[str, list[StoredKey]]]:
        if self._given:
            yield "the keys that the program gave", self._given
        yield env.private_key_name, _injected(env)
        paths = list(_keys_files(near))
        for path in paths:
            yield path, _keys_in_file(path, env)
        if not paths:
            yield KEYS_FILE, []


def _injected(env: EnvName) -> list[StoredKey]:
    name = env.private_key_name
    text = process_variable(name)
    if text is None:
        return []
    if not text:
        # A secret that the CI did not hand over.
        raise EnvsealError(
            f"{name} is set in the environment, but empty",
            f"give this job the key as {name}, or unset the variable",
            name=name,
        )
    return _parse_keys(text, name, "the environment", env)


def _parse_keys(text: bytes, name: str, place: str, env: Optional[EnvName] = None) -> list[StoredKey]:
    """Reads a comma-joined list of private keys, newest first; `env` is the environment that the variable is of."""
    keys: list[StoredKey] = []
    try:
        for part in text.decode("utf-8", "replace").split(","):
            key = part.strip(_dialect.WHITE_SPACE).encode()
            keys.append(parse_locked_key(key) if key.startswith(LOCKED_PREFIX) else parse_private_key(key))
        return keys
    except Refused as refused:
        reason = REASONS[refused.step]
    hint = None
    if env:
        hint = f"set {name} to what this prints where the key is: envseal key show --private"
        hint += "" if env == "default" else f" -e {shlex.quote(env)}"
    raise EnvsealError(f"{name} in {place} is not a private key: {reason}", hint, name=name)


def _keys_files(near: str) -> Iterator[str]:
    """Returns the paths of the keys files for a folder."""
    named = text_variable("ENVSEAL_KEYS_FILE")
    if named:
        yield named
        return
    for folder in (near, in_main_worktree(near)):
        path = next(filter(None, map(_keys_file_in, upward(folder, find_root(folder)))), None) if folder else None
        if path:
            yield path


def _keys_file_in(folder: str) -> Optional[str]:
    path = os.path.join(folder, KEYS_FILE)
    if os.path.lexists(path):
        return path
    try:
        return next((os.path.join(folder, name) for name in sorted(os.listdir(folder)) if is_keys_file(name)), None)
    except OSError:
        return None


def _keys_in_file(path: str, env: EnvName) -> list[StoredKey]:
    """Returns the keys of the environment; a bare key may be of any."""
    if _belongs_to_another(path):
        hint = f'if you trust it: sudo chown "$(id -u)" {shlex.quote(path)}'
        raise EnvsealError(f"{path} belongs to another user", hint, path=path)
    document = _dialect.parse(read_file(path))
    if document is None:
        raise EnvsealError(f"{path}: the file is UTF-16, not UTF-8", path=path)
    keys: list[StoredKey] = []
    for entry in document.entries:
        if entry.name == env.private_key_name:
            keys += _parse_keys(entry.value()[1], entry.name, f"{path}:{entry.line}", env)
    for stray, line in document.strays:
        if stray.startswith((PRIVATE_PREFIX, LOCKED_PREFIX)):
            keys += _parse_keys(stray, "the line", f"{path}:{line}")
    return keys


def _belongs_to_another(path: str) -> bool:
    """Returns true for a file of another user than this one and root. Returns false on Windows, and for a file that is missing,
    which its reader reports."""
    try:
        return hasattr(os, "geteuid") and os.stat(path).st_uid not in (0, os.geteuid())
    except OSError:
        return False


def _unlocked(key: StoredKey, place: str) -> PrivateKey:
    if isinstance(key, PrivateKey):
        return key
    passphrase = process_variable("ENVSEAL_PASSPHRASE")
    hint = "put the passphrase in ENVSEAL_PASSPHRASE"
    if not passphrase:
        raise EnvsealError(
            f"key {key_id(key.public)} in {place} is locked, and nobody is asked for its passphrase", hint
        )
    try:
        return key.unlock(passphrase)
    except Refused as refused:
        step = refused.step
    if step in ("locked-damaged", "locked-key"):
        hint = "restore it from a backup: envseal key recover FILE"
    raise EnvsealError(f"cannot unlock key {key_id(key.public)} in {place}: {REASONS[step]}", hint)


def _no_key(env: EnvName, public: bytes, near: str, searched: str) -> NoKey:
    wanted = env.private_key_name
    for name in filter(is_private_key_name, os.environ):
        try:
            keys = _parse_keys(process_variable(name) or b"", name, "")
        except EnvsealError:
            continue
        if any(key.public == public for key in keys):
            return NoKey(f"{searched}, but in {name}", f"give it its own name: export {wanted}=$(printenv {name})")
    granting = _granting_file(public, near)
    if granting:
        return NoKey(f"{searched}; {granting} has grants of it, which only the command envseal can use", None)
    if text_variable("ENVSEAL_KEY_COMMAND"):
        return NoKey(f"{searched}; ENVSEAL_KEY_COMMAND may print it, which only the command envseal starts", None)
    file = shlex.quote(next(_keys_files(near), KEYS_FILE))
    return NoKey(searched, f"put the key in {file} as {wanted}; see where your keys are: envseal key list")


def _granting_file(public: bytes, near: str) -> Optional[str]:
    """Returns the team file, if it has a grant of this key to anyone."""
    paths = (os.path.join(folder, TEAM_FILE) for folder in upward(near, find_root(near)))
    path = next(filter(os.path.lexists, paths), None)
    try:
        lines = read_file(path).splitlines() if path else []
    except EnvsealError:
        return None
    key = public_key_text(public).encode()
    return path if any(key in line and b"envseal-gr1-" in line for line in lines) else None


def injected_names() -> list[str]:
    """Returns the names of injected private keys, in byte order, whatever their values."""
    return sorted(name for name in os.environ if is_private_key_name(name) and name.isprintable())
