//! The ingress rules of the receiving interface's groups.

use crate::parts::rule;
use crate::security_group::Way;
use postern_model::RuleDirection;
use postern_names::Stop;
use postern_program::{Action, Field, Rule};

pub(crate) const MAP: &str = "m_sg_in";

/// By address: an interface endpoint has no link.
pub(crate) const ENDPOINT_MAP: &str = "m_sg_in_endpoint";

pub(crate) const WAY: Way =
    Way { stop: Stop::SecurityGroupIn, prefix: "c_sg_in_", direction: RuleDirection::Ingress, peer: Field::Source };

/// Goes on if the groups of the receiving interface allow the packet, or if it has none.
pub(crate) fn check() -> Rule {
    rule(vec![], Action::Verdict { fields: vec![Field::OutLink], map: MAP.to_owned() })
}

/// The same for what is for an interface endpoint. What a gateway endpoint gets, no group filters.
pub(crate) fn endpoint_check() -> Rule {
    rule(vec![], Action::Verdict { fields: vec![Field::Destination], map: ENDPOINT_MAP.to_owned() })
}
