//! Private hosted zones: the most specific one answers, and only in the VPCs that it is associated with.

use crate::fixture::*;
use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use postern_model::*;
use postern_names::*;
use postern_resolver::{Answer, Carrier, RecordKind, Value, answer, respond};
use std::net::Ipv4Addr;
use time::OffsetDateTime;

fn zone(n: u64, name: &str, records: &[(&str, &str, &str)]) -> HostedZone {
    let mut zone = HostedZone {
        id: HostedZoneId::from_bits(0, n),
        owner: AccountId::DEFAULT,
        name: name.into(),
        comment: String::new(),
        caller_reference: n.to_string(),
        vpcs: vec![ZoneVpc { vpc: HOME, region: Region::new("us-east-1") }],
        authorized: Vec::new(),
        records: Vec::new(),
        created: OffsetDateTime::UNIX_EPOCH,
        tags: Tags::new(),
    };
    for (name, kind, value) in records {
        let data = match value.strip_prefix("alias ") {
            Some(target) => {
                RecordData::Alias { zone: zone.id.to_string(), target: target.into(), evaluate_health: false }
            }
            None => RecordData::Values { ttl: 30, values: vec![(*value).into()] },
        };
        let place = zone.find(name, kind).unwrap_err();
        zone.records.insert(place, RecordSet { name: (*name).into(), kind: (*kind).into(), data });
    }
    zone
}

fn with(zones: &[HostedZone]) -> World {
    let mut world = world();
    for zone in zones {
        world.apply(Change::Put(Box::new(zone.clone().into())));
    }
    world
}

fn address(text: &str) -> Answer {
    Answer::Found(30, vec![Value::Address(text.parse().unwrap())])
}

fn a(world: &World, vpc: VpcId, name: &str) -> Answer {
    answer(world, vpc, name, RecordKind::A)
}

#[test]
fn a_zone_answers_in_its_vpcs_only() {
    let world = with(&[zone(1, "corp.example", &[("db.corp.example", "A", "10.0.1.9")])]);
    assert_eq!(a(&world, HOME, "DB.corp.example."), address("10.0.1.9"));
    assert_eq!(a(&world, TWIN, "db.corp.example"), Answer::Unknown(String::new()));
    assert_eq!(a(&world, HOME, "other.corp.example"), Answer::Unknown("corp.example".into()));
    let text = answer(&world, HOME, "db.corp.example", RecordKind::Other("TXT".into()));
    assert_eq!(text, Answer::Empty("corp.example".into()));
}

#[test]
fn the_most_specific_zone_answers_even_with_nothing() {
    let wide = zone(1, "example.com", &[("a.b.example.com", "A", "10.0.0.1"), ("c.example.com", "A", "10.0.0.2")]);
    let world = with(&[wide, zone(2, "b.example.com", &[])]);
    assert_eq!(a(&world, HOME, "a.b.example.com"), Answer::Unknown("b.example.com".into()));
    assert_eq!(a(&world, HOME, "c.example.com"), address("10.0.0.2"));
    // The public name is hidden by the private zone, and elsewhere it is not.
    assert_eq!(a(&world, HOME, "example.com"), Answer::Empty("example.com".into()));
    assert!(matches!(a(&world, TWIN, "example.com"), Answer::Found(..)));
}

#[test]
fn both_attributes_of_the_vpc_must_be_on() {
    let mut world = with(&[zone(1, "corp.example", &[("db.corp.example", "A", "10.0.1.9")])]);
    change(&mut world, |vpc, _, _| vpc.enable_dns_hostnames = false);
    assert_eq!(a(&world, HOME, "db.corp.example"), Answer::Unknown(String::new()));
}

#[test]
fn other_names_are_followed() {
    let records = [
        ("www.corp.example", "CNAME", "db.corp.example."),
        ("db.corp.example", "A", "10.0.1.9"),
        ("shop.corp.example", "A", "alias db.corp.example"),
        ("ring.corp.example", "CNAME", "ring.corp.example"),
        ("s3.corp.example", "CNAME", "s3.us-east-1.amazonaws.com"),
    ];
    let world = with(&[zone(1, "corp.example", &records)]);
    let then = Box::new(address("10.0.1.9"));
    let wanted = Answer::Canonical { ttl: 30, target: "db.corp.example".into(), then };
    assert_eq!(a(&world, HOME, "www.corp.example"), wanted);
    let found = Answer::Found(60, vec![Value::Address(Ipv4Addr::new(10, 0, 1, 9))]);
    assert_eq!(a(&world, HOME, "shop.corp.example"), found);
    assert!(matches!(a(&world, HOME, "ring.corp.example"), Answer::Canonical { .. }));
    let Answer::Canonical { then, .. } = a(&world, HOME, "s3.corp.example") else { panic!("no other name") };
    assert_eq!(*then, a(&world, TWIN, "s3.us-east-1.amazonaws.com"));
}

#[test]
fn a_message_carries_the_chain_and_other_kinds_of_record() {
    let records = [
        ("www.corp.example", "CNAME", "db.corp.example"),
        ("db.corp.example", "A", "10.0.1.9"),
        ("db.corp.example", "TXT", "\"hello world\""),
        ("db.corp.example", "MX", "10 mail.corp.example."),
    ];
    let world = with(&[zone(1, "corp.example", &records)]);
    let ask = |name: &str, kind: RecordType| {
        let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        let reply = respond(&world, HOME, &message.to_vec().unwrap(), Carrier::Stream).unwrap();
        Message::from_vec(&reply).unwrap().answers
    };
    let chain = ask("www.corp.example.", RecordType::A);
    assert!(matches!(chain[0].data, RData::CNAME(_)));
    assert_eq!(chain[1].data.to_string(), "10.0.1.9");
    assert_eq!(chain[1].name.to_string(), "db.corp.example.");
    assert_eq!(ask("db.corp.example.", RecordType::TXT)[0].data.to_string(), "hello world");
    assert_eq!(ask("db.corp.example.", RecordType::MX)[0].data.to_string(), "10 mail.corp.example.");
}
