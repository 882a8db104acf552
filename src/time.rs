//! Moments as RFC 3339 writes them.

/// A moment, and the offset of the clock that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// The offset from UTC in minutes, less than a day.
    pub offset: i32,
}

impl Moment {
    /// This one, in UTC.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { seconds: i64::try_from(since.as_secs()).unwrap_or(0), offset: 0 }
    }
}

/// The years 0 to 9999, which is as far as four digits go.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

/// `2026-01-02T03:04:05+01:00`. A moment outside of four-digit years becomes the nearest within, in UTC: nobody
/// commits then, and a reader of RFC 3339 (section 5.6) must be able to read it.
pub(crate) fn rfc3339(moment: Moment) -> String {
    let local = moment.seconds.saturating_add(i64::from(moment.offset) * 60);
    let (local, offset) =
        if (FIRST..=LAST).contains(&local) { (local, moment.offset) } else { (local.clamp(FIRST, LAST), 0) };
    let (year, month, day) = civil(local.div_euclid(86_400));
    let second = local.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{hours:02}:{minutes:02}")
}

/// Year, month and day of the days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (H. Hinnant, as above, `days_from_civil`).
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: i64, offset: i32) -> String {
        rfc3339(Moment { seconds, offset })
    }

    #[test]
    fn known_moments() {
        assert_eq!(text(0, 0), "1970-01-01T00:00:00+00:00");
        assert_eq!(text(951_782_400, 0), "2000-02-29T00:00:00+00:00");
        assert_eq!(text(1_767_323_045, 90), "2026-01-02T04:34:05+01:30");
        assert_eq!(text(-1, -450), "1969-12-31T16:29:59-07:30");
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00+00:00");
        assert_eq!(text(i64::MAX, 60), "9999-12-31T23:59:59+00:00");
        assert_eq!(text(i64::MIN, 0), "0000-01-01T00:00:00+00:00");
        assert_eq!(text(LAST, 60), "9999-12-31T23:59:59+00:00");
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut before = civil(-146_097);
        for day in -146_096..=146_097 {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
            let next = (year, month, date) == (before.0, before.1, before.2 + 1);
            let new_month = date == 1 && (month == before.1 + 1 || month == 1 && year == before.0 + 1);
            assert!(next || new_month && before.2 >= 28, "{before:?} {:?}", (year, month, date));
            before = (year, month, date);
        }
        assert_eq!(civil(0), (1970, 1, 1));
    }
}
