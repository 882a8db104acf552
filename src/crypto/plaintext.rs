//! What lies under the seal: kind, bytes, padding.

use std::ops::Range;

use super::token::STEP;

/// How the opened bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The exact bytes of the value.
    Value,
    /// The exact source text that stood right of `=`, quotes included; to be read by the dialect's rules.
    Source,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Value => 0,
            Self::Source => 1,
        }
    }
}

/// Which rule an opened plaintext breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    Padding,
    Kind,
}

/// The length of `kind ‖ bytes ‖ 0x80 ‖ 0x00*` for `len` bytes: the least multiple of 32 that holds it.
pub(super) fn padded_len(len: usize) -> usize {
    (len + 2).next_multiple_of(STEP)
}

/// Appends `kind ‖ bytes ‖ 0x80 ‖ 0x00*` to `buffer`, whose spare capacity holds it already.
pub(super) fn append(buffer: &mut Vec<u8>, kind: Kind, bytes: &[u8]) {
    let end = buffer.len() + padded_len(bytes.len());
    debug_assert!(buffer.capacity() >= end, "growing would leave a copy of the secret behind");
    buffer.push(kind.byte());
    buffer.extend_from_slice(bytes);
    buffer.push(0x80);
    buffer.resize(end, 0);
}

/// Finds the kind, and where in `padded` its bytes lie.
// The tag has been verified by now, so what is found here tells only the sealer anything; it need not be in
// constant time.
pub(super) fn unpad(padded: &[u8]) -> Result<(Kind, Range<usize>), Malformed> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(Malformed::Padding)?;
    if padded[end] != 0x80 || padded.len() - end > STEP {
        return Err(Malformed::Padding);
    }
    let kind = match padded[..end].first() {
        Some(0) => Kind::Value,
        Some(1) => Kind::Source,
        _ => return Err(Malformed::Kind),
    };
    Ok((kind, 1..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_show_only_in_steps_of_32() {
        for (len, padded) in [(0, 32), (1, 32), (30, 32), (31, 64), (32, 64), (62, 64), (63, 96)] {
            assert_eq!(padded_len(len), padded, "{len}");
        }
    }

    #[test]
    fn unpad_undoes_append() {
        for len in 0..100 {
            let bytes = vec![0x80; len];
            let mut buffer = Vec::with_capacity(padded_len(len));
            append(&mut buffer, Kind::Source, &bytes);
            assert_eq!(buffer.len(), padded_len(len));
            let (kind, range) = unpad(&buffer).unwrap();
            assert_eq!((kind, &buffer[range]), (Kind::Source, &bytes[..]));
        }
    }

    #[test]
    fn padding_is_0x80_then_zeros_and_no_longer_than_it_must_be() {
        let mut padded = [0; 64];
        assert_eq!(unpad(&padded), Err(Malformed::Padding));
        padded[31] = 0x80;
        assert_eq!(unpad(&padded), Err(Malformed::Padding), "33 bytes of padding");
        padded[31] = 0;
        padded[32] = 0x80;
        assert_eq!(unpad(&padded), Ok((Kind::Value, 1..32)));
        padded[63] = 1;
        assert_eq!(unpad(&padded), Err(Malformed::Padding));
    }

    #[test]
    fn the_kind_is_there_and_known() {
        let mut padded = [0; 32];
        padded[0] = 0x80;
        assert_eq!(unpad(&padded), Err(Malformed::Kind));
        padded[0] = 2;
        padded[1] = 0x80;
        assert_eq!(unpad(&padded), Err(Malformed::Kind));
    }
}
