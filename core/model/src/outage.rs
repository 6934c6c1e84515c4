//! Zones that are down: the user takes them away and brings them back, to see what a workload does without them.

use crate::World;
use postern_names::AvailabilityZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use time::OffsetDateTime;

/// Every zone that is down. One thing of the World: a zone is the same for all accounts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outages {
    #[serde(skip, default)]
    pub(crate) key: OutagesKey,
    /// Since when.
    pub zones: BTreeMap<AvailabilityZone, Since>,
}

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since(#[serde(with = "time::serde::rfc3339")] pub OffsetDateTime);

/// The name of the one [`Outages`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutagesKey;

impl fmt::Display for OutagesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outages")
    }
}

impl Outages {
    pub fn of(zones: impl IntoIterator<Item = (AvailabilityZone, OffsetDateTime)>) -> Self {
        Self { key: OutagesKey, zones: zones.into_iter().map(|(zone, since)| (zone, Since(since))).collect() }
    }
}

impl World {
    /// Whether a zone is down: nothing in it sends, receives or answers. Its things stay what they are.
    pub fn zone_is_down(&self, zone: &AvailabilityZone) -> bool {
        self.outages.zones.contains_key(zone)
    }
}
