//! Private hosted zones: names that the accounts' own VPCs see.

use crate::{Tags, World};
use postern_names::*;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use time::OffsetDateTime;

/// A private hosted zone with its records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostedZone {
    pub id: HostedZoneId,
    pub owner: AccountId,
    /// Lower case, without the final dot: `corp.example`.
    pub name: String,
    pub comment: String,
    pub caller_reference: String,
    /// Where its names mean something, in the order of association. Never empty.
    pub vpcs: Vec<ZoneVpc>,
    /// VPCs of other accounts that may be associated by their owners.
    pub authorized: Vec<ZoneVpc>,
    /// In Route 53's order: by name from the last label to the first, then by type.
    pub records: Vec<RecordSet>,
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    pub tags: Tags,
}

/// A VPC that a zone knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneVpc {
    pub vpc: VpcId,
    pub region: Region,
}

/// All records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSet {
    /// Lower case, without the final dot; escapes as the API gives them back: `\052.corp.example`.
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, `TXT`, ...
    pub kind: String,
    pub data: RecordData,
}

/// What a record set says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordData {
    /// Seconds to live, and the values in the text form of zone files.
    Values { ttl: u32, values: Vec<String> },
    /// The records of another name, followed by the resolver itself.
    Alias { zone: String, target: String, evaluate_health: bool },
}

/// A wildcard's first label as the API spells it.
pub const WILDCARD: &str = "\\052";

/// Route 53's order of names: by label, the last one first.
pub fn compare_names(one: &str, other: &str) -> Ordering {
    one.rsplit('.').cmp(other.rsplit('.'))
}

impl HostedZone {
    /// The place of a record set among the records: where it is, or where it would be.
    pub fn find(&self, name: &str, kind: &str) -> Result<usize, usize> {
        self.records.binary_search_by(|set| compare_names(&set.name, name).then_with(|| set.kind.as_str().cmp(kind)))
    }

    /// The record sets of a name.
    pub fn records_of(&self, name: &str) -> &[RecordSet] {
        let begin = self.records.partition_point(|set| compare_names(&set.name, name) == Ordering::Less);
        let behind = self.records.get(begin..).unwrap_or_default();
        let length = behind.partition_point(|set| set.name == name);
        behind.get(..length).unwrap_or_default()
    }

    /// Whether the name has records or stands above one that has.
    pub fn has_node(&self, name: &str) -> bool {
        let begin = self.records.partition_point(|set| compare_names(&set.name, name) == Ordering::Less);
        self.records.get(begin).is_some_and(|set| is_in(&set.name, name))
    }

    /// The record sets that answer for a name: its own, else those of the wildcard beside its closest existing parent.
    /// `None`: there is no such name.
    pub fn lookup(&self, name: &str) -> Option<&[RecordSet]> {
        if self.has_node(name) {
            return Some(self.records_of(name));
        }
        let mut rest = name;
        while let Some((_, parent)) = rest.split_once('.').filter(|(_, parent)| is_in(parent, &self.name)) {
            let wild = self.records_of(&format!("{WILDCARD}.{parent}"));
            if !wild.is_empty() {
                return Some(wild);
            }
            if self.has_node(parent) {
                return None;
            }
            rest = parent;
        }
        None
    }

    pub fn is_associated(&self, vpc: VpcId) -> bool {
        self.vpcs.iter().any(|place| place.vpc == vpc)
    }
}

/// Whether `name` is `zone` or lies below it.
fn is_in(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

impl World {
    /// The zone that answers for a name inside a VPC: the most specific of those associated. The VPC must have DNS support
    /// and hostnames on.
    pub fn hosted_zone_for(&self, vpc: VpcId, name: &str) -> Option<&HostedZone> {
        self.vpcs.get(&vpc).filter(|vpc| vpc.enable_dns_support && vpc.enable_dns_hostnames)?;
        let zones = self.hosted_zones.values().filter(|zone| zone.is_associated(vpc) && is_in(name, &zone.name));
        zones.max_by_key(|zone| zone.name.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(names: &[(&str, &str)]) -> HostedZone {
        let mut zone = HostedZone {
            id: HostedZoneId::from_bits(0, 1),
            owner: AccountId::DEFAULT,
            name: "corp.example".into(),
            comment: String::new(),
            caller_reference: "1".into(),
            vpcs: Vec::new(),
            authorized: Vec::new(),
            records: Vec::new(),
            created: OffsetDateTime::UNIX_EPOCH,
            tags: Tags::new(),
        };
        for (name, kind) in names {
            let data = RecordData::Values { ttl: 60, values: vec!["192.0.2.1".into()] };
            let place = zone.find(name, kind).unwrap_err();
            zone.records.insert(place, RecordSet { name: (*name).into(), kind: (*kind).into(), data });
        }
        zone
    }

    fn names(found: Option<&[RecordSet]>) -> Option<Vec<&str>> {
        found.map(|sets| sets.iter().map(|set| set.name.as_str()).collect())
    }

    #[test]
    fn records_lie_in_order_of_their_labels_from_behind() {
        let zone = zone(&[
            ("b.corp.example", "A"),
            ("corp.example", "SOA"),
            ("a.b.corp.example", "A"),
            ("b.corp.example", "TXT"),
        ]);
        let order: Vec<_> = zone.records.iter().map(|set| (set.name.as_str(), set.kind.as_str())).collect();
        let wanted =
            [("corp.example", "SOA"), ("b.corp.example", "A"), ("b.corp.example", "TXT"), ("a.b.corp.example", "A")];
        assert_eq!(order, wanted);
        assert_eq!(zone.records_of("b.corp.example").len(), 2);
    }

    #[test]
    fn a_wildcard_answers_for_what_has_no_name_of_its_own() {
        let zone = zone(&[("\\052.corp.example", "A"), ("a.b.corp.example", "A")]);
        assert_eq!(names(zone.lookup("x.corp.example")), Some(vec!["\\052.corp.example"]));
        assert_eq!(names(zone.lookup("y.x.corp.example")), Some(vec!["\\052.corp.example"]));
        // The name b exists, since a.b does: no wildcard answers for it, nor for what is below it.
        assert_eq!(names(zone.lookup("b.corp.example")), Some(vec![]));
        assert_eq!(names(zone.lookup("c.b.corp.example")), None);
        assert_eq!(names(zone.lookup("other.example")), None);
    }
}
