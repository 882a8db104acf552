//! `.gitattributes` and configuration that make git show or store a file differently.

use super::{PROD, SAID, commit_stopped};

#[test]
fn shown_otherwise() {
    for attributes in [
        "* -diff",
        "* binary",
        "*.production diff=nothing",
        "* export-ignore",
        "* linguist-generated",
        "* -text",
        "* text eol=crlf",
        "* text=auto eol=lf",
        "* merge=ours",
        "* whitespace=-trail ident",
    ] {
        commit_stopped(&SAID, |way| {
            way.add(".gitattributes", format!("{attributes}\n"));
            way.add(PROD, way.text(PROD));
        });
    }
}

#[test]
fn filtered_on_the_way_out_of_the_index() {
    // The smudge filter hides the stored plaintext in the working tree.
    commit_stopped(&SAID, |way| {
        way.git(&["config", "filter.hide.smudge", "sed s/^SECRET=.*/SECRET=/"]).ok();
        way.git(&["config", "filter.hide.clean", "cat"]).ok();
        way.add(".gitattributes", ".env.production filter=hide\n");
        way.add(PROD, way.text(PROD));
        std::fs::remove_file(way.env.path(PROD)).unwrap();
        way.git(&["checkout", "-q", "--", PROD]).ok();
    });
}

#[test]
fn filtered_on_the_way_in() {
    // In the working tree the value looks sealed or is empty; the clean filter inserts the plaintext.
    commit_stopped(&SAID, |way| {
        let value = way.value();
        way.git(&["config", "filter.fill.clean", &format!("sed s/^SECRET=.*/SECRET={value}/")]).ok();
        way.add(".gitattributes", ".env.production filter=fill\n");
        way.add(PROD, format!("{}SECRET=\n", way.header(PROD)));
    });
}

#[test]
fn encoded_otherwise_in_the_worktree() {
    commit_stopped(&SAID, |way| {
        way.add(".gitattributes", ".env.production working-tree-encoding=UTF-16LE\n");
        let utf16: Vec<u8> = way.text(PROD).encode_utf16().flat_map(u16::to_le_bytes).collect();
        way.add(PROD, utf16);
    });
}

#[test]
fn ignored_and_excluded() {
    for rules in ["*\n!.gitignore\n", ".env*\n", "**/.env.production\n"] {
        commit_stopped(&SAID, |way| {
            way.write(".git/info/exclude", rules);
            way.add(PROD, way.text(PROD));
        });
    }
}

#[test]
fn with_configuration_that_bends_how_git_compares() {
    for (name, value) in [
        ("core.ignoreCase", "true"),
        ("core.quotePath", "false"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.external", "true"),
        ("core.fileMode", "false"),
        ("core.autocrlf", "true"),
        ("core.preloadIndex", "true"),
        ("core.untrackedCache", "true"),
        ("index.version", "4"),
        ("commit.verbose", "true"),
        ("core.commentChar", "S"),
        ("status.showUntrackedFiles", "no"),
        ("color.ui", "always"),
    ] {
        commit_stopped(&["SECRET", "[plaintext]"], |way| {
            way.git(&["config", name, value]).ok();
            way.add(PROD, way.text(PROD));
        });
    }
}
