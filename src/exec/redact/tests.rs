#![cfg(test)]

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{Forms, MIN_FORM, Masker};

type Given = Vec<(String, Vec<Vec<u8>>)>;

fn forms(given: &Given) -> Arc<Forms> {
    let wiped = |forms: &Vec<Vec<u8>>| forms.iter().cloned().map(Zeroizing::new).collect();
    Arc::new(Forms::new(given.iter().map(|(name, forms)| (name.clone(), wiped(forms))).collect()))
}

fn masked<'a>(given: &Given, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut masker = Masker::new(forms(given), 8);
    let mut out = Vec::new();
    chunks.into_iter().for_each(|chunk| masker.push(chunk, &mut out));
    masker.finish(&mut out);
    assert!(!masker.holds());
    out
}

fn text(given: &[(&str, &[&str])], text: &str) -> String {
    let given: Given = given
        .iter()
        .map(|(name, forms)| {
            ((*name).to_owned(), forms.iter().map(|form| form.as_bytes().to_vec()).collect())
        })
        .collect();
    let whole = masked(&given, [text.as_bytes()]);
    assert_eq!(masked(&given, text.as_bytes().chunks(1)), whole);
    String::from_utf8(whole).unwrap()
}

/// Every place tried with every form.
fn naive(given: &Given, text: &[u8]) -> Vec<u8> {
    let first = |form: &Vec<u8>| given.iter().position(|(_, forms)| forms.contains(form)).unwrap();
    let mut found = Vec::new();
    for form in given.iter().flat_map(|(_, forms)| forms).filter(|form| form.len() >= MIN_FORM) {
        let at = (0..text.len()).filter(|at| text[*at..].starts_with(form));
        found.extend(at.map(|at| (at, at + form.len(), first(form))));
    }
    found.sort_by_key(|(start, end, name)| (*start, usize::MAX - end, *name));
    let mut marks: Vec<(usize, usize, Vec<usize>)> = Vec::new();
    for (start, end, name) in found {
        match marks.last_mut() {
            Some(last) if start < last.1 => {
                last.1 = last.1.max(end);
                if !last.2.contains(&name) {
                    last.2.push(name);
                }
            }
            _ => marks.push((start, end, vec![name])),
        }
    }
    let (mut out, mut done) = (Vec::new(), 0);
    for (start, end, names) in marks {
        out.extend_from_slice(&text[done..start]);
        let names: Vec<_> = names.iter().map(|name| given[*name].0.as_str()).collect();
        out.extend(format!("[{}]", names.join(",")).into_bytes());
        done = end;
    }
    out.extend_from_slice(&text[done..]);
    out
}

/// Few letters, so that forms overlap, repeat and begin each other.
fn letters(len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![4 => Just(b'a'), 2 => Just(b'b'), 1 => any::<u8>()], len)
}

fn given() -> impl Strategy<Value = Given> {
    let named = vec(letters(1..12), 1..5);
    vec(named, 0..5)
        .prop_map(|all| all.into_iter().enumerate().map(|(at, forms)| (format!("N{at}"), forms)).collect())
}

/// Pieces of text, some of them whole forms or their beginnings.
fn stream(given: &Given) -> impl Strategy<Value = Vec<u8>> + use<> {
    let mut pieces: Vec<_> = given.iter().flat_map(|(_, forms)| forms).cloned().collect();
    pieces.push(b"ab".to_vec());
    let piece =
        (proptest::sample::select(pieces), any::<proptest::sample::Index>()).prop_map(|(form, cut)| {
            let cut = cut.index(form.len() + 1);
            if cut % 2 == 0 { form } else { form[..cut].to_vec() }
        });
    vec(prop_oneof![piece, letters(0..6)], 0..12).prop_map(|pieces| pieces.concat())
}

fn chunks<'a>(text: &'a [u8], sizes: &'a [usize]) -> Vec<&'a [u8]> {
    let mut rest = text;
    let mut chunks = Vec::new();
    for size in sizes.iter().cycle() {
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        chunks.push(chunk);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    chunks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn as_if_every_place_were_tried_whatever_the_chunks(
        (given, text) in given().prop_flat_map(|given| { let text = stream(&given); (Just(given), text) }),
        sizes in vec(1_usize..9, 1..6),
    ) {
        prop_assert_eq!(masked(&given, chunks(&text, &sizes)), naive(&given, &text));
    }

    #[test]
    fn what_can_become_no_form_is_out_at_once(
        (given, text) in given().prop_flat_map(|given| { let text = stream(&given); (Just(given), text) }),
        sizes in vec(1_usize..9, 1..6),
    ) {
        let mut masker = Masker::new(forms(&given), 8);
        let (mut out, mut seen) = (Vec::new(), Vec::new());
        let all = || given.iter().flat_map(|(_, forms)| forms).filter(|form| form.len() >= MIN_FORM);
        for chunk in chunks(&text, &sizes) {
            masker.push(chunk, &mut out);
            seen.extend_from_slice(chunk);
            // Where the last form begins that may still be on its way, or the end.
            let pending = |at: &usize| all().any(|form| form.len() > seen.len() - at && form.starts_with(&seen[*at..]));
            let held = (0..seen.len()).find(pending).unwrap_or(seen.len());
            if held == seen.len() {
                prop_assert_eq!(&out, &naive(&given, &seen));
            }
            prop_assert!(naive(&given, &text).starts_with(&out));
        }
    }

    #[test]
    fn what_is_let_out_early_is_of_three_bytes_at_most(
        (given, text) in given().prop_flat_map(|given| { let text = stream(&given); (Just(given), text) }),
        sizes in vec(1_usize..5, 1..6),
    ) {
        let mut masker = Masker::new(forms(&given), 8);
        let mut out = Vec::new();
        for chunk in chunks(&text, &sizes) {
            masker.push(chunk, &mut out);
            masker.release(&mut out);
            prop_assert!(!masker.holds());
        }
        masker.finish(&mut out);
        // Nothing but bytes of forms is masked, and no form of twice that length is ever shown whole.
        let all = given.iter().flat_map(|(_, forms)| forms);
        if all.clone().all(|form| !text.windows(form.len()).any(|there| there == form) || form.len() < MIN_FORM) {
            prop_assert_eq!(&out, &text);
        }
    }
}

#[test]
fn marks_have_names_and_overlaps_have_one() {
    assert_eq!(text(&[("A", &["hunter2"])], "it is hunter2."), "it is [A].");
    assert_eq!(text(&[("A", &["hunter2"])], "hunter2hunter2hunter"), "[A][A]hunter");
    assert_eq!(text(&[("A", &["abcdef"]), ("B", &["efghij"])], "xabcdefghijx"), "x[A,B]x");
    assert_eq!(text(&[("B", &["efghij"]), ("A", &["abcdef"])], "xabcdefghijx"), "x[A,B]x");
    assert_eq!(
        text(&[("URL", &["db://hunter2@h"]), ("P", &["hunter2"])], "db://hunter2@h hunter2"),
        "[URL,P] [P]"
    );
    assert_eq!(text(&[("A", &["aaaaaa"])], "aaaaaaaaaa"), "[A]");
    assert_eq!(text(&[("FIRST", &["same value"]), ("SECOND", &["same value"])], "same value"), "[FIRST]");
    assert_eq!(text(&[], "anything"), "anything");
}

#[test]
fn a_form_that_only_began_comes_out_whole() {
    assert_eq!(text(&[("A", &["hunter2"])], "hunterhunter hunt"), "hunterhunter hunt");
}

#[test]
fn while_a_person_waits() {
    let given: Given = vec![("A".into(), vec![b"hunter2".to_vec()]), ("B".into(), vec![b"2345".to_vec()])];
    let mut masker = Masker::new(forms(&given), 8);
    let mut step = |chunk: &str, release: bool| {
        let mut out = Vec::new();
        masker.push(chunk.as_bytes(), &mut out);
        if release {
            masker.release(&mut out);
        }
        String::from_utf8(out).unwrap()
    };
    assert_eq!(step("> h", true), "> h");
    assert_eq!(step("u", false), "");
    assert_eq!(step("nt", true), "un");
    assert_eq!(step("x", true), "tx");
    assert_eq!(step("hunte", true), "hun");
    // A mark is shown though another form may overlap it, and that one has its own then.
    assert_eq!(step("r2", true), "[A]");
    assert_eq!(step("345.", false), "[B].");
    assert_eq!(step("hunter2", true), "[A]");
    assert_eq!(step("3.", false), "3.");
}

#[test]
fn debug_shows_no_bytes() {
    let given: Given = vec![("A".into(), vec![b"hunter2".to_vec()])];
    assert_eq!(format!("{:?}", forms(&given)), "Forms(1 of 1)");
}
