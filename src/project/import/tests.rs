//! What comes in, sealed and altered.

use super::*;
use crate::config::ProcessEnv;
use crate::crypto::PrivateKey;

fn arrival(name: &str, value: Incoming) -> Arrival {
    let name = VarName::new(name).unwrap();
    Arrival { origin: name.to_string(), name, value, was_sealed: true }
}

fn bytes(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

fn planned(folder: &Path, arriving: Arriving) -> Result<Import, VaultError> {
    let process = ProcessEnv::from_vars(Vec::new());
    Import::plan(
        &folder.join(".env"),
        arriving,
        &|_| true,
        &DollarSigns::default(),
        &KeyStore::new(&process, None),
    )
}

#[test]
fn what_was_sealed_is_opened_again_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let arrivals = vec![
        arrival("A", Incoming::Value(bytes("one"))),
        arrival("B", Incoming::Source(bytes("\"${A}/x\""))),
        arrival("C", Incoming::Value(bytes(""))),
    ];
    let import = planned(folder.path(), Arriving::Variables(arrivals)).unwrap();
    let key = PrivateKey::generate();
    let document = import.document(Some(&key.public())).unwrap();
    let verified = |document: &Document, key: &PrivateKey| {
        import.verify(document, Opener::new(key.clone())).map_err(|error| error.to_string())
    };
    assert_eq!(verified(&document, &key), Ok(()));
    // Whatever else stands there in the end, it is told by name.
    let source = |name: &str| {
        let at = document.last(name).unwrap();
        (at, document.source(&document.entries()[at]).to_vec())
    };
    let ((a, of_a), (b, of_b), (c, of_c)) = (source("A"), source("B"), source("C"));
    let mut sealer = Sealer::new(&key.public()).unwrap();
    let mut other = |name: &str, kind, text: &str| {
        sealer.seal(name, &Refs::none(), kind, text.as_bytes()).unwrap().to_string().into_bytes()
    };
    let (value, kind, refs) = (
        other("A", Kind::Value, "two"),
        other("A", Kind::Source, "one"),
        other("B", Kind::Source, "\"${A}/x\""),
    );
    for (entry, source, name) in [
        (a, &of_b, "A"),
        (b, &of_a, "B"),
        (c, &of_a, "C"),
        (a, &value, "A"),
        (a, &kind, "A"),
        (b, &refs, "B"),
        (a, &b"one".to_vec(), "A"),
    ] {
        let altered = document.edited(&[Edit::Source { entry, source }]).unwrap();
        let told = verified(&altered, &key).unwrap_err();
        assert!(told.contains(&format!("what was sealed for {name} does not open")), "{told}");
    }
    let gone = document.edited(&[Edit::Remove { entry: c }]).unwrap();
    assert!(verified(&gone, &key).is_err() && of_c.starts_with(b"envseal:1:"));
    assert!(verified(&document, &PrivateKey::generate()).is_err());
}

#[test]
fn a_text_keeps_every_byte_that_is_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"\xef\xbb\xbf# head\r\nexport A = 'x' # why\r\n\r\nE=\r\nPATH=/bin\r\nA=later".to_vec();
    let document = Document::parse(text).unwrap();
    let opened = HashMap::from([(3, Incoming::Value(bytes("z")))]);
    let label = PathBuf::from("old");
    let text = Text { label, document, opened, of_the_other_tool: HashSet::new() };
    let import = planned(folder.path(), Arriving::Text(text)).unwrap();
    let fates: Vec<_> = import.steps().map(|(_, name, fate)| (name.to_owned(), fate)).collect();
    let expected = [("A", Fate::Seal), ("E", Fate::Empty), ("PATH", Fate::Plain), ("A", Fate::Seal)];
    assert_eq!(fates, expected.map(|(name, fate)| (name.to_owned(), fate)));
    let key = PrivateKey::generate();
    let sealed = import.document(Some(&key.public())).unwrap();
    assert!(import.verify(&sealed, Opener::new(key)).is_ok());
    let rest: String = String::from_utf8(sealed.as_bytes().to_vec())
        .unwrap()
        .lines()
        .skip(3)
        .map(|line| match line.split_once("envseal:1:") {
            Some((before, token)) => {
                format!("{before}…{}\n", token.split_once(' ').map_or("", |(_, comment)| comment))
            }
            None => format!("{line}\n"),
        })
        .collect();
    assert_eq!(rest, "# head\nexport A = …# why\n\nE=\nPATH=/bin\nA=…\n");
}
