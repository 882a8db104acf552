//! Analyses other hooks as text. The answer is yes only if a script certainly calls envseal, and fails if envseal does.

use std::iter::Peekable;
use std::str::Chars;

use super::script::{BEGIN, END, Hook};

/// Whether a hook calls envseal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallsEnvseal {
    /// It always does, and the hook fails if envseal does.
    Yes,
    No,
    /// There is a call, but it may be skipped, or its failure ignored.
    Unclear,
}

/// Programs that run the program in their arguments, like `npx`.
const RUNNERS: [&str; 12] =
    ["command", "exec", "env", "nice", "time", "npx", "bunx", "pnpm", "yarn", "mise", "direnv", "nix"];
const OPENING: [&str; 7] = ["if", "while", "until", "for", "case", "select", "{"];
const CLOSING: [&str; 4] = ["fi", "done", "esac", "}"];
const BETWEEN: [&str; 4] = ["then", "do", "else", "elif"];

/// The operator between a command and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShellOperator {
    Next,
    And,
    Or,
    Pipe,
}

#[derive(Debug)]
struct ShellCommand {
    words: Vec<String>,
    joined: ShellOperator,
    /// The number of conditions, loops, functions and subshells around it.
    depth: usize,
    /// The reserved word right before it: `if` or `then`.
    behind: Option<&'static str>,
    /// True if the script continues without waiting for it.
    background: bool,
    /// True for envseal's block, which ends the script on failure.
    block: bool,
}

/// Checks a script that a POSIX shell reads; `errexit` if it is run with `-e`.
pub(super) fn check_calls(text: &[u8], hook: Hook, errexit: bool) -> CallsEnvseal {
    let commands = ShellReader::new(&String::from_utf8_lossy(text)).commands();
    let mut errexit = errexit;
    let mut unclear = false;
    // True once a command may have ended the script without a failure.
    let mut skipped = false;
    for (at, command) in commands.iter().enumerate() {
        let words: Vec<_> = command.words.iter().map(String::as_str).collect();
        let sure = is_sure(&commands, at);
        if command.block || is_call(&words, hook) {
            let stops = command.block || words[0] == "exec" || stops(&commands, at, errexit);
            if sure && !skipped && stops {
                return CallsEnvseal::Yes;
            }
            unclear = true;
        } else if words.iter().any(|word| word.to_ascii_lowercase().contains("envseal")) {
            unclear = true;
        }
        let ends = match words[..] {
            ["exit" | "return", status] => status != "0" && status.bytes().all(|byte| byte.is_ascii_digit()),
            // Returns the status of the command that just failed.
            ["exit" | "return"] => command.joined == ShellOperator::Or,
            _ => false,
        } || command.joined == ShellOperator::Or && words == ["exit", "$?"];
        match words[..] {
            ["exit", ..] if sure => break,
            ["exec", ..] if sure && words.len() > 1 => break,
            ["exit" | "return", ..] => skipped |= !ends,
            ["exec", ..] => skipped |= words.len() > 1,
            // These run other lines, which may end the script, too.
            ["." | "source" | "eval" | "trap" | "alias", ..] => skipped = true,
            _ => {}
        }
        if let Some(at) = words.iter().position(|word| *word == "set") {
            let after = sets_errexit(&words[at..], errexit);
            // One that may be skipped counts only if it turns the option off.
            errexit = after && (errexit || sure && at == 0);
        }
    }
    if unclear { CallsEnvseal::Unclear } else { CallsEnvseal::No }
}

/// Returns true if this command is run whenever the script gets to it.
fn is_sure(commands: &[ShellCommand], at: usize) -> bool {
    let first = (0..=at).rev().find(|at| commands[*at].joined != ShellOperator::Pipe);
    first.is_some_and(|first| {
        let command = &commands[first];
        command.joined == ShellOperator::Next && (command.depth == 0 || is_found(commands, first))
    })
}

/// Returns true if the command is in the branch for an envseal that was found: `if command -v envseal; then …`.
fn is_found(commands: &[ShellCommand], at: usize) -> bool {
    let Some(condition) = at.checked_sub(1).map(|before| &commands[before]) else { return false };
    let words: Vec<_> = condition.words.iter().map(String::as_str).collect();
    let looks = matches!(words[..], ["command", "-v", "envseal"] | ["which" | "type" | "hash", "envseal"]);
    let is_first =
        condition.behind == Some("if") && condition.depth == 1 && condition.joined == ShellOperator::Next;
    looks && is_first && commands[at].behind == Some("then") && commands[at].depth == 1
}

/// Returns true if the script fails when this command does.
fn stops(commands: &[ShellCommand], at: usize, errexit: bool) -> bool {
    if commands[at].background {
        return false;
    }
    let Some(next) = commands.get(at + 1) else { return true };
    let is_exit = |words: &[String]| {
        words.first().is_some_and(|word| word == "exit") && words.get(1).is_none_or(|status| status != "0")
    };
    match next.joined {
        ShellOperator::Or => is_exit(&next.words) && next.depth == commands[at].depth && !next.background,
        ShellOperator::And => commands[at + 1..]
            .iter()
            .all(|command| command.joined == ShellOperator::And && !command.background),
        ShellOperator::Pipe => false,
        ShellOperator::Next => errexit || next.depth == 0 && next.words == ["exit", "$?"],
    }
}

fn is_call(words: &[&str], hook: Hook) -> bool {
    let is_assignment = |word: &&str| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
    };
    let start = words.iter().take_while(|word| is_assignment(word)).count();
    let Some(program) = words.iter().position(|word| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
        matches!(name, "envseal" | "envseal.exe")
    }) else {
        return false;
    };
    if program != start && !words.get(start).is_some_and(|word| RUNNERS.contains(word)) {
        return false;
    }
    let only_prints = |word: &&str| {
        let is_short = word.starts_with('-') && !word.starts_with("--");
        matches!(*word, "help" | "--help" | "--version") || is_short && word.contains(['h', 'V'])
    };
    let arguments = &words[program + 1..];
    let is = |call: &[&str]| {
        arguments
            .windows(call.len())
            .position(|window| window == call)
            .is_some_and(|at| at == 0 || arguments[0].starts_with('-'))
    };
    let calls = is(&["hook", "run", hook.name()]) || hook != Hook::PrePush && is(&["check", "--staged"]);
    calls && !words.iter().any(only_prints)
}

/// Returns whether `-e` is set after `set` or a shell with these arguments.
fn sets_errexit(words: &[&str], mut errexit: bool) -> bool {
    for (at, word) in words.iter().enumerate().skip(1) {
        let (on, letters) = match word.split_at_checked(1) {
            // Operands follow, or an option of another kind.
            Some(("-", letters)) if letters.is_empty() || letters.starts_with('-') => break,
            Some(("-", letters)) => (true, letters),
            Some(("+", letters)) => (false, letters),
            _ if words[0] == "set" && !words[at - 1].ends_with('o') => break,
            _ => continue,
        };
        let by_name = letters.ends_with('o') && words.get(at + 1) == Some(&"errexit");
        if letters.contains('e') || by_name {
            errexit = on;
        }
    }
    errexit
}

/// Returns true if the options in a `#!` line include `-e`.
pub(super) fn has_errexit(line: &str) -> bool {
    sets_errexit(&line.split_ascii_whitespace().collect::<Vec<_>>(), false)
}

/// Parses a script as far as needed to tell commands from other text.
struct ShellReader<'a> {
    rest: Peekable<Chars<'a>>,
    commands: Vec<ShellCommand>,
    words: Vec<String>,
    joined: ShellOperator,
    /// The reserved word before the command.
    behind: Option<&'static str>,
    /// The open compound commands.
    open: Vec<&'static str>,
    /// The delimiters of the here-documents that begin at the next line, and true if tabs before them are ignored.
    documents: Vec<(String, bool)>,
    /// True if the next word is the target of a redirection.
    redirected: bool,
}

impl<'a> ShellReader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable(),
            commands: Vec::new(),
            words: Vec::new(),
            joined: ShellOperator::Next,
            behind: None,
            open: Vec::new(),
            documents: Vec::new(),
            redirected: false,
        }
    }

    fn commands(mut self) -> Vec<ShellCommand> {
        let mut starts_line = true;
        while let Some(next) = self.rest.next() {
            let was_start = std::mem::replace(&mut starts_line, false);
            match next {
                '\n' => {
                    self.finish(ShellOperator::Next);
                    self.skip_documents();
                    starts_line = true;
                }
                '#' => {
                    let line = self.line();
                    if was_start && line.trim_end() == &BEGIN[1..] {
                        self.block();
                        starts_line = true;
                    }
                }
                ' ' | '\t' | '\r' => {}
                '\\' if self.take('\n') => {}
                ';' => self.finish(ShellOperator::Next),
                '&' if self.take('&') => self.finish(ShellOperator::And),
                '&' if self.take('>') => self.redirect('>'),
                '&' => {
                    self.finish(ShellOperator::Next);
                    if let Some(command) = self.commands.last_mut() {
                        command.background = true;
                    }
                }
                '|' if self.take('|') => self.finish(ShellOperator::Or),
                '|' => {
                    self.take('&');
                    self.finish(ShellOperator::Pipe);
                }
                '(' if self.words.len() == 1 && self.take(')') => self.words.clear(),
                '(' => {
                    self.finish_quietly();
                    self.open.push("(");
                }
                ')' => {
                    self.finish(ShellOperator::Next);
                    if self.open.last() == Some(&"(") {
                        self.open.pop();
                    }
                }
                '<' | '>' => self.redirect(next),
                _ => self.word(next),
            }
        }
        self.finish(ShellOperator::Next);
        self.commands
    }

    fn take(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    /// Reads the rest of the line, without its end.
    fn line(&mut self) -> String {
        std::iter::from_fn(|| self.rest.next_if(|next| *next != '\n')).collect()
    }

    /// Reads envseal's own block up to its end.
    fn block(&mut self) {
        while self.take('\n') {
            if self.line().trim_end() == END {
                self.take('\n');
                self.add(Vec::new(), None, true);
                self.joined = ShellOperator::Next;
                return;
            }
        }
    }

    /// Ends the command; `joined` is the operator before the next one.
    fn finish(&mut self, joined: ShellOperator) {
        self.redirected = false;
        let is_empty = self.words.is_empty();
        self.finish_quietly();
        // A line break after `&&` does not end the list.
        if !(is_empty && joined == ShellOperator::Next) {
            self.joined = joined;
        }
    }

    fn finish_quietly(&mut self) {
        if self.words.is_empty() {
            return;
        }
        let (words, behind) = (std::mem::take(&mut self.words), self.behind.take());
        self.add(words, behind, false);
    }

    fn add(&mut self, words: Vec<String>, behind: Option<&'static str>, block: bool) {
        let (joined, depth) = (self.joined, self.open.len());
        self.commands.push(ShellCommand { words, joined, depth, behind, background: false, block });
    }

    fn redirect(&mut self, first: char) {
        // A number right before it is a file descriptor.
        if self.words.last().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            self.words.pop();
        }
        if self.rest.peek() == Some(&'(') {
            // The script does not depend on the process of `<(…)`.
            self.rest.next();
            self.skip_to(')');
            return;
        }
        if first == '<' && self.take('<') {
            if self.take('<') {
                self.redirected = true;
                return;
            }
            let tabs = self.take('-');
            while self.rest.next_if(|next| matches!(next, ' ' | '\t')).is_some() {}
            if let Some(next) = self.rest.next() {
                let (end, _) = self.read_word(next);
                self.documents.push((end, tabs));
            }
            return;
        }
        while self.rest.next_if(|next| matches!(next, '<' | '>' | '&' | '|')).is_some() {}
        self.redirected = true;
    }

    fn skip_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.documents) {
            while self.rest.peek().is_some() {
                let line = self.line();
                self.take('\n');
                let line = line.trim_end_matches('\r');
                if end == if tabs { line.trim_start_matches('\t') } else { line } {
                    break;
                }
            }
        }
    }

    fn word(&mut self, first: char) {
        let (word, quoted) = self.read_word(first);
        if std::mem::take(&mut self.redirected) {
            return;
        }
        let known = |list: &[&'static str]| list.iter().find(|it| **it == word).copied();
        if quoted || !self.words.is_empty() {
            self.words.push(word);
        } else if let Some(opening) = known(&OPENING) {
            self.open.push(opening);
            self.behind = Some(opening);
        } else if word == "function" {
            // The name counts as a command that does nothing, the body as a compound command.
        } else if known(&CLOSING).is_some() {
            self.open.pop();
            // An operator after a compound's end joins the compound.
            self.words.clear();
            if self.open.is_empty() {
                self.joined = ShellOperator::Next;
            }
        } else if let Some(between) = known(&BETWEEN) {
            self.joined = ShellOperator::Next;
            self.behind = Some(between);
        } else {
            self.words.push(word);
        }
    }

    /// Reads a word without its quotes, and returns true if it had any. Substitutions are not expanded.
    fn read_word(&mut self, first: char) -> (String, bool) {
        let (mut word, mut quoted) = (String::new(), false);
        let mut next = Some(first);
        while let Some(c) = next {
            match c {
                '\\' => match self.rest.next() {
                    Some('\n') | None => {}
                    Some(c) => {
                        word.push(c);
                        quoted = true;
                    }
                },
                '\'' => {
                    word.extend(std::iter::from_fn(|| self.rest.next().filter(|c| *c != '\'')));
                    quoted = true;
                }
                '"' => {
                    word.push_str(&self.skip_to('"'));
                    quoted = true;
                }
                '`' => word.push_str(&self.skip_to('`')),
                '$' => {
                    word.push('$');
                    if self.take('(') {
                        word.push_str(&self.skip_to(')'));
                    } else if self.take('{') {
                        word.push_str(&self.skip_to('}'));
                    }
                }
                c => word.push(c),
            }
            next = self.rest.next_if(|c| !" \t\r\n;&|()<>".contains(*c));
        }
        (word, quoted)
    }

    /// Reads to the end of a quotation or a substitution, including nested ones. Returns the text inside.
    fn skip_to(&mut self, end: char) -> String {
        let mut between = String::new();
        while let Some(c) = self.rest.next() {
            match c {
                c if c == end => break,
                '\\' => between.extend(self.rest.next()),
                '"' => between.push_str(&self.skip_to('"')),
                '\'' if end != '"' => {
                    between.extend(std::iter::from_fn(|| self.rest.next().filter(|c| *c != '\'')));
                }
                '`' => between.push_str(&self.skip_to('`')),
                '(' if end == ')' => between.push_str(&self.skip_to(')')),
                '$' if self.take('(') => between.push_str(&self.skip_to(')')),
                '$' if self.take('{') => between.push_str(&self.skip_to('}')),
                c => between.push(c),
            }
        }
        between
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> CallsEnvseal {
        check_calls(text.as_bytes(), Hook::PreCommit, false)
    }

    #[test]
    fn a_call_that_is_made_and_counts() {
        let texts = "envseal hook run pre-commit%#!/bin/sh\nenvseal hook run pre-commit \"$@\"\n%\
             npm test\n/usr/local/bin/envseal hook run pre-commit \"$@\" </dev/null || exit $?\nnpm run more\n%\
             set -euo pipefail\nenvseal hook run pre-commit\nnpm test\n%\
             set -e\nset -- a +e\nenvseal hook run pre-commit\nnpm test%\
             set -u -o errexit -o pipefail\nif x; then set -e; fi\nenvseal hook run pre-commit\nnpm test%\
             set -o errexit\nFOO=1 envseal -q hook run pre-commit\nnpm test\n%\
             exec envseal hook run pre-commit \"$@\"\nnpm test%\
             npx --no envseal hook run pre-commit || exit 1\necho done%\
             cat x | envseal hook run pre-commit || exit\nls%envseal hook run pre-commit\nexit $?\n%\
             if [ -n \"$CI\" ]; then\n  echo ci # fi\nfi\nenvseal hook run pre-commit%\
             case $x in\n a) ls ;;\n (b|c) ls;;\nesac\nenvseal hook run pre-commit%\
             f() {\n  echo \"}\"; exit 1\n}\nf && ls\nenvseal hook run pre-commit%\
             for f in a b; do ls \"$f\" >&2; done 2>/dev/null\nenvseal check --staged%\
             cat <<'X' && ls\nexit 0\nX\nenvseal hook run pre-commit%\
             a=$(ls | grep ')' || true)\nb=\"${a:-\"x\"}\" # exit 0\nenvseal hook run pre-commit%\
             npm test || exit 1\n[ -d x ] || exit\nenvseal \\\n hook run pre-commit%\
             (cd x; exit 1)\nenvseal hook run pre-commit && npm test%echo x |\nenvseal hook run pre-commit%\
             if command -v envseal >/dev/null 2>&1; then envseal hook run pre-commit \"$@\"; fi%\
             if which envseal; then\n  envseal hook run pre-commit || exit $?\nfi\nnpm test";
        for text in texts.split('%') {
            assert_eq!(of(text), CallsEnvseal::Yes, "{text}");
        }
    }

    #[test]
    fn none_is_made() {
        let texts = "|#!/bin/sh\n|# envseal hook run pre-commit|npm test # envseal hook run pre-commit|\
                     exit 0\nenvseal hook run pre-commit|\
                     exit\nenvseal hook run pre-commit|\
                     exec npm test\nenvseal hook run pre-commit|\
                     cat <<EOF\nenvseal hook run pre-commit\nEOF\n|\
                     cat <<-EOF >/dev/null\n\tenvseal hook run pre-commit\n\tEOF\n|\
                     : <<'x y' <<Z\n>\nx y\nenvseal hook run pre-commit\nZ\n";
        for text in texts.split('|') {
            assert_eq!(of(text), CallsEnvseal::No, "{text}");
        }
    }

    #[test]
    fn nobody_can_tell() {
        let texts = "if [ -z \"$SKIP\" ]; then\n  envseal hook run pre-commit\nfi%\
             f() { envseal hook run pre-commit; }\n%f() { envseal hook run pre-commit; }\nf || exit%\
             function f { envseal hook run pre-commit; }\nf%command -v envseal && envseal hook run pre-commit%\
             [ -n \"$X\" ] || envseal hook run pre-commit%true ||\n\nenvseal hook run pre-commit%\
             true ||\n# why\nenvseal hook run pre-commit%[ -n \"$X\" ] && exit 0\nenvseal hook run pre-commit%\
             if x; then exit; fi\nenvseal hook run pre-commit%\
             if x; then exec y; fi\nenvseal hook run pre-commit%x || exit 0\nenvseal hook run pre-commit%\
             x; exit_status=1; [ $exit_status ] && exit $exit_status\nenvseal hook run pre-commit%\
             trap 'exit 0' EXIT\nenvseal hook run pre-commit%. ./more\nenvseal hook run pre-commit%\
             envseal hook run pre-commit || true%envseal hook run pre-commit || exit 0\nls%\
             envseal hook run pre-commit\nnpm test%set -e\nset +e\nenvseal hook run pre-commit\nnpm test%\
             set -e\nif x; then set +e; fi\nenvseal hook run pre-commit\nnpm test%\
             set -e\ncommand set +e\nenvseal hook run pre-commit\nnpm test%\
             x && set -e\nenvseal hook run pre-commit\nnpm test%\
             set -- --verbose -e\nenvseal hook run pre-commit\nnpm test%\
             set --verbose\nenvseal hook run pre-commit\nnpm test%\
             set a -e\nenvseal hook run pre-commit\nnpm test%envseal hook run pre-commit &%\
             envseal hook run pre-commit &\nwait%envseal hook run pre-commit | tee log%\
             envseal hook run pre-commit && npm test; npm run more%! envseal hook run pre-commit%\
             echo envseal hook run pre-commit%sh -c 'envseal hook run pre-commit'%\
             x=$(envseal hook run pre-commit)%echo 'it''s' \"\nenvseal hook run pre-commit%\
             envseal hook run pre-push%if command -v envseal; then envseal hook run pre-commit; fi\nnpm test%\
             if command -v envseal; then :; envseal hook run pre-commit; fi%\
             if command -v envseal; envseal hook run pre-commit; then :; fi%\
             if x; then y; elif command -v envseal; then envseal hook run pre-commit; fi%\
             if command -v envseal; then x; else envseal hook run pre-commit; fi%\
             if ! command -v envseal; then envseal hook run pre-commit; fi%\
             if x; then if command -v envseal; then envseal hook run pre-commit; fi; fi%\
             x && if command -v envseal; then envseal hook run pre-commit; fi%\
             while command -v envseal; do envseal hook run pre-commit; done%\
             if command -v envseal; then envseal hook run pre-commit; fi || true%\
             while x; do envseal hook run pre-commit; done%(envseal hook run pre-commit)";
        for text in texts.split('%') {
            assert_eq!(of(text), CallsEnvseal::Unclear, "{text}");
        }
    }

    #[test]
    fn our_block_counts_where_it_is_reached() {
        let block = format!("{BEGIN}\nenvseal hook run pre-commit\n{END}\n");
        let with = |before: &str, after: &str| of(&format!("{before}{block}{after}"));
        for before in ["", "#!/bin/sh\r\n", "npm test\n", "x ||\nfalse\n"] {
            assert_eq!(with(before, "exit 0\n"), CallsEnvseal::Yes, "{before}");
        }
        for (before, after) in [
            ("exit 0\n", ""),
            ("cat <<X\n", "X\n"),
            ("exec make\n", ""),
            ("echo '\n", "'\n"),
            (": \"\n", "\""),
        ] {
            assert_ne!(with(before, after), CallsEnvseal::Yes, "{before}");
        }
        for (before, after) in
            [("if x; then\n", "fi\n"), ("f() {\n", "}\n"), ("x &&\n", ""), ("x && exit\n", "")]
        {
            assert_eq!(with(before, after), CallsEnvseal::Unclear, "{before}");
        }
        assert_eq!(of(&block.replace('\n', "\r\n")), CallsEnvseal::Yes);
    }

    #[test]
    fn with_e_a_failure_in_the_middle_counts() {
        let text = b"envseal hook run pre-commit\nnpm test\n";
        assert_eq!(check_calls(text, Hook::PreCommit, true), CallsEnvseal::Yes);
        assert_eq!(check_calls(text, Hook::PrePush, true), CallsEnvseal::Unclear);
        assert!(
            has_errexit("/bin/sh -e\n")
                && has_errexit("/usr/bin/env -S bash -eu")
                && !has_errexit("/bin/sh -u")
                && !has_errexit("/bin/bash --norc")
        );
    }
}
