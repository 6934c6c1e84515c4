//! Names of the accounts' own private hosted zones.

use crate::answer::{RecordKind, Value};
use postern_model::{HostedZone, RecordData, RecordSet};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Seconds that an alias lives: it has no time of its own.
const ALIAS_TTL: u32 = 60;

/// What a zone says of a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'z> {
    Values(u32, Vec<Value>),
    /// The name is another one's, for every kind of record.
    Canonical(u32, &'z str),
    /// The name has the records of another one, and is not told so: of one in the same zone, or of a thing of AWS's.
    Alias {
        ttl: u32,
        target: &'z str,
        is_within: bool,
    },
    /// No record of this kind.
    Empty,
    Unknown,
}

/// The name is in lower case, without its final dot, and lies in the zone.
pub(crate) fn say<'z>(zone: &'z HostedZone, name: &str, kind: &RecordKind) -> Said<'z> {
    let Some(sets) = zone.lookup(&escaped(name)) else { return Said::Unknown };
    let of = |word: &str| sets.iter().find(|set| set.kind == word);
    if let Some(set) = of(kind.word()) {
        return told(zone, set, kind);
    }
    match of("CNAME").map(|set| &set.data) {
        Some(RecordData::Values { ttl, values }) => match values.first() {
            Some(target) => Said::Canonical(*ttl, target.trim_end_matches('.')),
            None => Said::Empty,
        },
        Some(RecordData::Alias { zone: of, target, .. }) => alias(zone, of, target),
        None => Said::Empty,
    }
}

fn alias<'z>(zone: &HostedZone, of: &str, target: &'z str) -> Said<'z> {
    Said::Alias { ttl: ALIAS_TTL, target, is_within: of == zone.id.to_string() }
}

fn told<'z>(zone: &HostedZone, set: &'z RecordSet, kind: &RecordKind) -> Said<'z> {
    match &set.data {
        RecordData::Alias { zone: of, target, .. } => alias(zone, of, target),
        RecordData::Values { ttl, values } => {
            Said::Values(*ttl, values.iter().filter_map(|text| value(text, kind)).collect())
        }
    }
}

fn value(text: &str, kind: &RecordKind) -> Option<Value> {
    match kind {
        RecordKind::A => text.parse::<Ipv4Addr>().ok().map(Value::Address),
        RecordKind::Aaaa => text.parse::<Ipv6Addr>().ok().map(Value::Ipv6Address),
        RecordKind::Ptr => Some(Value::Name(text.trim_end_matches('.').to_owned())),
        RecordKind::Other(word) => Some(Value::Text { kind: word.clone(), text: text.to_owned() }),
    }
}

/// The name as the zone spells it: an asterisk is written as its code.
fn escaped(name: &str) -> String {
    name.replace('*', postern_model::WILDCARD)
}
