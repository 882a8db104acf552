#!/usr/bin/env python3
"""Decrypts envseal's sealed values by docs/format.md. Needs PyPI's `cryptography`; no part of envseal.

    decrypt.py open PRIVATE-KEY NAME TOKEN    write the plaintext to stdout
    decrypt.py unlock LOCKED-KEY              write the private key to stdout; ENVSEAL_PASSPHRASE holds the passphrase
    decrypt.py vectors DIR                    check every vector in DIR

Locked keys need PyPI's `argon2-cffi` as well; without it their vectors are skipped.
"""

import base64, hashlib, hmac, os, pathlib, re, sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

try:
    from argon2.low_level import Type, hash_secret_raw
except ImportError:
    hash_secret_raw = None


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
P = 2**255 - 19
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


def export(private, public, enc, exporter_context, length, info=b"envseal/1/value"):
    try:
        dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    except ValueError:  # `cryptography` refuses an all-zero result (RFC 9180, section 7.1.4)
        raise Refused("zero-shared") from None
    prk = labeled_extract(KEM_SUITE, b"", b"eae_prk", dh)
    shared_secret = labeled_expand(KEM_SUITE, prk, b"shared_secret", enc + public, 32)
    psk_id_hash = labeled_extract(SUITE, b"", b"psk_id_hash", b"")
    info_hash = labeled_extract(SUITE, b"", b"info_hash", info)
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
        require(int.from_bytes(key, "little") < P, "non-canonical")
        require(not has_low_order(key), "low-order")
    return key


def has_low_order(public):
    try:
        X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(public))
        return False
    except ValueError:
        return True


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


def open_grant(environment, public, seed, granter, text):
    """The steps of docs/format.md, section "Grants", for the recipient of `seed`: the private key, or Refused."""
    info = b"envseal/1/grant"
    require(text.startswith(b"envseal-gr1-"), "grant-form")
    blob = unbase64url(text[len(b"envseal-gr1-") :], "grant-form")
    require(len(blob) == 208, "grant-form")
    enc, commitment, ciphertext, proof, signature = blob[:32], blob[32:64], blob[64:112], blob[112:144], blob[144:]
    recipient = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    terms = environment + b"\x00"
    y = int.from_bytes(granter, "little") % 2**255
    u = (1 + y) * pow(1 - y, P - 2, P) % P  # RFC 7748, section 4.1
    require(y < P and not has_low_order(u.to_bytes(32, "little")), "grant-signature")
    try:  # OpenSSL refuses a scalar that is not reduced (RFC 8032, section 5.1.7)
        message = info + terms + public + recipient + granter + blob[:144]
        Ed25519PublicKey.from_public_bytes(granter).verify(signature, message)
    except InvalidSignature:
        raise Refused("grant-signature") from None
    private = X25519PrivateKey.from_private_bytes(hashlib.sha512(seed).digest()[:32])  # RFC 8032, section 5.1.5
    own = private.public_key().public_bytes_raw()
    try:
        keys = export(private, own, enc, terms + public + granter, 64, info)
        require(hmac.compare_digest(keys[32:], commitment), "grant-recipient")
        key = ChaCha20Poly1305(keys[:32]).decrypt(bytes(12), ciphertext, b"")
    except (Refused, InvalidTag):
        raise Refused("grant-recipient") from None
    require(public_half(key) == public, "grant-key")
    prk = hmac.digest(bytes(32), key, "sha256")  # HKDF (RFC 5869) without a salt, and one block of output
    proving = hmac.digest(prk, info + b"-proof\x01", "sha256")
    expected = hmac.digest(proving, terms + recipient + granter + blob[:112], "sha256")
    require(hmac.compare_digest(expected, proof), "grant-proof")
    return key


def quarter_round(x, a, b, c, d):
    for to, add, by, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[to] = (x[to] + x[add]) & 0xFFFFFFFF
        x[by] ^= x[to]
        x[by] = (x[by] << turn | x[by] >> 32 - turn) & 0xFFFFFFFF


def hchacha20(key, nonce):
    """draft-irtf-cfrg-xchacha-03, section 2.2."""
    start = b"expand 32-byte k" + key + nonce
    x = [int.from_bytes(start[at : at + 4], "little") for at in range(0, 64, 4)]
    for _ in range(10):
        for at in range(4):
            quarter_round(x, at, at + 4, at + 8, at + 12)
        for at in range(4):
            quarter_round(x, at, 4 + (at + 1) % 4, 8 + (at + 2) % 4, 12 + (at + 3) % 4)
    return b"".join(word.to_bytes(4, "little") for word in x[:4] + x[12:])


def open_locked(passphrase, text):
    """The steps of docs/format.md, section "Locked keys": the private key, or Refused."""
    prefix = b"envseal-lk1-"
    require(text.startswith(prefix), "locked-prefix")
    blob = unbase64url(text[len(prefix) :], "locked-encoding")
    require(len(blob) == 164, "locked-length")
    memory, passes, lanes = (int.from_bytes(blob[at : at + 4], "little") for at in (0, 4, 8))
    within = 1 << 16 <= memory <= 1 << 20 and 1 <= passes <= 10 and lanes == 1
    require(within, "locked-parameters")
    salt, nonce, public, commitment, ciphertext = blob[12:28], blob[28:52], blob[52:84], blob[84:116], blob[116:]
    parse_key(b"envseal-pk1-" + base64.urlsafe_b64encode(public + hashlib.sha256(b"envseal-pk1-" + public).digest()[:4]), False)
    prk = hash_secret_raw(passphrase, salt, passes, memory, lanes, 32, Type.ID, 19)
    one = hmac.digest(prk, b"envseal/1/locked\x01", "sha256")  # RFC 5869, section 2.3
    two = hmac.digest(prk, one + b"envseal/1/locked\x02", "sha256")
    require(hmac.compare_digest(two, commitment), "locked-passphrase")
    cipher = ChaCha20Poly1305(hchacha20(one, nonce[:16]))
    try:
        key = cipher.decrypt(bytes(4) + nonce[16:], ciphertext, prefix + blob[:116])
    except InvalidTag:
        raise Refused("locked-damaged") from None
    require(public_half(key) == public, "locked-key")
    return key


def key_text(key):
    return "envseal-sk1-" + base64.urlsafe_b64encode(key + hashlib.sha256(b"envseal-sk1-" + key).digest()[:4]).decode()


def outcome(headers, line):
    """What the vector comes to, in the words of its own headers."""
    try:
        kind = headers.get("type", "token")
        if kind == "grant":
            public = parse_key(headers["public-key"].encode(), False)
            seed, granter = bytes.fromhex(headers["recipient-seed"]), bytes.fromhex(headers["granter-hex"])
            key = open_grant(headers["environment"].encode(), public, seed, granter, line)
            return {"expect": "success", "opened": key_text(key)}
        if kind == "locked-key":
            key = open_locked(headers["passphrase"].encode(), line)
            return {"expect": "success", "public-hex": public_half(key).hex(), "opened": key_text(key)}
        if kind != "token":
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
    failed, skipped, paths = 0, 0, sorted(pathlib.Path(folder).glob("*.txt"))
    for path in paths:
        head, _, line = path.read_bytes().partition(b"\n\n")
        headers = dict(header.split(": ", 1) for header in head.decode().split("\n"))
        if headers.get("type") == "locked-key" and not hash_secret_raw:
            skipped += 1
            continue
        found = outcome(headers, line.removesuffix(b"\n"))
        if any(headers.get(key, "") != value for key, value in found.items()):
            failed += 1
            print(f"{path.name}: expected {headers['expect']}, found {found}")
    print(f"{len(paths) - failed - skipped} passed, {failed} failed")
    if skipped:
        print(f"{skipped} skipped: locked keys need PyPI's argon2-cffi")
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
    if len(arguments) == 2 and arguments[0] == "unlock":
        if not hash_secret_raw or "ENVSEAL_PASSPHRASE" not in os.environ:
            missing = "ENVSEAL_PASSPHRASE is not set" if hash_secret_raw else "PyPI's argon2-cffi is not installed"
            print(f"unlock: {missing}", file=sys.stderr)
            return 2
        try:
            print(key_text(open_locked(os.environb[b"ENVSEAL_PASSPHRASE"], arguments[1].encode())))
            return 0
        except Refused as refused:
            print(f"refused: {refused}", file=sys.stderr)
            return 1
    print(__doc__.strip(), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
