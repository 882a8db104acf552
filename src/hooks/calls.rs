//! Recognizes calls of envseal in the hooks of others, line by line. No shell is parsed: a hook stops mistakes, not malice,
//! and CI repeats the check. A call is certain only if nothing before it can keep the script from getting there.

use super::script::{BEGIN, END, Hook, front};

/// Whether a hook calls envseal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallsEnvseal {
    /// It always does, and the hook fails if envseal does.
    Yes,
    No,
    /// It names envseal, but may skip the call, or ignore its failure.
    Unclear,
}

/// Programs that run the program in their arguments, like `npx`.
const RUNNERS: [&str; 9] = ["exec", "env", "npx", "bunx", "pnpm", "yarn", "mise", "direnv", "nix"];
/// The words that begin a compound command, may end the script, run other lines, or change what a word means.
#[rustfmt::skip]
const SPECIAL: [&str; 34] = [
    ".", "alias", "builtin", "bye", "case", "command", "coproc", "do", "done", "elif", "else", "esac", "eval", "exec",
    "exit", "fi", "for", "function", "if", "nocorrect", "noglob", "repeat", "return", "select", "set", "setopt", "shopt",
    "source", "then", "time", "trap", "unsetopt", "until", "while",
];
/// A call only for those who have envseal, as in docs/guides/hooks.md.
const IF_FOUND: (&str, &str) = ("if command -v envseal >/dev/null; then ", "; fi");

/// Returns whether this hook calls envseal if the system runs it.
pub(super) fn check_hook(text: &[u8], hook: Hook) -> CallsEnvseal {
    match front(text) {
        Ok(at) => check_script(text, hook, has_errexit(&String::from_utf8_lossy(&text[..at]))),
        Err(_) if mentions(text, b"envseal") => CallsEnvseal::Unclear,
        Err(_) => CallsEnvseal::No,
    }
}

/// Checks a script that a POSIX shell reads; `errexit` if it is run with `-e`.
pub(super) fn check_script(text: &[u8], hook: Hook, mut errexit: bool) -> CallsEnvseal {
    let script = String::from_utf8_lossy(text);
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        if line.trim_end() == BEGIN && lines.any(|line| line.trim_end() == END) {
            return CallsEnvseal::Yes;
        }
        if find_call(line, hook).is_some_and(|exits| exits || errexit || lines.clone().all(is_blank)) {
            return CallsEnvseal::Yes;
        }
        // A command before it may read what git says about a push.
        let is_harmless = |line| is_plain(line) && hook != Hook::PrePush;
        if let Some(on) = sets_errexit(line) {
            errexit |= on;
        } else if !is_blank(line) && !is_harmless(line) {
            break;
        }
    }
    if mentions(text, b"envseal") { CallsEnvseal::Unclear } else { CallsEnvseal::No }
}

/// Returns true if this command line calls envseal, and fails if envseal does.
pub(super) fn is_call(line: &str, hook: Hook) -> bool {
    find_call(line, hook).is_some()
}

/// Returns true if a line that is not a comment calls envseal for this hook.
pub(super) fn names_call(text: &[u8], hook: Hook) -> bool {
    let part_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let call = hook.call();
    code(text).any(|line| {
        memchr::memmem::find_iter(line, &call).any(|at| !line.get(at + call.len()).is_some_and(part_of_word))
    })
}

/// Returns true if a line that is not a comment has this word, which is in lower case.
pub(super) fn mentions(text: &[u8], word: &[u8]) -> bool {
    code(text).any(|line| memchr::memmem::find(&line.to_ascii_lowercase(), word).is_some())
}

/// Returns the lines that are not comments, in any language of hooks and configurations.
fn code(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
    lines.filter(|line| !line.starts_with(b"#") && !line.starts_with(b"//"))
}

fn is_blank(line: &str) -> bool {
    let line = line.trim_ascii_start();
    line.is_empty() || line.starts_with('#')
}

/// Returns None if this line is no call, otherwise true if the script ends with it where envseal fails:
/// `npx envseal hook run pre-commit "$@" || exit 1`.
fn find_call(line: &str, hook: Hook) -> Option<bool> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(IF_FOUND.0).and_then(|it| it.strip_suffix(IF_FOUND.1)).unwrap_or(line);
    let (line, exits) = match line.split_once(" || ") {
        Some((line, "exit" | "exit 1" | "exit $?")) => (line, true),
        _ => (line, false),
    };
    // The arguments as a shell, and as lefthook passes them on.
    let line = line.strip_suffix(" \"$@\"").or(line.strip_suffix(" {1} {2}")).unwrap_or(line);
    if !line.chars().all(is_literal) {
        return None;
    }
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let is_assignment = |word: &&&str| {
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        word.split_once('=').is_some_and(|(name, _)| is_name(name))
    };
    let start = words.iter().take_while(is_assignment).count();
    let is_envseal = |word: &&str| matches!(word.rsplit('/').next(), Some("envseal" | "envseal.exe"));
    let program = words.iter().position(is_envseal)?;
    if program != start && !RUNNERS.contains(words.get(start)?) {
        return None;
    }
    let only_prints = |word: &&str| {
        let is_short = word.starts_with('-') && !word.starts_with("--");
        matches!(*word, "help" | "--help" | "--version") || is_short && word.contains(['h', 'V'])
    };
    let arguments = &words[program + 1..];
    // Options may come first.
    let is = |call: &[&str]| {
        let at = arguments.windows(call.len()).position(|words| words == call);
        at.is_some_and(|at| at == 0 || arguments[0].starts_with('-'))
    };
    let calls = is(&["hook", "run", hook.name()]) || hook != Hook::PrePush && is(&["check", "--staged"]);
    (calls && !words.iter().any(only_prints)).then_some(exits || words[0] == "exec")
}

/// Returns true for a character that means itself in a shell, or separates words.
fn is_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || " \t_-./:=@%+,".contains(c)
}

/// Returns true if a shell takes this line for one command, after which it goes on with the next line.
fn is_plain(line: &str) -> bool {
    let first = line.split_ascii_whitespace().next().unwrap_or_default();
    let is_program = first.chars().all(|c| is_literal(c) && c != '=') && !SPECIAL.contains(&first);
    is_program
        && line.chars().all(|c| is_literal(c) || "$\"".contains(c))
        && line.matches('"').count().is_multiple_of(2)
}

/// Returns None if this line is no `set` with the usual options, otherwise true if it turns `-e` on.
fn sets_errexit(line: &str) -> Option<bool> {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let mut on = false;
    for pair in words.first().filter(|word| **word == "set").map(|_| words.windows(2))? {
        on |= match pair[1] {
            name @ ("errexit" | "nounset" | "pipefail") if pair[0].ends_with('o') => name == "errexit",
            options => has_e(options)?,
        };
    }
    Some(on)
}

/// Returns true if the options in a `#!` line include `-e`.
fn has_errexit(line: &str) -> bool {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    matches!(words[..], [.., shell, options] if shell.ends_with("sh") && has_e(options) == Some(true))
}

/// Returns None if these are not the usual options of a shell, otherwise true if `-e` is one.
fn has_e(options: &str) -> Option<bool> {
    let letters = options.strip_prefix('-').filter(|letters| !letters.is_empty())?;
    letters.chars().all(|c| "Eeuxo".contains(c)).then(|| letters.contains('e'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts what is said of each of these scripts, which are separated by `%`.
    #[track_caller]
    fn all_are(answer: CallsEnvseal, scripts: &str) {
        for script in scripts.split('%') {
            assert_eq!(check_hook(script.as_bytes(), Hook::PreCommit), answer, "{script}");
        }
    }

    #[test]
    fn a_call_counts_behind_plain_commands_if_its_failure_ends_the_script() {
        all_are(
            CallsEnvseal::Yes,
            "envseal hook run pre-commit%#!/bin/sh\n\n# why\nenvseal hook run pre-commit \"$@\"\n# the end\n%\
             \techo \"a $B\"\r\n/usr/local/bin/envseal hook run pre-commit \"$@\" || exit $?\r\nexit 0%\
             export PATH=\"$HOME/.cargo/bin:$PATH\"\nexec envseal hook run pre-commit\nnpm test%\
             npx --no envseal hook run pre-commit || exit 1\nfor%envseal check --staged || exit\nexit 0%\
             set -euo pipefail\nFOO=1 envseal -q hook run pre-commit\nnpm test%\
             set -u -o errexit -o pipefail\nset -x\nenvseal.exe hook run pre-commit\nnpm test%\
             #!/bin/sh -e\nenvseal hook run pre-commit\nnpm test%\
             #!/usr/bin/env -S bash -eu\nenvseal hook run pre-commit\nnpm test%\
             if command -v envseal >/dev/null; then envseal hook run pre-commit \"$@\"; fi%\
             envseal hook run pre-commit\nnpm test\nenvseal hook run pre-commit",
        );
        let husky = |hook| check_script(b"envseal hook run pre-commit\nnpm test\n", hook, true);
        assert_eq!(husky(Hook::PreCommit), CallsEnvseal::Yes);
        assert_eq!(husky(Hook::PrePush), CallsEnvseal::Unclear);
        assert!(is_call("envseal hook run pre-push {1} {2}", Hook::PrePush));
        assert!(!is_call("envseal check --staged", Hook::PrePush));
    }

    #[test]
    fn what_may_skip_a_call_or_ignore_its_failure_is_unclear() {
        // It is not reached, or only sometimes.
        all_are(
            CallsEnvseal::Unclear,
            "exit 0\nenvseal hook run pre-commit%exit\nenvseal hook run pre-commit%\
             exec npm test\nenvseal hook run pre-commit%return\nenvseal hook run pre-commit%\
             command exit 0\nenvseal hook run pre-commit%A=\"x y\" exit 0\nenvseal hook run pre-commit%\
             \"exit\" 0\nenvseal hook run pre-commit%$X\nenvseal hook run pre-commit%\
             cat <<EOF\nenvseal hook run pre-commit\nEOF\n%\
             cat <<-EOF >/dev/null\n\tenvseal hook run pre-commit\n\tEOF\n%\
             : <<'x y' <<Z\n>\nx y\nenvseal hook run pre-commit\nZ\n%\
             echo 'it''s' \"\nenvseal hook run pre-commit%echo \"\nenvseal hook run pre-commit%\
             echo '\nenvseal hook run pre-commit%echo \\\nenvseal hook run pre-commit%\
             echo ${X-\nenvseal hook run pre-commit\n}%echo $(\nenvseal hook run pre-commit)%\
             true ||\n\nenvseal hook run pre-commit%true ||\n# why\nenvseal hook run pre-commit%\
             if [ -z \"$SKIP\" ]; then\n  envseal hook run pre-commit\nfi%\
             if x\nthen\nenvseal hook run pre-commit\nfi%while x; do envseal hook run pre-commit; done%\
             while x\ndo\nenvseal hook run pre-commit\ndone%case a in\na)\nenvseal hook run pre-commit\nesac%\
             [ -n \"$X\" ] || envseal hook run pre-commit%[ -n \"$X\" ] && exit 0\nenvseal hook run pre-commit%\
             if x; then exit; fi\nenvseal hook run pre-commit%if x; then exec y; fi\nenvseal hook run pre-commit%\
             x || exit 0\nenvseal hook run pre-commit%trap 'exit 0' EXIT\nenvseal hook run pre-commit%\
             x; exit_status=1; [ $exit_status ] && exit $exit_status\nenvseal hook run pre-commit%\
             trap true EXIT\nenvseal hook run pre-commit%alias envseal=true\nenvseal hook run pre-commit%\
             . ./more\nenvseal hook run pre-commit%source more\nenvseal hook run pre-commit%\
             eval more\nenvseal hook run pre-commit%set -n\nenvseal hook run pre-commit%\
             command -v envseal && envseal hook run pre-commit%\
             if command -v envseal; then :; envseal hook run pre-commit; fi%\
             if command -v envseal; envseal hook run pre-commit; then :; fi%\
             if x; then y; elif command -v envseal; then envseal hook run pre-commit; fi%\
             if command -v envseal >/dev/null; then x; else envseal hook run pre-commit; fi%\
             if ! command -v envseal; then envseal hook run pre-commit; fi%\
             if x; then if command -v envseal; then envseal hook run pre-commit; fi; fi%\
             x && if command -v envseal; then envseal hook run pre-commit; fi%\
             while command -v envseal; do envseal hook run pre-commit; done%\
             f() { envseal hook run pre-commit; }\n%f() { envseal hook run pre-commit; }\nf || exit%\
             f() {\nenvseal hook run pre-commit\n}%function f { envseal hook run pre-commit; }\nf%\
             function f\n{\nenvseal hook run pre-commit\n}%\u{feff}#!/bin/sh\nenvseal hook run pre-commit",
        );
        // Its failure is ignored, or another command's counts.
        all_are(
            CallsEnvseal::Unclear,
            "envseal hook run pre-commit || true%envseal hook run pre-commit || exit 0\nls%\
             envseal hook run pre-commit\nnpm test%! envseal hook run pre-commit%\
             envseal hook run pre-commit | tee log%envseal hook run pre-commit &%\
             envseal hook run pre-commit &\nwait%envseal hook run pre-commit && npm test; npm run more%\
             set -e\nset +e\nenvseal hook run pre-commit\nnpm test%\
             set -e\nif x; then set +e; fi\nenvseal hook run pre-commit\nnpm test%\
             set -e\ncommand set +e\nenvseal hook run pre-commit\nnpm test%\
             x && set -e\nenvseal hook run pre-commit\nnpm test%\
             set -- --verbose -e\nenvseal hook run pre-commit\nnpm test%\
             set --verbose\nenvseal hook run pre-commit\nnpm test%\
             set a -e\nenvseal hook run pre-commit\nnpm test%set errexit\nenvseal hook run pre-commit\nls%\
             #!/bin/sh -u\nenvseal hook run pre-commit\nls%#!/bin/bash --norc\nenvseal hook run pre-commit\nls%\
             if command -v envseal >/dev/null; then envseal hook run pre-commit; fi\nnpm test%\
             if command -v envseal >/dev/null; then envseal hook run pre-commit; fi || true%\
             (envseal hook run pre-commit)\nls",
        );
        // It is no call.
        all_are(
            CallsEnvseal::Unclear,
            "echo envseal hook run pre-commit%sh -c 'envseal hook run pre-commit'%x=$(envseal hook run pre-commit)%\
             envseal hook run pre-push%envseal hook run pre-commit2%envseal hook run pre-commit --help%\
             envseal -qh hook run pre-commit%envseal -q help hook run pre-commit%\
             envseal -q \"a hook run pre-commit b\"%envseal hook run pre-commit \"--help\"%\
             envseal \"$@\" hook run pre-commit%command -v envseal hook run pre-commit%\
             npm test # envseal hook run pre-commit",
        );
    }

    #[test]
    fn what_names_envseal_only_in_comments_calls_nothing() {
        all_are(
            CallsEnvseal::No,
            "%#!/bin/sh\n%# envseal hook run pre-commit%  #envseal hook run pre-commit%ls",
        );
        let named = |text: &str| names_call(text.as_bytes(), Hook::PreCommit);
        assert!(named("import os\nos.system('envseal hook run pre-commit')"));
        assert!(named("  run: envseal hook run pre-commit {1}\n"));
        assert!(!named("  // envseal hook run pre-commit") && !named("envseal hook run pre-commit2"));
        assert!(!named("envseal hook run pre-merge-commit"));
    }

    #[test]
    fn our_block_counts_where_it_is_reached() {
        let block = format!("{BEGIN}\nenvseal hook run pre-commit\n{END}\n");
        let with = |before: &str, after: &str| {
            check_hook(format!("{before}{block}{after}").as_bytes(), Hook::PreCommit)
        };
        for before in ["", "#!/bin/sh\r\n", "npm test\n"] {
            assert_eq!(with(before, "exit 0\n"), CallsEnvseal::Yes, "{before}");
        }
        for (before, after) in [
            ("exit 0\n", ""),
            ("cat <<X\n", "X\n"),
            ("exec make\n", ""),
            ("echo '\n", "'\n"),
            (": \"\n", "\""),
            ("if x; then\n", "fi\n"),
            ("f() {\n", "}\n"),
            ("x &&\n", ""),
            ("x && exit\n", ""),
        ] {
            assert_eq!(with(before, after), CallsEnvseal::Unclear, "{before}");
        }
        all_are(CallsEnvseal::Yes, &block.replace('\n', "\r\n"));
        all_are(CallsEnvseal::Unclear, &block.replace(END, ""));
    }
}
