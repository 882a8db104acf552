//! The docs: every link leads somewhere, every `envseal …` of the guides is a valid command line, and blocks of
//! commands do what they say.

#[cfg(unix)]
mod blocks;
#[cfg(unix)]
mod ci;
#[cfg(unix)]
mod platforms;

use std::path::{Path, PathBuf};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guides");

fn guides() -> Vec<(PathBuf, String)> {
    let mut guides: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|item| item.unwrap().path())
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    guides.sort();
    guides
}

/// Returns the lines of code, in blocks and between backticks.
fn code(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, part) in text.split("```").enumerate() {
        if at % 2 == 1 {
            // A line that continues on the next one counts as one line.
            let block = part.split_once('\n').unwrap().1.replace("\\\n", " ");
            lines.extend(block.lines().map(str::to_owned));
        } else {
            let spans = part.split('`').enumerate().filter(|(at, _)| at % 2 == 1);
            lines.extend(spans.map(|(_, span)| span.replace('\n', " ")));
        }
    }
    lines
}

/// Returns the shell blocks.
fn shell_blocks(text: &str) -> Vec<&str> {
    text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Returns the lines of the shell blocks, without comments.
fn shell(text: &str) -> Vec<String> {
    let lines = shell_blocks(text).into_iter().flat_map(str::lines).filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(" # ").next().unwrap().to_owned()).collect()
}

/// Returns the arguments of each call of envseal on a line of a shell, JSON, YAML or a unit.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    // `["envseal", "run"]` and `[envseal, run]` are lists of words, too.
    let list = line.contains("[envseal,") || line.contains("[\"envseal\",");
    let line = if list { line.replace(['[', ']', '"', ','], " ") } else { line.to_owned() };
    let starts = line.match_indices("envseal ").map(|(at, _)| at).filter(|at| {
        let before = &line[..*at];
        before.is_empty() || before.ends_with("bin/") || before.ends_with([' ', '(', '"', '\''])
    });
    for start in starts {
        let mut words = Vec::new();
        let rest = &line[start..];
        // The command ends before whatever closes or follows it.
        let end = [" | ", " && ", " > ", " >> ", "; ", ")", "\",", " # ", " #"]
            .iter()
            .filter_map(|mark| rest.find(mark))
            .min();
        let rest = &rest[..end.unwrap_or(rest.len())];
        // An unquoted variable may be empty, and then is not a word.
        for word in rest.split_whitespace().filter(|word| !word.starts_with('$')) {
            words.push(word.trim_matches(|c| c == '\'' || c == '"').to_owned());
        }
        // This is a file's name, not a call.
        if !words.get(1).is_some_and(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '-')) {
            continue;
        }
        // `run` is named in a sentence, or its program is elsewhere.
        if words.get(1).is_some_and(|word| word == "run") && !words.iter().any(|word| word == "--") {
            words.push("--".into());
        }
        if words.last().is_some_and(|word| word == "--") {
            words.push("CMD".into());
        }
        calls.push(words);
    }
    calls
}

#[test]
fn every_command_line_is_one_that_there_is() {
    let of_guides = guides().into_iter().map(|(path, text)| (path, code(&text)));
    let of_pages = pages().into_iter().map(|(path, text)| (path, shell(&text)));
    let mut count = 0;
    for (path, lines) in of_guides.chain(of_pages) {
        for call in lines.iter().flat_map(|line| calls(line)) {
            let parsed = envseal::testing::commands::definition().try_get_matches_from(&call);
            assert!(parsed.is_ok(), "{}: {call:?}: {}", path.display(), parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count > 100, "only {count} were found");
}

#[test]
fn the_finder_finds() {
    assert_eq!(
        calls("x=$(envseal get -e a --format shell) && eval"),
        [["envseal", "get", "-e", "a", "--format", "shell"]]
    );
    assert_eq!(calls("ENTRYPOINT [\"envseal\", \"run\", \"--\"]"), [["envseal", "run", "--", "CMD"]]);
    assert_eq!(calls("ExecStart=/usr/local/bin/envseal run -- x"), [["envseal", "run", "--", "x"]]);
    assert_eq!(calls("OWNER/my-envseal is"), [[""; 0]; 0]);
    assert!(
        envseal::testing::commands::definition()
            .try_get_matches_from(["envseal", "get", "--frmat", "x"])
            .is_err()
    );
}

/// Returns a heading's anchor, as forges make it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | ' ' | '_');
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// Returns the README, the changelog and every page below `docs/`.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|item| item.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let pages = docs.chain([root.join("README.md"), root.join("CHANGELOG.md")]);
    let read = |path: PathBuf| (path.clone(), std::fs::read_to_string(path).unwrap());
    pages.map(read).chain(guides()).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for (path, text) in pages() {
        let targets = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for target in targets.filter(|target| !target.starts_with("https://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: {target}", path.display());
            let is_there = |line: &str| line.starts_with('#') && anchor(line) == heading;
            let found = heading.is_empty() || std::fs::read_to_string(&file).unwrap().lines().any(is_there);
            assert!(found, "{}: {target}", path.display());
            count += 1;
        }
    }
    assert!(count > 80, "only {count} were found");
}

#[test]
fn every_file_that_the_pages_for_contributors_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for page in ["docs/architecture.md", "docs/contributing.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let is_path = |span: &&str| {
            let named = span.chars().all(|c| c.is_ascii_lowercase() || "/_-.".contains(c));
            named
                && span.contains('/')
                && (span.ends_with('/') || span.contains('.'))
                && !span.starts_with('.')
        };
        for span in text.split('`').filter(is_path) {
            let there = [root.join(span), root.join("src").join(span)].iter().any(|path| path.exists());
            assert!(there, "{page}: {span}");
            count += 1;
        }
    }
    assert!(count > 80, "only {count} were found");
}

#[test]
fn guides_are_short_and_the_index_lists_each() {
    let index = std::fs::read_to_string(Path::new(FOLDER).join("README.md")).unwrap();
    for (path, text) in guides() {
        assert!(text.lines().count() <= 100, "{} is long", path.display());
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || index.contains(&format!("]({name})")), "{name} is not in the index");
    }
}

/// Returns the blocks of this language in a guide.
#[cfg(unix)]
fn blocks(guide: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(FOLDER).join(guide)).unwrap();
    let fence = format!("```{language}\n");
    let starts = text.split(&fence).skip(1);
    starts.map(|start| start.split("```").next().unwrap().to_owned()).collect()
}

/// Returns the first block of this language in a guide.
#[cfg(unix)]
fn block(guide: &str, language: &str) -> String {
    blocks(guide, language).swap_remove(0)
}

#[cfg(unix)]
#[test]
fn direnv_loads_what_the_guide_says() {
    use crate::support::TestEnv;

    let env = TestEnv::new();
    if !env.has(&["direnv", "bash"]) {
        return;
    }
    let direnv = |arguments: &[&str]| env.program("direnv", arguments).with_envseal();
    let value = "it's $HOME \"q\" `x`\nline two";
    env.envseal(&["set", "MULTI"]).stdin(value).ok();
    env.write(".envrc", block("direnv.md", "sh"));
    direnv(&["allow", "."]).ok();
    let show = ["exec", ".", "sh", "-c", "printf %s \"$MULTI\""];
    assert_eq!(direnv(&show).ok(), value);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let output = direnv(&show).output();
    assert!(
        output.stdout.is_empty() && output.stderr.contains(".env:2 MULTI: no private key for default (key "),
        "{output:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_takes_the_unit_of_the_guide() {
    use crate::support::TestEnv;

    let env = TestEnv::without_git();
    if !env.has(&["systemd-analyze"]) {
        return;
    }
    // Stand-ins, because the programs need not be installed here.
    let unit = block("systemd.md", "ini")
        .replace("/usr/local/bin/envseal", "/bin/true")
        .replace("=/srv/app\n", "=/\n");
    env.write("app.service", &unit);
    let output = env.program("systemd-analyze", &["verify", "./app.service"]).output();
    assert!(!output.stderr.contains("app.service"), "{}", output.stderr);
    env.write("app.service", unit.replace("DynamicUser=yes", "DynamicUser=perhaps"));
    let output = env.program("systemd-analyze", &["verify", "./app.service"]).output();
    assert!(output.stderr.contains("app.service"), "it accepts any unit");
}
