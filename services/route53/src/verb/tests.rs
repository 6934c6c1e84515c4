//! The verbs on a World: what they change, and what they refuse.

use super::*;
use postern_model::{Change, Entity, Vpc, VpcCidr};
use postern_names::{DhcpOptionsId, VpcCidrAssociationId, VpcId};
use serde_json::json;

const OTHER: &str = "999999999999";

fn vpc_of(n: u64, owner: AccountId) -> Vpc {
    Vpc {
        id: VpcId::from_bits(n),
        owner,
        region: Region::new("us-east-1"),
        cidrs: vec![VpcCidr {
            association: VpcCidrAssociationId::from_bits(n),
            cidr: "10.0.0.0/16".parse().expect("a range"),
        }],
        dhcp_options: DhcpOptionsId::from_bits(1),
        tenancy: "default".into(),
        is_default: false,
        enable_dns_support: true,
        enable_dns_hostnames: true,
        enable_network_address_usage_metrics: false,
        ipv6_cidrs: Vec::new(),
        next_subnet_number: 1,
        next_table_number: 1,
        tags: Default::default(),
    }
}

/// Two VPCs of the default account, the third of another.
fn world() -> World {
    let mut world = World::default();
    for (n, owner) in [(1, AccountId::DEFAULT), (2, AccountId::DEFAULT), (3, OTHER.parse().expect("an account"))] {
        world.apply(Change::Put(Box::new(Entity::from(vpc_of(n, owner)))));
    }
    world
}

fn place(n: u64) -> Value {
    json!({ "VPCId": VpcId::from_bits(n), "VPCRegion": "us-east-1" })
}

/// Runs an operation for an account; a refusal takes everything back.
fn run(world: &mut World, account: AccountId, operation: &str, input: Value) -> Result<Value, Refusal> {
    let request = Request { input: Input(&input), account, now: OffsetDateTime::UNIX_EPOCH };
    let (_, how) = VERBS.iter().find(|(name, _)| *name == operation).expect("an operation");
    match how {
        Run::Look(look) => look(world, &request),
        Run::Change(change) => {
            let id = HostedZoneId::from_bits(0, world.hosted_zones.len() as u64 + 1);
            let mut draft = Draft::new(world);
            let result = change(&mut draft, &request, id);
            match &result {
                Ok(_) => drop(draft.commit()),
                Err(_) => draft.roll_back(),
            }
            result
        }
    }
}

fn own(world: &mut World, operation: &str, input: Value) -> Result<Value, Refusal> {
    run(world, AccountId::DEFAULT, operation, input)
}

fn create(world: &mut World, name: &str, reference: &str, vpc: u64) -> Result<String, Refusal> {
    let input = json!({ "Name": name, "CallerReference": reference, "VPC": place(vpc) });
    own(world, "CreateHostedZone", input).map(|reply| reply["HostedZone"]["Id"].as_str().expect("an id").to_owned())
}

fn change(world: &mut World, zone: &str, changes: &[(&str, &str, &str, &str)]) -> Result<Value, Refusal> {
    let changes: Vec<Value> = changes
        .iter()
        .map(|(action, name, kind, value)| {
            let set = json!({ "Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{ "Value": value }] });
            json!({ "Action": action, "ResourceRecordSet": set })
        })
        .collect();
    own(world, "ChangeResourceRecordSets", json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": changes } }))
}

fn code(result: Result<impl std::fmt::Debug, Refusal>) -> String {
    result.expect_err("a refusal").code
}

#[test]
fn a_zone_begins_with_its_own_servers_and_ends_when_it_is_empty() {
    let mut world = world();
    let zone = create(&mut world, "Corp.Example.", "1", 1).unwrap();
    let listed = own(&mut world, "ListResourceRecordSets", json!({ "HostedZoneId": zone })).unwrap();
    let kinds: Vec<_> = listed["ResourceRecordSets"].as_array().unwrap().iter().map(|set| &set["Type"]).collect();
    assert_eq!(kinds, ["NS", "SOA"]);
    change(&mut world, &zone, &[("CREATE", "db.corp.example", "A", "10.0.0.9")]).unwrap();
    assert_eq!(code(own(&mut world, "DeleteHostedZone", json!({ "Id": zone }))), "HostedZoneNotEmpty");
    change(&mut world, &zone, &[("DELETE", "db.corp.example", "A", "10.0.0.9")]).unwrap();
    own(&mut world, "DeleteHostedZone", json!({ "Id": zone })).unwrap();
    assert_eq!(code(own(&mut world, "GetHostedZone", json!({ "Id": zone }))), "NoSuchHostedZone");
}

#[test]
fn wrong_zones_are_refused() {
    let mut world = world();
    create(&mut world, "corp.example", "1", 1).unwrap();
    assert_eq!(code(create(&mut world, "other.example", "1", 1)), "HostedZoneAlreadyExists");
    assert_eq!(code(create(&mut world, "corp.example", "2", 1)), "ConflictingDomainExists");
    assert_eq!(code(create(&mut world, "a..b", "3", 1)), "InvalidDomainName");
    assert_eq!(code(create(&mut world, "x.example", "4", 99)), "InvalidVPCId");
    assert_eq!(code(create(&mut world, "x.example", "5", 3)), "NotAuthorizedException");
    let public = json!({ "Name": "public.example", "CallerReference": "6" });
    assert_eq!(code(own(&mut world, "CreateHostedZone", public)), "NotImplemented");
    // The same name in another VPC is another zone.
    create(&mut world, "corp.example", "7", 2).unwrap();
}

#[test]
fn a_batch_happens_whole_or_not_at_all() {
    let mut world = world();
    let zone = create(&mut world, "corp.example", "1", 1).unwrap();
    let before = world.hosted_zones.clone();
    let wrong = [
        ("CREATE", "a.corp.example", "A", "10.0.0.1"),
        ("CREATE", "a.other.example", "A", "10.0.0.1"),
        ("CREATE", "b.corp.example", "A", "ten"),
        ("CREATE", "corp.example", "CNAME", "a.corp.example"),
        ("CREATE", "c.corp.example", "TXT", "no quotes"),
        ("CREATE", "a.corp.example", "CNAME", "b.corp.example"),
        ("DELETE", "d.corp.example", "A", "10.0.0.1"),
        ("DELETE", "corp.example", "NS", "ns-0.awsdns-00.com."),
    ];
    let refusal = change(&mut world, &zone, &wrong).unwrap_err();
    assert_eq!(refusal.code, "InvalidChangeBatch");
    for part in [
        "RRSet with DNS name a.other.example. is not permitted in zone corp.example.",
        "Value is not a valid IPv4 address",
        "is not permitted at apex in zone corp.example.",
        "Value should be enclosed in quotation marks",
        "conflicts with other records with the same DNS name",
        "Tried to delete resource record set [name='d.corp.example.', type='A'] but it was not found",
        "but the values provided do not match the current values",
    ] {
        assert!(refusal.message.contains(part), "{part} is not in {}", refusal.message);
    }
    assert_eq!(world.hosted_zones, before);
    change(&mut world, &zone, &[("UPSERT", "*.corp.example", "A", "10.0.0.1")]).unwrap();
    change(&mut world, &zone, &[("UPSERT", "*.corp.example", "A", "10.0.0.2")]).unwrap();
    let listed = own(&mut world, "ListResourceRecordSets", json!({ "HostedZoneId": zone })).unwrap();
    let last = listed["ResourceRecordSets"].as_array().unwrap().last().unwrap();
    assert_eq!(last["Name"], "\\052.corp.example.");
    assert_eq!(last["ResourceRecords"][0]["Value"], "10.0.0.2");
}

#[test]
fn other_accounts_associate_what_was_authorized() {
    let mut world = world();
    let other: AccountId = OTHER.parse().unwrap();
    let zone = create(&mut world, "corp.example", "1", 1).unwrap();
    let at = |n| json!({ "HostedZoneId": zone, "VPC": place(n) });
    assert_eq!(code(run(&mut world, other, "AssociateVPCWithHostedZone", at(3))), "NotAuthorizedException");
    own(&mut world, "CreateVPCAssociationAuthorization", at(3)).unwrap();
    run(&mut world, other, "AssociateVPCWithHostedZone", at(3)).unwrap();
    assert_eq!(code(run(&mut world, other, "GetHostedZone", json!({ "Id": zone }))), "NoSuchHostedZone");
    own(&mut world, "AssociateVPCWithHostedZone", at(2)).unwrap();
    assert_eq!(code(own(&mut world, "AssociateVPCWithHostedZone", at(2))), "ConflictingDomainExists");
    run(&mut world, other, "DisassociateVPCFromHostedZone", at(3)).unwrap();
    own(&mut world, "DisassociateVPCFromHostedZone", at(1)).unwrap();
    assert_eq!(code(own(&mut world, "DisassociateVPCFromHostedZone", at(2))), "LastVPCAssociation");
    assert_eq!(code(own(&mut world, "DisassociateVPCFromHostedZone", at(1))), "VPCAssociationNotFound");
}

#[test]
fn pages_of_record_sets_join() {
    let mut world = world();
    let zone = create(&mut world, "corp.example", "1", 1).unwrap();
    for n in 0..7 {
        change(&mut world, &zone, &[("CREATE", &format!("n{n}.corp.example"), "A", "10.0.0.1")]).unwrap();
    }
    let (mut seen, mut from) = (Vec::new(), json!({}));
    loop {
        let mut input = json!({ "HostedZoneId": zone, "MaxItems": "2" });
        input.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        let reply = own(&mut world, "ListResourceRecordSets", input).unwrap();
        for set in reply["ResourceRecordSets"].as_array().unwrap() {
            seen.push(format!("{} {}", set["Name"].as_str().unwrap(), set["Type"].as_str().unwrap()));
        }
        if reply["IsTruncated"] == false {
            break;
        }
        from = json!({ "StartRecordName": reply["NextRecordName"], "StartRecordType": reply["NextRecordType"] });
    }
    assert_eq!(seen.len(), 9);
    assert_eq!(seen[0], "corp.example. NS");
    assert_eq!(seen[8], "n6.corp.example. A");
}
