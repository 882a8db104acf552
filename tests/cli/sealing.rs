//! Tests what `encrypt` and `decrypt` promise for every file, with random files through the library.

use std::path::Path;

use envseal::Error;
use envseal::testing::check::rules::{EnvText, Finding, Rule, Severity, check_env_file};
use envseal::testing::config::{ProcessEnv, is_own_name};
use envseal::testing::crypto::{Opener, PrivateKey, SecretBytes};
use envseal::testing::dotenv::{VarName, is_reserved};
use envseal::testing::keys::KeyStore;
use envseal::testing::project::{
    Assignment, DollarSigns, EnvFile, How, Pick, Precedence, Project, decrypt, encrypt, read_files,
    refuse_reserved_dependents, reseal, set,
};
use envseal::testing::team::Policy;
use proptest::prelude::*;

use crate::dialect::{dialect, statements};
use crate::support::scratch_folder;

type Values = Vec<(String, Vec<u8>)>;

/// A folder outside git with one env file and its private key.
struct Place {
    folder: tempfile::TempDir,
    key: PrivateKey,
}

impl Place {
    fn new() -> Self {
        let (folder, key) = (scratch_folder(), PrivateKey::generate());
        std::fs::write(
            folder.path().join(".env.keys"),
            format!("ENVSEAL_PRIVATE_KEY={}\n", key.to_text().expose()),
        )
        .unwrap();
        // Random text refers to names that nothing sets.
        std::fs::write(folder.path().join("envseal.toml"), "[policy]\nexternal = ['*']\n").unwrap();
        Self { folder, key }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(".env")
    }

    /// Writes and reads a file with the public key and this text.
    fn file(&self, text: &[u8]) -> Result<EnvFile, Error> {
        let header = format!("ENVSEAL_PUBLIC_KEY={}\n", self.key.public());
        self.with_text(&[header.as_bytes(), text].concat())
    }

    fn with_text(&self, text: &[u8]) -> Result<EnvFile, Error> {
        std::fs::write(self.path(), text).unwrap();
        EnvFile::load(&self.path())
    }

    fn opener(&self) -> Opener {
        Opener::new(self.again())
    }

    fn again(&self) -> PrivateKey {
        PrivateKey::parse(self.key.to_text().expose()).unwrap()
    }

    fn scope(&self) -> Project {
        Project::of(Path::new(self.folder.path()), &std::rc::Rc::default()).unwrap()
    }
}

/// Why `encrypt` may refuse a file that can be read: its meaning is unclear, or would change.
const REFUSED: [&str; 9] = [
    "`#` touches the value",
    "is neither a variable nor a comment",
    "the value continues on the lines below",
    "unsupported `${",
    "must stay readable, but depends on",
    "would be read otherwise after the change",
    "two changes to line",
    "sealed value",
    "which envseal cannot decrypt",
];

/// Returns every value, in every precedence, with and without variables of the process.
fn values(file: &EnvFile) -> Result<Vec<Values>, Error> {
    let mut all = Vec::new();
    for vars in [vec![], vec![("A", "from-process"), ("B_1", ""), ("x", "$A")]] {
        let process = ProcessEnv::from_vars(vars.iter().map(|(n, v)| (n.into(), v.into())).collect());
        let store = KeyStore::new(&process, None);
        for precedence in [Precedence::Process, Precedence::EarlierFile, Precedence::LaterFile] {
            let reading = read_files(std::slice::from_ref(file), &store, &process, precedence)?;
            let (variables, _) = reading.variables(|_| true, &[])?;
            all.push(
                variables.into_iter().map(|v| (v.name.to_string(), v.value.expose().to_vec())).collect(),
            );
        }
    }
    Ok(all)
}

/// Returns the errors that `check` finds in an env file's text. Leaves out duplicate names, malformed references in
/// values where they are not expanded, and envseal's own variables, which are never encrypted.
fn judged(text: &[u8]) -> Vec<Rule> {
    let report = check_env_file(EnvText { path: Path::new(".env"), text, policy: &Policy::default() });
    let own = |finding: &Finding| finding.name.as_deref().is_some_and(is_own_name);
    let errors = report.findings.into_iter().filter(|f| f.severity == Severity::Error && !own(f));
    errors
        .map(|finding| finding.rule)
        .filter(|rule| !matches!(rule, Rule::DuplicateName | Rule::MalformedReference))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_reads_the_same_and_comes_back_byte_for_byte(text in prop_oneof![dialect(), statements(), statements()], picked in "[ABCcd.-e_1]?") {
        thread_local!(static PLACE: Place = Place::new());
        PLACE.with(|place| {
            // Files with merge markers or forged tokens are refused.
            let Ok(before) = place.file(text.as_bytes()) else { return Ok(()) };
            let Ok(before_values) = values(&before) else { return Ok(()) };
            let wants = |name: &str| picked.is_empty() || name.contains(&picked);
            let pick = Pick { wants: &wants, all: picked.is_empty() };
            let sealed = encrypt(&before, before.document(), &place.scope(), &place.key.public(), &pick, &DollarSigns::default(), None);
            let sealed = sealed.and_then(|(document, count)| {
                refuse_reserved_dependents(&before, &document)?;
                Ok((document, count))
            });
            let (document, count) = match sealed {
                Ok(sealed) => sealed,
                Err(error) if REFUSED.iter().any(|words| error.to_string().contains(words)) => return Ok(()),
                Err(error) => panic!("{error}"),
            };
            if picked.is_empty() {
                // `encrypt` encrypts exactly what `check` calls plaintext, and then `check` finds nothing.
                let plaintext = judged(before.document().as_bytes());
                prop_assert_eq!(plaintext, vec![Rule::Plaintext; count], "{:?}", text);
                prop_assert_eq!(judged(document.as_bytes()), vec![], "{:?}", text);
            }
            let after = place.with_text(document.as_bytes()).unwrap();
            prop_assert_eq!(values(&after).unwrap(), before_values, "{:?}", text);
            for (_, entry) in after.variables() {
                let name = after.document().name(entry);
                let plain = is_reserved(name) || after.document().is_marked_plain(entry);
                let empty = after.document().value(entry).1.is_empty();
                let left_alone = plain || empty || !wants(name);
                prop_assert!(left_alone || after.token(entry).is_some(), "{} is not sealed", name);
            }
            let (again, none) =
                encrypt(&after, after.document(), &place.scope(), &place.key.public(), &pick, &DollarSigns::default(), None).unwrap();
            prop_assert_eq!((again.as_bytes(), none), (document.as_bytes(), 0));
            let (resealed, anew) = reseal(&after, &place.key.public(), &pick, true, || Ok(vec![place.again()])).unwrap();
            prop_assert_eq!(anew, count);
            for document in [document, resealed] {
                let sealed = place.with_text(document.as_bytes()).unwrap();
                let (back, opened) = decrypt(&sealed, &place.scope(), &pick, &mut place.opener()).unwrap();
                prop_assert_eq!(back.as_bytes(), before.document().as_bytes(), "{:?}", text);
                prop_assert_eq!(opened, count);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_set_value_reads_the_same_as_plain_text(
        value in prop_oneof![
            "[a-z '\"`$#\\\\{}\n\t=!-]{0,24}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..70),
        ],
        around in prop::sample::select(vec!["", "X=1", "X=1\n", "X='a\n'\n", "A=old # c\n", "A='old\n'\n#A\n", "X=1\r\n"]),
    ) {
        thread_local!(static PLACE: Place = Place::new());
        PLACE.with(|place| {
            let before = place.file(around.as_bytes()).unwrap();
            let assignment = Assignment { name: VarName::new("A").unwrap(), value: SecretBytes::new(value.clone()) };
            let (scope, public) = (place.scope(), place.key.public());
            let (changed, _) = set(&before, before.document(), &scope, Some(&public), &[assignment], How::AsMarked, None).unwrap();
            let sealed = place.with_text(changed.as_bytes()).unwrap();
            let held = |file: &EnvFile| {
                let all = values(file).unwrap();
                all[1].iter().find(|(name, _)| name == "A").unwrap().1.clone()
            };
            prop_assert_eq!(&held(&sealed), &value);
            let pick = Pick { wants: &|_| true, all: true };
            match decrypt(&sealed, &place.scope(), &pick, &mut place.opener()) {
                Ok((plain, _)) => prop_assert_eq!(&held(&place.with_text(plain.as_bytes()).unwrap()), &value),
                Err(failures) => {
                    prop_assert_eq!(&failures[0].name, "A");
                    prop_assert!(value.contains(&b'\r') || value.contains(&b'\''));
                }
            }
            Ok(())
        })?;
    }
}
