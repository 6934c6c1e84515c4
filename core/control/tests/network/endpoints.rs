use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use serde_json::json;

const S3: &str = "com.amazonaws.us-east-1.s3";

fn endpoint(rig: &mut Rig, vpc: &str, tables: &[&str]) -> String {
    let input = json!({ "VpcId": vpc, "ServiceName": S3, "RouteTableIds": tables });
    id(&rig.call("CreateVpcEndpoint", input)["VpcEndpoint"]["VpcEndpointId"])
}

#[test]
fn a_gateway_endpoint_is_a_route_and_a_policy() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (first, second) = (rig.table(&vpc), rig.table(&vpc));
    let made =
        rig.call("CreateVpcEndpoint", json!({ "VpcId": vpc, "ServiceName": S3, "RouteTableIds": [first, first] }));
    expect![[r#"
        {
          "VpcEndpoint": {
            "VpcEndpointId": "vpce-06a99b4b1f77dd0fc",
            "VpcEndpointType": "Gateway",
            "VpcId": "vpc-09e3779b97f4a7c15",
            "ServiceName": "com.amazonaws.us-east-1.s3",
            "State": "available",
            "PolicyDocument": "{\"Version\":\"2008-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}",
            "RouteTableIds": [
              "rtb-02e2ac13ef8e8d8d2"
            ],
            "SubnetIds": [],
            "Groups": [],
            "IpAddressType": "ipv4",
            "DnsOptions": {
              "DnsRecordIpType": "service-defined"
            },
            "PrivateDnsEnabled": false,
            "RequesterManaged": false,
            "NetworkInterfaceIds": [],
            "DnsEntries": [],
            "CreationTimestamp": "2026-11-21T10:15:30.123Z",
            "Tags": [],
            "OwnerId": "123456789012",
            "ServiceRegion": "us-east-1"
          }
        }"#]].assert_eq(&pretty(&made));
    let endpoint = id(&made["VpcEndpoint"]["VpcEndpointId"]);
    let reply = rig.call("DescribeRouteTables", json!({ "RouteTableIds": [first] }));
    expect![[r#"
        [
          {
            "DestinationCidrBlock": "10.0.0.0/16",
            "GatewayId": "local",
            "Origin": "CreateRouteTable",
            "State": "active"
          },
          {
            "DestinationPrefixListId": "pl-63a5400a",
            "GatewayId": "vpce-06a99b4b1f77dd0fc",
            "Origin": "CreateRoute",
            "State": "active"
          }
        ]"#]]
    .assert_eq(&pretty(&reply["RouteTables"][0]["Routes"]));
    assert_eq!(rig.routes(&second).len(), 1);

    let modify = json!({ "VpcEndpointId": endpoint, "AddRouteTableIds": [second], "RemoveRouteTableIds": [first] });
    assert_eq!(rig.call("ModifyVpcEndpoint", modify), json!({ "Return": true }));
    assert_eq!(rig.routes(&first).len(), 1);
    assert_eq!(rig.routes(&second)[1], format!("pl-63a5400a {endpoint} active"));
    let gone = rig.call("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [endpoint] }));
    assert_eq!(gone, json!({ "Unsuccessful": [] }));
    assert_eq!(rig.routes(&second).len(), 1);
    let refusal = rig.refused("DescribeVpcEndpoints", json!({ "VpcEndpointIds": [endpoint] }));
    assert_eq!(refusal, format!("InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id '{endpoint}' does not exist"));
}

#[test]
fn one_route_per_prefix_list_and_table() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (table, main) = (rig.table(&vpc), rig.main_table(&vpc));
    let first = endpoint(&mut rig, &vpc, &[&table]);
    assert_eq!(
        rig.refused("CreateVpcEndpoint", json!({ "VpcId": vpc, "ServiceName": S3, "RouteTableIds": [table] })),
        format!(
            "RouteAlreadyExists: route table {table} already has a route with destination-prefix-list-id pl-63a5400a"
        )
    );
    let second = endpoint(&mut rig, &vpc, &[&main]);
    let modify = json!({ "VpcEndpointId": second, "AddRouteTableIds": [table] });
    assert!(rig.refused("ModifyVpcEndpoint", modify).starts_with("RouteAlreadyExists"));
    rig.call("ModifyVpcEndpoint", json!({ "VpcEndpointId": first, "AddRouteTableIds": [table] }));
    let dynamodb = json!({ "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.dynamodb", "RouteTableIds": [table] });
    rig.call("CreateVpcEndpoint", dynamodb);
    assert_eq!(rig.routes(&table).len(), 3);
}

#[test]
fn its_route_is_not_the_users_to_touch() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (table, gateway) = (rig.table(&vpc), rig.gateway(&vpc));
    let made = endpoint(&mut rig, &vpc, &[&table]);
    let route = |member: &str, target: &str| json!({ "RouteTableId": table, "DestinationPrefixListId": "pl-63a5400a", member: target });
    let targeting = "InvalidParameterValue: Cannot create or replace a prefix list route targeting a VPC Endpoint.";
    assert_eq!(rig.refused("CreateRoute", route("GatewayId", &made)), targeting);
    assert_eq!(rig.refused("ReplaceRoute", route("GatewayId", &gateway)), targeting);
    assert!(rig.refused("CreateRoute", route("GatewayId", &gateway)).starts_with("RouteAlreadyExists"));
    let delete = json!({ "RouteTableId": table, "DestinationPrefixListId": "pl-63a5400a" });
    assert_eq!(
        rig.refused("DeleteRoute", delete),
        format!("InvalidParameterValue: cannot remove VPC endpoint route pl-63a5400a in route table {table}")
    );
    let plain = json!({ "RouteTableId": table, "DestinationCidrBlock": "52.216.0.0/16", "VpcEndpointId": made });
    assert_eq!(
        rig.refused("CreateRoute", plain),
        format!(
            "RouteNotSupported: Route table contains unsupported route target: {made}. VPC Endpoints of this type \
             cannot be used as route targets."
        )
    );
    rig.call("DeleteRouteTable", json!({ "RouteTableId": table }));
    let seen = rig.call("DescribeVpcEndpoints", json!({ "VpcEndpointIds": [made] }));
    assert_eq!(seen["VpcEndpoints"][0]["RouteTableIds"], json!([]));
}

#[test]
fn a_users_prefix_list_route_keeps_an_endpoint_off_the_table() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (table, gateway) = (rig.table(&vpc), rig.gateway(&vpc));
    rig.call(
        "CreateRoute",
        json!({ "RouteTableId": table, "DestinationPrefixListId": "pl-63a5400a", "GatewayId": gateway }),
    );
    let input = json!({ "VpcId": vpc, "ServiceName": S3, "RouteTableIds": [table] });
    assert!(rig.refused("CreateVpcEndpoint", input).starts_with("RouteAlreadyExists"));
}

#[test]
fn what_a_gateway_endpoint_cannot_be() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let elsewhere = rig.vpc("10.1.0.0/16");
    let foreign = rig.table(&elsewhere);
    for (member, value, wanted) in [
        ("VpcId", json!("vpc-0123456789abcdef0"), "InvalidVpcID.NotFound"),
        (
            "ServiceName",
            json!("com.amazonaws.us-east-1.nope"),
            "InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.us-east-1.nope' does not exist",
        ),
        ("ServiceName", json!("com.amazonaws.eu-west-1.s3"), "InvalidServiceName"),
        (
            "ServiceName",
            json!("com.amazonaws.us-east-1.ssm"),
            "InvalidParameter: Endpoint type (Gateway) does not match available service types ([Interface]).",
        ),
        ("ServiceName", json!(null), "MissingParameter"),
        ("VpcEndpointType", json!("GatewayLoadBalancer"), "InvalidParameter: Endpoint type (GatewayLoadBalancer)"),
        ("VpcEndpointType", json!("Resource"), "UnsupportedOperation: An endpoint of type Resource"),
        ("VpcEndpointType", json!("Portal"), "InvalidVpcEndpointType"),
        ("RouteTableIds", json!(["rtb-x"]), "InvalidRouteTableID.Malformed"),
        (
            "RouteTableIds",
            json!(["rtb-0123456789abcdef0"]),
            "InvalidRouteTableID.NotFound: The routeTable ID 'rtb-0123456789abcdef0' does not exist",
        ),
        ("RouteTableIds", json!([foreign]), "InvalidParameter: Route table"),
        ("SubnetIds", json!(["subnet-0123456789abcdef0"]), "InvalidParameter: The parameter SubnetIds"),
        ("PrivateDnsEnabled", json!(true), "InvalidParameter: The parameter PrivateDnsEnabled"),
        ("IpAddressType", json!("dualstack"), "UnsupportedOperation: A gateway endpoint for IPv6"),
        ("ServiceRegion", json!("eu-west-1"), "InvalidParameter: Endpoint type (Gateway)"),
        ("PolicyDocument", json!("{"), "InvalidPolicyDocument"),
        (
            "PolicyDocument",
            json!(
                r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"*","Resource":"*"}]}"#
            ),
            "InvalidPolicyDocument: The Principal of a gateway endpoint's policy must be *",
        ),
        ("TagSpecifications", json!([{ "ResourceType": "vpc", "Tags": [] }]), "InvalidParameterValue"),
    ] {
        let mut input = json!({ "VpcId": vpc, "ServiceName": S3 });
        input[member] = value;
        let refusal = rig.refused("CreateVpcEndpoint", input);
        assert!(refusal.starts_with(wanted), "{member}: {refusal}");
    }
}

#[test]
fn policies_are_kept_as_written_replaced_and_reset() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let text =
        "{ \"Statement\": [ {\"Effect\":\"Deny\", \"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"} ] }\n";
    let made = rig.call("CreateVpcEndpoint", json!({ "VpcId": vpc, "ServiceName": S3, "PolicyDocument": text }));
    assert_eq!(made["VpcEndpoint"]["PolicyDocument"], text);
    let endpoint = made["VpcEndpoint"]["VpcEndpointId"].clone();
    let policy = |rig: &mut Rig| id(&rig.call("DescribeVpcEndpoints", json!({}))["VpcEndpoints"][0]["PolicyDocument"]);
    let both = json!({ "VpcEndpointId": endpoint, "PolicyDocument": text, "ResetPolicy": true });
    assert!(rig.refused("ModifyVpcEndpoint", both).starts_with("InvalidParameterCombination"));
    assert!(
        rig.refused("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, "PolicyDocument": "no" }))
            .starts_with("InvalidPolicyDocument")
    );
    rig.call("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, "ResetPolicy": true }));
    assert_eq!(
        policy(&mut rig),
        r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#
    );
    rig.call("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, "PolicyDocument": text }));
    assert_eq!(policy(&mut rig), text);
}

#[test]
fn deleting_tells_what_was_not_there() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let made = endpoint(&mut rig, &vpc, &[]);
    let unknown = "vpce-0fedcba9876543210";
    let reply = rig.call("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [unknown, made] }));
    assert_eq!(
        reply,
        json!({ "Unsuccessful": [{
            "Error": {
                "Code": "InvalidVpcEndpoint.NotFound",
                "Message": "The VpcEndpoint Id 'vpce-0fedcba9876543210' does not exist",
            },
            "ResourceId": unknown,
        }] })
    );
    assert!(rig.world.endpoints.is_empty());
    let malformed = rig.refused("DeleteVpcEndpoints", json!({ "VpcEndpointIds": ["x"] }));
    assert!(malformed.starts_with("InvalidVpcEndpointId.Malformed"), "{malformed}");
}

#[test]
fn services() {
    let mut rig = Rig::new();
    let reply = rig.call("DescribeVpcEndpointServices", json!({ "ServiceNames": [S3] }));
    expect![[r#"
        {
          "ServiceDetails": [
            {
              "ServiceName": "com.amazonaws.us-east-1.s3",
              "ServiceId": "vpce-svc-063a5400ad2a00500",
              "ServiceType": [
                {
                  "ServiceType": "Gateway"
                }
              ],
              "ServiceRegion": "us-east-1",
              "AvailabilityZoneIds": [
                "use1-az1",
                "use1-az2",
                "use1-az3",
                "use1-az4",
                "use1-az5",
                "use1-az6"
              ],
              "AvailabilityZones": [
                "us-east-1a",
                "us-east-1b",
                "us-east-1c",
                "us-east-1d",
                "us-east-1e",
                "us-east-1f"
              ],
              "Owner": "amazon",
              "BaseEndpointDnsNames": [
                "s3.us-east-1.amazonaws.com"
              ],
              "VpcEndpointPolicySupported": true,
              "AcceptanceRequired": false,
              "ManagesVpcEndpoints": false,
              "Tags": [],
              "SupportedIpAddressTypes": [
                "ipv4"
              ]
            },
            {
              "ServiceName": "com.amazonaws.us-east-1.s3",
              "ServiceId": "vpce-svc-0824aaeecceaf8583",
              "ServiceType": [
                {
                  "ServiceType": "Interface"
                }
              ],
              "ServiceRegion": "us-east-1",
              "AvailabilityZoneIds": [
                "use1-az1",
                "use1-az2",
                "use1-az3",
                "use1-az4",
                "use1-az5",
                "use1-az6"
              ],
              "AvailabilityZones": [
                "us-east-1a",
                "us-east-1b",
                "us-east-1c",
                "us-east-1d",
                "us-east-1e",
                "us-east-1f"
              ],
              "Owner": "amazon",
              "BaseEndpointDnsNames": [
                "s3.us-east-1.vpce.amazonaws.com"
              ],
              "VpcEndpointPolicySupported": true,
              "AcceptanceRequired": false,
              "ManagesVpcEndpoints": false,
              "Tags": [],
              "SupportedIpAddressTypes": [
                "ipv4",
                "ipv6"
              ],
              "PrivateDnsName": "s3.us-east-1.amazonaws.com",
              "PrivateDnsNames": [
                {
                  "PrivateDnsName": "s3.us-east-1.amazonaws.com"
                },
                {
                  "PrivateDnsName": "*.s3.us-east-1.amazonaws.com"
                }
              ],
              "PrivateDnsNameVerificationState": "verified"
            }
          ],
          "ServiceNames": [
            "com.amazonaws.us-east-1.s3"
          ]
        }"#]]
    .assert_eq(&pretty(&reply));
    let page = rig.call("DescribeVpcEndpointServices", json!({ "MaxResults": 1 }));
    assert_eq!(page["ServiceNames"], json!(["com.amazonaws.iam"]));
    let next = rig.call("DescribeVpcEndpointServices", json!({ "NextToken": page["NextToken"], "MaxResults": 1 }));
    assert_eq!(next["ServiceNames"], json!(["com.amazonaws.route53"]));
    let unknown = rig.refused("DescribeVpcEndpointServices", json!({ "ServiceNames": ["x"] }));
    assert_eq!(unknown, "InvalidServiceName: The Vpc Endpoint Service 'x' does not exist");
    let filters = json!({ "Filters": [{ "Name": "service-type", "Values": ["Interface"] }] });
    let interfaces = rig.call("DescribeVpcEndpointServices", filters)["ServiceNames"].clone();
    assert!(interfaces.as_array().unwrap().contains(&json!(S3)), "{interfaces}");
    let filters = json!({ "Filters": [{ "Name": "service-type", "Values": ["Gateway"] }] });
    let gateways = rig.call("DescribeVpcEndpointServices", filters)["ServiceNames"].clone();
    assert_eq!(gateways, json!(["com.amazonaws.us-east-1.dynamodb", S3]));
}
