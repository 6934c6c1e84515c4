//! A path of a scope, looked up in the World: which ends, which packets, through what.

use super::check::{ports, protocol, range, texts, word_of};
use super::ends::Candidate;
use crate::component::{id_of, owner};
use postern_explain::Packet;
use postern_model::{AccessScope, World};
use postern_names::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// One path of a scope.
pub struct Statement {
    pub source: Side,
    pub destination: Side,
    through: Vec<Resources>,
}

/// What stands at one end, and what packets look like there.
#[derive(Default)]
pub struct Side {
    pub resources: Resources,
    pub header: Header,
}

/// A resource statement.
#[derive(Default)]
pub enum Resources {
    #[default]
    All,
    Ids(BTreeSet<String>),
    /// By the word of their ids.
    Kinds(Vec<&'static str>),
}

/// A packet header statement; what is empty is left open.
#[derive(Default)]
pub struct Header {
    pub protocols: Vec<Protocol>,
    /// `None`: left open. A prefix list may have no ranges.
    pub sources: Option<Vec<Ipv4Cidr>>,
    pub destinations: Option<Vec<Ipv4Cidr>>,
    pub source_ports: Vec<PortRange>,
    pub destination_ports: Vec<PortRange>,
}

impl Statement {
    pub fn of(world: &World, scope: &AccessScope, path: &Value) -> Result<Self, String> {
        let through = path.get("ThroughResources").and_then(Value::as_array).into_iter().flatten();
        let through = through.filter_map(|one| one.get("ResourceStatement"));
        Ok(Self {
            source: Side::of(world, scope, path.get("Source"))?,
            destination: Side::of(world, scope, path.get("Destination"))?,
            through: through.map(|one| Resources::of(world, scope, one)).collect::<Result<_, _>>()?,
        })
    }

    /// Whether a way meets one of each of these.
    pub fn is_through(&self, met: &[String]) -> bool {
        self.through.iter().all(|wanted| met.iter().any(|id| wanted.has_id(id)))
    }
}

impl Side {
    fn of(world: &World, scope: &AccessScope, side: Option<&Value>) -> Result<Self, String> {
        let part = |name: &str| side.and_then(|side| side.get(name));
        let resources = part("ResourceStatement").map(|one| Resources::of(world, scope, one)).transpose()?;
        let header = part("PacketHeaderStatement").map(|one| Header::of(world, scope, one)).transpose()?;
        Ok(Self { resources: resources.unwrap_or_default(), header: header.unwrap_or_default() })
    }
}

impl Resources {
    fn of(world: &World, scope: &AccessScope, statement: &Value) -> Result<Self, String> {
        let mut ids = BTreeSet::new();
        for text in texts(statement, "Resources") {
            let id = id_of(text);
            let (owner, region) =
                owner(world, id).ok_or_else(|| format!("The request failed due to missing component {text}"))?;
            // A connection is known to both its sides.
            let peering = id.parse().ok().and_then(|id: VpcPeeringConnectionId| world.peerings.get(&id));
            let is_side = peering.is_some_and(|peering| peering.accepter.owner == scope.owner);
            if (owner, &region) != (scope.owner, &scope.region) && !is_side {
                return Err(format!("The request failed due to inaccessible resource {text}"));
            }
            ids.insert(id.to_owned());
        }
        if ids.is_empty() {
            return Ok(Self::Kinds(texts(statement, "ResourceTypes").filter_map(word_of).collect()));
        }
        Ok(Self::Ids(ids))
    }

    /// Whether the statement is about this end: by its kind, its id, or the id of what holds it.
    pub fn takes(&self, end: &Candidate) -> bool {
        match self {
            Self::All => true,
            Self::Kinds(words) => words.iter().any(|word| end.words.contains(word)),
            Self::Ids(ids) => end.ids.iter().any(|id| ids.contains(id)),
        }
    }

    fn has_id(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Kinds(words) => id.rsplit_once('-').is_some_and(|(word, _)| words.contains(&word)),
            Self::Ids(ids) => ids.contains(id),
        }
    }
}

impl Header {
    fn of(world: &World, scope: &AccessScope, statement: &Value) -> Result<Self, String> {
        let ranges = |addresses: &str, lists: &str| {
            let mut found: Vec<Ipv4Cidr> = texts(statement, addresses).filter_map(range).collect();
            let mut is_open = texts(statement, addresses).next().is_none();
            for text in texts(statement, lists) {
                is_open = false;
                let list = id_of(text).parse().ok().and_then(|id| world.prefix_list(&scope.region, id));
                let list = list.ok_or_else(|| format!("The request failed due to missing component {text}"))?;
                found.extend(list.entries.iter().map(|entry| entry.cidr));
            }
            Ok::<_, String>((!is_open).then_some(found))
        };
        Ok(Self {
            protocols: texts(statement, "Protocols").filter_map(protocol).collect(),
            sources: ranges("SourceAddresses", "SourcePrefixLists")?,
            destinations: ranges("DestinationAddresses", "DestinationPrefixLists")?,
            source_ports: texts(statement, "SourcePorts").filter_map(ports).collect(),
            destination_ports: texts(statement, "DestinationPorts").filter_map(ports).collect(),
        })
    }

    /// Whether it admits a packet in one of the forms that it has at this end.
    pub fn admits(&self, forms: &[Packet]) -> bool {
        let inside = |ranges: &Option<Vec<Ipv4Cidr>>, address: IpAddr| match (ranges, address) {
            (None, _) => true,
            (Some(all), IpAddr::V4(address)) => all.iter().any(|range| range.contains(address)),
            (Some(_), IpAddr::V6(_)) => false,
        };
        forms.iter().any(|packet| {
            has(&self.protocols, |protocol| *protocol == packet.protocol)
                && has(&self.source_ports, |ports| ports.contains(packet.source_port))
                && has(&self.destination_ports, |ports| ports.contains(packet.port))
                && inside(&self.sources, packet.source)
                && inside(&self.destinations, packet.destination)
        })
    }
}

/// Whether one of a list will do; every one will when the list is empty.
pub fn has<T>(list: &[T], will_do: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(will_do)
}
