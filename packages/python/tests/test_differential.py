"""Random env files: the package and the binary agree on every value, or refuse the same ones.

ENVSEAL_SEED repeats a run, ENVSEAL_FILES says how many files there are.
"""

from __future__ import annotations

import base64
import os
import random
import re
import subprocess

from support import Key, Project, environment

import envseal_dotenv
from envseal_dotenv._files import reserved

SEED = int(os.environ.get("ENVSEAL_SEED") or random.randrange(1 << 32))
FILES = int(os.environ.get("ENVSEAL_FILES") or 600)

NAMES = "A B C D E F G H a_1 A.b x-y LONG EMPTY PROC _ 1A export".split() * 3 + (
    "PATH LD_PRELOAD npm_config_script-shell NPM_CONFIG_REGISTRY HTTP_PROXY ENVSEAL_X OTEL_EXPORTER_X_ENDPOINT".split()
)
# fmt: off
PIECES = [
    b"abc", b"x y", b"1", b"", b"'", b'"', b"`", b"\\", b"\\n", b"\\t", b"\\r", b"\\'", b'\\"', b"\\$", b"$", b"$$",
    b"#", b" # ", b"=", b":", b" ", b"\t", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xe3\x80\x80", b"\x0b",
    b"\n", b"\r\n", b"\r", b"{", b"}", b"(", b"$(id)", b"`id`", b"\x00", b"\xff", b"\xc3", "é✓".encode(), b"\x1b[0m",
    b"$A", b"$B", b"${A}", b"${B}", b"${C}", b"$PROC", b"$NO", b"${NO}", b"${A.b}", b"${a_1}x", b"$LONG", b"${ENVSEAL_X}",
    b"${NO:-d}", b"${EMPTY:-d}", b"${EMPTY-d}", b"${A:+$B}", b"${NO+x}", b"${NO:=$A}", b"${A=x}", b"${NO:-${B:-$C}}",
    b"\xe2\x80\x83", b"\xe2\x80\xaf", b"\xe2\x81\x9f", b"\xe1\x9a\x80", b"${NO:-y" * 64 + b"}" * 64,
    b"${ENVSEAL_PRIVATE_KEY:-none}", b"$PATH", b"${PATH:+x}", b"<<<<<<", b"\n>>>>>>>x\n", b"${HOME:?m}", b"export ", b"A=1",
]
# Each of these may make a value, or all of the file, unreadable.
BAD_PIECES = [
    b"${", b"${}", b"${A", b"${A:0:2}", b"${A_${B}}", b"${NO:-{}}", b"${NO:?m}", b"${!A}", b"${A:?m}", b"${B?}",
    b"${NO:-y" * 65 + b"}" * 65, b"encrypted:" + b"a" * 20, b"op://a/b", b"ENC[x]", b"envseal:", b"envseal:1:AAAA", b"envseal:2:x",
    b"\n<<<<<<< HEAD\n", b"\n=======\n", b"\n>>>> x\n",
]
# What decides where a statement begins and ends.
SOUP = [
    b"A", b"B", b"a.b", b"=", b"=", b"=", b":", b": ", b"export ", b"export", b"'", b"'", b'"', b'"', b"`", b"\\", b"\\'",
    b"#", b" #", b" ", b"\t", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\n", b"\n", b"\n", b"\r", b"\r\n", b"x",
    b"$A", b"$", b"{", b"}", b"\xff", b"\x0c", b"\xa0",
]
# fmt: on


class Generator:
    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.keys = [Key(self.random.randbytes(32)) for _ in range(2)]
        # Most files are readable, because those that are not tell less.
        self.is_bad = self.random.random() < 0.25
        self.pieces = PIECES + BAD_PIECES * self.is_bad
        self.names = [name for name in NAMES if self.is_bad or not reserved().why(name)]

    def text(self, most: int = 6) -> bytes:
        text = b"".join(self.random.choice(self.pieces) for _ in range(self.random.randrange(most)))
        return text if self.is_bad else text.replace(b"${{", b"$ {{").replace(b"${}", b"$ }")

    def quoted(self, text: bytes) -> bytes:
        quote = self.random.choice([b"'", b'"', b"`", b"", b""])
        # Mostly closed, so that not every file is one long value.
        if quote:
            text = text.replace(quote, b"") if self.random.random() < 0.8 else text
            return quote + text + quote * (self.random.random() < 0.97)
        return re.sub(rb"[\n\r]", b"", text) if self.random.random() < 0.9 else text

    def sealed(self, name: str) -> bytes:
        key = self.keys[self.is_bad and self.random.random() < 0.03]
        is_source = self.random.random() < 0.6
        names = sorted(set(self.random.choices(["A", "B", "C", "PROC", "NO", "A.b"], k=3)))
        refs = ",".join(names) if is_source and self.random.random() < 0.6 else ""
        text = self.quoted(self.text()) if is_source else self.text(9)
        bound = "OTHER" if self.is_bad and self.random.random() < 0.03 else name
        token = key.seal(bound, text, is_source, refs).encode()
        if self.is_bad and self.random.random() < 0.1:
            at = self.random.randrange(len(token))
            token = token[:at] + self.random.choice([b"A", b"_", b":", b""]) + token[at + 1 :]
        around = self.random.choice([b"", b"'", b'"'] + [b"`"] * self.is_bad)
        return around + token + around

    def line(self) -> bytes:
        choose = self.random.random
        if choose() < 0.08:
            return self.random.choice([b"", b"# c", b"  # A=1", b"stray", b"export", b"\xef\xbb\xbf", self.text()])
        name = self.random.choice(self.names)
        long = b"x/" * self.random.randrange(5000) if choose() < 0.03 else b""
        value = self.sealed(name) if choose() < 0.3 else long + self.quoted(self.text())
        separator = self.random.choice(
            [b"="] * 12 + [b" = ", b": ", b":\t", b":\n", b":\r\n", b"\t=", b"=\n", b"= \r\n "]
        )
        comment = self.random.choice([b""] * 8 + [b" # c", b"#c", b" # envseal: plain", b" # it's", b'\t# "'])
        prefix = self.random.choice([b""] * 8 + [b"export ", b"  ", b"export\t", b" export  ", b"exports "])
        return prefix + name.encode() + separator + value + comment

    def file(self, variable: str) -> bytes:
        choose = self.random.random
        header = [] if self.is_bad and choose() < 0.1 else [f"{variable}={self.keys[0].public}".encode()]
        if choose() < 0.2:
            return (
                header[0] + b"\n" + b"".join(self.random.choice(SOUP) for _ in range(self.random.randrange(80)))
                if header
                else b"A="
            )
        lines = header + [self.line() for _ in range(self.random.randrange(1, 30))]
        end = self.random.choice([b"\n", b"\n", b"\n", b"\r\n", b"\r"])
        mark = self.random.choice([b""] * 10 + [b"\xef\xbb\xbf"] + [b"\xff\xfe"] * self.is_bad)
        return mark + end.join(lines) + end * (self.random.random() < 0.9)


FAILURE = re.compile(r"(?m)^(?:error: |  )?(\S+):(\d+) (\S+): ")


def failures(text: str) -> set[tuple[str, ...]]:
    return {found.groups() for found in FAILURE.finditer(text)}


class Differential(Project):
    needs_binary = True

    def test_random_files(self) -> None:
        print(f"\nENVSEAL_SEED={SEED} ENVSEAL_FILES={FILES}", flush=True)
        values = refused = 0
        for number in range(FILES):
            with self.subTest(seed=f"{SEED}-{number}"):
                count = self.compare(Generator(f"{SEED}-{number}"))
                values, refused = values + (count or 0), refused + (count is None)
        print(f"{values} values compared, {refused} files refused by both", flush=True)
        self.assertGreater(values, FILES)

    def compare(self, made: Generator) -> int | None:
        """Returns the number of values, or None if both refuse."""
        choose = made.random.random
        files = [".env.local", ".env"] if choose() < 0.3 else [".env"]
        for path in (".env", ".env.local"):
            (self.folder / path).unlink(missing_ok=True)
        how = (
            made.random.choice(["get", "run", "overload"])
            if len(files) == 1
            else made.random.choice(["run", "overload"])
        )
        if how != "get" and not made.is_bad:
            made.pieces = [piece for piece in made.pieces if piece != b"\x00"]
        variables = {"ENVSEAL_PUBLIC_KEY": ".env", "ENVSEAL_PUBLIC_KEY_LOCAL": ".env.local"}
        for variable, path in variables.items():
            if path in files:
                self.write(path, made.file(variable))
        (self.folder / ".env.keys").unlink(missing_ok=True)
        if not made.is_bad or choose() < 0.8:
            self.write_keys_of(made)
        process = {"PROC": "p$A", "HOME": self.variables["HOME"], "PATH": "/bin"}
        process.update({name: "from the process" for name in "ABCD" if choose() < 0.1})
        with environment(process):
            if how == "get":
                arguments = ["get", "--format", "k8s", "-f", files[0]]
            else:
                overload = ["--overload"] * (how == "overload")
                arguments = [
                    "run",
                    "-q",
                    *overload,
                    *(part for path in files for part in ("-f", path)),
                    "--",
                    "/usr/bin/env",
                    "-0",
                ]
            done = subprocess.run([self.binary, *arguments], capture_output=True, env=process)
            said = done.stderr.decode("utf-8", "replace")
            try:
                if how == "get":
                    found = envseal_dotenv.read(files[0])
                else:
                    envseal_dotenv.load(*files, override=how == "overload")
                    found = dict(os.environ)
            except envseal_dotenv.EnvsealError as error:
                self.assertNotEqual(done.returncode, 0, f"only the package refuses: {error}")
                self.assertEqual(dict(os.environ), process)
                self.assert_same_failures(str(error), said)
                return None
        self.assertEqual(done.returncode, 0, f"only the binary refuses: {said}")
        expected = self.of_k8s(done.stdout) if how == "get" else self.of_env(done.stdout)
        self.assertEqual(found, expected)
        return len(expected)

    def write_keys_of(self, made: Generator) -> None:
        keys = f"{made.keys[1].private},{made.keys[0].private}"
        quote = made.random.choice(["", "'", '"', "`"])
        self.write(".env.keys", f"ENVSEAL_PRIVATE_KEY={quote}{keys}{quote} # {{}}\nENVSEAL_PRIVATE_KEY_LOCAL={keys}\n")

    def assert_same_failures(self, ours: str, theirs: str) -> None:
        said = re.search(r"(\d+) values could not be decrypted", theirs)
        if said:
            # The binary also names the values at the end of references.
            self.assertTrue(failures(ours) <= failures(theirs), f"{ours}\n{theirs}")
            self.assertIn(f"{said[1]} values", ours)
        elif "NUL" not in theirs:
            first = ours.split("\n")[0]
            self.assertTrue(failures(first) <= failures(theirs), f"{ours}\n{theirs}")
            self.assertNotIn("values could not be read", first)

    @staticmethod
    def of_k8s(text: bytes) -> dict[str, str]:
        lines = re.findall(rb"(?m)^  \"?([A-Za-z0-9_.-]+)\"?: \"?([A-Za-z0-9+/=]*)\"?$", text.split(b"\ndata:")[1])
        return {name.decode(): base64.b64decode(value).decode("utf-8", "surrogateescape") for name, value in lines}

    @staticmethod
    def of_env(text: bytes) -> dict[str, str]:
        pairs = (pair.partition(b"=") for pair in text.split(b"\x00")[:-1])
        return {
            name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
            for name, _, value in pairs
        }
