//! Which lines a change adds.

use git2::{DiffOptions, Patch};

/// The numbers, from 1, of the lines of `after` that `before` has not, in rising order.
///
/// A file that git takes for binary counts as all new.
pub(crate) fn added_lines(before: &[u8], after: &[u8]) -> Vec<usize> {
    let mut options = DiffOptions::new();
    // The worktree may have other line ends than the commit (gitattributes(5), `eol`).
    options.context_lines(0).force_text(true).ignore_whitespace_eol(true);
    let Ok(patch) = Patch::from_buffers(before, None, after, None, Some(&mut options)) else {
        return (1..=after.split(|b| *b == b'\n').count()).collect();
    };
    let mut lines = Vec::new();
    for hunk in 0..patch.num_hunks() {
        let Ok((hunk, _)) = patch.hunk(hunk) else { continue };
        let start = hunk.new_start() as usize;
        lines.extend(start..start + hunk.new_lines() as usize);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_lines_count() {
        assert_eq!(added_lines(b"a\nb\nc\n", b"a\nx\nc\ny\n"), [2, 4]);
        assert_eq!(added_lines(b"", b"a\nb"), [1, 2]);
        assert_eq!(added_lines(b"a\n", b"a\n"), Vec::<usize>::new());
        assert_eq!(added_lines(b"a\n", b""), Vec::<usize>::new());
        assert_eq!(added_lines(b"a\nb\n", b"a\r\nb\r\nc\r\n"), [3]);
        assert_eq!(added_lines(b"\0a\n", b"\0a\n\0b\n"), [2]);
    }
}
