use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use serde_json::json;

#[test]
fn a_subnet_as_aws_shows_it() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let made = rig
        .call("CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.0.1.77/24", "AvailabilityZoneId": "use1-az2" }));
    expect![[r#"
        {
          "Subnet": {
            "AvailabilityZoneId": "use1-az2",
            "MapCustomerOwnedIpOnLaunch": false,
            "OwnerId": "123456789012",
            "AssignIpv6AddressOnCreation": false,
            "Ipv6CidrBlockAssociationSet": [],
            "Tags": [],
            "SubnetArn": "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-02e2ac13ef8e8d8d2",
            "EnableDns64": false,
            "Ipv6Native": false,
            "PrivateDnsNameOptionsOnLaunch": {
              "HostnameType": "ip-name",
              "EnableResourceNameDnsARecord": false,
              "EnableResourceNameDnsAAAARecord": false
            },
            "BlockPublicAccessStates": {
              "InternetGatewayBlockMode": "off"
            },
            "SubnetId": "subnet-02e2ac13ef8e8d8d2",
            "State": "available",
            "VpcId": "vpc-09e3779b97f4a7c15",
            "CidrBlock": "10.0.1.0/24",
            "AvailableIpAddressCount": 251,
            "AvailabilityZone": "us-east-1b",
            "DefaultForAz": false,
            "MapPublicIpOnLaunch": false
          }
        }"#]]
    .assert_eq(&pretty(&made));
    let smallest = rig.call("CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.0.2.0/28" }));
    assert_eq!(smallest["Subnet"]["AvailableIpAddressCount"], 11);
    assert_eq!(smallest["Subnet"]["AvailabilityZone"], "us-east-1a");
}

#[test]
fn ranges_and_zones_that_are_refused() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    rig.subnet(&vpc, "10.0.1.0/24");
    let mut refused = |cidr: &str| rig.refused("CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": cidr }));
    assert_eq!(
        refused("10.0.1.128/25"),
        "InvalidSubnet.Conflict: The CIDR '10.0.1.128/25' conflicts with another subnet"
    );
    assert_eq!(refused("10.0.0.0/16"), "InvalidSubnet.Conflict: The CIDR '10.0.0.0/16' conflicts with another subnet");
    assert_eq!(refused("10.1.0.0/24"), "InvalidSubnet.Range: The CIDR '10.1.0.0/24' is invalid.");
    assert_eq!(refused("10.0.2.0/29"), "InvalidSubnet.Range: The CIDR '10.0.2.0/29' is invalid.");
    assert!(refused("10.0.2/24").starts_with("InvalidParameterValue: Value (10.0.2/24) for parameter cidrBlock"));
    let zone = json!({ "VpcId": vpc, "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1z" });
    assert_eq!(
        rig.refused("CreateSubnet", zone),
        "InvalidParameterValue: Value (us-east-1z) for parameter availabilityZone is invalid. Subnets can currently \
         only be created in the following availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, \
         us-east-1e, us-east-1f."
    );
    let nowhere = json!({ "VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.2.0/24" });
    assert!(rig.refused("CreateSubnet", nowhere).starts_with("InvalidVpcID.NotFound"));
    assert!(rig.refused("CreateSubnet", json!({ "VpcId": vpc })).starts_with("MissingParameter"));
}

#[test]
fn two_vpcs_may_have_the_same_ranges() {
    let mut rig = Rig::new();
    for _ in 0..2 {
        let vpc = rig.vpc("10.0.0.0/16");
        rig.subnet(&vpc, "10.0.1.0/24");
    }
}

#[test]
fn attributes() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let subnet = rig.subnet(&vpc, "10.0.1.0/24");
    rig.call("ModifySubnetAttribute", json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": true } }));
    rig.call("ModifySubnetAttribute", json!({ "SubnetId": subnet, "PrivateDnsHostnameTypeOnLaunch": "ip-name" }));
    let seen = rig.call("DescribeSubnets", json!({ "SubnetIds": [subnet] }));
    assert_eq!(seen["Subnets"][0]["MapPublicIpOnLaunch"], true);
    assert_eq!(seen["Subnets"][0]["PrivateDnsNameOptionsOnLaunch"]["HostnameType"], "ip-name");
    let mut refused = |input| rig.refused("ModifySubnetAttribute", input);
    let resource_name = json!({ "SubnetId": subnet, "PrivateDnsHostnameTypeOnLaunch": "resource-name" });
    assert!(refused(resource_name).starts_with("UnsupportedOperation: A hostname made of"));
    let ipv6 = json!({ "SubnetId": subnet, "AssignIpv6AddressOnCreation": { "Value": true } });
    assert!(refused(ipv6).starts_with("InvalidParameterValue: Value (true) for parameter assignIpv6AddressOnCreation"));
    assert!(refused(json!({ "SubnetId": subnet })).starts_with("MissingParameter"));
    let both = json!({
        "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": true }, "EnableDns64": { "Value": false },
    });
    assert!(refused(both).starts_with("InvalidParameterCombination"));
    let odd = json!({ "SubnetId": subnet, "PrivateDnsHostnameTypeOnLaunch": "both" });
    assert!(refused(odd).starts_with("InvalidParameterValue"));
}

#[test]
fn a_deleted_subnet_leaves_its_acl_and_table() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (subnet, table) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.table(&vpc));
    rig.call("AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet }));
    rig.call("DeleteSubnet", json!({ "SubnetId": subnet }));
    rig.call("DeleteRouteTable", json!({ "RouteTableId": table }));
    let gone = rig.refused("DeleteSubnet", json!({ "SubnetId": subnet }));
    assert_eq!(gone, format!("InvalidSubnetID.NotFound: The subnet ID '{subnet}' does not exist"));
}

#[test]
fn a_subnet_with_an_interface_stays() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let subnet = rig.subnet(&vpc, "10.0.1.0/24");
    let nat = rig.call("CreateNatGateway", json!({ "SubnetId": subnet, "ConnectivityType": "private" }));
    let seen = rig.call("DescribeSubnets", json!({}));
    assert_eq!(seen["Subnets"][0]["AvailableIpAddressCount"], 250);
    let refusal = rig.refused("DeleteSubnet", json!({ "SubnetId": subnet }));
    assert_eq!(refusal, format!("DependencyViolation: The subnet '{subnet}' has dependencies and cannot be deleted."));
    rig.call("DeleteNatGateway", json!({ "NatGatewayId": id(&nat["NatGateway"]["NatGatewayId"]) }));
    rig.call("DeleteSubnet", json!({ "SubnetId": subnet }));
}
