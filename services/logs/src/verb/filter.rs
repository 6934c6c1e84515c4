//! FilterLogEvents: the events of a group's streams together in the order of time, those that a pattern takes.

use super::get::{BYTES_MAX, EVENTS_MAX};
use crate::books::read;
use crate::desk::Desk;
use crate::group::Group;
use crate::pattern::Pattern;
use crate::stream::{Event, Key, Stream};
use crate::{name, refuse, token};
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Bound;

/// Events that one call looks at: the page may end before it is full, as AWS's may, so that no search holds a group for long.
const SEARCHED_MAX: usize = 50_000;
/// 2024-01-01: AWS sorts descending from then on only.
const DESCENDING_SINCE: i64 = 1_704_067_200_000;

pub fn filter(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    let named = desk.identified()?;
    desk.ask("FilterLogEvents", &named, &named.judged(), Keys::new())?;
    if input.truth("unmask") == Some(true) {
        desk.ask("Unmask", &named, &named.judged(), Keys::new())?;
    }
    let pattern = Pattern::read(input.text("filterPattern").unwrap_or_default())?;
    let begin = input.number("startTime");
    let mut walk = Walk { ascending: input.truth("startFromHead").unwrap_or(true), behind: None };
    if !walk.ascending && begin.is_some_and(|begin| begin < DESCENDING_SINCE) {
        return Err(refuse::invalid("startFromHead can be false only when startTime is on or after 2024-01-01."));
    }
    if let Some(given) = input.text("nextToken") {
        walk = Walk::read(given)?;
    }
    let group = desk.find(&named)?;
    let group = read(&group);
    let streams = streams(desk, &group)?;
    let begin = begin.into_iter().chain(group.oldest(desk.now)).max().unwrap_or(i64::MIN);
    let range = walk.range(begin, input.number("endTime").unwrap_or(i64::MAX));
    let most = desk.limit(EVENTS_MAX);

    let (mut shown, mut bytes, mut looked, mut last) = (Vec::new(), 0, 0, None);
    let mut merged = Merged::new(streams, range, walk.ascending);
    while let Some((stream, key, event)) = merged.next() {
        let takes = pattern.matches(&event.message);
        let is_full = shown.len() == most || (takes && !shown.is_empty() && bytes + event.size() > BYTES_MAX);
        if is_full || looked == SEARCHED_MAX {
            walk.behind = last;
            return Ok(json!({ "events": shown, "searchedLogStreams": [], "nextToken": walk.told() }));
        }
        looked += 1;
        last = Some(key);
        if takes {
            bytes += event.size();
            shown.push(json!({
                "logStreamName": stream.record.name,
                "timestamp": key.0,
                "message": event.message.as_ref(),
                "ingestionTime": event.ingested,
                "eventId": token::event_id(key),
            }));
        }
    }
    Ok(json!({ "events": shown, "searchedLogStreams": [] }))
}

/// The streams that the request asks for.
fn streams<'a>(desk: &Desk<'_>, group: &'a Group) -> Result<Vec<&'a Stream>, Refusal> {
    let names = desk.input.texts("logStreamNames");
    let prefix = desk.input.text("logStreamNamePrefix");
    if !names.is_empty() && prefix.is_some() {
        return Err(refuse::invalid("LogStream names and LogStream name prefix are mutually exclusive parameters."));
    }
    if !names.is_empty() {
        let mut streams = names.into_iter().map(|name| group.stream(name)).collect::<Result<Vec<_>, _>>()?;
        streams.sort_unstable_by_key(|stream| stream.number);
        streams.dedup_by_key(|stream| stream.number);
        return Ok(streams);
    }
    let prefix = prefix.unwrap_or_default();
    name::check_stream(prefix, "logStreamNamePrefix")?;
    let below = group.streams.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
    Ok(below.map(|(_, stream)| stream).collect())
}

/// Which way through the group, and behind which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Walk {
    ascending: bool,
    behind: Option<Key>,
}

impl Walk {
    fn read(given: &str) -> Result<Self, Refusal> {
        let (ascending, time, number) = serde_json::from_str(&token::open(given)?).map_err(|_| refuse::bad_token())?;
        Ok(Self { ascending, behind: Some((time, number)) })
    }

    fn told(self) -> String {
        let (time, number) = self.behind.unwrap_or_default();
        token::seal(&json!([self.ascending, time, number]).to_string())
    }

    /// What is left of the times from `begin` to `end`, both with what is at them. `None`: nothing.
    fn range(self, begin: i64, end: i64) -> Option<(Bound<Key>, Bound<Key>)> {
        let (mut low, mut high) = ((begin, 0), (end, u64::MAX));
        match self.behind {
            Some((time, number)) if self.ascending => low = low.max((time, number.saturating_add(1))),
            Some((time, number)) => high = high.min((time, number.saturating_sub(1))),
            None => {}
        }
        (low <= high).then_some((Bound::Included(low), Bound::Included(high)))
    }
}

type Source<'a> = Box<dyn Iterator<Item = (&'a Key, &'a Event)> + 'a>;

/// The next event of one stream. The greatest of the heap is the next of all.
struct Head<'a> {
    key: Key,
    event: &'a Event,
    source: usize,
    ascending: bool,
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.key.cmp(&other.key);
        if self.ascending { order.reverse() } else { order }
    }
}
impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Head<'_> {}

/// The events of many streams in one order.
struct Merged<'a> {
    sources: Vec<(&'a Stream, Source<'a>)>,
    heads: BinaryHeap<Head<'a>>,
    ascending: bool,
}

impl<'a> Merged<'a> {
    fn new(streams: Vec<&'a Stream>, range: Option<(Bound<Key>, Bound<Key>)>, ascending: bool) -> Self {
        let mut merged = Self { sources: Vec::new(), heads: BinaryHeap::new(), ascending };
        let Some(range) = range else { return merged };
        for stream in streams {
            let found = stream.events.range(range);
            let source: Source<'a> = if ascending { Box::new(found) } else { Box::new(found.rev()) };
            merged.sources.push((stream, source));
            merged.pull(merged.sources.len() - 1);
        }
        merged
    }

    /// The stream's next event onto the heap.
    fn pull(&mut self, source: usize) -> Option<&'a Stream> {
        let (stream, events) = self.sources.get_mut(source)?;
        if let Some((key, event)) = events.next() {
            self.heads.push(Head { key: *key, event, source, ascending: self.ascending });
        }
        Some(stream)
    }

    fn next(&mut self) -> Option<(&'a Stream, Key, &'a Event)> {
        let head = self.heads.pop()?;
        let stream = self.pull(head.source)?;
        Some((stream, head.key, head.event))
    }
}
