//! Programs that read env files by themselves, and would take a token for the value.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::finding::Finding;
use super::rule::Rule;
use crate::config::EnvName;
use crate::hint::Hint;

/// How many names are told of before the rest is counted.
const TOLD: usize = 3;

/// A program that reads env files of its project's folder by itself. In all of them the process's own variables win, so
/// what `run` sets is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Framework {
    /// Next.js (packages/next-env in vercel/next.js).
    Next,
    /// Vite (packages/vite/src/node/env.ts in vitejs/vite).
    Vite,
    /// Docker Compose, which puts `.env` into its own file where that refers to variables.
    Compose,
}

/// The file that lists what a Node project is built with.
pub const PACKAGE_JSON: &str = "package.json";
/// The names that a compose file may have (compose-spec).
pub const COMPOSE_FILES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

const CONFIG_ENDS: [&str; 6] = ["js", "mjs", "ts", "mts", "cjs", "cts"];

impl Framework {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "Next.js",
            Self::Vite => "Vite",
            Self::Compose => "compose",
        }
    }

    /// Whether it reads, by itself, the file called `file` when the environment `env` is run: only what it surely does,
    /// for which mode it is started in is not to be seen.
    pub fn reads(self, file: &str, env: &EnvName) -> bool {
        let of_mode = file.strip_prefix(".env.").map(|rest| rest.strip_suffix(".local").unwrap_or(rest));
        match (self, file) {
            (_, ".env") | (Self::Vite, ".env.local") => true,
            (Self::Compose, _) => false,
            // Tests are to go alike on every machine.
            (Self::Next, ".env.local") => env.as_str() != "test",
            (Self::Next, _) => is_mode_of_next(env) && of_mode == Some(env.as_str()),
            (Self::Vite, _) => of_mode == Some(env.as_str()),
        }
    }

    /// How to start it so that `run` sets what stands in `file` too.
    fn fix(self, env: &EnvName, file: &Path) -> Hint {
        match self {
            Self::Next if is_mode_of_next(env) => hint!("envseal run --convention nextjs -e {env} -- …", env),
            // Its order is Vite's.
            Self::Vite if !env.is_of_dotenv() => hint!("envseal run --convention flow -e {env} -- …", env),
            _ => match EnvName::of_file(file) {
                // What lies over the environment's own file goes first.
                Ok(other) if !other.is_of_dotenv() => {
                    hint!("envseal run -e {other} -e {env} -- …", other, env)
                }
                _ => hint!("envseal run -e {env} -e default -- …", env),
            },
        }
    }
}

fn is_mode_of_next(env: &EnvName) -> bool {
    ["development", "production", "test"].contains(&env.as_str())
}

/// The frameworks of a folder: by what its `package.json` lists, or by their own files, of which `has` tells whether
/// one of that name is there.
pub fn frameworks(package_json: Option<&[u8]>, has: &mut dyn FnMut(&str) -> bool) -> Vec<Framework> {
    let package = package_json.and_then(|text| serde_json::from_slice::<Value>(text).ok());
    let lists = |name: &str| {
        let among = |key: &str| package.as_ref().is_some_and(|package| package[key].get(name).is_some());
        among("dependencies") || among("devDependencies")
    };
    let mut configured = |name: &str| CONFIG_ENDS.iter().any(|end| has(&format!("{name}.config.{end}")));
    let mut found = Vec::new();
    if lists("next") || configured("next") {
        found.push(Framework::Next);
    }
    if lists("vite") || configured("vite") {
        found.push(Framework::Vite);
    }
    if COMPOSE_FILES.iter().any(|name| has(name)) {
        found.push(Framework::Compose);
    }
    found
}

/// An env file of a project's folder.
#[derive(Clone, Copy)]
pub struct OfProject<'a> {
    /// Its path, relative to the root of what is checked.
    pub path: &'a Path,
    /// The names that it sets.
    pub names: &'a [(String, usize)],
    /// Those of them whose values are sealed.
    pub sealed: &'a BTreeSet<String>,
}

/// Whether any file of a folder holds a sealed name that another environment lacks: else no framework need be looked for.
pub fn may_be_read_elsewhere(files: &[OfProject<'_>]) -> bool {
    [Framework::Next, Framework::Vite].iter().any(|framework| !sealed_elsewhere(*framework, files).is_empty())
}

/// What `framework` would take a token for, where one of the folder's environments is run: one finding for each file.
pub fn sealed_elsewhere(framework: Framework, files: &[OfProject<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.sealed.is_empty()) {
        let Some(name) = file.path.file_name().and_then(|name| name.to_str()) else { continue };
        let (mut unset, mut envs) = (BTreeSet::new(), Vec::new());
        for run in files.iter().filter(|run| run.path != file.path) {
            let Ok(env) = EnvName::of_file(run.path) else { continue };
            // What lies over another file is not run by itself.
            if env.is_overlay() || !framework.reads(name, &env) {
                continue;
            }
            let set: BTreeSet<&str> = run.names.iter().map(|(name, _)| name.as_str()).collect();
            let lacks: Vec<_> = file.sealed.iter().filter(|name| !set.contains(name.as_str())).collect();
            if !lacks.is_empty() {
                unset.extend(lacks.into_iter().map(String::as_str));
                envs.push(env);
            }
        }
        let Some(first) = envs.first() else { continue };
        let names: Vec<_> = unset.into_iter().collect();
        let message = format!(
            "{} reads this file by itself: where `envseal run -e {first}` does not set {}, it takes {} for the value",
            framework.name(),
            told(&names),
            if names.len() == 1 { "its token" } else { "each token" },
        );
        let fix = framework.fix(first, file.path);
        findings.push(Finding::new(Rule::SealedElsewhere, file.path, message, fix));
    }
    findings
}

/// The files that a compose file hands to containers (`env_file`), as far as they stand there as plain words. Read line
/// by line: YAML has more ways to say it.
pub fn env_files_of_compose(text: &str) -> Vec<String> {
    let (mut found, mut deeper_than) = (Vec::new(), None);
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default();
        let words = line.trim_start();
        let depth = line.len() - words.len();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        if let Some(value) = words.strip_prefix("env_file:") {
            let inline = value.trim().trim_start_matches('[').trim_end_matches(']');
            found.extend(inline.split(',').filter_map(word));
            deeper_than = inline.is_empty().then_some(depth);
        } else if let Some(above) = deeper_than {
            // A list may stand as deep as its key.
            if depth < above || (depth == above && !words.starts_with('-')) {
                deeper_than = None;
                continue;
            }
            let item = words.trim_start_matches('-').trim();
            match item.split_once(": ") {
                Some(("path", path)) => found.extend(word(path)),
                Some(_) => {}
                None => found.extend(word(item)),
            }
        }
    }
    found
}

/// A plain word of YAML, out of its quotes and without the `./` before it; none where variables are to be put in.
fn word(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['"', '\'']).trim_start_matches("./");
    (!text.is_empty() && !text.contains('$') && !text.ends_with(':')).then(|| text.to_owned())
}

/// A file that compose hands to containers as it stands: there the process's own variables do not win.
pub fn handed_over(path: &Path, sealed: &BTreeSet<String>, compose_file: &str) -> Option<Finding> {
    if sealed.is_empty() {
        return None;
    }
    let names: Vec<_> = sealed.iter().map(String::as_str).collect();
    let message = format!(
        "env_file in {compose_file} hands this file to containers as it stands, with tokens for {}, whatever `envseal run` \
         sets",
        told(&names)
    );
    let fix = hint!(
        "take it out of env_file, and list the names under environment: in {compose_file}",
        compose_file
    );
    Some(Finding::new(Rule::SealedElsewhere, path, message, fix))
}

/// Names of variables: a few of them, and how many more there are.
pub fn told(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [rest @ .., last] if names.len() <= TOLD => format!("{} and {last}", rest.join(", ")),
        _ => format!("{} and {} more", names[..TOLD].join(", "), names.len() - TOLD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Framework::{Compose, Next, Vite};

    fn of(package: &str, files: &[&str]) -> Vec<Framework> {
        frameworks(Some(package.as_bytes()), &mut |name| files.contains(&name))
    }

    #[test]
    fn a_project_is_told_by_what_it_lists_or_by_its_files() {
        assert_eq!(of(r#"{"dependencies": {"next": "15"}}"#, &[]), [Next]);
        assert_eq!(of(r#"{"devDependencies": {"vite": "7"}}"#, &["docker-compose.yml"]), [Vite, Compose]);
        assert_eq!(of("{}", &["next.config.mjs", "vite.config.ts"]), [Next, Vite]);
        for none in ["", "{", "[]", "3", r#"{"dependencies": ["next"]}"#, r#"{"name": "next"}"#, "\u{0}"] {
            assert_eq!(of(none, &["next.config.json"]), [], "{none}");
        }
    }

    #[test]
    fn what_each_surely_reads() {
        let reads = |framework: Framework, env: &str| {
            let files = [
                ".env",
                ".env.local",
                ".env.production",
                ".env.production.local",
                ".env.staging",
                "production.env",
            ];
            let env = EnvName::new(env).unwrap();
            files.into_iter().filter(|file| framework.reads(file, &env)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(reads(Next, "production"), ".env .env.local .env.production .env.production.local");
        assert_eq!(reads(Next, "staging"), ".env .env.local");
        assert_eq!(reads(Next, "test"), ".env");
        assert_eq!(reads(Vite, "staging"), ".env .env.local .env.staging");
        assert_eq!(reads(Vite, "test"), ".env .env.local");
        assert_eq!(reads(Compose, "production"), ".env");
    }

    #[test]
    fn env_files_are_found_line_by_line() {
        let text = "services:\n  a:\n    env_file: .env\n  b:\n    env_file:\n      - ./a.env\n      # no\n      - \
                    path: 'b.env'\n        required: false\n    image: x\n  c:\n    env_file:\n    - c.env # yes\n    \
                    ports:\n    - 80\n  d:\n    env_file: [d.env, \"e.env\"]\n    command: env_file\n  e:\n    env_file: \
                    ${FILE}\n";
        assert_eq!(env_files_of_compose(text), [".env", "a.env", "b.env", "c.env", "d.env", "e.env"]);
        for text in ["", "env_file:", "env_file: []", "a: [\n- b"] {
            assert!(env_files_of_compose(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_few_names_are_told() {
        assert_eq!(told(&["A"]), "A");
        assert_eq!(told(&["A", "B", "C"]), "A, B and C");
        assert_eq!(told(&["A", "B", "C", "D", "E"]), "A, B, C and 2 more");
    }
}
