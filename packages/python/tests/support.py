"""What the tests share: the binary, scratch projects, and a sealer that also makes what the binary refuses to make."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
sys.path.insert(0, str(PACKAGE / "src"))

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: E402

import envseal_dotenv  # noqa: E402
from envseal_dotenv import _crypto  # noqa: E402


_BUILT = [str(ROOT / "target" / profile / "envseal") for profile in ("release", "debug")]
BINARY = next(
    (os.path.abspath(path) for path in [os.environ.get("ENVSEAL"), *_BUILT] if path and os.path.exists(path)), None
)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A key pair, in text, and what is sealed to it."""

    def __init__(self, raw: bytes | None = None) -> None:
        self.raw = os.urandom(32) if raw is None else raw
        self.private = self._text(b"envseal-sk1-", self.raw)
        self.bytes = X25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw()
        self.public = self._text(b"envseal-pk1-", self.bytes)
        self.id = hashlib.sha256(self.bytes).hexdigest()[:8]

    @staticmethod
    def _text(prefix: bytes, key: bytes) -> str:
        return prefix.decode() + encoded(key + hashlib.sha256(prefix + key).digest()[:4])

    def seal(self, name: str, value: bytes, source: bool = False, refs: str = "", padding: bytes | None = None) -> str:
        """Returns a sealed value (docs/format.md, "Sealing"). `refs` are taken as they are."""
        ephemeral = X25519PrivateKey.generate()
        enc = ephemeral.public_key().public_bytes_raw()
        dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.bytes))
        kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\xff\xff"
        prk = _crypto._extract(kem, b"", b"eae_prk", dh)
        shared = _crypto._expand(kem, prk, b"shared_secret", enc + self.bytes, 32)
        secret = _crypto._extract(suite, shared, b"secret", b"")
        hashes = [
            _crypto._extract(suite, b"", label, info)
            for label, info in ((b"psk_id_hash", b""), (b"info_hash", b"envseal/1/value"))
        ]
        exporter = _crypto._expand(suite, secret, b"exp", b"\x00" + b"".join(hashes), 32)
        keys = _crypto._expand(suite, exporter, b"sec", name.encode() + b"\x00" + refs.encode(), 64)
        plain = bytes([source]) + value + b"\x80"
        plain += bytes(-len(plain) % 32) if padding is None else padding
        ciphertext = ChaCha20Poly1305(keys[:32]).encrypt(bytes(12), plain, b"")
        blob = bytes.fromhex(self.id) + enc + keys[32:] + ciphertext
        return f"envseal:1:{encoded(blob)}" + (f":{refs}" if refs else "")


@contextlib.contextmanager
def environment(variables: dict[str, str]):
    """Replaces the process's whole environment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Project(unittest.TestCase):
    """A scratch folder as the working directory, outside git, in an environment with hardly any variable.

    The binary is `ENVSEAL`, else a release build, else a debug build.
    """

    needs_binary = False

    def setUp(self) -> None:
        if self.needs_binary and BINARY is None:
            self.skipTest("no binary of envseal: build it, or name it in ENVSEAL")
        self.binary = BINARY or ""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        self.variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "GIT_CONFIG_NOSYSTEM": "1"}
        replaced = environment(self.variables)
        replaced.__enter__()
        self.addCleanup(replaced.__exit__, None, None, None)
        self.key = Key()

    def write(self, name: str, text: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)

    def write_env(self, text: str, name: str = ".env", variable: str = "ENVSEAL_PUBLIC_KEY") -> None:
        """Writes an env file with the key's line, which is line 1."""
        self.write(name, f"{variable}={self.key.public}\n{text}")

    def write_keys(self, name: str = ".env.keys", variable: str = "ENVSEAL_PRIVATE_KEY") -> None:
        self.write(name, f"{variable}={self.key.private}\n")

    def envseal(self, *arguments: str, status: int = 0, stdin: bytes = b"") -> bytes:
        done = subprocess.run([self.binary, *arguments], input=stdin, capture_output=True, env=os.environ.copy())
        self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace"))
        return done.stdout if status == 0 else done.stderr

    def refuses(self, *parts: str, path: str = ".env", **options: object) -> envseal_dotenv.EnvsealError:
        """Reads a file, which must fail with an error that has these parts."""
        with self.assertRaises(envseal_dotenv.EnvsealError) as caught:
            envseal_dotenv.read(path, **options)
        for part in parts:
            self.assertIn(part, str(caught.exception))
        return caught.exception
