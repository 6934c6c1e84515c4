//! What a name means to a guest of a VPC: found, found without such a record, or not there.

use crate::hosted::{self, Said};
use crate::{endpoint, instance, region, reverse, service};
use postern_model::{HostedZone, Vpc, World};
use postern_names::VpcId;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kinds of record that are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordKind {
    A,
    Aaaa,
    Ptr,
    /// `MX`, `TXT` and the rest: only names of hosted zones have them.
    Other(String),
}

impl RecordKind {
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Ptr => "PTR",
            Self::Other(word) => word,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Address(Ipv4Addr),
    Ipv6Address(Ipv6Addr),
    /// A name without the final dot.
    Name(String),
    /// Any other record, in the text form of zone files.
    Text {
        kind: String,
        text: String,
    },
}

impl Value {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Address(address),
            IpAddr::V6(address) => Self::Ipv6Address(address),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Seconds to live, and at least one value.
    Found(u32, Vec<Value>),
    /// The name is another's, for so many seconds; and what that one has.
    Canonical { ttl: u32, target: String, then: Box<Answer> },
    /// The name exists, without a record of this kind. The zone that says so.
    Empty(String),
    /// No such name. The zone that says so; empty for the root.
    Unknown(String),
}

/// AWS gives instance names a minute, and service names less.
pub(crate) const INSTANCE_TTL: u32 = 60;
pub(crate) const SERVICE_TTL: u32 = 5;
const SITE_TTL: u32 = 300;
/// So many names that stand for others are followed; a ring ends here.
const CHAIN_MAX: usize = 8;

/// The resolver's answer to a guest of this VPC. The name is in any case, with or without its final dot.
pub fn answer(world: &World, vpc: VpcId, name: &str, kind: RecordKind) -> Answer {
    let Some(vpc) = world.vpcs.get(&vpc) else { return Answer::Unknown(String::new()) };
    follow(world, vpc, name, &kind, CHAIN_MAX)
}

/// The most specific zone answers: one of the accounts', an endpoint's names, or what everybody sees.
fn follow(world: &World, vpc: &Vpc, name: &str, kind: &RecordKind, left: usize) -> Answer {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let Some(left) = left.checked_sub(1) else { return Answer::Empty(zone_of(vpc, &name)) };
    let private = world.private_dns_record(vpc.id, &name);
    let is_nearer = |zone: &&HostedZone| private.as_ref().is_none_or(|(own, _)| zone.name.len() > own.len());
    match world.hosted_zone_for(vpc.id, &name).filter(is_nearer) {
        Some(zone) => in_zone(world, vpc, zone, &name, kind, left),
        None => public(world, vpc, &name, kind),
    }
}

fn in_zone(world: &World, vpc: &Vpc, zone: &HostedZone, name: &str, kind: &RecordKind, left: usize) -> Answer {
    match hosted::say(zone, name, kind) {
        Said::Values(ttl, values) if !values.is_empty() => Answer::Found(ttl, values),
        Said::Values(..) | Said::Empty => Answer::Empty(zone.name.clone()),
        Said::Unknown => Answer::Unknown(zone.name.clone()),
        Said::Canonical(ttl, target) => {
            let then = Box::new(follow(world, vpc, target, kind, left));
            Answer::Canonical { ttl, target: target.to_owned(), then }
        }
        Said::Alias { ttl, target, is_within } => {
            // What AWS runs is looked up by AWS, past the zones of the VPC.
            let found =
                if is_within { follow(world, vpc, target, kind, left) } else { public(world, vpc, target, kind) };
            match found {
                Answer::Found(_, values) => Answer::Found(ttl, values),
                _ => Answer::Empty(zone.name.clone()),
            }
        }
    }
}

fn public(world: &World, vpc: &Vpc, name: &str, kind: &RecordKind) -> Answer {
    let found = [
        reverse::names(world, vpc, name),
        instance::addresses(world, vpc, name),
        endpoint::own_addresses(world, name),
        endpoint::private_addresses(world, vpc, name),
        service_values(name),
        site_values(name),
    ];
    match found.into_iter().flatten().next() {
        Some((ttl, values)) => {
            let values: Vec<Value> = values.into_iter().filter(|value| is_of_kind(value, kind)).collect();
            if values.is_empty() { Answer::Empty(zone_of(vpc, name)) } else { Answer::Found(ttl, values) }
        }
        None if is_branch(vpc, name) => Answer::Empty(zone_of(vpc, name)),
        None => Answer::Unknown(zone_of(vpc, name)),
    }
}

fn is_of_kind(value: &Value, kind: &RecordKind) -> bool {
    matches!(
        (value, kind),
        (Value::Address(_), RecordKind::A)
            | (Value::Ipv6Address(_), RecordKind::Aaaa)
            | (Value::Name(_), RecordKind::Ptr)
    )
}

fn service_values(name: &str) -> Option<(u32, Vec<Value>)> {
    Some((SERVICE_TTL, vec![Value::Address(service::service_address(name)?)]))
}

fn site_values(name: &str) -> Option<(u32, Vec<Value>)> {
    let site = postern_model::SITES.iter().find(|site| site.name == name)?;
    Some((SITE_TTL, site.addresses().map(Value::of).collect()))
}

/// The zone whose authority an answer without records cites: the most specific of those served here.
fn zone_of(vpc: &Vpc, name: &str) -> String {
    let zones =
        [vpc.region.internal_domain(), "in-addr.arpa".to_owned(), "amazonaws.com".to_owned(), "api.aws".to_owned()];
    zones.into_iter().find(|zone| is_below(name, zone)).unwrap_or_default()
}

/// Whether the name has names below it, but nothing of its own.
fn is_branch(vpc: &Vpc, name: &str) -> bool {
    let regional = ["amazonaws.com", "api.aws"]
        .iter()
        .any(|domain| name == *domain || name.strip_suffix(&format!(".{domain}")).is_some_and(region::is_region));
    regional || name == vpc.region.internal_domain()
}

/// Whether `name` is `zone` or lies in it.
pub(crate) fn is_below(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
