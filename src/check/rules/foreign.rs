//! Encrypted files of other tools under the name of an env file, recognised by their first bytes.

const GPG: &str = "encrypted with GPG";
const AGE: &str = "encrypted with age";
const LFS: &str = "a pointer of Git LFS, which keeps the file elsewhere";

/// First bytes: age (C2SP/age.md), git-crypt's `commands.cpp`, git-lfs's `docs/spec.md`, `openssl enc` (as
/// transcrypt calls it), Ansible's vault, `OpenPGP` (RFC 9580, section 6.2).
const BEGINNINGS: [(&[u8], &str); 9] = [
    (b"-----BEGIN PGP MESSAGE-----", GPG),
    (b"age-encryption.org/v1", AGE),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", AGE),
    (b"\0GITCRYPT\0", "encrypted by git-crypt"),
    (b"version https://git-lfs.github.com/spec/", LFS),
    (b"version https://hawser.github.com/spec/", LFS),
    (b"U2FsdGVkX1", "encrypted with openssl, as by transcrypt"),
    (b"Salted__", "encrypted with openssl"),
    (b"$ANSIBLE_VAULT;", "encrypted with Ansible's vault"),
];

/// Returns what kind of text another tool wrote, as the end of a sentence: "it is …".
pub(crate) fn foreign(text: &[u8]) -> Option<&'static str> {
    let start = text.trim_ascii_start();
    if let Some((_, tool)) = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning)) {
        return Some(*tool);
    }
    let has = |part: &[u8]| memchr::memmem::find(text, part).is_some();
    let is_sops = start.starts_with(b"{") && has(b"\"sops\"") && has(b"\"ENC[") || has(b"\nsops_mac=ENC[");
    if is_sops {
        return Some("encrypted with sops");
    }
    (text.first().copied().is_some_and(begins_a_message) && std::str::from_utf8(text).is_err()).then_some(GPG)
}

/// Returns true if a byte is the header of an `OpenPGP` packet that starts an encrypted message: a session key, or encrypted
/// data (RFC 9580, sections 4.2 and 5).
fn begins_a_message(byte: u8) -> bool {
    let tag = if byte & 0x40 == 0 { (byte >> 2) & 0x0f } else { byte & 0x3f };
    byte & 0x80 != 0 && matches!(tag, 1 | 3 | 9 | 18)
}
