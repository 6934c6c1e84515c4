use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use postern_model::{Change, HostedZone, Tags, ZoneVpc};
use postern_names::HostedZoneId;
use serde_json::{Value, json};

const S3: &str = "com.amazonaws.us-east-1.s3";
const STS: &str = "com.amazonaws.us-east-1.sts";

/// A VPC with both DNS attributes, and a subnet in each of two zones.
fn place(rig: &mut Rig) -> (String, String, String) {
    let vpc = rig.vpc("10.0.0.0/16");
    rig.call("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } }));
    let a = subnet(rig, &vpc, "10.0.1.0/24", "us-east-1a");
    let b = subnet(rig, &vpc, "10.0.2.0/24", "us-east-1b");
    (vpc, a, b)
}

fn subnet(rig: &mut Rig, vpc: &str, cidr: &str, zone: &str) -> String {
    let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone });
    id(&rig.call("CreateSubnet", input)["Subnet"]["SubnetId"])
}

fn group(rig: &mut Rig, vpc: &str, name: &str) -> String {
    let input = json!({ "VpcId": vpc, "GroupName": name, "Description": name });
    id(&rig.call("CreateSecurityGroup", input)["GroupId"])
}

fn wish(vpc: &str, service: &str, subnets: &[&str]) -> Value {
    json!({ "VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": service, "SubnetIds": subnets })
}

fn described(rig: &mut Rig, endpoint: &str) -> Value {
    rig.call("DescribeVpcEndpoints", json!({ "VpcEndpointIds": [endpoint] }))["VpcEndpoints"][0].clone()
}

fn names(endpoint: &Value) -> Vec<String> {
    let entries = endpoint["DnsEntries"].as_array().unwrap();
    entries.iter().map(|entry| id(&entry["DnsName"])).collect()
}

fn addresses(rig: &mut Rig, endpoint: &str) -> Vec<String> {
    let ids = described(rig, endpoint)["NetworkInterfaceIds"].clone();
    let of = |rig: &mut Rig, eni: &Value| {
        let reply = rig.call("DescribeNetworkInterfaces", json!({ "NetworkInterfaceIds": [eni] }));
        id(&reply["NetworkInterfaces"][0]["PrivateIpAddress"])
    };
    ids.as_array().unwrap().iter().map(|eni| of(rig, eni)).collect()
}

#[test]
fn an_interface_endpoint_has_interfaces_and_names() {
    let mut rig = Rig::new();
    let (vpc, a, b) = place(&mut rig);
    let made = rig.call("CreateVpcEndpoint", wish(&vpc, STS, &[&a, &b]));
    expect![[r#"
        {
          "VpcEndpoint": {
            "VpcEndpointId": "vpce-0a708a824f612c926",
            "VpcEndpointType": "Interface",
            "VpcId": "vpc-09e3779b97f4a7c15",
            "ServiceName": "com.amazonaws.us-east-1.sts",
            "State": "pending",
            "PolicyDocument": "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}",
            "RouteTableIds": [],
            "SubnetIds": [
              "subnet-02e2ac13ef8e8d8d2",
              "subnet-06a99b4b1f77dd0fc"
            ],
            "Groups": [
              {
                "GroupId": "sg-0538454127b096493",
                "GroupName": "default"
              }
            ],
            "IpAddressType": "ipv4",
            "DnsOptions": {
              "DnsRecordIpType": "ipv4"
            },
            "PrivateDnsEnabled": true,
            "RequesterManaged": false,
            "NetworkInterfaceIds": [
              "eni-0e3779b97f4a7c150",
              "eni-0be1e08c47287358f"
            ],
            "DnsEntries": [
              {
                "DnsName": "vpce-0a708a824f612c926-f38tj1eg.sts.us-east-1.vpce.amazonaws.com",
                "HostedZoneId": "Z7HUB22UULQXV"
              },
              {
                "DnsName": "vpce-0a708a824f612c926-f38tj1eg-us-east-1a.sts.us-east-1.vpce.amazonaws.com",
                "HostedZoneId": "Z7HUB22UULQXV"
              },
              {
                "DnsName": "vpce-0a708a824f612c926-f38tj1eg-us-east-1b.sts.us-east-1.vpce.amazonaws.com",
                "HostedZoneId": "Z7HUB22UULQXV"
              },
              {
                "DnsName": "sts.us-east-1.amazonaws.com",
                "HostedZoneId": "ZIVEAWQE1ZRJ50UC9BXPB"
              }
            ],
            "CreationTimestamp": "2026-11-21T10:15:30.123Z",
            "Tags": [],
            "OwnerId": "123456789012",
            "ServiceRegion": "us-east-1"
          }
        }"#]].assert_eq(&pretty(&made));
    let endpoint = id(&made["VpcEndpoint"]["VpcEndpointId"]);
    assert_eq!(described(&mut rig, &endpoint)["State"], "available");
    let filters = json!({ "Filters": [{ "Name": "interface-type", "Values": ["vpc_endpoint"] }] });
    let interfaces = rig.call("DescribeNetworkInterfaces", filters);
    expect![[r#"
        {
          "Description": "VPC Endpoint Interface vpce-0a708a824f612c926",
          "Groups": [
            {
              "GroupId": "sg-0538454127b096493",
              "GroupName": "default"
            }
          ],
          "InterfaceType": "vpc_endpoint",
          "Ipv6Addresses": [],
          "MacAddress": "0a:7d:f1:d1:b1:a4",
          "NetworkInterfaceId": "eni-0be1e08c47287358f",
          "OwnerId": "123456789012",
          "PrivateDnsName": "ip-10-0-2-4.ec2.internal",
          "PrivateIpAddress": "10.0.2.4",
          "PrivateIpAddresses": [
            {
              "Primary": true,
              "PrivateDnsName": "ip-10-0-2-4.ec2.internal",
              "PrivateIpAddress": "10.0.2.4"
            }
          ],
          "SourceDestCheck": true,
          "Status": "in-use",
          "SubnetId": "subnet-06a99b4b1f77dd0fc",
          "VpcId": "vpc-09e3779b97f4a7c15",
          "Operator": {
            "Managed": false
          },
          "Attachment": {
            "AttachTime": "2026-11-21T10:15:30.123Z",
            "AttachmentId": "ela-attach-0fa8cfc37711c2db9",
            "DeleteOnTermination": false,
            "DeviceIndex": 1,
            "Status": "attached",
            "NetworkCardIndex": 0,
            "InstanceOwnerId": "amazon-aws"
          },
          "AvailabilityZone": "us-east-1b",
          "AvailabilityZoneId": "use1-az2",
          "RequesterManaged": true,
          "TagSet": [],
          "DenyAllIgwTraffic": false,
          "Ipv6Native": false
        }"#]]
    .assert_eq(&pretty(&interfaces["NetworkInterfaces"][0]));
}

#[test]
fn an_s3_endpoint_has_names_for_names_in_front() {
    let mut rig = Rig::new();
    let (vpc, a, _) = place(&mut rig);
    let made = rig.call("CreateVpcEndpoint", wish(&vpc, S3, &[&a]))["VpcEndpoint"].clone();
    assert_eq!(made["PrivateDnsEnabled"], false);
    assert!(names(&made).iter().all(|name| name.starts_with("*.vpce-")), "{made}");
    let endpoint = id(&made["VpcEndpointId"]);
    let enable = |option: Value| {
        let mut input = json!({ "VpcEndpointId": endpoint, "PrivateDnsEnabled": true });
        if !option.is_null() {
            input["DnsOptions"] = json!({ "PrivateDnsOnlyForInboundResolverEndpoint": option });
        }
        input
    };
    let lacks = format!(
        "InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway \
         endpoint for the service."
    );
    assert_eq!(rig.refused("ModifyVpcEndpoint", enable(Value::Null)), lacks);
    assert_eq!(rig.refused("ModifyVpcEndpoint", enable(json!(true))), lacks);
    rig.call("ModifyVpcEndpoint", enable(json!(false)));
    let shown = described(&mut rig, &endpoint);
    assert_eq!(names(&shown)[2..], ["s3.us-east-1.amazonaws.com", "*.s3.us-east-1.amazonaws.com"]);
    assert_eq!(shown["DnsOptions"]["PrivateDnsOnlyForInboundResolverEndpoint"], false);
    let gateway = rig.call("CreateVpcEndpoint", json!({ "VpcId": vpc, "ServiceName": S3 }));
    let gateway = id(&gateway["VpcEndpoint"]["VpcEndpointId"]);
    rig.call("ModifyVpcEndpoint", enable(json!(true)));
    assert_eq!(described(&mut rig, &endpoint)["DnsOptions"]["PrivateDnsOnlyForInboundResolverEndpoint"], true);
    let kept = rig.call("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [gateway] }));
    assert_eq!(kept["Unsuccessful"][0]["Error"]["Code"], "InvalidParameter", "{kept}");
    let both = rig.call("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [endpoint, gateway] }));
    assert_eq!(both["Unsuccessful"], json!([]));
    assert!(rig.world.network_interfaces.is_empty());
}

#[test]
fn what_an_interface_endpoint_cannot_be() {
    let mut rig = Rig::new();
    let (vpc, a, b) = place(&mut rig);
    let twin = subnet(&mut rig, &vpc, "10.0.3.0/24", "us-east-1a");
    let elsewhere = rig.vpc("10.1.0.0/16");
    let foreign = rig.subnet(&elsewhere, "10.1.0.0/24");
    let stranger = group(&mut rig, &elsewhere, "stranger");
    let table = rig.main_table(&vpc);
    let duplicate =
        format!("DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of {twin}");
    let configuration = |subnet: &str, address: &str| json!([{ "SubnetId": subnet, "Ipv4": address }]);
    for (member, value, wanted) in [
        ("VpcId", json!("vpc-0123456789abcdef0"), "InvalidVpcID.NotFound"),
        ("ServiceName", json!("com.amazonaws.us-east-1.nope"), "InvalidServiceName"),
        ("ServiceName", json!("com.amazonaws.eu-west-1.sts"), "InvalidServiceName"),
        ("ServiceName", json!("com.amazonaws.us-east-1.iam"), "InvalidServiceName"),
        ("ServiceName", json!("com.amazonaws.us-east-1.states"), "UnsupportedOperation: An endpoint of type Interface"),
        (
            "RouteTableIds",
            json!([table]),
            "InvalidParameter: The parameter RouteTableIds is not supported for Interface",
        ),
        ("SubnetIds", json!(["subnet-0123456789abcdef0"]), "InvalidSubnetID.NotFound: The subnet ID"),
        ("SubnetIds", json!(["subnet-x"]), "InvalidSubnetID.Malformed"),
        ("SubnetIds", json!([foreign]), "InvalidParameter: Subnet"),
        ("SubnetIds", json!([a, b, twin]), duplicate.as_str()),
        ("SubnetConfigurations", configuration(&twin, "10.0.3.9"), "InvalidParameter: The subnet"),
        ("SubnetConfigurations", configuration(&a, "10.0.1.3"), "InvalidParameterValue: Address 10.0.1.3"),
        ("SubnetConfigurations", configuration(&a, "10.0.2.9"), "InvalidParameterValue: Address 10.0.2.9"),
        ("SubnetConfigurations", configuration(&a, "no"), "InvalidParameterValue: Invalid IPv4 address"),
        ("SecurityGroupIds", json!([stranger]), "InvalidParameter: Security group"),
        ("SecurityGroupIds", json!(["sg-0123456789abcdef0"]), "InvalidGroup.NotFound: The security group"),
        ("IpAddressType", json!("dualstack"), "InvalidParameter: The IP address type (dualstack)"),
        ("ServiceRegion", json!("eu-west-1"), "UnsupportedOperation: An endpoint for a service of another Region"),
        ("PolicyDocument", json!("{"), "InvalidPolicyDocument"),
        (
            "DnsOptions",
            json!({ "PrivateDnsOnlyForInboundResolverEndpoint": true }),
            "InvalidParameter: PrivateDnsOnlyForInboundResolverEndpoint is not supported",
        ),
    ] {
        let mut input = wish(&vpc, STS, &[&a]);
        input[member] = value;
        let refusal = rig.refused("CreateVpcEndpoint", input);
        assert!(refusal.starts_with(wanted), "{member}: {refusal}");
    }
}

#[test]
fn a_hosted_zone_of_the_same_name_is_a_conflict() {
    let mut rig = Rig::new();
    let (vpc, a, _) = place(&mut rig);
    let mut zone = HostedZone {
        id: HostedZoneId::from_bits(0, 1),
        owner: rig.account,
        name: "sts.us-east-1.amazonaws.com".into(),
        comment: String::new(),
        caller_reference: "1".into(),
        vpcs: vec![ZoneVpc { vpc: vpc.parse().unwrap(), region: rig.region.clone() }],
        authorized: vec![],
        records: vec![],
        created: rig.now,
        tags: Tags::new(),
    };
    rig.world.apply(Change::Put(Box::new(zone.clone().into())));
    let conflict = format!(
        "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for \
         sts.us-east-1.amazonaws.com in the VPC {vpc}"
    );
    assert_eq!(rig.refused("CreateVpcEndpoint", wish(&vpc, STS, &[&a])), conflict);
    // A wider zone is none: the longer name wins.
    zone.name = "us-east-1.amazonaws.com".into();
    rig.world.apply(Change::Put(Box::new(zone.into())));
    rig.call("CreateVpcEndpoint", wish(&vpc, STS, &[&a]));
}

#[test]
fn private_names_have_one_owner_and_need_both_attributes() {
    let mut rig = Rig::new();
    let (vpc, a, b) = place(&mut rig);
    let first = rig.call("CreateVpcEndpoint", wish(&vpc, STS, &[&a]))["VpcEndpoint"].clone();
    assert_eq!(first["PrivateDnsEnabled"], true, "absent means yes");
    let conflict = format!(
        "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for \
         sts.us-east-1.amazonaws.com in the VPC {vpc}"
    );
    assert_eq!(rig.refused("CreateVpcEndpoint", wish(&vpc, STS, &[&b])), conflict);
    let mut quiet = wish(&vpc, STS, &[&b]);
    quiet["PrivateDnsEnabled"] = json!(false);
    let second = rig.call("CreateVpcEndpoint", quiet.clone())["VpcEndpoint"].clone();
    let enable = json!({ "VpcEndpointId": second["VpcEndpointId"], "PrivateDnsEnabled": true });
    assert_eq!(rig.refused("ModifyVpcEndpoint", enable.clone()), conflict);
    rig.call("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [first["VpcEndpointId"]] }));
    rig.call("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": false } }));
    let lacks = format!(
        "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set \
         to true for {vpc}"
    );
    assert_eq!(rig.refused("ModifyVpcEndpoint", enable.clone()), lacks);
    assert_eq!(rig.refused("CreateVpcEndpoint", wish(&vpc, STS, &[&b])), lacks);
    rig.call("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } }));
    rig.call("ModifyVpcEndpoint", enable);
}

#[test]
fn subnets_groups_and_addresses_change() {
    let mut rig = Rig::new();
    let (vpc, a, b) = place(&mut rig);
    let twin = subnet(&mut rig, &vpc, "10.0.3.0/24", "us-east-1a");
    let (one, two) = (group(&mut rig, &vpc, "one"), group(&mut rig, &vpc, "two"));
    let mut input = wish(&vpc, STS, &[&a]);
    input["SecurityGroupIds"] = json!([one, one]);
    input["SubnetConfigurations"] = json!([{ "SubnetId": a, "Ipv4": "10.0.1.77" }]);
    let endpoint = id(&rig.call("CreateVpcEndpoint", input)["VpcEndpoint"]["VpcEndpointId"]);
    assert_eq!(addresses(&mut rig, &endpoint), ["10.0.1.77"]);
    let modify = |more: Value| {
        let mut input = json!({ "VpcEndpointId": endpoint });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    rig.call("ModifyVpcEndpoint", modify(json!({ "AddSubnetIds": [b] })));
    assert_eq!(addresses(&mut rig, &endpoint), ["10.0.1.77", "10.0.2.4"]);
    let twice = rig.refused("ModifyVpcEndpoint", modify(json!({ "AddSubnetIds": [twin] })));
    assert!(twice.starts_with("DuplicateSubnetsInSameZone"), "{twice}");
    rig.call("ModifyVpcEndpoint", modify(json!({ "AddSubnetIds": [twin], "RemoveSubnetIds": [a] })));
    assert_eq!(addresses(&mut rig, &endpoint), ["10.0.2.4", "10.0.3.4"]);
    let moved = json!({ "SubnetConfigurations": [{ "SubnetId": b, "Ipv4": "10.0.2.99" }] });
    rig.call("ModifyVpcEndpoint", modify(moved));
    assert_eq!(addresses(&mut rig, &endpoint), ["10.0.2.99", "10.0.3.4"]);
    let stranger = rig.refused("ModifyVpcEndpoint", modify(json!({ "RemoveSubnetIds": [a] })));
    assert!(stranger.starts_with("InvalidParameter: Subnet"), "{stranger}");
    rig.call("ModifyVpcEndpoint", modify(json!({ "AddSecurityGroupIds": [two], "RemoveSecurityGroupIds": [one] })));
    let none = rig.refused("ModifyVpcEndpoint", modify(json!({ "RemoveSecurityGroupIds": [two] })));
    assert!(none.starts_with("InvalidParameter: The endpoint"), "{none}");
    let tables = rig.refused("ModifyVpcEndpoint", modify(json!({ "AddRouteTableIds": ["rtb-0123456789abcdef0"] })));
    assert!(tables.starts_with("InvalidParameter: The parameter AddRouteTableIds"), "{tables}");
    let groups: Vec<_> = rig.world.network_interfaces.values().map(|eni| eni.groups.len()).collect();
    assert_eq!(groups, [1, 1]);
    for (operation, input) in [
        ("DeleteSecurityGroup", json!({ "GroupId": two })),
        ("DeleteSubnet", json!({ "SubnetId": b })),
        ("DeleteVpc", json!({ "VpcId": vpc })),
    ] {
        let refusal = rig.refused(operation, input);
        assert!(refusal.starts_with("DependencyViolation"), "{operation}: {refusal}");
    }
    let eni = rig.world.network_interfaces.keys().next().unwrap().to_string();
    let own = rig.refused("DeleteNetworkInterface", json!({ "NetworkInterfaceId": eni }));
    assert!(own.starts_with("OperationNotPermitted"), "{own}");
    rig.call("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [endpoint] }));
    assert!(rig.world.network_interfaces.is_empty());
    rig.call("DeleteSubnet", json!({ "SubnetId": b }));
}

#[test]
fn policies_may_name_principals_and_are_reset_to_the_text_of_the_type() {
    let mut rig = Rig::new();
    let (vpc, a, _) = place(&mut rig);
    let text = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"*","Resource":"*"}]}"#;
    let mut input = wish(&vpc, STS, &[&a]);
    input["PolicyDocument"] = json!(text);
    let endpoint = id(&rig.call("CreateVpcEndpoint", input)["VpcEndpoint"]["VpcEndpointId"]);
    assert_eq!(described(&mut rig, &endpoint)["PolicyDocument"], text);
    rig.call("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, "ResetPolicy": true }));
    let default = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \
                   \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}";
    assert_eq!(described(&mut rig, &endpoint)["PolicyDocument"], default);
}

#[test]
fn a_vpc_has_fifty_at_most() {
    let mut rig = Rig::new();
    let (vpc, ..) = place(&mut rig);
    let mut input = wish(&vpc, STS, &[]);
    input["PrivateDnsEnabled"] = json!(false);
    for _ in 0..50 {
        rig.call("CreateVpcEndpoint", input.clone());
    }
    let refusal = rig.refused("CreateVpcEndpoint", input);
    assert_eq!(refusal, "VpcEndpointLimitExceeded: The maximum number of VPC endpoints has been reached.");
}
