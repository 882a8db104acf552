//! The texts to mask, and how it is told quickly that none of them begins somewhere.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

/// How many bytes a form has at least: where a form begins is told by this many.
pub(super) const MIN_FORM: usize = 4;

/// The filter's bits are found by this many bits of a hash: 16 KB, which stay in a processor's first cache.
const FILTER_BITS: u32 = 17;
const FILTER_WORDS: usize = 1 << (FILTER_BITS - 6);

/// The texts to mask, each with the name that its mark has. Wiped when dropped.
pub struct Forms {
    names: Vec<String>,
    /// Sorted, distinct.
    sorted: Vec<Form>,
    /// What the forms begin with, sorted and distinct.
    heads: Zeroizing<Vec<u32>>,
    /// For each head the first form that has it, and the number of forms at the end.
    firsts: Vec<usize>,
    /// Has a bit for each head; one that is not set tells that no form begins so.
    filter: Box<Zeroizing<[u64; FILTER_WORDS]>>,
}

struct Form {
    name: usize,
    bytes: Zeroizing<Vec<u8>>,
}

impl Forms {
    /// Takes each name with the forms of its value. Forms of fewer than 4 bytes are left out; a form that
    /// two names have is the first one's.
    pub fn new(secrets: Vec<(String, Vec<Zeroizing<Vec<u8>>>)>) -> Self {
        let mut names = Vec::with_capacity(secrets.len());
        let mut forms = Vec::new();
        for (at, (name, of_name)) in secrets.into_iter().enumerate() {
            names.push(name);
            let long = of_name.into_iter().filter(|bytes| bytes.len() >= MIN_FORM);
            forms.extend(long.map(|bytes| Form { name: at, bytes }));
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

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    pub(super) fn name(&self, name: usize) -> &str {
        &self.names[name]
    }

    pub(super) fn name_of(&self, form: usize) -> usize {
        self.sorted[form].name
    }

    pub(super) fn bytes(&self, form: usize) -> &[u8] {
        &self.sorted[form].bytes
    }

    /// The length of the longest form.
    pub(super) fn longest(&self) -> usize {
        self.sorted.iter().map(|form| form.bytes.len()).max().unwrap_or(0)
    }

    /// The first place in `text` where a form may begin. A place with fewer than [`MIN_FORM`] bytes behind it is none.
    pub(super) fn next(&self, text: &[u8]) -> Option<usize> {
        text.windows(MIN_FORM).position(|four| {
            let (word, bit) = place(head(four));
            self.filter[word] & bit != 0
        })
    }

    /// The forms that begin as `text` does, which has [`MIN_FORM`] bytes at least.
    pub(super) fn with_head(&self, text: &[u8]) -> Range<usize> {
        match self.heads.binary_search(&head(text)) {
            Ok(at) => self.firsts[at]..self.firsts[at + 1],
            Err(_) => 0..0,
        }
    }

    /// Whether some form begins with the whole of `text`, which has fewer than [`MIN_FORM`] bytes.
    pub(super) fn begin_with(&self, text: &[u8]) -> bool {
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

/// The first bytes; big-endian, so that numbers are in the order of the texts.
fn head(text: &[u8]) -> u32 {
    u32::from_be_bytes([text[0], text[1], text[2], text[3]])
}

/// The word of the filter and the bit in it.
fn place(head: u32) -> (usize, u64) {
    // Knuth's multiplicative hash.
    let hash = head.wrapping_mul(0x9E37_79B1) >> (u32::BITS - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}
