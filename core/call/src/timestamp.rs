//! Times as text: ISO 8601 in UTC, as values and replies carry them.

use time::{OffsetDateTime, UtcOffset};

/// A time as replies' values carry it: RFC 3339, UTC, whole milliseconds, no zeros at the end of the fraction. Empty for a
/// year that the format has no digits for.
pub fn timestamp(time: OffsetDateTime) -> String {
    let mut text = String::with_capacity(24);
    let decimals = match time.millisecond() {
        0 => 0,
        millis if millis % 100 == 0 => 1,
        millis if millis % 10 == 0 => 2,
        _ => 3,
    };
    push_iso8601(time, decimals, &mut text);
    text
}

/// `2026-11-28T09:05:07.120Z`: with so many of the milliseconds' three digits. Nothing for a year outside 0 to 9999.
///
/// Spelled by hand: replies have thousands of them, and a description of the format would be read for each.
pub fn push_iso8601(time: OffsetDateTime, decimals: usize, out: &mut String) {
    let time = time.to_offset(UtcOffset::UTC);
    let Some(year) = u16::try_from(time.year()).ok().filter(|year| *year <= 9999) else { return };
    push_pair((year / 100) as u8, out);
    push_pair((year % 100) as u8, out);
    out.push('-');
    push_pair(u8::from(time.month()), out);
    out.push('-');
    push_pair(time.day(), out);
    out.push('T');
    push_pair(time.hour(), out);
    out.push(':');
    push_pair(time.minute(), out);
    out.push(':');
    push_pair(time.second(), out);
    let millis = time.millisecond();
    if decimals > 0 {
        out.push('.');
        let digits = [millis / 100, millis / 10 % 10, millis % 10];
        digits.into_iter().take(decimals).for_each(|digit| out.push(char::from(b'0' + digit as u8)));
    }
    out.push('Z');
}

/// Two digits.
fn push_pair(number: u8, out: &mut String) {
    out.push(char::from(b'0' + number / 10 % 10));
    out.push(char::from(b'0' + number % 10));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;
    use time::macros::datetime;

    #[test]
    fn the_fraction_is_as_long_as_it_must_be() {
        let texts = [
            (datetime!(2026-11-28 09:05:07 UTC), "2026-11-28T09:05:07Z"),
            (datetime!(2026-11-28 09:05:07.000999 UTC), "2026-11-28T09:05:07Z"),
            (datetime!(2026-11-28 09:05:07.1 UTC), "2026-11-28T09:05:07.1Z"),
            (datetime!(2026-11-28 09:05:07.12 UTC), "2026-11-28T09:05:07.12Z"),
            (datetime!(2026-11-28 09:05:07.1234567 UTC), "2026-11-28T09:05:07.123Z"),
            (datetime!(2026-11-28 09:05:07.001 +01:30), "2026-11-28T07:35:07.001Z"),
            (datetime!(0000-01-01 00:00:00 UTC), "0000-01-01T00:00:00Z"),
            (datetime!(-0001-01-01 00:00:00 UTC), ""),
        ];
        for (time, text) in texts {
            assert_eq!(timestamp(time), text);
        }
    }

    proptest! {
        /// The library's own spelling of the same moment.
        #[test]
        fn any_time_is_spelled_as_the_library_does(seconds in -70_000_000_000_i64..253_000_000_000, millis in 0_u32..1000) {
            let whole = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let time = whole.replace_nanosecond(millis * 1_000_000).unwrap();
            prop_assert_eq!(timestamp(time + time::Duration::NANOSECOND), time.format(&Rfc3339).unwrap_or_default());
        }
    }
}
