//! A commit, read from its bytes (git-commit-tree(1), gitformat-signature(5)).

use super::{GitError, ObjectId, Repo};

/// What a commit says of itself. Names are taken as they were recorded: `.mailmap` is a file of the repository, and
/// whoever can write to it could otherwise sign another's name under a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: ObjectId,
    /// The commits it comes after, whether or not this clone has them.
    pub parents: Vec<ObjectId>,
    /// Its author's name.
    pub author: String,
    /// Its author's address.
    pub email: String,
    /// When it was written, by its author's clock: seconds since 1970.
    pub time: i64,
    /// The author's offset from UTC, in minutes.
    pub offset: i32,
    /// The first paragraph of its message, on one line.
    pub subject: String,
    /// Its signature, if it has one.
    pub signed: Option<Signed>,
}

/// A commit's signature, and the bytes it was made over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The armoured signature: `-----BEGIN SSH SIGNATURE-----`, or another sort.
    pub signature: Vec<u8>,
    /// The commit without its signature.
    pub payload: Vec<u8>,
}

impl Repo {
    /// What the commit `id` says of itself.
    pub fn read_commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        let text = self.object(id, "commit")?;
        let (head, message) = split_message(&text);
        let encoding = fields(head).find(|(name, _)| *name == b"encoding").map(|(_, value)| value);
        let decode = |bytes: &[u8]| match encoding {
            Some(name) if is_latin1(name) => bytes.iter().map(|byte| char::from(*byte)).collect(),
            _ => String::from_utf8_lossy(bytes).into_owned(),
        };
        let author = fields(head).find(|(name, _)| *name == b"author").map_or(&b""[..], |(_, value)| value);
        let (name, email, time, offset) = person(author);
        Ok(Commit {
            id,
            parents: Self::links(id, &text)?.1,
            author: decode(name),
            email: decode(email),
            time,
            offset,
            subject: decode(&subject(message)),
            signed: signed(&text, head.len()),
        })
    }

    /// The commits that a commit itself says it comes after, whether or not this clone has them.
    pub fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let text = self.object(commit, "commit")?;
        Ok(Self::links(commit, &text)?.1)
    }

    /// As [`Self::parents`], of many commits.
    pub(super) fn all_parents(&self, commits: &[ObjectId]) -> Result<Vec<Vec<ObjectId>>, GitError> {
        let mut all = Vec::with_capacity(commits.len());
        for some in commits.chunks(1024) {
            for (id, text) in some.iter().zip(self.objects(some, "commit")?) {
                let (tree, parents) = Self::links(*id, &text)?;
                self.commit_trees.borrow_mut().insert(*id, tree);
                all.push(parents);
            }
        }
        Ok(all)
    }

    /// The tree of a commit; a tree that was not handed over as a commit's is its own.
    pub(super) fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        if let Some(tree) = self.commit_trees.borrow().get(&commit) {
            return Ok(*tree);
        }
        let tree = match self.object(commit, "commit") {
            Err(GitError::Damaged { .. }) if self.object(commit, "tree").is_ok() => commit,
            text => Self::links(commit, &text?)?.0,
        };
        self.commit_trees.borrow_mut().insert(commit, tree);
        Ok(tree)
    }

    /// A commit's tree and its parents.
    fn links(id: ObjectId, text: &[u8]) -> Result<(ObjectId, Vec<ObjectId>), GitError> {
        let read = || {
            let mut lines = text.split(|byte| *byte == b'\n');
            let tree = ObjectId::parse(lines.next()?.strip_prefix(b"tree ")?)?;
            let parents = lines.map_while(|line| line.strip_prefix(b"parent ")).map(ObjectId::parse);
            Some((tree, parents.collect::<Option<_>>()?))
        };
        read()
            .ok_or_else(|| GitError::Damaged { id, reason: "it is no commit that git could read".to_owned() })
    }
}

/// The header, its last line break included, and the message.
fn split_message(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(text, b"\n\n") {
        Some(at) => (&text[..=at], &text[at + 2..]),
        None => (text, b""),
    }
}

/// The header's fields, without the lines that continue one.
fn fields(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.split(|byte| *byte == b'\n').filter_map(|line| {
        let space = memchr::memchr(b' ', line).filter(|at| *at > 0)?;
        Some((&line[..space], &line[space + 1..]))
    })
}

/// `NAME <EMAIL> SECONDS ±HHMM`: name, email, seconds and the offset in minutes. What is malformed counts as 0.
fn person(text: &[u8]) -> (&[u8], &[u8], i64, i32) {
    let close = memchr::memrchr(b'>', text).unwrap_or(text.len());
    let open = memchr::memchr(b'<', &text[..close]).unwrap_or(close);
    let email = text.get(open + 1..close).unwrap_or_default();
    let tail = String::from_utf8_lossy(text.get(close + 1..).unwrap_or_default()).into_owned();
    let mut words = tail.split_ascii_whitespace();
    let time = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let offset = words.next().and_then(minutes).unwrap_or(0);
    (text[..open].trim_ascii(), email.trim_ascii(), time, offset)
}

/// The minutes of `±HHMM`, within a day.
fn minutes(text: &str) -> Option<i32> {
    let number: i32 = text.parse().ok()?;
    let minutes = number / 100 * 60 + number % 100;
    (minutes.abs() < 24 * 60).then_some(minutes)
}

/// As git's `%s` has it: the lines of the first paragraph, joined by blanks.
fn subject(message: &[u8]) -> Vec<u8> {
    let lines = message.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(&b' ')
}

/// The signature's lines continue with a blank; without them stands what was signed.
fn signed(text: &[u8], head: usize) -> Option<Signed> {
    const LEAD: &[u8] = b"gpgsig ";
    let starts_line = |at: &usize| *at == 0 || text[at - 1] == b'\n';
    let start = memchr::memmem::find_iter(&text[..head], LEAD).find(starts_line)?;
    let mut end = start;
    let mut signature = Vec::new();
    for line in text[start..head].split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(if end == start { LEAD } else { b" " }) {
            Some(part) => signature.extend_from_slice(part),
            None => break,
        }
        end += line.len();
    }
    Some(Signed { signature, payload: [&text[..start], &text[end..]].concat() })
}

fn is_latin1(name: &[u8]) -> bool {
    [&b"ISO-8859-1"[..], b"ISO8859-1", b"latin1", b"latin-1"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    fn git(g: &Fixture, args: &[&str]) -> String {
        String::from_utf8(Fixture::try_git(g.root(), args).stdout).unwrap().trim_end().to_owned()
    }

    #[test]
    fn a_commit_says_what_git_says() {
        let g = Fixture::new();
        g.commit("a", "1");
        g.add("a", "2");
        let author = "Zoë  <b>  Ünï <z@example.com>";
        let message = "\n\nfirst line  \nsecond\n\nbody\ngpgsig no";
        g.git(&[
            "commit",
            "-q",
            "--author",
            author,
            "--date",
            "1700000000 -0730",
            "--cleanup=verbatim",
            "-m",
            message,
        ]);
        let repo = Repo::open(g.root()).unwrap();
        let commit = repo.read_commit(repo.head().unwrap().unwrap()).unwrap();
        let said =
            format!("{}|{}|{}|{}|{}", commit.id, commit.author, commit.email, commit.time, commit.subject);
        assert_eq!(said, git(&g, &["log", "-1", "--format=%H|%an|%ae|%at|%s"]));
        assert_eq!(commit.offset, -450);
        assert_eq!(commit.parents.len(), 1);
        assert_eq!(commit.signed, None);
    }

    #[test]
    fn latin_1_is_decoded() {
        let g = Fixture::new();
        g.git(&["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "-m", "x"]);
        let raw = Fixture::try_git(g.root(), &["cat-file", "commit", "HEAD"]).stdout;
        let raw = String::from_utf8(raw).unwrap().replace("\n\nx", "\n\n\u{1}");
        let bytes: Vec<u8> = raw.bytes().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
        let repo = Repo::open(g.root()).unwrap();
        std::fs::write(g.outside("commit"), bytes).unwrap();
        let id = git(&g, &["hash-object", "-w", "-t", "commit", g.outside("commit").to_str().unwrap()]);
        let id = ObjectId::parse(id.as_bytes()).unwrap();
        assert_eq!(repo.read_commit(id).unwrap().subject, "é");
    }

    #[test]
    fn a_signature_is_taken_out_of_what_it_signs() {
        let plain = "tree 1\nauthor A <a> 1 +0000\nencoding X\n\ngpgsig in the message\n";
        let text = plain.replace("encoding", "gpgsig -----BEGIN\n line\n \n -----END\nencoding");
        let head = split_message(text.as_bytes()).0.len();
        let signed = signed(text.as_bytes(), head).unwrap();
        assert_eq!(signed.signature, b"-----BEGIN\nline\n\n-----END\n");
        assert_eq!(signed.payload, plain.as_bytes());
        assert_eq!(super::signed(plain.as_bytes(), split_message(plain.as_bytes()).0.len()), None);
    }

    #[test]
    fn odd_persons() {
        assert_eq!(person(b"A B <a@b> 12 +0130"), (&b"A B"[..], &b"a@b"[..], 12, 90));
        assert_eq!(person(b"A <x> B <a@b> 12 -0130").2, 12);
        assert_eq!(person(b""), (&b""[..], &b""[..], 0, 0));
        assert_eq!(person(b"A <a> x y"), (&b"A"[..], &b"a"[..], 0, 0));
        assert_eq!(person(b"A <a> -5 +9999"), (&b"A"[..], &b"a"[..], -5, 0));
    }
}
