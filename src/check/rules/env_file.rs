//! The rules for a single env file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use zeroize::Zeroizing;

use super::readers::read_differently;
use super::rule::{Finding, Rule};
use crate::config::{EnvName, FileRole, is_own_name, is_public_key_name};
use crate::crypto::{
    PublicKey, Refs, SealedValue, TOKEN_PREFIX, TokenError, claims_to_be_sealed, holds_sealed,
};
use crate::dotenv::{
    ConflictedText, Document, Entry, ExpandError, Quote, foreign_value, is_dotenvx_key, is_redirecting,
    is_reserved, is_set_everywhere, references, required, why_reserved,
};
use crate::hint::Hint;
use crate::project::{replace_copy, resolve_hint};
use crate::team::Policy;

#[derive(Clone, Copy)]
pub struct EnvText<'a> {
    /// Relative to the root of what is checked.
    pub path: &'a Path,
    /// The bytes; of a symlink, those of the file it leads to.
    pub text: &'a [u8],
    /// The policy of its project.
    pub policy: &'a Policy,
}

/// The findings in an env file, and what the rules over several files need to know of it.
#[derive(Debug, Default)]
pub struct EnvReport {
    /// In the order of their lines.
    pub findings: Vec<Finding>,
    /// Every variable and its line, except envseal's own.
    pub names: Vec<(String, usize)>,
    /// The names whose values are sealed, or claim to be.
    pub(crate) sealed: BTreeSet<String>,
    /// The names whose values are declared plain, or empty.
    pub(crate) plain: BTreeSet<String>,
    /// The variables whose values a reviewer can't see: sealed, or with a reference to one that is. For each, its line
    /// and the names that its token lists.
    pub(crate) hidden: BTreeMap<String, (usize, Refs)>,
    /// The plain values that refer to others: name, line, and the names that they refer to.
    pub(crate) references: Vec<(String, usize, BTreeSet<String>)>,
    /// The names that values refer to and that no line above sets. For each, the finding if nothing else sets it.
    pub(crate) dangling: Vec<(String, Finding)>,
    /// The public key in the file, and its line.
    pub(crate) key: Option<(PublicKey, usize)>,
}

/// An env file with its report. The path is relative to the root of what is checked.
pub(crate) type ReportedFile<'a> = (&'a Path, &'a EnvReport);

/// Checks a variable with a hidden value (its line and the names that it may refer to). Finds that it is new and its
/// name redirects trust or traffic, and that it refers to more than `before`, in the files it comes from.
pub(crate) fn check_hidden_value(
    path: &Path,
    name: &str,
    (line, refs): &(usize, Refs),
    before: &[&Refs],
) -> Vec<Finding> {
    let finding = |rule, message, fix| Finding::new(rule, path, message, fix).at(*line).about(name);
    let redirect = (is_redirecting(name) && before.is_empty()).then(|| {
        let message = format!("reviewers can't see the value of {name}: {}", why_reserved(name));
        let fix = hint!(
            "if it is not secret: envseal set {name} --plain -f {file}; else add `# envseal: allow redirect-sealed` to its line",
            name
        );
        finding(Rule::RedirectSealed, message, fix)
    });
    let added: Vec<_> = refs.iter().filter(|on| !before.iter().any(|refs| refs.contains(on))).collect();
    let reference = (!added.is_empty()).then(|| {
        let message = format!("{name} newly refers to {}", added.join(", "));
        let fix = hint!("check that this is intended, or set it again: envseal set {name} -f {file}", name);
        finding(Rule::ReferenceAdded, message, fix)
    });
    redirect.into_iter().chain(reference).collect()
}

/// Returns the finding for a `${` in a value that starts no known reference.
pub(crate) fn malformed_reference(path: &Path, name: &str) -> Finding {
    let message = format!("{name}: {}", ExpandError::Malformed);
    let fix = "if that is text, put the value in single quotes: envseal edit -f {file}";
    Finding::new(Rule::MalformedReference, path, message, fix).about(name)
}

/// Runs every rule that needs nothing but the file.
pub fn check_env_file(file: EnvText<'_>) -> EnvReport {
    let only = |finding: Finding| EnvReport { findings: vec![finding], ..EnvReport::default() };
    let is_copy = FileRole::of(file.path) == FileRole::Copy;
    let env = match EnvName::of_file(file.path) {
        Ok(env) => env,
        // A copy has no key.
        Err(_) if is_copy => EnvName::of_dotenv(),
        Err(error) => {
            let fix = "rename it: git mv {file} …";
            return only(Finding::new(Rule::Unreadable, file.path, error.to_string(), fix));
        }
    };
    if let Some(what) = foreign(file.text) {
        return only(unchecked(file.path, what));
    }
    let document = match Document::parse(file.text.to_vec()) {
        Ok(document) => document,
        Err(error) => {
            let fix = "save {file} as UTF-8";
            return only(Finding::new(Rule::Unreadable, file.path, error.to_string(), fix));
        }
    };
    let mut check = EnvFileCheck { file, env, document: &document, report: EnvReport::default() };
    let in_conflict = check.conflict_markers();
    check.public_keys();
    check.entries();
    check.stray_lines();
    check.comments();
    if in_conflict {
        // The other rules about names and keys would judge both sides as one file.
        let of_both = [Rule::OtherKey, Rule::DuplicateName, Rule::PublicKey];
        check.report.findings.retain(|finding| !of_both.contains(&finding.rule));
    }
    check.report.findings.sort_by_key(|finding| finding.line);
    if is_copy { of_copy(file, check.report) } else { check.report }
}

/// Returns the report for a copy of an env file: its plaintext. Other rules are about files that commands read.
fn of_copy(file: EnvText<'_>, report: EnvReport) -> EnvReport {
    let mut findings = report.findings;
    findings.retain(|finding| finding.rule.shows_plaintext());
    for finding in findings.iter_mut().filter(|finding| finding.rule != Rule::Unreadable) {
        finding.message.push_str("; envseal doesn't encrypt copies of env files");
        finding.fix =
            "keep it out of git: git rm --cached --ignore-unmatch {file}, then add it to .gitignore".into();
    }
    findings.extend(sealed_by_mistake(file).map(Finding::into_advice));
    EnvReport { findings, ..EnvReport::default() }
}

/// Returns the finding for sealed values in a file that no command reads: a template, a copy, another tool's file.
pub(crate) fn sealed_by_mistake(file: EnvText<'_>) -> Option<Finding> {
    let what = FileRole::of(file.path).what()?;
    let is_token_byte = |b: &u8| b.is_ascii_alphanumeric() || b"-_:,.".contains(b);
    let first = memchr::memmem::find_iter(file.text, TOKEN_PREFIX).find(|at| {
        let rest = &file.text[*at..];
        let end = rest.iter().position(|b| !is_token_byte(b)).unwrap_or(rest.len());
        SealedValue::parse(&rest[..end]).is_ok()
    })?;
    let line = 1 + memchr::memchr_iter(b'\n', &file.text[..first]).count();
    let message =
        format!("its name makes it {what}, so its sealed values are never decrypted or re-encrypted");
    let fix = "rename it to .env.NAME: git mv {file} …";
    Some(Finding::new(Rule::Unreadable, file.path, message, fix).at(line))
}

/// Returns the finding for a sealed value that last changed at `time` (RFC 3339), `days` days ago.
pub(crate) fn old_value(path: &Path, report: &EnvReport, name: &str, time: &str, days: i64) -> Finding {
    let date = time.split('T').next().unwrap_or(time);
    let message = format!("{name} last changed {date}, {days} days ago");
    let fix = hint!("replace it at its source, then: envseal set {name} -f {file}", name);
    let line = report.names.iter().rev().find(|(there, _)| there == name).map(|(_, line)| *line);
    Finding::new(Rule::OldValue, path, message, fix).at(line).about(name)
}

/// Returns the values of an env file that are declared plain.
pub(crate) fn plain_values(file: EnvText<'_>) -> Vec<Zeroizing<Vec<u8>>> {
    let Ok(document) = Document::parse(file.text.to_vec()) else { return Vec::new() };
    let plain = document.entries().iter().filter(|entry| file.policy.leaves_plain(&document, entry));
    plain.map(|entry| document.value(entry).1).collect()
}

/// Returns the only finding for a file that is not an env file.
fn unchecked(path: &Path, what: &str) -> Finding {
    let message = format!("envseal can't check this file: it is {what}");
    Finding::new(Rule::Unreadable, path, message, "add it to `exclude` under [policy] in envseal.toml")
}

struct EnvFileCheck<'a> {
    file: EnvText<'a>,
    env: EnvName,
    document: &'a Document,
    report: EnvReport,
}

impl EnvFileCheck<'_> {
    fn found(
        &mut self,
        rule: Rule,
        line: usize,
        name: &str,
        message: impl Into<String>,
        fix: impl Into<Hint>,
    ) {
        let finding = Finding::new(rule, self.file.path, message, fix).at(line).about(name);
        self.report.findings.push(finding);
    }

    /// Returns true if the file has complete conflicts.
    fn conflict_markers(&mut self) -> bool {
        let Some(line) = self.document.conflict_marker() else { return false };
        let conflicts = ConflictedText::read(self.file.text);
        let take = conflicts.as_ref().and_then(resolve_hint);
        self.report.findings.push(Finding::unresolved_merge(self.file.path, line, take));
        conflicts.is_some()
    }

    fn public_keys(&mut self) {
        let wanted = self.env.public_key_name();
        let document = self.document;
        for entry in document.entries().iter().filter(|entry| is_public_key_name(document.name(entry))) {
            let name = document.name(entry);
            let (_, text) = document.value(entry);
            let key = PublicKey::parse(std::str::from_utf8(&text).unwrap_or("\u{fffd}"));
            match key {
                _ if name != wanted => {
                    let message = format!("{name} is another environment's; this file's key is {wanted}");
                    let fix =
                        hint!("if {file} was renamed, rename the line to {wanted}; if copied, ", wanted)
                            .and(replace_copy(name, self.file.path));
                    self.found(Rule::PublicKey, entry.line, name, message, fix);
                }
                Err(error) => {
                    let message = format!("{name} is not a public key: {error}");
                    self.found(Rule::PublicKey, entry.line, name, message, "git log -p -- {file}");
                }
                Ok(_) if self.report.key.is_some() => {
                    let message = format!("{name} is set twice, so it is unclear which key is meant");
                    let fix = "remove one of the lines from {file}";
                    self.found(Rule::PublicKey, entry.line, name, message, fix);
                }
                Ok(key) => self.report.key = Some((key, entry.line)),
            }
        }
    }

    fn entries(&mut self) {
        let document = self.document;
        let mut lines = HashMap::new();
        for entry in document.entries().iter().filter(|entry| !is_public_key_name(document.name(entry))) {
            let name = document.name(entry);
            self.references(entry, |on| lines.contains_key(on));
            if let Some(first) = lines.insert(name, entry.line) {
                let message = format!("{name} is already set on line {first}; only the last one is read");
                let fix = hint!("remove one of the two {name} lines from {file}", name);
                self.found(Rule::DuplicateName, entry.line, name, message, fix);
            }
            if !is_own_name(name) {
                self.report.names.push((name.to_owned(), entry.line));
            }
            let (quote, text) = document.value(entry);
            if is_sealed(&text) {
                if !is_own_name(name) {
                    self.report.sealed.insert(name.to_owned());
                }
                let token = if quote == Quote::Backtick { document.source(entry) } else { &text };
                self.sealed(entry, name, token);
            } else {
                self.plain(entry, name, quote, &text);
                // A malformed reference is a finding of its own.
                let names =
                    if quote.expands() { references(&text).unwrap_or_default() } else { BTreeSet::new() };
                if let Some(on) = names.iter().find(|on| self.report.hidden.contains_key(*on)) {
                    self.report.hidden.insert(name.to_owned(), (entry.line, Refs::none()));
                    if is_reserved(name) {
                        let message =
                            format!("{name} must stay readable, but depends on the encrypted value of {on}");
                        let fix = hint!("write {name} without that reference", name);
                        self.found(Rule::ReservedSealed, entry.line, name, message, fix);
                    }
                } else {
                    self.report.hidden.remove(name);
                }
                if !names.is_empty() {
                    self.report.references.push((name.to_owned(), entry.line, names));
                }
            }
        }
    }

    fn references(&mut self, entry: &Entry, is_above: impl Fn(&str) -> bool) {
        let (quote, text) = self.document.value(entry);
        let is_sealed = is_sealed(&text);
        let names = if is_sealed {
            let listed = SealedValue::parse(&text).map(|token| token.refs().clone()).unwrap_or_default();
            listed.iter().map(str::to_owned).collect()
        } else if quote.expands() {
            match required(&text) {
                Ok(names) => names,
                Err(_) => {
                    let found = malformed_reference(self.file.path, self.document.name(entry)).at(entry.line);
                    return self.report.findings.push(found);
                }
            }
        } else {
            return;
        };
        for on in names {
            let set = !is_own_name(&on) && is_above(&on) || is_set_everywhere(&on);
            if !set && !self.file.policy.is_external(&on) {
                let found = self.dangling_reference(entry, &on, is_sealed);
                self.report.dangling.push((on, found));
            }
        }
    }

    /// Returns the finding for a reference to a name that nothing sets. For a sealed value it is a suggestion, since
    /// that lists references with a default too.
    fn dangling_reference(&self, entry: &Entry, on: &str, is_sealed: bool) -> Finding {
        let name = self.document.name(entry);
        let (message, fix) = if is_sealed || self.file.policy.leaves_plain(self.document, entry) {
            (
                format!(
                    "{name} refers to {on}, which isn't set above it, in another env file or in a schema"
                ),
                hint!("if only the target machine sets it: envseal encrypt --external {on} -f {file}", on),
            )
        } else {
            // Text that looks like a name may be part of the secret.
            (
                format!("{name} contains a `$`, and nothing sets the name after it"),
                Hint::from("if that is text, put the value in single quotes"),
            )
        };
        let found =
            Finding::new(Rule::DanglingReference, self.file.path, message, fix).at(entry.line).about(name);
        if is_sealed { found.into_advice() } else { found }
    }

    fn sealed(&mut self, entry: &Entry, name: &str, token: &[u8]) {
        let line = entry.line;
        let again = hint!("envseal set {name} -f {file}", name);
        let token = match SealedValue::parse(token) {
            Ok(token) => token,
            Err(TokenError::NotSealed) => {
                let message = format!("{name} only looks sealed: {}", TokenError::Misplaced);
                let fix = hint!("on line {line}, remove everything around the sealed value", line);
                return self.found(Rule::MalformedToken, line, name, message, fix);
            }
            Err(error) => {
                let message = format!("{name} only looks sealed: {error}");
                return self.found(Rule::MalformedToken, line, name, message, again);
            }
        };
        self.report.hidden.insert(name.to_owned(), (line, token.refs().clone()));
        match self.report.key {
            Some((key, _)) if key.id() == token.key_id() => {}
            Some((key, _)) => {
                let message = format!(
                    "{name} is encrypted with key {}, but this file's key is {}",
                    token.key_id(),
                    key.id()
                );
                let fix = "with the older key: envseal encrypt --reseal -f {file}";
                self.found(Rule::OtherKey, line, name, message, fix);
            }
            None => {
                let variable = self.env.public_key_name();
                let message = format!("{name} is encrypted, but the {variable} line is missing");
                let fix = hint!("restore it: git log -p -S{variable} -- {file}", variable);
                self.found(Rule::PublicKey, line, name, message, fix);
            }
        }
        if self.document.comment_is_ambiguous(entry) {
            let message = format!("some readers take the text after the sealed {name} as part of it");
            let fix = "put a space before the `#`, or remove the rest";
            self.found(Rule::Plaintext, line, name, message, fix);
        }
        if is_reserved(name) {
            let message = format!("{name} must not be encrypted: {}", why_reserved(name));
            let fix = hint!("envseal set {name} --plain -f {file}", name);
            self.found(Rule::ReservedSealed, line, name, message, fix);
        }
        if self.document.is_marked_plain(entry) {
            let message = format!("{name} is encrypted, but marked as plain");
            self.found(Rule::PlainSealed, line, name, message, "remove the mark from the line");
        } else if self.file.policy.is_plain_by_glob(name) && !is_reserved(name) {
            let message = format!("{name} is encrypted, but `[policy] plain` in envseal.toml covers it");
            self.found(Rule::PlainSealed, line, name, message, "narrow the glob in envseal.toml");
        } else if self.file.policy.is_plain(name) && !is_reserved(name) {
            let message = format!(
                "{name} is encrypted, but the schema makes it plain, by `@sensitive=false` or `@defaultSensitive`"
            );
            let fix = hint!("declare {name} as `@sensitive` in the schema", name);
            self.found(Rule::PlainSealed, line, name, message, fix);
        }
    }

    fn plain(&mut self, entry: &Entry, name: &str, quote: Quote, text: &[u8]) {
        let document = self.document;
        let declared = self.file.policy.leaves_plain(document, entry);
        let empty = text.is_empty() && !document.comment_is_ambiguous(entry);
        if declared || empty {
            self.report.plain.insert(name.to_owned());
        }
        if let Some(foreign) = foreign_value(text).filter(|_| !declared) {
            let message = format!("{name} is a value of {}, which envseal can't decrypt", foreign.tool);
            self.found(Rule::ForeignSealed, entry.line, name, message, foreign.import);
        } else if !declared && is_dotenvx_key(name, text) {
            let message = format!("{name} is a public key of dotenvx");
            self.found(Rule::ForeignSealed, entry.line, name, message, "envseal import dotenvx {file}");
        } else if !empty && (!declared || is_own_name(name)) {
            let message = format!("{name} is plain text");
            let fix = if is_own_name(name) {
                Hint::from("names that start with ENVSEAL_ are reserved: remove the line from {file}")
            } else if document.comment_is_ambiguous(entry) {
                "put the value in quotes if `#` belongs to it, then: envseal encrypt -f {file}".into()
            } else {
                hint!("envseal encrypt -f {file} -k {name}", name)
            };
            self.found(Rule::Plaintext, entry.line, name, message, fix);
        }
        if quote.expands() && memchr::memmem::find(text, b"$(").is_some() {
            let message = format!("{name} contains `$(`, which is text here but a command in a shell");
            let fix = "write the result itself, or use single quotes";
            self.found(Rule::CommandSubstitution, entry.line, name, message, fix);
        }
        let readers = read_differently(document, entry);
        if let Some((_, reason)) = readers.first() {
            let list: Vec<_> = readers.iter().map(|(reader, _)| *reader).collect();
            let message = format!("{name} is read differently by {}: {reason}", list.join(", "));
            let fix = "quote the value so that all of them read it alike";
            self.found(Rule::ReadOtherwise, entry.line, name, message, fix);
        }
    }

    fn stray_lines(&mut self) {
        // The lines of a conflict are already reported.
        if self.report.findings.iter().any(|finding| finding.rule == Rule::ConflictMarker) {
            return;
        }
        // Binary data, such as a git filter may store. Git too takes a file with a NUL for binary.
        if self.file.text.contains(&0) && self.document.strays().len() > self.document.entries().len() {
            self.report.findings.push(unchecked(self.file.path, "binary data, not an env file"));
            // Names in it are accidental, so other files need not have them.
            self.report.names.clear();
            return;
        }
        let document = self.document;
        let policy = self.file.policy;
        let cut_off: Vec<_> = document
            .entries()
            .iter()
            .filter(|entry| document.is_cut_off(entry) && !policy.leaves_plain(document, entry))
            .collect();
        for entry in &cut_off {
            let name = document.name(entry);
            let message = format!("the value of {name} continues on the lines below, but is not quoted");
            let fix = hint!("quote the value on line {line}", line = entry.line);
            self.found(Rule::StrayLine, entry.line, name, message, fix);
        }
        for stray in document.strays() {
            let above = cut_off.partition_point(|entry| entry.line < stray.line).checked_sub(1);
            let message = "neither a variable nor a comment, so it is never encrypted";
            let fix = match above {
                Some(at) => hint!("quote the value on line {line}", line = cut_off[at].line),
                None => "if it belongs to the value above, quote that value; otherwise make it NAME=value, or remove it".into(),
            };
            let found = Finding::new(Rule::StrayLine, self.file.path, message, fix).at(stray.line);
            self.report.findings.push(found);
        }
    }

    fn comments(&mut self) {
        for (line, comment) in self.document.comments() {
            let Some(name) = commented_variable(comment) else { continue };
            if self.file.policy.leaves_name_plain(&name) || is_own_name(&name) {
                continue;
            }
            let message = format!("a comment contains {name} with a value");
            self.found(
                Rule::CommentedValue,
                line,
                &name,
                message,
                "remove the line; if it was committed, git remembers it",
            );
        }
    }
}

/// Returns true if a value is sealed, or contains a sealed value.
fn is_sealed(value: &[u8]) -> bool {
    claims_to_be_sealed(value) || holds_sealed(value)
}

/// Returns the name of a variable that is set to a value in a comment line.
fn commented_variable(comment: &[u8]) -> Option<String> {
    let text = comment.strip_prefix(b"#")?;
    let inner = Document::parse(text.to_vec()).ok()?;
    let [entry] = inner.entries() else { return None };
    let (name, (_, value)) = (inner.name(entry), inner.value(entry));
    let like_a_variable = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let assigned = inner.separator(entry).starts_with(b"=");
    let secret = !value.is_empty() && !claims_to_be_sealed(&value) && !inner.is_marked_plain(entry);
    (like_a_variable && assigned && secret).then(|| name.to_owned())
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_checked_and_never_shown(
            text in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "([A-Z#=:' \"`$\\(\\)<>\r\n\u{feff}]|envseal:1:|SECRETVALUE|export |# envseal: plain){0,40}".prop_map(String::into_bytes),
            ],
            path in prop::sample::select(vec![".env", "a/.env.x", ".env.default", "x.env"]),
        ) {
            let lines = text.split(|b| *b == b'\n' || *b == b'\r').count();
            let report = check_env_file(EnvText { path: Path::new(path), text: &text, policy: &Policy::default() });
            for finding in &report.findings {
                prop_assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)), "{finding:?}");
                // Text that is not part of a name is from a value.
                let told = format!("{} {}", finding.message, finding.fix.clone().with("file", finding.file.as_path()).line().unwrap_or_default());
                let named = finding.name.as_deref().unwrap_or_default();
                prop_assert!(!told.replace(named, "").contains("SECRETVALUE"), "{finding:?}");
            }
        }
    }
}
