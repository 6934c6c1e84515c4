//! Network Access Scopes in small Worlds: which ways are found, and which statements keep them out.

use postern_insights::{FINDINGS_MAX, Found, check_scope_path, find_ways};
use postern_model::{AccessScope, GATEWAY_SERVICES, World};
use postern_names::*;
use postern_worlds::world;
use serde_json::{Value, json};
use time::macros::datetime;

/// A public subnet with an instance that the internet reaches on 443 and the bastion's network on 22; a private one with data,
/// which the first reaches on 5432; a NAT gateway.
fn with(more: &str) -> World {
    world(&format!(
        "vpc 1 10.0.0.0/16
        subnet 1 vpc 1 10.0.1.0/24
        subnet 2 vpc 1 10.0.2.0/24
        igw 1 vpc 1
        table 1 vpc 1 main
        table 2 vpc 1 subnets 1
        route 2 0.0.0.0/0 igw:1
        group 1 vpc 1
        group 2 vpc 1
        rule 1 out all 0.0.0.0/0
        rule 1 in tcp:443 0.0.0.0/0
        rule 1 in tcp:22 198.51.100.0/24
        rule 2 in tcp:5000-5999 group:1
        instance 1 subnet 1 10.0.1.5 groups 1 public 3.0.0.1
        instance 2 subnet 2 10.0.2.5 groups 2
        {more}"
    ))
}

fn scope(world: &World, matched: Value, excluded: Value) -> AccessScope {
    for path in matched.as_array().unwrap().iter().chain(excluded.as_array().unwrap()) {
        check_scope_path(path).unwrap();
    }
    AccessScope {
        id: NetworkInsightsAccessScopeId::from_bits(1),
        owner: world.vpcs.values().next().unwrap().owner,
        region: Region::new("us-east-1"),
        match_paths: matched.to_string(),
        exclude_paths: excluded.to_string(),
        created: datetime!(2026-11-28 10:00 UTC),
        tags: Default::default(),
    }
}

fn found(world: &World, matched: Value, excluded: Value) -> Found {
    find_ways(world, &scope(world, matched, excluded)).unwrap()
}

fn types(names: &[&str]) -> Value {
    json!({ "ResourceStatement": { "ResourceTypes": names } })
}
fn ids(ids: &[&str]) -> Value {
    json!({ "ResourceStatement": { "Resources": ids } })
}
fn header(statement: Value) -> Value {
    json!({ "PacketHeaderStatement": statement })
}

/// Each way as the ids that it meets.
fn told(found: &Found) -> Vec<String> {
    let short = |one: &Value| {
        let id = one["Component"]["Id"].as_str().unwrap();
        let (word, digits) = id.rsplit_once('-').unwrap();
        format!("{word}{}", digits.trim_start_matches('0'))
    };
    let mut all: Vec<String> =
        found.ways.iter().map(|way| way.iter().map(short).collect::<Vec<_>>().join(" ")).collect();
    all.sort();
    all
}

const IGW: &str = "AWS::EC2::InternetGateway";
const ENI: &str = "AWS::EC2::NetworkInterface";
const VPCE: &str = "AWS::EC2::VPCEndpoint";
const NAT: &str = "AWS::EC2::NatGateway";
const SUBNET_1: &str = "subnet-00000000000000001";
const SUBNET_2: &str = "subnet-00000000000000002";

#[test]
fn from_the_internet() {
    let world = with("");
    let all = found(&world, json!([{ "Source": types(&[IGW]) }]), json!([]));
    let way = all.ways.first().unwrap();
    let kinds: Vec<&str> = way.iter().map(|one| one["Component"]["Id"].as_str().unwrap()).collect();
    assert_eq!(all.ways.len(), 1);
    assert!(kinds[0].starts_with("igw-") && kinds[1].starts_with("acl-") && kinds[2].starts_with("sg-"));
    assert_eq!(way[3]["AttachedTo"]["Id"], "i-00000000000000001");
    let numbers: Vec<u64> = way.iter().map(|one| one["SequenceNumber"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(way[3]["InboundHeader"]["DestinationPortRanges"], json!([{ "From": 443, "To": 443 }]));
    assert_eq!(all.interfaces, 2);
    // The subnet of the data is not on any such way, by id or by ARN; the whole VPC is.
    let arn = "arn:aws:ec2:us-east-1:000000000000:subnet/subnet-00000000000000002";
    for there in [ids(&[SUBNET_2]), ids(&[arn]), ids(&["i-00000000000000002", "sg-00000000000000002"])] {
        assert_eq!(
            told(&found(&world, json!([{ "Source": types(&[IGW]), "Destination": there }]), json!([]))).len(),
            0
        );
    }
    for there in [ids(&["vpc-00000000000000001"]), ids(&["i-00000000000000001"]), types(&[ENI])] {
        assert_eq!(
            told(&found(&world, json!([{ "Source": types(&[IGW]), "Destination": there }]), json!([]))).len(),
            1
        );
    }
}

#[test]
fn a_rule_for_one_network_of_the_internet_is_a_way() {
    let world = with("");
    let ssh = json!([{ "Source": types(&[IGW]), "Destination": header(json!({ "DestinationPorts": ["20-30"] })) }]);
    let all = found(&world, ssh.clone(), json!([]));
    assert_eq!(all.ways.len(), 1);
    assert_eq!(all.ways[0][3]["InboundHeader"]["SourceAddresses"], json!(["198.51.100.1/32"]));
    assert_eq!(all.ways[0][3]["InboundHeader"]["DestinationPortRanges"], json!([{ "From": 22, "To": 22 }]));
    // Known networks can be left out, and so can known ports.
    let known = json!([{ "Source": header(json!({ "SourceAddresses": ["198.51.100.0/24"] })) }]);
    assert_eq!(found(&world, ssh.clone(), known).ways.len(), 0);
    let elsewhere = json!([{ "Source": header(json!({ "SourceAddresses": ["192.0.2.0/24"] })) }]);
    assert_eq!(found(&world, ssh.clone(), elsewhere).ways.len(), 1);
    // What is left of a range of which a part is known is still found, of the rule's and of the whole internet.
    let half = json!([{ "Source": header(json!({ "SourceAddresses": ["198.51.100.0/25"] })) }]);
    let all = found(&world, ssh.clone(), half);
    assert_eq!(all.ways[0][3]["InboundHeader"]["SourceAddresses"], json!(["198.51.100.128/32"]));
    let office = json!([{ "Source": header(json!({ "SourceAddresses": ["203.0.112.0/23", "203.0.114.0/24", "198.51.100.0/24"] })) }]);
    let web = json!([{ "Source": types(&[IGW]), "Destination": header(json!({ "DestinationPorts": ["443"] })) }]);
    let all = found(&world, web, office);
    assert_eq!(all.ways[0][3]["InboundHeader"]["SourceAddresses"], json!(["203.0.115.0/32"]));
    let https = json!([{ "Source": types(&[IGW]), "Destination": header(json!({ "DestinationPorts": ["443"] })) }]);
    let left = found(&world, json!([{ "Source": types(&[IGW]) }]), https);
    assert_eq!(left.ways.len(), 1, "22 is left");
    let udp = json!([{ "Source": types(&[IGW]), "Destination": header(json!({ "Protocols": ["udp"] })) }]);
    assert_eq!(found(&world, udp, json!([])).ways.len(), 0);
}

#[test]
fn between_interfaces() {
    let world = with("");
    let all = found(&world, json!([{ "Source": types(&[ENI]), "Destination": types(&[ENI]) }]), json!([]));
    assert_eq!(all.ways.len(), 1);
    assert_eq!(told(&all)[0].split(' ').next(), Some("eni1"));
    assert!(told(&all)[0].ends_with("eni2"));
    let last = all.ways[0].last().unwrap();
    assert_eq!(last["InboundHeader"]["DestinationPortRanges"], json!([{ "From": 5000, "To": 5999 }]));
    let from = |source: &str, target: &str| json!([{ "Source": ids(&[source]), "Destination": ids(&[target]) }]);
    assert_eq!(found(&world, from(SUBNET_1, SUBNET_2), json!([])).ways.len(), 1);
    assert_eq!(found(&world, from(SUBNET_2, SUBNET_1), json!([])).ways.len(), 0, "no rule lets it out");
    // A deny of the ACL in the middle of the rule's ports leaves those behind it.
    let acl = "acl 1 vpc 1 subnets 2
        entry 1 100 in deny tcp:5000-5500 0.0.0.0/0
        entry 1 200 in allow all 0.0.0.0/0
        entry 1 100 out allow all 0.0.0.0/0";
    let all = found(&with(acl), from(SUBNET_1, SUBNET_2), json!([]));
    let last = all.ways[0].last().unwrap();
    assert_eq!(last["InboundHeader"]["DestinationPortRanges"], json!([{ "From": 5501, "To": 5999 }]));
    // An answer that is barred does not make it less of a way.
    let acl = "acl 1 vpc 1 subnets 2
        entry 1 200 in allow all 0.0.0.0/0";
    assert_eq!(found(&with(acl), from(SUBNET_1, SUBNET_2), json!([])).ways.len(), 1);
}

#[test]
fn s3_only_through_endpoints() {
    let list =
        GATEWAY_SERVICES.iter().find(|s| s.name == "s3").unwrap().prefix_list(&Region::new("us-east-1")).to_string();
    let to_s3 = json!([{
        "Source": types(&[ENI]),
        "Destination": header(json!({ "DestinationPrefixLists": [list], "DestinationPorts": ["443"] })),
    }]);
    let through = json!([{ "ThroughResources": [types(&[VPCE])] }]);
    let nat = "nat 1 subnet 1 10.0.1.9 public 3.0.0.9
        route 1 0.0.0.0/0 nat:1
        rule 2 out all 0.0.0.0/0";
    let world = with(nat);
    let all = found(&world, to_s3.clone(), through.clone());
    assert_eq!(all.ways.len(), 2, "{:?}", told(&all));
    assert!(told(&all).iter().any(|way| way.contains(" nat1 ")) && told(&all).iter().all(|way| way.ends_with("igw1")));
    // With an endpoint in one table the other's way is left; with both none is.
    let one = found(&with(&format!("{nat}\nendpoint 1 vpc 1 s3 tables 1")), to_s3.clone(), through.clone());
    assert_eq!(told(&one).len(), 1, "{:?}", told(&one));
    assert!(told(&one)[0].starts_with("eni1 "));
    let world = with(&format!("{nat}\nendpoint 1 vpc 1 s3 tables 1 2"));
    assert_eq!(found(&world, to_s3.clone(), through).ways.len(), 0);
    let all = found(&world, to_s3.clone(), json!([]));
    assert!(told(&all).len() == 2 && told(&all).iter().all(|way| way.ends_with("vpce1")), "{:?}", told(&all));
    assert_eq!(found(&world, to_s3, json!([{ "Destination": types(&[VPCE]) }])).ways.len(), 0);
}

#[test]
fn through_a_nat_gateway_and_a_peering_connection() {
    let world = with(
        "nat 1 subnet 1 10.0.1.9 public 3.0.0.9
        route 1 0.0.0.0/0 nat:1
        rule 2 out all 0.0.0.0/0
        vpc 2 10.1.0.0/16
        subnet 3 vpc 2 10.1.1.0/24
        group 3 vpc 2
        rule 3 in tcp:80 10.0.2.0/24
        rule 3 out all 0.0.0.0/0
        instance 3 subnet 3 10.1.1.5 groups 3
        peering 1 vpc 1 vpc 2
        route 1 10.1.0.0/16 pcx:1",
    );
    let out = json!([{ "Source": ids(&[SUBNET_2]), "Destination": types(&[IGW]) }]);
    assert_eq!(found(&world, out.clone(), json!([])).ways.len(), 1);
    assert_eq!(found(&world, out, json!([{ "ThroughResources": [types(&[NAT])] }])).ways.len(), 0);
    let across = json!([{ "Source": ids(&[SUBNET_2]), "Destination": ids(&["vpc-00000000000000002"]) }]);
    let all = found(&world, across.clone(), json!([]));
    assert!(told(&all)[0].contains(" pcx1 ") && told(&all)[0].ends_with("eni3"), "{:?}", told(&all));
    assert_eq!(found(&world, across, json!([{ "ThroughResources": [ids(&["pcx-00000000000000001"])] }])).ways.len(), 0);
    let onto = json!([{ "Source": ids(&[SUBNET_2]), "Destination": types(&["AWS::EC2::VPCPeeringConnection"]) }]);
    let all = found(&world, onto, json!([]));
    assert!(told(&all).len() == 1 && told(&all)[0].ends_with("pcx1"), "{:?}", told(&all));
}

#[test]
fn what_is_gone_or_anothers_fails() {
    let world = with("");
    let gone = scope(&world, json!([{ "Source": ids(&["subnet-00000000000000009"]) }]), json!([]));
    let message = find_ways(&world, &gone).unwrap_err();
    assert_eq!(message, "The request failed due to missing component subnet-00000000000000009");
    let mut foreign = scope(&world, json!([{ "Source": ids(&[SUBNET_1]) }]), json!([]));
    foreign.region = Region::new("eu-west-1");
    let message = find_ways(&world, &foreign).unwrap_err();
    assert_eq!(message, format!("The request failed due to inaccessible resource {SUBNET_1}"));
}

#[test]
fn of_too_many_findings_each_source_keeps_some() {
    let mut text = String::from(
        "vpc 1 10.0.0.0/16\nsubnet 1 vpc 1 10.0.0.0/22\ngroup 1 vpc 1\nrule 1 out all 0.0.0.0/0\nrule 1 in tcp:22 10.0.0.0/8\n",
    );
    for n in 1..=40 {
        text.push_str(&format!("instance {n} subnet 1 10.0.1.{n} groups 1\n"));
    }
    let world = world(&text);
    let all = found(&world, json!([{ "Source": types(&[ENI]), "Destination": types(&[ENI]) }]), json!([]));
    assert_eq!(all.ways.len(), FINDINGS_MAX);
    assert!(all.warning.unwrap().contains("left out"));
    let sources: std::collections::BTreeSet<&str> =
        all.ways.iter().map(|way| way[0]["Component"]["Id"].as_str().unwrap()).collect();
    assert_eq!(sources.len(), 40);
}
