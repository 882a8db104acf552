//! The text of a hook: envseal's block in it, and other content around the block.

use std::fmt;

pub(super) const BEGIN: &str = "# >>> envseal >>>";
pub(super) const END: &str = "# <<< envseal <<<";
const SHEBANG: &[u8] = b"#!/bin/sh\n";
/// Marks a file that envseal created, as opposed to one that existed.
const MADE: &str =
    "# This file was made for the lines below; uninstalling removes it, unless other lines were added.";
/// The start of [`MADE`] in every version.
const MADE_LEAD: &[u8] = b"# This file was made for the lines below; uninstalling removes it, ";
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "mksh"];
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A hook that calls envseal (githooks(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::enum_variant_names)] // git's own names
pub(crate) enum Hook {
    /// Before a commit is made.
    PreCommit,
    /// Before a merge without conflicts is committed.
    PreMergeCommit,
    /// Before a push, which also catches what was committed without the first two.
    PrePush,
}

impl Hook {
    pub(crate) const ALL: [Self; 3] = [Self::PreCommit, Self::PreMergeCommit, Self::PrePush];

    /// Returns its name in git, which is also its file's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrePush => "pre-push",
        }
    }

    /// Returns the git command that calls it, unless given `--no-verify`.
    fn command(self) -> &'static str {
        match self {
            Self::PreCommit => "commit",
            Self::PreMergeCommit => "merge",
            Self::PrePush => "push",
        }
    }

    /// Returns the command line that a hook must contain if envseal cannot write to it.
    pub(crate) fn call(self) -> String {
        format!("envseal hook run {}", self.name())
    }

    /// Returns envseal's part, from marker to marker, without a line end after it.
    fn block(self, made: bool) -> String {
        let made = if made { format!("{MADE}\n") } else { String::new() };
        let (name, command, call) = (self.name(), self.command(), self.call());
        let run = match self {
            Self::PreCommit | Self::PreMergeCommit => {
                format!("{call} \"$@\" </dev/null || exit $?")
            }
            // Reads git's description of the push from stdin, and passes it on to the lines below. Not with `printf`:
            // if that is not a builtin (mksh), many refs are too long for an argument, and nothing would be checked.
            Self::PrePush => format!(
                "envseal_refs=$(cat)\n\
                 if [ -n \"$envseal_refs\" ]; then\n    \
                     {call} \"$@\" <<ENVSEAL_REFS || exit $?\n\
                 $envseal_refs\n\
                 ENVSEAL_REFS\n    \
                     exec <<ENVSEAL_REFS || exit 1\n\
                 $envseal_refs\n\
                 ENVSEAL_REFS\n\
                 else\n    \
                     exec </dev/null || exit 1\n\
                 fi\n\
                 unset envseal_refs"
            ),
        };
        format!(
            "{BEGIN}\n\
             # Stops plaintext secrets. Written by `envseal hook install`, removed by `envseal hook uninstall`.\n\
             {made}\
             if ! command -v envseal >/dev/null 2>&1; then\n    \
                 echo '{name}: envseal is not on the PATH, so nothing was checked. Install it, or skip the' >&2\n    \
                 echo 'check deliberately: git {command} --no-verify' >&2\n    \
                 exit 1\n\
             fi\n\
             {run}\n\
             {END}"
        )
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why envseal's lines can't be added to an existing file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnfitHook {
    pub why: String,
    /// True if envseal's markers do not pair up.
    pub is_incomplete: bool,
}

impl UnfitHook {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_incomplete: false }
    }
}

/// A hook without envseal's block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HookRest {
    /// There was no block.
    Same,
    /// Nothing: envseal had created the file.
    Nothing,
    Bytes(Vec<u8>),
}

/// Returns the hook's text (None: no such file) with an up-to-date block in it; everything else stays the same.
///
/// The block goes to the front, so that no `exit` or `exec` of others comes before it. An existing block stays in its
/// place.
pub(super) fn with_block(text: Option<&[u8]>, hook: Hook) -> Result<Vec<u8>, UnfitHook> {
    let Some(text) = text else {
        return Ok([SHEBANG, hook.block(true).as_bytes(), b"\n"].concat());
    };
    if let Some(old) = find(text)? {
        let made = contains(&text[old.clone()], MADE_LEAD);
        return Ok([&text[..old.start], hook.block(made).as_bytes(), &text[old.end..]].concat());
    }
    let at = front(text)?;
    let (before, after) = text.split_at(at);
    let block = hook.block(false);
    let unended = !before.is_empty() && !before.ends_with(b"\n");
    let parts: [&[u8]; 4] = if unended {
        [before, b"\n", block.as_bytes(), b""]
    } else {
        [before, block.as_bytes(), b"\n", after]
    };
    Ok(parts.concat())
}

/// Returns the hook's text without the block: byte for byte what it was before, with any lines that were added since.
pub(super) fn without_block(text: &[u8]) -> Result<HookRest, UnfitHook> {
    let Some(block) = find(text)? else { return Ok(HookRest::Same) };
    let (mut before, mut after) = (&text[..block.start], &text[block.end..]);
    if let Some(rest) = after.strip_prefix(b"\n").or_else(|| after.strip_prefix(b"\r\n")) {
        after = rest;
    } else {
        before = before.strip_suffix(b"\n").unwrap_or(before);
    }
    let made = contains(&text[block], MADE_LEAD);
    if made && after.is_empty() && (before == SHEBANG || before == b"#!/bin/sh\r\n") {
        return Ok(HookRest::Nothing);
    }
    Ok(HookRest::Bytes([before, after].concat()))
}

/// Returns true if the text has a block of this version.
pub(super) fn is_current(text: &[u8], hook: Hook) -> bool {
    with_block(Some(text), hook).is_ok_and(|wanted| wanted == text)
}

/// Returns true if the text has a block of any version.
pub(super) fn has_block(text: &[u8]) -> bool {
    !matches!(find(text), Ok(None))
}

/// Finds the block, from the start of the first marker to the end of the last.
fn find(text: &[u8]) -> Result<Option<std::ops::Range<usize>>, UnfitHook> {
    let (mut begins, mut ends, mut at) = (Vec::new(), Vec::new(), 0);
    for line in text.split_inclusive(|b| *b == b'\n') {
        let bare = line.trim_ascii_end();
        if bare == BEGIN.as_bytes() {
            begins.push(at);
        } else if bare == END.as_bytes() {
            ends.push(at + END.len());
        }
        at += line.len();
    }
    match (&begins[..], &ends[..]) {
        ([], []) => Ok(None),
        ([begin], [end]) if begin < end => Ok(Some(*begin..*end)),
        _ => Err(UnfitHook { is_incomplete: true, ..UnfitHook::new("envseal's lines in it are incomplete") }),
    }
}

/// Returns the block's position in a script that a POSIX shell reads: after the `#!` line, otherwise at the front.
pub(super) fn front(text: &[u8]) -> Result<usize, UnfitHook> {
    if text.contains(&0) {
        return Err(UnfitHook::new("it is not a shell script"));
    }
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let Some(rest) = body.strip_prefix(b"#!") else { return Ok(0) };
    let line_end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    let line = String::from_utf8_lossy(&rest[..line_end]);
    let interpreter = interpreter(&line);
    if !SHELLS.contains(&interpreter) {
        return Err(UnfitHook::new(format!("it is not a shell script, it is run by {interpreter:?}")));
    }
    // After a byte order mark, `#!` is ignored: the kernel does not see it, and git passes the file to sh.
    Ok(if body.len() == text.len() { 2 + line_end } else { 0 })
}

/// Returns the name of the program in a `#!` line, without `env` and its options.
fn interpreter(line: &str) -> &str {
    let file_name = |path: &'_ str| path.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let mut words = line.split_ascii_whitespace();
    let first = words.next().unwrap_or_default();
    let program = match &first[file_name(first)..] {
        "env" => words.find(|word| !word.starts_with('-') && !word.contains('=')).unwrap_or_default(),
        _ => first,
    };
    let name = &program[file_name(program)..];
    name.strip_suffix(".exe").unwrap_or(name)
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::calls::{CallsEnvseal, check_hook};
    use super::*;
    use proptest::prelude::*;

    const HOOKS: &[&[u8]] = &[
        b"",
        b"\n",
        b"#!/bin/sh",
        b"#!/bin/sh\n",
        b"#!/bin/sh\r\nexit 0\r\n",
        b"#! /usr/bin/env bash\nset -euo pipefail\nnpm test",
        b"#!/usr/bin/env -S bash -e\nexec ./run-checks \"$@\"\n",
        b"#!/usr/bin/env A=b zsh\n\n\n",
        b"#!/usr/local/bin/ksh -u\n# >>> conda >>>\n# <<< conda <<<\n",
        b"\xef\xbb\xbf#!/bin/sh\necho bom\n",
        b"echo no shebang\n",
        b"# envseal hook run pre-commit\nexit 0",
        b"#!/bin/dash\n\xff\xfe not utf-8\n",
    ];

    #[test]
    fn what_others_wrote_stays_byte_for_byte() {
        for hook in Hook::ALL {
            for text in HOOKS {
                let with = with_block(Some(text), hook).unwrap();
                assert!(is_current(&with, hook) && has_block(&with) && !has_block(text), "{text:?}");
                assert_eq!(with_block(Some(&with), hook).unwrap(), with, "twice is once");
                assert_eq!(without_block(&with).unwrap(), HookRest::Bytes(text.to_vec()), "{text:?}");
                assert_eq!(check_hook(&with, hook), CallsEnvseal::Yes);
                assert_eq!(check_hook(text, hook), CallsEnvseal::No);
                let start = find(&with).unwrap().unwrap().start;
                let lines_before = with[..start].split(|b| *b == b'\n').count() - 1;
                assert!(lines_before <= 1, "nothing that could skip it stands before it: {text:?}");
            }
            let made = with_block(None, hook).unwrap();
            assert!(made.starts_with(b"#!/bin/sh\n") && is_current(&made, hook));
            assert_eq!(without_block(&made).unwrap(), HookRest::Nothing);
            let more = [&made[..], b"npm test\n"].concat();
            assert_eq!(without_block(&more).unwrap(), HookRest::Bytes(b"#!/bin/sh\nnpm test\n".to_vec()));
        }
    }

    proptest! {
        #[test]
        fn of_any_script_too(head in "(#!/bin/(ba)?sh( -e)?\r?\n)?", body in "[^\0#]{0,80}", hook in 0..3_usize) {
            let text = format!("{head}{body}");
            let with = with_block(Some(text.as_bytes()), Hook::ALL[hook]).unwrap();
            prop_assert_eq!(without_block(&with).unwrap(), HookRest::Bytes(text.into_bytes()));
        }
    }

    #[test]
    fn an_older_block_is_renewed_in_its_place() {
        let old = format!("#!/bin/sh\necho first\n{BEGIN}\nenvseal old\n{END}\necho last\n");
        let new = with_block(Some(old.as_bytes()), Hook::PrePush).unwrap();
        assert!(!is_current(old.as_bytes(), Hook::PrePush) && is_current(&new, Hook::PrePush));
        assert_eq!(without_block(&new).unwrap(), without_block(old.as_bytes()).unwrap());
        // An editor may rewrite the file with other line ends. A file that we created stays recognized as such.
        let made =
            String::from_utf8(with_block(None, Hook::PreCommit).unwrap()).unwrap().replace('\n', "\r\n");
        let new = with_block(Some(made.as_bytes()), Hook::PreCommit).unwrap();
        assert!(is_current(&new, Hook::PreCommit));
        assert_eq!(without_block(&new).unwrap(), HookRest::Nothing);
        assert!(!is_current(&new, Hook::PreMergeCommit), "another hook's block is not this one's");
    }

    #[test]
    fn what_is_no_shell_script_or_a_torn_block_is_refused() {
        let refused = |text: &str| with_block(Some(text.as_bytes()), Hook::PreCommit).unwrap_err();
        let run_by = |name: &str| UnfitHook::new(format!("it is not a shell script, it is run by {name:?}"));
        for (line, name) in [
            ("/usr/bin/env python3", "python3"),
            ("/usr/bin/env -S node --x", "node"),
            ("/usr/bin/perl -w", "perl"),
            (" /bin/csh", "csh"),
            ("/usr/bin/fish", "fish"),
            ("/opt/bash-tools/run", "run"),
            ("/usr/bin/env", ""),
            ("", ""),
            ("\u{feff}", "\u{feff}"),
        ] {
            assert_eq!(refused(&format!("#!{line}\nx\n")), run_by(name), "{line}");
        }
        assert_eq!(refused("\u{feff}#!/usr/bin/python\n"), run_by("python"));
        assert_eq!(refused("\u{7f}ELF\0\0"), UnfitHook::new("it is not a shell script"));
        for torn in [
            format!("{BEGIN}\n"),
            format!("{END}\n"),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n"),
            format!("{BEGIN}\n{BEGIN}\n{END}\n"),
        ] {
            let found = without_block(torn.as_bytes()).unwrap_err();
            assert_eq!((&*found.why, found.is_incomplete), ("envseal's lines in it are incomplete", true));
            assert_eq!(refused(&torn), found);
        }
    }
}
