//! `envseal check`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::files::note_pipes;
use super::findings::{as_github, as_json, as_sarif, as_text};
use super::{Context, working_dir};
use crate::check::rules::{Finding, Rule, Severity};
use crate::check::{self, CheckOptions, CheckReport, CommitRange, Pushed};
use crate::config::{FileRole, misspelled};
use crate::error::Error;
use crate::git::{
    GitError, ObjectId, Peeled, RangeEnds, Repo, display_path, find_root, path_from, path_to_add,
};
use crate::time::parse_age;
use crate::ui::{self, Progress, counted};

/// Check that no secret is unencrypted, and that everything encrypted is valid
///
/// By default it checks the working tree. The exit status is 1 if there are errors; suggestions alone pass.
/// `# envseal: allow RULE` at the end of a line silences that rule there. The rules are in docs/check.md.
#[derive(clap::Args, Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are the flags as typed")]
#[command(after_long_help = "Examples:
  envseal check                          # the working tree, before a commit or in CI
  envseal check --staged                 # what is about to be committed, as the pre-commit hook does
  envseal check --range origin/main...   # every commit of a pull request
  envseal check --history --strict       # everything ever committed
  envseal check --max-age 90d            # and report values that are due to be replaced
  envseal check --fix                    # encrypt plaintext, update .gitignore, fix modes
  envseal check --sarif > envseal.sarif  # for code scanning")]
pub(super) struct Args {
    /// Check what is staged, not the working tree
    #[arg(long)]
    staged: bool,
    /// Check each commit after A up to B, by A's policy; A...B is what a merge into A brings; zeros for A, a new ref
    #[arg(long, value_name = "A..B", conflicts_with = "staged")]
    range: Option<String>,
    /// Check every file ever committed
    #[arg(long, conflicts_with_all = ["staged", "range"])]
    history: bool,
    /// Encrypt plaintext, update .gitignore and .dockerignore, fix modes, then check again
    #[arg(long, conflicts_with_all = ["staged", "range", "history"])]
    fix: bool,
    /// Accept reviewed changes: wider policies, `allow` marks, sealed proxies and endpoints
    #[arg(long, requires = "range")]
    accept_policy: bool,
    /// Report sealed values unchanged for longer: 90d, 12w
    #[arg(long, value_name = "AGE", value_parser = parse_age, conflicts_with_all = ["staged", "range", "history"])]
    max_age: Option<i64>,
    /// Fail on suggestions too
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print SARIF 2.1.0, for code scanning
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    /// Print GitHub workflow commands, shown as annotations
    #[arg(long, conflicts_with_all = ["json", "sarif"])]
    github: bool,
    /// Called by git: silent if nothing is found, and brief about lines that do not change.
    #[arg(skip)]
    hook: bool,
}

/// A ref that is about to be pushed (githooks(5), pre-push).
pub(super) struct Push {
    /// The object that it will point to.
    pub(super) local: String,
    /// The object that it points to on the remote. None if it is new.
    pub(super) remote_old: Option<String>,
}

/// Checks, prints the findings, and returns the exit status.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    if args.staged {
        return run_staged(context, args, false);
    }
    if let Some(range) = &args.range {
        // HEAD..HEAD to git, but most likely a script's unset variables.
        if range.bytes().all(|b| b == b'.') {
            let hint = "name both ends: envseal check --range origin/main...HEAD";
            return Err(Error::usage("the range names no commit", hint));
        }
        let objects = context.repository()?;
        if !args.hook {
            objects.allow_fetching();
        }
        let to_head = RangeEnds { start: range, end: "HEAD", is_merge: false };
        let ends = RangeEnds::parse(range).unwrap_or(to_head);
        let pushed = Pushed::of_range(&objects, &ends)?;
        let status = run_check(context, args, &root_of(&objects), |options| {
            let mut report = pushed.check(&objects, options)?;
            for finding in &mut report.findings {
                finding.fix = finding.fix.clone().with("range", range);
            }
            Ok(report)
        })?;
        if status != 0 && pushed.is_behind(&objects) {
            let newer = ends.start;
            context.ui.note(if ends.is_merge {
                let why = "files that both sides changed are checked as the branch has them";
                hint!("merge {newer} into the branch first: git merge {newer}", newer).after(why)
            } else {
                let merged = format!("{newer}...{}", ends.end);
                let why = format!("what only {newer} has counts as undone");
                hint!("what a merge brings: envseal check --range {merged}", merged).after(why)
            });
        }
        return Ok(status);
    }
    if args.history {
        let objects = context.repository()?;
        objects.allow_fetching();
        return run_check(context, args, &root_of(&objects), |options| check::history(&objects, options));
    }
    note_pipes(context);
    let dir = working_dir()?;
    let root = find_root(&dir);
    let objects = root.as_ref().map(|root| context.store.repositories().open(root)).transpose()?;
    let root = root.unwrap_or(dir);
    if args.max_age.is_some() {
        context.repository()?.allow_fetching();
    }
    if args.fix {
        run_fix(context, &root, objects.as_deref())?;
    }
    run_check(context, args, &root, |options| check::worktree(&root, objects.as_deref(), options))
}

/// Checks what is about to be committed, for a hook.
///
/// The pre-commit framework also calls its hooks when no commit is made: for a range that it names (`--from-ref`,
/// `--to-ref`), or for all files. Only git sets `GIT_INDEX_FILE`, and only for a commit; without it, the whole index is
/// searched.
pub(super) fn staged(context: &Context) -> Result<u8, Error> {
    let of_framework = |name| context.process.non_empty(name).and_then(OsStr::to_str);
    let [from, to] = ["PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"].map(of_framework);
    if let Some((from, to)) = from.zip(to) {
        return run(context, &Args { range: Some(format!("{from}...{to}")), hook: true, ..Args::default() });
    }
    let is_commit = context.process.path("GIT_INDEX_FILE").is_some();
    let args = Args { staged: true, hook: is_commit, ..Args::default() };
    run_staged(context, &args, !is_commit)
}

/// Checks what is about to be pushed to a remote, named or by its URL, for a hook.
pub(super) fn pushed(context: &Context, remote: &str, pushes: &[Push]) -> Result<u8, Error> {
    let objects = context.repository()?;
    // A policy must be pushed to be reviewed. The receiving side rejects it until then.
    let args = Args { hook: true, accept_policy: true, ..Args::default() };
    run_check(context, &args, &root_of(&objects), |options| {
        let mut all = CheckReport::default();
        for push in pushes {
            let mut known = check::known_of_remote(&objects, remote)?;
            let old = push.remote_old.as_ref().and_then(|old| ObjectId::parse(old.as_bytes()));
            let old = old.filter(|old| objects.has_commit(*old));
            let pushed = match (objects.peel(&push.local)?, old) {
                (Peeled::Commit(tip), None) => Pushed::Commits(CommitRange::new_ref(&objects, tip, known)?),
                (Peeled::Commit(tip), Some(old)) => {
                    known.push(old);
                    Pushed::Commits(CommitRange { base: Some(old), fork: None, tip, known })
                }
                (loose, _) => Pushed::Loose(loose),
            };
            all = all.and(pushed.check(&objects, options)?);
        }
        Ok(all)
    })
}

fn run_staged(context: &Context, args: &Args, whole: bool) -> Result<u8, Error> {
    let objects = context.repository()?;
    if objects.is_bare() {
        return Err(GitError::not_a_repository(objects.git_dir()).into());
    }
    let is_merge = objects.is_merging() || context.process.is_in_merge();
    run_check(context, args, &root_of(&objects), |options| check::staged(&objects, whole, is_merge, options))
}

/// Returns the folder that findings' paths are relative to.
fn root_of(objects: &Repo) -> PathBuf {
    let root = objects.root();
    root.canonicalize().unwrap_or_else(|_| root.to_owned())
}

fn run_check(
    context: &Context,
    args: &Args,
    root: &Path,
    check: impl FnOnce(&CheckOptions<'_>) -> Result<CheckReport, Error>,
) -> Result<u8, Error> {
    let report = {
        let progress = Progress::new(context.ui.quiet);
        let progress = |done, all| progress.at(done, all);
        let store = context.store.unasking();
        check(&CheckOptions {
            store: &store,
            accept_policy: args.accept_policy,
            only_changed_lines: args.hook && !context.ui.verbose,
            max_age: args.max_age,
            progress: &progress,
        })?
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
    }?;
    if let Some(error) = &report.key_error {
        context.ui.note(format_args!("{error}; files weren't scanned for its values"));
    } else if !report.without_key.is_empty() {
        let list = report.without_key.join(", ");
        context.ui.note(format_args!("no key for {list}, so files weren't scanned for its values"));
    }
    if let Some(missing) = report.incomplete {
        return Err(missing);
    }
    if report.on_other_lines > 0 {
        let count = counted(report.on_other_lines, "suggestion");
        context.ui.say(format_args!("{count} on unchanged lines; to list them: envseal check"));
    }
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let suggestions = report.findings.len() - errors;
    if args.hook && !context.ui.verbose && report.findings.is_empty() {
        return Ok(0);
    }
    if report.findings.is_empty() && report.env_files + report.searched == 0 {
        let why = match args {
            Args { staged: true, .. } => "nothing is staged",
            Args { range: Some(_), .. } => "the range changes no file",
            Args { history: true, .. } => "no commit has a file",
            _ if find_root(root).is_none() => "there is no env file here, and no git repository",
            _ => "there is no file here that git tracks or would add",
        };
        context.ui.say(format_args!("Nothing was checked: {why}"));
        return Ok(0);
    }
    context.ui.say(format_args!(
        "{}, {} ({}, {} scanned)",
        counted(errors, "error"),
        counted(suggestions, "suggestion"),
        counted(report.env_files, "env file"),
        counted(report.searched, "file"),
    ));
    let is_unfixed = |finding: &&Finding| !finding.fix.is_staging();
    if report.findings.iter().filter(is_unfixed).any(|finding| finding.rule == Rule::Plaintext) {
        context.ui.say("If it isn't secret, add `# envseal: plain` to the line");
    }
    if args.staged && errors > 0 {
        // Leaves out files that must be renamed or should not be in git at all.
        let is_to_be_added = |finding: &&Finding| {
            finding.severity == Severity::Error
                && FileRole::of(&finding.file).what().is_none()
                && misspelled(&finding.file).is_none()
        };
        let wrong = report.findings.iter().filter(is_unfixed).filter(is_to_be_added);
        let changed = |finding: &Finding| match (root.join(&finding.file), finding.rule) {
            (link, Rule::Symlink) => link,
            (path, _) => path_to_add(&path),
        };
        let files: BTreeSet<_> = wrong.map(|finding| path_from(&here, &changed(finding))).collect();
        let files: Vec<_> = files.into_iter().collect();
        if !files.is_empty() {
            let hint = hint!("Then stage the fix: git add {files}", files);
            context.ui.say(hint.or("Then stage the fix"));
        }
    }
    Ok(u8::from(errors > 0 || args.strict && suggestions > 0))
}

/// Returns the folder in which the command was typed: git goes to the root before it calls a hook, a driver or an alias, and
/// names that folder in `GIT_PREFIX` (git-config(1), alias.*).
pub(super) fn where_typed(context: &Context, root: &Path) -> Result<PathBuf, Error> {
    let here = working_dir()?;
    let prefix = context.process.path("GIT_PREFIX").filter(|_| here == root);
    Ok(prefix.and_then(|prefix| here.join(prefix).canonicalize().ok()).unwrap_or(here))
}

fn run_fix(context: &Context, root: &Path, objects: Option<&Repo>) -> Result<(), Error> {
    let store = &context.store;
    let options = CheckOptions {
        store,
        accept_policy: false,
        only_changed_lines: false,
        max_age: None,
        progress: &|_, _| {},
    };
    let report = check::worktree(root, objects, &options)?;
    let fixed = check::fix(root, &report, store)?;
    context.print_notices(&fixed.notices);
    for path in &fixed.made_private {
        context.ui.say(format_args!("Made {} private (0600)", display_path(path)));
    }
    for (path, count) in &fixed.encrypted {
        context.ui.say(format_args!("Encrypted {} in {}", counted(*count, "value"), display_path(path)));
    }
    Ok(())
}
