"""What else is compared with the binary: files that it encrypted, names of files, reserved names, places of keys."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from support import PACKAGE, Key, Project, environment
from test_differential import SEED, Generator, failures

import envseal_dotenv
from envseal_dotenv import _dialect
from envseal_dotenv._files import reserved


class Written(Project):
    needs_binary = True

    def test_files_that_it_encrypted_read_as_before(self) -> None:
        print(f"\nENVSEAL_SEED={SEED}", flush=True)
        compared = 0
        self.write_keys()
        for number in range(60):
            made = Generator(f"{SEED}-encrypt-{number}")
            made.is_bad, made.sealed = False, lambda name, made=made: made.quoted(made.text())
            made.pieces = [piece for piece in made.pieces if piece not in (b"$NO", b"${NO}", b"\x00")]
            self.write_env(
                b"\n".join(self.encryptable(made) for _ in range(12)).decode("utf-8", "surrogateescape") + "\n"
            )
            before = (self.folder / ".env").read_bytes()
            with environment({**self.variables, "PROC": "p"}), self.subTest(seed=f"{SEED}-encrypt-{number}"):
                try:
                    plain = envseal_dotenv.read()
                except envseal_dotenv.EnvsealError:
                    continue
                part = made.random.choice([[], ["-k", "[A-D]*"], ["-x", "[A-D]*"]])
                external = [word for name in "PROC A B C a_1 LONG EMPTY".split() for word in ("--external", name)]
                subprocess.run(
                    [self.binary, "encrypt", "-q", *part, *external], env=os.environ.copy(), capture_output=True
                )
                compared += (self.folder / ".env").read_bytes() != before
                self.assertEqual(envseal_dotenv.read(), plain)
        print(f"{compared} files were encrypted", flush=True)
        self.assertGreater(compared, 20)

    def encryptable(self, made: Generator) -> bytes:
        """Returns a line that `encrypt` accepts: a variable by itself, whose comment doesn't touch the value."""
        while True:
            line = made.line()
            document = _dialect.parse(line)
            if document and len(document.entries) == 1 and not document.strays and document.marker is None:
                comment = document.entries[0].comment
                if not comment or line[: -len(comment)].endswith((b" ", b"\t")):
                    return line

    def test_values_that_it_set(self) -> None:
        made, values = Generator(f"{SEED}-set"), {}
        made.pieces = [piece for piece in made.pieces if piece not in (b"\x00", b"envseal:")]
        for number in range(300):
            value = made.text(8).rstrip(b"\r\n")
            values[f"V{number}"] = value.decode("utf-8", "surrogateescape") + "."
        self.envseal("set", "-q", "--", *(f"{name}={value}" for name, value in values.items()))
        self.assertEqual(envseal_dotenv.read(), values)
        self.assertGreater((self.folder / ".env").read_text().count("envseal:1:"), 250)


class Names(Project):
    needs_binary = True

    # Of the binary's own tests, and more.
    FILES = (
        ".env|.env.production|.env.Production|.env.production.local|staging.env|.env.keys|.envrc|env|.env.|a.environment|"
        ".env.default|Default.env|.env.a=b|a=b.env|.env.a,b|a\nb.env|.env.a\\b|.env.production |.env.ſtaging|.ENV|"
        ".env.example|example.env|.env.example.docker|.env.production.SAMPLE|Sample.Env|a.dist.env|.env.schema|"
        ".env.template.local|.env.a=b.example|.env.example~|.env.example.bak|#.env.dist#|.env.bak|.env.BAK|.env.old|.env~|"
        ".env.orig|.env.save|.env.save.1|.env.swp|.env.tmp|.env.backup|.env.copy|#.env#|.#.env|.~lock..env#|.env.~1~|"
        ".env.production~|.env.production.old|.env.bak.production|.env.bak2|.env.bak-2024-01-31|.env.backup.20240131|"
        ".env.backup_20240131T120000Z|production.env.bak|production.env~|.production.env.swp|..env.swp|production.bak.env|"
        ".env copy|.env copy 2|.env - Copy (2)|.env (1)|.env.production copy|a (1).env~|.env-e|.env.un~|.env_BACKUP_123|"
        ".env_LOCAL_1.production|.env___jb_tmp___|.env.keys.bak|.env.keys~|.env.sync-conflict-20240131-120000-ABCDEF7|.env.rej|"
        ".env.vault|.env.me|.env.gpg|.env.production.gpg|.env.age|.env.sops|.env.d.ts|.env.JSON|.env.yaml|.env.py|.env.enc|"
        ".env.tar.gz|.env.lock|.env.json~|.env.vault.bak|.env.tpl|.env.production.keys|backup.env|old.env|vault.env|json.env|"
        "keys.env|.env.examples|.env.my-example|.env.backup-eu|.env.tmpl-eu|.env.json.local|.env.sh|.env.txt|.env.my_local|"
        ".env.copycat|.env.oldham|a.json.env|a=b.envrc|.env-example|env.example|production.env.gpg|.ENV.keys|productıon.env|"
        "\u212a.env|proﬁle.env|prod\u200b.env|prod\xaduction.env|production\u2010eu.env|prоduction.env|ｐrod.env|a\xa0b.env|"
        "é.env|größe.env|gro\u0308ße.env|생산.env|\u1112\u1161\u11ab.env|"
        "straße.env|производство.env|生产.env|a b.env|my env%.env|.env.a.b|.env.a_b.c-d|"
        ".env.é|.env.STRASSE|.env.1|.env.-x|-x.env|.env..x|x..env|.env.x.|.env.ı|.env.İ|.env.Σς|.env.\x7f|.env.\ud800x".replace(
            "\ud800", "\udcff"
        )
    ).split("|")

    def test_files(self) -> None:
        for name in self.FILES:
            folder = self.folder / "names"
            folder.mkdir()
            path = os.fsencode(folder / name)
            with open(path, "wb") as file:
                file.write(b"A=1\n")
            done = subprocess.run([self.binary, "get", "-f", path, "A"], capture_output=True, env=os.environ.copy())
            try:
                found = envseal_dotenv.read(folder / name)
            except envseal_dotenv.EnvsealError as error:
                found = {}
                self.assertNotIn("\n", error.message)
            self.assertEqual(found, {"A": "1"} if done.returncode == 0 else {}, f"{name!r}: {done.stderr!r}")
            shutil.rmtree(folder)

    def test_key_names(self) -> None:
        for name in "é.env|.env.é|größe.env|.env.a.b|.env.a-b.C|.env.STRASSE|生产.env|my env%.env".split("|"):
            self.envseal("set", "-q", "A=1", "-f", name)
            self.assertEqual(envseal_dotenv.read(name), {"A": "1"})
            os.remove(name)

    def test_reserved_names(self) -> None:
        table = (PACKAGE / "src/envseal_dotenv/reserved.tsv").read_text()
        names = [name for line in table.splitlines() for name in line.split("\t")[1].split(" ")]
        names = [
            filled
            for name in names
            for filled in ([name] if "*" not in name else [name.replace("*", it) for it in ("X", "", "X_TOKEN", "x.y")])
        ]
        names += [name.swapcase() for name in names] + [f"p{name}" for name in names if name.startswith("npm")]
        names += (
            [name.replace("_", "-") for name in names]
            + [name.replace("_", ".") for name in names]
            + [f"{name}2" for name in names]
        )
        names = list(dict.fromkeys(name for name in names if not name.startswith("ENVSEAL_")))
        self.write_env("".join(f"{name}={self.key.seal(name, b'x')}\n" for name in names))
        self.write_keys()
        self.assertGreater(len(names), 5000)
        theirs = failures(self.envseal("get", status=3).decode())
        self.assertEqual(failures(str(self.refuses("a reserved name must not be encrypted"))), theirs)
        self.assertEqual({name for name in names if reserved().why(name)}, {name for *_, name in theirs})


class Keys(Project):
    """Scenarios in which the binary and the package find the same key, or none."""

    needs_binary = True

    def assert_same(self, succeeds: bool, said: str = "", **variables: str) -> None:
        process = {**self.variables, **variables}
        with environment(process):
            done = subprocess.run(
                [self.binary, "run", "-q", "--", "/usr/bin/env", "-0"], capture_output=True, env=process
            )
            self.assertEqual(done.returncode == 0, succeeds, done.stderr.decode())
            if succeeds:
                loaded = envseal_dotenv.load()
                printed = dict(pair.split("=", 1) for pair in done.stdout.decode().split("\0")[:-1])
                self.assertEqual(loaded, {name: value for name, value in printed.items() if name not in process})
                self.assertTrue(loaded)
            else:
                with self.assertRaises(envseal_dotenv.EnvsealError) as caught:
                    envseal_dotenv.load()
                self.assertIn(said, str(caught.exception))
                self.assertEqual(dict(os.environ), process)

    def setUp(self) -> None:
        super().setUp()
        self.write_env(f"A={self.key.seal('A', b'1')}\n")
        self.other = Key()

    def test_of_the_process(self) -> None:
        own, other = self.key.private, self.other.private
        self.assert_same(True, ENVSEAL_PRIVATE_KEY=own)
        self.assert_same(True, ENVSEAL_PRIVATE_KEY=f"{other}, {own} ")
        self.assert_same(False, f"holds key {self.other.id}", ENVSEAL_PRIVATE_KEY=other)
        self.assert_same(False, "set in the environment, but empty", ENVSEAL_PRIVATE_KEY="")
        for text in (f"'{own}'", f"ENVSEAL_PRIVATE_KEY={own}", f"{own},", own[:-1], self.key.public, f"{own}\x1f", "x"):
            self.assert_same(
                False, "ENVSEAL_PRIVATE_KEY in the environment is not a private key", ENVSEAL_PRIVATE_KEY=text
            )
        self.assert_same(False, "no env file here belongs to it", ENVSEAL_PRIVATE_KEY_PRODUCTION=own)
        self.assert_same(False, "set the key of .env as ENVSEAL_PRIVATE_KEY", ENVSEAL_PRIVATE_KEY_DEFAULT=own)
        self.write_keys()
        self.assert_same(False, "set in the environment, but empty", ENVSEAL_PRIVATE_KEY="")
        self.assert_same(True, ENVSEAL_PRIVATE_KEY=other)

    def test_it_selects_the_files(self) -> None:
        own = self.key.private
        self.write_env("B=production\nA=2\n", ".env.production", "ENVSEAL_PUBLIC_KEY_PRODUCTION")
        self.write_env("B=staging\nC=3\n", "staging.env", "ENVSEAL_PUBLIC_KEY_STAGING")
        self.assert_same(True, ENVSEAL_PRIVATE_KEY=own)
        self.assert_same(True, ENVSEAL_PRIVATE_KEY_PRODUCTION=own)
        self.assert_same(True, ENVSEAL_PRIVATE_KEY_STAGING=own, ENVSEAL_PRIVATE_KEY_PRODUCTION=own)
        self.assert_same(True, ENVSEAL_PRIVATE_KEY_PRODUCTION=own, ENVSEAL_PRIVATE_KEY=own)
        self.assert_same(True, ENVSEAL_ENV="staging")
        self.assert_same(True, ENVSEAL_ENV="Production", ENVSEAL_PRIVATE_KEY=own)
        self.assert_same(False, ENVSEAL_ENV="none")
        self.assert_same(False, "not a valid environment name", ENVSEAL_ENV="a/b")
        self.assert_same(False, "no private key for default", ENVSEAL_ENV="")
        self.assert_same(False, "give it its own name", ENVSEAL_ENV="default", ENVSEAL_PRIVATE_KEY_STAGING=own)
        self.write(".env.Staging", "X=1\n")
        self.assert_same(False, "side by side", ENVSEAL_PRIVATE_KEY_STAGING=own)

    def test_of_the_keys_file(self) -> None:
        own, other = self.key.private, self.other.private
        line = f"ENVSEAL_PRIVATE_KEY={own}"
        texts = [
            f"{line}\n",
            f"export ENVSEAL_PRIVATE_KEY = '{own}' # c\r\n",
            own,
            f"# c\n{own}\n",
            f" {other},{own} ",
            f"\ufeff{line}",
        ]
        texts += [
            f"ENVSEAL_PRIVATE_KEY={other},{own}",
            f"{line}\nENVSEAL_PRIVATE_KEY={other}\n",
            f"ENVSEAL_PRIVATE_KEY={other}\n{own}\n",
        ]
        for text in texts:
            self.write(".env.keys", text)
            self.assert_same(True)
        for text in ("", f"ENVSEAL_PRIVATE_KEY={other}", f"ENVSEAL_PRIVATE_KEY_X={own}", f"KEY={own}", f"# {own}"):
            self.write(".env.keys", text)
            self.assert_same(False, "no private key for default")
        for text in (
            f"ENVSEAL_PRIVATE_KEY={own}x",
            f"ENVSEAL_PRIVATE_KEY={other}\nENVSEAL_PRIVATE_KEY=x",
            f"{own},x",
            f"{line}\n{other}x",
        ):
            self.write(".env.keys", text)
            self.assert_same(False, "is not a private key")
        self.write(".env.keys", (f"\ufeff{line}").encode("utf-16"))
        self.assert_same(False, "UTF-16")

    def test_places_of_the_keys_file(self) -> None:
        self.write_keys("elsewhere/mine")
        self.assert_same(True, ENVSEAL_KEYS_FILE="elsewhere/mine")
        self.assert_same(False, "no private key", ENVSEAL_KEYS_FILE="")
        self.assert_same(False, "does not exist", ENVSEAL_KEYS_FILE="none")
        self.write_keys(".Env.Keys")
        self.assert_same(True)
        os.remove(".Env.Keys")
        self.write_keys()
        self.assert_same(False, "does not exist", ENVSEAL_KEYS_FILE="none")
        os.makedirs("repo/a/b")
        shutil.copy(".env", "repo/a/b/.env")
        os.chdir("repo/a/b")
        # Outside git only the env file's own folder counts.
        self.assert_same(False, "no private key")
        self.git("init", "-q", cwd="../..")
        self.assert_same(False, "no private key")
        self.write_keys("repo/.env.keys")
        self.assert_same(True)
        self.write("repo/a/.env.keys", "")
        self.assert_same(False, "no private key")
        os.remove("../.env.keys")
        self.assert_same(False, "no private key", GIT_CEILING_DIRECTORIES=str(self.folder / "repo"))
        os.mkdir(".git")
        self.assert_same(True)
        for name in ("HEAD", "refs"):
            self.write(f"repo/a/b/.git/{name}", "ref: refs/heads/main\n")
        self.assert_same(False, "no private key")

    def test_of_the_main_worktree(self) -> None:
        os.makedirs("repo/sub")
        self.write_keys("repo/.env.keys")
        shutil.move(".env", "repo/sub/.env")
        self.git("init", "-q", cwd="repo")
        self.git("add", "sub/.env", cwd="repo")
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x", cwd="repo")
        self.git("worktree", "add", "-q", "../linked", cwd="repo")
        os.chdir("linked/sub")
        self.assert_same(True)
        # A worktree that the repository doesn't name gets no keys of it.
        shutil.copytree(self.folder / "linked", self.folder / "copied")
        os.chdir(self.folder / "copied/sub")
        self.assert_same(False, "no private key")

    def test_of_another_user(self) -> None:
        self.write_keys()
        if not hasattr(os, "geteuid") or os.geteuid():
            self.skipTest("only root can give a file away")
        os.chown(".env.keys", 12345, -1)
        self.assert_same(False, "belongs to another user")
        self.assert_same(False, "belongs to another user", ENVSEAL_KEYS_FILE=".env.keys")
        os.rename(".env.keys", "theirs")
        os.symlink("theirs", ".env.keys")
        self.assert_same(False, "belongs to another user")

    def test_symlinks(self) -> None:
        os.makedirs("other")
        self.write_keys("other/.env.keys")
        shutil.move(".env", "other/.env")
        os.symlink("other/.env", ".env")
        self.assert_same(True)
        os.rename("other/.env", "other/shared")
        os.remove(".env")
        os.symlink("other/shared", ".env")
        self.assert_same(False, "no private key")
        os.remove(".env")
        os.symlink(".env", ".env")
        self.assert_same(False, "cannot read .env")

    def test_locked(self) -> None:
        self.write_keys()
        with environment({**self.variables, "ENVSEAL_PASSPHRASE": "correct horse"}):
            self.envseal("key", "lock", "-q")
        self.assertIn("envseal-lk1-", (self.folder / ".env.keys").read_text())
        self.assert_same(False, "is locked")
        self.assert_same(False, "wrong passphrase", ENVSEAL_PASSPHRASE="x")
        self.assert_same(True, ENVSEAL_PASSPHRASE="correct horse")
        locked = re.sub("(?s).*ENVSEAL_PRIVATE_KEY=|#.*", "", (self.folder / ".env.keys").read_text()).strip()
        os.remove(".env.keys")
        self.assert_same(True, ENVSEAL_PRIVATE_KEY=f"{self.other.private},{locked}", ENVSEAL_PASSPHRASE="correct horse")

    def git(self, *arguments: str, cwd: str) -> None:
        subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)
