//! Paths in small Worlds: what is found, and the codes of what bars a way.

use postern_insights::{Analysis, Bounds, analyse};
use postern_model::{InsightsPath, PathFilter, World};
use postern_names::*;
use postern_worlds::world;
use std::collections::BTreeSet;
use time::macros::datetime;

/// Two subnets, an instance each; the second answers TCP 5000 to 5999 to the first's group.
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
        rule 2 in tcp:5000-5999 group:1
        instance 1 subnet 1 10.0.1.5 groups 1 public 3.0.0.1
        instance 2 subnet 2 10.0.2.5 groups 2
        {more}"
    ))
}

fn path(world: &World, from: &str, to: &str, port: Option<u16>) -> InsightsPath {
    let owner = world.vpcs.values().next().unwrap().owner;
    InsightsPath {
        id: NetworkInsightsPathId::from_bits(1),
        owner,
        region: Region::new("us-east-1"),
        source: from.to_owned(),
        destination: (!to.is_empty()).then(|| to.to_owned()),
        protocol: Protocol::Tcp,
        source_ip: None,
        destination_ip: None,
        destination_port: port,
        at_source: None,
        at_destination: None,
        created: datetime!(2026-11-28 10:00 UTC),
        tags: Default::default(),
    }
}

const ONE: &str = "i-00000000000000001";
const TWO: &str = "i-00000000000000002";
const IGW: &str = "igw-00000000000000001";

fn asked(world: &World, path: &InsightsPath) -> Analysis {
    analyse(world, path, &Bounds::default())
}

fn codes(analysis: &Analysis) -> Vec<&str> {
    assert!(!analysis.is_found);
    let all = analysis.answer["Explanations"].as_array().unwrap();
    all.iter().map(|one| one["ExplanationCode"].as_str().unwrap()).collect()
}

fn kinds(analysis: &Analysis, way: &str) -> Vec<String> {
    assert!(analysis.is_found, "{}", analysis.answer);
    let all = analysis.answer[way].as_array().unwrap();
    let id = |one: &serde_json::Value| one["Component"]["Id"].as_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
    all.iter().map(id).collect()
}

#[test]
fn groups_and_acl_stand_before_the_table() {
    let world = with("");
    let told = asked(&world, &path(&world, ONE, TWO, Some(5432)));
    let whole = ["i", "eni", "sg", "acl", "rtb", "acl", "sg", "eni", "i"];
    assert_eq!(kinds(&told, "ForwardPathComponents"), whole);
    assert_eq!(kinds(&told, "ReturnPathComponents"), whole);
    let told = asked(&world, &path(&world, ONE, IGW, Some(443)));
    assert_eq!(kinds(&told, "ForwardPathComponents"), ["i", "eni", "sg", "acl", "rtb", "igw"]);
}

#[test]
fn an_open_port_is_any_that_passes() {
    let world = with("");
    let told = asked(&world, &path(&world, ONE, TWO, None));
    let header = &told.answer["ForwardPathComponents"][0]["OutboundHeader"];
    assert_eq!(header["DestinationPortRanges"][0]["From"], 5000);
    assert_eq!(header["DestinationPortRanges"][0]["To"], 5999);
    let only = |first, last| {
        let at_source = PathFilter { destination_ports: Some(PortRange { first, last }), ..PathFilter::default() };
        asked(&world, &InsightsPath { at_source: Some(at_source), ..path(&world, ONE, TWO, None) })
    };
    assert!(only(5999, 6000).is_found);
    assert_eq!(codes(&only(6000, 7000)), ["ENI_SG_RULES_MISMATCH"]);
}

#[test]
fn a_client_port_is_looked_for_that_an_acl_lets_back() {
    let acl = |ports: &str| {
        with(&format!(
            "acl 1 vpc 1 subnets 2
            entry 1 100 in allow all 0.0.0.0/0
            entry 1 90 out deny tcp:40000 0.0.0.0/0
            entry 1 100 out allow tcp:{ports} 0.0.0.0/0"
        ))
    };
    let world = acl("1024-2000");
    let told = asked(&world, &path(&world, ONE, TWO, Some(5432)));
    let ports = &told.answer["ForwardPathComponents"][0]["OutboundHeader"]["SourcePortRanges"][0];
    assert_eq!((ports["From"].as_u64(), ports["To"].as_u64()), (Some(1024), Some(2000)));
    let world = acl("40000");
    assert_eq!(codes(&asked(&world, &path(&world, ONE, TWO, Some(5432)))), ["SUBNET_ACL_RESTRICTION"]);
}

#[test]
fn what_goes_through_a_nat_gateway_is_followed_one_way() {
    let world = with("nat 1 subnet 1 10.0.1.9 public 3.0.0.9\nroute 1 0.0.0.0/0 nat:1\nrule 2 out all 0.0.0.0/0");
    let told = asked(&world, &path(&world, TWO, IGW, Some(443)));
    assert_eq!(
        kinds(&told, "ForwardPathComponents"),
        ["i", "eni", "sg", "acl", "rtb", "acl", "nat", "acl", "rtb", "igw"]
    );
    assert_eq!(told.answer.get("ReturnPathComponents"), None);
    let detail = &told.answer["ForwardPathComponents"][6]["AdditionalDetails"][0]["AdditionalDetailType"];
    assert_eq!(detail, "UNIDIRECTIONAL_PATH_ANALYSIS_ONLY");
}

#[test]
fn peers_and_those_that_are_none() {
    let far = "vpc 2 10.1.0.0/16\nsubnet 3 vpc 2 10.1.1.0/24\ngroup 3 vpc 2\nrule 3 in all 0.0.0.0/0\ninstance 3 subnet 3 10.1.1.5 groups 3";
    let three = "i-00000000000000003";
    let alone = with(far);
    let told = asked(&alone, &path(&alone, TWO, three, Some(443)));
    assert!(codes(&told).contains(&"DISCONNECTED_VPCS"), "{}", told.answer);
    let peers = with(&format!(
        "{far}\npeering 1 vpc 1 vpc 2\nroute 2 10.1.0.0/16 pcx:1\ntable 3 vpc 2 main\nroute 3 10.0.0.0/16 pcx:1"
    ));
    let told = asked(&peers, &path(&peers, ONE, three, Some(443)));
    assert_eq!(kinds(&told, "ForwardPathComponents"), ["i", "eni", "sg", "acl", "rtb", "pcx", "acl", "sg", "eni", "i"]);
    let told = asked(&peers, &path(&peers, ONE, "pcx-00000000000000001", Some(443)));
    assert_eq!(kinds(&told, "ForwardPathComponents"), ["i", "eni", "sg", "acl", "rtb", "pcx"]);
}

#[test]
fn the_way_must_meet_what_is_wanted() {
    let world = with("");
    let asked = |wanted: &[&str], unwanted: &[&str]| {
        let arns = |ids: &[&str]| ids.iter().map(|id| postern_insights::arn(&world, id).unwrap()).collect::<Vec<_>>();
        let bounds = Bounds { filter_in: arns(wanted), filter_out: arns(unwanted), ..Bounds::default() };
        analyse(&world, &path(&world, ONE, TWO, Some(5432)), &bounds)
    };
    assert!(asked(&["sg-00000000000000002"], &[IGW]).is_found);
    assert_eq!(codes(&asked(&[IGW], &[])), ["COMPONENT_FILTER_RESTRICTION"]);
    assert_eq!(codes(&asked(&[], &["sg-00000000000000002"])), ["COMPONENT_FILTER_RESTRICTION"]);
}

#[test]
fn what_another_account_has_is_not_shown() {
    let world = with("");
    let stranger = InsightsPath { owner: "999988887777".parse().unwrap(), ..path(&world, ONE, TWO, Some(5432)) };
    let told = asked(&world, &stranger);
    assert_eq!(codes(&told), ["UNKNOWN_RESOURCE"]);
    assert_eq!(told.answer["SuggestedAccounts"].as_array().unwrap().len(), 1);
    assert!(!told.answer.to_string().contains("sg-"));
    // Unless it may be read: the ends' owners, and those who are named.
    let owner = BTreeSet::from([world.instances.values().next().unwrap().owner]);
    let bounds = |readable| Bounds::of(&world, &stranger, Default::default(), &[], readable);
    assert!(analyse(&world, &stranger, &bounds(&owner)).is_found);
    assert_eq!(bounds(&BTreeSet::new()), Bounds::default());
    let elsewhere = InsightsPath { source: "i-00000000000000009".into(), destination: None, ..stranger.clone() };
    let named: Vec<_> = owner.iter().copied().collect();
    assert_eq!(Bounds::of(&world, &elsewhere, Default::default(), &named, &owner).accounts, owner);
    assert_eq!(Bounds::of(&world, &elsewhere, Default::default(), &named, &BTreeSet::new()), Bounds::default());
}
