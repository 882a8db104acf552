//! Names of variables that programs read by themselves and that control them. `docs/format.md` contains the table, too:
//! `UPDATE=1 cargo test --lib reserved` writes it there.

/// The danger of a reserved name, which decides how envseal treats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    /// A program runs or loads what the value names. The value is never a secret, and never encrypted.
    RunsCode,
    /// A program trusts, or sends data to, what the value names. The value may contain a password: `check` asks for a
    /// review when it is first encrypted.
    Redirects,
}

#[derive(Debug)]
struct Reserved {
    tier: Tier,
    /// Separated by blanks. A `*` matches any text.
    names: &'static str,
    /// What programs do with the value.
    why: &'static str,
    /// The manual pages and documents that say so.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by those who read the specification"))]
    source: &'static str,
}

/// A row for each kind of use: tier, names, use of the value, source.
const TEXT: &str = include_str!("reserved.tsv");

static TABLE: [Reserved; count(TEXT, b'\n')] = {
    const NONE: Reserved = Reserved { tier: Tier::RunsCode, names: "", why: "", source: "" };
    let mut table = [NONE; count(TEXT, b'\n')];
    let (mut row, mut rest) = (0, TEXT);
    while row < table.len() {
        let (line, below) = cut(rest, b'\n');
        let (tier, line) = cut(line, b'\t');
        let (names, line) = cut(line, b'\t');
        let (why, source) = cut(line, b'\t');
        let tier = match tier.as_bytes() {
            b"runs" => Tier::RunsCode,
            b"redirects" => Tier::Redirects,
            _ => panic!("reserved.tsv: no such tier"),
        };
        table[row] = Reserved { tier, names, why, source };
        (row, rest) = (row + 1, below);
    }
    table
};

/// The position of a name without a `*`: its row, counted from 1, and its range in that row's names. Row 0: empty.
#[derive(Clone, Copy)]
struct NameSlot {
    row: u16,
    start: u16,
    end: u16,
}

/// The names without a `*` by their hashes, with linear probing: every variable of every file is looked up.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a list longer than 65,535 bytes would not be found again by its test"
)]
static NAMES: [NameSlot; 4096] = {
    let mut places = [NameSlot { row: 0, start: 0, end: 0 }; 4096];
    let mut row = 0;
    while row < TABLE.len() {
        let names = TABLE[row].names;
        let mut rest = names;
        while !rest.is_empty() {
            let start = names.len() - rest.len();
            let (name, behind) = cut(rest, b' ');
            if count(name, b'*') == 0 {
                let mut at = hash(name) % places.len();
                while places[at].row != 0 {
                    at = (at + 1) % places.len();
                }
                places[at] =
                    NameSlot { row: row as u16 + 1, start: start as u16, end: (start + name.len()) as u16 };
            }
            rest = behind;
        }
        row += 1;
    }
    places
};

/// The text before and after the `*` of each name that has one, and its row.
static PATTERNS: [(&str, &str, usize); count(TEXT, b'*')] = {
    let mut patterns = [("", "", 0); count(TEXT, b'*')];
    let (mut found, mut row) = (0, 0);
    while row < TABLE.len() {
        let mut rest = TABLE[row].names;
        while !rest.is_empty() {
            let (name, behind) = cut(rest, b' ');
            if count(name, b'*') == 1 {
                let (start, end) = cut(name, b'*');
                patterns[found] = (start, end, row);
                found += 1;
            }
            rest = behind;
        }
        row += 1;
    }
    assert!(found == patterns.len(), "a `*` stands outside of the names");
    patterns
};

/// Prefixes of names that are settings in any letter case. npm also accepts `-` for `_` (@npmcli/config, `loadEnv`;
/// @yarnpkg/core, `ENVIRONMENT_PREFIX`).
const SETTINGS: [&str; 3] = ["npm_config_", "pnpm_config_", "yarn_"];

/// Returns the row of a reserved name.
fn reserved(name: &str) -> Option<&'static Reserved> {
    let starts = |start: &&str| name.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start));
    let setting = SETTINGS.iter().find(|start| starts(start));
    // pnpm reads npm's settings, too.
    let name = if setting == Some(&"pnpm_config_") { &name[1..] } else { name };
    let is_same = |listed: &str, name: &str| match setting {
        Some(_) => listed.bytes().map(fold).eq(name.bytes().map(fold)),
        None if cfg!(windows) => listed.eq_ignore_ascii_case(name),
        None => listed == name,
    };
    let mut at = hash(name) % NAMES.len();
    while let NameSlot { row: row @ 1.., start, end } = NAMES[at] {
        let known = &TABLE[usize::from(row) - 1];
        if is_same(&known.names[usize::from(start)..usize::from(end)], name) {
            return Some(known);
        }
        at = (at + 1) % NAMES.len();
    }
    let first = |text: &str| text.bytes().next().map(fold);
    let may_fit = |start: &str| start.is_empty() || first(start) == first(name);
    let pattern = PATTERNS.iter().filter(|(start, ..)| may_fit(start)).find(|(start, end, row)| {
        let fits = name.len() >= start.len() + end.len()
            && name.get(..start.len()).is_some_and(|it| is_same(start, it))
            && name.get(name.len() - end.len()..).is_some_and(|it| is_same(end, it));
        // A name that ends like this is a secret, even if it matches a pattern of endpoints.
        let is_secret = ["_TOKEN", "_API_KEY"].iter().any(|end| name.ends_with(end));
        fits && !(is_secret && TABLE[*row].tier == Tier::Redirects)
    });
    pattern.map(|(.., row)| &TABLE[*row])
}

/// Returns true if a variable of this name counts as plain without a mark, and must never be encrypted.
pub fn is_reserved(name: &str) -> bool {
    reserved(name).is_some_and(|known| known.tier == Tier::RunsCode)
}

/// Returns true if a variable of this name controls whom programs trust or where they send data.
pub(crate) fn is_redirecting(name: &str) -> bool {
    reserved(name).is_some_and(|known| known.tier == Tier::Redirects)
}

/// Returns what programs do with the value, or an empty text if the name is not reserved.
pub(crate) fn why_reserved(name: &str) -> &'static str {
    reserved(name).map_or("", |known| known.why)
}

/// Returns a byte that is the same in all spellings of a name.
const fn fold(byte: u8) -> u8 {
    match byte {
        b'-' | b'.' => b'_',
        _ => byte.to_ascii_lowercase(),
    }
}

/// Returns FNV-1a of the folded name.
const fn hash(name: &str) -> usize {
    let (bytes, mut hash, mut at) = (name.as_bytes(), 0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        hash = (hash ^ fold(bytes[at]) as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash as usize
}

/// Returns the text before and after the first `byte`; the whole text and an empty one if there is none.
const fn cut(text: &str, byte: u8) -> (&str, &str) {
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() {
        if bytes[at] == byte {
            let (before, behind) = text.split_at(at);
            return (before, behind.split_at(1).1);
        }
        at += 1;
    }
    (text, "")
}

const fn count(text: &str, byte: u8) -> usize {
    let (bytes, mut at, mut count) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        count += (bytes[at] == byte) as usize;
        at += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    fn listed() -> impl Iterator<Item = (&'static str, Tier)> {
        TABLE.iter().flat_map(|row| row.names.split(' ').map(|name| (name, row.tier)))
    }

    #[test]
    fn every_listed_name_is_found_once_and_says_why() {
        let names: BTreeSet<_> = listed().map(|(name, _)| name).collect();
        assert_eq!(names.len(), listed().count(), "a name stands twice");
        for (name, tier) in listed() {
            let instance = name.replace('*', "X");
            assert_eq!(reserved(&instance).map(|row| row.tier), Some(tier), "{name}");
            let is = (is_reserved(&instance), is_redirecting(&instance));
            assert_eq!(is, (tier == Tier::RunsCode, tier == Tier::Redirects), "{name}");
            assert!(!why_reserved(&instance).is_empty(), "{name}");
            assert!(instance.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{name}");
        }
        assert!(TABLE.iter().all(|row| !row.why.is_empty() && !row.source.is_empty()));
    }

    #[test]
    fn spellings() {
        let reserved_names = "GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 Npm_Config_script-Shell npm_config_init.module \
            PNPM_CONFIG_SCRIPT_SHELL yarn_yarn_path CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER \
            DYLD_INSERT_LIBRARIES";
        for name in reserved_names.split(' ') {
            assert!(is_reserved(name), "{name}");
        }
        assert_eq!(is_reserved("Path"), cfg!(windows));
        let others = "É éNPM GIT_AUTHOR_NAME DATABASE_PATH LD_PRELOAD2 HELLO PORT npm_config_";
        for name in others.split(' ').chain(["", &"A".repeat(9999)]) {
            assert!(reserved(name).is_none(), "{name}");
            assert!(!is_reserved(name) && !is_redirecting(name) && why_reserved(name).is_empty());
        }
    }

    #[test]
    fn what_is_a_secret_or_a_service_of_ones_own_is_not_reserved() {
        let endings = ["TOKEN", "API_KEY"].into_iter().flat_map(|end| {
            let starts = "MY GITHUB NPM YARN_NPM_AUTH LD HF CARGO_REGISTRY VAULT CONSUL_HTTP".split(' ');
            let mut names: Vec<_> = starts.map(|start| format!("{start}_{end}")).collect();
            let redirecting = PATTERNS.iter().filter(|(.., row)| TABLE[*row].tier == Tier::Redirects);
            names.extend(redirecting.map(|(start, ..)| format!("{start}X_{end}")));
            names
        });
        let secrets = "DATABASE_URL REDIS_URL SENTRY_DSN PGPASSWORD PGHOST MYSQL_HOST AWS_SECRET_ACCESS_KEY \
            AWS_SESSION_TOKEN AWS_ACCESS_KEY_ID ANSIBLE_VAULT_PASSWORD BUNDLE_GITHUB__COM COMPOSER_AUTH \
            DOCKER_AUTH_CONFIG GEM_HOST_API_KEY npm_config__auth CARGO_REGISTRIES_MINE_TOKEN \
            TF_VAR_password RELEASE_COOKIE RSYNC_PASSWORD RESTIC_PASSWORD \
            RCLONE_CONFIG_S3_SECRET_ACCESS_KEY AIRFLOW__CORE__FERNET_KEY SPRING_APPLICATION_JSON \
            UV_INDEX_MINE_PASSWORD AZURE_OPENAI_ENDPOINT SMTP_URL API_BASE_URL \
            OTEL_EXPORTER_OTLP_HEADERS";
        for name in secrets.split(' ').map(str::to_owned).chain(endings) {
            assert!(reserved(&name).is_none(), "{name}");
        }
    }

    /// Returns the chapter of `docs/format.md`, starting with the first table.
    fn rendered() -> String {
        let mut text = String::new();
        let tiers = [(Tier::RunsCode, "run code"), (Tier::Redirects, "redirect trust or traffic")];
        for (tier, what) in tiers {
            let head = "| names | what is done with the value | source |\n|---|---|---|\n";
            let _ = write!(text, "### Names that {what}\n\n{head}");
            for row in TABLE.iter().filter(|row| row.tier == tier) {
                let names: Vec<_> = row.names.split(' ').map(|name| format!("`{name}`")).collect();
                let _ = writeln!(text, "| {} | {} | {} |", names.join(" "), row.why, row.source);
            }
            text.push('\n');
        }
        text
    }

    #[test]
    fn the_specification_lists_them_all() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/format.md");
        let text = std::fs::read_to_string(path).unwrap();
        let start = text.find("### Names that run code\n").expect("the first table");
        let end = start + text[start..].find("\n## ").expect("the next chapter") + 1;
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, format!("{}{}{}", &text[..start], rendered(), &text[end..])).unwrap();
        } else {
            assert!(text[start..end] == rendered(), "out of date: UPDATE=1 cargo test --lib reserved");
        }
    }
}
