use std::io;

use zeroize::Zeroizing;

/// Where a format writes: first a scale, then a buffer of the size that was weighed.
pub(super) enum Out {
    Weigh(usize),
    Fill(Zeroizing<Vec<u8>>),
}

/// Runs `emit` twice, so that the buffer is allocated once: growing would leave copies of secrets behind.
pub(super) fn sized(emit: impl Fn(&mut Out)) -> Zeroizing<Vec<u8>> {
    let mut scale = Out::Weigh(0);
    emit(&mut scale);
    let length = match scale {
        Out::Weigh(length) => length,
        Out::Fill(bytes) => bytes.len(),
    };

    let mut out = Out::Fill(Zeroizing::new(Vec::with_capacity(length)));
    emit(&mut out);
    match out {
        Out::Fill(bytes) => {
            debug_assert_eq!(bytes.len(), length, "emit wrote something else the second time");
            bytes
        }
        Out::Weigh(_) => Zeroizing::default(),
    }
}

impl Out {
    pub(super) fn put(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        match self {
            Self::Weigh(length) => *length += bytes.len(),
            Self::Fill(buffer) => buffer.extend_from_slice(bytes),
        }
    }

    /// Puts `value` with each byte for which `escape` has a text replaced by that text.
    pub(super) fn put_escaped(&mut self, value: &[u8], escape: impl Fn(u8) -> Option<&'static str>) {
        let mut start = 0;
        for (at, &byte) in value.iter().enumerate() {
            if let Some(text) = escape(byte) {
                self.put(&value[start..at]);
                self.put(text);
                start = at + 1;
            }
        }
        self.put(&value[start..]);
    }
}

/// For `serde_json`; never fails.
impl io::Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_never_grows() {
        let bytes = sized(|out| {
            out.put_escaped(b"a'b''", |byte| (byte == b'\'').then_some("[quote]"));
            out.put("!");
        });
        assert_eq!(bytes.as_slice(), b"a[quote]b[quote][quote]!");
        assert_eq!(bytes.capacity(), bytes.len());
    }
}
