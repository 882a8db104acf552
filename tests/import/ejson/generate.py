#!/usr/bin/env python3
"""Writes the ejson files beside this one, byte for byte the same every time.

The boxes are PyNaCl's, which is libsodium: an implementation that shares nothing with ours. What stands in NAME.json is
what NAME.ejson is to be read as: a list of origin, variable and value; or a string, the error.

    python3 generate.py           write the files
    python3 generate.py --check   exit 1 when a file differs from what would be written
"""

import base64
import hashlib
import json
import pathlib
import sys

from nacl.bindings import crypto_box
from nacl.public import PrivateKey

HERE = pathlib.Path(__file__).resolve().parent


def bytes_of(label, length):
    """Bytes that stand for random ones."""
    return hashlib.shake_256(("envseal test: " + label).encode()).digest(length)


class File:
    """An ejson file in the making: every box has a nonce of its own, and the file one ephemeral key, as ejson does it."""

    def __init__(self, name):
        self.name = name
        self.key = PrivateKey(bytes_of(name + " key", 32))
        self.ephemeral = PrivateKey(bytes_of(name + " ephemeral", 32))
        self.boxes = 0

    def seal(self, text):
        self.boxes += 1
        nonce = bytes_of(f"{self.name} nonce {self.boxes}", 24)
        box = crypto_box(text.encode(), nonce, bytes(self.key.public_key), bytes(self.ephemeral))
        parts = (bytes(self.ephemeral.public_key), nonce, box)
        return "EJ[1:" + ":".join(base64.b64encode(part).decode() for part in parts) + "]"

    def files(self, content, expected):
        public = bytes(self.key.public_key).hex()
        text = json.dumps({"_public_key": public} | content, indent=2, ensure_ascii=False) + "\n"
        yield f"{self.name}.ejson", text
        yield f"{self.name}.json", json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
        yield f"keys/{public}", bytes(self.key).hex() + "\n"


def environment():
    file = File("environment")
    content = {
        "environment": {
            "DATABASE_URL": file.seal("postgres://u:p@h/db?a=b"),
            "_REGION": "eu-1",
            "EMPTY": file.seal(""),
        },
        "deploy": {"token": file.seal("deploy-token")},
    }
    expected = [
        ["DATABASE_URL", "DATABASE_URL", "postgres://u:p@h/db?a=b"],
        ["_REGION", "_REGION", "eu-1"],
        ["EMPTY", "EMPTY", ""],
        ["deploy.token", "deploy_token", "deploy-token"],
    ]
    return file.files(content, expected)


def values():
    file = File("values")
    strange = {
        "lines": "-----BEGIN TEST-----\nYWJj\r\n-----END TEST-----\n",
        "quotes": "'\"`\\",
        "dollar": "$A ${B} $(c)",
        "unicode": "grüße-🔑\u2028",
        "blanks": "  two  words\t",
        "zero": "a\0b",
        "boxed": "EJ[1:not:a:box]",
        "long": "x" * 5000,
    }
    content = {name: file.seal(text) for name, text in strange.items()}
    content["deep"] = {"_a": {"_note": "EJ[ in the clear", "b-c": file.seal("d")}}
    content |= {"number": 1.5, "flag": True}
    expected = [[name, name, text] for name, text in strange.items()]
    expected += [
        ["deep._a._note", "deep__a__note", "EJ[ in the clear"],
        ["deep._a.b-c", "deep__a_b_c", "d"],
        ["number", "number", "1.5"],
        ["flag", "flag", "true"],
    ]
    return file.files(content, expected)


def lists():
    file = File("lists")
    content = {"a": file.seal("b"), "hosts": [file.seal("c")]}
    return file.files(content, "hosts is a list, not a single value")


def main():
    wrong = False
    for maker in (environment, values, lists):
        for name, text in maker():
            path = HERE / name
            if sys.argv[1:] != ["--check"]:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(text.encode())
            elif not path.exists() or path.read_bytes() != text.encode():
                print(f"{path} is not what would be written", file=sys.stderr)
                wrong = True
    if sys.argv[1:] == ["--check"] and not wrong:
        print("tests/import/ejson: as PyNaCl makes them")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
