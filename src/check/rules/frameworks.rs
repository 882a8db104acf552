//! Programs that read env files themselves, and would use a sealed value as it is.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

use super::env_file::ReportedFile;
use super::rule::{Finding, Rule};
use crate::config::EnvName;
use crate::hint::Hint;

/// How many names are listed before the rest is counted.
const LISTED: usize = 3;

/// A program that reads the env files in its project's folder. In all of them, the process's own variables win, so what
/// `run` sets is used. Only Next.js expands references in it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Framework {
    /// Next.js (packages/next-env in vercel/next.js).
    Next,
    /// Vite (packages/vite/src/node/env.ts in vitejs/vite).
    Vite,
    /// Docker Compose, which uses `.env` for the variables in its own file.
    Compose,
    /// Bun (bun.sh/docs/runtime/environment-variables): the files of Next.js, by `NODE_ENV`.
    Bun,
    /// Node, or another program that takes `--env-file`, with the files that a command line names (nodejs.org/api/cli.html).
    EnvFile(Vec<String>),
}

pub(crate) const PACKAGE_JSON: &str = "package.json";
/// From the compose specification.
pub(crate) const COMPOSE_FILES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// Tells Next.js that its env files are already read.
pub(crate) const NEXT_PROCESSED: &str = "__NEXT_PROCESSED_ENV";
/// The modes of Next.js and of Bun.
pub(crate) const MODES: [&str; 3] = ["development", "production", "test"];
const BUN_FILES: [&str; 3] = ["bun.lock", "bun.lockb", "bunfig.toml"];
const CONFIG_ENDS: [&str; 6] = ["js", "mjs", "ts", "mts", "cjs", "cts"];

impl Framework {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Next => "Next.js",
            Self::Vite => "Vite",
            Self::Compose => "compose",
            Self::Bun => "Bun",
            Self::EnvFile(_) => "--env-file",
        }
    }

    /// Returns true if it certainly reads the file called `file` when `env` is run. Its mode is not known.
    pub(crate) fn reads(&self, file: &str, env: &EnvName) -> bool {
        let of_mode = file.strip_prefix(".env.").map(|rest| rest.strip_suffix(".local").unwrap_or(rest));
        match (self, file) {
            (Self::EnvFile(files), _) if !files.iter().any(|listed| listed == file) => false,
            (_, ".env") | (Self::Vite | Self::EnvFile(_), ".env.local") => true,
            (Self::Compose, _) => false,
            // Tests must run alike on every machine.
            (Self::Next | Self::Bun, ".env.local") => env.as_str() != "test",
            (Self::Next | Self::Bun, _) => is_mode(env) && of_mode == Some(env.as_str()),
            (Self::Vite | Self::EnvFile(_), _) => of_mode == Some(env.as_str()),
        }
    }

    /// Returns how to start it so that `run` sets what is in `file` too.
    fn fix(&self, env: &EnvName, file: &Path) -> Hint {
        match self {
            Self::Next | Self::Bun if is_mode(env) => {
                hint!("envseal run --convention nextjs -e {env} -- …", env)
            }
            // Its order is Vite's.
            Self::Vite if !env.is_of_dotenv() => hint!("envseal run --convention flow -e {env} -- …", env),
            _ => match EnvName::of_file(file) {
                // Overlays go first.
                Ok(other) if !other.is_of_dotenv() => {
                    hint!("envseal run -e {other} -e {env} -- …", other, env)
                }
                _ => hint!("envseal run -e {env} -e default -- …", env),
            },
        }
    }
}

pub(crate) fn is_mode(env: &EnvName) -> bool {
    MODES.contains(&env.as_str())
}

/// A project, as described by its `package.json` and by a command started beside it.
pub(crate) struct NodeProject {
    package: Value,
    /// The command lines that may be started, split into words.
    lines: Vec<Vec<String>>,
}

impl NodeProject {
    /// Considers `command` and the scripts that it starts, or all scripts if there is no command.
    pub(crate) fn new(package_json: Option<&[u8]>, command: Option<&[OsString]>) -> Self {
        let package =
            package_json.and_then(|text| serde_json::from_slice::<Value>(text).ok()).unwrap_or_default();
        let scripts = package["scripts"].as_object();
        let script = |name: &str| scripts?.get(name)?.as_str();
        let Some(command) = command else {
            let all = scripts.into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_str);
            let lines = all.flat_map(command_lines).collect();
            return Self { package, lines };
        };
        let command: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        let mut lines = command_lines(&command.join(" "));
        let (mut at, mut seen) = (0, BTreeSet::new());
        while let Some(line) = lines.get(at) {
            let runs = |two: &&[String]| ["npm", "pnpm", "yarn", "bun", "run"].contains(&program(&two[0]));
            let words: Vec<_> = line.iter().filter(|word| !word.starts_with('-')).cloned().collect();
            let started = words.windows(2).filter(runs).map(|two| two[1].clone());
            let started: Vec<_> = started.filter(|name| seen.insert(name.clone())).collect();
            lines.extend(started.iter().filter_map(|name| script(name)).flat_map(command_lines));
            at += 1;
        }
        Self { package, lines }
    }

    /// Returns the frameworks of the folder, detected by its `package.json`, by the command lines or by files of their
    /// own. `has` returns true if there is a file of that name.
    pub(crate) fn frameworks(&self, has: &mut dyn FnMut(&str) -> bool) -> Vec<Framework> {
        let lists = |name: &str| {
            ["dependencies", "devDependencies"].iter().any(|key| self.package[key].get(name).is_some())
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
        if self.lines.iter().any(|line| self.is_read_by_bun(line)) || BUN_FILES.iter().any(|name| has(name)) {
            found.push(Framework::Bun);
        }
        let files: BTreeSet<_> = self.lines.iter().flat_map(|line| env_file_options(line)).collect();
        if !files.is_empty() {
            found.push(Framework::EnvFile(files.into_iter().collect()));
        }
        found
    }

    /// Returns true if Bun reads env files for a command line. It doesn't for a script, which a shell runs.
    fn is_read_by_bun(&self, line: &[String]) -> bool {
        let is_bun = |word: &String| ["bun", "bunx"].contains(&program(word));
        let Some(at) = line.iter().position(is_bun) else { return false };
        let mut words = line[at + 1..].iter().filter(|word| *word != "run");
        let script = words.find(|word| !word.starts_with('-'));
        script.is_none_or(|name| {
            self.package["scripts"][name].is_null() || line.iter().any(|word| word == "--bun")
        }) && !line.iter().any(|word| word == "--no-env-file" || word.starts_with("--env-file"))
    }

    pub(crate) fn starts(&self, name: &str) -> bool {
        self.lines.iter().flatten().any(|word| program(word) == name)
    }

    /// Returns the modes in which the command lines visibly start Next.js.
    pub(crate) fn modes_of_next(&self) -> BTreeSet<&'static str> {
        let starts = self.lines.iter().filter_map(|line| {
            let at = line.iter().position(|word| program(word) == "next")?;
            // Without a command, `next FOLDER` is `next dev FOLDER`.
            let command = line.get(at + 1).filter(|word| !word.contains(['-', '.', '/', '\\']));
            let is_dev = command.is_none_or(|word| word == "dev");
            Some(if is_dev { "development" } else { "production" })
        });
        starts.collect()
    }

    /// Returns the `NODE_ENV` that a command line sets; `bun test` sets `test`.
    pub(crate) fn node_env(&self) -> Option<&str> {
        let is_test = |two: &[String]| program(&two[0]) == "bun" && two[1] == "test";
        let tests = self.lines.iter().any(|line| line.windows(2).any(is_test));
        let set = self.lines.iter().flatten().find_map(|word| word.strip_prefix("NODE_ENV="));
        tests.then_some("test").or(set)
    }
}

/// Splits a shell line into command lines and words, approximately.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let word = |word: &str| word.trim_matches(['"', '\'']).to_owned();
    let lines = text.split(['&', '|', ';', '\n']);
    lines.map(|line| line.split_whitespace().map(word).collect()).collect()
}

/// Returns the program that a word names, without its folder.
fn program(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name)
}

/// Returns the files that `--env-file` and `--env-file-if-exists` name. Docker only passes them on.
fn env_file_options(line: &[String]) -> Vec<String> {
    if line.iter().any(|word| ["docker", "podman"].contains(&program(word))) {
        return Vec::new();
    }
    let mut files = Vec::new();
    for (at, word) in line.iter().enumerate() {
        let Some(rest) = word.strip_prefix("--env-file") else { continue };
        let rest = rest.strip_prefix("-if-exists").unwrap_or(rest);
        let file =
            if rest.is_empty() { line.get(at + 1).map(String::as_str) } else { rest.strip_prefix('=') };
        files.extend(file.map(|file| file.trim_matches(['"', '\'']).trim_start_matches("./").to_owned()));
    }
    files
}

/// Returns true if any file of a folder has a sealed name that another environment lacks: otherwise no framework matters.
pub(crate) fn may_be_read_elsewhere(files: &[ReportedFile<'_>]) -> bool {
    [Framework::Next, Framework::Vite].iter().any(|framework| !sealed_elsewhere(framework, files).is_empty())
}

/// Returns a finding for each file whose sealed values `framework` would use as they are when another environment is run.
pub(crate) fn sealed_elsewhere(framework: &Framework, files: &[ReportedFile<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, report) in files.iter().filter(|(_, report)| !report.sealed.is_empty()) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let (mut unset, mut envs) = (BTreeSet::new(), Vec::new());
        for (run, has) in files.iter().filter(|(run, _)| run != path) {
            let Ok(env) = EnvName::of_file(run) else { continue };
            // An overlay is not run by itself.
            if env.is_overlay() || !framework.reads(name, &env) {
                continue;
            }
            let set: BTreeSet<&str> = has.names.iter().map(|(name, _)| name.as_str()).collect();
            let lacks: Vec<_> = report.sealed.iter().filter(|name| !set.contains(name.as_str())).collect();
            if !lacks.is_empty() {
                unset.extend(lacks.into_iter().map(String::as_str));
                envs.push(env);
            }
        }
        let Some(first) = envs.first() else { continue };
        let names: Vec<_> = unset.into_iter().collect();
        let message = format!(
            "{} reads this file itself: `{}` doesn't set {}, so it gets the sealed {}",
            framework.name(),
            hint!("envseal run -e {first}", first).or("envseal run"),
            list_names(&names),
            if names.len() == 1 { "value" } else { "values" },
        );
        let fix = framework.fix(first, path);
        findings.push(Finding::new(Rule::SealedElsewhere, path, message, fix));
    }
    findings
}

/// Returns the files that a compose file passes to containers (`env_file`), if they are plain words. Reads line by line, so
/// it does not know all of YAML.
pub(crate) fn env_files_of_compose(text: &str) -> Vec<String> {
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
            // A list may be indented like its key.
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

/// Returns a plain word of YAML without quotes and `./`. Returns None if it contains variables.
fn word(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['"', '\'']).trim_start_matches("./");
    (!text.is_empty() && !text.contains('$') && !text.ends_with(':')).then(|| text.to_owned())
}

/// Returns the finding for a file that compose passes to containers unchanged: there the process's own variables do not win.
pub(crate) fn handed_over(path: &Path, sealed: &BTreeSet<String>, compose_file: &str) -> Option<Finding> {
    if sealed.is_empty() {
        return None;
    }
    let names: Vec<_> = sealed.iter().map(String::as_str).collect();
    let message = format!(
        "env_file in {compose_file} passes this file to containers unchanged, with sealed values for {}, whatever `envseal \
         run` sets",
        list_names(&names)
    );
    let fix = hint!(
        "remove it from env_file, and list the names under environment: in {compose_file}",
        compose_file
    );
    Some(Finding::new(Rule::SealedElsewhere, path, message, fix))
}

/// Lists the first names, and counts the rest.
pub(crate) fn list_names(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [rest @ .., last] if names.len() <= LISTED => format!("{} and {last}", rest.join(", ")),
        _ => format!("{} and {} more", names[..LISTED].join(", "), names.len() - LISTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Framework::{Bun, Compose, EnvFile, Next, Vite};

    fn of(package: &str, files: &[&str]) -> Vec<Framework> {
        NodeProject::new(Some(package.as_bytes()), None).frameworks(&mut |name| files.contains(&name))
    }

    #[test]
    fn a_project_is_known_by_what_it_lists_or_by_its_files() {
        assert_eq!(of(r#"{"dependencies": {"next": "15"}}"#, &[]), [Next]);
        assert_eq!(of(r#"{"devDependencies": {"vite": "7"}}"#, &["docker-compose.yml"]), [Vite, Compose]);
        assert_eq!(of("{}", &["next.config.mjs", "vite.config.ts"]), [Next, Vite]);
        assert_eq!(of("", &["bun.lock"]), [Bun]);
        assert_eq!(of(r#"{"scripts": {"a": "tsc && bun a.ts"}}"#, &[]), [Bun]);
        let none = r#"|{|[]|3|{"dependencies": ["next"]}|{"name": "next"}|{"scripts": 3}"#;
        for package in none.split('|').chain(["\u{0}"]) {
            assert_eq!(of(package, &["next.config.json"]), [], "{package}");
        }
    }

    #[test]
    fn a_command_shows_scripts_files_and_modes() {
        let package = r#"{"scripts": {"dev": "npm run -s gen && next dev", "gen": "node --env-file=.env.gen gen.js", "start":
            "NODE_ENV=production bun ./x.ts", "loop": "yarn loop", "ship": "docker run --env-file .env x"}}"#;
        for (command, expected, modes) in [
            ("npm run dev", r#"[EnvFile([".env.gen"])]"#, "development"),
            ("npx next build", "[]", "production"),
            ("./node_modules/.bin/next", "[]", "development"),
            ("sh -c 'cd x; npm run gen'", r#"[EnvFile([".env.gen"])]"#, ""),
            ("npm start", "[Bun]", ""),
            ("bun run start", "[Bun]", ""),
            ("bun run gen", r#"[EnvFile([".env.gen"])]"#, ""),
            ("bunx x", "[Bun]", ""),
            ("bun --no-env-file x.ts", "[]", ""),
            ("bun --env-file=.env.b x.ts", r#"[EnvFile([".env.b"])]"#, ""),
            ("node --env-file ./a.env --env-file-if-exists=.env x", r#"[EnvFile([".env", "a.env"])]"#, ""),
            ("npm run ship", "[]", ""),
            ("yarn loop", "[]", ""),
            ("node --env-file", "[]", ""),
            ("true", "[]", ""),
        ] {
            let words: Vec<_> = command.split(' ').map(OsString::from).collect();
            let project = NodeProject::new(Some(package.as_bytes()), Some(&words));
            assert_eq!(format!("{:?}", project.frameworks(&mut |_| false)), expected, "{command}");
            assert_eq!(project.modes_of_next().into_iter().collect::<Vec<_>>().join(" "), modes, "{command}");
        }
    }

    #[test]
    fn what_each_surely_reads() {
        let reads = |framework: &Framework, env: &str| {
            let files = ".env .env.local .env.production .env.production.local .env.staging production.env";
            let env = EnvName::new(env).unwrap();
            files.split(' ').filter(|file| framework.reads(file, &env)).collect::<Vec<_>>().join(" ")
        };
        for framework in [Next, Bun] {
            let production = ".env .env.local .env.production .env.production.local";
            assert_eq!(reads(&framework, "production"), production);
            assert_eq!(reads(&framework, "staging"), ".env .env.local");
            assert_eq!(reads(&framework, "test"), ".env");
        }
        assert_eq!(reads(&Vite, "staging"), ".env .env.local .env.staging");
        assert_eq!(reads(&Vite, "test"), ".env .env.local");
        assert_eq!(reads(&Compose, "production"), ".env");
        let listed = EnvFile([".env", ".env.staging"].map(str::to_owned).to_vec());
        assert_eq!(reads(&listed, "production"), ".env");
        assert_eq!(reads(&listed, "staging"), ".env .env.staging");
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
}
