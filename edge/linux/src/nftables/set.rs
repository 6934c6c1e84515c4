//! Sets and maps with their elements.

use super::expression::octets;
use super::{push_nested, push_number, push_text};
use crate::netfilter::{header, push};
use crate::netlink::Batch;
use postern_names::IpFamily;
use postern_program::{Action, Atom, Field, Map, MapValue, Set, Table};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const NFT_MSG_NEWSET: u16 = 9;
const NFT_MSG_NEWSETELEM: u16 = 12;
const NFT_MSG_DELSETELEM: u16 = 14;
const NFTA_SET_TABLE: u16 = 1;
const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_TYPE: u16 = 4;
const NFTA_SET_KEY_LEN: u16 = 5;
const NFTA_SET_DATA_TYPE: u16 = 6;
const NFTA_SET_DATA_LEN: u16 = 7;
const NFTA_SET_ID: u16 = 10;
const NFTA_SET_USERDATA: u16 = 13;
const NFT_SET_INTERVAL: u32 = 4;
const NFT_SET_MAP: u32 = 8;
const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
const NFTA_SET_ELEM_LIST_SET: u16 = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_LIST_SET_ID: u16 = 4;
const NFTA_LIST_ELEM: u16 = 1;
const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_DATA: u16 = 2;
const NFTA_SET_ELEM_FLAGS: u16 = 3;
const NFT_SET_ELEM_INTERVAL_END: u32 = 1;
const NFTA_DATA_VALUE: u16 = 1;
const NFTA_DATA_VERDICT: u16 = 2;
const NFTA_VERDICT_CODE: u16 = 1;
const NFTA_VERDICT_CHAIN: u16 = 2;
const NFT_JUMP: i32 = -3;
const NFT_GOTO: i32 = -4;
const NFT_DATA_VERDICT: u32 = 0xffff_ff00;

/// `nft`'s own numbers for types; the kernel keeps them for who lists the set.
const TYPE_IPV4_ADDRESS: u32 = 7;
const TYPE_IPV6_ADDRESS: u32 = 8;
const TYPE_MARK: u32 = 19;
const TYPE_DEVICE_GROUP: u32 = 35;
const TYPE_INTERFACE_NAME: u32 = 41;
const TYPE_BITS: u32 = 6;
/// Type, length and content in a set's user data: the byte order of keys and of values.
const USERDATA_KEY_ORDER: u8 = 0;
const USERDATA_DATA_ORDER: u8 = 1;
const HOST_ORDER: u32 = 1;
const NETWORK_ORDER: u32 = 2;

pub(super) const INTERFACE_NAME_LENGTH: usize = 16;
/// An attribute's length has 16 bits; an element takes less than this.
const ELEMENT_LENGTH_MAX: usize = 160;
const ELEMENTS_AT_ONCE: usize = 60_000 / ELEMENT_LENGTH_MAX;

enum Data<'a> {
    None,
    End,
    Value(&'a MapValue),
}

pub(super) fn add_set(batch: &mut Batch, family: u8, table: &str, set: &Set, id: u32) {
    let flags = if set.interval { NFT_SET_INTERVAL } else { 0 };
    add(batch, family, table, (&set.name, id, flags), &set.key, None);
    let elements: Vec<(Vec<u8>, Data<'_>)> = if set.interval {
        intervals(&set.elements)
    } else {
        set.elements.iter().map(|atoms| (key(atoms), Data::None)).collect()
    };
    add_elements(batch, family, table, (&set.name, id), &elements);
}

pub(super) fn add_map(batch: &mut Batch, family: u8, table: &Table, map: &Map, id: u32) {
    add(batch, family, &table.name, (&map.name, id, NFT_SET_MAP), &map.key, Some(value_kind(table, map)));
    let elements: Vec<_> = map.elements.iter().map(|(atoms, value)| (key(atoms), Data::Value(value))).collect();
    add_elements(batch, family, &table.name, (&map.name, id), &elements);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Verdict,
    Mark,
    Address,
}

/// What a map's values are: said by its elements, or for an empty map by the rules that use it.
pub(super) fn value_kind(table: &Table, map: &Map) -> ValueKind {
    if let Some((_, value)) = map.elements.first() {
        return match value {
            MapValue::Jump(_) | MapValue::Goto(_) => ValueKind::Verdict,
            MapValue::Mark(_) => ValueKind::Mark,
            MapValue::Address(_) => ValueKind::Address,
        };
    }
    let actions = table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| &rule.action);
    let mut used = actions.filter_map(|action| match action {
        Action::MarkFrom { map: name, .. } if *name == map.name => Some(ValueKind::Mark),
        Action::SourceFrom { map: name } | Action::DestinationFrom { map: name } if *name == map.name => {
            Some(ValueKind::Address)
        }
        _ => None,
    });
    used.next().unwrap_or(ValueKind::Verdict)
}

fn add(batch: &mut Batch, family: u8, table: &str, set: (&str, u32, u32), fields: &[Field], value: Option<ValueKind>) {
    let (name, id, flags) = set;
    let ip = if family == super::IPV6 { IpFamily::V6 } else { IpFamily::V4 };
    let mut payload = header(family);
    push_text(&mut payload, NFTA_SET_TABLE, table);
    push_text(&mut payload, NFTA_SET_NAME, name);
    push_number(&mut payload, NFTA_SET_FLAGS, flags);
    let type_number = fields.iter().fold(0, |number, field| number << TYPE_BITS | type_of(ip, *field).0);
    push_number(&mut payload, NFTA_SET_KEY_TYPE, type_number);
    push_number(&mut payload, NFTA_SET_KEY_LEN, fields.iter().map(|field| type_of(ip, *field).1 as u32).sum());
    let mut orders = vec![(USERDATA_KEY_ORDER, if let [field] = fields { type_of(ip, *field).2 } else { 0 })];
    if let Some(value) = value {
        let (kind, length, order) = match value {
            ValueKind::Verdict => (NFT_DATA_VERDICT, None, 0),
            ValueKind::Mark => (TYPE_MARK, Some(4), HOST_ORDER),
            ValueKind::Address => {
                let (kind, length, order) = address_type(ip);
                (kind, Some(length as u32), order)
            }
        };
        push_number(&mut payload, NFTA_SET_DATA_TYPE, kind);
        length.into_iter().for_each(|length| push_number(&mut payload, NFTA_SET_DATA_LEN, length));
        orders.push((USERDATA_DATA_ORDER, order));
    }
    push_number(&mut payload, NFTA_SET_ID, id);
    let userdata: Vec<u8> =
        orders.into_iter().flat_map(|(kind, order)| [kind, 4].into_iter().chain(order.to_ne_bytes())).collect();
    push(&mut payload, NFTA_SET_USERDATA, &userdata);
    batch.add(format!("set {name}"), NFT_MSG_NEWSET, &payload);
}

/// Elements of a set that the transaction makes; the kernel finds it by its number.
fn add_elements(batch: &mut Batch, family: u8, table: &str, set: (&str, u32), elements: &[(Vec<u8>, Data<'_>)]) {
    for payload in element_lists(family, table, set.0, Some(set.1), elements) {
        batch.add(format!("elements of {}", set.0), NFT_MSG_NEWSETELEM, &payload);
    }
}

/// An element of a set, or of a map with its value.
pub(super) type Element<'a> = (&'a [Atom], Option<&'a MapValue>);

/// Takes elements out of a set or map that is there.
pub(super) fn remove_elements(batch: &mut Batch, family: u8, table: &str, set: &str, elements: &[Element<'_>]) {
    let keys: Vec<_> = elements.iter().map(|(atoms, _)| (key(atoms), Data::None)).collect();
    for payload in element_lists(family, table, set, None, &keys) {
        batch.delete(format!("elements of {set}"), NFT_MSG_DELSETELEM, &payload);
    }
}

/// Puts elements into a set or map that is there. Not for ranges, whose neighbours would have to be known.
pub(super) fn insert_elements(batch: &mut Batch, family: u8, table: &str, set: &str, elements: &[Element<'_>]) {
    let all: Vec<_> =
        elements.iter().map(|(atoms, value)| (key(atoms), value.map_or(Data::None, Data::Value))).collect();
    for payload in element_lists(family, table, set, None, &all) {
        batch.add(format!("elements of {set}"), NFT_MSG_NEWSETELEM, &payload);
    }
}

/// The payloads of as many messages as the elements need.
fn element_lists(
    family: u8,
    table: &str,
    set: &str,
    id: Option<u32>,
    elements: &[(Vec<u8>, Data<'_>)],
) -> impl Iterator<Item = Vec<u8>> {
    elements.chunks(ELEMENTS_AT_ONCE).map(move |chunk| {
        let mut payload = header(family);
        push_text(&mut payload, NFTA_SET_ELEM_LIST_TABLE, table);
        push_text(&mut payload, NFTA_SET_ELEM_LIST_SET, set);
        if let Some(id) = id {
            push_number(&mut payload, NFTA_SET_ELEM_LIST_SET_ID, id);
        }
        push_nested(&mut payload, NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
            for (key, data) in chunk {
                push_nested(list, NFTA_LIST_ELEM, |element| push_element(element, key, data));
            }
        });
        payload
    })
}

fn push_element(element: &mut Vec<u8>, key: &[u8], data: &Data<'_>) {
    push_nested(element, NFTA_SET_ELEM_KEY, |inner| push(inner, NFTA_DATA_VALUE, key));
    match data {
        Data::None => {}
        Data::End => push_number(element, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END),
        Data::Value(value) => push_nested(element, NFTA_SET_ELEM_DATA, |inner| match value {
            MapValue::Jump(chain) => push_verdict(inner, NFT_JUMP, Some(chain)),
            MapValue::Goto(chain) => push_verdict(inner, NFT_GOTO, Some(chain)),
            MapValue::Mark(mark) => push(inner, NFTA_DATA_VALUE, &mark.to_ne_bytes()),
            MapValue::Address(address) => push(inner, NFTA_DATA_VALUE, &octets(*address)),
        }),
    }
}

pub(super) fn push_verdict(into: &mut Vec<u8>, code: i32, chain: Option<&str>) {
    push_nested(into, NFTA_DATA_VERDICT, |verdict| {
        push_number(verdict, NFTA_VERDICT_CODE, code as u32);
        if let Some(chain) = chain {
            push_text(verdict, NFTA_VERDICT_CHAIN, chain);
        }
    });
}

fn address_type(ip: IpFamily) -> (u32, usize, u32) {
    match ip {
        IpFamily::V4 => (TYPE_IPV4_ADDRESS, 4, NETWORK_ORDER),
        IpFamily::V6 => (TYPE_IPV6_ADDRESS, 16, NETWORK_ORDER),
    }
}

/// Type number, length in a key, byte order.
pub(super) fn type_of(ip: IpFamily, field: Field) -> (u32, usize, u32) {
    match field {
        Field::InLink | Field::OutLink => (TYPE_INTERFACE_NAME, INTERFACE_NAME_LENGTH, HOST_ORDER),
        Field::InGroup | Field::OutGroup => (TYPE_DEVICE_GROUP, 4, HOST_ORDER),
        Field::Source | Field::Destination => address_type(ip),
    }
}

fn key(atoms: &[Atom]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for atom in atoms {
        match atom {
            Atom::Link(name) => bytes.extend(interface_name(name)),
            Atom::Group(number) => bytes.extend(number.to_ne_bytes()),
            Atom::Address(address) => bytes.extend(octets(*address)),
            Atom::Range(range) => bytes.extend(octets(range.network())),
        }
    }
    bytes
}

pub(super) fn interface_name(name: &str) -> [u8; INTERFACE_NAME_LENGTH] {
    let mut bytes = [0; INTERFACE_NAME_LENGTH];
    // The last byte stays: the kernel's names end with a zero.
    bytes.iter_mut().take(INTERFACE_NAME_LENGTH - 1).zip(name.bytes()).for_each(|(place, byte)| *place = byte);
    bytes
}

/// Ranges as the kernel keeps them: where each begins, and where the first address after it is. Neighbours become one. All
/// are of one family.
fn intervals<'a>(elements: &[Vec<Atom>]) -> Vec<(Vec<u8>, Data<'a>)> {
    let mut ranges: Vec<(IpAddr, IpAddr)> = elements
        .iter()
        .flatten()
        .filter_map(|atom| match atom {
            Atom::Range(range) => Some((range.network(), range.last())),
            Atom::Address(address) => Some((*address, *address)),
            Atom::Link(_) | Atom::Group(_) => None,
        })
        .collect();
    ranges.sort_unstable();
    let mut merged: Vec<(IpAddr, IpAddr)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= after(*end).unwrap_or(*end) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    let ends = |(first, last): (IpAddr, IpAddr)| {
        let after = after(last).map(|after| (octets(after), Data::End));
        [Some((octets(first), Data::None)), after].into_iter().flatten()
    };
    merged.into_iter().flat_map(ends).collect()
}

/// The next address; `None` behind the last.
fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| Ipv4Addr::from(next).into()),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| Ipv6Addr::from(next).into()),
    }
}
