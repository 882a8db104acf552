"""What someone who can write to the repository must not get: docs/threat-model.md, for a reader."""

from __future__ import annotations

import base64
import os
import pickle
import time
import traceback
from typing import Callable

from support import Key, Project, encoded, environment

import envseal_dotenv
from envseal_dotenv import EnvsealError

CANARY = "Hunter2word"


class Attacks(Project):
    def setUp(self) -> None:
        super().setUp()
        self.write_keys()

    def seal(self, name: str, value: str = CANARY, **options: object) -> str:
        return self.key.seal(name, value.encode(), **options)

    def assert_refused(self, text: str, *parts: str) -> EnvsealError:
        """Neither function reads a file with these lines, and nothing that can be seen of it is secret."""
        self.write_env(text)
        before = dict(os.environ)
        for work in (envseal_dotenv.read, envseal_dotenv.load):
            error = self.error_of(work, ".env")
            for part in parts:
                self.assertIn(part, str(error))
            self.assert_shows_no_secret(error)
        self.assertEqual(dict(os.environ), before)
        return error

    def error_of(self, work: Callable[..., object], *arguments: str) -> EnvsealError:
        """Returns the error with its traceback, which `assertRaises` would remove."""
        try:
            work(*arguments)
        except EnvsealError as error:
            return error
        self.fail("nothing was raised")

    def assert_shows_no_secret(self, error: EnvsealError) -> None:
        shown = [str(error), repr(error), *traceback.format_exception(type(error), error, error.__traceback__)]
        shown.append(repr(vars(pickle.loads(pickle.dumps(error)))))
        self.assertIsNone(error.__context__ or error.__cause__)
        frames = traceback.walk_tb(error.__traceback__)
        # Reporters of crashes send local variables along.
        shown += [repr(frame.f_locals) for frame, _ in frames if "envseal_dotenv" in frame.f_code.co_filename]
        for text in shown:
            self.assertNotIn(CANARY, text)
            self.assertNotIn(self.key.private, text)

    def test_a_good_file_is_read(self) -> None:
        self.write_env(
            f"A={self.seal('A')}\nB='{self.seal('B', 'b')}' # c\nC=\"{self.seal('C', '$A', source=True, refs='A')}\"\n"
        )
        self.assertEqual(envseal_dotenv.read(), {"A": CANARY, "B": "b", "C": CANARY})

    def test_moved_to_another_name(self) -> None:
        a, b = self.seal("A"), self.seal("B")
        error = self.assert_refused(
            f"A={b}\nB={a}\n", ".env:2 A: encrypted for another name", ".env:3 B: encrypted for another name"
        )
        self.assertEqual((error.path, error.line, error.name), (".env", 2, "A"))
        self.assert_refused(f"a={a}\n", ".env:2 a: encrypted for another name")

    def test_moved_to_another_file_or_key(self) -> None:
        other = Key()
        self.write(".env.keys", f"ENVSEAL_PRIVATE_KEY={self.key.private},{other.private}\n")
        self.assert_refused(
            f"A={other.seal('A', CANARY.encode())}\n", f".env:2 A: encrypted with another key: {other.id}"
        )
        # Nor does a key id that was made to match help.
        blob = base64.urlsafe_b64decode(other.seal("A", CANARY.encode())[10:] + "==")
        forged = encoded(bytes.fromhex(self.key.id) + blob[4:])
        self.assert_refused(f"A=envseal:1:{forged}\n", "encrypted for another name, or altered")

    def test_altered(self) -> None:
        token = self.seal("A")
        blob = base64.urlsafe_b64decode(token[10:] + "=" * (-len(token[10:]) % 4))
        for at in range(len(blob)):
            flipped = blob[:at] + bytes([blob[at] ^ (1 << at % 8)]) + blob[at + 1 :]
            self.assert_refused(f"A=envseal:1:{encoded(flipped)}\n", ".env:2 A: ")
        for text in (
            token[:-1],
            token + "A",
            token + "=",
            token + ":",
            token + ":A,",
            token + ":B",
            token[:-8],
            "envseal:1:",
            "envseal:",
        ):
            self.assert_refused(f"A={text}\n", ".env:2 A: ")
        for padding in (bytes(62 - len(CANARY)), b"\x01" + bytes(29 - len(CANARY))):
            self.assert_refused(f"A={self.key.seal('A', CANARY.encode(), padding=padding)}\n", "malformed padding")

    def test_a_sealed_value_is_the_whole_value(self) -> None:
        token = self.seal("A")
        around = [
            '"{}',
            "'{}",
            "`{}",
            "`{}`",
            '" {}"',
            "'\t{}'",
            "\u201c{}\u201d",
            "\u200b{}",
            "={}",
            "A={}",
            "Bearer {}",
            '{}"',
            "{0} {0}",
        ]
        for form in around:
            self.assert_refused(f"A={form.format(token)}\n", ".env:2 A: ")
        for prefix in ("Envseal:1:", "ENVSEAL:1:", "envseal:2:", "envseal:01:"):
            self.assert_refused(f"A={prefix}{token[10:]}\n", ".env:2 A: ")

    def test_code_and_references_in_a_sealed_value_are_text(self) -> None:
        texts = ["$(touch pwned)", "`touch pwned`", "${B}", "$B", "${NO:-${B}}", "${B:+x}", "'; touch pwned; '"]
        for text in texts:
            source = self.seal("C", f'"{text}"', source=True)
            self.write_env(f"B={self.seal('B')}\nA={self.seal('A', text)}\nC={source}\n")
            values = envseal_dotenv.load(override=True)
            self.assertEqual((values["A"], os.environ["A"]), (text, text))
            self.assertNotIn(CANARY, values["C"])
        self.assertFalse((self.folder / "pwned").exists())

    def test_a_list_covers_its_names_alone(self) -> None:
        source = '"$HOST ${B} ${HOST:+${B}}"'
        self.write_env(f"HOST=h\nB={self.seal('B')}\nA={self.seal('A', source, source=True, refs='HOST')}\n")
        self.assertEqual(envseal_dotenv.read()["A"], "h ${B} ${B}")

    def test_a_list_cannot_be_edited(self) -> None:
        without = self.seal("A", '"${B}"', source=True)
        listed = self.seal("A", '"${B}$HOST"', source=True, refs="HOST")
        edits = [
            without + ":B",
            self.seal("A", "${B}") + ":B",
            listed.replace(":HOST", ":B"),
            listed.replace(":HOST", ""),
        ]
        for edited in [*edits, listed.replace(":HOST", ":B,HOST")]:
            self.assert_refused(f"B={CANARY}\nA={edited}\n", ".env:3 A: encrypted for another name, or altered")
        for refs in ("B,A", "A,A", "A,", ",A", "A B", "A:B"):
            self.assert_refused(f"A={self.seal('A', source=True, refs=refs)}\n", "list of names is malformed")
        self.assert_refused(f"A={self.seal('A', '$B', refs='B')}\n", "a literal value with a list of names")

    def test_an_opened_source_stays_in_its_line(self) -> None:
        for source in ("x\nLD_PRELOAD=/evil.so", "x\rLD_PRELOAD=/evil.so", "x # envseal: plain", "'x'\nB='y'"):
            self.write_env(f"A={self.seal('A', source, source=True)}\n")
            self.assertEqual(envseal_dotenv.read(), {"A": source.replace("\r", "\n").strip("'")})

    def test_reserved_names(self) -> None:
        sealed, said = (
            self.seal("LD_PRELOAD"),
            "a reserved name must not be encrypted, because a reviewer could not read it",
        )
        self.assert_refused(f"LD_PRELOAD={sealed}\n", ".env:2 LD_PRELOAD: " + said)
        self.assert_refused(f"LD_PRELOAD={sealed}\nLD_PRELOAD=x\n", said)
        self.assert_refused("LD_PRELOAD=envseal:1:x\n", said)
        self.assert_refused(f"PATH={self.seal('PATH')}\n", said)
        a, must_not = (
            f"A={self.seal('A', 'x')}\n",
            "PYTHONPATH: a reserved name must not depend on the encrypted value of",
        )
        for text in ("$A", "${NO:+$A}", "${HOME:-$A}", "x${NO:-${NO:-$A}}"):
            self.assert_refused(f"{a}PYTHONPATH={text}\n", must_not + " A")
        self.assert_refused("A=${\nPYTHONPATH=${HOME:-$A}\nA=x\n", must_not + " A")
        self.assert_refused(f"{a}B=$A\nC=${{B}}\nPYTHONPATH=$C\n", must_not + " C")
        self.write_env(a)
        self.write("x.env", "PYTHONPATH=$A\n")
        for override in (False, True):
            with self.assertRaisesRegex(EnvsealError, must_not):
                envseal_dotenv.load(".env", "x.env", override=override)
        self.write_env(f"HTTP_PROXY={self.seal('HTTP_PROXY', 'p')}\nPYTHONPATH=/x\n")
        self.assertEqual(envseal_dotenv.read(), {"HTTP_PROXY": "p", "PYTHONPATH": "/x"})

    def test_nothing_of_envseal_is_handed_on_or_steers_it(self) -> None:
        own = f"ENVSEAL_ENV=production\nENVSEAL_KEYS_FILE=none\nENVSEAL_PRIVATE_KEY={Key().private}\nENVSEAL_X=1\n"
        self.write_env(own + "A=<${ENVSEAL_PRIVATE_KEY}$ENVSEAL_X${ENVSEAL_PRIVATE_KEY:-unset}>\n")
        with environment({**self.variables, "ENVSEAL_PRIVATE_KEY": self.key.private}):
            self.assertEqual(envseal_dotenv.load(), {"A": "<unset>"})
            self.assertEqual([name for name in os.environ if "ENVSEAL" in name], ["ENVSEAL_PRIVATE_KEY"])

    def test_merge_conflicts(self) -> None:
        sides = f"<<<<<<< HEAD\nA={self.seal('A')}\n=======\nA={self.seal('A')}\n>>>>>>> x\n"
        self.assert_refused(sides, ".env:2 contains a merge-conflict marker")
        self.assert_refused(f"A={CANARY}\n>>>> x\n", ".env:3 contains")
        self.assert_refused(f"A='{CANARY}\n>>>>>>> x\n'\n", ".env:3 contains")
        self.assert_refused(f"A={CANARY}\n=======\n", ".env:3 contains")

    def test_the_public_key(self) -> None:
        other = Key().public
        for text, said in [
            (f"ENVSEAL_PUBLIC_KEY={other}\n", ".env:2 has ENVSEAL_PUBLIC_KEY a second time"),
            (f"ENVSEAL_PUBLIC_KEY_PRODUCTION={other}\n", ".env:2 has ENVSEAL_PUBLIC_KEY_PRODUCTION"),
            (f"ENVSEAL_PUBLIC_KEY={other[:-1]}\n", "is not a public key"),
        ]:
            self.assert_refused(text, said)
        self.write(".env", f"ENVSEAL_PUBLIC_KEY={self.key.private}\n")
        self.assert_shows_no_secret(self.refuses("this is the private key"))
        self.write(".env", f"A={self.seal('A')}\n")
        self.assert_shows_no_secret(self.refuses("the file has no ENVSEAL_PUBLIC_KEY"))

    def test_a_key_in_a_wrong_place(self) -> None:
        self.write_env(f"A={self.seal('A')}\n")
        key = self.key.private
        folded = key.upper().replace("-", "_")
        self.write(f".env.{key}", f"ENVSEAL_PUBLIC_KEY_{folded}={self.key.public}\nA={self.seal('A', 'a')}\n")
        cases = [
            ((), {"ENVSEAL_KEYS_FILE": key}),
            ((key,), {}),
            ((f"{key}/.env",), {}),
            ((f".env.{key}",), {}),
            ((), {"ENVSEAL_ENV": key}),
            ((), {f"ENVSEAL_PRIVATE_KEY_{key}": "x"}),
            ((), {f"ENVSEAL_PRIVATE_KEY_{folded}": "x"}),
            ((), {"ENVSEAL_KEYS_FILE": key.replace("-sk1-", "-lk1-")}),
        ]
        for paths, variables in cases:
            with environment(variables):
                error = self.error_of(envseal_dotenv.load, *paths)
            self.assert_shows_no_secret(error)
            shown = [str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))]
            for part in (key[12:], folded[12:], key[12:].lower()):
                self.assertNotIn(part, "".join(shown))

    def test_two_files_of_one_key_name(self) -> None:
        for one, other in ((".env.x", "x.env"), (".env.a.b", ".env.a_b"), (".env.Prod", "prod.env")):
            self.write(one, "A=1\n")
            self.assertEqual(envseal_dotenv.read(one), {"A": "1"})
            self.write(other, "A=1\n")
            self.refuses("are side by side, but share the key name", path=one)
            self.refuses("are side by side, but share the key name", path=other)

    def test_a_failure_sets_nothing(self) -> None:
        self.write_env(f"A=1\nB={self.seal('B')}\n")
        for text in (
            f"C=1\nD={self.seal('X')}\n",
            f"C={self.key.seal('C', b'a' + bytes(1))}\n",
            "C=${B:0:2}\n",
            "C=${NO:?x}\n",
            "C=op://a/b\n",
        ):
            self.write_env(text, ".env.local", "ENVSEAL_PUBLIC_KEY_LOCAL")
            self.write(
                ".env.keys", f"ENVSEAL_PRIVATE_KEY={self.key.private}\nENVSEAL_PRIVATE_KEY_LOCAL={self.key.private}\n"
            )
            before = dict(os.environ)
            for order in ((".env", ".env.local"), (".env.local", ".env")):
                with self.assertRaises(EnvsealError) as caught:
                    envseal_dotenv.load(*order)
                self.assert_shows_no_secret(caught.exception)
            self.assertEqual(dict(os.environ), before)

    def test_a_grant_needs_the_binary(self) -> None:
        os.remove(".env.keys")
        self.write_env(f"A={self.seal('A')}\n")
        self.assertNotIn("grant", str(self.refuses("no private key for default")))
        line = f'bob = {{ key = "{self.key.public}", by = "alice", grant = "envseal-gr1-x" }}'
        self.write("envseal.toml", f"[grants.default]\n{line}\n")
        self.refuses("envseal.toml has grants of it", "hint: start the program with it: envseal run -- …")
        self.write_env(f"A={self.seal('A')}\n", ".env.production", "ENVSEAL_PUBLIC_KEY_PRODUCTION")
        self.refuses("envseal run -e production -- …", path=".env.production")
        os.remove("envseal.toml")
        os.environ["ENVSEAL_KEY_COMMAND"] = "touch pwned"
        self.refuses("ENVSEAL_KEY_COMMAND may print it", "envseal run -- …")
        self.assertFalse((self.folder / "pwned").exists())

    def test_names_of_files_cannot_forge_lines(self) -> None:
        os.mkdir("a\nhint: \x1b[31m")
        self.write("a\nhint: \x1b[31m/.env", f"A={CANARY}${{\n")
        error = self.refuses(path="a\nhint: \x1b[31m/.env")
        self.assertEqual(str(error).count("\n"), 1)
        self.assertNotIn("\x1b", str(error))

    def test_what_is_no_file(self) -> None:
        os.mkfifo(".env.pipe")
        os.mkdir(".env.folder")
        for path, said in (
            (".env.pipe", "not a regular file"),
            (".env.folder", "not a regular file"),
            (".env.no", "does not exist"),
        ):
            self.refuses(f"cannot read {path}: it", said, path=path)
        for path in (".env.keys", ".env.example", ".env.bak", "notes.txt"):
            self.write(path, f"A={CANARY}\n")
            self.refuses("is not an env file by its name", path=path)

    def test_huge_files_take_no_more_than_their_length(self) -> None:
        start = time.monotonic()
        doubling = "A=xxxxxxxx\n" + "A=$A$A\n" * 40
        self.assert_refused(doubling, "more than 64 MiB")
        chain = "A=${NO:?x}\n" + "".join(f"A{at + 1}=$A{at}\n".replace("$A0", "$A") for at in range(2000))
        self.assert_refused(chain, "2001 values could not be read")
        for text in (
            'A="' * 20000,
            "A='\\'\n" * 20000,
            "A=" + " " * 200000 + "x",
            "${A:-" * 50000,
            "A=x " + "\u3000" * 60000 + "y\n",
        ):
            self.write(".env", text)
            try:
                envseal_dotenv.read()
            except EnvsealError:
                pass
        self.assertLess(time.monotonic() - start, 20)
