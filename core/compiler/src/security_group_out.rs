//! The egress rules of the sending interface's groups.

use crate::parts::rule;
use crate::security_group::Way;
use postern_model::RuleDirection;
use postern_names::Stop;
use postern_program::{Action, Field, Rule};

pub(crate) const MAP: &str = "m_sg_out";

pub(crate) const WAY: Way = Way {
    stop: Stop::SecurityGroupOut,
    prefix: "c_sg_out_",
    direction: RuleDirection::Egress,
    peer: Field::Destination,
};

/// Goes on if the groups of the sending interface allow the packet, or if it has none.
pub(crate) fn check() -> Rule {
    rule(vec![], Action::Verdict { fields: vec![Field::InLink], map: MAP.to_owned() })
}
