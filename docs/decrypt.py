#!/usr/bin/env python3
"""Opens envseal's sealed values as docs/format.md has it. Needs PyPI's `cryptography`; no part of envseal.

    decrypt.py open PRIVATE-KEY NAME TOKEN    write the plaintext to stdout
    decrypt.py vectors DIR                    check every vector in DIR
"""

import base64, hashlib, hmac, pathlib, re, sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


class Refused(Exception):
    """Holds the identifier of the step that failed."""


def require(condition, error):
    if not condition:
        raise Refused(error)


def unbase64url(text, error):
    require(re.fullmatch(rb"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1, error)
    data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    require(base64.urlsafe_b64encode(data).rstrip(b"=") == text, error)  # the bits left over are zero
    return data


# RFC 9180, sections 4, 4.1 and 5.1, for DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, export-only, base mode (7.1-7.3).
KEM_SUITE = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\xff\xff"


def labeled_extract(suite, salt, label, ikm):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def labeled_expand(suite, prk, label, info, length):
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    block, out = b"", b""
    for counter in range(1, -(-length // 32) + 1):  # RFC 5869, section 2.3
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]


def export(private, public, enc, exporter_context, length):
    try:
        dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    except ValueError:  # `cryptography` refuses an all-zero result (RFC 9180, section 7.1.4)
        raise Refused("zero-shared") from None
    prk = labeled_extract(KEM_SUITE, b"", b"eae_prk", dh)
    shared_secret = labeled_expand(KEM_SUITE, prk, b"shared_secret", enc + public, 32)
    psk_id_hash = labeled_extract(SUITE, b"", b"psk_id_hash", b"")
    info_hash = labeled_extract(SUITE, b"", b"info_hash", b"envseal/1/value")
    secret = labeled_extract(SUITE, shared_secret, b"secret", b"")
    exporter_secret = labeled_expand(SUITE, secret, b"exp", b"\x00" + psk_id_hash + info_hash, 32)
    return labeled_expand(SUITE, exporter_secret, b"sec", exporter_context, length)


def parse_key(text, private):
    prefix, other = (b"envseal-sk1-", b"envseal-pk1-") if private else (b"envseal-pk1-", b"envseal-sk1-")
    require(not text.startswith(other), "public-given" if private else "private-given")
    require(text.startswith(prefix), "key-prefix")
    body = text[len(prefix) :]
    require(len(body) == 48, "key-length")
    payload = unbase64url(body, "key-encoding")
    key, checksum = payload[:32], payload[32:]
    require(hmac.compare_digest(hashlib.sha256(prefix + key).digest()[:4], checksum), "key-checksum")
    if not private:
        require(int.from_bytes(key, "little") < 2**255 - 19, "non-canonical")
        try:
            X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(key))
        except ValueError:
            raise Refused("low-order") from None
    return key


def public_half(key):
    return X25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def open_token(key, name, text):
    """The steps of docs/format.md, section "Opening": (kind, plaintext, refs), or Refused."""
    require(text.startswith(b"envseal:"), "not-sealed")
    require(text.startswith(b"envseal:1:"), "unknown-version")
    data, colon, refs = text[len(b"envseal:1:") :].partition(b":")
    blob = unbase64url(data, "encoding")
    require(len(blob) >= 116 and (len(blob) - 84) % 32 == 0, "length")
    kid, enc, commitment, ciphertext = blob[:4], blob[4:36], blob[36:68], blob[68:]
    require(enc[31] < 0x80, "enc-top-bit")
    names = refs.split(b",") if colon else []
    require(all(re.fullmatch(rb"[A-Za-z0-9_.-]+", ref) for ref in names), "refs")
    require(names == sorted(set(names)), "refs")
    public = public_half(key)
    require(kid == hashlib.sha256(public).digest()[:4], "other-key")
    private = X25519PrivateKey.from_private_bytes(key)
    keys = export(private, public, enc, name + b"\x00" + refs, 64)
    require(hmac.compare_digest(keys[32:], commitment), "other-name")
    try:
        padded = ChaCha20Poly1305(keys[:32]).decrypt(bytes(12), ciphertext, b"")
    except InvalidTag:
        raise Refused("damaged") from None
    body = padded.rstrip(b"\x00")
    require(body.endswith(b"\x80") and len(padded) - len(body) + 1 <= 32, "padding")
    require(len(body) > 1 and body[0] in (0, 1), "kind")
    require(body[0] == 1 or not names, "refs-with-value")
    return ("value", "source")[body[0]], body[1:-1], refs.decode()


def outcome(headers, line):
    """What the vector comes to, in the words of its own headers."""
    try:
        if (kind := headers.get("type", "token")) != "token":
            key = parse_key(line, kind == "private-key")
            public = public_half(key) if kind == "private-key" else key
            kid = hashlib.sha256(public).hexdigest()[:8]
            return {"expect": "success", "public-hex": public.hex(), "key-id": kid}
        key = parse_key(headers["private-key"].encode(), True)
        kind, plaintext, refs = open_token(key, headers["name"].encode(), line)
        return {"expect": "success", "kind": kind, "plaintext-hex": plaintext.hex(), "refs": refs}
    except Refused as refused:
        return {"expect": f"error: {refused}"}


def check_vectors(folder):
    failed, paths = 0, sorted(pathlib.Path(folder).glob("*.txt"))
    for path in paths:
        head, _, line = path.read_bytes().partition(b"\n\n")
        headers = dict(header.split(": ", 1) for header in head.decode().split("\n"))
        found = outcome(headers, line.removesuffix(b"\n"))
        if any(headers.get(key, "") != value for key, value in found.items()):
            failed += 1
            print(f"{path.name}: expected {headers['expect']}, found {found}")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed or not paths else 0


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "vectors":
        return check_vectors(arguments[1])
    if len(arguments) == 4 and arguments[0] == "open":
        private, name, token = map(str.encode, arguments[1:])
        try:
            sys.stdout.buffer.write(open_token(parse_key(private, True), name, token)[1])
            return 0
        except Refused as refused:
            print(f"refused: {refused}", file=sys.stderr)
            return 1
    print(__doc__.strip(), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
