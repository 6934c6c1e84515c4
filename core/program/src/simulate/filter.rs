//! Packet filters: the rules of a hook carried out for one packet.

use super::packet::Packet;
use super::track::State;
use super::{Loss, Place};
use crate::part::Namespace;
use crate::ruleset::*;
use std::net::IpAddr;

/// Priority of connection tracking among the prerouting and output chains.
pub(super) const TRACKING: i32 = -200;

/// A packet in front of a hook.
pub(super) struct Sight<'a> {
    pub packet: &'a mut Packet,
    pub mark: &'a mut u32,
    pub in_link: Option<(&'a str, u32)>,
    pub out_link: Option<(&'a str, u32)>,
    /// Unknown before connection tracking.
    pub state: Option<State>,
}

/// What a chain comes to.
enum Verdict {
    Accept,
    Drop(Loss),
    /// Back to where the chain was called.
    Return,
    /// Accept, and leave with this source.
    Translate(IpAddr),
}

/// Runs the chains of a hook in the order of their priorities, those with a priority in the range. Gives back the source
/// address that a translation rule chose.
pub(super) fn run(
    namespace: Namespace,
    ruleset: Option<&Ruleset>,
    kind: HookKind,
    priorities: std::ops::Range<i32>,
    sight: &mut Sight<'_>,
) -> Result<Option<IpAddr>, Loss> {
    let device = match kind {
        HookKind::Ingress => sight.in_link.map(|(name, _)| name.to_owned()),
        HookKind::Egress => sight.out_link.map(|(name, _)| name.to_owned()),
        _ => None,
    };
    let mut hooked: Vec<(&Table, &Chain, &Hook)> = ruleset
        .iter()
        .flat_map(|ruleset| &ruleset.tables)
        .filter(|table| table.family.addresses() == sight.packet.family())
        .flat_map(|table| table.chains.iter().map(move |chain| (table, chain)))
        .filter_map(|(table, chain)| Some((table, chain, chain.hook.as_ref()?)))
        .filter(|(_, _, hook)| hook.kind == kind && priorities.contains(&hook.priority) && hook.device == device)
        .collect();
    hooked.sort_by_key(|(_, _, hook)| hook.priority);
    let mut translated = None;
    for (table, chain, hook) in hooked {
        match run_chain(namespace, table, chain, sight) {
            Verdict::Accept => {}
            Verdict::Translate(to) => translated = Some(to),
            Verdict::Drop(loss) => return Err(loss),
            Verdict::Return if hook.policy == Policy::Accept => {}
            Verdict::Return => return Err(loss(namespace, chain, Some("policy".to_owned()))),
        }
    }
    Ok(translated)
}

fn loss(namespace: Namespace, chain: &Chain, comment: Option<String>) -> Loss {
    Loss { namespace, place: Place::Chain(chain.name.clone()), comment }
}

fn run_chain(namespace: Namespace, table: &Table, chain: &Chain, sight: &mut Sight<'_>) -> Verdict {
    for rule in &chain.rules {
        if !rule.matches.iter().all(|condition| holds(table, condition, sight)) {
            continue;
        }
        let called = |name: &str, sight: &mut Sight<'_>| match table.chains.iter().find(|c| c.name == name) {
            Some(next) => run_chain(namespace, table, next, sight),
            None => Verdict::Return,
        };
        let (verdict, is_goto) = match &rule.action {
            Action::Accept => return Verdict::Accept,
            Action::Drop => return Verdict::Drop(loss(namespace, chain, rule.comment.clone())),
            Action::Return => return Verdict::Return,
            Action::Masquerade { to } => return Verdict::Translate(*to),
            Action::Jump(name) => (called(name, sight), false),
            Action::Goto(name) => (called(name, sight), true),
            Action::Verdict { fields, map } => match find(table, map, fields, sight) {
                Some(MapValue::Jump(name)) => (called(name, sight), false),
                Some(MapValue::Goto(name)) => (called(name, sight), true),
                _ => continue,
            },
            other => {
                change(table, other, sight);
                continue;
            }
        };
        match verdict {
            Verdict::Return if is_goto => return Verdict::Return,
            Verdict::Return => {}
            last => return last,
        }
    }
    Verdict::Return
}

/// Actions that change the packet or its mark and go on.
fn change(table: &Table, action: &Action, sight: &mut Sight<'_>) {
    match action {
        Action::SetMark { mask, value } => *sight.mark = (*sight.mark & !mask) | value,
        Action::MarkFrom { fields, map } => {
            if let Some(MapValue::Mark(mark)) = find(table, map, fields, sight) {
                *sight.mark = *mark;
            }
        }
        Action::SourceFrom { map } => {
            if let Some(MapValue::Address(address)) = find(table, map, &[Field::Source], sight) {
                sight.packet.source = *address;
            }
        }
        Action::DestinationFrom { map } => {
            if let Some(MapValue::Address(address)) = find(table, map, &[Field::Destination], sight) {
                sight.packet.destination = *address;
            }
        }
        _ => {}
    }
}

fn find<'t>(table: &'t Table, map: &str, fields: &[Field], sight: &Sight<'_>) -> Option<&'t MapValue> {
    let map = table.maps.iter().find(|m| m.name == map)?;
    map.elements.iter().find(|(key, _)| is_element(fields, key, sight)).map(|(_, value)| value)
}

fn is_in(table: &Table, set: &str, fields: &[Field], sight: &Sight<'_>) -> bool {
    let set = table.sets.iter().find(|s| s.name == set);
    set.is_some_and(|set| set.elements.iter().any(|element| is_element(fields, element, sight)))
}

fn is_element(fields: &[Field], atoms: &[Atom], sight: &Sight<'_>) -> bool {
    fields.len() == atoms.len() && fields.iter().zip(atoms).all(|(field, atom)| is_atom(*field, atom, sight))
}

fn is_atom(field: Field, atom: &Atom, sight: &Sight<'_>) -> bool {
    let link = |end: Option<(&str, u32)>| match (end, atom) {
        (Some((name, _)), Atom::Link(wanted)) => name == wanted,
        (Some((_, group)), Atom::Group(wanted)) => group == *wanted,
        _ => false,
    };
    let address = |address: IpAddr| match atom {
        Atom::Address(wanted) => address == *wanted,
        Atom::Range(range) => range.contains(address),
        Atom::Link(_) | Atom::Group(_) => false,
    };
    match field {
        Field::InLink | Field::InGroup => link(sight.in_link),
        Field::OutLink | Field::OutGroup => link(sight.out_link),
        Field::Source => address(sight.packet.source),
        Field::Destination => address(sight.packet.destination),
    }
}

fn holds(table: &Table, condition: &Match, sight: &Sight<'_>) -> bool {
    let packet = *sight.packet;
    let name = |end: Option<(&str, u32)>, wanted: &str| end.is_some_and(|(name, _)| name == wanted);
    match condition {
        Match::InLink(wanted) => name(sight.in_link, wanted),
        Match::OutLink(wanted) => name(sight.out_link, wanted),
        Match::NotInLink(unwanted) => !name(sight.in_link, unwanted),
        Match::Source(range) => range.contains(packet.source),
        Match::Destination(range) => range.contains(packet.destination),
        Match::Protocol(number) => packet.protocol() == *number,
        Match::DestinationPort(ports) => packet.destination_port().is_some_and(|port| ports.contains(port)),
        Match::SourcePort(ports) => packet.source_port().is_some_and(|port| ports.contains(port)),
        Match::Icmp { kind, code } => {
            packet.icmp().is_some_and(|(k, c)| kind.is_none_or(|kind| kind == k) && code.is_none_or(|code| code == c))
        }
        Match::State(ConnectionState::EstablishedOrRelated) => sight.state == Some(State::Established),
        Match::State(ConnectionState::Invalid) => sight.state == Some(State::Invalid),
        Match::In { fields, set } => is_in(table, set, fields, sight),
        Match::NotIn { fields, set } => !is_in(table, set, fields, sight),
        Match::Mark { mask, value } => *sight.mark & mask == *value,
    }
}
