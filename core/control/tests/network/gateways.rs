use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use serde_json::json;
use time::Duration;

#[test]
fn one_internet_gateway_a_vpc() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let gateway = rig.gateway(&vpc);
    expect![[r#"
        {
          "InternetGateways": [
            {
              "Attachments": [
                {
                  "State": "available",
                  "VpcId": "vpc-09e3779b97f4a7c15"
                }
              ],
              "InternetGatewayId": "igw-02e2ac13ef8e8d8d2",
              "OwnerId": "123456789012",
              "Tags": []
            }
          ]
        }"#]]
    .assert_eq(&pretty(&rig.call("DescribeInternetGateways", json!({}))));
    let second = id(&rig.call("CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"]);
    assert_eq!(
        rig.refused("AttachInternetGateway", json!({ "InternetGatewayId": second, "VpcId": vpc })),
        format!("InvalidParameterValue: Network {vpc} already has an internet gateway attached")
    );
    assert_eq!(
        rig.refused("AttachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
        format!("Resource.AlreadyAssociated: resource {gateway} is already attached to network {vpc}")
    );
    assert_eq!(
        rig.refused("DetachInternetGateway", json!({ "InternetGatewayId": second, "VpcId": vpc })),
        format!("Gateway.NotAttached: resource {second} is not attached to network {vpc}")
    );
    let in_use = rig.refused("DeleteInternetGateway", json!({ "InternetGatewayId": gateway }));
    assert!(in_use.starts_with("DependencyViolation"), "{in_use}");
}

#[test]
fn a_gateway_with_public_addresses_behind_it_stays() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (subnet, gateway, address) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.gateway(&vpc), rig.address());
    let nat = rig.call("CreateNatGateway", json!({ "SubnetId": subnet, "AllocationId": address }));
    let detach = json!({ "InternetGatewayId": gateway, "VpcId": vpc });
    assert!(rig.refused("DetachInternetGateway", detach.clone()).contains("has some mapped public address(es)"));
    rig.call("DeleteNatGateway", json!({ "NatGatewayId": nat["NatGateway"]["NatGatewayId"] }));
    rig.call("DetachInternetGateway", detach);
}

#[test]
fn a_nat_gateway_from_birth_to_an_hour_after_death() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    rig.gateway(&vpc);
    let (subnet, address) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.address());
    let create = json!({ "SubnetId": subnet, "AllocationId": address, "ClientToken": "t" });
    let made = rig.call("CreateNatGateway", create);
    expect![[r#"
        {
          "NatGateway": {
            "CreateTime": "2026-11-21T10:15:30.123Z",
            "NatGatewayAddresses": [
              {
                "IsPrimary": true,
                "Status": "associating",
                "AllocationId": "eipalloc-008d12e6b76c84d11"
              }
            ],
            "NatGatewayId": "nat-0454021de755d453b",
            "State": "pending",
            "SubnetId": "subnet-0cc623af8783354e7",
            "VpcId": "vpc-09e3779b97f4a7c15",
            "Tags": [],
            "ConnectivityType": "public",
            "AvailabilityMode": "zonal"
          },
          "ClientToken": "t"
        }"#]]
    .assert_eq(&pretty(&made));
    let nat = id(&made["NatGateway"]["NatGatewayId"]);
    let seen = rig.call("DescribeNatGateways", json!({ "Filter": [{ "Name": "state", "Values": ["available"] }] }));
    expect![[r#"
        {
          "NatGateways": [
            {
              "CreateTime": "2026-11-21T10:15:30.123Z",
              "NatGatewayAddresses": [
                {
                  "AllocationId": "eipalloc-008d12e6b76c84d11",
                  "AssociationId": "eipassoc-0be1e08c47287358f",
                  "NetworkInterfaceId": "eni-0e3779b97f4a7c150",
                  "PrivateIp": "10.0.1.4",
                  "PublicIp": "3.210.201.38",
                  "Status": "succeeded",
                  "IsPrimary": true
                }
              ],
              "NatGatewayId": "nat-0454021de755d453b",
              "State": "available",
              "SubnetId": "subnet-0cc623af8783354e7",
              "VpcId": "vpc-09e3779b97f4a7c15",
              "Tags": [],
              "ConnectivityType": "public",
              "AvailabilityMode": "zonal"
            }
          ]
        }"#]]
    .assert_eq(&pretty(&seen));
    let interface = rig.world.network_interfaces.values().next().unwrap();
    assert_eq!(interface.description, format!("Interface for NAT Gateway {nat}"));
    assert!(interface.requester_managed);
    let held = rig.refused("ReleaseAddress", json!({ "AllocationId": address }));
    assert!(held.starts_with("InvalidIPAddress.InUse"), "{held}");

    assert_eq!(rig.call("DeleteNatGateway", json!({ "NatGatewayId": nat })), json!({ "NatGatewayId": nat }));
    let seen = rig.call("DescribeNatGateways", json!({ "NatGatewayIds": [nat] }));
    expect![[r#"
        {
          "NatGateways": [
            {
              "CreateTime": "2026-11-21T10:15:30.123Z",
              "DeleteTime": "2026-11-21T10:15:30.123Z",
              "NatGatewayAddresses": [
                {
                  "AllocationId": "eipalloc-008d12e6b76c84d11",
                  "PrivateIp": "10.0.1.4",
                  "PublicIp": "3.210.201.38",
                  "IsPrimary": true
                }
              ],
              "NatGatewayId": "nat-0454021de755d453b",
              "State": "deleted",
              "SubnetId": "subnet-0cc623af8783354e7",
              "VpcId": "vpc-09e3779b97f4a7c15",
              "Tags": [],
              "ConnectivityType": "public",
              "AvailabilityMode": "zonal"
            }
          ]
        }"#]]
    .assert_eq(&pretty(&seen));
    rig.call("ReleaseAddress", json!({ "AllocationId": address }));
    rig.wait(Duration::minutes(61));
    assert_eq!(rig.call("DescribeNatGateways", json!({}))["NatGateways"], json!([]));
}

#[test]
fn nat_gateways_that_fail() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (subnet, address) = (rig.subnet(&vpc, "10.0.1.0/28"), rig.address());
    let public = json!({ "SubnetId": subnet, "AllocationId": address });
    let failure = |rig: &mut Rig, input: serde_json::Value| {
        let nat = rig.call("CreateNatGateway", input)["NatGateway"]["NatGatewayId"].clone();
        let seen = rig.call("DescribeNatGateways", json!({ "NatGatewayIds": [nat] }))["NatGateways"][0].clone();
        assert_eq!(seen["State"], "failed");
        format!("{}: {}", id(&seen["FailureCode"]), id(&seen["FailureMessage"]))
    };
    assert_eq!(
        failure(&mut rig, public.clone()),
        format!("Gateway.NotAttached: Network {vpc} has no Internet gateway attached")
    );
    rig.gateway(&vpc);
    rig.call("CreateNatGateway", public.clone());
    assert_eq!(
        failure(&mut rig, public),
        format!("Resource.AlreadyAssociated: Elastic IP address [{address}] is already associated")
    );
    for _ in 0..10 {
        rig.call("CreateNatGateway", json!({ "SubnetId": subnet, "ConnectivityType": "private" }));
    }
    assert_eq!(
        failure(&mut rig, json!({ "SubnetId": subnet, "ConnectivityType": "private" })),
        "InsufficientFreeAddressesInSubnet: Subnet has insufficient free addresses to create this NAT gateway"
    );
    let mut refused = |input| rig.refused("CreateNatGateway", input);
    assert!(refused(json!({ "SubnetId": subnet })).starts_with("MissingParameter"));
    let unknown = json!({ "SubnetId": subnet, "AllocationId": "eipalloc-0123456789abcdef0" });
    assert!(refused(unknown).starts_with("InvalidAllocationID.NotFound"));
    let unknown = json!({ "SubnetId": "subnet-0123456789abcdef0", "ConnectivityType": "private" });
    assert!(refused(unknown).starts_with("InvalidSubnetID.NotFound"));
    let regional = json!({ "VpcId": vpc, "AvailabilityMode": "regional" });
    assert!(refused(regional).starts_with("UnsupportedOperation"));
    let gone = rig.refused("DeleteNatGateway", json!({ "NatGatewayId": "nat-0123456789abcdef0" }));
    assert!(gone.starts_with("NatGatewayNotFound"), "{gone}");
}
