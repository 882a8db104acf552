//! `envseal check`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Context;
use super::findings::{as_github, as_json, as_sarif, as_text};
use super::report::{counted, notices};
use crate::check::rules::{Finding, Rule, Severity};
use crate::check::{self, Options, Pushed, Range, Report, Searched};
use crate::config::{FileRole, misspelled};
use crate::error::Error;
use crate::git::{GitError, Peeled, Repo, find_root};
use crate::git::{display_path, path_from};
use crate::ui::{self, Progress};

/// Check that nothing secret is in the open, and that what is sealed is as it should be
///
/// Without an option: the worktree. Exit status 1 if there is an error among the findings; advice alone passes.
/// `# envseal: allow RULE` at the end of a line silences that rule there. The rules are in docs/check.md.
#[derive(clap::Args, Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are the flags as typed")]
#[command(after_long_help = "Examples:
  envseal check                          # the worktree, before a commit or in CI
  envseal check --staged                 # what is about to be committed: the pre-commit hook
  envseal check --range origin/main..    # what a pull request brings, commit by commit
  envseal check --history --strict       # all that was ever committed
  envseal check --fix                    # seal plaintext, add to .gitignore, fix modes
  envseal check --sarif > envseal.sarif  # for code scanning")]
pub(super) struct Args {
    /// Check what the index holds, never the worktree's files
    #[arg(long)]
    staged: bool,
    /// Check every commit from A (left out) to B, by the policy of A; zeros for A: all that no branch or tag has yet
    #[arg(long, value_name = "A..B", conflicts_with = "staged")]
    range: Option<String>,
    /// Check every file ever committed
    #[arg(long, conflicts_with_all = ["staged", "range"])]
    history: bool,
    /// Seal plaintext, add to .gitignore and .dockerignore, fix modes; then check again
    #[arg(long, conflicts_with_all = ["staged", "range", "history"])]
    fix: bool,
    /// Accept what was reviewed: wider policies, `allow` marks, sealed proxies and endpoints
    #[arg(long, requires = "range")]
    accept_policy: bool,
    /// Let advice fail the check too
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print SARIF 2.1.0, for code scanning
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    /// Print GitHub's workflow commands, which it shows as annotations
    #[arg(long, conflicts_with_all = ["json", "sarif"])]
    github: bool,
    /// Whether git calls this, and nobody asked.
    #[arg(skip)]
    hook: bool,
}

/// One ref that is about to be pushed (githooks(5), pre-push).
pub(super) struct Push {
    /// The commit it is to stand on.
    pub(super) local: String,
    /// The commit it stands on over there, unless it is new.
    pub(super) remote_old: Option<String>,
    /// The remote's name, or its URL.
    pub(super) remote_name: String,
}

/// Checks, prints the findings, and returns the exit status.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    if args.staged {
        return staged_with(context, args, Searched::Changed);
    }
    if let Some(range) = &args.range {
        // HEAD..HEAD to git; here, most likely, a script's variables that are not set.
        if range.bytes().all(|b| b == b'.') {
            let hint = "name both ends: envseal check --range origin/main..HEAD";
            return Err(Error::usage("the range names no commit".to_owned(), hint));
        }
        let objects = context.repository()?;
        if !args.hook {
            objects.allow_fetching();
        }
        let pushed = Pushed::parse(&objects, range)?;
        return told(context, args, &root_of(&objects), |options| {
            let options = Options { accept_policy: args.accept_policy, ..*options };
            let mut report = pushed.check(&objects, &options)?;
            for finding in &mut report.findings {
                finding.fix = finding.fix.clone().with("range", range);
            }
            Ok(report)
        });
    }
    if args.history {
        let objects = context.repository()?;
        objects.allow_fetching();
        return told(context, args, &root_of(&objects), |options| Ok(check::history(&objects, options)?));
    }
    let dir = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    let root = find_root(&dir);
    let objects = root.as_ref().map(|root| context.store().repositories().open(root)).transpose()?;
    let root = root.unwrap_or(dir);
    if args.fix {
        mend(context, &root, objects.as_deref())?;
    }
    told(context, args, &root, |options| Ok(check::worktree(&root, objects.as_deref(), options)?))
}

/// Checks what is about to be committed, for a hook.
///
/// The pre-commit framework also calls its hooks when no commit is made: for a range, which it names
/// (`--from-ref`, `--to-ref`), or for all files. Git names the index to whatever it calls for a commit, and nobody else
/// does; without one, the whole index is searched.
pub(super) fn staged(context: &Context) -> Result<u8, Error> {
    let of_framework =
        |name| context.process.get(name).and_then(|value| value.to_str()).filter(|s| !s.is_empty());
    let [from, to] = ["PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"].map(of_framework);
    if let Some((from, to)) = from.zip(to) {
        return run(context, &Args { range: Some(format!("{from}...{to}")), hook: true, ..Args::default() });
    }
    let is_commit = context.process.path("GIT_INDEX_FILE").is_some();
    let args = Args { staged: true, hook: is_commit, ..Args::default() };
    staged_with(context, &args, if is_commit { Searched::Changed } else { Searched::All })
}

/// Checks what is about to be pushed, for a hook.
pub(super) fn pushed(context: &Context, pushes: &[Push]) -> Result<u8, Error> {
    let objects = context.repository()?;
    told(context, &Args { hook: true, ..Args::default() }, &root_of(&objects), |options| {
        // Whoever pushes a policy for review has to be able to push it. It is the other side that refuses.
        let options = &Options { accept_policy: true, ..*options };
        let mut all = Report::default();
        for push in pushes {
            let mut known = check::known_of_remote(&objects, &push.remote_name)?;
            let old = push.remote_old.as_ref().and_then(|old| objects.has_commit(old));
            let pushed = match (objects.peel(&push.local)?, old) {
                (Peeled::Tree(tree), _) => Pushed::Tree(tree),
                (Peeled::Blob(blob), _) => Pushed::Blob(blob),
                (Peeled::Commit(tip), None) => Pushed::Commits(Range::new_ref(&objects, tip, known)?),
                (Peeled::Commit(tip), Some(old)) => {
                    known.push(old);
                    Pushed::Commits(Range { base: Some(old), tip, known })
                }
            };
            all.absorb(pushed.check(&objects, options)?);
        }
        Ok(all)
    })
}

fn staged_with(context: &Context, args: &Args, which: Searched) -> Result<u8, Error> {
    let objects = context.repository()?;
    if objects.is_bare() {
        return Err(GitError::not_a_repository(objects.git_dir()).into());
    }
    // What a merge brings was judged where it is from, and who merges need not have every key.
    let merging = objects.is_merging() || context.process.is_in_merge();
    told(context, args, &root_of(&objects), |options| {
        Ok(check::staged(&objects, which, &Options { accept_policy: merging, ..*options })?)
    })
}

/// What findings' paths are relative to.
fn root_of(objects: &Repo) -> PathBuf {
    let root = objects.root();
    root.canonicalize().unwrap_or_else(|_| root.to_owned())
}

/// Makes the check, prints what it found, and returns the exit status.
fn told(
    context: &Context,
    args: &Args,
    root: &Path,
    check: impl FnOnce(&Options<'_>) -> Result<Report, Error>,
) -> Result<u8, Error> {
    let report = {
        let progress = Progress::new(context.ui.quiet);
        let progress = |done, all| progress.at(done, all);
        let store = context.store().unasking();
        check(&Options { store: &store, accept_policy: false, progress: &progress })?
    };
    let here = where_typed(context, root)?;
    if args.json {
        ui::json(&as_json(&report.findings))
    } else if args.sarif {
        ui::json(&as_sarif(&report.findings))
    } else if args.github {
        ui::text(as_github(&report.findings).as_bytes())
    } else {
        as_text(&report.findings, root, &here, context.ui.verbose).print()
    }
    .map_err(Error::io("write to stdout"))?;
    if let Some(error) = &report.keys_unused {
        context.ui.note(format_args!("{error}; so its values were not looked for"));
    } else if !report.unopened.is_empty() {
        let list = report.unopened.join(", ");
        context.ui.note(format_args!("no private key at hand for {list}: those values were not looked for"));
    }
    if let Some(missing) = report.incomplete {
        return Err(missing.into());
    }
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, advice) = (of(Severity::Error), of(Severity::Advice));
    if args.hook && !context.ui.verbose && report.findings.is_empty() {
        return Ok(0);
    }
    if report.findings.is_empty() && report.env_files + report.searched == 0 {
        let why = match args {
            Args { staged: true, .. } => "nothing is staged",
            Args { range: Some(_), .. } => "the range brings no file",
            Args { history: true, .. } => "no commit holds a file",
            _ if find_root(root).is_none() => "there is no env file here, and no git repository",
            _ => "no file is here that git tracks or would track",
        };
        context.ui.say(format_args!("Nothing was checked: {why}"));
        return Ok(0);
    }
    context.ui.say(format_args!(
        "{}, {} ({} judged, {} searched)",
        counted(errors, "error"),
        if advice == 1 { "1 piece of advice".to_owned() } else { format!("{advice} pieces of advice") },
        counted(report.env_files, "env file"),
        counted(report.searched, "file"),
    ));
    if report.findings.iter().any(|finding| finding.rule == Rule::Plaintext) {
        context.ui.say("what is no secret is marked so: end its line in `# envseal: plain`");
    }
    if args.staged && errors > 0 {
        // What is to be renamed, or not to be in git at all, is not to be added.
        let is_to_be_added = |finding: &&Finding| {
            finding.severity == Severity::Error
                && FileRole::of(&finding.file).what().is_none()
                && misspelled(&finding.file).is_none()
        };
        let wrong = report.findings.iter().filter(is_to_be_added);
        let files: BTreeSet<_> = wrong.map(|finding| path_from(&here, &root.join(&finding.file))).collect();
        let files: Vec<_> = files.into_iter().collect();
        if !files.is_empty() {
            let hint = hint!("what is staged counts, so after mending: git add {files}", files);
            context.ui.say(hint.or("what is staged counts, so after mending, stage it again"));
        }
    }
    Ok(u8::from(errors > 0 || args.strict && advice > 0))
}

/// The folder that the person who typed the command is in: git goes to the root before it calls a hook or an alias,
/// and names the folder it was called in (git-config(1), alias.*).
fn where_typed(context: &Context, root: &Path) -> Result<PathBuf, Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    let prefix = context.process.path("GIT_PREFIX").filter(|_| here == root);
    Ok(prefix.and_then(|prefix| here.join(prefix).canonicalize().ok()).unwrap_or(here))
}

/// Mends what can be mended, and says what was.
fn mend(context: &Context, root: &Path, objects: Option<&Repo>) -> Result<(), Error> {
    let store = context.store();
    let options = Options { store, accept_policy: false, progress: &|_, _| {} };
    let report = check::worktree(root, objects, &options)?;
    let fixed = check::fix(root, &report, store, &|| context.waiting())?;
    notices(context, &fixed.notices);
    for path in &fixed.made_private {
        context.ui.say(format_args!("took {} from others' eyes", display_path(path)));
    }
    for (path, count) in &fixed.sealed {
        context.ui.say(format_args!("sealed {} in {}", counted(*count, "value"), display_path(path)));
    }
    Ok(())
}
