// Keys and sealed values, by docs/format.md. Texts are byte strings: one character for each byte ("latin1").

import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  timingSafeEqual,
} from 'node:crypto';

/** A text that is refused. `step` is the identifier that docs/format.md gives to the rule. Holds no byte of the text. */
export class Refusal extends Error {
  constructor(step) {
    super(REASONS[step]);
    this.step = step;
  }
}

const REASONS = {
  'private-given': 'this is the private key; the public key is needed',
  'public-given': 'this is the public key; the private key is needed',
  'key-prefix': 'not an envseal key, or one of a newer version',
  'key-length': 'the key does not have 48 characters after its prefix',
  'key-encoding': 'the key contains a character that is not base64url',
  'key-checksum': "the key's checksum does not match: a character is wrong",
  'non-canonical': 'the public key is not in canonical form',
  'low-order': 'the public key has low order',
  'locked-prefix': 'not a locked key',
  'locked-encoding': 'the locked key is not canonical base64url',
  'locked-length': 'the locked key does not have 164 bytes',
  'locked-parameters': "the locked key's parameters are out of bounds",
  'not-sealed': 'not a sealed value',
  'unknown-version': 'a sealed value of an unknown version: update envseal',
  encoding: 'the sealed value is not canonical base64url',
  length: 'the sealed value has an impossible length',
  'enc-top-bit': "the sealed value's encapsulated key is not in canonical form",
  refs: "the sealed value's list of names is malformed",
  'other-key': 'encrypted with another key',
  'zero-shared': "the sealed value's encapsulated key has low order",
  'other-name': 'encrypted for another name, or altered',
  damaged: 'damaged',
  padding: 'malformed padding in the decrypted value',
  kind: 'unknown kind of value',
  'refs-with-value': 'a literal value with a list of names',
};

function check(condition, step) {
  if (!condition) throw new Refusal(step);
}

// Keys

const PUBLIC_PREFIX = 'envseal-pk1-';
const PRIVATE_PREFIX = 'envseal-sk1-';
const LOCKED_PREFIX = 'envseal-lk1-';

/** Reads a public key: its text, its 32 bytes and its id, eight hexadecimal digits. */
export function parsePublicKey(text) {
  check(!text.startsWith(PRIVATE_PREFIX), 'private-given');
  return publicKey(keyBytes(PUBLIC_PREFIX, text));
}

/** Reads a private key. Returns its public key too. */
export function parsePrivateKey(text) {
  check(!text.startsWith(PUBLIC_PREFIX), 'public-given');
  const der = Buffer.concat([PKCS8, keyBytes(PRIVATE_PREFIX, text)]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const bytes = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  return { secret, public: described(bytes) };
}

/** Reads a private key behind a passphrase. Its public key is only a claim, because nothing here decrypts it. */
export function parseLockedKey(text) {
  check(text.startsWith(LOCKED_PREFIX), 'locked-prefix');
  const blob = base64url(text.slice(LOCKED_PREFIX.length), 'locked-encoding');
  check(blob.length === 164, 'locked-length');
  const [memory, passes, lanes] = [0, 4, 8].map((at) => blob.readUInt32LE(at));
  const within = memory >= 1 << 16 && memory <= 1 << 20 && passes >= 1 && passes <= 10 && lanes === 1;
  check(within, 'locked-parameters');
  return { locked: true, public: publicKey(blob.subarray(52, 84)) };
}

/** Returns true for a text that can only be meant as a private key. */
export function looksLikePrivateKey(text) {
  return text.startsWith(PRIVATE_PREFIX) || text.startsWith(LOCKED_PREFIX);
}

/** Reads a private key, locked or not. */
export function parseStoredKey(text) {
  return text.startsWith(LOCKED_PREFIX) ? parseLockedKey(text) : parsePrivateKey(text);
}

function keyBytes(prefix, text) {
  check(text.startsWith(prefix), 'key-prefix');
  const body = text.slice(prefix.length);
  check(body.length === 48, 'key-length');
  const payload = base64url(body, 'key-encoding');
  const key = payload.subarray(0, 32);
  check(timingSafeEqual(keyChecksum(prefix, key), payload.subarray(32)), 'key-checksum');
  return key;
}

function keyChecksum(prefix, key) {
  return createHash('sha256').update(prefix).update(key).digest().subarray(0, 4);
}

function publicKey(bytes) {
  const number = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  check(number < 2n ** 255n - 19n, 'non-canonical');
  check(sharedSecret(ANY_PRIVATE_KEY, bytes), 'low-order');
  return described(bytes);
}

function described(bytes) {
  const checksum = keyChecksum(PUBLIC_PREFIX, bytes);
  const text = PUBLIC_PREFIX + Buffer.concat([bytes, checksum]).toString('base64url');
  return { bytes, text, id: createHash('sha256').update(bytes).digest('hex').slice(0, 8) };
}

// X25519 (RFC 7748)

// The bytes of ASN.1 before a key (RFC 8410, sections 4 and 7).
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const ANY_PRIVATE_KEY = createPrivateKey({
  key: Buffer.concat([PKCS8, Buffer.alloc(32)]),
  format: 'der',
  type: 'pkcs8',
});

/** Returns the shared secret; undefined if it is zero, which OpenSSL reports as an error (RFC 9180, section 7.1.4). */
function sharedSecret(privateKey, bytes) {
  const der = Buffer.concat([SPKI, bytes]);
  const theirs = createPublicKey({ key: der, format: 'der', type: 'spki' });
  try {
    const secret = diffieHellman({ privateKey, publicKey: theirs });
    return secret.some((byte) => byte !== 0) ? secret : undefined;
  } catch {
    return undefined;
  }
}

// HPKE (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, export-only, base mode

const KEM = Buffer.from('KEM\0\x20', 'latin1');
const SUITE = Buffer.from('HPKE\0\x20\0\x01\xff\xff', 'latin1');
const NOTHING = Buffer.alloc(0);
const PSK_ID_HASH = extract(SUITE, NOTHING, 'psk_id_hash', NOTHING);
const INFO_HASH = extract(SUITE, NOTHING, 'info_hash', 'envseal/1/value');
const SCHEDULE = Buffer.concat([Buffer.from([0]), PSK_ID_HASH, INFO_HASH]);

/** Returns the exporter secret of an encapsulated key; undefined if it has low order. */
function exporterSecret({ secret, public: own }, enc) {
  const shared = sharedSecret(secret, enc);
  if (!shared) return undefined;
  const prk = extract(KEM, NOTHING, 'eae_prk', shared);
  const key = expand(KEM, prk, 'shared_secret', Buffer.concat([enc, own.bytes]), 32);
  return expand(SUITE, extract(SUITE, key, 'secret', NOTHING), 'exp', SCHEDULE, 32);
}

/** LabeledExtract */
function extract(suite, salt, label, ikm) {
  return createHmac('sha256', salt).update('HPKE-v1').update(suite).update(label).update(ikm).digest();
}

/** LabeledExpand, over HKDF's (RFC 5869, section 2.3). */
function expand(suite, prk, label, info, length) {
  const size = Buffer.from([length >> 8, length & 0xff]);
  const blocks = [NOTHING];
  for (let counter = 1; (counter - 1) * 32 < length; counter++) {
    const block = createHmac('sha256', prk).update(blocks.at(-1)).update(size).update('HPKE-v1').update(suite);
    blocks.push(
      block
        .update(label)
        .update(info)
        .update(Buffer.from([counter]))
        .digest(),
    );
  }
  return Buffer.concat(blocks).subarray(0, length);
}

// Sealed values

/** Reads a sealed value without decrypting it. */
export function parseToken(text) {
  check(text.startsWith('envseal:'), 'not-sealed');
  check(text.startsWith('envseal:1:'), 'unknown-version');
  const rest = text.slice('envseal:1:'.length);
  const colon = rest.indexOf(':');
  const blob = base64url(colon < 0 ? rest : rest.slice(0, colon), 'encoding');
  check(blob.length >= 116 && (blob.length - 84) % 32 === 0, 'length');
  check(blob[35] < 0x80, 'enc-top-bit');
  const refs = colon < 0 ? '' : rest.slice(colon + 1);
  const names = colon < 0 ? [] : refs.split(',');
  check(
    names.every((name, at) => /^[\w.-]+$/.test(name) && (at === 0 || names[at - 1] < name)),
    'refs',
  );
  return { blob, keyId: blob.toString('hex', 0, 4), refs, names: new Set(names) };
}

/** Decrypts values with one private key. The exporter secrets of encapsulated keys are kept, one X25519 for each. */
export class Opener {
  #key;
  #secrets = new Map();

  constructor(privateKey) {
    this.#key = privateKey;
  }

  /** Returns the kind, `value` or `source`, and the bytes, as a byte string. */
  open(name, { blob, keyId, refs }) {
    check(keyId === this.#key.public.id, 'other-key');
    const enc = blob.toString('latin1', 4, 36);
    if (!this.#secrets.has(enc)) this.#secrets.set(enc, exporterSecret(this.#key, blob.subarray(4, 36)));
    const secret = this.#secrets.get(enc);
    check(secret, 'zero-shared');
    const keys = expand(SUITE, secret, 'sec', Buffer.from(`${name}\0${refs}`, 'latin1'), 64);
    check(timingSafeEqual(keys.subarray(32), blob.subarray(36, 68)), 'other-name');
    const padded = decrypted(keys.subarray(0, 32), blob.subarray(68));
    let end = padded.length - 1;
    while (end >= 0 && padded[end] === 0) end--;
    check(end >= 0 && padded[end] === 0x80 && padded.length - end <= 32, 'padding');
    check(end >= 1 && padded[0] <= 1, 'kind');
    const kind = padded[0] === 0 ? 'value' : 'source';
    check(kind === 'source' || refs === '', 'refs-with-value');
    return { kind, bytes: padded.toString('latin1', 1, end) };
  }
}

function decrypted(key, ciphertextAndTag) {
  const end = ciphertextAndTag.length - 16;
  const cipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
  cipher.setAuthTag(ciphertextAndTag.subarray(end));
  const padded = cipher.update(ciphertextAndTag.subarray(0, end));
  try {
    cipher.final();
  } catch {
    throw new Refusal('damaged');
  }
  return padded;
}

/** Decodes base64url without padding, of which each byte string has one spelling. */
function base64url(text, step) {
  const data = Buffer.from(text, 'base64url');
  check(/^[\w-]*$/.test(text) && data.toString('base64url') === text, step);
  return data;
}
