"""Opening sealed values, by docs/format.md. Bytes only: no files, no environment."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import NamedTuple, Optional

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

PUBLIC_PREFIX = b"envseal-pk1-"
PRIVATE_PREFIX = b"envseal-sk1-"
LOCKED_PREFIX = b"envseal-lk1-"

# The steps at which a text is refused (docs/format.md), in words.
REASONS = {
    "private-given": "this is the private key; the public key is needed",
    "public-given": "this is the public key; the private key is needed",
    "key-prefix": "not an envseal key",
    "key-length": "the key is too short or too long",
    "key-encoding": "the key contains a character that is not base64url",
    "key-checksum": "the key's checksum does not match: a character is wrong",
    "non-canonical": "the public key is not in canonical form",
    "low-order": "the public key has low order",
    "not-sealed": "a sealed value must be the whole value, exactly as envseal wrote it",
    "unknown-version": "a sealed value of an unknown version; this package reads version 1",
    "encoding": "the sealed value is not canonical base64url",
    "length": "the sealed value has an impossible length",
    "enc-top-bit": "the sealed value's encapsulated key is not in canonical form",
    "refs": "the sealed value's list of names is malformed",
    "other-key": "encrypted with another key",
    "zero-shared": "the sealed value's encapsulated key has low order",
    "other-name": "encrypted for another name, or altered",
    "damaged": "damaged",
    "padding": "malformed padding in the decrypted value",
    "kind": "unknown kind of value",
    "refs-with-value": "a literal value with a list of names",
    "locked-prefix": "not a locked key",
    "locked-encoding": "the locked key is not canonical base64url",
    "locked-length": "the locked key has an impossible length",
    "locked-parameters": "the locked key's parameters are out of range",
    "locked-passphrase": "wrong passphrase",
    "locked-damaged": "the locked key was altered",
    "locked-key": "it contains a different private key than it says",
    "locked-unsupported": "the OpenSSL of the package cryptography has no Argon2id",
}


class Refused(Exception):
    """A text that breaks a rule. Carries the identifier of the step, and no byte of the text."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


def _require(condition: object, step: str) -> None:
    if not condition:
        raise Refused(step)


def _unbase64url(text: bytes, step: str) -> bytes:
    _require(re.fullmatch(rb"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1, step)
    data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    _require(base64.urlsafe_b64encode(data).rstrip(b"=") == text, step)  # the bits left over are zero
    return data


def key_id(public: bytes) -> str:
    """Returns the eight digits by which people name a key."""
    return hashlib.sha256(public).hexdigest()[:8]


class PrivateKey:
    """An X25519 private key. `repr` shows none of it."""

    __slots__ = ("public", "x25519")

    def __init__(self, raw: bytes) -> None:
        self.x25519 = X25519PrivateKey.from_private_bytes(raw)
        self.public = self.x25519.public_key().public_bytes_raw()


def _parse_key(text: bytes, prefix: bytes, other: bytes, given: str) -> bytes:
    _require(not text.startswith(other), given)
    _require(text.startswith(prefix), "key-prefix")
    body = text[len(prefix) :]
    _require(len(body) == 48, "key-length")
    payload = _unbase64url(body, "key-encoding")
    checksum = hashlib.sha256(prefix + payload[:32]).digest()[:4]
    _require(hmac.compare_digest(checksum, payload[32:]), "key-checksum")
    return payload[:32]


def parse_private_key(text: bytes) -> PrivateKey:
    return PrivateKey(_parse_key(text, PRIVATE_PREFIX, PUBLIC_PREFIX, "public-given"))


def parse_public_key(text: bytes) -> bytes:
    return _valid_public(_parse_key(text, PUBLIC_PREFIX, PRIVATE_PREFIX, "private-given"))


def public_key_text(public: bytes) -> str:
    checksum = hashlib.sha256(PUBLIC_PREFIX + public).digest()[:4]
    return (PUBLIC_PREFIX + base64.urlsafe_b64encode(public + checksum)).decode("ascii")


def _valid_public(public: bytes) -> bytes:
    _require(int.from_bytes(public, "little") < 2**255 - 19, "non-canonical")
    _require(_exchange(X25519PrivateKey.from_private_bytes(bytes(32)), public), "low-order")
    return public


def _exchange(private: X25519PrivateKey, public: bytes) -> Optional[bytes]:
    """Returns X25519's result, or None if it is zero, which `cryptography` refuses (RFC 7748, section 6.1)."""
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return None


class SealedValue(NamedTuple):
    """A sealed value of the right form. Nothing in it is authenticated."""

    key_id: str
    enc: bytes
    commitment: bytes
    ciphertext: bytes  # with the tag
    refs: bytes  # names that the value may refer to, comma-joined; or empty

    @property
    def names(self) -> list[str]:
        return self.refs.decode("ascii").split(",") if self.refs else []


def parse_sealed_value(text: bytes) -> SealedValue:
    """Steps 1 to 6 of docs/format.md, "Opening", which need no key."""
    _require(text.startswith(b"envseal:"), "not-sealed")
    _require(text.startswith(b"envseal:1:"), "unknown-version")
    data, colon, refs = text[len(b"envseal:1:") :].partition(b":")
    blob = _unbase64url(data, "encoding")
    _require(len(blob) >= 116 and (len(blob) - 84) % 32 == 0, "length")
    _require(blob[35] < 0x80, "enc-top-bit")
    names = refs.split(b",") if colon else []
    _require(all(re.fullmatch(rb"[A-Za-z0-9_.-]+", name) for name in names), "refs")
    _require(names == sorted(set(names)), "refs")
    return SealedValue(blob[:4].hex(), blob[4:36], blob[36:68], blob[68:], refs)


class Opener:
    """Opens sealed values with one key. Keeps what X25519 yields by `enc`: the values of a batch share it."""

    def __init__(self, private: PrivateKey) -> None:
        self._private = private
        self._secrets: dict[bytes, bytes] = {}

    def open(self, name: str, sealed: SealedValue) -> tuple[bool, bytes]:
        """Steps 7 to 13. Returns true if the bytes are source text, and the bytes."""
        _require(sealed.key_id == key_id(self._private.public), "other-key")
        if sealed.enc not in self._secrets:
            self._secrets[sealed.enc] = _exporter_secret(self._private, sealed.enc)
        exporter_context = name.encode("ascii") + b"\x00" + sealed.refs
        keys = _expand(_SUITE, self._secrets[sealed.enc], b"sec", exporter_context, 64)
        _require(hmac.compare_digest(keys[32:], sealed.commitment), "other-name")
        padded = _decrypt(keys[:32], bytes(12), sealed.ciphertext, b"")
        if padded is None:
            raise Refused("damaged")
        body = padded.rstrip(b"\x00")
        _require(body.endswith(b"\x80") and len(padded) - len(body) < 32, "padding")
        _require(len(body) > 1 and body[0] in (0, 1), "kind")
        _require(body[0] == 1 or not sealed.refs, "refs-with-value")
        return body[0] == 1, body[1:-1]


def _decrypt(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> Optional[bytes]:
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        return None


# HPKE (RFC 9180) in base mode, export-only: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256.
_KEM_SUITE = b"KEM\x00\x20"
_SUITE = b"HPKE\x00\x20\x00\x01\xff\xff"


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    """LabeledExtract of RFC 9180, section 4."""
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand of RFC 9180, section 4."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(SHA256(), length, labeled).derive(prk)


_PSK_ID_HASH = _extract(_SUITE, b"", b"psk_id_hash", b"")
_INFO_HASH = _extract(_SUITE, b"", b"info_hash", b"envseal/1/value")


def _exporter_secret(private: PrivateKey, enc: bytes) -> bytes:
    """Decap and KeySchedule of RFC 9180, sections 4.1 and 5.1."""
    dh = _exchange(private.x25519, enc)
    if dh is None:
        raise Refused("zero-shared")
    prk = _extract(_KEM_SUITE, b"", b"eae_prk", dh)
    shared_secret = _expand(_KEM_SUITE, prk, b"shared_secret", enc + private.public, 32)
    secret = _extract(_SUITE, shared_secret, b"secret", b"")
    return _expand(_SUITE, secret, b"exp", b"\x00" + _PSK_ID_HASH + _INFO_HASH, 32)


class LockedKey(NamedTuple):
    """A private key behind a passphrase. `public` is only a claim until it is unlocked."""

    public: bytes
    blob: bytes

    def unlock(self, passphrase: bytes) -> PrivateKey:
        """Steps 6 to 8 of docs/format.md, "Locked keys"; 256 MiB and about a second."""
        blob = self.blob
        header, salt, nonce, commitment, ciphertext = blob[:116], blob[12:28], blob[28:52], blob[84:116], blob[116:]
        memory, passes, lanes = _locked_parameters(blob)
        prk = _argon2id(passphrase, salt, passes, lanes, memory)
        keys = HKDFExpand(SHA256(), 64, b"envseal/1/locked").derive(prk)
        _require(hmac.compare_digest(keys[32:], commitment), "locked-passphrase")
        # XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, section 2.3).
        raw = _decrypt(_hchacha20(keys[:32], nonce[:16]), bytes(4) + nonce[16:], ciphertext, LOCKED_PREFIX + header)
        if raw is None:
            raise Refused("locked-damaged")
        key = PrivateKey(raw)
        _require(key.public == self.public, "locked-key")
        return key


def parse_locked_key(text: bytes) -> LockedKey:
    """Steps 1 to 5 of docs/format.md, "Locked keys"."""
    _require(text.startswith(LOCKED_PREFIX), "locked-prefix")
    blob = _unbase64url(text[len(LOCKED_PREFIX) :], "locked-encoding")
    _require(len(blob) == 164, "locked-length")
    memory, passes, lanes = _locked_parameters(blob)
    _require(1 << 16 <= memory <= 1 << 20 and 1 <= passes <= 10 and lanes == 1, "locked-parameters")
    return LockedKey(_valid_public(blob[52:84]), blob)


def _locked_parameters(blob: bytes) -> tuple[int, int, int]:
    memory, passes, lanes = (int.from_bytes(blob[at : at + 4], "little") for at in (0, 4, 8))
    return memory, passes, lanes


def _argon2id(passphrase: bytes, salt: bytes, passes: int, lanes: int, memory: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        return Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(passphrase)
    except UnsupportedAlgorithm:
        pass
    raise Refused("locked-unsupported")


def _hchacha20(key: bytes, nonce: bytes) -> bytes:
    """draft-irtf-cfrg-xchacha-03, section 2.2."""
    start = b"expand 32-byte k" + key + nonce
    x = [int.from_bytes(start[at : at + 4], "little") for at in range(0, 64, 4)]
    for _ in range(10):
        for at in range(4):
            _quarter_round(x, at, at + 4, at + 8, at + 12)
        for at in range(4):
            _quarter_round(x, at, 4 + (at + 1) % 4, 8 + (at + 2) % 4, 12 + (at + 3) % 4)
    return b"".join(word.to_bytes(4, "little") for word in x[:4] + x[12:])


def _quarter_round(x: list[int], a: int, b: int, c: int, d: int) -> None:
    for to, add, by, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[to] = (x[to] + x[add]) & 0xFFFFFFFF
        x[by] ^= x[to]
        x[by] = (x[by] << turn | x[by] >> (32 - turn)) & 0xFFFFFFFF
