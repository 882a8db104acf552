//! One `git cat-file --batch-command`, for as many objects as are asked for (git-cat-file(1)).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::command::not_started;
use super::{GitError, ObjectId};

/// A running `git cat-file --batch-command`.
pub(super) struct CatFile {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
}

/// What is said before an object's bytes.
pub(super) enum Header {
    /// It is not there.
    Missing,
    Object {
        kind: String,
        size: u64,
    },
}

impl CatFile {
    /// Twice so many requests fit into a pipe's buffer, which has 16 KiB where it is small (pipe(7)): nobody waits for
    /// anybody.
    pub(super) const AT_ONCE: usize = 100;

    /// Starts it by `command`, which names the repository.
    pub(super) fn start(mut command: Command) -> Result<Self, GitError> {
        command.args(["cat-file", "--batch-command", "--buffer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| not_started(&e))?;
        let stdout = child.stdout.take().map(BufReader::new);
        Ok(Self { stdin: child.stdin.take(), stdout, child })
    }

    /// Asks for objects, [`Self::AT_ONCE`] at the most; their answers come in the same order.
    pub(super) fn request(&mut self, ids: &[ObjectId]) -> io::Result<()> {
        use std::fmt::Write as _;
        let mut text = String::new();
        for id in ids {
            let _ = writeln!(text, "contents {id}");
        }
        text.push_str("flush\n");
        self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(text.as_bytes())
    }

    /// Asks for nothing more: it ends behind the last answer.
    pub(super) fn end_requests(&mut self) {
        self.stdin = None;
    }

    /// Reads what is said of the next object.
    pub(super) fn header(&mut self) -> io::Result<Header> {
        let mut line = Vec::new();
        self.stdout.as_mut().expect("open until it is dropped").read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(line.strip_suffix(b"\n").ok_or(io::ErrorKind::UnexpectedEof)?)
            .into_owned();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            [_, "missing"] => Ok(Header::Missing),
            [_, kind, size] => {
                let size = size.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                Ok(Header::Object { kind: kind.to_owned(), size })
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// What comes from here on: the bytes of the object, then a line break.
    pub(super) fn bytes(&mut self) -> &mut dyn Read {
        self.stdout.as_mut().expect("open until it is dropped")
    }

    /// Reads the line break behind an object's bytes.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let mut end = [0];
        self.bytes().read_exact(&mut end)?;
        if end == *b"\n" { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl Drop for CatFile {
    fn drop(&mut self) {
        // Without them it ends by itself, even in the middle of an answer.
        self.stdin = None;
        self.stdout = None;
        let _ = self.child.wait();
    }
}
