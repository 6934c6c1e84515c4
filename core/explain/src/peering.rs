//! Peering connections: not served yet, so no packet meets one; a route to one cannot be made.

use crate::trace::*;

pub(crate) fn tell(step: &Step) -> String {
    match step.place {
        Place::Peering(id) => id.to_string(),
        _ => String::new(),
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
}
