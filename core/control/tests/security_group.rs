//! Security groups and their rules, as a client sees them.

mod common;

use common::{Lab, pretty, text, texts};
use expect_test::expect;
use serde_json::{Value, json};

fn group(lab: &mut Lab, vpc: &str, name: &str) -> String {
    text(&lab.ok("CreateSecurityGroup", json!({ "GroupName": name, "Description": "d", "VpcId": vpc })), "/GroupId")
}

fn tcp(port: u16, cidr: &str) -> Value {
    json!([{ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": cidr }] }])
}

fn described(lab: &mut Lab, group: &str) -> Value {
    lab.ok("DescribeSecurityGroups", json!({ "GroupIds": [group] }))["SecurityGroups"][0].clone()
}

#[test]
fn a_new_group_lets_everything_out() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let input = json!({
        "GroupName": "web", "Description": "front", "VpcId": vpc,
        "TagSpecifications": [{ "ResourceType": "security-group", "Tags": [{ "Key": "a", "Value": "b" }] }],
    });
    let created = lab.ok("CreateSecurityGroup", input);
    let id = text(&created, "/GroupId");
    assert_eq!(text(&created, "/SecurityGroupArn"), format!("arn:aws:ec2:us-east-1:123456789012:security-group/{id}"));
    let mut shown = described(&mut lab, &id);
    for member in ["GroupId", "VpcId", "SecurityGroupArn"] {
        shown[member] = json!("...");
    }
    expect![[r#"
        {
          "GroupId": "...",
          "IpPermissionsEgress": [
            {
              "IpProtocol": "-1",
              "UserIdGroupPairs": [],
              "IpRanges": [
                {
                  "CidrIp": "0.0.0.0/0"
                }
              ],
              "Ipv6Ranges": [],
              "PrefixListIds": []
            }
          ],
          "Tags": [
            {
              "Key": "a",
              "Value": "b"
            }
          ],
          "VpcId": "...",
          "SecurityGroupArn": "...",
          "OwnerId": "123456789012",
          "GroupName": "web",
          "Description": "front",
          "IpPermissions": []
        }"#]]
    .assert_eq(&pretty(&shown));
}

#[test]
fn wrong_groups_are_refused() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let id = group(&mut lab, &vpc, "web");
    let create = |name: &str, vpc: &str| json!({ "GroupName": name, "Description": "d", "VpcId": vpc });
    let twice = lab.refused("CreateSecurityGroup", create("web", &vpc));
    assert_eq!(twice, format!("InvalidGroup.Duplicate: The security group 'web' already exists for VPC '{vpc}'"));
    expect!["InvalidParameterValue: Cannot use reserved security group name: default"]
        .assert_eq(&lab.refused("CreateSecurityGroup", create("default", &vpc)));
    expect!["InvalidParameterValue: Value (sg-x) for parameter GroupName is invalid. Group names may not be in the format sg-*"]
        .assert_eq(&lab.refused("CreateSecurityGroup", create("sg-x", &vpc)));
    expect!["InvalidParameterValue: Value (käse) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."]
        .assert_eq(&lab.refused("CreateSecurityGroup", create("käse", &vpc)));
    expect!["InvalidVpcID.NotFound: The vpc ID 'vpc-00000000000000001' does not exist"]
        .assert_eq(&lab.refused("CreateSecurityGroup", create("x", "vpc-00000000000000001")));
    expect!["InvalidGroup.NotFound: The security group 'sg-00000000000000001' does not exist"]
        .assert_eq(&lab.refused("DescribeSecurityGroups", json!({ "GroupIds": ["sg-00000000000000001"] })));
    let default = lab.ok(
        "DescribeSecurityGroups",
        json!({
            "Filters": [{ "Name": "vpc-id", "Values": [vpc] }, { "Name": "group-name", "Values": ["default"] }],
        }),
    );
    let default = text(&default, "/SecurityGroups/0/GroupId");
    assert_eq!(
        lab.refused("DeleteSecurityGroup", json!({ "GroupId": default })),
        format!("CannotDelete: the specified group: \"{default}\" name: \"default\" cannot be deleted by a user")
    );
    lab.ok("DeleteSecurityGroup", json!({ "GroupId": id }));
    assert_eq!(
        lab.refused("DeleteSecurityGroup", json!({ "GroupId": id })),
        format!("InvalidGroup.NotFound: The security group '{id}' does not exist")
    );
}

#[test]
fn a_group_in_use_stays() {
    let mut lab = Lab::new();
    let (vpc, subnet) = lab.network();
    let (used, named) = (group(&mut lab, &vpc, "used"), group(&mut lab, &vpc, "named"));
    lab.ok("CreateNetworkInterface", json!({ "SubnetId": subnet, "Groups": [used] }));
    let from_named = json!([{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": named }] }]);
    lab.ok("AuthorizeSecurityGroupIngress", json!({ "GroupId": used, "IpPermissions": from_named }));
    for id in [used, named] {
        assert_eq!(
            lab.refused("DeleteSecurityGroup", json!({ "GroupId": id })),
            format!("DependencyViolation: resource {id} has a dependent object")
        );
    }
}

#[test]
fn rules_of_the_same_ports_are_one_permission() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let id = group(&mut lab, &vpc, "web");
    lab.ok("AuthorizeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": tcp(443, "0.0.0.0/0") }));
    lab.ok(
        "AuthorizeSecurityGroupIngress",
        json!({
            "GroupId": id, "IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIp": "10.1.2.3/8",
        }),
    );
    let reply = lab.ok(
        "AuthorizeSecurityGroupIngress",
        json!({ "GroupId": id, "IpPermissions": [{
        "IpProtocol": "6", "FromPort": 443, "ToPort": 443,
        "IpRanges": [{ "CidrIp": "192.0.2.0/24", "Description": "office" }],
        "Ipv6Ranges": [{ "CidrIpv6": "2001:db8::1/32" }],
        "PrefixListIds": [{ "PrefixListId": "pl-63a5400a" }],
        "UserIdGroupPairs": [{ "GroupId": id }],
    }, { "IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]}),
    );
    assert_eq!(reply["SecurityGroupRules"].as_array().map(Vec::len), Some(5));
    assert_eq!(reply["SecurityGroupRules"][3]["ReferencedGroupInfo"]["UserId"], "123456789012");
    let shown = pretty(&described(&mut lab, &id)["IpPermissions"]).replace(&id, "sg-self");
    expect![[r#"
        [
          {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "UserIdGroupPairs": [
              {
                "UserId": "123456789012",
                "GroupId": "sg-self"
              }
            ],
            "IpRanges": [
              {
                "CidrIp": "0.0.0.0/0"
              },
              {
                "Description": "office",
                "CidrIp": "192.0.2.0/24"
              }
            ],
            "Ipv6Ranges": [
              {
                "CidrIpv6": "2001:db8::/32"
              }
            ],
            "PrefixListIds": [
              {
                "PrefixListId": "pl-63a5400a"
              }
            ]
          },
          {
            "IpProtocol": "udp",
            "FromPort": 53,
            "ToPort": 53,
            "UserIdGroupPairs": [],
            "IpRanges": [
              {
                "CidrIp": "10.0.0.0/8"
              }
            ],
            "Ipv6Ranges": [],
            "PrefixListIds": []
          },
          {
            "IpProtocol": "icmp",
            "FromPort": 8,
            "ToPort": -1,
            "UserIdGroupPairs": [],
            "IpRanges": [
              {
                "CidrIp": "0.0.0.0/0"
              }
            ],
            "Ipv6Ranges": [],
            "PrefixListIds": []
          }
        ]"#]]
    .assert_eq(&shown);
}

#[test]
fn wrong_rules_are_refused() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let id = group(&mut lab, &vpc, "web");
    let ingress = |permissions: Value| json!({ "GroupId": id, "IpPermissions": permissions });
    lab.ok("AuthorizeSecurityGroupIngress", ingress(tcp(22, "0.0.0.0/0")));
    let mut refusal = |permissions: Value| lab.refused("AuthorizeSecurityGroupIngress", ingress(permissions));
    expect![[r#"InvalidPermission.Duplicate: the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists"#]]
        .assert_eq(&refusal(tcp(22, "0.0.0.0/0")));
    expect!["InvalidParameterValue: CIDR block 10.0.0.0 is malformed"].assert_eq(&refusal(tcp(23, "10.0.0.0")));
    expect!["InvalidParameterValue: CIDR block 10.0.0.0/33 is malformed"].assert_eq(&refusal(tcp(23, "10.0.0.0/33")));
    let range = |protocol: &str, from: Value, to: Value| json!([{ "IpProtocol": protocol, "FromPort": from, "ToPort": to, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
    expect!["InvalidParameterValue: Invalid TCP/UDP port range (80:79)"].assert_eq(&refusal(range(
        "tcp",
        json!(80),
        json!(79),
    )));
    expect!["InvalidParameterValue: Invalid TCP/UDP port range (0:65536)"].assert_eq(&refusal(range(
        "udp",
        json!(0),
        json!(65536),
    )));
    expect!["InvalidParameterValue: Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."]
        .assert_eq(&refusal(range("tcp", json!(80), Value::Null)));
    expect!["InvalidParameterValue: Invalid value 'http' for IP protocol. Unknown protocol."]
        .assert_eq(&refusal(range("http", json!(80), json!(80))));
    expect!["InvalidParameterValue: Invalid value '256' for ICMP type."].assert_eq(&refusal(range(
        "icmp",
        json!(256),
        json!(-1),
    )));
    expect!["InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000001' does not exist"]
        .assert_eq(&refusal(json!([{ "IpProtocol": "-1", "PrefixListIds": [{ "PrefixListId": "pl-00000001" }] }])));
    expect!["InvalidParameterValue: The same permission must not appear multiple times"].assert_eq(&refusal(json!([
        { "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "10.0.0.0/8" }, { "CidrIp": "10.9.9.9/8" }] },
    ])));
    expect!["MissingParameter: The request must contain the parameter ipPermissions"].assert_eq(&refusal(json!([])));
    expect!["InvalidPermission.NotFound: The specified rule does not exist in this security group."]
        .assert_eq(&lab.refused("RevokeSecurityGroupIngress", ingress(tcp(80, "0.0.0.0/0"))));
}

#[test]
fn a_group_holds_sixty_rules_each_way() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let id = group(&mut lab, &vpc, "web");
    let ranges = |n: u8| (0..n).map(|i| json!({ "CidrIp": format!("10.{i}.0.0/16") })).collect::<Vec<_>>();
    let input = |n| json!({ "GroupId": id, "IpPermissions": [{ "IpProtocol": "-1", "IpRanges": ranges(n) }] });
    expect!["RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached."]
        .assert_eq(&lab.refused("AuthorizeSecurityGroupIngress", input(61)));
    lab.ok("AuthorizeSecurityGroupIngress", input(60));
    lab.refused("AuthorizeSecurityGroupEgress", input(60));
    lab.ok("AuthorizeSecurityGroupEgress", input(59));
}

#[test]
fn rules_are_revoked_changed_and_described_by_id() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let id = group(&mut lab, &vpc, "web");
    lab.ok("AuthorizeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": tcp(22, "10.0.0.0/8") }));
    let filter = json!({ "Filters": [{ "Name": "group-id", "Values": [id] }] });
    let rules = lab.ok("DescribeSecurityGroupRules", filter.clone());
    let rule = rules["SecurityGroupRules"].as_array().and_then(|r| r.iter().find(|r| r["IsEgress"] == false)).cloned();
    let rule = text(&rule.expect("an ingress rule"), "/SecurityGroupRuleId");
    lab.ok(
        "ModifySecurityGroupRules",
        json!({ "GroupId": id, "SecurityGroupRules": [{
            "SecurityGroupRuleId": rule,
            "SecurityGroupRule": { "IpProtocol": "tcp", "FromPort": 22, "ToPort": 23, "CidrIpv4": "10.1.0.0/16" },
        }]}),
    );
    lab.ok(
        "UpdateSecurityGroupRuleDescriptionsIngress",
        json!({ "GroupId": id, "SecurityGroupRuleDescriptions": [
            { "SecurityGroupRuleId": rule, "Description": "jump" },
        ]}),
    );
    let one = lab.ok("DescribeSecurityGroupRules", json!({ "SecurityGroupRuleIds": [rule] }));
    let one = &one["SecurityGroupRules"][0];
    assert_eq!(
        (&one["ToPort"], &one["CidrIpv4"], &one["Description"]),
        (&json!(23), &json!("10.1.0.0/16"), &json!("jump"))
    );
    expect![
        "InvalidParameterValue: You may not change the type of the source or destination of a security group rule."
    ]
    .assert_eq(&lab.refused(
        "ModifySecurityGroupRules",
        json!({ "GroupId": id, "SecurityGroupRules": [{
            "SecurityGroupRuleId": rule, "SecurityGroupRule": { "IpProtocol": "-1", "ReferencedGroupId": id },
        }]}),
    ));
    let revoked = lab.ok("RevokeSecurityGroupIngress", json!({ "GroupId": id, "SecurityGroupRuleIds": [rule] }));
    assert_eq!(texts(&revoked, "/RevokedSecurityGroupRules", "SecurityGroupRuleId"), std::slice::from_ref(&rule));
    assert_eq!(
        lab.refused("DescribeSecurityGroupRules", json!({ "SecurityGroupRuleIds": [rule] })),
        format!("InvalidSecurityGroupRuleId.NotFound: The security group rule ID '{rule}' does not exist")
    );
}

#[test]
fn the_default_vpc_is_lenient_and_knows_names() {
    let mut lab = Lab::new();
    lab.ok("CreateSecurityGroup", json!({ "GroupName": "old", "Description": "d" }));
    lab.ok("AuthorizeSecurityGroupIngress", json!({ "GroupName": "old", "IpPermissions": tcp(80, "0.0.0.0/0") }));
    let reply =
        lab.ok("RevokeSecurityGroupIngress", json!({ "GroupName": "old", "IpPermissions": tcp(81, "0.0.0.0/0") }));
    assert_eq!(reply["UnknownIpPermissions"][0]["FromPort"], 81);
    let found = lab.ok("DescribeSecurityGroups", json!({ "GroupNames": ["old"] }));
    assert_eq!(texts(&found, "/SecurityGroups", "GroupName"), ["old"]);
    let by_port = json!({ "Filters": [{ "Name": "ip-permission.from-port", "Values": ["80"] }] });
    assert_eq!(texts(&lab.ok("DescribeSecurityGroups", by_port), "/SecurityGroups", "GroupName"), ["old"]);
    lab.ok("DeleteSecurityGroup", json!({ "GroupName": "old" }));
}
