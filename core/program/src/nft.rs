//! Rulesets in the words of `nft -f`.
//!
//! The script replaces everything a namespace has in one transaction. It keeps to what nft 1.0.6 reads correctly: one
//! statement a line, `meta l4proto` spelled out before any port, names that are no keywords.

use crate::ruleset::*;
use postern_names::IpFamily;
use std::fmt::Write;

/// The input of `nft -f -` that replaces the whole ruleset of a namespace: all of it is taken, or none.
pub fn script(ruleset: &Ruleset) -> String {
    let mut text = String::from("flush ruleset\n");
    for table in &ruleset.tables {
        table_text(&mut text, table);
    }
    text
}

/// One rule as a line, without its end.
pub fn rule_text(family: Family, rule: &Rule) -> String {
    let mut words: Vec<String> = Vec::new();
    if family == Family::Netdev {
        // Everything passes a device's hooks; ARP has no addresses to compare.
        words.push("meta protocol ip".to_owned());
    }
    words.extend(rule.matches.iter().map(|condition| match_text(family, condition)));
    if rule.counter {
        words.push("counter".to_owned());
    }
    words.push(action_text(family, &rule.action));
    if let Some(comment) = &rule.comment {
        words.push(format!("comment \"{comment}\""));
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

fn table_text(text: &mut String, table: &Table) {
    let family = family_word(table.family);
    line(text, 0, &format!("table {family} {} {{", table.name));
    for set in &table.sets {
        set_text(text, table.family, set);
    }
    for map in &table.maps {
        map_text(text, table, map);
    }
    for chain in &table.chains {
        chain_text(text, table.family, chain);
    }
    line(text, 0, "}");
}

fn family_word(family: Family) -> &'static str {
    match family {
        Family::Ip => "ip",
        Family::Ip6 => "ip6",
        Family::Netdev => "netdev",
    }
}

fn set_text(text: &mut String, family: Family, set: &Set) {
    line(text, 1, &format!("set {} {{", set.name));
    line(text, 2, &format!("type {};", types_text(family, &set.key)));
    if set.interval {
        line(text, 2, "flags interval;");
    }
    elements_text(text, set.elements.iter().map(|element| atoms_text(element)));
    line(text, 1, "}");
}

fn map_text(text: &mut String, table: &Table, map: &Map) {
    line(text, 1, &format!("map {} {{", map.name));
    line(text, 2, &format!("type {} : {};", types_text(table.family, &map.key), value_type(table, map)));
    let elements = map.elements.iter().map(|(key, value)| format!("{} : {}", atoms_text(key), value_text(value)));
    elements_text(text, elements);
    line(text, 1, "}");
}

fn elements_text(text: &mut String, elements: impl Iterator<Item = String>) {
    let elements: Vec<String> = elements.collect();
    if elements.is_empty() {
        return;
    }
    line(text, 2, "elements = {");
    for element in elements {
        line(text, 3, &format!("{element},"));
    }
    line(text, 2, "}");
}

fn chain_text(text: &mut String, family: Family, chain: &Chain) {
    line(text, 1, &format!("chain {} {{", chain.name));
    if let Some(hook) = &chain.hook {
        line(text, 2, &hook_text(hook));
    }
    for rule in &chain.rules {
        line(text, 2, &rule_text(family, rule));
    }
    line(text, 1, "}");
}

fn hook_text(hook: &Hook) -> String {
    let (kind, point) = match hook.kind {
        HookKind::Prerouting => ("filter", "prerouting"),
        HookKind::Input => ("filter", "input"),
        HookKind::Forward => ("filter", "forward"),
        HookKind::Output => ("filter", "output"),
        HookKind::Postrouting => ("filter", "postrouting"),
        HookKind::SourceNat => ("nat", "postrouting"),
        HookKind::Ingress => ("filter", "ingress"),
        HookKind::Egress => ("filter", "egress"),
    };
    let device = hook.device.as_ref().map(|device| format!(" device \"{device}\"")).unwrap_or_default();
    let policy = match hook.policy {
        Policy::Accept => "accept",
        Policy::Drop => "drop",
    };
    format!("type {kind} hook {point}{device} priority {}; policy {policy};", hook.priority)
}

fn types_text(family: Family, key: &[Field]) -> String {
    joined(key.iter().map(|field| match field {
        Field::InLink | Field::OutLink => "ifname".to_owned(),
        Field::InGroup | Field::OutGroup => "devgroup".to_owned(),
        Field::Source | Field::Destination => address_type(family).to_owned(),
    }))
}

fn address_type(family: Family) -> &'static str {
    match family.addresses() {
        IpFamily::V4 => "ipv4_addr",
        IpFamily::V6 => "ipv6_addr",
    }
}

/// What a map's values are: said by its elements, or for an empty map by the rules that use it.
fn value_type(table: &Table, map: &Map) -> &'static str {
    if let Some((_, value)) = map.elements.first() {
        return match value {
            MapValue::Jump(_) | MapValue::Goto(_) => "verdict",
            MapValue::Mark(_) => "mark",
            MapValue::Address(_) => address_type(table.family),
        };
    }
    let actions = table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| &rule.action);
    actions
        .filter_map(|action| match action {
            Action::MarkFrom { map: used, .. } if *used == map.name => Some("mark"),
            Action::SourceFrom { map: used } | Action::DestinationFrom { map: used } if *used == map.name => {
                Some(address_type(table.family))
            }
            _ => None,
        })
        .next()
        .unwrap_or("verdict")
}

fn atoms_text(atoms: &[Atom]) -> String {
    joined(atoms.iter().map(|atom| match atom {
        Atom::Link(name) => format!("\"{name}\""),
        Atom::Group(number) => number.to_string(),
        Atom::Address(address) => address.to_string(),
        Atom::Range(range) => range.to_string(),
    }))
}

fn value_text(value: &MapValue) -> String {
    match value {
        MapValue::Jump(chain) => format!("jump {chain}"),
        MapValue::Goto(chain) => format!("goto {chain}"),
        MapValue::Mark(mark) => format!("{mark:#010x}"),
        MapValue::Address(address) => address.to_string(),
    }
}

fn field_text(family: Family, field: Field) -> &'static str {
    match (field, family.addresses()) {
        (Field::InLink, _) => "iifname",
        (Field::OutLink, _) => "oifname",
        (Field::InGroup, _) => "iifgroup",
        (Field::OutGroup, _) => "oifgroup",
        (Field::Source, IpFamily::V4) => "ip saddr",
        (Field::Destination, IpFamily::V4) => "ip daddr",
        (Field::Source, IpFamily::V6) => "ip6 saddr",
        (Field::Destination, IpFamily::V6) => "ip6 daddr",
    }
}

fn fields_text(family: Family, fields: &[Field]) -> String {
    joined(fields.iter().map(|field| field_text(family, *field).to_owned()))
}

fn match_text(family: Family, condition: &Match) -> String {
    match condition {
        Match::InLink(name) => format!("iifname \"{name}\""),
        Match::OutLink(name) => format!("oifname \"{name}\""),
        Match::NotInLink(name) => format!("iifname != \"{name}\""),
        Match::Source(range) => format!("{} {range}", field_text(family, Field::Source)),
        Match::Destination(range) => format!("{} {range}", field_text(family, Field::Destination)),
        Match::Protocol(number) => format!("meta l4proto {number}"),
        Match::DestinationPort(ports) => format!("th dport {ports}"),
        Match::SourcePort(ports) => format!("th sport {ports}"),
        Match::Icmp { kind, code } => {
            let word = if family == Family::Ip6 { "icmpv6" } else { "icmp" };
            let kind = kind.map(|kind| format!("{word} type {kind}"));
            let code = code.map(|code| format!("{word} code {code}"));
            kind.into_iter().chain(code).collect::<Vec<_>>().join(" ")
        }
        Match::State(ConnectionState::EstablishedOrRelated) => "ct state established,related".to_owned(),
        Match::State(ConnectionState::Invalid) => "ct state invalid".to_owned(),
        Match::In { fields, set } => format!("{} @{set}", fields_text(family, fields)),
        Match::NotIn { fields, set } => format!("{} != @{set}", fields_text(family, fields)),
        Match::Mark { mask, value } => format!("meta mark & {mask:#010x} == {value:#010x}"),
    }
}

fn action_text(family: Family, action: &Action) -> String {
    match action {
        Action::Accept => "accept".to_owned(),
        Action::Drop => "drop".to_owned(),
        Action::Return => "return".to_owned(),
        Action::Jump(chain) => format!("jump {chain}"),
        Action::Goto(chain) => format!("goto {chain}"),
        Action::Verdict { fields, map } => format!("{} vmap @{map}", fields_text(family, fields)),
        Action::SetMark { mask, value } => {
            format!("meta mark set meta mark & {:#010x} | {value:#010x}", !mask)
        }
        Action::MarkFrom { fields, map } => format!("meta mark set {} map @{map}", fields_text(family, fields)),
        Action::SourceFrom { map } => format!("{0} set {0} map @{map}", field_text(family, Field::Source)),
        Action::DestinationFrom { map } => format!("{0} set {0} map @{map}", field_text(family, Field::Destination)),
        Action::Masquerade { to } => format!("snat to {to}"),
    }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" . ")
}

fn line(text: &mut String, depth: usize, words: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:width$}{words}", "", width = depth * 4);
}
