use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use serde_json::json;

const ALL: &str = "0.0.0.0/0";

#[test]
fn tables_and_their_associations() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (subnet, table, other) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.table(&vpc), rig.table(&vpc));
    let made = rig.call("AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet }));
    let association = id(&made["AssociationId"]);
    assert_eq!(made["AssociationState"], json!({ "State": "associated" }));
    assert_eq!(
        rig.refused("AssociateRouteTable", json!({ "RouteTableId": other, "SubnetId": subnet })),
        format!(
            "Resource.AlreadyAssociated: the specified association for route table {other} conflicts with an existing \
             association"
        )
    );
    assert!(rig.refused("DeleteRouteTable", json!({ "RouteTableId": table })).starts_with("DependencyViolation"));
    let seen = rig.call("DescribeRouteTables", json!({ "RouteTableIds": [table] }));
    expect![[r#"
        {
          "RouteTables": [
            {
              "Associations": [
                {
                  "Main": false,
                  "RouteTableAssociationId": "rtbassoc-0a708a824f612c926",
                  "RouteTableId": "rtb-06a99b4b1f77dd0fc",
                  "SubnetId": "subnet-02e2ac13ef8e8d8d2",
                  "AssociationState": {
                    "State": "associated"
                  }
                }
              ],
              "PropagatingVgws": [],
              "RouteTableId": "rtb-06a99b4b1f77dd0fc",
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
    .assert_eq(&pretty(&seen));
    let moved =
        rig.call("ReplaceRouteTableAssociation", json!({ "AssociationId": association, "RouteTableId": other }));
    let gone = rig.refused("DisassociateRouteTable", json!({ "AssociationId": association }));
    assert_eq!(gone, format!("InvalidAssociationID.NotFound: The association ID '{association}' does not exist"));
    rig.call("DisassociateRouteTable", json!({ "AssociationId": moved["NewAssociationId"] }));
    rig.call("DeleteRouteTable", json!({ "RouteTableId": table }));

    let elsewhere = rig.vpc("10.9.0.0/16");
    let foreign = rig.table(&elsewhere);
    assert_eq!(
        rig.refused("AssociateRouteTable", json!({ "RouteTableId": foreign, "SubnetId": subnet })),
        format!("InvalidParameterValue: Route table {foreign} and subnet {subnet} belong to different networks")
    );
    let mine =
        rig.call("AssociateRouteTable", json!({ "RouteTableId": other, "SubnetId": subnet }))["AssociationId"].clone();
    let refusal =
        rig.refused("ReplaceRouteTableAssociation", json!({ "AssociationId": mine, "RouteTableId": foreign }));
    assert!(refusal.ends_with("belong to different networks"), "{refusal}");
    let edge = json!({ "RouteTableId": other, "GatewayId": "igw-0123456789abcdef0" });
    assert!(rig.refused("AssociateRouteTable", edge).starts_with("UnsupportedOperation"));
    assert!(rig.refused("AssociateRouteTable", json!({ "RouteTableId": other })).starts_with("MissingParameter"));
}

#[test]
fn the_main_table_can_be_another_one() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (main, table) = (rig.main_table(&vpc), rig.table(&vpc));
    let seen = rig.call("DescribeRouteTables", json!({ "RouteTableIds": [main] }));
    let association = id(&seen["RouteTables"][0]["Associations"][0]["RouteTableAssociationId"]);
    let refusal = rig.refused("DisassociateRouteTable", json!({ "AssociationId": association }));
    assert_eq!(
        refusal,
        format!("InvalidParameterValue: cannot disassociate the main route table association {association}")
    );
    assert!(rig.refused("DeleteRouteTable", json!({ "RouteTableId": main })).starts_with("DependencyViolation"));
    rig.call("ReplaceRouteTableAssociation", json!({ "AssociationId": association, "RouteTableId": table }));
    assert_eq!(rig.main_table(&vpc), table);
    rig.call("DeleteRouteTable", json!({ "RouteTableId": main }));
}

#[test]
fn routes_are_made_replaced_and_deleted() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (subnet, table, gateway) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.table(&vpc), rig.gateway(&vpc));
    let route = json!({ "RouteTableId": table, "DestinationCidrBlock": ALL, "GatewayId": gateway });
    assert_eq!(rig.call("CreateRoute", route.clone()), json!({ "Return": true }));
    assert_eq!(
        rig.refused("CreateRoute", route.clone()),
        "RouteAlreadyExists: The route identified by 0.0.0.0/0 already exists."
    );
    let nat = rig.call("CreateNatGateway", json!({ "SubnetId": subnet, "ConnectivityType": "private" }));
    let nat = id(&nat["NatGateway"]["NatGatewayId"]);
    rig.call("ReplaceRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": ALL, "NatGatewayId": nat }));
    assert_eq!(rig.routes(&table), ["10.0.0.0/16 local active", &format!("0.0.0.0/0 {nat} active")]);
    let as_gateway = json!({ "RouteTableId": table, "DestinationCidrBlock": "10.9.0.0/16", "GatewayId": nat });
    rig.call("CreateRoute", as_gateway);
    rig.call("DeleteRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "10.9.0.0/16" }));
    rig.call("DeleteNatGateway", json!({ "NatGatewayId": nat }));
    assert_eq!(rig.routes(&table)[1], format!("0.0.0.0/0 {nat} blackhole"));
    rig.call("DeleteRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": ALL }));
    assert_eq!(
        rig.refused("DeleteRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": ALL })),
        format!("InvalidRoute.NotFound: no route with destination-cidr-block 0.0.0.0/0 in route table {table}")
    );
    assert_eq!(
        rig.refused("ReplaceRoute", route),
        "InvalidParameterValue: There is no route defined for '0.0.0.0/0' in the route table. Use CreateRoute instead."
    );
    assert_eq!(
        rig.refused("DeleteRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "10.0.0.0/16" })),
        format!("InvalidParameterValue: cannot remove local route 10.0.0.0/16 in route table {table}")
    );
}

#[test]
fn a_detached_gateway_is_a_black_hole() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (table, gateway) = (rig.table(&vpc), rig.gateway(&vpc));
    rig.call("CreateRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": ALL, "GatewayId": gateway }));
    rig.call("DetachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
    assert_eq!(rig.routes(&table)[1], format!("0.0.0.0/0 {gateway} blackhole"));
    rig.call("AttachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
    assert_eq!(rig.routes(&table)[1], format!("0.0.0.0/0 {gateway} active"));
}

#[test]
fn targets_that_are_not_there() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let table = rig.table(&vpc);
    let mut refused = |member: &str, target: &str| {
        rig.refused("CreateRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": ALL, member: target }))
    };
    let n = "0123456789abcdef0";
    for (member, target, wanted) in [
        (
            "GatewayId",
            format!("igw-{n}"),
            format!("InvalidGatewayID.NotFound: The gateway ID 'igw-{n}' does not exist"),
        ),
        (
            "GatewayId",
            format!("vgw-{n}"),
            format!("InvalidGatewayID.NotFound: The gateway ID 'vgw-{n}' does not exist"),
        ),
        (
            "NatGatewayId",
            format!("nat-{n}"),
            format!("InvalidNatGatewayID.NotFound: The natGateway ID 'nat-{n}' does not exist"),
        ),
        (
            "TransitGatewayId",
            format!("tgw-{n}"),
            format!("InvalidTransitGatewayID.NotFound: The transitGateway ID 'tgw-{n}' does not exist"),
        ),
        (
            "VpcPeeringConnectionId",
            format!("pcx-{n}"),
            format!("InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID 'pcx-{n}' does not exist"),
        ),
        (
            "NetworkInterfaceId",
            format!("eni-{n}"),
            format!("InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-{n}' does not exist"),
        ),
        ("InstanceId", format!("i-{n}"), format!("InvalidInstanceID.NotFound: The instance ID 'i-{n}' does not exist")),
        (
            "VpcEndpointId",
            format!("vpce-{n}"),
            format!("InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id 'vpce-{n}' does not exist"),
        ),
    ] {
        assert_eq!(refused(member, &target), wanted);
    }
    assert!(refused("GatewayId", "local").starts_with("InvalidParameterValue"));
    assert!(refused("Nothing", "x").starts_with("MissingParameter"));
    let two = json!({
        "RouteTableId": table, "DestinationCidrBlock": ALL, "GatewayId": "igw-1", "NatGatewayId": "nat-1",
    });
    assert!(rig.refused("CreateRoute", two).starts_with("InvalidParameterCombination"));
    let gateway = rig.gateway(&vpc);
    for destinations in
        [json!({}), json!({ "DestinationIpv6CidrBlock": "10.0.0.0/8" }), json!({ "DestinationCidrBlock": "x" })]
    {
        let mut input = json!({ "RouteTableId": table, "GatewayId": gateway });
        input.as_object_mut().unwrap().extend(destinations.as_object().unwrap().clone());
        rig.refused("CreateRoute", input);
    }
    let elsewhere = rig.vpc("10.1.0.0/16");
    let foreign = rig.gateway(&elsewhere);
    assert_eq!(
        rig.refused("CreateRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": ALL, "GatewayId": foreign })),
        format!(
            "InvalidParameterValue: route table {table} and network gateway {foreign} belong to different networks"
        )
    );
}

#[test]
fn routes_inside_the_vpc() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (table, gateway) = (rig.table(&vpc), rig.gateway(&vpc));
    let (appliance, _) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.subnet(&vpc, "10.0.2.0/24"));
    let nat = rig.call("CreateNatGateway", json!({ "SubnetId": appliance, "ConnectivityType": "private" }));
    let nat = id(&nat["NatGateway"]["NatGatewayId"]);
    let to = |cidr: &str, member: &str, target: &str| json!({ "RouteTableId": table, "DestinationCidrBlock": cidr, member: target });
    assert_eq!(
        rig.refused("CreateRoute", to("10.0.0.0/16", "NatGatewayId", &nat)),
        "RouteAlreadyExists: The route identified by 10.0.0.0/16 already exists."
    );
    assert!(
        rig.refused("CreateRoute", to("10.0.2.0/24", "GatewayId", &gateway)).contains("can target only an interface")
    );
    assert!(
        rig.refused("CreateRoute", to("10.0.2.0/25", "NatGatewayId", &nat)).contains("does not match the CIDR block")
    );
    rig.call("CreateRoute", to("10.0.2.0/24", "NatGatewayId", &nat));
    rig.call("CreateRoute", to("10.0.0.0/8", "GatewayId", &gateway));
    assert!(
        rig.refused("CreateRoute", to("169.254.168.0/24", "GatewayId", &gateway)).starts_with("InvalidParameterValue")
    );
    let replace = rig.refused("ReplaceRoute", to("10.0.0.0/16", "NatGatewayId", &nat));
    assert!(replace.starts_with("UnsupportedOperation"), "{replace}");
    let local = json!({ "RouteTableId": table, "DestinationCidrBlock": "10.0.0.0/16", "LocalTarget": true });
    rig.call("ReplaceRoute", local);
}
