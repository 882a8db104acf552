"""The one error of the package."""

from __future__ import annotations

import re
from typing import Optional

# Also as the name of a variable spells it.
_PRIVATE_KEY = re.compile(r"(?ai)envseal[-_]([sl])k1[-_][\w-]*")


class EnvsealError(Exception):
    """Says why nothing was read. It holds no byte of a value or key, so all of it can be logged.

    `path`, `line` and `name` say where, if it is about a file, a line or a variable; of several values, about the
    first. `hint` is what to try next.
    """

    __module__ = "envseal_dotenv"

    def __init__(
        self,
        message: str,
        hint: Optional[str] = None,
        path: Optional[str] = None,
        line: Optional[int] = None,
        name: Optional[str] = None,
        details: tuple[str, ...] = (),
    ) -> None:
        message, hint, path, name = map(_without_private_keys, (message, hint, path, name))
        details = tuple(map(_without_private_keys, details))
        super().__init__(message, hint, path, line, name, details)
        self.message = "\n  ".join(printable(part) for part in (message, *details))
        self.hint = None if hint is None else printable(hint)
        self.path, self.line, self.name = path, line, name

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


def _without_private_keys(text: Optional[str]) -> Optional[str]:
    """Hides private keys that were given as a path or a name."""
    return text and _PRIVATE_KEY.sub(r"envseal-\1k1-…", text)


def printable(text: str) -> str:
    """Returns the text with control characters, and those that reorder text, escaped: file names may hold them."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)
