//! Zones that are down: nothing passes between them and the rest, and what is in them does not reach its neighbours either.

use crate::parts::{drop_rule, set};
use crate::view::View;
use postern_names::Stop;
use postern_program::{Atom, Field, Match, Rule, Set};

/// The device groups of the subnets in such zones.
const SET: &str = "s_down";

pub(crate) fn subnets(view: &View<'_>) -> Option<Set> {
    let down = view.subnets.values().filter(|subnet| view.world.zone_is_down(&subnet.zone));
    let groups: Vec<_> = down.map(|subnet| vec![Atom::Group(subnet.number)]).collect();
    (!groups.is_empty()).then(|| set(SET, &[Field::InGroup], groups))
}

/// What a subnet of such a zone sends.
pub(crate) fn sends_nothing(view: &View<'_>) -> Option<Rule> {
    check(view, Field::InGroup)
}

/// What is for a subnet of such a zone.
pub(crate) fn gets_nothing(view: &View<'_>) -> Option<Rule> {
    check(view, Field::OutGroup)
}

fn check(view: &View<'_>, field: Field) -> Option<Rule> {
    subnets(view)?;
    let is_down = Match::In { fields: vec![field], set: SET.to_owned() };
    Some(drop_rule(vec![is_down], format!("{} the zone is down", Stop::Instance)))
}
