//! One DNS message in, one out.

use crate::answer::{Answer, RecordKind, Value, answer};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, PTR, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use postern_model::World;
use postern_names::VpcId;
use std::str::FromStr;

/// What a client without EDNS can take in a datagram.
const DATAGRAM_LENGTH_MIN: u16 = 512;
/// What fits every path without fragments.
const DATAGRAM_LENGTH_MAX: u16 = 1232;
const HEADER_LENGTH: usize = 12;
const NEGATIVE_TTL: u32 = 60;

/// How a message travels, which bounds its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    Datagram,
    Stream,
}

/// The answer to a message from a guest of the VPC; `None` for what is no question at all.
pub fn respond(world: &World, vpc: VpcId, message: &[u8], carrier: Carrier) -> Option<Vec<u8>> {
    let header = message.get(..HEADER_LENGTH)?;
    let is_response = header.get(2)? & 0x80 != 0;
    if is_response {
        return None;
    }
    let id = u16::from_be_bytes([*header.first()?, *header.get(1)?]);
    let Ok(question) = Message::from_vec(message) else {
        return Message::error_msg(id, OpCode::Query, ResponseCode::FormErr).to_vec().ok();
    };
    if question.metadata.message_type != MessageType::Query {
        return None;
    }
    let response = reply(world, vpc, &question);
    let limit = match carrier {
        Carrier::Datagram => usize::from(question.max_payload().clamp(DATAGRAM_LENGTH_MIN, DATAGRAM_LENGTH_MAX)),
        Carrier::Stream => usize::from(u16::MAX),
    };
    let bytes = response.to_vec().ok()?;
    if bytes.len() <= limit { Some(bytes) } else { response.truncate().to_vec().ok() }
}

fn reply(world: &World, vpc: VpcId, question: &Message) -> Message {
    let mut response = Message::response(question.metadata.id, question.metadata.op_code);
    response.metadata.recursion_desired = question.metadata.recursion_desired;
    response.metadata.recursion_available = true;
    response.metadata.checking_disabled = question.metadata.checking_disabled;
    response.queries.clone_from(&question.queries);
    if let Some(edns) = &question.edns {
        let mut own = Edns::new();
        own.set_max_payload(DATAGRAM_LENGTH_MAX);
        response.set_edns(own);
        if edns.version() > 0 {
            response.metadata.response_code = ResponseCode::BADVERS;
            return response;
        }
    }
    response.metadata.response_code = match (question.metadata.op_code, question.queries.as_slice()) {
        (OpCode::Query, [query]) if query.query_class() == DNSClass::IN => fill(world, vpc, query, &mut response),
        (OpCode::Query, [_]) => ResponseCode::Refused,
        (OpCode::Query, _) => ResponseCode::FormErr,
        _ => ResponseCode::NotImp,
    };
    response
}

fn fill(world: &World, vpc: VpcId, query: &Query, response: &mut Message) -> ResponseCode {
    let kind = match query.query_type() {
        RecordType::A => RecordKind::A,
        RecordType::AAAA => RecordKind::Aaaa,
        RecordType::PTR => RecordKind::Ptr,
        RecordType::AXFR | RecordType::IXFR => return ResponseCode::Refused,
        other => RecordKind::Other(other.to_string()),
    };
    tell(answer(world, vpc, &query.name().to_ascii(), kind), query.name(), response)
}

/// Puts an answer about the owner into the response.
fn tell(answer: Answer, owner: &Name, response: &mut Message) -> ResponseCode {
    match answer {
        Answer::Found(ttl, mut values) => {
            // Clients take the first: the message's own number, which is chance, makes another one first each time.
            let first = usize::from(response.metadata.id).checked_rem(values.len()).unwrap_or_default();
            values.rotate_left(first);
            let records = values.iter().filter_map(data);
            // The owner is spelt as the client spelt it: some check the case.
            response.add_answers(records.map(|data| Record::from_rdata(owner.clone(), ttl, data)));
            ResponseCode::NoError
        }
        Answer::Canonical { ttl, target, then } => {
            let Ok(name) = Name::from_ascii(format!("{target}.")) else { return ResponseCode::ServFail };
            let record = Record::from_rdata(owner.clone(), ttl, RData::CNAME(CNAME(name.clone())));
            response.add_answer(record);
            tell(*then, &name, response)
        }
        Answer::Empty(zone) => {
            response.add_authorities(authority(&zone));
            ResponseCode::NoError
        }
        Answer::Unknown(zone) => {
            response.add_authorities(authority(&zone));
            ResponseCode::NXDomain
        }
    }
}

fn data(value: &Value) -> Option<RData> {
    match value {
        Value::Address(address) => Some(RData::A(A(*address))),
        Value::Ipv6Address(address) => Some(RData::AAAA(AAAA(*address))),
        Value::Name(name) => Name::from_ascii(format!("{name}.")).ok().map(|name| RData::PTR(PTR(name))),
        Value::Text { kind, text } => RData::try_from_str(RecordType::from_str(kind).ok()?, text).ok(),
    }
}

/// The start of authority that lets a client remember that there is nothing.
fn authority(zone: &str) -> Option<Record> {
    let named = |text: String| Name::from_ascii(text).ok();
    let name = named(format!("{zone}."))?;
    let server = if zone.is_empty() { "a.root-servers.net.".to_owned() } else { format!("ns0.{zone}.") };
    let soa =
        SOA::new(named(server)?, named("awsdns-hostmaster.amazon.com.".into())?, 1, 7200, 900, 1_209_600, NEGATIVE_TTL);
    Some(Record::from_rdata(name, NEGATIVE_TTL, RData::SOA(soa)))
}
