//! Adding lines to a text file such as `.gitignore`.

use std::path::Path;

use super::{FsError, NewMode, Staged, read, stage};

/// Adds `line` (without its line end) to the end of the text file at `path`, unless a line equal to it stands there,
/// trailing whitespace aside. A missing file is made, with mode `new`.
///
/// The file's own line ends are kept, and a last line without one gets it first. Returns whether the file changed.
pub(crate) fn append_line(path: &Path, line: &str, new: NewMode) -> Result<bool, FsError> {
    match with_lines(path, &[line], new)? {
        Some(staged) => staged.commit().map(|()| true),
        None => Ok(false),
    }
}

/// As [`append_line`] with several lines, up to the point where the file is to be replaced; none where each stands
/// there already.
pub(crate) fn with_lines(path: &Path, lines: &[&str], new: NewMode) -> Result<Option<Staged>, FsError> {
    let mut text = match read(path) {
        Ok(text) => text,
        Err(FsError::NotFound { .. }) => Vec::new(),
        Err(e) => return Err(e),
    };
    let before = text.len();
    let end: &[u8] = if memchr::memmem::find(&text, b"\r\n").is_some() { b"\r\n" } else { b"\n" };
    for line in lines {
        let body = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let wanted = line.as_bytes().trim_ascii_end();
        if body.split(|&b| b == b'\n').any(|l| l.trim_ascii_end() == wanted) {
            continue;
        }
        if !body.is_empty() && !text.ends_with(b"\n") {
            text.extend_from_slice(end);
        }
        text.extend_from_slice(line.as_bytes());
        text.extend_from_slice(end);
    }
    if text.len() == before { Ok(None) } else { stage(path, &text, new).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn appended(before: &[u8], line: &str) -> (bool, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".gitignore");
        fs::write(&path, before).unwrap();
        let changed = append_line(&path, line, NewMode::Default).unwrap();
        (changed, fs::read(path).unwrap())
    }

    #[test]
    fn adds_a_line_once_and_keeps_line_ends() {
        for (before, after) in [
            (&b""[..], &b".env.keys\n"[..]),
            (b"/target\n", b"/target\n.env.keys\n"),
            (b"/target", b"/target\n.env.keys\n"),
            (b"/target\r\n", b"/target\r\n.env.keys\r\n"),
            (b"a\r\n/target", b"a\r\n/target\r\n.env.keys\r\n"),
            (b"# .env.keys\n", b"# .env.keys\n.env.keys\n"),
            (b"\xff\xfe\n", b"\xff\xfe\n.env.keys\n"),
            (b"\n\n", b"\n\n.env.keys\n"),
        ] {
            assert_eq!(appended(before, ".env.keys"), (true, after.to_vec()));
            assert_eq!(appended(after, ".env.keys"), (false, after.to_vec()));
        }
    }

    #[test]
    fn sees_the_line_with_trailing_space_without_newline_and_behind_a_bom() {
        for before in
            [&b".env.keys"[..], b".env.keys  \t\r\nx\r\n", b"\xef\xbb\xbf.env.keys\n", b"x\n.env.keys"]
        {
            assert_eq!(appended(before, ".env.keys"), (false, before.to_vec()));
        }
        assert!(appended(b" .env.keys\n", ".env.keys").0, "leading space is another pattern");
    }

    #[test]
    fn makes_a_missing_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".gitignore");
        assert!(append_line(&path, "x", NewMode::Default).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"x\n");
        assert!(append_line(dir.path(), "x", NewMode::Default).is_err());
        assert!(append_line(&dir.path().join("no/.gitignore"), "x", NewMode::Default).is_err());
    }
}
