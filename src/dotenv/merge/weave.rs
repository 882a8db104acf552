//! Writing the merged text: every item in its place.

use std::collections::{BTreeMap, HashMap, HashSet};

use zeroize::Zeroizing;

use super::align::align;
use super::items::Item;
use super::{Choice, Side, settled};

/// What an item is known by when versions are aligned.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Token<'a> {
    /// A statement, whatever it says: its name stands once at most in each version.
    Name(&'a str),
    /// A line; or a statement of a name that stands more than once somewhere.
    Text(&'a [u8]),
}

/// One side, aligned with the ancestor.
struct Aligned<'a> {
    items: &'a [Item<'a>],
    tokens: Vec<Token<'a>>,
    /// For each item of the ancestor, the side's.
    of_base: Vec<Option<usize>>,
    /// For each item of the side, the ancestor's.
    in_base: Vec<Option<usize>>,
    names: HashMap<&'a str, usize>,
}

/// Writes the chosen statements, and the lines, each in its place.
pub(super) fn weave<'a>(
    sides: &'a [Vec<Item<'a>>; 3],
    choices: &'a BTreeMap<&'a str, Choice>,
    line_break: &'a str,
    marker_size: usize,
) -> Zeroizing<Vec<u8>> {
    let repeated = repeated(sides);
    let base_tokens = tokens(&sides[0], &repeated);
    let [ours, theirs] =
        [1, 2].map(|side| Aligned::new(&sides[side], tokens(&sides[side], &repeated), &base_tokens));
    let room = sides.iter().flatten().map(|item| item.body.len() + item.eol.len() + 2).sum::<usize>();
    let conflicts = choices.values().filter(|choice| **choice == Choice::Conflict).count();
    let out = Out::with_room(room + conflicts * (4 * marker_size + 64));
    let base_names = names(&base_tokens);
    let base = &sides[0];
    let mut weaver =
        Weaver { base, base_tokens, base_names, ours, theirs, choices, line_break, marker_size, out };
    weaver.write();
    weaver.out.into_text()
}

/// The names that stand more than once in one of the versions.
fn repeated<'a>(sides: &[Vec<Item<'a>>; 3]) -> HashSet<&'a str> {
    let mut repeated = HashSet::new();
    for items in sides {
        let mut seen = HashSet::new();
        let names = items.iter().filter_map(|item| item.statement).map(|statement| statement.name);
        repeated.extend(names.filter(|name| !seen.insert(*name)));
    }
    repeated
}

fn tokens<'a>(items: &[Item<'a>], repeated: &HashSet<&str>) -> Vec<Token<'a>> {
    let token = |item: &Item<'a>| match item.statement {
        Some(statement) if !repeated.contains(statement.name) => Token::Name(statement.name),
        _ => Token::Text(item.body),
    };
    items.iter().map(token).collect()
}

/// Where the statements stand.
fn names<'a>(tokens: &[Token<'a>]) -> HashMap<&'a str, usize> {
    let named = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        Token::Name(name) => Some((*name, at)),
        Token::Text(_) => None,
    });
    named.collect()
}

impl<'a> Aligned<'a> {
    fn new(items: &'a [Item<'a>], tokens: Vec<Token<'a>>, base: &[Token<'a>]) -> Self {
        let of_base = align(base, &tokens);
        let mut in_base = vec![None; items.len()];
        for (at, to) in of_base.iter().enumerate() {
            if let Some(to) = to {
                in_base[*to] = Some(at);
            }
        }
        let names = names(&tokens);
        Self { items, tokens, of_base, in_base, names }
    }

    /// The items that the side added or moved, by the ancestor's item that they stand before.
    fn added(&self) -> Vec<Vec<usize>> {
        let mut added = vec![Vec::new(); self.of_base.len() + 1];
        let mut before = 0;
        for (at, in_base) in self.in_base.iter().enumerate() {
            match in_base {
                Some(in_base) => before = in_base + 1,
                None => added[before].push(at),
            }
        }
        added
    }

    fn item(&self, name: &str) -> Option<&Item<'a>> {
        self.names.get(name).map(|at| &self.items[*at])
    }
}

struct Weaver<'a> {
    base: &'a [Item<'a>],
    base_tokens: Vec<Token<'a>>,
    base_names: HashMap<&'a str, usize>,
    ours: Aligned<'a>,
    theirs: Aligned<'a>,
    choices: &'a BTreeMap<&'a str, Choice>,
    line_break: &'a str,
    marker_size: usize,
    out: Out,
}

impl<'a> Weaver<'a> {
    fn write(&mut self) {
        let (ours, theirs) = (self.ours.added(), self.theirs.added());
        for (before, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            self.both_added(ours, theirs);
            if before == self.base.len() {
                return;
            }
            match (self.base_tokens[before], self.ours.of_base[before], self.theirs.of_base[before]) {
                (Token::Name(_), Some(at), _) if self.stands_here(Side::Ours, at) => {
                    self.item(Side::Ours, at);
                }
                (Token::Name(_), _, Some(at)) => self.item(Side::Theirs, at),
                (Token::Text(_), Some(ours), Some(theirs)) => {
                    let (ours, theirs) = (self.ours.items[ours], self.theirs.items[theirs]);
                    let eol = settled(&self.base[before].eol, &ours.eol, &theirs.eol);
                    self.out.line(ours.body, eol, self.line_break);
                }
                _ => {}
            }
        }
    }

    /// What both sides added at one place. A statement that both added stands once, and parts the rest.
    fn both_added(&mut self, ours: &[usize], theirs: &[usize]) {
        let places = theirs.iter().enumerate();
        let places: HashMap<_, _> = places.map(|(at, item)| (self.theirs.tokens[*item], at)).collect();
        let (mut from_ours, mut from_theirs) = (0, 0);
        for (at, item) in ours.iter().enumerate() {
            let token = self.ours.tokens[*item];
            let common = places.get(&token).filter(|place| **place >= from_theirs);
            if let (Token::Name(_), Some(place)) = (token, common) {
                self.one_after_the_other(&ours[from_ours..at], &theirs[from_theirs..*place]);
                self.item(Side::Ours, *item);
                (from_ours, from_theirs) = (at + 1, place + 1);
            }
        }
        self.one_after_the_other(&ours[from_ours..], &theirs[from_theirs..]);
    }

    fn one_after_the_other(&mut self, ours: &[usize], theirs: &[usize]) {
        let in_ours = ours.iter().map(|at| self.ours.items[*at].body);
        let alike = in_ours.eq(theirs.iter().map(|at| self.theirs.items[*at].body));
        for at in ours {
            self.item(Side::Ours, *at);
        }
        for at in theirs.iter().filter(|_| !alike) {
            self.item(Side::Theirs, *at);
        }
    }

    /// Writes an item of one side, a statement as it was chosen and only if this is its place.
    fn item(&mut self, side: Side, at: usize) {
        let of = self.side(side);
        let (item, token) = (of.items[at], of.tokens[at]);
        let Token::Name(name) = token else {
            self.out.line(item.body, item.eol, self.line_break);
            return;
        };
        if !self.stands_here(side, at) {
            return;
        }
        let [ours, theirs] = [&self.ours, &self.theirs].map(|side| side.item(name).copied());
        match self.choices[name] {
            Choice::Take(side) => {
                let Some(item) = (if side == Side::Ours { ours } else { theirs }) else { return };
                let eol = self.eol_of(name).unwrap_or(item.eol);
                self.out.line(item.body, eol, self.line_break);
            }
            Choice::Conflict => {
                let (out, size, line_break) = (&mut self.out, self.marker_size, self.line_break);
                let body = |out: &mut Out, item: Option<Item<'_>>| {
                    if let Some(item) = item {
                        out.line(item.body, item.eol, line_break);
                    }
                };
                out.marker(b'<', size, " ours", line_break);
                body(out, ours);
                out.marker(b'=', size, "", line_break);
                body(out, theirs);
                out.marker(b'>', size, " theirs", line_break);
            }
        }
    }

    /// The line break behind a statement that all three versions have.
    fn eol_of(&self, name: &str) -> Option<&'a [u8]> {
        let base = self.base[*self.base_names.get(name)?];
        Some(settled(&base.eol, &self.ours.item(name)?.eol, &self.theirs.item(name)?.eol))
    }

    /// Whether the statement at `at` of a side is written where that side has it: with ours, unless ours has none, or
    /// theirs moved it and ours did not.
    fn stands_here(&self, side: Side, at: usize) -> bool {
        let Token::Name(name) = self.side(side).tokens[at] else { return true };
        let place = match (self.ours.names.get(name), self.theirs.names.get(name)) {
            (Some(ours), Some(theirs))
                if self.ours.in_base[*ours].is_some() && self.theirs.in_base[*theirs].is_none() =>
            {
                Side::Theirs
            }
            (None, _) => Side::Theirs,
            _ => Side::Ours,
        };
        place == side
    }

    fn side(&self, side: Side) -> &Aligned<'a> {
        if side == Side::Ours { &self.ours } else { &self.theirs }
    }
}

/// A text in the making. It may hold plaintext: room for all of it is made beforehand, so that no copy stays behind.
pub(super) struct Out(Zeroizing<Vec<u8>>);

impl Out {
    pub(super) fn with_room(room: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(room)))
    }

    pub(super) fn into_text(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// A line of its own; one without a line break ends there only if nothing follows.
    fn line(&mut self, body: &[u8], eol: &[u8], line_break: &str) {
        if !matches!(self.0.last(), None | Some(b'\n' | b'\r')) {
            self.0.extend_from_slice(line_break.as_bytes());
        }
        if self.0.ends_with(b"\r") && body.is_empty() && eol == b"\n" {
            // The two would be one line break.
            self.0.push(b'\n');
        }
        self.0.extend_from_slice(body);
        self.0.extend_from_slice(eol);
    }

    /// The text as it is.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }

    /// A conflict marker, at the start of what every reader takes for a line.
    pub(super) fn marker(&mut self, mark: u8, size: usize, label: &str, line_break: &str) {
        if !matches!(self.0.last(), None | Some(b'\n')) {
            self.0.extend_from_slice(line_break.as_bytes());
        }
        let end = self.0.len() + size;
        self.0.resize(end, mark);
        self.0.extend_from_slice(label.as_bytes());
        self.0.extend_from_slice(line_break.as_bytes());
    }
}
