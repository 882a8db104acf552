//! `envseal resolve`.

use std::ffi::OsString;
use std::path::Path;

use super::Context;
use super::edit::one_file;
use super::files::FileArgs;
use super::set::{assign_input, bytes, how, prompt};
use crate::config::EnvName;
use crate::crypto::SecretBytes;
use crate::dotenv::{MergeSide, VarName};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::project::{Assignment, Outcome, Resolution, Resolved, Write, refuse_links, resolve};
use crate::ui;

/// Resolve a merge conflict about one variable
///
/// Takes one side, or a new VALUE, which is written as `set` writes it. Every other conflict stays, and nothing is staged.
/// Needs no private key.
///
/// A conflict about the file's public key is resolved to the key that this machine trusts, or to a proven rotation of it;
/// otherwise refused.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal diff --show HEAD feature                 # compare both sides
  envseal resolve DB_PASSWORD --theirs
  envseal resolve DB_PASSWORD                      # prompts for a new value, hidden")]
#[allow(clippy::struct_excessive_bools, reason = "they are the flags as typed")]
pub(super) struct ResolveArgs {
    /// The variable
    name: String,
    /// A new value; prompted for, or read from stdin, if omitted
    #[arg(conflicts_with_all = ["ours", "theirs"])]
    value: Option<OsString>,
    #[command(flatten)]
    pub(super) files: FileArgs,
    /// Take the side above `=======`; in a rebase, the branch you rebase onto
    #[arg(long, conflicts_with = "theirs")]
    ours: bool,
    /// Take the side below `=======`; in a rebase, your own commit
    #[arg(long)]
    theirs: bool,
    /// Allow plain text in place of an encrypted value; a new VALUE is marked `# envseal: plain`
    #[arg(long, conflicts_with = "seal")]
    plain: bool,
    /// Encrypt the new value, and remove the mark `# envseal: plain`
    #[arg(long, conflicts_with_all = ["ours", "theirs"])]
    seal: bool,
}

pub(super) fn run(context: &Context, args: ResolveArgs) -> Result<(), Error> {
    let ResolveArgs { name, value, files, ours, theirs, plain, seal } = args;
    let path = one_file(files.paths_or_default(context.process)?, "resolve")?;
    // Before the prompt, and before stdin is read.
    refuse_links(&path, context.store.repositories())?;
    let change = |write, resolution: &Resolution<'_>| {
        context.update_in_merge(&path, write, |target| {
            let resolved = resolve(target, &name, resolution)?;
            Ok((resolved.document.clone(), resolved))
        })
    };
    let side = if ours { Some(MergeSide::Ours) } else { theirs.then_some(MergeSide::Theirs) };
    let is_key = EnvName::of_file(&path)?.public_key_name() == name;
    let updated = match side {
        Some(side) => change(Write::Files, &Resolution::Side { side, plain })?,
        None if is_key && value.is_none() => change(Write::Files, &Resolution::TrustedKey)?,
        None => {
            let how = how(plain, seal);
            let name = VarName::new(&name)
                .map_err(|error| Error::usage(error.to_string(), "envseal resolve NAME"))?;
            let assignment = match value {
                Some(value) => Assignment { name, value: bytes(value)? },
                None => {
                    let piped = ui::stdin_value()?;
                    if piped.as_ref().is_some_and(|piped| piped.is_empty()) {
                        let message = format!("neither a side nor a value for {name}");
                        let hint = hint!(
                            "take one: envseal resolve {name} --ours, or envseal resolve {name} --theirs",
                            name = name.as_str()
                        );
                        return Err(Error::usage(message, hint));
                    }
                    // Reports a refusal before the prompt.
                    let any = Assignment { name: name.clone(), value: SecretBytes::new(b"?".to_vec()) };
                    change(Write::Plan, &Resolution::Value { assignment: &any, how })?;
                    let value = match piped {
                        Some(piped) => piped,
                        None => prompt(context, &name, std::slice::from_ref(&path), "resolve")?,
                    };
                    assign_input(name, value, "resolve")?
                }
            };
            change(Write::Files, &Resolution::Value { assignment: &assignment, how })?
        }
    };
    context.print_notices(&updated.notices);
    print_resolved(context, &path, &name, side, &updated.files[0].outcome);
    context.note_ignored(&updated);
    Ok(())
}

fn print_resolved(
    context: &Context,
    path: &Path,
    name: &str,
    side: Option<MergeSide>,
    Resolved { document, key, outcome, is_outdated, left }: &Resolved,
) {
    let (shown, pasted) = (display_path(path), relative_path(path));
    if let Some(key) = key {
        context.ui.say(format_args!("Kept the trusted public key ({}) in {shown}", key.id()));
        if *is_outdated {
            let why = "values of the other side are encrypted with its key. If you don't have that key, take that side: see \
                       docs/team.md, \"When two people rotate or create an environment\"";
            context.ui.note(why);
        }
    }
    let whose = if side == Some(MergeSide::Theirs) { "their" } else { "our" };
    match outcome {
        None if document.last(name).is_none() => {
            context.ui.say(format_args!("Removed {name} from {shown}, as on {whose} side"));
        }
        None if key.is_some() => {}
        None => context.ui.say(format_args!("Resolved {name} in {shown} with {whose} version")),
        Some(Outcome::Sealed) => context.ui.say(format_args!("Encrypted {name} in {shown}")),
        Some(Outcome::Unchanged) => context.ui.say(format_args!("Resolved {name} in {shown}")),
        Some(_) => context.ui.say(format_args!("Wrote {name} to {shown} as plain text")),
    }
    if *is_outdated && key.is_none() {
        let hint = hint!("once the merge is resolved: envseal encrypt --reseal -f {path}", path = pasted);
        context.ui.note(hint.after(format_args!("{name} is encrypted with another key")));
    }
    if !left.is_empty() {
        context.ui.say(format_args!("Still in conflict: {}", left.join(", ")));
    } else if document.conflict_marker().is_some() {
        context.ui.suggest(&hint!("resolve the rest by hand: ${EDITOR:-vi} {path}", path = pasted));
    } else {
        context.suggest_staging(path);
    }
}
