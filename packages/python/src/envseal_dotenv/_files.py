"""Which files and names are what, by their names alone; and reading files.

The rules are those of docs/files.md, "Names", and docs/format.md, "Reserved names". The lists are the binary's: tests
compare them with its source.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import stat
import unicodedata
from importlib import resources
from typing import Iterator, Optional

from ._error import EnvsealError

KEYS_FILE = ".env.keys"
TEAM_FILE = "envseal.toml"
PUBLIC_KEY = "ENVSEAL_PUBLIC_KEY"
PRIVATE_KEY = "ENVSEAL_PRIVATE_KEY"

TEMPLATE_PARTS = "dist example sample schema template".split()
COPY_PARTS = "backup bak bkp copy old orig previous rej save swm swn swo swp swx temp tmp".split()
COPY_ENDS = [" - copy", " copy", " (", "___jb_"]
MERGE_ENDS = ["_backup_", "_base_", "_local_", "_remote_"]
FOREIGN_ENDS = (
    "keys me vault asc gpg pgp sig age sops ejson enc 7z bz2 gz rar tar tbz2 tgz txz xz zip zst "
    "json json5 jsonc toml xml yaml yml cjs cts dart go java js jsx kt mjs mts php py rb ts tsx "
    "ctmpl erb gotmpl hbs j2 jinja lock mustache tmpl tpl"
).split()


class EnvName(str):
    """An environment: an env file's suffix in lower case, `default` for `.env`."""

    @property
    def key_suffix(self) -> str:
        if self == "default":
            return ""
        return "_" + "".join(char if char.isascii() and char.isalnum() else "_" for char in self.upper())

    @property
    def public_key_name(self) -> str:
        return PUBLIC_KEY + self.key_suffix

    @property
    def private_key_name(self) -> str:
        return PRIVATE_KEY + self.key_suffix


def env_name(name: str) -> Optional[EnvName]:
    """Returns the environment of this name, or None for an invalid one."""
    is_bad = (
        not name
        or name.startswith((".", " "))
        or name.endswith((".", " "))
        or any(char in "/\\=," or unicodedata.category(char) == "Cc" for char in name)
        or _looks_like_another(name)
    )
    return None if is_bad else EnvName(name.lower())


def _looks_like_another(name: str) -> bool:
    """Returns true if a name can pass for another one: `prod` with a Cyrillic `o`, a zero-width space, `ı`, …"""
    has_latin = re.search("[A-Za-z]", name)
    for char in name:
        if char.isascii():
            continue
        # An accent that is stored apart from its letter, or a part of a Hangul syllable.
        is_part = "\u0300" <= char <= "\u036f" or "\u1100" <= char <= "\u11ff"
        is_latin = "\u00c0" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff"
        becomes_ascii = char != "ß" and any(other.isascii() for other in char.upper() + char.lower())
        if becomes_ascii or is_part or not char.isalnum() or (has_latin and not is_latin):
            return True
    return False


def env_of_file(path: str) -> Optional[EnvName]:
    """Returns the environment of an env file, by its name. Returns None for any other file."""
    name = os.path.basename(path)
    if is_keys_file(name) or ".env" not in _lower(name):
        return None
    if _lower(name) == ".env":
        return EnvName("default")
    original = _original_of(_lower(name))
    stem = _stem(original)
    if stem is None or original != _lower(name) or any(part in TEMPLATE_PARTS for part in stem.split(".")):
        return None
    if original.startswith(".env.") and stem.rsplit(".", 1)[-1] in FOREIGN_ENDS:
        return None
    env = env_name(_stem(name) or "")
    return None if env == "default" else env


def _lower(name: str) -> str:
    """Lower-cases ASCII only: in Unicode, the Kelvin sign becomes `k`."""
    return re.sub("[A-Z]", lambda found: found[0].lower(), name)


def _stem(name: str) -> Optional[str]:
    """Returns the part of a name before or after `.env`."""
    lower = _lower(name)
    if lower == ".env":
        return ""
    if lower.startswith(".env."):
        return name[5:]
    return name[:-4] if lower.endswith(".env") else None


def _original_of(name: str) -> str:
    """Returns the name of the file that this one is a copy of, or the name itself. `name` is in lower case."""
    for start in (".~lock.", ".#", "#"):
        name = name[len(start) :] if name.startswith(start) else name
    name = name.rstrip("#~")
    for end in COPY_ENDS + MERGE_ENDS:
        before, found, rest = name.partition(end)
        if found and (end in COPY_ENDS or re.match("[0-9]", rest)) and _stem(before) is not None:
            name = before
    if name.endswith("-e") and name[:-2].rsplit(".", 1)[-1] == "env":
        name = name[:-2]
    kept, is_behind = [], False
    for at, part in enumerate(name.split(".")):
        is_behind = (at > 0 and _is_copy_part(part)) or (is_behind and re.fullmatch("[0-9]*", part) is not None)
        if not is_behind:
            kept.append(part)
    return ".".join(kept)


def _is_copy_part(part: str) -> bool:
    word, rest = re.match("([A-Za-z]*)(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
    is_dated = word in COPY_PARTS and re.fullmatch("[0-9_:tz-]*", rest)
    return bool(is_dated or part.startswith("sync-conflict-") or re.fullmatch("~[0-9]*", part))


def is_keys_file(name: str) -> bool:
    """Returns true for `.env.keys`, also as some file systems spell it (the list is that of git's `utf8.c`)."""
    shown = re.sub("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]", "", name)
    return name == KEYS_FILE or shown.upper().lower().rstrip(". ") == KEYS_FILE


def is_own_name(name: str) -> bool:
    """Returns true for a variable that belongs to envseal; on Windows in any letter case."""
    return (name.upper() if os.name == "nt" else name).startswith("ENVSEAL_")


def is_private_key_name(name: str) -> bool:
    return name == PRIVATE_KEY or name.startswith(PRIVATE_KEY + "_")


def is_public_key_name(name: str) -> bool:
    return name == PUBLIC_KEY or name.startswith(PUBLIC_KEY + "_")


class Reserved:
    """The table of reserved names, `reserved.tsv`: tier, names, use of the value, source."""

    def __init__(self, table: str) -> None:
        rows = [line.split("\t") for line in table.splitlines()]
        names = [(name, tier, why) for tier, names, why, _ in rows for name in names.split(" ")]
        self._names = {name: (tier, why) for name, tier, why in names if "*" not in name}
        self._settings = {_folded(name): use for name, use in self._names.items()}
        self._patterns = [(*name.split("*"), tier, why) for name, tier, why in names if "*" in name]

    def why(self, name: str) -> Optional[str]:
        """Returns what programs do with the value, if it makes them run code. Returns None for any other name."""
        # Settings of npm, pnpm and Yarn are meant in any letter case; those of pnpm are npm's.
        is_setting = re.match("(?i)p?npm_config_|yarn_", name)
        if is_setting and is_setting[0].lower().startswith("p"):
            name = name[1:]
        fold = _folded if is_setting else str.upper if os.name == "nt" else str
        if is_setting:
            found = self._settings.get(_folded(name))
        else:
            found = self._names.get(name) or (self._on_windows(name) if os.name == "nt" else None)
        for start, end, tier, why in self._patterns if found is None else []:
            fits = (
                len(name) >= len(start + end) and fold(name).startswith(fold(start)) and fold(name).endswith(fold(end))
            )
            if fits and not (tier == "redirects" and name.endswith(("_TOKEN", "_API_KEY"))):
                found = tier, why
                break
        return found[1] if found and found[0] == "runs" else None

    def _on_windows(self, name: str) -> Optional[tuple[str, str]]:
        return next((use for known, use in self._names.items() if known.upper() == name.upper()), None)


def _folded(name: str) -> str:
    return name.replace("-", "_").replace(".", "_").lower()


@functools.lru_cache(maxsize=None)
def reserved() -> Reserved:
    return Reserved(resources.files(__package__).joinpath("reserved.tsv").read_text("utf-8"))


def process_variable(name: str) -> Optional[bytes]:
    """Returns the bytes of a variable of the process. A sealed value, which another program took from an env file, counts as
    not set."""
    if os.supports_bytes_environ:
        value = os.environb.get(os.fsencode(name))
    else:
        text = os.environ.get(name)
        value = None if text is None else text.encode("utf-8", "surrogatepass")
    return None if value is not None and value.startswith(b"envseal:") and not is_own_name(name) else value


def text_variable(name: str) -> Optional[str]:
    """Returns a variable of the process. Unset and empty are the same."""
    value = process_variable(name)
    return os.fsdecode(value) if value else None


def read_file(path: str) -> bytes:
    """Reads a regular file, or the one that a symlink leads to. Never waits for a pipe."""
    problem = "it is not a regular file"
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            with open(descriptor, "rb") as file:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return file.read()
    except FileNotFoundError:
        problem = "it does not exist"
    except OSError as error:
        problem = (error.strerror or "the system refused").lower()
    raise EnvsealError(f"cannot read {path}: {problem}", path=path)


def env_files_in(folder: str) -> dict[str, EnvName]:
    """Returns the names of the env files in a folder, and their environments. One that cannot be listed has none."""
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return {}
    return {name: env for name in names for env in [env_of_file(name)] if env}


def folder_of(path: str) -> str:
    """Returns the folder that a path is in, absolute and without symlinks; the file itself may be one."""
    return os.path.realpath(os.path.dirname(os.path.abspath(path)))


def upward(folder: str, root: Optional[str]) -> Iterator[str]:
    """Returns the folder and those above it, the root being the last; without a root the folder alone."""
    while True:
        yield folder
        above = os.path.dirname(folder)
        if folder == (root or folder) or above == folder:
            return
        folder = above


def find_root(folder: str) -> Optional[str]:
    """Returns the root of the worktree that a folder, absolute and without symlinks, is in; None outside git."""
    git_dir = os.environ.get("GIT_DIR")
    if git_dir:
        here = os.getcwd() if os.path.abspath(git_dir) != os.getcwd() else None
        named = os.environ.get("GIT_WORK_TREE") or here
        if named and is_within(folder, os.path.realpath(named)):
            return os.path.realpath(named)
    ceilings = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    for above in upward(folder, os.path.abspath(os.sep)):
        if above != folder and above in ceilings:
            return None
        if _is_root(above):
            return above
    return None


def is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_root(folder: str) -> bool:
    dot_git = os.path.join(folder, ".git")
    if os.path.isdir(dot_git):
        # Git passes over an empty `.git` folder too; one that lacks one of these only is a damaged repository.
        return sum(os.path.lexists(os.path.join(dot_git, name)) for name in ("HEAD", "objects", "refs")) > 1
    return os.path.isfile(dot_git)


def in_main_worktree(folder: str) -> Optional[str]:
    """Returns the main worktree's folder that corresponds to one of a linked worktree, or the nearest above it."""
    root = find_root(folder)
    dot_git = os.path.join(root or "", ".git")
    if root is None or not os.path.isfile(dot_git):
        return None
    git_dir = _path_in(dot_git, root, "gitdir:")
    common = git_dir and _path_in(os.path.join(git_dir, "commondir"), git_dir)
    if not git_dir or not common or os.path.basename(common) != ".git":
        return None
    # Anybody can write a `.git` file that leads to somebody else's repository: that one must name this worktree too.
    is_named = os.path.dirname(git_dir) == os.path.join(common, "worktrees")
    if not is_named or _path_in(os.path.join(git_dir, "gitdir"), git_dir) != os.path.realpath(dot_git):
        return None
    main = os.path.dirname(common)
    below = os.path.join(main, os.path.relpath(folder, root)) if folder != root else main
    return next(
        (it for it in upward(below, main) if os.path.isdir(it) and find_root(os.path.realpath(it)) == main), None
    )


def _path_in(file: str, base: str, prefix: str = "") -> Optional[str]:
    """Returns the path that a file of git names, without symlinks."""
    try:
        text = os.fsdecode(read_file(file))
    except EnvsealError:
        return None
    return os.path.realpath(os.path.join(base, text[len(prefix) :].strip())) if text.startswith(prefix) else None


def selecting(path: str, env: EnvName) -> str:
    """Returns the option by which the command selects an env file, behind a space; nothing for `.env`."""
    if path == ".env":
        return ""
    return f" -f {shlex.quote(path)}" if os.path.dirname(path) else f" -e {shlex.quote(env)}"
