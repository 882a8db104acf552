"""Reads env files that envseal encrypted.

    import envseal_dotenv

    envseal_dotenv.load()                              # like `envseal run`: puts the values into os.environ
    values = envseal_dotenv.read(".env.production")    # returns the values of one file

Every value is read, or none: a value that can't be decrypted is an EnvsealError, and nothing is set.
"""

from __future__ import annotations

import os
from typing import Callable, Iterable, Union

from ._error import EnvsealError
from ._files import env_files_in, env_name, text_variable
from ._keys import KeyStore, injected_names
from ._values import Precedence, values_of

__all__ = ["EnvsealError", "load", "read"]

Keys = Union[None, str, Iterable[str]]
Path = Union[str, "os.PathLike[str]"]


def load(*paths: Path, override: bool = False, keys: Keys = None) -> dict[str, str]:
    """Puts the values of env files into `os.environ`, as `envseal run` does, and returns those that it put there.

    Without `paths`, the file is that of the environment in `ENVSEAL_ENV`; else those whose private keys are in
    `ENVSEAL_PRIVATE_KEY[_ENV]`; else `.env`; in the working directory. Earlier files win, and the process's own
    variables win over files. With `override`, files win over the process, and later files over earlier ones.

    `keys` are private keys in text (`envseal-sk1-…`), which are tried before those of the process and the keys file.
    """
    outcome = _outcome(_load, [os.fspath(path) for path in paths], override, keys)
    del paths, keys  # A traceback that shows local variables must not show a key, also one given as a path.
    if isinstance(outcome, EnvsealError):
        raise outcome
    return outcome


def read(path: Path = ".env", *, keys: Keys = None) -> dict[str, str]:
    """Returns the values of one env file, as `envseal get` shows them. Changes nothing in the process.

    The file's values win; the process's variables count only where the file refers to a name that it doesn't set. A
    value that is not UTF-8 has surrogates for the other bytes, as in `os.environ` (PEP 383).

    `keys` are private keys in text, as `load` takes them.
    """
    outcome = _outcome(_read, os.fspath(path), keys)
    del path, keys
    if isinstance(outcome, EnvsealError):
        raise outcome
    return outcome


def _outcome(work: Callable[..., dict[str, str]], *arguments: object) -> Union[dict[str, str], EnvsealError]:
    """Returns an error without its traceback, whose frames hold values and keys."""
    try:
        return work(*arguments)
    except EnvsealError as error:
        error.__context__ = error.__cause__ = None
        return error.with_traceback(None)
    except OSError as error:
        return EnvsealError(f"cannot read env files: {(error.strerror or 'the system refused').lower()}")


def _read(path: str, keys: Keys) -> dict[str, str]:
    return {name: _text(value) for name, value in values_of([path], Precedence.EARLIER_FILE, KeyStore(keys)).items()}


def _load(paths: list[str], override: bool, keys: Keys) -> dict[str, str]:
    precedence = Precedence.LATER_FILE if override else Precedence.PROCESS
    values = values_of(paths or _default_paths(), precedence, KeyStore(keys))
    for name, value in values.items():
        if b"\x00" in value:
            raise EnvsealError(
                f"the value of {name} contains a NUL byte, which environment variables can't hold", name=name
            )
        if not os.supports_bytes_environ and value.decode("utf-8", "ignore").encode() != value:
            raise EnvsealError(
                f"the value of {name} is not UTF-8, which environment variables can't hold here", name=name
            )
    for name, value in values.items():
        if os.supports_bytes_environ:
            os.environb[name.encode("ascii")] = value
        else:
            os.environ[name] = _text(value)
    return {name: _text(value) for name, value in values.items()}


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _default_paths() -> list[str]:
    named, injected, here = text_variable("ENVSEAL_ENV"), injected_names(), env_files_in(".")
    if named:
        env = env_name(named)
        if env is None:
            raise EnvsealError(
                "ENVSEAL_ENV is not a valid environment name", "name one, for example ENVSEAL_ENV=production"
            )
        usual = [".env"] if env == "default" else [f".env.{env}", f"{env}.env"]
        return [next((path for path in [*usual, *here] if here.get(path) == env), usual[0])]
    for name in injected:
        if all(env.private_key_name != name for env in here.values()):
            hint = (
                "set the key of .env as ENVSEAL_PRIVATE_KEY"
                if name.endswith("KEY_DEFAULT")
                else "name the files: load(PATH)"
            )
            raise EnvsealError(f"{name} is set, but no env file here belongs to it", hint, name=name)
    paths = [path for path, env in here.items() if env.private_key_name in injected]
    return sorted(paths, key=os.fsencode) or [".env"]
