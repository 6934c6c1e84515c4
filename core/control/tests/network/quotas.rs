//! One more than a quota allows is refused with AWS's code, one less is made; nothing is left of what was refused.

use crate::rig::Rig;
use postern_control::Quotas;
use serde_json::{Value, json};

fn under(change: impl FnOnce(&mut Quotas)) -> Rig {
    let mut rig = Rig::seeded();
    change(&mut rig.quotas);
    rig
}

/// The call succeeds `times` times and is then refused.
#[track_caller]
fn refused_after(rig: &mut Rig, times: usize, operation: &str, input: impl Fn(usize) -> Value) -> String {
    for time in 0..times {
        rig.call(operation, input(time));
    }
    rig.refused(operation, input(times))
}

fn default_vpc(rig: &Rig) -> String {
    rig.world.vpcs.values().find(|vpc| vpc.is_default).unwrap().id.to_string()
}

#[test]
fn what_is_counted_per_region() {
    // The default VPC and its gateway count.
    let mut rig = under(|quotas| *quotas = Quotas::AWS);
    let vpc = |n| json!({ "CidrBlock": format!("10.{n}.0.0/16") });
    assert_eq!(
        refused_after(&mut rig, 4, "CreateVpc", vpc),
        "VpcLimitExceeded: The maximum number of VPCs has been reached."
    );
    assert_eq!(
        refused_after(&mut rig, 4, "CreateInternetGateway", |_| json!({})),
        "InternetGatewayLimitExceeded: The maximum number of internet gateways has been reached."
    );
    assert_eq!(
        refused_after(&mut rig, 5, "AllocateAddress", |_| json!({ "Domain": "vpc" })),
        "AddressLimitExceeded: The maximum number of addresses has been reached."
    );
    // Another region has quotas of its own.
    rig.region = postern_names::Region::new("eu-west-1");
    rig.call("CreateVpc", vpc(9));
    rig.call("AllocateAddress", json!({ "Domain": "vpc" }));
}

#[test]
fn without_a_word_nothing_is_counted_per_region() {
    let mut rig = Rig::seeded();
    for n in 0..12 {
        rig.call("CreateVpc", json!({ "CidrBlock": format!("10.{n}.0.0/16") }));
        rig.call("AllocateAddress", json!({ "Domain": "vpc" }));
    }
}

#[test]
fn what_is_counted_per_vpc() {
    let mut rig = under(|quotas| {
        (quotas.subnets_per_vpc, quotas.route_tables_per_vpc, quotas.cidr_blocks_per_vpc) = (2, 3, 2);
        (quotas.routes_per_table, quotas.gateway_endpoints) = (2, 1);
    });
    let made = rig.call("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" }));
    let id = made["Vpc"]["VpcId"].as_str().unwrap().to_owned();
    let subnet = |n| json!({ "VpcId": id, "CidrBlock": format!("10.0.{n}.0/24") });
    assert!(refused_after(&mut rig, 2, "CreateSubnet", subnet).starts_with("SubnetLimitExceeded"));
    // The main table counts.
    let table = |_| json!({ "VpcId": id });
    assert!(refused_after(&mut rig, 2, "CreateRouteTable", table).starts_with("RouteTableLimitExceeded"));
    let block = |n| json!({ "VpcId": id, "CidrBlock": format!("10.{}.0.0/16", n + 1) });
    assert_eq!(
        refused_after(&mut rig, 1, "AssociateVpcCidrBlock", block),
        format!("CidrLimitExceeded: This network '{id}' has met its maximum number of allowed CIDRs: 2")
    );
    let gateway = rig.call("CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"].clone();
    rig.call("AttachInternetGateway", json!({ "VpcId": id, "InternetGatewayId": gateway }));
    let main = rig.world.route_tables.values().find(|t| t.vpc.to_string() == id && t.is_main()).unwrap().id.to_string();
    let route =
        |n| json!({ "RouteTableId": main, "DestinationCidrBlock": format!("192.168.{n}.0/24"), "GatewayId": gateway });
    assert!(refused_after(&mut rig, 2, "CreateRoute", route).starts_with("RouteLimitExceeded"));
    let vpcs = [id, default_vpc(&rig)];
    let endpoint = |n: usize| json!({ "VpcId": vpcs[n], "ServiceName": "com.amazonaws.us-east-1.s3" });
    assert_eq!(
        refused_after(&mut rig, 1, "CreateVpcEndpoint", endpoint),
        "VpcEndpointLimitExceeded: The maximum number of VPC endpoints has been reached."
    );
}

#[test]
fn nat_gateways_are_counted_per_zone_and_deleted_ones_are_not() {
    let mut rig = under(|quotas| quotas.nat_gateways = 1);
    let mut subnets: Vec<_> = rig.world.subnets.values().map(|s| (s.zone.to_string(), s.id.to_string())).collect();
    subnets.sort();
    let nat = |subnet: &str| json!({ "SubnetId": subnet, "ConnectivityType": "private" });
    let first = rig.call("CreateNatGateway", nat(&subnets[0].1))["NatGateway"]["NatGatewayId"].clone();
    assert_eq!(
        rig.refused("CreateNatGateway", nat(&subnets[0].1)),
        "NatGatewayLimitExceeded: Performing this operation would exceed the limit of 1 NAT gateways"
    );
    rig.call("CreateNatGateway", nat(&subnets[1].1));
    rig.call("DeleteNatGateway", json!({ "NatGatewayId": first }));
    rig.call("CreateNatGateway", nat(&subnets[0].1));
}
