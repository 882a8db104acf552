"""Every file of tests/vectors: what opens, and each refusal for the reason that it names."""

from __future__ import annotations

import hashlib
import unittest

from support import ROOT

from envseal_dotenv import _crypto

# Grants need an identity, which only the binary has: none of their texts may pass for anything else.
NOT_READ = "grant"


def outcome(headers: dict[str, str], text: bytes) -> dict[str, str]:
    """Returns what the vector comes to, in the words of its own headers."""
    kind = headers.get("type", "token")
    try:
        if kind == "token":
            key = _crypto.parse_private_key(headers["private-key"].encode())
            sealed = _crypto.parse_sealed_value(text)
            is_source, plaintext = _crypto.Opener(key).open(headers["name"], sealed)
            named = ("value", "source")[is_source]
            return {"expect": "success", "kind": named, "plaintext-hex": plaintext.hex(), "refs": sealed.refs.decode()}
        if kind == "locked-key":
            key = _crypto.parse_locked_key(text).unlock(headers["passphrase"].encode())
            opened = _crypto.parse_private_key(headers.get("opened", "").encode()) if "opened" in headers else key
            return (
                {"expect": "success", "public-hex": key.public.hex()}
                if opened.public == key.public
                else {"expect": "another key"}
            )
        public = _crypto.parse_private_key(text).public if kind == "private-key" else _crypto.parse_public_key(text)
        return {"expect": "success", "public-hex": public.hex(), "key-id": hashlib.sha256(public).hexdigest()[:8]}
    except _crypto.Refused as refused:
        return {"expect": f"error: {refused.step}"}


class Vectors(unittest.TestCase):
    def test_every_vector(self) -> None:
        paths = sorted((ROOT / "tests/vectors").glob("*.txt"))
        self.assertGreater(len(paths), 200)
        skipped: dict[str, int] = {}
        for path in paths:
            head, _, text = path.read_bytes().partition(b"\n\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\n"))
            text = text[:-1] if text.endswith(b"\n") else text
            with self.subTest(path.name):
                if headers.get("type") == NOT_READ:
                    self.assert_nothing_else(text)
                    skipped[NOT_READ] = skipped.get(NOT_READ, 0) + 1
                    continue
                found = outcome(headers, text)
                if found["expect"] == "error: locked-unsupported":
                    skipped["locked key, without Argon2id"] = skipped.get("locked key, without Argon2id", 0) + 1
                    continue
                self.assertEqual({key: headers.get(key, "") for key in found}, found)
        for what, count in skipped.items():
            print(f"\n{count} vectors not opened: {what}", flush=True)

    def assert_nothing_else(self, text: bytes) -> None:
        for parse in (
            _crypto.parse_private_key,
            _crypto.parse_public_key,
            _crypto.parse_locked_key,
            _crypto.parse_sealed_value,
        ):
            with self.assertRaises(_crypto.Refused):
                parse(text)
