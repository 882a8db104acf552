use proptest::prelude::*;

use super::*;
use crate::crypto::{PlaintextKind, PrivateKey, Refs};
use crate::dotenv::Edit;
use crate::fs;
use crate::project::{DollarSigns, Pick, decrypt, encrypt, refuse_reserved_dependents};

const ALL: Pick<'_> = Pick { wants: &|_| true, all: true };

/// A key, and the start of a file that has it.
struct World {
    key: PrivateKey,
    header: String,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let key = PrivateKey::generate();
        let header = format!("# key\nENVSEAL_PUBLIC_KEY={}\n", key.public());
        let world = Self { key, header, dir: tempfile::tempdir().unwrap() };
        world.declare_plain("[]");
        world
    }

    fn declare_plain(&self, globs: &str) {
        // Random text refers to names that nothing sets.
        let policy = format!("[policy]\nexternal = ['*']\nplain = {globs}\n");
        fs::write_atomic(&self.dir.path().join("envseal.toml"), policy.as_bytes(), fs::NewMode::Default)
            .unwrap();
    }

    fn file(&self, text: &[u8]) -> Result<EnvFile, Error> {
        let path = self.dir.path().join(".env");
        EnvFile::of_text(&path, EnvName::of_file(&path).unwrap(), text.to_vec())
    }

    fn project(&self) -> Project {
        Project::of(self.dir.path(), &std::rc::Rc::default()).unwrap()
    }

    /// Returns the encrypted file with this text below the header; None if `encrypt` rejects it.
    fn sealed(&self, body: &[u8]) -> Option<EnvFile> {
        let file = self.file(&[self.header.as_bytes(), body].concat()).ok()?;
        let (project, key, dollars) = (self.project(), self.key.public(), DollarSigns::default());
        let (document, _) = encrypt(&file, file.document(), &project, &key, &ALL, &dollars, None).ok()?;
        Some(self.file(document.as_bytes()).unwrap())
    }

    /// Returns the file with one more value, encrypted as `set` would do it.
    fn with(&self, file: &EnvFile, name: &str, value: &[u8]) -> EnvFile {
        let mut sealer = Sealer::new(&self.key.public()).unwrap();
        let token = sealer.seal(name, &Refs::none(), PlaintextKind::Value, value).unwrap();
        self.file(&[file.document().as_bytes(), format!("{name}={token}\n").as_bytes()].concat()).unwrap()
    }

    fn edit(&self, file: &EnvFile) -> Result<Editing, Error> {
        Editing::of(file, Some(&mut Opener::new(self.key.clone())))
    }

    fn seal(&self, editing: &Editing) -> Result<Edited, Error> {
        let file = self.file(b"").unwrap();
        let seal_to = || Ok(self.key.public());
        let edited = editing.sealed(file.path(), file.env().clone(), &self.project(), seal_to)?;
        refuse_reserved_dependents(&self.file(editing.base.as_bytes())?, &edited.document)?;
        Ok(edited)
    }

    /// Replaces what is shown of `file` below the header with `text`.
    fn typed(&self, file: &EnvFile, text: &str) -> Result<Edited, Error> {
        let mut editing = self.edit(file)?;
        editing.typed(Zeroizing::new(format!("{}{text}", self.header).into_bytes()));
        self.seal(&editing)
    }

    /// Returns what is below the header.
    fn body<'a>(&self, document: &'a Document) -> &'a str {
        std::str::from_utf8(&document.as_bytes()[self.header.len()..]).unwrap()
    }
}

#[track_caller]
fn refused_as<T>(done: Result<T, Error>, words: &str) {
    let error = done.err().expect(words).to_string();
    assert!(error.contains(words), "{error}");
}

fn lines(document: &Document) -> Vec<Vec<u8>> {
    document.as_bytes().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn outcome(edited: &Edited) -> Vec<(&str, Outcome)> {
    edited.outcomes.iter().map(|(name, outcome)| (&**name, *outcome)).collect()
}

#[test]
fn only_what_was_typed_or_renamed_is_sealed_and_the_rest_keeps_its_token() {
    let world = World::new();
    let file = world.sealed(b"A=1\nB='x y' # c\n\nC=3 # envseal: plain\nD=${A}\nF=6\nG=7\n").unwrap();
    let edited = world
        .typed(&file, "B='x y'   # other\n# moved\nA=2\nexport D=${A}\nE=6\nC=4 # envseal: plain\n")
        .unwrap();
    let (before, after) = (world.body(file.document()), world.body(&edited.document));
    let token = |text: &str, at: usize| text.lines().nth(at).unwrap().split_once('=').unwrap().1.to_owned();
    let b = token(before, 1).replace(" # c", "   # other");
    let lines: Vec<_> = after.lines().collect();
    assert_eq!(lines[0], format!("B={b}"));
    assert!(lines[1] == "# moved" && lines[2].starts_with("A=envseal:1:"));
    assert_ne!(token(after, 2), token(before, 0));
    assert_eq!(lines[3], format!("export D={}", token(before, 4)));
    assert!(lines[4].starts_with("E=envseal:1:") && lines[5] == "C=4 # envseal: plain");
    let expected = [("A", Outcome::Sealed), ("E", Outcome::Sealed), ("C", Outcome::Plain)];
    assert_eq!(outcome(&edited), expected);
    assert_eq!(edited.removed, ["F", "G"]);
}

#[test]
fn of_a_duplicated_name_each_value_keeps_its_own_token() {
    let world = World::new();
    let file = world.sealed(b"A=1\nA=2\nA=1\n").unwrap();
    let old: Vec<_> = world.body(file.document()).lines().collect();
    let edited = world.typed(&file, "A=1\nA=3\nA=2\nA=1\n").unwrap();
    let new: Vec<_> = world.body(&edited.document).lines().collect();
    assert_eq!([new[0], new[2], new[3]], [old[0], old[1], old[2]]);
    assert_eq!(outcome(&edited), [("A", Outcome::Sealed)]);
}

#[test]
fn plain_text_that_nobody_has_marked_stays_until_it_is_changed() {
    let world = World::new();
    let body = b"A=1\nB=2#3\nC='x'\n";
    let file = world.file(&[world.header.as_bytes(), body].concat()).unwrap();
    let edited = world.typed(&file, "A=1 # c\nB=2#3\nC='y'\nPATH=/bin\nX=\n").unwrap();
    let body = world.body(&edited.document);
    assert!(body.starts_with("A=1 # c\nB=2#3\nC=envseal:1:"), "{body}");
    assert!(body.ends_with("\nPATH=/bin\nX=\n"), "{body}");
}

#[test]
fn what_was_sealed_is_plain_by_a_mark_of_this_edit_alone() {
    let world = World::new();
    let file = world.sealed(b"A=1\n").unwrap();
    world.declare_plain("['A', 'N']");
    let edited = world.typed(&file, "A=2\nN=3\n").unwrap();
    assert_eq!(outcome(&edited), [("A", Outcome::Sealed), ("N", Outcome::Plain)]);

    world.declare_plain("[]");
    // Someone has put a plain line below the sealed one, for the next person who edits the file to change.
    let file = world.file(&[file.document().as_bytes(), b"A=x # envseal: plain\n"].concat()).unwrap();
    for typed in ["A=1\nA=2 # envseal: plain\n", "A=x\nA=1 # envseal: plain\n"] {
        refused_as(world.typed(&file, typed), ":4 A is encrypted, but marked as plain");
    }
    // A mark on the sealed line itself is rejected before anything is shown.
    let text = String::from_utf8(world.sealed(b"A=1\n").unwrap().document().as_bytes().to_vec()).unwrap();
    let marked = world.file(format!("{} # envseal: plain\n", text.trim_end()).as_bytes()).unwrap();
    refused_as(world.edit(&marked), ":3 A is encrypted, but marked as plain");
}

#[test]
fn what_encrypt_and_set_refuse_is_refused() {
    let world = World::new();
    let file = world.sealed(b"A=1\nB='two'\n").unwrap();
    let token = world.body(file.document()).lines().next().unwrap().split_once('=').unwrap().1.to_owned();
    for (typed, error) in [
        ("A=1\nnonsense\n", ":4 is neither a variable nor a comment"),
        ("A=1#2\n", ":3 A: `#` touches the value"),
        ("A=2#2\n", ":3 A: `#` touches the value"),
        ("C=x#2\n", ":3 C: `#` touches the value"),
        ("A=${X:-${Y}}${${B}}\n", ":3 A: unsupported `${…}`"),
        ("a.b=1\n", ":3 a variable name may contain only"),
        ("1A=1\n", ":3 a variable name cannot start"),
        ("B='two'\nPATH=${B}\n", ":4 PATH must stay readable, but depends on B"),
        ("A='1\n", ":3 A: the quote is not closed"),
        ("A=1\n<<<<<<< x\n", ":4 contains a merge-conflict marker"),
        (&format!("C={token}\n"), ":3 C looks like a sealed value"),
        (&format!("A='{token}'\n"), ":3 A looks like a sealed value"),
        ("A=envseal:1:x\n", ":3 A looks like a sealed value"),
        (&format!("A=1\nB={token}\n"), ":4 B looks like a sealed value"),
        ("ENVSEAL_PRIVATE_KEY=x\n", ":3 ENVSEAL_PRIVATE_KEY belongs to envseal"),
        ("ENVSEAL_X=1\n", ":3 ENVSEAL_X belongs to envseal"),
    ] {
        refused_as(world.typed(&file, typed), error);
    }
    // Without its header, and with that of another key.
    for header in [String::new(), World::new().header] {
        let mut editing = world.edit(&file).unwrap();
        assert!(editing.typed(Zeroizing::new(format!("{header}A=1\n").into_bytes())));
        refused_as(world.seal(&editing), ":2 ENVSEAL_PUBLIC_KEY belongs to envseal");
    }
}

#[test]
fn what_no_editor_keeps_is_shown_as_its_token_and_taken_back_as_that_alone() {
    let world = World::new();
    let mut file = world.sealed(b"A=1\n").unwrap();
    for (name, value) in [("ODD", &b"\r'\"`"[..]), ("BYTES", b"\xff\xfe"), ("ESC", b"\x1b[0m")] {
        file = world.with(&file, name, value);
    }
    let editing = world.edit(&file).unwrap();
    let left: Vec<_> = editing.left().iter().map(|left| &*left.name).collect();
    assert_eq!(left, ["ODD", "BYTES", "ESC"]);
    let shown = String::from_utf8(editing.text().to_vec()).unwrap();
    assert_eq!(shown.matches("=envseal:1:").count(), 3);
    let body = shown.strip_prefix(&world.header).unwrap();
    let edited = world.typed(&file, &body.replace("A=1", "A=2")).unwrap();
    assert_eq!(lines(&edited.document)[3..], lines(file.document())[3..]);
    assert_eq!(outcome(&edited), [("A", Outcome::Sealed)]);
    let marked = world.typed(&file, &format!("{} # envseal: plain\n", body.trim_end()));
    refused_as(marked, "ESC is encrypted, but marked as plain");
    let swapped = body.replace("ODD=", "X=").replace("BYTES=", "ODD=").replace("X=", "BYTES=");
    refused_as(world.typed(&file, &swapped), "looks like a sealed value");
}

/// Generates bodies of all the forms that a file takes.
fn bodies() -> impl Strategy<Value = String> {
    let pieces = "A=|B=|A=|C=|export D=|E: | F = |PATH=|\n|\n|\n|\r\n|'|\"|`|x|y z|\\n|\\'|$A|${B}|${C:-d}|#| # c| # envseal: plain|é|\t|1|=|a.b=";
    let piece = prop::sample::select(pieces.split('|').collect::<Vec<_>>());
    let line = (
        prop::sample::select(vec!["A", "B", "C", "export D", "E", "PATH"]),
        prop::sample::select(
            "1|'x y'|\"a\\nb\"|'multi\nline'|${A}|\"${B}-$C\"||`q`|é|'#'|a=b".split('|').collect::<Vec<_>>(),
        ),
        prop::sample::select(vec!["", " # c", " # envseal: plain", "  "]),
        prop::sample::select(vec!["\n", "\n", "\n\n", "\r\n"]),
    );
    let line = line.prop_map(|(name, value, comment, end)| format!("{name}={value}{comment}{end}"));
    prop_oneof![
        1 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        3 => prop::collection::vec(line, 0..8).prop_map(|lines| lines.concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_typed_is_what_is_read(before in bodies(), after in bodies()) {
        let world = World::new();
        let Some(file) = world.sealed(before.as_bytes()) else { return Ok(()) };
        let mut editing = world.edit(&file).unwrap();
        let shown = [world.header.as_bytes(), before.as_bytes()].concat();
        prop_assert_eq!(editing.text(), &shown[..]);
        // Saving without a change changes nothing.
        prop_assert!(!editing.typed(Zeroizing::new(shown)));
        let same = world.seal(&editing).unwrap().document;
        prop_assert_eq!(same.as_bytes(), file.document().as_bytes());

        let typed = format!("{}{after}", world.header);
        editing.typed(Zeroizing::new(typed.clone().into_bytes()));
        let Ok(edited) = world.seal(&editing) else { return Ok(()) };
        let sealed = world.file(edited.document.as_bytes()).unwrap();
        let (opened, _) = decrypt(&sealed, &world.project(), &ALL, &mut Opener::new(world.key.clone())).unwrap();
        prop_assert_eq!(String::from_utf8_lossy(opened.as_bytes()), typed);
        // Every plain line was there before under the same name, or is allowed to be plain.
        for (_, entry) in sealed.variables() {
            let (name, source) = (sealed.document().name(entry), sealed.document().source(entry));
            let old = file.variables().any(|(_, old)| {
                file.document().name(old) == name && file.document().source(old) == source
            });
            let plain = sealed.token(entry).is_none();
            let said = crate::dotenv::is_reserved(name)
                || sealed.document().is_marked_plain(entry)
                || sealed.document().value(entry).1.is_empty();
            prop_assert!(old || !plain || said, "{} is plain", name);
        }
    }

    #[test]
    fn one_changed_value_is_one_changed_line(before in bodies(), at in any::<prop::sample::Index>()) {
        let world = World::new();
        let Some(file) = world.sealed(before.as_bytes()) else { return Ok(()) };
        let mut editing = world.edit(&file).unwrap();
        let shown = editing.shown.clone();
        let places: Vec<_> = (1..shown.entries().len()).collect();
        if places.is_empty() {
            return Ok(());
        }
        let entry = *at.get(&places);
        let Ok(typed) = shown.edited(&[Edit::Source { entry, source: b"changed" }]) else { return Ok(()) };
        editing.typed(Zeroizing::new(typed.as_bytes().to_vec()));
        let Ok(edited) = world.seal(&editing) else { return Ok(()) };
        for (old, new) in file.document().entries().iter().zip(edited.document.entries()) {
            let same = file.document().statement(old) == edited.document.statement(new);
            prop_assert_eq!(same, old != &file.document().entries()[entry] || file.document().source(old) == b"changed");
        }
    }
}
