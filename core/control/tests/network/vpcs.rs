use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use serde_json::{Value, json};

#[test]
fn a_vpc_comes_with_table_acl_and_group() {
    let mut rig = Rig::new();
    let tags = json!([{ "ResourceType": "vpc", "Tags": [{ "Key": "Name", "Value": "lab" }] }]);
    let made = rig.call("CreateVpc", json!({ "CidrBlock": "10.0.7.9/16", "TagSpecifications": tags }));
    expect![[r#"
        {
          "Vpc": {
            "OwnerId": "123456789012",
            "InstanceTenancy": "default",
            "Ipv6CidrBlockAssociationSet": [],
            "CidrBlockAssociationSet": [
              {
                "AssociationId": "vpc-cidr-assoc-03c6ef372fe94f82a",
                "CidrBlock": "10.0.0.0/16",
                "CidrBlockState": {
                  "State": "associated"
                }
              }
            ],
            "IsDefault": false,
            "Tags": [
              {
                "Key": "Name",
                "Value": "lab"
              }
            ],
            "BlockPublicAccessStates": {
              "InternetGatewayBlockMode": "off"
            },
            "VpcId": "vpc-09e3779b97f4a7c15",
            "State": "pending",
            "CidrBlock": "10.0.0.0/16",
            "DhcpOptionsId": "dopt-0daa66d2c7ddf743f"
          }
        }"#]]
    .assert_eq(&pretty(&made));
    let vpc = id(&made["Vpc"]["VpcId"]);
    let seen = rig.call("DescribeVpcs", json!({ "VpcIds": [vpc] }));
    assert_eq!(seen["Vpcs"][0]["State"], "available");
    let tables = rig.call("DescribeRouteTables", json!({}));
    expect![[r#"
        {
          "RouteTables": [
            {
              "Associations": [
                {
                  "Main": true,
                  "RouteTableAssociationId": "rtbassoc-01715609f7c746c69",
                  "RouteTableId": "rtb-078dde6e5fd29f054",
                  "AssociationState": {
                    "State": "associated"
                  }
                }
              ],
              "PropagatingVgws": [],
              "RouteTableId": "rtb-078dde6e5fd29f054",
              "Routes": [
                {
                  "DestinationCidrBlock": "10.0.0.0/16",
                  "GatewayId": "local",
                  "Origin": "CreateRouteTable",
                  "State": "active"
                }
              ],
              "Tags": [],
              "VpcId": "vpc-09e3779b97f4a7c15",
              "OwnerId": "123456789012"
            }
          ]
        }"#]]
    .assert_eq(&pretty(&tables));
    let group = rig.world.security_groups.values().next().unwrap();
    assert_eq!((group.name.as_str(), group.description.as_str()), ("default", "default VPC security group"));
    assert_eq!(rig.world.network_acls.values().next().unwrap().entries.len(), 2);
}

#[test]
fn ranges_that_no_vpc_can_have() {
    let mut rig = Rig::new();
    let mut refused = |cidr: &str| rig.refused("CreateVpc", json!({ "CidrBlock": cidr }));
    assert_eq!(refused("10.0.0.0/8"), "InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid.");
    assert_eq!(refused("10.0.0.0/29"), "InvalidVpc.Range: The CIDR '10.0.0.0/29' is invalid.");
    assert_eq!(refused("127.0.0.0/16"), "InvalidVpc.Range: The CIDR '127.0.0.0/16' is invalid.");
    assert_eq!(refused("169.254.0.0/16"), "InvalidVpc.Range: The CIDR '169.254.0.0/16' is invalid.");
    assert_eq!(
        refused("10.0.0.0"),
        "InvalidParameterValue: Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block."
    );
    for odd in ["", "10.0.0.0/33", "10.0.0.0/-1", "::/0", "10.0.0.0/16 ", "10.0.0/16", "٣.0.0.0/16"] {
        assert!(refused(odd).starts_with("InvalidParameterValue"), "{odd}");
    }
    assert_eq!(
        rig.refused("CreateVpc", json!({})),
        "MissingParameter: Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."
    );
    let host = json!({ "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "host" });
    assert!(rig.refused("CreateVpc", host).starts_with("UnsupportedTenancy"));
    let ipv6 = json!({ "CidrBlock": "10.0.0.0/16", "Ipv6Pool": "mine", "Ipv6CidrBlock": "2600:1f18::/56" });
    let of_ones_own = "UnsupportedOperation: An IPv6 range of your own (Ipv6Pool) is not served by Postern yet.";
    assert_eq!(rig.refused("CreateVpc", ipv6), of_ones_own);
}

#[test]
fn with_its_first_ipv6_range_a_vpc_lets_ipv6_through_as_it_does_ipv4() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let associate = json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true });
    let made = rig.call("AssociateVpcCidrBlock", associate.clone());
    let id = made["Ipv6CidrBlockAssociation"]["AssociationId"].clone();
    let own = rig.call("DescribeVpcs", json!({ "VpcIds": [vpc] }))["Vpcs"][0]["Ipv6CidrBlockAssociationSet"].clone();
    assert_eq!(own[0]["AssociationId"], id);
    let range = own[0]["Ipv6CidrBlock"].as_str().unwrap().to_owned();
    assert!(range.starts_with("2600:1f18:") && range.ends_with("::/56"), "{range}");
    let of_vpc = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
    let acl = rig.call("DescribeNetworkAcls", of_vpc.clone())["NetworkAcls"][0]["Entries"].clone();
    let numbers = |all: &Value| -> Vec<u64> {
        let newer = all.as_array().unwrap().iter().filter(|e| e.get("Ipv6CidrBlock").is_some());
        newer.map(|e| e["RuleNumber"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&acl), [101, 32768, 101, 32768]);
    let group = rig.call("DescribeSecurityGroups", of_vpc.clone())["SecurityGroups"][0]["IpPermissionsEgress"].clone();
    assert_eq!(group[0]["Ipv6Ranges"][0]["CidrIpv6"], "::/0");
    // The second one changes nothing of that, and a subnet's range holds the first.
    rig.call("AssociateVpcCidrBlock", associate);
    let again = rig.call("DescribeNetworkAcls", of_vpc)["NetworkAcls"][0]["Entries"].clone();
    assert_eq!(again, acl);
    let part = range.replace("::/56", "::/64");
    let subnet = rig.subnet(&vpc, "10.0.1.0/24");
    let wish = json!({ "SubnetId": subnet, "Ipv6CidrBlock": part });
    let held = rig.call("AssociateSubnetCidrBlock", wish)["Ipv6CidrBlockAssociation"]["AssociationId"].clone();
    let away = json!({ "AssociationId": id });
    assert!(rig.refused("DisassociateVpcCidrBlock", away.clone()).starts_with("InvalidCidrBlock.InUse"));
    rig.call("DisassociateSubnetCidrBlock", json!({ "AssociationId": held }));
    rig.call("DisassociateVpcCidrBlock", away);
}

#[test]
fn a_vpc_goes_when_nothing_of_the_users_is_in_it() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let in_use = format!("DependencyViolation: The vpc '{vpc}' has dependencies and cannot be deleted.");
    let subnet = rig.subnet(&vpc, "10.0.1.0/24");
    assert_eq!(rig.refused("DeleteVpc", json!({ "VpcId": vpc })), in_use);
    rig.call("DeleteSubnet", json!({ "SubnetId": subnet }));
    let table = rig.table(&vpc);
    assert_eq!(rig.refused("DeleteVpc", json!({ "VpcId": vpc })), in_use);
    rig.call("DeleteRouteTable", json!({ "RouteTableId": table }));
    let gateway = rig.gateway(&vpc);
    assert_eq!(rig.refused("DeleteVpc", json!({ "VpcId": vpc })), in_use);
    rig.call("DetachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
    rig.call("DeleteInternetGateway", json!({ "InternetGatewayId": gateway }));
    rig.call("DeleteVpc", json!({ "VpcId": vpc }));
    assert_eq!(
        rig.world.entities().iter().map(|e| e.key().kind()).collect::<Vec<_>>(),
        ["DhcpOptions"],
        "nothing but the account's option set is left"
    );
    assert_eq!(
        rig.refused("DeleteVpc", json!({ "VpcId": vpc })),
        format!("InvalidVpcID.NotFound: The vpc ID '{vpc}' does not exist")
    );
    assert!(rig.refused("DeleteVpc", json!({ "VpcId": "vpc-zz" })).starts_with("InvalidVpcID.Malformed"));
}

#[test]
fn another_account_or_region_sees_nothing() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    rig.account = "210987654321".parse().unwrap();
    assert!(rig.refused("DeleteVpc", json!({ "VpcId": vpc })).starts_with("InvalidVpcID.NotFound"));
    assert_eq!(rig.call("DescribeVpcs", json!({}))["Vpcs"], json!([]));
    rig.account = postern_names::AccountId::DEFAULT;
    rig.region = postern_names::Region::new("eu-west-1");
    assert_eq!(rig.call("DescribeVpcs", json!({}))["Vpcs"], json!([]));
    assert_eq!(rig.call("DescribeTags", json!({}))["Tags"], json!([]));
}

#[test]
fn attributes_one_at_a_time() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let ask = |rig: &mut Rig, name: &str| rig.call("DescribeVpcAttribute", json!({ "VpcId": vpc, "Attribute": name }));
    assert_eq!(ask(&mut rig, "enableDnsSupport"), json!({ "EnableDnsSupport": { "Value": true }, "VpcId": vpc }));
    assert_eq!(ask(&mut rig, "enableDnsHostnames"), json!({ "EnableDnsHostnames": { "Value": false }, "VpcId": vpc }));
    rig.call("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } }));
    assert_eq!(ask(&mut rig, "enableDnsHostnames"), json!({ "EnableDnsHostnames": { "Value": true }, "VpcId": vpc }));
    let both = json!({
        "VpcId": vpc, "EnableDnsHostnames": { "Value": false }, "EnableDnsSupport": { "Value": false },
    });
    assert!(rig.refused("ModifyVpcAttribute", both).starts_with("InvalidParameterCombination"));
    assert!(rig.refused("ModifyVpcAttribute", json!({ "VpcId": vpc })).starts_with("InvalidParameterCombination"));
    rig.call("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": false } }));
    rig.call("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsSupport": { "Value": false } }));
    let hostnames = json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } });
    assert!(rig.refused("ModifyVpcAttribute", hostnames).starts_with("InvalidParameterValue"));
    let metrics = json!({ "VpcId": vpc, "EnableNetworkAddressUsageMetrics": { "Value": true } });
    assert!(rig.refused("ModifyVpcAttribute", metrics).starts_with("UnsupportedOperation: Network Address Usage"));
    let unknown = json!({ "VpcId": vpc, "Attribute": "color" });
    assert!(rig.refused("DescribeVpcAttribute", unknown).starts_with("InvalidParameterValue"));
}

#[test]
fn further_ranges() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let add = |cidr: &str| json!({ "VpcId": vpc, "CidrBlock": cidr });
    let added = rig.call("AssociateVpcCidrBlock", add("10.1.0.0/16"));
    assert_eq!(added["CidrBlockAssociation"]["CidrBlockState"], json!({ "State": "associating" }));
    let association = id(&added["CidrBlockAssociation"]["AssociationId"]);
    rig.call("AssociateVpcCidrBlock", add("100.64.0.0/16"));
    assert!(rig.refused("AssociateVpcCidrBlock", add("10.1.128.0/24")).starts_with("InvalidVpc.Range"));
    assert!(rig.refused("AssociateVpcCidrBlock", add("192.168.0.0/24")).contains("is restricted"));
    assert!(rig.refused("AssociateVpcCidrBlock", add("172.20.0.0/16")).contains("is restricted"));

    let main = rig.main_table(&vpc);
    assert_eq!(
        rig.routes(&main),
        ["10.0.0.0/16 local active", "10.1.0.0/16 local active", "100.64.0.0/16 local active"]
    );
    let subnet = rig.subnet(&vpc, "10.1.1.0/24");
    let remove = json!({ "AssociationId": association });
    assert_eq!(
        rig.refused("DisassociateVpcCidrBlock", remove.clone()),
        format!("InvalidCidrBlock.InUse: The vpc {vpc} currently has a subnet within CIDR block 10.1.0.0/16")
    );
    rig.call("DeleteSubnet", json!({ "SubnetId": subnet }));
    rig.call("DisassociateVpcCidrBlock", remove.clone());
    assert!(rig.refused("DisassociateVpcCidrBlock", remove).starts_with("InvalidVpcCidrBlockAssociationID.NotFound"));
    let primary = id(&rig.call("DescribeVpcs", json!({}))["Vpcs"][0]["CidrBlockAssociationSet"][0]["AssociationId"]);
    let refusal = rig.refused("DisassociateVpcCidrBlock", json!({ "AssociationId": primary }));
    assert!(refusal.starts_with("OperationNotPermitted"), "{refusal}");
}

#[test]
fn dhcp_options() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let sets = rig.call("DescribeDhcpOptions", json!({}));
    expect![[r#"
        {
          "DhcpOptions": [
            {
              "OwnerId": "123456789012",
              "Tags": [],
              "DhcpOptionsId": "dopt-0daa66d2c7ddf743f",
              "DhcpConfigurations": [
                {
                  "Key": "domain-name",
                  "Values": [
                    {
                      "Value": "ec2.internal"
                    }
                  ]
                },
                {
                  "Key": "domain-name-servers",
                  "Values": [
                    {
                      "Value": "AmazonProvidedDNS"
                    }
                  ]
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&pretty(&sets));
    let keys = json!([{ "Key": "domain-name", "Values": ["corp.example"] }, { "Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"] }]);
    let made = rig.call("CreateDhcpOptions", json!({ "DhcpConfigurations": keys }));
    let set = id(&made["DhcpOptions"]["DhcpOptionsId"]);
    rig.call("AssociateDhcpOptions", json!({ "DhcpOptionsId": set, "VpcId": vpc }));
    let refusal = rig.refused("DeleteDhcpOptions", json!({ "DhcpOptionsId": set }));
    assert_eq!(
        refusal,
        format!("DependencyViolation: The dhcpOptions '{set}' has dependencies and cannot be deleted.")
    );
    rig.call("AssociateDhcpOptions", json!({ "DhcpOptionsId": "default", "VpcId": vpc }));
    assert_eq!(rig.call("DescribeVpcs", json!({}))["Vpcs"][0]["DhcpOptionsId"], "default");
    rig.call("DeleteDhcpOptions", json!({ "DhcpOptionsId": set }));
    let gone = rig.refused("AssociateDhcpOptions", json!({ "DhcpOptionsId": set, "VpcId": vpc }));
    assert!(gone.starts_with("InvalidDhcpOptionID.NotFound"), "{gone}");
    for bad in [
        json!([{ "Key": "color", "Values": ["red"] }]),
        json!([{ "Key": "domain-name", "Values": [] }]),
        json!([{ "Key": "ntp-servers", "Values": ["x"] }]),
        json!([{ "Key": "domain-name", "Values": ["a\nnameserver 6.6.6.6"] }]),
        json!([{ "Key": "domain-name-servers", "Values": ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"] }]),
    ] {
        let refusal = rig.refused("CreateDhcpOptions", json!({ "DhcpConfigurations": bad }));
        assert!(refusal.starts_with("InvalidParameterValue"), "{refusal}");
    }
    for unserved in [
        json!([{ "Key": "ntp-servers", "Values": ["10.0.0.9"] }]),
        json!([{ "Key": "domain-name-servers", "Values": ["10.0.0.9"] }]),
    ] {
        let refusal = rig.refused("CreateDhcpOptions", json!({ "DhcpConfigurations": unserved }));
        assert!(refusal.starts_with("UnsupportedOperation"), "{refusal}");
    }
}
