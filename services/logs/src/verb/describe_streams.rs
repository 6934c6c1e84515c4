//! DescribeLogStreams: by name or by the time of their last event.

use crate::books::read;
use crate::desk::Desk;
use crate::stream::Stream;
use crate::{name, refuse, token};
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

const MOST: usize = 50;

/// What a stream is sorted by: the time when it is asked for, then the name.
type Rank = (Option<i64>, String);

pub fn describe(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    let named = desk.identified()?;
    desk.ask("DescribeLogStreams", &named, &named.judged(), Keys::new())?;
    let prefix = input.text("logStreamNamePrefix");
    prefix.map_or(Ok(()), |prefix| name::check_stream(prefix, "logStreamNamePrefix"))?;
    let by_time = input.text("orderBy") == Some("LastEventTime");
    if by_time && prefix.is_some() {
        return Err(refuse::invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let descending = input.truth("descending").unwrap_or(false);
    let behind = input.text("nextToken").map(open).transpose()?;
    let most = desk.limit(MOST);

    let group = desk.find(&named)?;
    let group = read(&group);
    let prefix = prefix.unwrap_or_default();
    let all = group.streams.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
    let is_left = |rank: &Rank| match &behind {
        Some(behind) if descending => rank < behind,
        Some(behind) => rank > behind,
        None => true,
    };
    let ranked = all.map(|(_, stream)| (rank(stream, by_time), stream)).filter(|(rank, _)| is_left(rank));
    // By name they come in order; only what the page shows is kept, and one more.
    let mut found: Vec<(Rank, &Stream)> =
        if by_time || descending { ranked.collect() } else { ranked.take(most + 1).collect() };
    if by_time {
        found.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    }
    if descending {
        found.reverse();
    }
    let more = found.len() > most;
    found.truncate(most);
    let sequence = group.sequence_token();
    let shown: Vec<Value> =
        found.iter().map(|(_, stream)| stream.view(&named.stream_arn(&stream.record.name), &sequence)).collect();
    let mut reply = json!({ "logStreams": shown });
    if let (true, Some((rank, _))) = (more, found.last()) {
        let sealed = serde_json::to_string(rank).map_err(Refusal::internal)?;
        reply["nextToken"] = json!(token::seal(&sealed));
    }
    Ok(reply)
}

fn rank(stream: &Stream, by_time: bool) -> Rank {
    (stream.record.newest.filter(|_| by_time), stream.record.name.clone())
}

fn open(given: &str) -> Result<Rank, Refusal> {
    serde_json::from_str(&token::open(given)?).map_err(|_| refuse::bad_token())
}
