//! PutLogEvents: what may be in a batch, and which of its events are too old or too new to be kept.

use crate::books::read;
use crate::desk::Desk;
use crate::record::Batch;
use crate::refuse;
use crate::stream::OVERHEAD;
use postern_call::Refusal;
use postern_kit::Input;
use postern_policy::Keys;
use serde_json::{Value, json};

const HOUR: i64 = 3600 * 1000;
const FUTURE_MAX: i64 = 2 * HOUR;
const PAST_MAX: i64 = 14 * 24 * HOUR;
const SPAN_MAX: i64 = 24 * HOUR;
/// Bytes of a batch, and of an event, each with its overhead.
const BYTES_MAX: usize = 1_048_576;

type Events = Vec<(i64, String)>;

pub async fn put(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (named, stream) = (desk.named()?, desk.stream()?);
    desk.ask("PutLogEvents", &named, &named.stream_arn(stream), Keys::new())?;
    let events = events(desk.input)?;
    let group = desk.find(&named)?;
    read(&group).stream(stream)?;
    let put = desk.books.change(&group, |group| {
        let (events, rejected) = sift(events, desk.now, group.oldest(desk.now))?;
        let mut writes = group.expire(desk.now);
        if !events.is_empty() {
            writes.extend(group.put(stream, Batch { ingested: desk.now, events })?);
        }
        Ok(((group.sequence_token(), rejected), writes))
    });
    let (token, rejected) = put.await?;
    let mut reply = json!({ "nextSequenceToken": token });
    if let Some(rejected) = rejected {
        reply["rejectedLogEventsInfo"] = rejected;
    }
    Ok(reply)
}

/// The batch, when its sizes and its order are right.
fn events(input: Input<'_>) -> Result<Events, Refusal> {
    let given = input.list("logEvents").iter().map(Input);
    let events: Events = given
        .map(|event| {
            (event.number("timestamp").unwrap_or_default(), event.text("message").unwrap_or_default().to_owned())
        })
        .collect();
    let sizes = events.iter().map(|(_, message)| message.len() + OVERHEAD);
    if let Some(size) = sizes.clone().find(|size| *size > BYTES_MAX) {
        return Err(refuse::invalid(format!("Log event too large: {size} bytes exceeds limit of {BYTES_MAX}")));
    }
    let size: usize = sizes.sum();
    if size > BYTES_MAX {
        return Err(refuse::invalid(format!("Upload too large: {size} bytes exceeds limit of {BYTES_MAX}")));
    }
    if !events.is_sorted_by_key(|(time, _)| *time) {
        return Err(refuse::invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    Ok(events)
}

/// Splits the batch into what is kept and the word on what is not. Kept events may not span more than a day.
fn sift(mut events: Events, now: i64, oldest: Option<i64>) -> Result<(Events, Option<Value>), Refusal> {
    let before = |time: i64| events.partition_point(|(own, _)| *own < time);
    let too_new = events.partition_point(|(own, _)| *own <= now + FUTURE_MAX);
    let too_old = before(now - PAST_MAX);
    let expired = oldest.map_or(0, before);
    let mut rejected = json!({});
    if too_new < events.len() {
        rejected["tooNewLogEventStartIndex"] = json!(too_new);
    }
    if too_old > 0 {
        rejected["tooOldLogEventEndIndex"] = json!(too_old);
    }
    if expired > 0 {
        rejected["expiredLogEventEndIndex"] = json!(expired);
    }
    events.truncate(too_new);
    events.drain(..too_old.max(expired).min(events.len()));
    if let (Some((first, _)), Some((last, _))) = (events.first(), events.last())
        && last - first > SPAN_MAX
    {
        return Err(refuse::invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    let is_empty = rejected.as_object().is_none_or(serde_json::Map::is_empty);
    Ok((events, (!is_empty).then_some(rejected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 100 * 24 * HOUR;

    fn at(times: &[i64]) -> Events {
        times.iter().map(|time| (NOW + time, time.to_string())).collect()
    }

    #[test]
    fn the_bounds_of_time_are_part_of_what_is_kept() {
        let (kept, rejected) = sift(at(&[-PAST_MAX]), NOW, None).unwrap();
        assert_eq!((kept.len(), rejected), (1, None));
        let (kept, rejected) = sift(at(&[FUTURE_MAX]), NOW, None).unwrap();
        assert_eq!((kept.len(), rejected), (1, None));
        let (kept, rejected) = sift(at(&[-PAST_MAX - 1, -5, 0, FUTURE_MAX + 1]), NOW, None).unwrap();
        assert_eq!(kept.len(), 2);
        assert_eq!(rejected, Some(json!({ "tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3 })));
    }

    #[test]
    fn what_the_retention_would_delete_is_expired() {
        let (kept, rejected) = sift(at(&[-3 * HOUR, -1]), NOW, Some(NOW - HOUR)).unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(rejected, Some(json!({ "expiredLogEventEndIndex": 1 })));
    }

    #[test]
    fn only_what_is_kept_counts_for_the_span() {
        assert!(sift(at(&[-SPAN_MAX, 0]), NOW, None).is_ok());
        assert!(sift(at(&[-SPAN_MAX - 1, 0]), NOW, None).unwrap_err().message.contains("24 hours"));
        assert!(sift(at(&[-PAST_MAX - 1, 0]), NOW, None).is_ok());
        let (kept, _) = sift(at(&[FUTURE_MAX + 1]), NOW, Some(NOW + 9 * HOUR)).unwrap();
        assert!(kept.is_empty());
    }
}
