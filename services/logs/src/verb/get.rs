//! GetLogEvents: one stream, page by page in both directions.

use crate::books::read;
use crate::desk::Desk;
use crate::stream::{Event, Key, Stream};
use crate::token::Turn;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};
use std::ops::Bound;

/// The events of a page, and their bytes.
pub const EVENTS_MAX: usize = 10_000;
pub const BYTES_MAX: usize = 1_048_576;

pub fn get(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    let (named, stream) = (desk.identified()?, desk.stream()?);
    desk.ask("GetLogEvents", &named, &named.stream_arn(stream), Keys::new())?;
    if input.truth("unmask") == Some(true) {
        desk.ask("Unmask", &named, &named.judged(), Keys::new())?;
    }
    let turn = input.text("nextToken").map(Turn::read).transpose()?;
    let group = desk.find(&named)?;
    let group = read(&group);
    let begin = input.number("startTime").into_iter().chain(group.oldest(desk.now)).max().unwrap_or(i64::MIN);
    let range = Range { begin, end: input.number("endTime").unwrap_or(i64::MAX) };
    let from_head = input.truth("startFromHead").unwrap_or(false);
    let (events, turns) = page(group.stream(stream)?, &range, turn, from_head, desk.limit(EVENTS_MAX));
    let shown = events.iter().map(|((time, _), event)| {
        json!({ "timestamp": time, "message": event.message.as_ref(), "ingestionTime": event.ingested })
    });
    Ok(json!({
        "events": shown.collect::<Vec<_>>(),
        "nextForwardToken": turns.0.told(),
        "nextBackwardToken": turns.1.told(),
    }))
}

/// From `begin` up to, but not at, `end`: milliseconds.
struct Range {
    begin: i64,
    end: i64,
}

type Page<'a> = Vec<(Key, &'a Event)>;

/// The page behind a turn, in the order of time, with the turns to the next one and the one before. At an end the turn that
/// led there comes back.
fn page<'a>(
    stream: &'a Stream,
    range: &Range,
    turn: Option<Turn>,
    from_head: bool,
    most: usize,
) -> (Page<'a>, (Turn, Turn)) {
    let mut low = Bound::Included((range.begin, 0));
    let mut high = Bound::Excluded((range.end, 0));
    let mut forward = from_head;
    match turn {
        Some(Turn::Forward(key)) => {
            forward = true;
            low = if key >= (range.begin, 0) { Bound::Excluded(key) } else { low };
        }
        Some(Turn::Backward(key)) => {
            forward = false;
            high = if key <= (range.end, 0) { Bound::Excluded(key) } else { high };
        }
        None => {}
    }
    let found = is_ahead(&low, &high).then(|| stream.events.range((low, high))).into_iter().flatten();
    let mut events = if forward { fill(found, most) } else { fill(found.rev(), most) };
    if !forward {
        events.reverse();
    }
    let turns = match (events.first(), events.last(), turn) {
        (Some((first, _)), Some((last, _)), _) => (Turn::Forward(*last), Turn::Backward(*first)),
        // Nothing here: back from a place means with the event at it.
        (.., Some(turn @ Turn::Forward((time, number)))) => (turn, Turn::Backward((time, number.saturating_add(1)))),
        (.., Some(turn @ Turn::Backward((time, number)))) => (Turn::Forward((time, number.saturating_sub(1))), turn),
        _ => {
            let key = (range.begin.max(0), 0);
            (Turn::Forward(key), Turn::Backward(key))
        }
    };
    (events, turns)
}

/// Whether the lower bound is below the upper: what a range demands.
fn is_ahead(low: &Bound<Key>, high: &Bound<Key>) -> bool {
    match (low, high) {
        (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high)) => low < high,
        _ => true,
    }
}

/// As many events as a page takes, and one at the least.
fn fill<'a>(found: impl Iterator<Item = (&'a Key, &'a Event)>, most: usize) -> Page<'a> {
    let mut bytes = 0;
    let fits = |(_, event): &(&Key, &Event)| {
        bytes += event.size();
        bytes <= BYTES_MAX
    };
    found.take(most).take_while(fits).map(|(key, event)| (*key, event)).collect()
}
