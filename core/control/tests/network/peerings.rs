use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use postern_names::{AccountId, Region};
use serde_json::{Value, json};
use time::Duration;

const OTHER: &str = "222222222222";

fn request(rig: &mut Rig, vpc: &str, peer: &str) -> String {
    let made = rig.call("CreateVpcPeeringConnection", json!({ "VpcId": vpc, "PeerVpcId": peer }));
    id(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"])
}

fn accept(rig: &mut Rig, peering: &str) -> Value {
    rig.call("AcceptVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering }))
}

fn active(rig: &mut Rig, vpc: &str, peer: &str) -> String {
    let peering = request(rig, vpc, peer);
    accept(rig, &peering);
    peering
}

/// Code and message of a connection's status.
fn status(rig: &mut Rig, peering: &str) -> String {
    let found = rig.call("DescribeVpcPeeringConnections", json!({ "VpcPeeringConnectionIds": [peering] }));
    let status = &found["VpcPeeringConnections"][0]["Status"];
    format!("{} {}", status["Code"].as_str().unwrap(), status["Message"].as_str().unwrap())
}

fn as_account(rig: &mut Rig, account: &str) {
    rig.account = account.parse().unwrap();
}

#[test]
fn a_request_becomes_a_connection() {
    let mut rig = Rig::new();
    let (near, far) = (rig.vpc("10.0.0.0/16"), rig.vpc("10.1.0.0/16"));
    let made = rig.call(
        "CreateVpcPeeringConnection",
        json!({
            "VpcId": near, "PeerVpcId": far,
            "TagSpecifications": [{ "ResourceType": "vpc-peering-connection", "Tags": [{ "Key": "a", "Value": "b" }] }],
        }),
    );
    expect![[r#"
        {
          "VpcPeeringConnection": {
            "AccepterVpcInfo": {
              "OwnerId": "123456789012",
              "VpcId": "vpc-02e2ac13ef8e8d8d2",
              "Region": "us-east-1"
            },
            "RequesterVpcInfo": {
              "OwnerId": "123456789012",
              "VpcId": "vpc-09e3779b97f4a7c15",
              "Region": "us-east-1",
              "CidrBlock": "10.0.0.0/16",
              "CidrBlockSet": [
                {
                  "CidrBlock": "10.0.0.0/16"
                }
              ]
            },
            "Status": {
              "Code": "initiating-request",
              "Message": "Initiating Request to 123456789012"
            },
            "Tags": [
              {
                "Key": "a",
                "Value": "b"
              }
            ],
            "VpcPeeringConnectionId": "pcx-01fe68f0af33cb97a",
            "ExpirationTime": "2026-11-28T10:15:30.123Z"
          }
        }"#]]
    .assert_eq(&pretty(&made));
    let peering = id(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    assert_eq!(status(&mut rig, &peering), "pending-acceptance Pending Acceptance by 123456789012");
    assert_eq!(request(&mut rig, &near, &far), peering, "the same request is the same connection");
    let accepted = accept(&mut rig, &peering);
    assert_eq!(
        accepted["VpcPeeringConnection"]["Status"],
        json!({ "Code": "provisioning", "Message": "Provisioning" })
    );
    let info = &accepted["VpcPeeringConnection"]["AccepterVpcInfo"];
    assert_eq!(info["CidrBlockSet"], json!([{ "CidrBlock": "10.1.0.0/16" }]));
    assert_eq!(info["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"], json!(false));
    assert_eq!(status(&mut rig, &peering), "active Active");
    let again = rig.refused("CreateVpcPeeringConnection", json!({ "VpcId": far, "PeerVpcId": near }));
    assert_eq!(again, "VpcPeeringConnectionAlreadyExists: A VPC peering connection between the VPCs already exists.");
    assert_eq!(
        rig.refused("AcceptVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering })),
        format!(
            "InvalidStateTransition: Invalid state transition for {peering}, attempted to transition from active to active"
        )
    );
}

#[test]
fn vpcs_that_cannot_be_peered() {
    let mut rig = Rig::new();
    let (near, twin, far) = (rig.vpc("10.0.0.0/16"), rig.vpc("10.0.0.0/20"), rig.vpc("10.1.0.0/16"));
    let failed = "failed Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
    let peering = request(&mut rig, &near, &twin);
    assert_eq!(status(&mut rig, &peering), failed);
    let refused = rig.refused("AcceptVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering }));
    assert!(refused.ends_with("attempted to transition from failed to active"), "{refused}");
    let refused = rig.refused("DeleteVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering }));
    assert!(refused.ends_with("attempted to transition from failed to deleting"), "{refused}");
    let nobody = "vpc-0123456789abcdef0";
    let mine = rig.refused("CreateVpcPeeringConnection", json!({ "VpcId": near, "PeerVpcId": nobody }));
    assert_eq!(mine, format!("InvalidVpcID.NotFound: The vpc ID '{nobody}' does not exist"));
    let elsewhere = json!({ "VpcId": near, "PeerVpcId": nobody, "PeerOwnerId": OTHER });
    let made = rig.call("CreateVpcPeeringConnection", elsewhere);
    let peering = id(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    assert_eq!(status(&mut rig, &peering), failed, "AWS tells nothing of other accounts' VPCs");
    rig.wait(Duration::hours(3));
    let gone = rig.refused("DescribeVpcPeeringConnections", json!({ "VpcPeeringConnectionIds": [peering] }));
    assert!(gone.starts_with("InvalidVpcPeeringConnectionID.NotFound"), "{gone}");

    // Ranges that come to overlap before the request is accepted, and a range that a peer has.
    let peering = request(&mut rig, &near, &far);
    let extra = rig.vpc("10.2.0.0/16");
    let other = active(&mut rig, &near, &extra);
    let taken = rig.refused("AssociateVpcCidrBlock", json!({ "VpcId": near, "CidrBlock": "10.2.16.0/20" }));
    assert_eq!(
        taken,
        format!("InvalidVpc.Range: The CIDR '10.2.16.0/20' overlaps with a CIDR block of the peered VPC '{extra}'.")
    );
    rig.call("DeleteVpcPeeringConnection", json!({ "VpcPeeringConnectionId": other }));
    rig.call("AssociateVpcCidrBlock", json!({ "VpcId": near, "CidrBlock": "10.2.16.0/20" }));
    rig.call("AssociateVpcCidrBlock", json!({ "VpcId": far, "CidrBlock": "10.2.0.0/18" }));
    accept(&mut rig, &peering);
    assert_eq!(status(&mut rig, &peering), failed);
}

#[test]
fn nobody_answers_for_another_account() {
    let mut rig = Rig::new();
    let near = rig.vpc("10.0.0.0/16");
    as_account(&mut rig, OTHER);
    let far = rig.vpc("10.1.0.0/16");
    as_account(&mut rig, "123456789012");
    let made = rig.call("CreateVpcPeeringConnection", json!({ "VpcId": near, "PeerVpcId": far, "PeerOwnerId": OTHER }));
    let peering = id(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    let named = json!({ "VpcPeeringConnectionId": peering });
    for verb in ["accept", "reject"] {
        let operation = if verb == "accept" { "AcceptVpcPeeringConnection" } else { "RejectVpcPeeringConnection" };
        let refused = rig.refused(operation, named.clone());
        assert_eq!(refused, format!("OperationNotPermitted: User (123456789012) cannot {verb} peering {peering}"));
    }
    as_account(&mut rig, OTHER);
    assert_eq!(
        rig.refused("DeleteVpcPeeringConnection", named.clone()),
        format!("OperationNotPermitted: User ({OTHER}) cannot delete peering {peering}")
    );
    let tags = |rig: &mut Rig| {
        rig.call("DescribeVpcPeeringConnections", json!({}))["VpcPeeringConnections"][0]["Tags"].clone()
    };
    rig.call("CreateTags", json!({ "Resources": [peering], "Tags": [{ "Key": "side", "Value": "far" }] }));
    assert_eq!(tags(&mut rig), json!([{ "Key": "side", "Value": "far" }]));
    accept(&mut rig, &peering);
    let dns = json!({ "AllowDnsResolutionFromRemoteVpc": true });
    let set = json!({ "VpcPeeringConnectionId": peering, "AccepterPeeringConnectionOptions": dns });
    let reply = rig.call("ModifyVpcPeeringConnectionOptions", set.clone());
    assert_eq!(reply["AccepterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"], json!(true));
    as_account(&mut rig, "123456789012");
    assert_eq!(tags(&mut rig), json!([]), "each owner has tags of its own");
    assert_eq!(
        rig.refused("ModifyVpcPeeringConnectionOptions", set),
        format!("OperationNotPermitted: User (123456789012) cannot modify accepter peering options of {peering}")
    );
    rig.call("DeleteVpcPeeringConnection", named.clone());
    assert_eq!(status(&mut rig, &peering), "deleted Deleted by 123456789012");
    rig.wait(Duration::hours(3));
    assert!(rig.refused("DeleteVpcPeeringConnection", named).starts_with("InvalidVpcPeeringConnectionID.NotFound"));
    as_account(&mut rig, OTHER);
    assert_eq!(status(&mut rig, &peering), "deleted Deleted by 123456789012", "the other owner sees it for two days");
    as_account(&mut rig, "333333333333");
    assert_eq!(rig.call("DescribeVpcPeeringConnections", json!({}))["VpcPeeringConnections"], json!([]));
}

#[test]
fn a_connection_between_regions_is_accepted_in_the_accepters() {
    let mut rig = Rig::new();
    let near = rig.vpc("10.0.0.0/16");
    rig.region = Region::new("eu-west-1");
    let far = rig.vpc("10.1.0.0/16");
    rig.region = Region::new("us-east-1");
    let made =
        rig.call("CreateVpcPeeringConnection", json!({ "VpcId": near, "PeerVpcId": far, "PeerRegion": "eu-west-1" }));
    let peering = id(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    assert_eq!(
        rig.refused("AcceptVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering })),
        format!(
            "OperationNotPermitted: Incorrect region (us-east-1) specified for this request. VPC peering connection \
             {peering} must be accepted in region eu-west-1"
        )
    );
    rig.region = Region::new("eu-west-1");
    accept(&mut rig, &peering);
    assert_eq!(status(&mut rig, &peering), "active Active");
}

#[test]
fn requests_end() {
    let mut rig = Rig::new();
    let (near, far) = (rig.vpc("10.0.0.0/16"), rig.vpc("10.1.0.0/16"));
    let peering = request(&mut rig, &near, &far);
    let options = json!({
        "VpcPeeringConnectionId": peering,
        "RequesterPeeringConnectionOptions": { "AllowDnsResolutionFromRemoteVpc": true },
    });
    assert_eq!(
        rig.refused("ModifyVpcPeeringConnectionOptions", options),
        format!(
            "OperationNotPermitted: Peering {peering} is not active. Peering options can be added only to active peerings."
        )
    );
    rig.call("RejectVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering }));
    assert_eq!(status(&mut rig, &peering), "rejected Rejected by 123456789012");
    let second = request(&mut rig, &near, &far);
    assert_ne!(second, peering);
    rig.wait(Duration::days(7));
    assert_eq!(status(&mut rig, &second), "expired Expired");
    let refused = rig.refused("AcceptVpcPeeringConnection", json!({ "VpcPeeringConnectionId": second }));
    assert!(refused.ends_with("attempted to transition from expired to active"), "{refused}");
    let third = request(&mut rig, &near, &far);
    rig.wait(Duration::days(3));
    let left =
        rig.call("DescribeVpcPeeringConnections", json!({ "Filters": [{ "Name": "status-code", "Values": ["*"] }] }));
    assert_eq!(left["VpcPeeringConnections"].as_array().unwrap().len(), 1, "{left}");
    rig.call("DeleteVpc", json!({ "VpcId": far }));
    assert_eq!(status(&mut rig, &third), "deleted Deleted by 123456789012", "a request goes with its VPC");
}

#[test]
fn routes_and_vpcs() {
    let mut rig = Rig::new();
    let (near, far, third) = (rig.vpc("10.0.0.0/16"), rig.vpc("10.1.0.0/16"), rig.vpc("10.2.0.0/16"));
    let table = rig.main_table(&near);
    let peering = request(&mut rig, &near, &far);
    let route = |table: &str, peering: &str| json!({ "RouteTableId": table, "DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": peering });
    rig.call("CreateRoute", route(&table, &peering));
    let wanted = |state: &str| vec!["10.0.0.0/16 local active".to_owned(), format!("10.1.0.0/16 {peering} {state}")];
    assert_eq!(rig.routes(&table), wanted("blackhole"));
    accept(&mut rig, &peering);
    assert_eq!(rig.routes(&table), wanted("active"));
    let elsewhere = rig.main_table(&third);
    let refused = rig.refused("CreateRoute", route(&elsewhere, &peering));
    assert!(refused.ends_with("belong to different networks"), "{refused}");
    let refused = rig.refused("DeleteVpc", json!({ "VpcId": far }));
    assert_eq!(refused, format!("DependencyViolation: The vpc '{far}' has dependencies and cannot be deleted."));
    rig.call("DeleteVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering }));
    assert_eq!(rig.routes(&table), wanted("blackhole"));
    rig.call("DeleteVpc", json!({ "VpcId": far }));
    let refused = rig.refused("CreateRoute", route(&elsewhere, &peering));
    assert!(refused.starts_with("InvalidVpcPeeringConnectionID.NotFound"), "{refused}");
}

#[test]
fn groups_of_a_peered_vpc() {
    let mut rig = Rig::new();
    let near = rig.vpc("10.0.0.0/16");
    as_account(&mut rig, OTHER);
    let far = rig.vpc("10.1.0.0/16");
    let clients = rig.call("CreateSecurityGroup", json!({ "GroupName": "clients", "Description": "d", "VpcId": far }));
    let clients = id(&clients["GroupId"]);
    as_account(&mut rig, "123456789012");
    let server = rig.call("CreateSecurityGroup", json!({ "GroupName": "server", "Description": "d", "VpcId": near }));
    let server = id(&server["GroupId"]);
    let rule = |user: Option<&str>| {
        let mut pair = json!({ "GroupId": clients });
        if let Some(user) = user {
            pair["UserId"] = json!(user);
        }
        let permission = json!({ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [pair] });
        json!({ "GroupId": server, "IpPermissions": [permission] })
    };
    let not_found = format!("InvalidGroup.NotFound: The security group '{clients}' does not exist");
    assert_eq!(rig.refused("AuthorizeSecurityGroupIngress", rule(Some(OTHER))), not_found, "no peering yet");
    let made = rig.call("CreateVpcPeeringConnection", json!({ "VpcId": near, "PeerVpcId": far, "PeerOwnerId": OTHER }));
    let peering = id(&made["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    assert_eq!(rig.refused("AuthorizeSecurityGroupIngress", rule(Some(OTHER))), not_found, "not accepted yet");
    as_account(&mut rig, OTHER);
    accept(&mut rig, &peering);
    as_account(&mut rig, "123456789012");
    assert_eq!(rig.refused("AuthorizeSecurityGroupIngress", rule(None)), not_found, "the owner must be named");
    rig.call("AuthorizeSecurityGroupIngress", rule(Some(OTHER)));
    let pair = |rig: &mut Rig| {
        let groups = rig.call("DescribeSecurityGroups", json!({ "GroupIds": [server] }));
        groups["SecurityGroups"][0]["IpPermissions"][0]["UserIdGroupPairs"][0].clone()
    };
    let wanted = |state: &str| {
        json!({
            "UserId": OTHER, "GroupId": clients, "VpcId": far, "VpcPeeringConnectionId": peering, "PeeringStatus": state,
        })
    };
    assert_eq!(pair(&mut rig), wanted("active"));
    let stale = |rig: &mut Rig| {
        let found = rig.call("DescribeStaleSecurityGroups", json!({ "VpcId": near }));
        found["StaleSecurityGroupSet"].as_array().unwrap().len()
    };
    assert_eq!(stale(&mut rig), 0);
    as_account(&mut rig, OTHER);
    let seen = rig.call("DescribeSecurityGroupReferences", json!({ "GroupId": [clients] }));
    assert_eq!(
        seen["SecurityGroupReferenceSet"],
        json!([{ "GroupId": clients, "ReferencingVpcId": near, "VpcPeeringConnectionId": peering }])
    );
    as_account(&mut rig, "123456789012");
    rig.call("DeleteVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering }));
    assert_eq!(pair(&mut rig), wanted("deleted"));
    let told = rig.call("DescribeStaleSecurityGroups", json!({ "VpcId": near }));
    assert_eq!(
        told["StaleSecurityGroupSet"][0]["StaleIpPermissions"],
        json!([{ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [wanted("deleted")] }])
    );
    assert_eq!(stale(&mut rig), 1);
    as_account(&mut rig, OTHER);
    rig.call("DeleteSecurityGroup", json!({ "GroupId": clients }));
    as_account(&mut rig, "123456789012");
    assert_eq!(pair(&mut rig), json!({ "UserId": OTHER, "GroupId": clients }));
    assert_eq!(stale(&mut rig), 1);
    let rules =
        rig.call("DescribeSecurityGroupRules", json!({ "Filters": [{ "Name": "group-id", "Values": [server] }] }));
    let ingress =
        rules["SecurityGroupRules"].as_array().unwrap().iter().find(|r| r["IsEgress"] == json!(false)).unwrap();
    rig.call(
        "RevokeSecurityGroupIngress",
        json!({ "GroupId": server, "SecurityGroupRuleIds": [ingress["SecurityGroupRuleId"]] }),
    );
    assert_eq!(stale(&mut rig), 0);
}

#[test]
fn quotas_of_peerings() {
    let mut rig = Rig::new();
    let near = rig.vpc("10.255.0.0/16");
    let peers: Vec<String> = (0..51).map(|n| rig.vpc(&format!("10.{n}.0.0/16"))).collect();
    for peer in &peers[..50] {
        active(&mut rig, &near, peer);
    }
    let last = request(&mut rig, &near, &peers[50]);
    let refused = rig.refused("AcceptVpcPeeringConnection", json!({ "VpcPeeringConnectionId": last }));
    assert!(refused.starts_with("VpcPeeringConnectionsPerVpcLimitExceeded"), "{refused}");
    for peer in &peers[..24] {
        request(&mut rig, &peers[50], peer);
    }
    let refused = rig.refused("CreateVpcPeeringConnection", json!({ "VpcId": peers[50], "PeerVpcId": peers[30] }));
    assert!(refused.starts_with("OutstandingVpcPeeringConnectionLimitExceeded"), "{refused}");
    assert_eq!(rig.account, AccountId::DEFAULT);
}
