"""The one error of the package."""

from __future__ import annotations

from typing import Optional


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
        super().__init__(message, hint, path, line, name, details)
        self.message = "\n  ".join(printable(part) for part in (message, *details))
        self.hint = None if hint is None else printable(hint)
        self.path, self.line, self.name = path, line, name

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


def printable(text: str) -> str:
    """Returns the text with control characters, and those that reorder text, escaped: file names may hold them."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)
