//! A program as text: one namespace after the other, one line a part. The same program gives the same text.

use crate::part::*;
use crate::{Ruleset, nft};
use std::collections::BTreeSet;
use std::fmt::Write;

impl Program {
    /// Everything in the program, for people and for tests.
    pub fn text(&self) -> String {
        let namespaces: BTreeSet<Namespace> = self.parts.keys().map(Key::namespace).collect();
        let mut text = String::new();
        for namespace in namespaces {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "namespace {namespace}");
            for (key, part) in self.parts.iter().filter(|(key, _)| key.namespace() == namespace) {
                for line in part_lines(key, part) {
                    let _ = writeln!(text, "  {line}");
                }
            }
        }
        text
    }
}

fn part_lines(key: &Key, part: &Part) -> Vec<String> {
    match part {
        Part::Namespace { sysctls } => sysctls.iter().map(|(name, value)| format!("sysctl {name} = {value}")).collect(),
        Part::Ruleset(ruleset) => ruleset_lines(ruleset),
        Part::Link(link) => vec![link_line(link)],
        other => vec![format!("{key}{}", suffix(other))],
    }
}

fn ruleset_lines(ruleset: &Ruleset) -> Vec<String> {
    nft::script(ruleset).lines().filter(|line| *line != "flush ruleset").map(str::to_owned).collect()
}

fn link_line(link: &Link) -> String {
    let end = |end: &LinkEnd| {
        let group = if end.group == 0 { String::new() } else { format!(" group {}", end.group) };
        let mac = end.mac.map(|mac| format!(" mac {}", mac_text(mac))).unwrap_or_default();
        let proxy = if end.proxy_arp { " proxy-arp" } else { "" };
        format!("{}{group}{mac}{proxy}", end.name)
    };
    let wire = if link.arp { "" } else { " no-arp" };
    format!("link {} -- {} {} mtu {}{wire}", end(&link.near), link.far_namespace, end(&link.far), link.mtu)
}

fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|b| format!("{b:02x}")).join(":")
}

fn suffix(part: &Part) -> String {
    match part {
        Part::Address(address) => format!("/{}", address.length),
        Part::Neighbour(neighbour) => format!(" mac {}", mac_text(neighbour.mac)),
        Part::Route(route) => match &route.kind {
            RouteKind::Link { link } => format!(" on {link}"),
            RouteKind::Via { gateway, link } => format!(" via {gateway} on {link}"),
            RouteKind::Local => " local".to_owned(),
            RouteKind::Throw => " throw".to_owned(),
            RouteKind::Blackhole => " blackhole".to_owned(),
            RouteKind::Unreachable => " unreachable".to_owned(),
        },
        Part::RouteRule(rule) => {
            let mark = rule.mark.map(|mark| format!(" mark {mark:#x}")).unwrap_or_default();
            let sent = rule.sent_from.map(|range| format!(" sent from {range}")).unwrap_or_default();
            format!("{mark}{sent} table {}", rule.table)
        }
        Part::Listener(listener) => {
            format!(" {}{}", role_word(listener.role), if listener.transparent { " transparent" } else { "" })
        }
        Part::Namespace { .. } | Part::Link(_) | Part::Ruleset(_) => String::new(),
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::DoorTls => "door-tls",
        Role::DoorPlain => "door-plain",
        Role::Resolver => "resolver",
        Role::Metadata => "metadata",
        Role::Site => "site",
    }
}
