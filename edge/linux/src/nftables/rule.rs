//! Rules: matches and an action as the kernel's expressions.

use super::expression::{
    Compare, DESTINATION_PORT, Expressions, ICMP_CODE, ICMP_TYPE, Meta, SOURCE_PORT, TransportField,
};
use super::{family, push_nested, push_text};
use crate::netfilter::{header, push};
use crate::netlink::Batch;
use postern_names::PortRange;
use postern_program::{Action, Chain, ConnectionState, Family, Field, Match, Rule, Table};

const NFT_MSG_NEWRULE: u16 = 6;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_RULE_USERDATA: u16 = 7;
const USERDATA_COMMENT: u8 = 0;
const COMMENT_LENGTH_MAX: usize = 127;

const NF_DROP: i32 = 0;
const NF_ACCEPT: i32 = 1;
const NFT_JUMP: i32 = -3;
const NFT_GOTO: i32 = -4;
const NFT_RETURN: i32 = -5;

const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;
const ETHERTYPE_IPV4: u16 = 0x0800;
const CT_INVALID: u32 = 1;
const CT_ESTABLISHED_OR_RELATED: u32 = 2 | 4;

pub(super) fn add(batch: &mut Batch, words: String, table: &Table, chain: &Chain, rule: &Rule) {
    let mut payload = header(family(table.family));
    push_text(&mut payload, NFTA_RULE_TABLE, &table.name);
    push_text(&mut payload, NFTA_RULE_CHAIN, &chain.name);
    push_nested(&mut payload, NFTA_RULE_EXPRESSIONS, |into| into.extend(expressions(table.family, rule).0));
    if let Some(comment) = &rule.comment {
        push(&mut payload, NFTA_RULE_USERDATA, &userdata(comment));
    }
    batch.append(words, NFT_MSG_NEWRULE, &payload);
}

/// Type, length and content, which ends with a zero.
fn userdata(comment: &str) -> Vec<u8> {
    let text = comment.as_bytes().get(..COMMENT_LENGTH_MAX).unwrap_or(comment.as_bytes());
    let mut bytes = vec![USERDATA_COMMENT, text.len() as u8 + 1];
    bytes.extend_from_slice(text);
    bytes.push(0);
    bytes
}

fn expressions(family: Family, rule: &Rule) -> Expressions {
    let mut list = Expressions::of(family.addresses());
    let icmp = if family == Family::Ip6 { ICMP_V6 } else { ICMP };
    if family == Family::Netdev {
        // Everything passes a device's hooks; ARP has no addresses to compare.
        list.load_meta(Meta::Protocol);
        list.compare(Compare::Equal, &ETHERTYPE_IPV4.to_be_bytes());
    }
    let names_icmp = rule.matches.contains(&Match::Protocol(icmp));
    for condition in &rule.matches {
        if matches!(condition, Match::Icmp { .. }) && !names_icmp {
            add_match(&mut list, &Match::Protocol(icmp));
        }
        add_match(&mut list, condition);
    }
    if rule.counter {
        list.count();
    }
    add_action(&mut list, &rule.action);
    list
}

fn add_match(list: &mut Expressions, condition: &Match) {
    match condition {
        Match::InLink(name) => list.compare_link(Meta::InLink, Compare::Equal, name),
        Match::OutLink(name) => list.compare_link(Meta::OutLink, Compare::Equal, name),
        Match::NotInLink(name) => list.compare_link(Meta::InLink, Compare::NotEqual, name),
        Match::Source(range) => list.compare_range(Field::Source, *range),
        Match::Destination(range) => list.compare_range(Field::Destination, *range),
        Match::Protocol(number) => {
            list.load_meta(Meta::TransportProtocol);
            list.compare(Compare::Equal, &[*number]);
        }
        Match::DestinationPort(ports) => add_ports(list, DESTINATION_PORT, *ports),
        Match::SourcePort(ports) => add_ports(list, SOURCE_PORT, *ports),
        Match::Icmp { kind, code } => {
            for (field, value) in [(ICMP_TYPE, kind), (ICMP_CODE, code)] {
                if let Some(value) = value {
                    list.load_transport(field);
                    list.compare(Compare::Equal, &[*value]);
                }
            }
        }
        Match::State(state) => {
            let bits = match state {
                ConnectionState::EstablishedOrRelated => CT_ESTABLISHED_OR_RELATED,
                ConnectionState::Invalid => CT_INVALID,
            };
            list.load_connection_state();
            list.mask(&bits.to_ne_bytes(), &[0; 4]);
            list.compare(Compare::NotEqual, &[0; 4]);
        }
        Match::In { fields, set } => {
            list.load_fields(fields);
            list.is_in(set, true);
        }
        Match::NotIn { fields, set } => {
            list.load_fields(fields);
            list.is_in(set, false);
        }
        Match::Mark { mask, value } => {
            list.load_meta(Meta::Mark);
            list.mask(&mask.to_ne_bytes(), &[0; 4]);
            list.compare(Compare::Equal, &value.to_ne_bytes());
        }
    }
}

fn add_ports(list: &mut Expressions, field: TransportField, ports: PortRange) {
    list.load_transport(field);
    if ports.first == ports.last {
        list.compare(Compare::Equal, &ports.first.to_be_bytes());
    } else {
        list.compare(Compare::AtLeast, &ports.first.to_be_bytes());
        list.compare(Compare::AtMost, &ports.last.to_be_bytes());
    }
}

fn add_action(list: &mut Expressions, action: &Action) {
    match action {
        Action::Accept => list.verdict(NF_ACCEPT, None),
        Action::Drop => list.verdict(NF_DROP, None),
        Action::Return => list.verdict(NFT_RETURN, None),
        Action::Jump(chain) => list.verdict(NFT_JUMP, Some(chain)),
        Action::Goto(chain) => list.verdict(NFT_GOTO, Some(chain)),
        Action::Verdict { fields, map } => {
            list.load_fields(fields);
            list.look_up_verdict(map);
        }
        Action::SetMark { mask, value } => {
            list.load_meta(Meta::Mark);
            list.mask(&(!(mask | value)).to_ne_bytes(), &value.to_ne_bytes());
            list.store_mark();
        }
        Action::MarkFrom { fields, map } => {
            list.load_fields(fields);
            list.look_up(map);
            list.store_mark();
        }
        Action::SourceFrom { map } => translate(list, Field::Source, map),
        Action::DestinationFrom { map } => translate(list, Field::Destination, map),
        Action::Masquerade { to } => list.source_nat(*to),
    }
}

fn translate(list: &mut Expressions, field: Field, map: &str) {
    list.load_fields(&[field]);
    list.look_up(map);
    list.store_address(field);
}
