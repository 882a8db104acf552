//! Values that another tool encrypted, or that only another tool can look up.

/// A form of another tool's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The tool.
    pub tool: &'static str,
    /// The command that takes its values over; `{file}` stands for the env file.
    pub import: &'static str,
    begins: &'static [u8],
    ends: &'static [u8],
    /// What stands between is base64 and nothing else.
    base64: bool,
}

/// How such values begin and end: dotenvx 2.38, sops 3.10 (`aes/cipher.go`), ejson (README, "Secret format"), 1Password's
/// secret references, varlock's values, age (C2SP/age.md), `OpenPGP` (RFC 9580, section 6.2), Ansible's vault, `HashiCorp`
/// Vault's transit engine, git-crypt (`commands.cpp`, in base64).
const FORMS: [Foreign; 10] = [
    form("dotenvx", "envseal import dotenvx {file}", b"encrypted:", b"", true),
    form("sops", "envseal import sops {file}", b"ENC[", b"]", false),
    form("ejson", "envseal import ejson FILE.ejson -f {file}", b"EJ[", b"]", false),
    form("1Password", "op inject -i {file} | envseal import dotenv -f {file}", b"op://", b"", false),
    form("varlock", "varlock load --format env | envseal import dotenv -f {file}", b"varlock(", b")", false),
    form(
        "age",
        "envseal import dotenv DECRYPTED -f {file}",
        b"-----BEGIN AGE ENCRYPTED FILE-----",
        b"",
        false,
    ),
    form("GPG", "envseal import dotenv DECRYPTED -f {file}", b"-----BEGIN PGP MESSAGE-----", b"", false),
    form("Ansible's vault", "envseal import dotenv DECRYPTED -f {file}", b"$ANSIBLE_VAULT;", b"", false),
    form("Vault", "envseal import dotenv DECRYPTED -f {file}", b"vault:v", b"", false),
    form("git-crypt", "git-crypt unlock && envseal import dotenv {file}", b"AEdJVENSWVBU", b"", true),
];

const fn form(
    tool: &'static str,
    import: &'static str,
    begins: &'static [u8],
    ends: &'static [u8],
    base64: bool,
) -> Foreign {
    Foreign { tool, import, begins, ends, base64 }
}

/// Returns which tool's value this is, quotes and blanks around it left out.
pub(crate) fn foreign_value(value: &[u8]) -> Option<&'static Foreign> {
    let value = value.trim_ascii();
    FORMS.iter().find(|form| {
        let Some(inner) = value.strip_prefix(form.begins).and_then(|rest| rest.strip_suffix(form.ends))
        else {
            return false;
        };
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        !inner.is_empty() && (!form.base64 || inner.len() >= 16 && inner.iter().all(is_base64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_known_by_its_form() {
        for (value, tool) in [
            ("encrypted:BI+CURwXUuzmWwTWHu9qDwd=", "dotenvx"),
            ("ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]", "sops"),
            ("EJ[1:abc:def:ghi]", "ejson"),
            ("op://vault/item/field", "1Password"),
            ("varlock(\"local:abc\")", "varlock"),
            (" -----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----", "age"),
            ("vault:v1:8SDd3WHDOjf7mq69", "Vault"),
        ] {
            assert_eq!(foreign_value(value.as_bytes()).map(|form| form.tool), Some(tool), "{value}");
        }
        for value in
            ["encrypted:", "encrypted:no", "encrypted: with words in it", "ENC[x", "op://", "x op://a/b"]
        {
            assert_eq!(foreign_value(value.as_bytes()), None, "{value}");
        }
    }
}
