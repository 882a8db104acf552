#!/usr/bin/env python3
"""Draws a real terminal session as SVG: docs/session.py BINARY OUTPUT

Runs the commands of SESSION in a scratch repository, on a terminal of their own, and writes what a person would see.
Ids that are random (keys, hashes) are replaced by fixed ones, so the same binary gives the same picture.
"""

import fcntl
import hashlib
import html
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

COLUMNS = 84
ESCAPE = re.compile(r"(\x1b\[[0-9;?]*[A-Za-z])")

# Before the picture begins: a repository with an encrypted value.
SETUP = """
git init -q -b main
printf 'PORT=8080\\nDB_PASSWORD=first\\n' >.env
envseal init -q --yes
envseal encrypt -q
git add -A
git commit -qm 'Encrypt the env file'
"""

# Commands as typed, each with what is typed into them.
SESSION = [
    ("envseal set DB_PASSWORD", "correct horse\n"),
    ("git diff -U0", ""),
    ("echo 'API_TOKEN=tok_51Hx9vQ2' >>.env && git commit -am 'Add a token'", ""),
    ("envseal encrypt", ""),
    ("git commit -qam 'Add a token'", ""),
    ("envseal run -- sh -c 'echo \"$PORT, and a token of ${#API_TOKEN} characters\"'", ""),
]

STYLE = """
  .window { fill: #161b22; stroke: #30363d }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3; white-space: pre }
  .bold { font-weight: bold } .dim { fill: #9198a1 } .prompt { fill: #9198a1 }
  .c1 { fill: #ff7b72 } .c2 { fill: #7ee787 } .c3 { fill: #e3b341 } .c4 { fill: #79c0ff } .c5 { fill: #d2a8ff } .c6 { fill: #76e3ea }
"""


def environment(binary, home):
    return {
        "PATH": f"{binary.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_PAGER": "cat",
        **{
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "Alice"), ("EMAIL", "alice@example.com"), ("DATE", "2026-01-02T03:04:05Z"))
        },
    }


def on_terminal(command, typed, folder, env):
    """Returns what the terminal shows while the command runs."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", command], env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    shown = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        if not ready:
            sys.exit(f"{command} does not end; so far it shows: {shown!r}")
        try:
            part = os.read(terminal, 4096)
        except OSError:  # EIO: the last writer is gone
            break
        if not part:
            break
        shown += part
        # A prompt ends in a space.
        if typed and ESCAPE.sub("", shown.decode(errors="replace")).endswith(" "):
            os.write(terminal, typed.encode())
            typed = ""
    os.close(terminal)
    os.waitpid(child, 0)
    return shown.decode().replace("\r\n", "\n").replace("\r", "")


class Ids:
    """Replaces random ids by ones that depend on their order alone."""

    def __init__(self):
        self.seen = {}

    def fixed(self, match):
        text = match[0]
        if not re.search("[0-9]", text):  # a word such as "defaced"
            return text
        place = self.seen.setdefault(text, len(self.seen))
        return hashlib.sha256(str(place).encode()).hexdigest()[: len(text)]

    def replace(self, text):
        return re.sub(r"\b[0-9a-f]{7,40}\b", self.fixed, text)


def spans(line, styles):
    """Returns a line as tspans; `styles` is what an earlier line left on."""
    out = []
    for part in ESCAPE.split(line):
        if not part.startswith("\x1b"):
            if part:
                kinds = " ".join(sorted(styles))
                text = html.escape(part, quote=False)
                out.append(f'<tspan class="{kinds}">{text}</tspan>' if kinds else text)
        elif part.endswith("m"):
            for code in (int(code or 0) for code in part[2:-1].split(";")):
                if code == 0:
                    styles.clear()
                elif code in (22, 39):
                    styles.difference_update([s for s in styles if s.startswith("c") == (code == 39)])
                elif code in (1, 2):
                    styles.add("bold" if code == 1 else "dim")
                elif code % 10 in range(1, 7) and code // 10 in (3, 9):
                    styles.add(f"c{code % 10}")
    return "".join(out)


def wrapped(line):
    """Cuts a line as the terminal does; escape sequences take no room."""
    rows, row, room = [], "", COLUMNS
    for part in ESCAPE.split(line):
        while not part.startswith("\x1b") and len(part) > room:
            rows.append(row + part[:room])
            part, row, room = part[room:], "", COLUMNS
        row += part
        room -= 0 if part.startswith("\x1b") else len(part)
    return rows + [row]


def drawn(lines):
    width, step, top = 8.43, 20, 54
    size = f'{COLUMNS * width + 40:.0f}', len(lines) * step + top + 16
    rows = [f'  <text xml:space="preserve" x="20" y="{top + at * step}">{line}</text>' for at, line in enumerate(lines) if line]
    dots = [f'  <circle cx="{24 + 20 * at}" cy="18" r="6" fill="{fill}"/>' for at, fill in enumerate(("#ff5f57", "#febc2e", "#28c840"))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" height="{size[1]}" role="img">',
            "  <title>A session with envseal</title>",
            f"  <style>{STYLE}  </style>",
            f'  <rect class="window" x="0.5" y="0.5" width="{int(size[0]) - 1}" height="{size[1] - 1}" rx="8"/>',
            *dots,
            *rows,
            "</svg>\n",
        ]
    )


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    ids, lines = Ids(), []
    with tempfile.TemporaryDirectory() as scratch:
        home, repo = Path(scratch, "home"), Path(scratch, "app")
        home.mkdir()
        repo.mkdir()
        env = environment(binary, home)
        subprocess.run(["sh", "-euc", SETUP], cwd=repo, env=env, check=True)
        for command, typed in SESSION:
            lines += [f'<tspan class="prompt">$</tspan> <tspan class="bold">{html.escape(row, quote=False)}</tspan>' for row in [command]]
            styles = set()
            shown = ids.replace(on_terminal(command, typed, repo, env)).removesuffix("\n")
            if shown:
                lines += [spans(row, styles) for line in shown.split("\n") for row in wrapped(line)]
            lines.append("")
    output.write_text(drawn(lines[:-1]), "utf-8")


main()
