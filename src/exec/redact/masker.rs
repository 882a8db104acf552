//! One stream's place in the search.

use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

use super::Forms;

/// How much of what is held back is let out to a person who waits: enough for the echo of what is typed, and too little
/// to tell a secret by.
const SHOWN_EARLY: usize = 3;

/// Masks one stream. What a chunk holds is written at once, but for an end of it that may be the beginning of a form.
///
/// Forms that overlap have one mark, with their names in the order in which they begin. All positions are counted from
/// the first byte that is held.
pub struct Masker {
    forms: Arc<Forms>,
    /// What is held: the last bytes of the stream.
    text: Zeroizing<Vec<u8>>,
    /// The first place of which it is not known yet whether a form begins there.
    next: usize,
    /// Forms that go on to the end of the text, and may go on behind it; in the order in which they begin.
    live: Vec<Live>,
    /// Forms that stand in the text and are not yet part of a mark.
    found: Vec<Found>,
    /// The mark that the text begins in.
    mark: Option<Mark>,
    /// How many of the bytes held have been let out.
    shown: usize,
}

#[derive(Clone, Copy)]
struct Live {
    start: usize,
    form: usize,
    matched: usize,
}

struct Found {
    start: usize,
    end: usize,
    name: usize,
}

struct Mark {
    end: usize,
    names: Vec<usize>,
    /// How many of the names have been written.
    written: usize,
}

impl Masker {
    /// For a stream that comes in chunks of up to `chunk` bytes.
    pub fn new(forms: Arc<Forms>, chunk: usize) -> Self {
        let text = Zeroizing::new(Vec::with_capacity(forms.longest() + chunk));
        Self { forms, text, next: 0, live: Vec::new(), found: Vec::new(), mark: None, shown: 0 }
    }

    /// Takes the next chunk, and adds to `out` all that is known to be no part of a form, and each mark that is known
    /// to go no further.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        self.append(chunk);
        for live in std::mem::take(&mut self.live) {
            self.follow(live);
        }
        while let Some(ahead) = self.forms.next(&self.text[self.next..]) {
            let start = self.next + ahead;
            for form in self.forms.with_head(&self.text[start..]) {
                self.follow(Live { start, form, matched: super::MIN_FORM });
            }
            self.next = start + 1;
        }
        self.next = self.next.max(self.text.len().saturating_sub(super::MIN_FORM - 1));
        while self.next < self.text.len() && !self.forms.begin_with(&self.text[self.next..]) {
            self.next += 1;
        }
        self.settle(out);
    }

    /// Ends the stream: what is held is no form any more.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.live.clear();
        self.next = self.text.len();
        self.settle(out);
    }

    /// Whether something is held that [`Self::release`] would let out.
    pub fn holds(&self) -> bool {
        match &self.mark {
            Some(mark) => mark.written < mark.names.len(),
            None => self.shown < self.text.len().min(SHOWN_EARLY),
        }
    }

    /// For when nothing has come for a while and a person waits: adds to `out` the mark that may go on, or up to three
    /// of the bytes held. If these turn out to begin a form the rest of it is masked.
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
        // A buffer that grows by itself would leave its bytes behind.
        if self.text.capacity() - self.text.len() < chunk.len() {
            let mut larger = Vec::with_capacity((self.text.len() + chunk.len()) * 2);
            larger.extend_from_slice(&self.text);
            self.text.zeroize();
            self.text = Zeroizing::new(larger);
        }
        self.text.extend_from_slice(chunk);
    }

    /// Compares on from where it stood. Comes to a form found, one that is live, or nothing.
    fn follow(&mut self, live: Live) {
        let form = &self.forms.bytes(live.form)[live.matched..];
        let text = &self.text[live.start + live.matched..];
        let common = form.len().min(text.len());
        if form[..common] != text[..common] {
            return;
        }
        let matched = live.matched + common;
        if common == form.len() {
            let name = self.forms.name_of(live.form);
            self.found.push(Found { start: live.start, end: live.start + matched, name });
        } else {
            self.live.push(Live { matched, ..live });
        }
    }

    /// Writes what is settled: all before the first place where a form may begin, or one has begun that may go on.
    fn settle(&mut self, out: &mut Vec<u8>) {
        let settled = self.live.first().map_or(self.next, |live| live.start);
        self.found.sort_by(|a, b| (a.start, b.end, a.name).cmp(&(b.start, a.end, b.name)));
        let count = self.found.partition_point(|found| found.start < settled);
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
                    *last = Some(Mark { end: found.end, names: vec![found.name], written: 0 });
                }
            }
        }
        if let Some(mut mark) = self.mark.take_if(|mark| mark.end <= settled) {
            write_mark(&self.forms, &mut mark, out);
            done = mark.end;
        }
        match &mut self.mark {
            Some(mark) => mark.end -= settled,
            None => out.extend_from_slice(rest(&self.text, done.max(self.shown), settled)),
        }
        self.text.drain(..settled);
        self.next -= settled;
        self.shown = self.shown.saturating_sub(settled);
        for live in &mut self.live {
            live.start -= settled;
        }
        for found in &mut self.found {
            found.start -= settled;
            found.end -= settled;
        }
    }
}

fn rest(text: &[u8], start: usize, end: usize) -> &[u8] {
    text.get(start..end).unwrap_or_default()
}

/// Writes the names that have not been written: `[A,B]`.
fn write_mark(forms: &Forms, mark: &mut Mark, out: &mut Vec<u8>) {
    let mut before = b'[';
    for name in &mark.names[mark.written..] {
        out.push(before);
        out.extend_from_slice(forms.name(*name).as_bytes());
        before = b',';
    }
    if before == b',' {
        out.push(b']');
    }
    mark.written = mark.names.len();
}
