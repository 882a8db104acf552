//! Lines for `>> "$GITHUB_ENV"` in a GitHub Actions step: `NAME<<DELIMITER`, the value, `DELIMITER`.
//!
//! The runner (actions/runner, `FileCommandManager`) decodes the file as UTF-8 and takes everything up to a line that
//! equals the delimiter, without the last line's break. On Windows lines also end at `\r\n`, so a carriage return at
//! the end of a value would be lost, and a line can equal the delimiter despite one.
//!
//! The runner refuses `NODE_OPTIONS` in any letter case. It sets its own `GITHUB_…` and `RUNNER_…` variables in each step,
//! so those it knows are rejected by exact name; `GITHUB_TOKEN`, `GITHUB_CLIENT_SECRET` and the like are ordinary variables.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::{Output, Variable};

const DELIMITER: &str = "ENVSEAL_EOF";
/// The start of the workflow command that masks the rest of its line (GitHub's documentation, "Workflow commands").
const MASK: &str = "::add-mask::";

/// Names that the runner sets itself (`GitHubContext`, `RunnerContext`; "Default environment variables" in GitHub's
/// documentation).
#[rustfmt::skip]
const RESERVED: &[(&str, &[&str])] = &[
    ("NODE_", &["OPTIONS"]),
    ("GITHUB_", &[
        "ACTION", "ACTION_PATH", "ACTION_REF", "ACTION_REPOSITORY", "ACTIONS", "ACTOR", "ACTOR_ID", "API_URL",
        "BASE_REF", "ENV", "EVENT_NAME", "EVENT_PATH", "GRAPHQL_URL", "HEAD_REF", "JOB", "OUTPUT", "PATH", "REF",
        "REF_NAME", "REF_PROTECTED", "REF_TYPE", "REPOSITORY", "REPOSITORY_ID", "REPOSITORY_OWNER",
        "REPOSITORY_OWNER_ID", "RETENTION_DAYS", "RUN_ATTEMPT", "RUN_ID", "RUN_NUMBER", "SERVER_URL", "SHA", "STATE",
        "STEP_SUMMARY", "TRIGGERING_ACTOR", "WORKFLOW", "WORKFLOW_REF", "WORKFLOW_SHA", "WORKSPACE",
    ]),
    ("RUNNER_", &["ARCH", "DEBUG", "ENVIRONMENT", "NAME", "OS", "TEMP", "TOOL_CACHE", "TRACKING_ID", "WORKSPACE"]),
];

pub(super) fn put(vars: &[Variable<'_>], out: &mut Output) {
    let delimiter = delimiter(vars);
    for var in vars {
        out.put(var.name);
        out.put("<<");
        out.put(&delimiter);
        out.put("\n");
        out.put(var.value);
        out.put("\n");
        out.put(&delimiter);
        out.put("\n");
    }
}

/// Returns the workflow commands that make the runner mask these values in its logs: one for each line that has more than
/// blanks, since the runner masks nothing that is blank (`AddMaskCommandExtension`).
pub(crate) fn masks(vars: &[Variable<'_>]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    // Allocated once, so that no copy is left behind. An escape takes three bytes.
    text.reserve(vars.iter().map(|var| (MASK.len() + 4) * (var.value.len() + 1)).sum());
    for line in vars.iter().flat_map(|var| var.value.split(|b| matches!(b, b'\n' | b'\r'))) {
        if let Ok(line) = std::str::from_utf8(line)
            && !line.trim().is_empty()
        {
            text.push_str(MASK);
            line.chars().for_each(|c| if c == '%' { text.push_str("%25") } else { text.push(c) });
            text.push('\n');
        }
    }
    text
}

pub(super) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_in =
        |(prefix, rests): &(&str, &[&str])| name.strip_prefix(prefix).is_some_and(|it| rests.contains(&it));
    RESERVED.iter().any(is_in)
}

/// Returns the first of `ENVSEAL_EOF`, `ENVSEAL_EOF_1`, `ENVSEAL_EOF_2`, … that isn't a line of any value.
fn delimiter(vars: &[Variable<'_>]) -> String {
    let taken: HashSet<&[u8]> = vars
        .iter()
        .flat_map(|var| var.value.split(|&b| b == b'\n'))
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| line.starts_with(DELIMITER.as_bytes()))
        .collect();
    let mut delimiter = DELIMITER.to_owned();
    let mut count = 0;
    while taken.contains(delimiter.as_bytes()) {
        count += 1;
        delimiter = format!("{DELIMITER}_{count}");
    }
    delimiter
}
