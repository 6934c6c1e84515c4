//! DateEquals and the other date operators: ISO 8601 in the forms of W3C, or seconds since 1970.

use super::Compared;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// A policy value of a date operator.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    compared: Compared,
    /// Nanoseconds since 1970.
    bound: i128,
}

impl Moment {
    pub fn parse(text: &str, compared: Compared) -> Option<Self> {
        Some(Self { compared, bound: nanoseconds(text)? })
    }

    /// A value that is no date compares with nothing.
    pub fn matches(self, found: &str) -> bool {
        nanoseconds(found).is_some_and(|found| self.compared.accepts(found.cmp(&self.bound)))
    }
}

/// Nanoseconds since 1970 of `2026`, `2026-11`, `2026-11-21`, `2026-11-21T10:00Z`, `2026-11-21T10:00:00.5+01:00`,
/// `20261121T100000Z` or a number of seconds (any run of digits that is not four long).
pub(super) fn nanoseconds(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number && text.len() != 4 {
        return Some(i128::from(text.parse::<i64>().ok()?) * 1_000_000_000);
    }
    let (date, time) = match text.split_once(['T', 't']) {
        None => (text, None),
        Some((date, time)) => (date, Some(time)),
    };
    let date = parse_date(date)?;
    let (time, offset) = match time {
        None => (Time::MIDNIGHT, UtcOffset::UTC),
        Some(time) => parse_time(time)?,
    };
    Some(OffsetDateTime::new_in_offset(date, time, offset).unix_timestamp_nanos())
}

fn parse_date(text: &str) -> Option<Date> {
    let (year, month, day) = if text.contains('-') {
        let mut parts = text.splitn(3, '-');
        (parts.next()?, parts.next()?, parts.next().unwrap_or("01"))
    } else if text.len() == 8 {
        (text.get(..4)?, text.get(4..6)?, text.get(6..)?)
    } else {
        (text, "01", "01")
    };
    if year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let month = Month::try_from(digits(month)? as u8).ok()?;
    Date::from_calendar_date(i32::try_from(digits(year)?).ok()?, month, digits(day)? as u8).ok()
}

/// The time of day and its offset; the seconds may be missing.
fn parse_time(text: &str) -> Option<(Time, UtcOffset)> {
    let zone_at = text.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = text.split_at_checked(zone_at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let clock: String = clock.chars().filter(|c| *c != ':').collect();
    if fraction.len() > 9 || !matches!(clock.len(), 4 | 6) {
        return None;
    }
    let part = |from: usize| clock.get(from..from + 2).map_or(Some(0), |part| digits(part).map(|n| n as u8));
    let nanoseconds = if fraction.is_empty() { 0 } else { digits(&format!("{fraction:0<9}"))? };
    let time = Time::from_hms_nano(part(0)?, part(2)?, part(4)?, nanoseconds).ok()?;
    Some((time, parse_zone(zone)?))
}

fn parse_zone(text: &str) -> Option<UtcOffset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(UtcOffset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let clock: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    if clock.len() != 4 {
        return None;
    }
    let (hours, minutes) = (digits(clock.get(..2)?)? as i8, digits(clock.get(2..)?)? as i8);
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn the_forms_of_a_date() {
        let at = |text| nanoseconds(text).map(|n| n / 1_000_000);
        for (text, milliseconds) in [
            ("1970", Some(0)),
            ("1970-01-02", Some(86_400_000)),
            ("1970-01-01T00:01Z", Some(60_000)),
            ("1970-01-01T01:00:00.5+01:00", Some(500)),
            ("19700101T000001Z", Some(1000)),
            ("1700000000", Some(1_700_000_000_000)),
            ("yesterday", None),
            ("1970-13-01", None),
            ("1970-01-01T25:00Z", None),
            ("1970-01-01T1é:00Z", None),
            ("", None),
        ] {
            assert_eq!(at(text), milliseconds, "{text}");
        }
    }
}
