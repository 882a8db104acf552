//! Moments in RFC 3339's format.

use jiff::Timestamp;
use jiff::tz::Offset;

/// A moment, and the UTC offset of the clock that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// The offset from UTC in minutes, less than a day.
    pub offset: i32,
}

impl Moment {
    /// Returns the current moment, in UTC.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { seconds: i64::try_from(since.as_secs()).unwrap_or(0), offset: 0 }
    }
}

/// Returns `2026-01-02T03:04:05+01:00`. A moment outside of four-digit years becomes the nearest one within, in UTC,
/// because RFC 3339 (section 5.6) allows no other years. No real commit has such a date.
pub(crate) fn rfc3339(moment: Moment) -> String {
    let offset = Offset::from_seconds(moment.offset.saturating_mul(60)).unwrap_or(Offset::UTC);
    let at = Timestamp::from_second(moment.seconds).ok();
    match at.filter(|at| offset.to_datetime(*at).year() >= 0) {
        Some(at) => at.display_with_offset(offset).to_string(),
        None if moment.seconds < 0 => "0000-01-01T00:00:00+00:00".into(),
        None => "9999-12-31T00:00:00+00:00".into(),
    }
}

/// Parses a moment in RFC 3339's format.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Moment> {
    Some(Moment { seconds: text.parse::<Timestamp>().ok()?.as_second(), offset: 0 })
}

/// Parses `30m`, `12h`, `7d` or `2w`. Returns seconds.
pub(crate) fn parse_age(text: &str) -> Result<i64, String> {
    let wrong = || "write a number and a unit: 30m, 12h, 7d or 2w".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        Some('w') => 7 * 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(i64::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        for (seconds, offset, text) in [
            (0, 0, "1970-01-01T00:00:00+00:00"),
            (951_782_400, 0, "2000-02-29T00:00:00+00:00"),
            (1_767_323_045, 90, "2026-01-02T04:34:05+01:30"),
            (-1, -450, "1969-12-31T16:29:59-07:30"),
            (4_107_542_400, 0, "2100-03-01T00:00:00+00:00"),
        ] {
            assert_eq!(rfc3339(Moment { seconds, offset }), text);
            assert_eq!(parse_rfc3339(text), Some(Moment { seconds, offset: 0 }));
        }
        for (seconds, offset, text) in [
            (i64::MAX, 60, "9999-12-31T00:00:00+00:00"),
            (i64::MIN, 0, "0000-01-01T00:00:00+00:00"),
            (-62_167_219_200, -60, "0000-01-01T00:00:00+00:00"),
            (0, i32::MAX, "1970-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(rfc3339(Moment { seconds, offset }), text);
        }
        assert_eq!(parse_rfc3339("2026-01-02T03:04:05"), None);
    }
}
