use crate::rig::{Rig, id};
use serde_json::{Value, json};

fn ids(reply: &Value, list: &str, member: &str) -> Vec<String> {
    reply[list].as_array().unwrap().iter().map(|item| id(&item[member])).collect()
}

#[test]
fn filters_are_anded_and_their_values_ored() {
    let mut rig = Rig::new();
    let (a, b) = (rig.vpc("10.0.0.0/16"), rig.vpc("10.1.0.0/16"));
    rig.call("CreateTags", json!({ "Resources": [a], "Tags": [{ "Key": "Name", "Value": "lab-one" }] }));
    let mut seen = |filters: Value| {
        let mut seen = ids(&rig.call("DescribeVpcs", json!({ "Filters": filters })), "Vpcs", "VpcId");
        seen.sort();
        seen
    };
    let both = {
        let mut both = vec![a.clone(), b.clone()];
        both.sort();
        both
    };
    assert_eq!(seen(json!([{ "Name": "cidr", "Values": ["10.0.0.0/16", "10.1.0.0/16"] }])), both);
    assert_eq!(seen(json!([{ "Name": "cidr-block-association.cidr-block", "Values": ["10.?.0.0/16"] }])), both);
    assert_eq!(seen(json!([{ "Name": "tag:Name", "Values": ["lab-*"] }])), std::slice::from_ref(&a));
    assert_eq!(seen(json!([{ "Name": "tag-key", "Values": ["Name"] }, { "Name": "vpc-id", "Values": [b] }])), [""; 0]);
    assert_eq!(
        seen(json!([{ "Name": "state", "Values": ["available"] }, { "Name": "vpc-id", "Values": [a] }])),
        std::slice::from_ref(&a)
    );
}

#[test]
fn a_filter_that_does_not_exist_is_refused_even_with_nothing_to_filter() {
    let mut rig = Rig::new();
    for operation in
        ["DescribeVpcs", "DescribeSubnets", "DescribeRouteTables", "DescribeVpcEndpoints", "DescribeAddresses"]
    {
        let refusal = rig.refused(operation, json!({ "Filters": [{ "Name": "colour", "Values": ["red"] }] }));
        assert_eq!(refusal, "InvalidParameterValue: The filter 'colour' is invalid");
    }
}

#[test]
fn pages_cover_everything_once() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let mut made: Vec<String> = (0..12).map(|n| rig.subnet(&vpc, &format!("10.0.{n}.0/24"))).collect();
    made.sort();
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let reply = rig.call("DescribeSubnets", json!({ "MaxResults": 5, "NextToken": token }));
        seen.extend(ids(&reply, "Subnets", "SubnetId"));
        match reply.get("NextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, made);
    assert!(rig.refused("DescribeSubnets", json!({ "MaxResults": 1 })).starts_with("InvalidParameterValue"));
    assert!(rig.refused("DescribeSubnets", json!({ "NextToken": "nonsense" })).starts_with("InvalidNextToken"));
}

#[test]
fn ids_must_all_exist() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let reply = rig.call("DescribeVpcs", json!({ "VpcIds": [vpc, vpc] }));
    assert_eq!(ids(&reply, "Vpcs", "VpcId"), std::slice::from_ref(&vpc));
    assert!(
        rig.refused("DescribeVpcs", json!({ "VpcIds": [vpc, "vpc-0123456789abcdef0"] }))
            .starts_with("InvalidVpcID.NotFound")
    );
    assert!(rig.refused("DescribeSubnets", json!({ "SubnetIds": ["sub"] })).starts_with("InvalidSubnetID.Malformed"));
}

#[test]
fn kinds_that_cannot_exist_are_truthfully_none() {
    let mut rig = Rig::new();
    for (operation, list) in [
        ("DescribeVpcPeeringConnections", "VpcPeeringConnections"),
        ("DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGateways"),
        ("DescribeVpnGateways", "VpnGateways"),
        ("DescribeTransitGateways", "TransitGateways"),
        ("DescribeFlowLogs", "FlowLogs"),
        ("DescribeVpcEndpointConnections", "VpcEndpointConnections"),
        ("DescribeVpcEndpointServiceConfigurations", "ServiceConfigurations"),
    ] {
        assert_eq!(rig.call(operation, json!({}))[list], json!([]), "{operation}");
    }
    let refusal =
        rig.refused("DescribeVpcPeeringConnections", json!({ "VpcPeeringConnectionIds": ["pcx-0123456789abcdef0"] }));
    assert!(refusal.starts_with("InvalidVpcPeeringConnectionID.NotFound"), "{refusal}");
    let vpc = rig.vpc("10.0.0.0/16");
    let refusal = rig.refused("CreateEgressOnlyInternetGateway", json!({ "VpcId": vpc }));
    assert!(refusal.starts_with("UnsupportedOperation: An egress-only internet gateway (IPv6)"), "{refusal}");
}
