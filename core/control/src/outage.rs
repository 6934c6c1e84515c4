//! Zones go down and come back. No call of AWS's does it: the region's owner does.

use crate::Draft;
use postern_model::{Outages, Since};
use postern_names::AvailabilityZone;
use time::OffsetDateTime;

/// Takes a zone away or brings it back. `false`: nothing had to change. A zone that its region does not have is an error that
/// names those it has.
pub fn set(draft: &mut Draft<'_>, zone: &AvailabilityZone, is_down: bool, now: OffsetDateTime) -> Result<bool, String> {
    let known = zone.region().zones();
    if !known.contains(zone) {
        let names: Vec<String> = known.iter().map(ToString::to_string).collect();
        return Err(format!("there is no zone {zone}; {} has {}", zone.region(), names.join(", ")));
    }
    if draft.zone_is_down(zone) == is_down {
        return Ok(false);
    }
    let mut outages: Outages = draft.outages.clone();
    if is_down {
        outages.zones.insert(zone.clone(), Since(now));
    } else {
        outages.zones.remove(zone);
    }
    draft.put(outages);
    Ok(true)
}
