//! Network ACLs, as a client sees them.

mod common;

use common::{Lab, pretty, text};
use expect_test::expect;
use serde_json::{Value, json};

fn entry(acl: &str, number: i64, egress: bool) -> Value {
    json!({
        "NetworkAclId": acl, "RuleNumber": number, "Egress": egress, "Protocol": "6", "RuleAction": "allow",
        "CidrBlock": "10.1.2.3/16", "PortRange": { "From": 1024, "To": 65535 },
    })
}

fn created(lab: &mut Lab, vpc: &str) -> String {
    text(&lab.ok("CreateNetworkAcl", json!({ "VpcId": vpc })), "/NetworkAcl/NetworkAclId")
}

#[test]
fn entries_are_listed_with_the_implied_last_ones() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let acl = created(&mut lab, &vpc);
    lab.ok("CreateNetworkAclEntry", entry(&acl, 200, false));
    let mut ping = entry(&acl, 100, false);
    ping["Protocol"] = json!("1");
    ping["IcmpTypeCode"] = json!({ "Type": 8, "Code": -1 });
    lab.ok("CreateNetworkAclEntry", ping);
    let mut denied = entry(&acl, 200, false);
    denied["RuleAction"] = json!("deny");
    lab.ok("ReplaceNetworkAclEntry", denied);
    let shown = lab.ok("DescribeNetworkAcls", json!({ "NetworkAclIds": [acl] }));
    expect![[r#"
        [
          {
            "CidrBlock": "0.0.0.0/0",
            "Egress": true,
            "Protocol": "-1",
            "RuleAction": "deny",
            "RuleNumber": 32767
          },
          {
            "CidrBlock": "10.1.0.0/16",
            "Egress": false,
            "Protocol": "1",
            "RuleAction": "allow",
            "RuleNumber": 100,
            "IcmpTypeCode": {
              "Code": -1,
              "Type": 8
            }
          },
          {
            "CidrBlock": "10.1.0.0/16",
            "Egress": false,
            "Protocol": "6",
            "RuleAction": "deny",
            "RuleNumber": 200,
            "PortRange": {
              "From": 1024,
              "To": 65535
            }
          },
          {
            "CidrBlock": "0.0.0.0/0",
            "Egress": false,
            "Protocol": "-1",
            "RuleAction": "deny",
            "RuleNumber": 32767
          }
        ]"#]]
    .assert_eq(&pretty(&shown["NetworkAcls"][0]["Entries"]));
    lab.ok("DeleteNetworkAclEntry", json!({ "NetworkAclId": acl, "RuleNumber": 200, "Egress": false }));
    expect!["InvalidNetworkAclEntry.NotFound: The network acl entry identified by rule number 200 and ingress does not exist."]
        .assert_eq(&lab.refused("ReplaceNetworkAclEntry", entry(&acl, 200, false)));
}

#[test]
fn wrong_entries_are_refused() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let acl = created(&mut lab, &vpc);
    lab.ok("CreateNetworkAclEntry", entry(&acl, 100, true));
    let wrong = [
        ("RuleNumber", json!(100)),
        ("RuleNumber", json!(0)),
        ("RuleNumber", json!(32767)),
        ("Protocol", json!("http")),
        ("Protocol", json!("256")),
        ("RuleAction", json!("reject")),
        ("CidrBlock", json!("10.0.0.0")),
        ("CidrBlock", json!("300.0.0.0/8")),
        ("CidrBlock", Value::Null),
        ("Ipv6CidrBlock", json!("::/0")),
        ("PortRange", json!({ "From": 80, "To": 79 })),
        ("PortRange", json!({ "From": 80 })),
        ("PortRange", Value::Null),
        ("NetworkAclId", json!("acl-00000000000000001")),
    ];
    let refusals: Vec<String> = wrong
        .into_iter()
        .map(|(member, value)| {
            let mut input = entry(&acl, 7, true);
            input[member] = value;
            lab.refused("CreateNetworkAclEntry", input)
        })
        .collect();
    expect![[r#"
        NetworkAclEntryAlreadyExists: The network acl entry identified by 100 already exists.
        InvalidParameterValue: Value (0) for parameter ruleNumber is invalid. Must be between 1 and 32766
        InvalidParameterValue: Value (32767) for parameter ruleNumber is invalid. Must be between 1 and 32766
        InvalidParameterValue: Value (http) for parameter protocol is invalid. Unknown protocol
        InvalidParameterValue: Value (256) for parameter protocol is invalid. Unknown protocol
        InvalidParameterValue: Value (reject) for parameter RuleAction is invalid. Valid values are: allow, deny
        InvalidParameterValue: Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block.
        InvalidParameterValue: Value (300.0.0.0/8) for parameter cidrBlock is invalid. This is not a valid CIDR block.
        MissingParameter: The request must contain the parameter cidrBlock
        InvalidParameterCombination: The parameter 'cidrBlock' may not be used in combination with 'ipv6CidrBlock'
        InvalidParameterValue: Invalid value '80-79' for portRange. Must be 0 to 65535.
        MissingParameter: The request must contain the parameter portRange
        MissingParameter: The request must contain the parameter portRange
        InvalidNetworkAclID.NotFound: The networkAcl ID 'acl-00000000000000001' does not exist"#]]
    .assert_eq(&refusals.join("\n"));
    for number in 1..20 {
        lab.ok("CreateNetworkAclEntry", entry(&acl, number, true));
    }
    expect!["NetworkAclEntryLimitExceeded: The maximum number of network acl entries has been reached."]
        .assert_eq(&lab.refused("CreateNetworkAclEntry", entry(&acl, 50, true)));
    lab.ok("CreateNetworkAclEntry", entry(&acl, 50, false));
}

#[test]
fn a_subnet_moves_between_acls() {
    let mut lab = Lab::new();
    let (vpc, subnet) = lab.network();
    let by_subnet = json!({ "Filters": [{ "Name": "association.subnet-id", "Values": [subnet] }] });
    let default = lab.ok("DescribeNetworkAcls", by_subnet.clone());
    assert_eq!(default["NetworkAcls"][0]["IsDefault"], true);
    let association = text(&default, "/NetworkAcls/0/Associations/0/NetworkAclAssociationId");
    let acl = created(&mut lab, &vpc);
    let reply = lab.ok("ReplaceNetworkAclAssociation", json!({ "AssociationId": association, "NetworkAclId": acl }));
    let new = text(&reply, "/NewAssociationId");
    let moved = lab.ok("DescribeNetworkAcls", by_subnet);
    assert_eq!(text(&moved, "/NetworkAcls/0/NetworkAclId"), acl);
    assert_eq!(text(&moved, "/NetworkAcls/0/Associations/0/NetworkAclAssociationId"), new);
    assert_eq!(
        lab.refused("DeleteNetworkAcl", json!({ "NetworkAclId": acl })),
        format!("DependencyViolation: The networkAcl '{acl}' has dependencies and cannot be deleted.")
    );
    assert_eq!(
        lab.refused("ReplaceNetworkAclAssociation", json!({ "AssociationId": association, "NetworkAclId": acl })),
        format!("InvalidAssociationID.NotFound: The association ID '{association}' does not exist")
    );
    let default = text(&default, "/NetworkAcls/0/NetworkAclId");
    assert_eq!(
        lab.refused("DeleteNetworkAcl", json!({ "NetworkAclId": default })),
        format!("InvalidParameterValue: cannot delete default network ACL {default}")
    );
    lab.ok("ReplaceNetworkAclAssociation", json!({ "AssociationId": new, "NetworkAclId": default }));
    lab.ok("DeleteNetworkAcl", json!({ "NetworkAclId": acl }));
}
