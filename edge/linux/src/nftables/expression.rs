//! The kernel's expressions: loads into registers, comparisons, lookups, verdicts.

use super::set::{interface_name, push_verdict, type_of};
use super::{push_nested, push_number, push_text};
use crate::netfilter::push;
use postern_names::{Cidr, IpFamily};
use postern_program::Field;
use std::net::IpAddr;

const NFTA_LIST_ELEM: u16 = 1;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_DATA_VALUE: u16 = 1;
/// The first register of four bytes; a longer value takes those that follow.
const FIRST_REGISTER: u32 = 8;
const VERDICT_REGISTER: u32 = 0;
const REGISTER_LENGTH: usize = 4;
const NETWORK_HEADER: u32 = 1;
const TRANSPORT_HEADER: u32 = 2;

/// A packet's or connection's property.
#[derive(Clone, Copy)]
pub(super) enum Meta {
    Protocol = 1,
    Mark = 3,
    InLink = 6,
    OutLink = 7,
    TransportProtocol = 16,
    InGroup = 21,
    OutGroup = 22,
}

#[derive(Clone, Copy)]
pub(super) enum Compare {
    Equal = 0,
    NotEqual = 1,
    AtMost = 3,
    AtLeast = 5,
}

/// A field of the transport header: offset and length.
#[derive(Clone, Copy)]
pub(super) struct TransportField(pub u32, pub u32);

pub(super) const SOURCE_PORT: TransportField = TransportField(0, 2);
pub(super) const DESTINATION_PORT: TransportField = TransportField(2, 2);
pub(super) const ICMP_TYPE: TransportField = TransportField(0, 1);
pub(super) const ICMP_CODE: TransportField = TransportField(1, 1);

/// The expressions of one rule, in order, for packets of one family.
pub(super) struct Expressions(pub Vec<u8>, IpFamily);

/// Where an address lies in its packet's header: offset and length.
fn place(family: IpFamily, field: Field) -> (u32, u32) {
    match (family, field) {
        (IpFamily::V4, Field::Source) => (12, 4),
        (IpFamily::V4, _) => (16, 4),
        (IpFamily::V6, Field::Source) => (8, 16),
        (IpFamily::V6, _) => (24, 16),
    }
}

/// The bytes of an address as they lie in a packet.
pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

impl Expressions {
    pub fn of(family: IpFamily) -> Self {
        Self(Vec::new(), family)
    }

    fn add(&mut self, name: &str, fill: impl FnOnce(&mut Vec<u8>)) {
        push_nested(&mut self.0, NFTA_LIST_ELEM, |element| {
            push_text(element, NFTA_EXPR_NAME, name);
            push_nested(element, NFTA_EXPR_DATA, fill);
        });
    }

    pub fn load_meta(&mut self, key: Meta) {
        self.load_meta_to(key, FIRST_REGISTER);
    }
    fn load_meta_to(&mut self, key: Meta, register: u32) {
        self.add("meta", |data| {
            push_number(data, 1, register);
            push_number(data, 2, key as u32);
        });
    }
    pub fn store_mark(&mut self) {
        self.add("meta", |data| {
            push_number(data, 2, Meta::Mark as u32);
            push_number(data, 3, FIRST_REGISTER);
        });
    }

    pub fn load_transport(&mut self, field: TransportField) {
        self.load_payload(TRANSPORT_HEADER, field.0, field.1, FIRST_REGISTER);
    }
    fn load_payload(&mut self, base: u32, offset: u32, length: u32, register: u32) {
        self.add("payload", |data| {
            push_number(data, 1, register);
            push_number(data, 2, base);
            push_number(data, 3, offset);
            push_number(data, 4, length);
        });
    }

    /// Writes an address and mends the checksums of both headers.
    pub fn store_address(&mut self, field: Field) {
        const CHECKSUM_INET: u32 = 1;
        const IP_CHECKSUM_OFFSET: u32 = 10;
        const PSEUDO_HEADER: u32 = 1;
        let (offset, length) = place(self.1, field);
        self.add("payload", |data| {
            push_number(data, 5, FIRST_REGISTER);
            push_number(data, 2, NETWORK_HEADER);
            push_number(data, 3, offset);
            push_number(data, 4, length);
            push_number(data, 6, CHECKSUM_INET);
            push_number(data, 7, IP_CHECKSUM_OFFSET);
            push_number(data, 8, PSEUDO_HEADER);
        });
    }

    /// Loads fields one behind the other, as a concatenated key lies.
    pub fn load_fields(&mut self, fields: &[Field]) {
        let mut register = FIRST_REGISTER;
        for field in fields {
            match field {
                Field::InLink => self.load_meta_to(Meta::InLink, register),
                Field::OutLink => self.load_meta_to(Meta::OutLink, register),
                Field::InGroup => self.load_meta_to(Meta::InGroup, register),
                Field::OutGroup => self.load_meta_to(Meta::OutGroup, register),
                Field::Source | Field::Destination => {
                    let (offset, length) = place(self.1, *field);
                    self.load_payload(NETWORK_HEADER, offset, length, register);
                }
            }
            register += (type_of(self.1, *field).1 / REGISTER_LENGTH) as u32;
        }
    }

    pub fn load_connection_state(&mut self) {
        const STATE: u32 = 0;
        self.add("ct", |data| {
            push_number(data, 1, FIRST_REGISTER);
            push_number(data, 2, STATE);
        });
    }

    pub fn compare(&mut self, operator: Compare, value: &[u8]) {
        self.add("cmp", |data| {
            push_number(data, 1, FIRST_REGISTER);
            push_number(data, 2, operator as u32);
            push_nested(data, 3, |inner| push(inner, NFTA_DATA_VALUE, value));
        });
    }

    /// `register = (register & mask) ^ flip`, for as many bytes as both have.
    pub fn mask(&mut self, mask: &[u8], flip: &[u8]) {
        self.add("bitwise", |data| {
            push_number(data, 1, FIRST_REGISTER);
            push_number(data, 2, FIRST_REGISTER);
            push_number(data, 3, mask.len() as u32);
            push_nested(data, 4, |inner| push(inner, NFTA_DATA_VALUE, mask));
            push_nested(data, 5, |inner| push(inner, NFTA_DATA_VALUE, flip));
        });
    }

    pub fn compare_link(&mut self, key: Meta, operator: Compare, name: &str) {
        self.load_meta(key);
        self.compare(operator, &interface_name(name));
    }

    pub fn compare_range(&mut self, field: Field, range: Cidr) {
        self.load_fields(&[field]);
        let (network, bits) = (octets(range.network()), range.family().bits());
        if range.length() < bits {
            let mask = u128::MAX.checked_shl(128 - u32::from(range.length())).unwrap_or(0).to_be_bytes();
            self.mask(mask.get(..network.len()).unwrap_or(&mask), &vec![0; network.len()]);
        }
        self.compare(Compare::Equal, &network);
    }

    /// Goes on if the loaded key is, or is not, in the set.
    pub fn is_in(&mut self, set: &str, wanted: bool) {
        const INVERTED: u32 = 1;
        self.add("lookup", |data| {
            push_text(data, 1, set);
            push_number(data, 2, FIRST_REGISTER);
            if !wanted {
                push_number(data, 5, INVERTED);
            }
        });
    }

    /// The loaded key becomes the map's value for it; without one the rule ends.
    pub fn look_up(&mut self, map: &str) {
        self.look_up_to(map, FIRST_REGISTER);
    }
    /// The map's verdict for the loaded key.
    pub fn look_up_verdict(&mut self, map: &str) {
        self.look_up_to(map, VERDICT_REGISTER);
    }
    fn look_up_to(&mut self, map: &str, register: u32) {
        self.add("lookup", |data| {
            push_text(data, 1, map);
            push_number(data, 2, FIRST_REGISTER);
            push_number(data, 3, register);
        });
    }

    pub fn count(&mut self) {
        self.add("counter", |data| {
            push(data, 1, &0u64.to_be_bytes());
            push(data, 2, &0u64.to_be_bytes());
        });
    }

    pub fn verdict(&mut self, code: i32, chain: Option<&str>) {
        self.add("immediate", |data| {
            push_number(data, 1, VERDICT_REGISTER);
            push_nested(data, 2, |inner| push_verdict(inner, code, chain));
        });
    }

    pub fn source_nat(&mut self, to: IpAddr) {
        const SOURCE: u32 = 0;
        self.add("immediate", |data| {
            push_number(data, 1, FIRST_REGISTER);
            push_nested(data, 2, |inner| push(inner, NFTA_DATA_VALUE, &octets(to)));
        });
        self.add("nat", |data| {
            push_number(data, 1, SOURCE);
            push_number(data, 2, u32::from(if to.is_ipv4() { super::IPV4 } else { super::IPV6 }));
            push_number(data, 3, FIRST_REGISTER);
        });
    }
}
