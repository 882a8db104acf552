// What the tests share: the binary, folders, and a sealer, which the package itself doesn't have.

import { spawnSync } from 'node:child_process';
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  randomBytes,
} from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

const built = ['release', 'debug'].map((kind) => join(ROOT, 'target', kind, 'envseal'));
/** The binary to compare with: ENVSEAL, else the one that was built. */
export const BINARY = process.env.ENVSEAL ? resolve(process.env.ENVSEAL) : built.find(existsSync);
/** What a test says that can't run without the binary; false if it can. */
export const NO_BINARY = BINARY ? false : 'no binary: build it, or set ENVSEAL to its path';

/** Starts the binary with nothing in its environment but what is given. Its streams are byte strings. */
export function envseal(args, { cwd, env = {}, input } = {}) {
  const home = { PATH: process.env.PATH, HOME: '/nonexistent' };
  const run = spawnSync(BINARY, args, { cwd, env: { ...home, ...env }, input, encoding: 'latin1', maxBuffer: 1 << 28 });
  if (run.error) throw run.error;
  return run;
}

/** Starts Node with a program in a folder, and with nothing in its environment but what is given. */
export function node(program, { cwd, env = {}, args = [] } = {}) {
  const run = spawnSync(process.execPath, [...args, '--input-type=module', '-e', program], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

/** Creates a folder with files, which is removed after the test. The content of a file may be a byte string. */
export function folder(t, files = {}) {
  const path = mkdtempSync(join(tmpdir(), 'envseal-node-'));
  t?.after(() => rmSync(path, { recursive: true }));
  write(path, files);
  return path;
}

export function write(path, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text, 'latin1');
  }
}

/** The seed of this run's random cases: SEED repeats one. */
export const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

/** Returns choices that a seed repeats (mulberry32). */
export function choices(seed) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(random() * n);
  const times = (n, make) => Array.from({ length: n }, (_, at) => make(at));
  return { below, chance: (p) => random() < p, pick: (list) => list[below(list.length)], times };
}

// Sealing: docs/format.md, written from it alone.

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const hmac = (key, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();
const raw = (key) => key.export({ format: 'der', type: 'spki' }).subarray(-32);
// RFC 8410, section 7: what comes before the 32 bytes of an X25519 private key in DER.
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Makes an X25519 key pair. generateKeyPairSync and an export as JWK can block each other for ever in Node 20. */
function x25519() {
  const sk = randomBytes(32);
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, sk]), format: 'der', type: 'pkcs8' });
  return { sk, privateKey, publicKey: createPublicKey(privateKey) };
}

const asKey = (prefix, bytes) =>
  prefix + Buffer.concat([bytes, sha256(prefix, bytes).subarray(0, 4)]).toString('base64url');
const kem = Buffer.from('HPKE-v1KEM\0\x20', 'latin1');
const suite = Buffer.from('HPKE-v1HPKE\0\x20\0\x01\xff\xff', 'latin1');

function expand(prk, id, label, info, length) {
  const labeled = Buffer.concat([Buffer.from([0, length]), id, Buffer.from(label), info]);
  const first = hmac(prk, labeled, Buffer.from([1]));
  return length <= 32 ? first.subarray(0, length) : Buffer.concat([first, hmac(prk, first, labeled, Buffer.from([2]))]);
}

/** Makes a key pair: the texts of both keys, and what seals to it. */
export function keyPair() {
  const pair = x25519();
  const pk = raw(pair.publicKey);
  const { sk } = pair;
  const context = () => {
    const ephemeral = x25519();
    const enc = raw(ephemeral.publicKey);
    const dh = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: pair.publicKey });
    const prk = hmac('', kem, 'eae_prk', dh);
    const shared = expand(prk, kem, 'shared_secret', Buffer.concat([enc, pk]), 32);
    const schedule = [
      Buffer.from([0]),
      hmac('', suite, 'psk_id_hash'),
      hmac('', suite, 'info_hash', 'envseal/1/value'),
    ];
    const exporter = expand(hmac(shared, suite, 'secret'), suite, 'exp', Buffer.concat(schedule), 32);
    return { enc, exporter };
  };
  /** Returns a token. `kind` is 0 for a value, 1 for source text. */
  const seal = (name, bytes, kind = 0, refs = '', { enc, exporter } = context()) => {
    const keys = expand(exporter, suite, 'sec', Buffer.from(`${name}\0${refs}`), 64);
    const content = [Buffer.from([kind]), Buffer.from(bytes, 'latin1'), Buffer.from([0x80])];
    const length = content.reduce((sum, part) => sum + part.length, 0);
    const padded = Buffer.concat([...content, Buffer.alloc((32 - (length % 32)) % 32)]);
    const cipher = createCipheriv('chacha20-poly1305', keys.subarray(0, 32), Buffer.alloc(12), { authTagLength: 16 });
    const sealed = [cipher.update(padded), cipher.final(), cipher.getAuthTag()];
    const blob = Buffer.concat([sha256(pk).subarray(0, 4), enc, keys.subarray(32), ...sealed]);
    return `envseal:1:${blob.toString('base64url')}${refs && `:${refs}`}`;
  };
  return {
    public: asKey('envseal-pk1-', pk),
    private: asKey('envseal-sk1-', sk),
    id: sha256(pk).toString('hex', 0, 4),
    seal,
    context,
  };
}
