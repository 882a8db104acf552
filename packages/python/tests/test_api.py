"""What the two functions take and return."""

from __future__ import annotations

import os
import pathlib

from support import Key, Project, environment

import envseal_dotenv
from envseal_dotenv import EnvsealError


class Functions(Project):
    def setUp(self) -> None:
        super().setUp()
        self.write_env(f"A={self.key.seal('A', b'1')}\nB=$A$C\nD=$HOME\n")

    def test_load_sets_and_returns_what_the_process_does_not_set(self) -> None:
        self.write_keys()
        os.environ["C"] = "3"
        self.assertEqual(envseal_dotenv.load(), {"A": "1", "B": "13", "D": os.environ["HOME"]})
        self.assertEqual((os.environ["A"], os.environ["B"]), ("1", "13"))
        # The process wins now, and no key is needed.
        os.remove(".env.keys")
        self.assertEqual(envseal_dotenv.load(), {})

    def test_with_override_files_win(self) -> None:
        self.write_keys()
        self.write("x.env", "A=x\nE=$A\n")
        os.environ["A"] = "process"
        self.assertEqual(envseal_dotenv.load(".env", "x.env")["E"], "process")
        self.assertEqual(envseal_dotenv.load(".env", "x.env", override=True)["A"], "x")
        self.assertEqual((os.environ["A"], os.environ["B"]), ("x", "1"))
        self.assertEqual(envseal_dotenv.load("x.env", ".env", override=True)["A"], "1")

    def test_a_sealed_value_that_another_reader_put_there_counts_as_not_set(self) -> None:
        self.write_keys()
        for text in (self.key.seal("A", b"1"), "envseal:1:x"):
            os.environ["A"] = text
            self.assertEqual(envseal_dotenv.read()["B"], "1")
            self.assertEqual(envseal_dotenv.load()["A"], "1")
            self.assertEqual(os.environ["A"], "1")

    def test_read_changes_nothing_and_the_file_wins(self) -> None:
        self.write_keys()
        os.environ.update(A="process", C="3")
        before = dict(os.environ)
        self.assertEqual(envseal_dotenv.read(), {"A": "1", "B": "13", "D": os.environ["HOME"]})
        self.assertEqual(dict(os.environ), before)

    def test_paths(self) -> None:
        self.write_keys()
        for path in (".env", pathlib.Path(".env"), self.folder / ".env", str(self.folder / "." / ".env")):
            self.assertEqual(envseal_dotenv.read(path)["A"], "1")
        self.write_env(f"A={self.key.seal('A', b'2')}\n", "sub/.env.x", "ENVSEAL_PUBLIC_KEY_X")
        self.write("sub/.env.keys", f"ENVSEAL_PRIVATE_KEY_X={self.key.private}\n")
        self.assertEqual(envseal_dotenv.read("sub/.env.x"), {"A": "2"})

    def test_given_keys(self) -> None:
        for keys in (
            self.key.private,
            [self.key.private],
            f"{Key().private},{self.key.private}",
            (Key().private, self.key.private),
        ):
            self.assertEqual(envseal_dotenv.read(keys=keys)["A"], "1")
            with environment(dict(os.environ)):
                self.assertEqual(envseal_dotenv.load(keys=keys)["A"], "1")
        self.refuses("no private key", "the keys that the program gave (holds key", keys=Key().private)
        self.refuses("keys in the program is not a private key", keys="x")

    def test_bytes_that_are_not_utf_8(self) -> None:
        self.write_keys()
        self.write_env(f"A={self.key.seal('A', bytes(range(1, 256)))}\nB=\udcff\udcc3\n")
        expected = {"A": bytes(range(1, 256)).decode("utf-8", "surrogateescape"), "B": "\udcff\udcc3"}
        self.assertEqual(envseal_dotenv.read(), expected)
        envseal_dotenv.load()
        self.assertEqual(os.environb[b"A"], bytes(range(1, 256)))
        self.write_env(f"N={self.key.seal('N', b'a' + bytes(2))}\n")
        self.assertEqual(envseal_dotenv.read(), {"N": "a\0\0"})
        with self.assertRaisesRegex(EnvsealError, "the value of N contains a NUL byte"):
            envseal_dotenv.load()

    def test_an_error_says_where_and_what_next(self) -> None:
        error = self.refuses(
            ".env:2 A: no private key for default (key", "\n  not found in ENVSEAL_PRIVATE_KEY or .env.keys\nhint: "
        )
        self.assertEqual((error.path, error.line, error.name), (".env", 2, "A"))
        self.assertIn(str(error.hint), str(error))
        self.write("mine", "")
        self.write_env(f"A={self.key.seal('A', b'1')}\n", "staging.env", "ENVSEAL_PUBLIC_KEY_STAGING")
        with environment({"ENVSEAL_PRIVATE_KEY_STAGING": "zzz", "ENVSEAL_PRIVATE_KEY": "zzz"}):
            shown = "what this prints where the key is: envseal key show --private"
            self.assertEqual(self.refuses().hint, f"set ENVSEAL_PRIVATE_KEY to {shown}")
            hint = f"set ENVSEAL_PRIVATE_KEY_STAGING to {shown} -e staging"
            self.assertEqual(self.refuses(path="staging.env").hint, hint)
        self.write_env(f"A={self.key.seal('A', b'1')}\n", "eu-west.env", "ENVSEAL_PUBLIC_KEY_EU_WEST")
        with environment({"ENVSEAL_PRIVATE_KEY_EU_WEST": "zzz"}):
            hint = f"set ENVSEAL_PRIVATE_KEY_EU_WEST to {shown} -e eu-west"
            self.assertEqual(self.refuses(path="eu-west.env").hint, hint)
        self.write_env(f"A={self.key.seal('A', b'1')}\n", "keys/eu-west.env", "ENVSEAL_PUBLIC_KEY_EU_WEST")
        self.write("keys/.env.keys", "ENVSEAL_PRIVATE_KEY_EU_WEST=zzz\n")
        self.assertEqual(self.refuses(path="keys/eu-west.env").hint, hint)
        with environment({"ENVSEAL_KEYS_FILE": "mine"}):
            self.refuses("put the key in mine as ENVSEAL_PRIVATE_KEY;")
        self.write_env(f"A={self.key.seal('A', b'1')}\n", "sub/.env")
        self.write("sub/.env.keys", "")
        self.refuses(f"put the key in {self.folder.resolve() / 'sub/.env.keys'} as ", path="sub/.env")
        if hasattr(os, "geteuid"):
            os.remove(".env")
            os.symlink("sub/.env", ".env")
            self.refuses(f"put the key in {self.folder.resolve() / 'sub/.env.keys'} as ")
            os.remove(".env")
        self.write(".env", "A=${B\nC=$A\n")
        error = self.refuses(
            "2 values could not be read\n  .env:1 A: unsupported", "\n  .env:2 C: it refers to A, which"
        )
        self.assertEqual(error.hint, "if that is text, put the value in single quotes: envseal edit -f .env")
