//! Timestamps: RFC 3339 with milliseconds in values, three spellings on the wire.

use crate::model::TimeFormat;
use postern_call::push_iso8601;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

const NO_ZONE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const HTTP_DATE: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second][optional [.[subsecond]]] GMT"
);
const HTTP_DATE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// A moment, to the millisecond, between the years 0 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(OffsetDateTime);

/// How fine an ISO 8601 timestamp is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// Always three digits, as EC2 writes them.
    Millis,
    /// Three digits when they are not all zero.
    AsNeeded,
    /// None, as IAM and STS write them.
    Seconds,
}

impl Moment {
    /// A time, to the millisecond below it.
    pub(crate) fn of(time: OffsetDateTime) -> Option<Moment> {
        let time = time.to_offset(time::UtcOffset::UTC);
        Self::in_range(time.replace_nanosecond(u32::from(time.millisecond()) * 1_000_000).ok()?)
    }

    /// Reads any spelling that some protocol uses: ISO 8601, an HTTP date, seconds since 1970.
    pub(crate) fn parse(text: &str) -> Option<Moment> {
        let text = text.trim();
        if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
            return Self::in_range(moment.to_offset(time::UtcOffset::UTC));
        }
        if let Ok(moment) = PrimitiveDateTime::parse(text, HTTP_DATE).or(PrimitiveDateTime::parse(text, NO_ZONE)) {
            return Self::in_range(moment.assume_utc());
        }
        if let Ok(day) = Date::parse(text, DAY) {
            return Self::in_range(day.midnight().assume_utc());
        }
        Self::from_seconds(text.parse().ok()?)
    }

    /// Seconds since 1970, rounded to milliseconds.
    pub(crate) fn from_seconds(seconds: f64) -> Option<Moment> {
        if !(-1e14..1e14).contains(&seconds) {
            return None;
        }
        let nanos = (seconds * 1000.0).round() as i128 * 1_000_000;
        Self::in_range(OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?)
    }

    fn in_range(moment: OffsetDateTime) -> Option<Moment> {
        (0..=9999).contains(&moment.year()).then_some(Moment(moment))
    }

    pub(crate) fn rfc3339(self) -> String {
        self.iso8601(Precision::Millis)
    }

    pub(crate) fn iso8601(self, precision: Precision) -> String {
        let mut text = String::with_capacity(24);
        self.push_iso8601(precision, &mut text);
        text
    }

    pub(crate) fn push_iso8601(self, precision: Precision, out: &mut String) {
        let whole = precision == Precision::Seconds || precision == Precision::AsNeeded && self.0.millisecond() == 0;
        push_iso8601(self.0, if whole { 0 } else { 3 }, out);
    }

    pub(crate) fn http_date(self) -> String {
        let whole = self.0.format(HTTP_DATE_SECONDS).unwrap_or_default();
        match (self.0.millisecond(), whole.strip_suffix(" GMT")) {
            (millis, Some(head)) if millis != 0 => format!("{head}.{millis:03} GMT"),
            _ => whole,
        }
    }

    /// Milliseconds since 1970.
    pub(crate) fn epoch_millis(self) -> i64 {
        (self.0.unix_timestamp_nanos() / 1_000_000) as i64
    }

    /// Seconds since 1970 as a JSON number: whole, or with three decimals.
    pub(crate) fn epoch_text(self) -> String {
        let millis = self.epoch_millis();
        match millis.rem_euclid(1000) {
            0 => (millis / 1000).to_string(),
            _ => format!("{:.3}", millis as f64 / 1000.0),
        }
    }

    pub(crate) fn spelled(self, format: TimeFormat, precision: Precision) -> String {
        match format {
            TimeFormat::Iso8601 => self.iso8601(precision),
            TimeFormat::HttpDate => self.http_date(),
            TimeFormat::Epoch => self.epoch_text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_every_spelling() {
        for text in [
            "2014-04-29T18:30:38.123Z",
            "2014-04-29T19:30:38.123+01:00",
            "Tue, 29 Apr 2014 18:30:38.123 GMT",
            "1398796238.123",
        ] {
            let moment = Moment::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(moment.rfc3339(), "2014-04-29T18:30:38.123Z");
            assert_eq!(moment.epoch_text(), "1398796238.123");
        }
        let whole = Moment::parse("2014-04-29T18:30:38Z").unwrap();
        assert_eq!(whole.iso8601(Precision::AsNeeded), "2014-04-29T18:30:38Z");
        assert_eq!(whole.iso8601(Precision::Millis), "2014-04-29T18:30:38.000Z");
        assert_eq!(whole.http_date(), "Tue, 29 Apr 2014 18:30:38 GMT");
        assert_eq!(whole.epoch_text(), "1398796238");
        assert_eq!(Moment::parse("2014-04-29").unwrap().epoch_text(), "1398729600");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "yesterday", "NaN", "1e300", "-1e300", "2014-13-01", "99999-01-01T00:00:00Z"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
