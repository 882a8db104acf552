//! Masks secrets in a stream of bytes, in chunks of any size.
//!
//! [`Forms`] are the texts to mask, a [`Masker`] is the position of one stream in the search. Bytes in, bytes out.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

/// The least length of a form in bytes: forms are found by this many first bytes.
const MIN_FORM: usize = 4;

/// The number of hash bits that select a bit of the filter: 16 KB, which fit in a processor's L1 cache.
const FILTER_BITS: u32 = 17;
const FILTER_WORDS: usize = 1 << (FILTER_BITS - 6);

/// The texts to mask, each with the name that replaces it. Wiped when dropped.
pub struct Forms {
    names: Vec<String>,
    /// Sorted, distinct.
    sorted: Vec<SecretForm>,
    /// The first bytes of the forms, sorted and distinct.
    heads: Zeroizing<Vec<u32>>,
    /// For each head the first form with it, followed by the number of forms.
    firsts: Vec<usize>,
    /// One bit for the hash of each head; if it is not set, no form begins with that head.
    filter: Box<Zeroizing<[u64; FILTER_WORDS]>>,
}

struct SecretForm {
    name: usize,
    bytes: Zeroizing<Vec<u8>>,
}

impl Forms {
    /// Takes each name and its value's forms. Leaves out those of fewer than 4 bytes; one of two names is the first's.
    pub fn new(secrets: Vec<(String, Vec<Zeroizing<Vec<u8>>>)>) -> Self {
        let mut names = Vec::with_capacity(secrets.len());
        let mut forms = Vec::new();
        for (at, (name, of_name)) in secrets.into_iter().enumerate() {
            names.push(name);
            let long = of_name.into_iter().filter(|bytes| bytes.len() >= MIN_FORM);
            forms.extend(long.map(|bytes| SecretForm { name: at, bytes }));
        }
        forms.sort_by(|a, b| a.bytes.cmp(&b.bytes).then(a.name.cmp(&b.name)));
        forms.dedup_by(|later, first| later.bytes == first.bytes);
        let mut heads = Zeroizing::new(Vec::with_capacity(forms.len()));
        let mut firsts = Vec::with_capacity(forms.len() + 1);
        let mut filter = Box::new(Zeroizing::new([0; FILTER_WORDS]));
        for (at, form) in forms.iter().enumerate() {
            let head = head(&form.bytes);
            if heads.last() != Some(&head) {
                heads.push(head);
                firsts.push(at);
                let (word, bit) = place(head);
                filter[word] |= bit;
            }
        }
        firsts.push(forms.len());
        Self { names, sorted: forms, heads, firsts, filter }
    }

    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    fn longest(&self) -> usize {
        self.sorted.iter().map(|form| form.bytes.len()).max().unwrap_or(0)
    }

    /// Returns the first position in `text` where a form may begin and at least [`MIN_FORM`] bytes follow.
    fn next(&self, text: &[u8]) -> Option<usize> {
        text.windows(MIN_FORM).position(|four| {
            let (word, bit) = place(head(four));
            self.filter[word] & bit != 0
        })
    }

    /// Returns the forms that begin like `text`, which has at least [`MIN_FORM`] bytes.
    fn with_head(&self, text: &[u8]) -> Range<usize> {
        match self.heads.binary_search(&head(text)) {
            Ok(at) => self.firsts[at]..self.firsts[at + 1],
            Err(_) => 0..0,
        }
    }

    /// Returns true if some form begins with the whole of `text`, which has fewer than [`MIN_FORM`] bytes.
    fn begin_with(&self, text: &[u8]) -> bool {
        let mut least = [0; MIN_FORM];
        least[..text.len()].copy_from_slice(text);
        let at = self.heads.partition_point(|head| *head < u32::from_be_bytes(least));
        self.heads.get(at).is_some_and(|head| head.to_be_bytes().starts_with(text))
    }
}

impl fmt::Debug for Forms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forms({} of {})", self.sorted.len(), self.names.len())
    }
}

/// Returns the first bytes as a big-endian number, so that numbers sort like texts.
fn head(text: &[u8]) -> u32 {
    u32::from_be_bytes([text[0], text[1], text[2], text[3]])
}

/// Returns the index of the word in the filter, and the bit in it.
fn place(head: u32) -> (usize, u64) {
    // Knuth's multiplicative hash.
    let hash = head.wrapping_mul(0x9E37_79B1) >> (u32::BITS - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// The held bytes that a waiting person is shown: enough for the echo of typed keys, too few to recognise a secret.
const SHOWN_EARLY: usize = 3;

/// Masks one stream. A chunk is written at once, except for its end if that may begin a form.
///
/// Overlapping forms get one mark, with their names in the order in which they begin. All positions are counted from
/// the first held byte.
pub struct Masker {
    forms: Arc<Forms>,
    /// The held bytes, the last ones of the stream.
    text: Zeroizing<Vec<u8>>,
    /// The first position where a form may begin, as far as known.
    next: usize,
    /// Forms that reach the end of the text and may continue, in the order in which they begin.
    live: Vec<PartialMatch>,
    /// Forms in the text that are not yet part of a mark.
    found: Vec<FullMatch>,
    /// The mark that covers the beginning of the text.
    mark: Option<OpenMark>,
    /// The number of held bytes that have been shown.
    shown: usize,
}

#[derive(Clone, Copy)]
struct PartialMatch {
    start: usize,
    form: usize,
    matched: usize,
}

struct FullMatch {
    start: usize,
    end: usize,
    name: usize,
}

struct OpenMark {
    end: usize,
    names: Vec<usize>,
    /// The number of names that have been written.
    written: usize,
}

impl Masker {
    /// Expects chunks of up to `chunk` bytes.
    pub fn new(forms: Arc<Forms>, chunk: usize) -> Self {
        let text = Zeroizing::new(Vec::with_capacity(forms.longest() + chunk));
        Self { forms, text, next: 0, live: Vec::new(), found: Vec::new(), mark: None, shown: 0 }
    }

    /// Takes the next chunk. Adds to `out` all bytes outside of forms, and each complete mark, as far as known.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        self.append(chunk);
        for live in std::mem::take(&mut self.live) {
            self.follow(live);
        }
        while let Some(ahead) = self.forms.next(&self.text[self.next..]) {
            let start = self.next + ahead;
            for form in self.forms.with_head(&self.text[start..]) {
                self.follow(PartialMatch { start, form, matched: MIN_FORM });
            }
            self.next = start + 1;
        }
        self.next = self.next.max(self.text.len().saturating_sub(MIN_FORM - 1));
        while self.next < self.text.len() && !self.forms.begin_with(&self.text[self.next..]) {
            self.next += 1;
        }
        self.write_certain(out);
    }

    /// Ends the stream: the held bytes are not a form.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.live.clear();
        self.next = self.text.len();
        self.write_certain(out);
    }

    /// Returns true if [`Self::release`] would show something.
    pub fn holds(&self) -> bool {
        match &self.mark {
            Some(mark) => mark.written < mark.names.len(),
            None => self.shown < self.text.len().min(SHOWN_EARLY),
        }
    }

    /// Adds to `out` the mark that may continue, or up to three held bytes. Call it when no input has come for a while
    /// and a person waits. If the bytes turn out to begin a form, the rest of it is masked.
    pub fn release(&mut self, out: &mut Vec<u8>) {
        if let Some(mark) = &mut self.mark {
            write_mark(&self.forms, mark, out);
            return;
        }
        let end = self.text.len().min(SHOWN_EARLY);
        if self.shown < end {
            out.extend_from_slice(&self.text[self.shown..end]);
            self.shown = end;
        }
    }

    fn append(&mut self, chunk: &[u8]) {
        // A buffer that grows by itself would leave a copy behind.
        if self.text.capacity() - self.text.len() < chunk.len() {
            let mut larger = Vec::with_capacity((self.text.len() + chunk.len()) * 2);
            larger.extend_from_slice(&self.text);
            self.text.zeroize();
            self.text = Zeroizing::new(larger);
        }
        self.text.extend_from_slice(chunk);
    }

    /// Continues a comparison, which ends in a full match, a partial match, or nothing.
    fn follow(&mut self, live: PartialMatch) {
        let SecretForm { name, bytes } = &self.forms.sorted[live.form];
        let form = &bytes[live.matched..];
        let text = &self.text[live.start + live.matched..];
        let common = form.len().min(text.len());
        if form[..common] != text[..common] {
            return;
        }
        let matched = live.matched + common;
        if common == form.len() {
            self.found.push(FullMatch { start: live.start, end: live.start + matched, name: *name });
        } else {
            self.live.push(PartialMatch { matched, ..live });
        }
    }

    /// Writes all that is certain: up to the first position where a form may begin, or has begun and may continue.
    fn write_certain(&mut self, out: &mut Vec<u8>) {
        let certain = self.live.first().map_or(self.next, |live| live.start);
        self.found.sort_by(|a, b| (a.start, b.end, a.name).cmp(&(b.start, a.end, b.name)));
        let count = self.found.partition_point(|found| found.start < certain);
        let mut done = 0;
        for found in self.found.drain(..count) {
            match &mut self.mark {
                Some(mark) if found.start < mark.end => {
                    mark.end = mark.end.max(found.end);
                    if !mark.names.contains(&found.name) {
                        mark.names.push(found.name);
                    }
                }
                last => {
                    if let Some(mut mark) = last.take() {
                        write_mark(&self.forms, &mut mark, out);
                        done = mark.end;
                    }
                    out.extend_from_slice(rest(&self.text, done.max(self.shown), found.start));
                    *last = Some(OpenMark { end: found.end, names: vec![found.name], written: 0 });
                }
            }
        }
        if let Some(mut mark) = self.mark.take_if(|mark| mark.end <= certain) {
            write_mark(&self.forms, &mut mark, out);
            done = mark.end;
        }
        match &mut self.mark {
            Some(mark) => mark.end -= certain,
            None => out.extend_from_slice(rest(&self.text, done.max(self.shown), certain)),
        }
        self.text.drain(..certain);
        self.next -= certain;
        self.shown = self.shown.saturating_sub(certain);
        for live in &mut self.live {
            live.start -= certain;
        }
        for found in &mut self.found {
            found.start -= certain;
            found.end -= certain;
        }
    }
}

fn rest(text: &[u8], start: usize, end: usize) -> &[u8] {
    text.get(start..end).unwrap_or_default()
}

/// Writes the remaining names: `[A,B]`.
fn write_mark(forms: &Forms, mark: &mut OpenMark, out: &mut Vec<u8>) {
    let mut before = b'[';
    for name in &mark.names[mark.written..] {
        out.push(before);
        out.extend_from_slice(forms.names[*name].as_bytes());
        before = b',';
    }
    if before == b',' {
        out.push(b']');
    }
    mark.written = mark.names.len();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    type NamedForms = Vec<(String, Vec<Vec<u8>>)>;

    fn forms(given: &NamedForms) -> Arc<Forms> {
        let wiped = |forms: &Vec<Vec<u8>>| forms.iter().cloned().map(Zeroizing::new).collect();
        Arc::new(Forms::new(given.iter().map(|(name, forms)| (name.clone(), wiped(forms))).collect()))
    }

    fn masked<'a>(given: &NamedForms, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut masker = Masker::new(forms(given), 8);
        let mut out = Vec::new();
        chunks.into_iter().for_each(|chunk| masker.push(chunk, &mut out));
        masker.finish(&mut out);
        assert!(!masker.holds());
        out
    }

    /// Tries every form at every position.
    fn naive(given: &NamedForms, text: &[u8]) -> Vec<u8> {
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
                Some((_, last, names)) if start < *last => {
                    *last = end.max(*last);
                    names.extend((!names.contains(&name)).then_some(name));
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

    /// Generates few letters, so that forms overlap, repeat and are prefixes of each other.
    fn letters(len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![4 => Just(b'a'), 2 => Just(b'b'), 1 => any::<u8>()], len)
    }

    fn given() -> impl Strategy<Value = NamedForms> {
        let named = vec(letters(1..12), 1..5);
        vec(named, 0..5).prop_map(|all| {
            all.into_iter().enumerate().map(|(at, forms)| (format!("N{at}"), forms)).collect()
        })
    }

    /// Generates pieces of text, some of them whole forms or their beginnings.
    fn stream(given: &NamedForms) -> impl Strategy<Value = Vec<u8>> + use<> {
        let mut pieces: Vec<_> = given.iter().flat_map(|(_, forms)| forms).cloned().collect();
        pieces.push(b"ab".to_vec());
        let piece =
            (proptest::sample::select(pieces), any::<proptest::sample::Index>()).prop_map(|(form, cut)| {
                let cut = cut.index(form.len() + 1);
                if cut % 2 == 0 { form } else { form[..cut].to_vec() }
            });
        vec(prop_oneof![piece, letters(0..6)], 0..12).prop_map(|pieces| pieces.concat())
    }

    fn given_and_text() -> impl Strategy<Value = (NamedForms, Vec<u8>)> {
        given().prop_flat_map(|given| {
            let text = stream(&given);
            (Just(given), text)
        })
    }

    fn chunks<'a>(text: &'a [u8], sizes: &'a [usize]) -> Vec<&'a [u8]> {
        let mut rest = text;
        let next = |size: &usize| rest.split_off(..(*size).min(rest.len())).filter(|chunk| !chunk.is_empty());
        sizes.iter().cycle().map_while(next).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn as_if_every_place_were_tried_whatever_the_chunks(
            (given, text) in given_and_text(),
            sizes in vec(1_usize..9, 1..6),
        ) {
            prop_assert_eq!(masked(&given, chunks(&text, &sizes)), naive(&given, &text));
        }

        #[test]
        fn what_can_become_no_form_is_out_at_once(
            (given, text) in given_and_text(),
            sizes in vec(1_usize..9, 1..6),
        ) {
            let mut masker = Masker::new(forms(&given), 8);
            let (mut out, mut seen) = (Vec::new(), Vec::new());
            let all = || given.iter().flat_map(|(_, forms)| forms).filter(|form| form.len() >= MIN_FORM);
            for chunk in chunks(&text, &sizes) {
                masker.push(chunk, &mut out);
                seen.extend_from_slice(chunk);
                // The first position where a form may have begun that is not complete, or the end.
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
            (given, text) in given_and_text(),
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
            // Text without a form is not masked.
            let all = given.iter().flat_map(|(_, forms)| forms);
            if all.clone().all(|form| !text.windows(form.len()).any(|there| there == form) || form.len() < MIN_FORM) {
                prop_assert_eq!(&out, &text);
            }
        }
    }

    #[test]
    fn marks_have_names_and_overlaps_have_one() {
        let masked_in = |text: &str, given: &[(&str, &str)]| {
            let given = given.iter().map(|(name, form)| ((*name).to_owned(), vec![form.as_bytes().to_vec()]));
            String::from_utf8(masked(&given.collect(), [text.as_bytes()])).unwrap()
        };
        assert_eq!(masked_in("hunter2hunter2hunter", &[("A", "hunter2")]), "[A][A]hunter");
        assert_eq!(masked_in("xabcdefghijx", &[("B", "efghij"), ("A", "abcdef")]), "x[A,B]x");
        assert_eq!(
            masked_in("db:hunter2@h hunter2", &[("URL", "db:hunter2@h"), ("P", "hunter2")]),
            "[URL,P] [P]"
        );
        assert_eq!(masked_in("same value", &[("FIRST", "same value"), ("SECOND", "same value")]), "[FIRST]");
    }

    #[test]
    fn while_a_person_waits() {
        let given: NamedForms =
            vec![("A".into(), vec![b"hunter2".to_vec()]), ("B".into(), vec![b"2345".to_vec()])];
        assert_eq!(format!("{:?}", forms(&given)), "Forms(2 of 2)", "no bytes are shown");
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
        // A mark is shown although another form may overlap it. That form then gets its own mark.
        assert_eq!(step("r2", true), "[A]");
        assert_eq!(step("345.", false), "[B].");
        assert_eq!(step("hunter2", true), "[A]");
        assert_eq!(step("3.", false), "3.");
    }
}
