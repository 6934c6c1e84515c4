//! Properties of address choice and of permissions.

mod common;

use common::{Lab, text};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// A permission as a client writes it, with one to three peers of its own.
fn permission() -> impl Strategy<Value = Value> {
    let ports = prop_oneof![
        (0u16..4, 0u16..4).prop_map(|(a, b)| ("tcp", json!(a.min(b)), json!(a.max(b)))),
        (0u16..4).prop_map(|a| ("udp", json!(a), json!(a))),
        Just(("-1", Value::Null, Value::Null)),
        (-1i64..3).prop_map(|kind| ("icmp", json!(kind), json!(-1))),
        Just(("50", Value::Null, Value::Null)),
    ];
    let peers = prop::collection::btree_set(0u8..6, 1..4);
    (ports, peers, any::<bool>()).prop_map(|((protocol, from, to), peers, described)| {
        let mut permission = json!({ "IpProtocol": protocol });
        if !from.is_null() {
            permission["FromPort"] = from;
            permission["ToPort"] = to;
        }
        let text = if described { json!("why") } else { Value::Null };
        let mut ranges = Vec::new();
        let mut ipv6 = Vec::new();
        for peer in peers {
            match peer {
                0..4 => ranges.push(json!({ "CidrIp": format!("10.{peer}.0.0/16"), "Description": text })),
                4 => ipv6.push(json!({ "CidrIpv6": "2001:db8::/32", "Description": text })),
                _ => permission["PrefixListIds"] = json!([{ "PrefixListId": "pl-63a5400a", "Description": text }]),
            }
        }
        permission["IpRanges"] = json!(ranges);
        permission["Ipv6Ranges"] = json!(ipv6);
        permission
    })
}

/// Every single rule that permissions mean, described ones with their description, as comparable text.
fn rules(permissions: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for permission in permissions.as_array().into_iter().flatten() {
        for list in ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"] {
            for peer in permission[list].as_array().into_iter().flatten() {
                let peer: serde_json::Map<_, _> = peer
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(_, v)| !v.is_null())
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect();
                let ends = (permission.get("FromPort"), permission.get("ToPort"));
                let mut words: Vec<String> = peer.iter().map(|(k, v)| format!("{k}={v}")).collect();
                words.sort();
                all.insert(format!("{} {ends:?} {}", permission["IpProtocol"], words.join(" ")));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// What describe merges is what was authorized; sent back to revoke, nothing is left; the World stays without flaws.
    #[test]
    fn permissions_survive_the_round_trip(wanted in prop::collection::vec(permission(), 1..6)) {
        let mut lab = Lab::new();
        let (vpc, _) = lab.network();
        let group = json!({ "GroupName": "g", "Description": "d", "VpcId": vpc });
        let group = text(&lab.ok("CreateSecurityGroup", group), "/GroupId");
        let mut authorized = BTreeSet::new();
        for permission in wanted {
            let input = json!({ "GroupId": group, "IpPermissions": [permission] });
            // A duplicate of an earlier one is refused whole.
            if lab.call("AuthorizeSecurityGroupIngress", input).is_ok() {
                authorized.extend(rules(&json!([permission])));
            }
        }
        let shown = lab.ok("DescribeSecurityGroups", json!({ "GroupIds": [group] }));
        let shown = shown["SecurityGroups"][0]["IpPermissions"].clone();
        prop_assert_eq!(&rules(&shown), &authorized);
        let mut kinds: Vec<String> = shown.as_array().into_iter().flatten()
            .map(|p| format!("{} {:?} {:?}", p["IpProtocol"], p.get("FromPort"), p.get("ToPort"))).collect();
        let count = kinds.len();
        kinds.sort();
        kinds.dedup();
        prop_assert_eq!(kinds.len(), count, "two permissions of the same ports");
        lab.ok("RevokeSecurityGroupIngress", json!({ "GroupId": group, "IpPermissions": shown }));
        let left = lab.ok("DescribeSecurityGroups", json!({ "GroupIds": [group] }));
        prop_assert_eq!(&left["SecurityGroups"][0]["IpPermissions"], &json!([]));
        prop_assert_eq!(lab.world.flaws(), Vec::<String>::new());
    }

    /// A subnet gives each usable address once and then none; a freed one is given again.
    #[test]
    fn a_subnet_gives_each_address_once(length in 26u8..=28, wishes in prop::collection::vec(0u32..70, 0..12), freed: prop::sample::Index) {
        let mut lab = Lab::new();
        let (vpc, _) = lab.network();
        let range = json!({ "VpcId": vpc, "CidrBlock": format!("10.0.8.0/{length}") });
        let subnet = text(&lab.ok("CreateSubnet", range), "/Subnet/SubnetId");
        let size = 1u32 << (32 - length);
        let base = u32::from(Ipv4Addr::new(10, 0, 8, 0));
        let mut given = Vec::new();
        for wish in wishes {
            let address = Ipv4Addr::from(base + wish).to_string();
            let input = json!({ "SubnetId": subnet, "PrivateIpAddress": address });
            let is_usable = (4..size - 1).contains(&wish);
            let is_taken = given.iter().any(|(taken, _)| *taken == address);
            match lab.call("CreateNetworkInterface", input) {
                Ok(reply) => {
                    prop_assert!(is_usable && !is_taken, "{address}");
                    given.push((address, text(&reply, "/NetworkInterface/NetworkInterfaceId")));
                }
                Err(refusal) => {
                    let code = if is_usable { "InvalidIPAddress.InUse" } else { "InvalidParameterValue" };
                    prop_assert_eq!(refusal.code, code);
                }
            }
        }
        while let Ok(reply) = lab.call("CreateNetworkInterface", json!({ "SubnetId": subnet })) {
            let id = text(&reply, "/NetworkInterface/NetworkInterfaceId");
            given.push((text(&reply, "/NetworkInterface/PrivateIpAddress"), id));
        }
        let distinct: BTreeSet<&String> = given.iter().map(|(address, _)| address).collect();
        prop_assert_eq!(distinct.len(), given.len());
        prop_assert_eq!(given.len() as u32, size - 5);
        let shown = lab.ok("DescribeSubnets", json!({ "SubnetIds": [subnet] }));
        prop_assert_eq!(&shown["Subnets"][0]["AvailableIpAddressCount"], &json!(0));
        let (address, id) = freed.get(&given).clone();
        lab.ok("DeleteNetworkInterface", json!({ "NetworkInterfaceId": id }));
        let reply = lab.ok("CreateNetworkInterface", json!({ "SubnetId": subnet }));
        prop_assert_eq!(text(&reply, "/NetworkInterface/PrivateIpAddress"), address);
    }
}
