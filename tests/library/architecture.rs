//! Modules depend downward only, and few of them may use std for files and environment (docs/architecture.md).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each top-level module, and the modules that it may name, from top to bottom. None names a module above it.
const ROOMS: &[(&str, &[&str])] = &[
    ("main", &[]),
    (
        "commands",
        &[
            "check", "config", "crypto", "dotenv", "error", "exec", "export", "fs", "git", "hint", "history",
            "hooks", "import", "keys", "members", "project", "schema", "team", "time", "ui",
        ],
    ),
    ("library", &["config", "crypto", "dotenv", "error", "fs", "keys", "project"]),
    ("ui", &["crypto", "error", "exec", "fs", "hint"]),
    (
        "members",
        &["config", "crypto", "dotenv", "error", "fs", "git", "hint", "keys", "project", "team", "time"],
    ),
    (
        "check",
        &[
            "config", "crypto", "dotenv", "error", "fs", "git", "hint", "history", "keys", "project",
            "schema", "team", "time",
        ],
    ),
    (
        "history",
        &["config", "crypto", "dotenv", "error", "fs", "git", "hint", "keys", "project", "team", "time"],
    ),
    ("hooks", &["config", "error", "fs", "git", "hint"]),
    ("import", &["crypto", "dotenv", "project"]),
    (
        "project",
        &["config", "crypto", "dotenv", "error", "fs", "git", "hint", "keys", "schema", "team", "time"],
    ),
    ("keys", &["config", "crypto", "dotenv", "error", "fs", "git", "hint", "team", "time"]),
    ("team", &["config", "crypto", "dotenv", "error", "hint", "time"]),
    ("schema", &["config", "dotenv", "error", "hint"]),
    ("export", &["error", "hint"]),
    ("exec", &["error", "fs", "hint"]),
    ("git", &["config", "error", "fs", "hint"]),
    ("fs", &["config", "error", "hint"]),
    ("error", &["config", "crypto", "dotenv", "hint"]),
    ("hint", &["config", "crypto"]),
    ("config", &["crypto"]),
    ("dotenv", &[]),
    ("crypto", &[]),
    ("time", &[]),
];

/// Restricted paths, and the modules that may use them.
const DOORS: &[(&str, &[&str])] = &[
    ("git2::", &["git"]),
    ("std::fs", &["fs", "git"]),
    ("std::env", &["config", "main"]),
    ("std::process::Command", &["exec"]),
    ("Command::new(\"git\")", &["git"]),
    ("clap", &["commands"]),
    ("hpke", &["crypto"]),
    ("rpassword", &["ui"]),
    ("ssh_key", &["crypto", "keys"]),
    ("directories", &["config"]),
    ("process::exit", &[]),
    ("set_var", &[]),
    ("remove_var", &[]),
];

/// Returns the text of a source file without its tests and comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    if text.starts_with("#![cfg(test)]")
        || text.starts_with("#![cfg(all(test, unix))]")
        || text.contains("\n#![cfg(test)]")
    {
        return String::new();
    }
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code = code.split("#[cfg(all(test, unix))]\nmod tests {").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn sources() -> BTreeMap<String, Vec<PathBuf>> {
    fn walk(folder: &Path, room: Option<&str>, rooms: &mut BTreeMap<String, Vec<PathBuf>>) {
        for item in std::fs::read_dir(folder).unwrap().flatten() {
            let path = item.path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let room = room.map_or(stem, str::to_owned);
            if path.is_dir() {
                walk(&path, Some(&room), rooms);
            } else {
                rooms.entry(room).or_default().push(path);
            }
        }
    }
    let mut rooms = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), None, &mut rooms);
    rooms.remove("lib");
    rooms.remove("testing");
    rooms
}

fn rooms_named(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (start, lead) in code.match_indices("crate::").chain(code.match_indices("envseal::")) {
        let rest = &code[start + lead.len()..];
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for name in names {
            named.push(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    named
}

#[test]
fn every_room_is_in_the_table() {
    let listed: Vec<_> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    for room in sources().keys() {
        assert!(listed.contains(room), "src/{room} is not in the table");
    }
}

#[test]
fn arrows_only_go_down() {
    for (at, (room, below)) in ROOMS.iter().enumerate() {
        for name in *below {
            assert!(
                ROOMS[at + 1..].iter().any(|(lower, _)| lower == name),
                "{name} does not come below {room}"
            );
        }
        for path in &sources()[*room] {
            for named in rooms_named(&code(path)) {
                let allowed = named == *room || below.contains(&named.as_str());
                assert!(allowed, "{} names crate::{named}", path.display());
            }
        }
    }
}

#[test]
fn doors_are_opened_in_their_rooms_only() {
    for (room, paths) in sources() {
        for path in paths {
            let code = code(&path);
            for (door, allowed) in DOORS {
                let used = code.contains(door) && !allowed.contains(&room.as_str());
                assert!(!used, "{} uses {door}", path.display());
            }
        }
    }
}

/// The library is built without the modules that only the binary needs. Only other such modules may name them.
#[test]
fn the_library_does_without_the_binarys_rooms() {
    let lib = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    let of_binary = |room: &str| lib.contains(&of_binary(room));
    assert!(of_binary("commands") && of_binary("ui") && !of_binary("project") && !of_binary("library"));
    for (room, below) in ROOMS.iter().filter(|(room, _)| !of_binary(room) && *room != "main") {
        for below in *below {
            assert!(!of_binary(below), "{room} names {below}, which exists only with the feature `cli`");
        }
    }
}

/// It is also built without the binary's crates: those that its modules do not use are optional, and no others.
#[test]
fn the_library_does_without_the_binarys_crates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lib = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let rooms = sources();
    let of_library = |room: &str| room != "main" && !lib.contains(&of_binary(room));
    let files = rooms.iter().filter(|(room, _)| of_library(room)).flat_map(|(_, files)| files);
    // Code in a module of the library that needs the feature `cli` is marked, and so is its import.
    let code: String =
        files.map(|path| code(path).replace("#[cfg(feature = \"cli\")]\nuse git2::", "")).collect();
    let manifest: toml_edit::DocumentMut =
        std::fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let of_unix = &manifest["target"]["cfg(unix)"]["dependencies"];
    for table in [&manifest["dependencies"], of_unix] {
        for (name, crate_) in table.as_table_like().unwrap().iter() {
            let used = code.contains(&format!("{}::", name.replace('-', "_")));
            let optional = crate_.get("optional").is_some_and(|it| it.as_bool() == Some(true));
            assert_eq!(
                used, !optional,
                "{name}: optional, and in the feature `cli`, if only the binary uses it"
            );
        }
    }
}

/// Returns how lib.rs declares a module that exists only with the feature `cli`.
fn of_binary(room: &str) -> String {
    format!("#[cfg(feature = \"cli\")]\nmod {room};")
}

/// Everything that lib.rs exports is a promise: the module `library`, by name, and nothing else.
#[test]
fn what_is_promised_is_the_library() {
    let lib = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    let lines: Vec<_> = lib.lines().filter(|line| !line.starts_with("//!")).collect();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("pub ")) {
        let room = line.starts_with("pub mod ");
        let hidden = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("#["))
            .any(|line| *line == "#[doc(hidden)]");
        let shown = ["pub use error::{Error, ErrorKind};", "pub use library::{"];
        assert!(if room { **line == *"pub mod testing;" } else { hidden || shown.contains(line) }, "{line}");
        assert!(!room || hidden, "{line}");
    }
}

/// Measures must not get worse; `docs/contributing.md` has a command for each. Lower a limit when a change allows it.
#[test]
fn measures_do_not_slip_back() {
    let texts: Vec<_> =
        sources().into_values().flatten().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines = || texts.iter().flat_map(|text| text.lines()).map(str::trim);
    assert!(
        lines().count() <= 54_337 && texts.len() <= 224,
        "{} lines, {} files",
        lines().count(),
        texts.len()
    );

    let comments: Vec<_> = lines()
        .filter_map(|line| {
            line.trim_start_matches(['/', '!']).strip_prefix(' ').filter(|_| line.starts_with("//"))
        })
        .collect();
    let openers = ["What", "Whether", "One", "As", "Of", "Whoever", "Where", "Who"];
    let clauses = comments.iter().filter(|comment| {
        comment.split(|c: char| !c.is_alphanumeric()).next().is_some_and(|word| openers.contains(&word))
    });
    let (clauses, comments) = (clauses.count(), comments.len());
    assert!(clauses * 50 <= comments, "{clauses} of {comments} comments begin with a clause");

    let mut types = BTreeMap::<&str, usize>::new();
    for line in lines() {
        let line =
            line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches(|c| c != ' ').trim_start());
        if let Some((_, name)) =
            line.split_once(' ').filter(|(word, _)| ["struct", "enum", "trait", "type"].contains(word))
        {
            *types.entry(name.split(|c: char| !c.is_alphanumeric()).next().unwrap()).or_default() += 1;
        }
    }
    let twice: Vec<_> = types.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.len() <= 20, "these names are used for several types: {twice:?}");

    let mut variants = Vec::new();
    for text in &texts {
        for part in
            text.split("derive(").skip(1).filter(|part| part.split(')').next().unwrap().ends_with("Error"))
        {
            if let Some((_, body)) = part.split_once("enum ").filter(|(head, _)| !head.contains('}')) {
                let body = body.split("\n}").next().unwrap();
                variants.push(
                    body.lines()
                        .filter(|line| line.starts_with("    ") && line[4..].starts_with(char::is_uppercase))
                        .count(),
                );
            }
        }
    }
    let all: usize = variants.iter().sum();
    assert!(variants.len() <= 14 && all <= 83, "{} error enums with {all} variants", variants.len());
}

#[test]
fn files_are_of_a_size_to_be_read() {
    for path in sources().values().flatten() {
        let lines = std::fs::read_to_string(path).unwrap().lines().count();
        assert!(lines <= 900, "{} has {lines} lines: split it", path.display());
    }
}

#[test]
fn the_table_can_fail() {
    assert_eq!(
        rooms_named("use crate::{git, fs}; crate::project::x(); envseal::main()"),
        ["git", "fs", "project", "main"]
    );
}

/// Files that a program leaves behind are easily committed with the rest.
#[test]
fn the_top_level_is_what_the_layout_lists() {
    const TOP: &[&str] = &[
        ".cargo",
        ".ci",
        ".clippy.toml",
        ".deny.toml",
        ".github",
        ".gitignore",
        ".pre-commit-hooks.yaml",
        ".rustfmt.toml",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "action.yml",
        "benches",
        "completions",
        "docs",
        "examples",
        "justfile",
        "packages",
        "src",
        "tests",
    ];
    let listed = std::process::Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    for path in String::from_utf8(listed).unwrap().split_terminator('\0') {
        let first = path.split('/').next().unwrap();
        assert!(TOP.contains(&first), "{path} does not belong to the top level");
    }
}
