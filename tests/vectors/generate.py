#!/usr/bin/env python3
"""Writes the test vectors beside this file, byte for byte the same every time.

Sealing as docs/format.md has it, over PyPI's `cryptography`: an implementation of its own, so that the vectors
are evidence. Every refusal is sealed as well as it can be: a reader that leaves out the one check that the
vector is about opens it, or reports another error.

    python3 generate.py           write the vectors
    python3 generate.py --check   exit 1 when a file differs from what would be written
"""

import base64
import hashlib
import pathlib
import sys
from types import SimpleNamespace

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

HERE = pathlib.Path(__file__).resolve().parent
SUITE_KEM = b"KEM" + (0x0020).to_bytes(2, "big")
SUITE_HPKE = b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (0x0020, 0x0001, 0xFFFF))
P = 2**255 - 19
VALUE, SOURCE = 0, 1


# --- HPKE, RFC 9180 -------------------------------------------------------------------------------------------


def extract(suite, salt, label, ikm):
    mac = hmac.HMAC(salt or bytes(32), hashes.SHA256())
    mac.update(b"HPKE-v1" + suite + label + ikm)
    return mac.finalize()


def expand(suite, prk, label, info, length):
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), length, labeled).derive(prk)


def derive_key_pair(ikm):
    return X25519PrivateKey.from_private_bytes(expand(SUITE_KEM, extract(SUITE_KEM, b"", b"dkp_prk", ikm), b"sk", b"", 32))


def exporter_secret(dh, enc, recipient, info=b"envseal/1/value"):
    shared = expand(SUITE_KEM, extract(SUITE_KEM, b"", b"eae_prk", dh), b"shared_secret", enc + recipient, 32)
    context = b"\x00" + extract(SUITE_HPKE, b"", b"psk_id_hash", b"")
    context += extract(SUITE_HPKE, b"", b"info_hash", info)
    return expand(SUITE_HPKE, extract(SUITE_HPKE, shared, b"secret", b""), b"exp", context, 32)


def raw(public):
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


# --- envseal --------------------------------------------------------------------------------------------------


class Key:
    def __init__(self, label):
        self.secret = hashlib.sha256(b"envseal vectors, private key: " + label.encode()).digest()
        self.private = X25519PrivateKey.from_private_bytes(self.secret)
        self.public = raw(self.private.public_key())
        self.kid = hashlib.sha256(self.public).digest()[:4]
        self.text = key_text("envseal-sk1-", self.secret)


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key_text(prefix, key):
    return prefix + b64(key + hashlib.sha256(prefix.encode() + key).digest()[:4])


class Batch:
    """One encapsulation. `enc` and `dh` stand in for an honest one."""

    def __init__(self, label, key, enc=None, dh=None):
        self.key = key
        self.ikm = hashlib.sha256(b"envseal vectors, ephemeral: " + label.encode()).digest()
        ephemeral = derive_key_pair(self.ikm)
        self.honest = enc is None
        self.enc = enc or raw(ephemeral.public_key())
        dh = dh or ephemeral.exchange(X25519PublicKey.from_public_bytes(key.public))
        self.secret = exporter_secret(dh, self.enc, key.public)

    def blob(self, name, padded, refs="", kid=None):
        keys = expand(SUITE_HPKE, self.secret, b"sec", name.encode() + b"\x00" + refs.encode(), 64)
        sealed = ChaCha20Poly1305(keys[:32]).encrypt(bytes(12), padded, None)
        return (kid or self.key.kid) + self.enc + keys[32:] + sealed


def pad(kind, data):
    body = bytes([kind]) + data + b"\x80"
    return body + bytes(-len(body) % 32)


def token(blob, refs=""):
    return "envseal:1:" + b64(blob) + (":" + refs if refs else "")


# --- files ----------------------------------------------------------------------------------------------------

FILES = {}


def write(name, headers, line):
    text = "".join(f"{key}: {value}\n" for key, value in headers.items() if value is not None)
    if isinstance(line, str):
        line = line.encode()
    FILES[f"{len(FILES) + 1:03d}-{name}.txt"] = text.encode() + b"\n" + line + b"\n"


A, B = Key("A"), Key("B")


def success(name, comment, kind, data, variable="SECRET", refs="", batch=None):
    batch = batch or Batch(name, A)
    blob = batch.blob(variable, pad(kind, data), refs)
    write(
        name,
        {
            "comment": comment,
            "name": variable,
            "private-key": A.text,
            "expect": "success",
            "kind": ("value", "source")[kind],
            "plaintext-hex": data.hex(),
            "refs": refs or None,
            "ikm-e": batch.ikm.hex() if batch.honest else None,
        },
        token(blob, refs),
    )


def failure(name, error, comment, line, variable="SECRET", key=A):
    write(name, {"comment": comment, "name": variable, "private-key": key.text, "expect": f"error: {error}"}, line)


def key_success(name, comment, kind, text, key):
    headers = {"type": kind, "comment": comment, "expect": "success", "public-hex": key.public.hex(), "key-id": key.kid.hex()}
    write(name, headers, text)


def key_failure(name, error, comment, kind, text):
    write(name, {"type": kind, "comment": comment, "expect": f"error: {error}"}, text)


def build():
    successes()
    structure()
    to_another_key()
    encapsulated_keys()
    names_and_refs()
    altered()
    under_the_seal()
    key_texts()
    grants()
    locked_keys()


def successes():
    success("empty", "no bytes at all", VALUE, b"")
    success("one-byte", "one byte", VALUE, b"x")
    success("short", "an ordinary value", VALUE, b"hunter2")
    for size in (29, 30, 31, 32, 62, 63):
        success(f"boundary-{size}", "kind, bytes and 0x80 about a multiple of 32", VALUE, bytes(range(1, size + 1)))
    success("large", "4096 bytes", VALUE, bytes(i * 7 & 255 for i in range(4096)))
    success("not-utf-8", "values are bytes", VALUE, b"\xff\xfe\x00\x80\xc3\x28")
    success("ends-in-padding-bytes", "only the last 0x80 is padding", VALUE, b"\x80\x00\x80\x00\x00")
    success("only-zeros", "zeros are bytes like any other", VALUE, bytes(40))
    success("newlines", "a value of several lines", VALUE, b"-----BEGIN X-----\nabc\r\n-----END X-----\n")
    success("source", "source text, quotes included", SOURCE, b'"a b" ')
    success("source-empty", "empty source text", SOURCE, b"")
    success("refs-one", "one name", SOURCE, b"postgres://${DB_USER}@db", refs="DB_USER")
    success("refs-many", "byte order: digits, upper case, underscore, lower case", SOURCE, b'"$A0$AA$A_$a"', refs="A0,AA,A_,a")
    success("refs-dots", "every character that a name may have", SOURCE, b"${x}", refs="-,.,0,A.b-C_9,_")
    success("name-dots", "every character that a name may have", VALUE, b"x", variable="a.b-C_9")
    batch = Batch("batch", A)
    success("batch-first", "two values of one encapsulation", VALUE, b"first", variable="FIRST", batch=batch)
    success("batch-second", "two values of one encapsulation", VALUE, b"second", variable="SECOND", batch=batch)
    # enc = p + 9 is the base point in non-canonical form, so that the Diffie-Hellman result is the public key.
    batch = Batch("", A, enc=(P + 9).to_bytes(32, "little"), dh=A.public)
    success("enc-not-reduced", "X25519 reduces enc (RFC 7748, section 5); its bytes are hashed as they stand", VALUE, b"x", batch=batch)


def structure():
    blob = Batch("structure", A).blob("SECRET", pad(VALUE, b"hunter2"))
    good, data = token(blob), b64(blob)
    failure("prefix-none", "not-sealed", "an empty text", "")
    failure("prefix-case", "not-sealed", "the prefix is in lower case", good.replace("envseal", "ENVSEAL"))
    failure("prefix-space", "not-sealed", "no space is trimmed", " " + good)
    failure("prefix-quoted", "not-sealed", "quotes are the file's, not the token's", f'"{good}"')
    failure("prefix-other", "not-sealed", "another tool's prefix", "encrypted:" + data)
    failure("version-2", "unknown-version", "a later version", "envseal:2:" + data)
    failure("version-01", "unknown-version", "the version is one character", "envseal:01:" + data)
    failure("version-empty", "unknown-version", "no version", "envseal::" + data)
    failure("version-alone", "unknown-version", "no colon after the version", "envseal:1")

    failure("base64-padding", "encoding", "no padding characters", good + "=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    trailing = good[:-1] + alphabet[alphabet.index(good[-1]) | 1]
    assert trailing != good
    failure("base64-trailing-bits", "encoding", "the bits left over are zero", trailing)
    for index in range(1000):
        other = token(Batch(f"standard {index}", A).blob("SECRET", pad(VALUE, b"hunter2")))
        if "-" in other and "_" in other:
            break
    failure("base64-standard-plus", "encoding", "the URL-safe alphabet, so no plus", other.replace("-", "+"))
    failure("base64-standard-slash", "encoding", "the URL-safe alphabet, so no slash", other.replace("_", "/"))
    failure("base64-space", "encoding", "no space within", good[:50] + " " + good[50:])
    failure("base64-newline", "encoding", "no newline within", good[:50] + "\n" + good[50:])
    failure("base64-newline-after", "encoding", "no newline after", good + "\n")
    failure("base64-carriage-return-after", "encoding", "no carriage return after", good + "\r")
    failure("base64-one-over", "encoding", "a single character over", token(blob[:114]) + "A")
    failure("base64-not-ascii", "encoding", "a byte beyond ASCII", good[:50].encode() + b"\xe9" + good[51:].encode())
    failure("base64-a-prefix-only", "encoding", "a hook that looks at the prefix would let it pass", "envseal:1:sk_live_plain.")

    for size, what in (
        (0, "nothing"), (3, "within the key id"), (4, "after the key id"), (20, "within enc"), (36, "after enc"),
        (52, "within the commitment"), (68, "after the commitment"), (83, "one short of no ciphertext"),
        (84, "a tag alone, k = 0"), (90, "within the ciphertext"), (100, "the tag is missing"),
        (115, "within the tag"),
    ):  # fmt: skip
        failure(f"length-{size}", "length", f"cut: {what}", token(blob[:size]))
    failure("length-117", "length", "one byte over", token(blob + b"\0"))
    failure("length-132", "length", "half a step over", token(blob + bytes(16)))


def to_another_key():
    batch = Batch("another key", B)
    padded = pad(VALUE, b"hunter2")
    failure("other-key", "other-key", "sealed to another environment's key", token(batch.blob("SECRET", padded)))
    forged = batch.blob("SECRET", padded, kid=A.kid)
    failure("kid-forged", "other-name", "sealed to another key, with this key's id", token(forged))
    honest = Batch("kid changed", A).blob("SECRET", padded)
    failure("kid-flipped", "other-key", "one bit of the key id", token(flip(honest, 0)))
    failure("kid-last-bit", "other-key", "one bit of the key id", token(flip(honest, 31)))


def flip(blob, bit):
    return blob[: bit // 8] + bytes([blob[bit // 8] ^ 1 << bit % 8]) + blob[bit // 8 + 1 :]


def encapsulated_keys():
    padded = pad(VALUE, b"hunter2")
    order_8 = (
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    )
    points = {"0": 0, "1": 1, "p-minus-1": P - 1, "p": P, "p-plus-1": P + 1}
    points |= {f"order-8-{i + 1}": int.from_bytes(bytes.fromhex(point), "little") for i, point in enumerate(order_8)}
    for name, point in points.items():
        enc = point.to_bytes(32, "little")
        assert is_low_order(enc)
        batch = Batch("", A, enc=enc, dh=bytes(32))
        failure(f"enc-low-order-{name}", "zero-shared", "the Diffie-Hellman result is zero", token(batch.blob("SECRET", padded)))

    ephemeral = Batch("top bit", A)
    dh = derive_key_pair(ephemeral.ikm).exchange(X25519PublicKey.from_public_bytes(A.public))
    high = ephemeral.enc[:31] + bytes([ephemeral.enc[31] | 0x80])
    blob = Batch("", A, enc=high, dh=dh).blob("SECRET", padded)
    failure("enc-top-bit", "enc-top-bit", "X25519 would ignore the bit", token(blob))
    failure("enc-top-bit-low-order", "enc-top-bit", "comes before the Diffie-Hellman", token(flip(blob[:4] + bytes(31) + b"\x80" + blob[36:], 400)))
    failure("enc-top-bit-other-key", "enc-top-bit", "structure comes before the key id", token(B.kid + blob[4:]))


def is_low_order(point):
    try:
        A.private.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        return True
    return False


def names_and_refs():
    batch = Batch("names", A)
    literal = token(batch.blob("SECRET", pad(VALUE, b"hunter2")))
    failure("name-other", "other-name", "sealed for SECRET", literal, variable="PUBLIC")
    failure("name-case", "other-name", "names are compared as they stand", literal, variable="secret")
    failure("name-longer", "other-name", "sealed for SECRET", literal, variable="SECRET_")
    failure("name-shorter", "other-name", "sealed for SECRET", literal, variable="SECRE")

    source = batch.blob("URL", pad(SOURCE, b"${A}${B}"), "A,B")
    bare = token(source)
    failure("refs-added-to-literal", "other-name", "a list where none was sealed", literal + ":A")
    failure("refs-added", "other-name", "one name more", bare + ":A,B,C", variable="URL")
    failure("refs-removed", "other-name", "one name fewer", bare + ":A", variable="URL")
    failure("refs-all-removed", "other-name", "the whole list is gone", bare, variable="URL")
    failure("refs-changed", "other-name", "another name", bare + ":A,C", variable="URL")
    # The zero byte between name and list keeps URL ‖ A,B and URLA ‖ B apart.
    failure("refs-moved-into-name", "other-name", "the border between name and list is sealed", bare + ":B", variable="URLA")

    for name, comment, refs in (
        ("empty", "no list, then no colon", ":"),
        ("reordered", "sorted by bytes", ":B,A"),
        ("case-order", "sorted by bytes, so upper case first", ":a,B"),
        ("duplicated", "distinct", ":A,A,B"),
        ("comma-first", "an empty name", ":,A,B"),
        ("comma-last", "an empty name", ":A,B,"),
        ("space", "a space is no part of a name", ":A, B"),
        ("dollar", "a dollar sign is no part of a name", ":$A"),
        ("colon", "there is one list", ":A:B"),
        ("newline", "no newline after", ":A,B\n"),
    ):
        list_ = refs[1:]
        sealed = batch.blob("URL", pad(SOURCE, b"${A}${B}"), list_)
        failure(f"refs-{name}", "refs", comment, token(sealed) + refs, variable="URL")
    sealed = batch.blob("URL", pad(SOURCE, b"${\xc3\xa9}"), "\u00e9")
    failure("refs-not-ascii", "refs", "a letter beyond ASCII is no part of a name", token(sealed) + ":\u00e9", variable="URL")
    failure("refs-not-utf-8", "refs", "a byte that is no text", token(sealed).encode() + b":\xe9", variable="URL")
    other_key = Batch("refs order", B).blob("URL", pad(SOURCE, b"${A}"), "A")
    failure("refs-before-key", "refs", "structure comes before the key id", token(other_key) + ":B,A", variable="URL")
    value = batch.blob("NOREF", pad(VALUE, b"${A}"), "A")
    failure("refs-with-value", "refs-with-value", "a literal value refers to nothing", token(value) + ":A", variable="NOREF")


def altered():
    one = Batch("altered", A).blob("SECRET", pad(VALUE, b"hunter2"))
    two = Batch("altered, two steps", A).blob("SECRET", pad(VALUE, b"correct horse battery staple, said the sealed value"))
    for name, bit, error in (
        ("enc-first-bit", 4 * 8, "other-name"),
        ("enc-last-byte", 35 * 8, "other-name"),
        ("commitment-first-bit", 36 * 8, "other-name"),
        ("commitment-last-bit", 68 * 8 - 1, "other-name"),
        ("ciphertext-first-bit", 68 * 8, "damaged"),
        ("ciphertext-last-bit", 100 * 8 - 1, "damaged"),
        ("tag-first-bit", 100 * 8, "damaged"),
        ("tag-last-bit", 116 * 8 - 1, "damaged"),
    ):
        failure(f"flipped-{name}", error, "one bit", token(flip(one, bit)))
    failure("cut-by-a-step", "damaged", "the last 32 bytes are gone", token(two[:-32]))
    failure("cut-within", "damaged", "32 bytes of ciphertext are gone, the tag stands", token(two[:68] + two[100:]))
    failure("longer-by-a-step", "damaged", "32 bytes are added", token(one + bytes(32)))
    batch = Batch("spliced", A)
    first, second = (batch.blob(name, pad(VALUE, b"hunter2")) for name in ("FIRST", "SECOND"))
    failure("spliced-within-batch", "other-name", "two values of one batch exchanged", token(second), variable="FIRST")
    failure("spliced-ciphertext", "damaged", "another value's ciphertext and tag", token(first[:68] + second[68:]), variable="FIRST")
    failure("spliced-commitment", "damaged", "the right commitment over another value", token(second[:36] + first[36:68] + second[68:]), variable="FIRST")


def under_the_seal():
    batch = Batch("under the seal", A)
    for name, error, comment, padded in (
        ("padding-none", "padding", "the last byte that is not zero is not 0x80", (b"\x00hunter2" + bytes(24))),
        ("padding-full", "padding", "no room was left for padding", b"\x00" + b"A" * 31),
        ("padding-all-zero", "padding", "nothing but zeros", bytes(32)),
        ("padding-not-minimal", "padding", "64 bytes where 32 would do", b"\x00hunter2\x80" + bytes(55)),
        ("padding-33", "padding", "33 bytes of padding, one too many", b"\x00" + b"A" * 30 + b"\x80" + bytes(32)),
        ("padding-a-step-over", "padding", "33 bytes of data, 63 of padding", b"\x00" + b"A" * 32 + b"\x80" + bytes(62)),
        ("padding-junk-after", "padding", "something after the padding", b"\x00hunter2\x80" + bytes(22) + b"\x01"),
        ("padding-7f", "padding", "0x7f is not 0x80", b"\x00hunter2\x7f" + bytes(23)),
        ("padding-before-kind", "padding", "of two faults the padding comes first", b"\x07hunter2" + bytes(24)),
        ("kind-2", "kind", "no such kind", pad(2, b"hunter2")),
        ("kind-255", "kind", "no such kind", pad(255, b"hunter2")),
        ("kind-ascii", "kind", "the kind is a byte, not a digit", pad(0x30, b"hunter2")),
        ("kind-missing", "kind", "padding and nothing else", b"\x80" + bytes(31)),
    ):  # fmt: skip
        failure(name, error, comment, token(batch.blob("SECRET", padded)))


def key_texts():
    public, private = "envseal-pk1-", "envseal-sk1-"
    good = key_text(public, A.public)
    key_success("key-public", "a public key", "public-key", good, A)
    key_success("key-private", "a private key", "private-key", A.text, A)
    key_failure("key-private-given", "private-given", "the private half where the public is wanted", "public-key", A.text)
    key_failure("key-public-given", "public-given", "the public half where the private is wanted", "private-key", good)
    key_failure("key-prefix", "key-prefix", "another tool's key", "public-key", "age1" + good[12:])
    key_failure("key-prefix-case", "key-prefix", "the prefix is in lower case", "private-key", A.text.replace("envseal", "ENVSEAL"))
    key_failure("key-space", "key-prefix", "no space is trimmed", "public-key", " " + good)
    key_failure("key-short", "key-length", "the last character is missing", "public-key", good[:-1])
    key_failure("key-short-within", "key-length", "a character within is missing", "private-key", A.text[:30] + A.text[31:])
    key_failure("key-long", "key-length", "one character over", "public-key", good + "A")
    key_failure("key-newline", "key-length", "no newline is trimmed", "private-key", A.text + "\n")
    key_failure("key-standard-alphabet", "key-encoding", "the URL-safe alphabet", "public-key", good[:20] + "+" + good[21:])
    key_failure("key-padding", "key-encoding", "no padding characters", "public-key", good[:-1] + "=")
    changed = good[:20] + ("B" if good[20] != "B" else "C") + good[21:]
    key_failure("key-changed", "key-checksum", "one character is another", "public-key", changed)
    swapped = A.text[:20] + A.text[21] + A.text[20] + A.text[22:]
    assert swapped != A.text
    key_failure("key-swapped", "key-checksum", "two characters changed places", "private-key", swapped)
    crossed = public + key_text(private, A.public)[12:]
    key_failure("key-crossed", "key-checksum", "the checksum is over the other prefix", "public-key", crossed)
    for name, point in (("p", P), ("p-plus-9", P + 9), ("top-bit", 2**255 + 9), ("largest", 2**256 - 1)):
        text = key_text(public, point.to_bytes(32, "little"))
        key_failure(f"key-non-canonical-{name}", "non-canonical", "2^255 - 19 or more", "public-key", text)
    for name, point in (("0", 0), ("1", 1), ("p-minus-1", P - 1)):
        text = key_text(public, point.to_bytes(32, "little"))
        key_failure(f"key-low-order-{name}", "low-order", "anyone could open what is sealed to it", "public-key", text)
    point = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
    key_failure("key-low-order-8", "low-order", "anyone could open what is sealed to it", "public-key", key_text(public, point))


class Identity:
    def __init__(self, label):
        self.seed = hashlib.sha256(b"envseal vectors, identity: " + label.encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = raw(self.private.public_key())
        # RFC 8032, section 5.1.5: the scalar, which X25519 clamps as Ed25519 does.
        self.x25519 = X25519PrivateKey.from_private_bytes(hashlib.sha512(self.seed).digest()[:32])


def mac(key, info, message):
    keyed = hmac.HMAC(HKDF(hashes.SHA256(), 32, None, info).derive(key), hashes.SHA256())
    keyed.update(message)
    return keyed.finalize()


def grant(label, recipient, granter, env="production", key=None, held=None, named=None, enc=None, sealed=None, proof=None):
    """`held` is the key that is wrapped, `named` the recipient that is named; the rest stands in for an honest part."""
    key, info = key or A, b"envseal/1/grant"
    held, named = held or key, named or recipient
    ephemeral = derive_key_pair(hashlib.sha256(b"envseal vectors, ephemeral: " + label.encode()).digest())
    public = raw(recipient.x25519.public_key())
    dh = bytes(32) if enc else ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    enc = enc or raw(ephemeral.public_key())
    context = env.encode() + b"\x00" + key.public + granter.public
    keys = expand(SUITE_HPKE, exporter_secret(dh, enc, public, info), b"sec", context, 64)
    whole = enc + keys[32:] + ChaCha20Poly1305(keys[:32]).encrypt(bytes(12), held.secret, None)
    whole = sealed(whole) if sealed else whole
    terms = env.encode() + b"\x00"
    proof = proof or mac(held.secret, info + b"-proof", terms + named.public + granter.public + whole)
    signed = info + terms + key.public + named.public + granter.public + whole + proof
    return whole + proof + granter.private.sign(signed)


def grants():
    alice, bob, eve = Identity("alice"), Identity("bob"), Identity("eve")
    good = grant("grant", bob, alice)

    def put(name, comment, line, expect=None, env="production", key=A, recipient=bob, granter=alice):
        write(
            f"grant-{name}",
            {
                "type": "grant",
                "comment": comment,
                "environment": env,
                "public-key": key_text("envseal-pk1-", key.public),
                "recipient-seed": recipient.seed.hex(),
                "granter-hex": granter.public.hex(),
                "expect": f"error: grant-{expect}" if expect else "success",
                "opened": None if expect else key.text,
            },
            line if isinstance(line, str) else "envseal-gr1-" + b64(line),
        )

    text = "envseal-gr1-" + b64(good)
    put("good", "to bob, by alice", good)
    put("of-another-environment", "a name that is not ASCII", grant("other", bob, alice, env="é.local", key=B), env="é.local", key=B)
    put("to-oneself", "the granter is the recipient", grant("self", alice, alice), recipient=alice)
    put("prefix", "the prefix is in lower case", text.replace("gr1", "GR1"), "form")
    put("version", "no such version", text.replace("gr1", "gr2"), "form")
    put("padding", "no padding characters", text + "==", "form")
    put("newline", "no newline is trimmed", text + "\n", "form")
    put("short", "a byte is missing", good[:-1], "form")
    put("long", "a byte over", good + b"\x00", "form")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    put("trailing-bits", "the bits left over are zero", text[:-1] + alphabet[alphabet.index(text[-1]) + 1], "form")
    put("environment", "of another environment", good, "signature", env="staging")
    put("replayed-key", "of another key of the environment", good, "signature", key=B)
    put("recipient", "to another", good, "signature", recipient=eve)
    put("granter", "by another", good, "signature", granter=eve)
    for name, at in (("enc", 0), ("commitment", 32), ("wrapped", 64), ("tag", 111), ("proof", 112), ("signature", 207)):
        put(f"flipped-{name}", "one bit", flip(good, at * 8), "signature")
    order = 2**252 + 27742317777372353535851937790883648493
    larger = (int.from_bytes(good[-32:], "little") + order).to_bytes(32, "little")
    put("malleable", "the signature's scalar is not reduced (RFC 8032, section 5.1.7)", good[:-32] + larger, "signature")
    put("wrapped-to-another", "signed for bob, but wrapped to eve", grant("eve", eve, alice, named=bob), "recipient")
    put("commitment-signed", "another commitment, signed", grant("com", bob, alice, sealed=lambda w: flip(w, 32 * 8)), "recipient")
    put("ciphertext-signed", "another ciphertext, signed", grant("ct", bob, alice, sealed=lambda w: flip(w, 64 * 8)), "recipient")
    low = bytes(32)
    put("low-order", "the encapsulated key has low order", grant("low", bob, alice, enc=low), "recipient")
    for name, y in (("low-order", 1), ("non-canonical", P + 1)):
        # The neutral element: S = 1 and R = B satisfy S·B = R + k·A, whatever is signed.
        base = bytes.fromhex("58" + "66" * 31)
        weak = SimpleNamespace(public=y.to_bytes(32, "little"), private=SimpleNamespace(sign=lambda _: base + (1).to_bytes(32, "little")))
        put(f"granter-{name}", "anyone can sign for this granter", grant("granter", bob, weak), "signature", granter=weak)
    put("other-key", "holds another key than it says", grant("held", bob, alice, held=B), "key")
    put("no-proof", "the right key, but the proof is of another's", grant("proof", bob, alice, proof=mac(B.secret, b"envseal/1/grant-proof", b"")), "proof")


def hchacha20(key, nonce):
    """draft-irtf-cfrg-xchacha-03, section 2.2, out of ChaCha20's block: what was added at the end is taken off again."""
    block = Cipher(ChaCha20(key, nonce), None).encryptor().update(bytes(64))
    start = b"expand 32-byte k" + key + nonce
    words = [
        (int.from_bytes(block[at : at + 4], "little") - int.from_bytes(start[at : at + 4], "little")) % 2**32
        for at in (*range(0, 16, 4), *range(48, 64, 4))
    ]
    return b"".join(word.to_bytes(4, "little") for word in words)


def xchacha20poly1305(key, nonce, data, aad):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], data, aad)


DERIVED = {}


def locked(label, passphrase="correct horse", cost=(1 << 16, 1, 1), key=None, held=None, public=None, run=None):
    """`run` is what Argon2id is really run with, where no machine is to run `cost`."""
    key = key or A
    salt = hashlib.sha256(b"envseal vectors, salt").digest()[:16]
    nonce = hashlib.sha256(b"envseal vectors, nonce: " + label.encode()).digest()[:24]
    memory, passes, lanes = run or cost
    if (passphrase, run or cost) not in DERIVED:
        stretched = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(passphrase.encode())
        DERIVED[passphrase, run or cost] = HKDFExpand(hashes.SHA256(), 64, b"envseal/1/locked").derive(stretched)
    keys = DERIVED[passphrase, run or cost]
    header = b"".join(n.to_bytes(4, "little") for n in cost) + salt + nonce + (public or key.public) + keys[32:]
    return header + xchacha20poly1305(keys[:32], nonce, (held or key).secret, b"envseal-lk1-" + header)


def locked_keys():
    good = locked("good")

    def put(name, comment, line, expect=None, passphrase="correct horse", key=A):
        own = expect and not expect in ("low-order", "non-canonical")
        write(
            f"locked-{name}",
            {
                "type": "locked-key",
                "comment": comment,
                "passphrase": passphrase,
                "expect": f"error: {'locked-' if own else ''}{expect}" if expect else "success",
                "public-hex": None if expect else key.public.hex(),
                "opened": None if expect else key.text,
            },
            line if isinstance(line, str) else "envseal-lk1-" + b64(line),
        )

    text = "envseal-lk1-" + b64(good)
    small = (1 << 16, 1, 1)
    put("good", "the least that is opened", good)
    put("another-of-the-batch", "the same salt, another nonce and key", locked("second", key=B), key=B)
    put("as-written", "what new locks are made with", locked("real", cost=(1 << 18, 3, 1)))
    put("not-ascii", "the passphrase is UTF-8, taken as it is", locked("utf-8", passphrase="naïve ẞ "), passphrase="naïve ẞ ")
    put("prefix", "the prefix is in lower case", text.replace("lk1", "LK1"), "prefix")
    put("version", "no such version", text.replace("lk1", "lk2"), "prefix")
    put("padding", "no padding characters", text + "=", "encoding")
    put("newline", "no newline is trimmed", text + "\n", "encoding")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    put("trailing-bits", "the bits left over are zero", text[:-1] + alphabet[alphabet.index(text[-1]) + 1], "encoding")
    put("short", "a byte is missing", good[:-1], "length")
    put("long", "a byte over", good + b"\x00", "length")
    put("empty", "nothing behind the prefix", b"", "length")
    for name, cost in (
        ("memory-largest", (2**32 - 1, 3, 1)),
        ("memory-over", ((1 << 20) + 1, 3, 1)),
        ("memory-under", ((1 << 16) - 1, 3, 1)),
        ("memory-0", (0, 3, 1)),
        ("passes-0", (1 << 16, 0, 1)),
        ("passes-over", (1 << 16, 11, 1)),
        ("lanes-0", (1 << 16, 1, 0)),
        ("lanes-2", (1 << 16, 1, 2)),
        ("lanes-255", (1 << 16, 1, 255)),
    ):
        put(name, "parameters out of bounds", locked(name, cost=cost, run=small), "parameters")
    put("public-low-order", "what it says is its public half is none", locked("low", public=bytes(32)), "low-order")
    put("public-non-canonical", "what it says is its public half is none", locked("high", public=P.to_bytes(32, "little")), "non-canonical")
    for name, passphrase in (("other", "correct horses"), ("case", "Correct horse"), ("space", "correct horse "), ("nothing", "")):
        put(f"passphrase-{name}", "another passphrase", good, "passphrase", passphrase=passphrase)
    put("salt", "another salt", flip(good, 12 * 8), "passphrase")
    put("commitment", "another commitment", flip(good, 84 * 8), "passphrase")
    put("passes-changed", "other parameters, within bounds", flip(flip(good, 4 * 8), 4 * 8 + 1), "passphrase")
    for name, at in (("nonce", 28), ("ciphertext", 116), ("tag", 163)):
        put(f"flipped-{name}", "one bit", flip(good, at * 8), "damaged")
    put("public-swapped", "another key's public half", good[:52] + B.public + good[84:], "damaged")
    second = locked("second", key=B)
    put("ciphertext-swapped", "the ciphertext of another key of the batch", good[:116] + second[116:], "damaged")
    put("parameters-over-the-right-commitment", "the parameters are authenticated", locked("cost", cost=(1 << 16, 2, 1), run=small), "passphrase")
    put("other-key", "holds another key than it says", locked("held", held=B), "key")


def main():
    build()
    there = {path.name: path.read_bytes() for path in HERE.glob("*.txt")}
    if sys.argv[1:] == ["--check"]:
        differing = sorted(name for name in there.keys() | FILES.keys() if there.get(name) != FILES.get(name))
        print(*differing, sep="\n", end="\n" if differing else "")
        sys.exit(bool(differing))
    for name in there.keys() - FILES.keys():
        (HERE / name).unlink()
    for name, content in FILES.items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()
