//! Random calls: the World stays without flaws, a refused call leaves no trace (the rig checks both), and any prefix of
//! the log of changes replays to the World that was there.

use crate::rig::Rig;
use postern_model::{Change, World};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A call whose ids are numbers: the n-th id of its kind that exists, so that most calls mean something.
#[derive(Debug, Clone)]
struct Step {
    operation: usize,
    picks: [usize; 3],
    octet: u8,
    length: u8,
}

fn step() -> impl Strategy<Value = Step> {
    (0usize..36, any::<[usize; 3]>(), 0u8..6, 15u8..30).prop_map(|(operation, picks, octet, length)| Step {
        operation,
        picks,
        octet,
        length,
    })
}

fn pick(ids: Vec<String>, n: usize, prefix: &str) -> String {
    if ids.is_empty() { format!("{prefix}-0123456789abcdef0") } else { ids[n % ids.len()].clone() }
}

fn call(world: &World, step: &Step) -> (&'static str, Value) {
    let [a, b, c] = step.picks;
    let text = |ids: Vec<String>, n, prefix| pick(ids, n, prefix);
    let vpc = text(world.vpcs.keys().map(|i| i.to_string()).collect(), a, "vpc");
    let subnet = text(world.subnets.keys().map(|i| i.to_string()).collect(), b, "subnet");
    let table = text(world.route_tables.keys().map(|i| i.to_string()).collect(), c, "rtb");
    let other_table = text(world.route_tables.keys().map(|i| i.to_string()).collect(), a, "rtb");
    let gateway = text(world.internet_gateways.keys().map(|i| i.to_string()).collect(), b, "igw");
    let nat = text(world.nat_gateways.keys().map(|i| i.to_string()).collect(), b, "nat");
    let address = text(world.addresses.keys().map(|i| i.to_string()).collect(), c, "eipalloc");
    let endpoint = text(world.endpoints.keys().map(|i| i.to_string()).collect(), b, "vpce");
    let interface = text(world.network_interfaces.keys().map(|i| i.to_string()).collect(), a, "eni");
    let list = text(world.prefix_lists.keys().map(|i| i.to_string()).chain(["pl-63a5400a".into()]).collect(), a, "pl");
    let associations = world.route_tables.values().flat_map(|t| &t.associations).map(|a| a.id.to_string()).collect();
    let association = text(associations, b, "rtbassoc");
    let cidrs = world.vpcs.values().flat_map(|v| &v.cidrs).map(|c| c.association.to_string()).collect();
    let range = text(cidrs, c, "vpc-cidr-assoc");
    let other_vpc = text(world.vpcs.keys().map(|i| i.to_string()).collect(), c, "vpc");
    let peering = text(world.peerings.keys().map(|i| i.to_string()).collect(), b, "pcx");
    let cidr = format!("10.{}.{}.0/{}", step.octet, b % 4 * 16, step.length);
    // Most subnets wanted are possible ones.
    let inside = match world.vpcs.values().find(|v| v.id.to_string() == vpc).and_then(|v| v.primary_cidr()) {
        Some(range) if step.length < 27 => {
            format!("{}/24", range.nth(u32::from(step.octet) * 256).unwrap_or(range.network()))
        }
        _ => cidr.clone(),
    };
    let service = ["com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"][a % 2];
    match step.operation {
        0 if world.vpcs.len() < 3 => ("CreateVpc", json!({ "CidrBlock": cidr })),
        0 | 1 => ("CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": inside })),
        2 => ("CreateRouteTable", json!({ "VpcId": vpc })),
        3 => ("AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet })),
        4 => ("ReplaceRouteTableAssociation", json!({ "AssociationId": association, "RouteTableId": table })),
        5 => ("DisassociateRouteTable", json!({ "AssociationId": association })),
        6 => ("CreateInternetGateway", json!({})),
        7 => ("AttachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
        8 => ("DetachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
        9 => {
            ("CreateRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway }))
        }
        10 => ("CreateRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": cidr, "NatGatewayId": nat })),
        11 => {
            ("ReplaceRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat }))
        }
        12 => ("DeleteRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0" })),
        13 => ("AllocateAddress", json!({})),
        14 => ("ReleaseAddress", json!({ "AllocationId": address })),
        15 => ("CreateNatGateway", json!({ "SubnetId": subnet, "AllocationId": address })),
        16 => ("DeleteNatGateway", json!({ "NatGatewayId": nat })),
        17 => (
            "CreateVpcEndpoint",
            json!({ "VpcId": vpc, "ServiceName": service, "RouteTableIds": [table, other_table] }),
        ),
        18 => ("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, "AddRouteTableIds": [table] })),
        19 => ("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [endpoint] })),
        20 => ("CreateRoute", json!({ "RouteTableId": table, "DestinationPrefixListId": list, "GatewayId": gateway })),
        21 => ("AssociateVpcCidrBlock", json!({ "VpcId": vpc, "CidrBlock": cidr })),
        22 => ("DisassociateVpcCidrBlock", json!({ "AssociationId": range })),
        23 => ("AssociateAddress", json!({ "AllocationId": address, "NetworkInterfaceId": interface })),
        24 => ("DeleteSubnet", json!({ "SubnetId": subnet })),
        25 | 26 => {
            let groups: Vec<String> = world.security_groups.keys().map(|i| i.to_string()).collect();
            let service = ["com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.sts"][c % 2];
            let input = json!({
                "VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": service, "SubnetIds": [subnet],
                "SecurityGroupIds": [text(groups, b, "sg")], "PrivateDnsEnabled": b % 3 == 0,
            });
            ("CreateVpcEndpoint", input)
        }
        27 => {
            let members = [
                ("AddSubnetIds", json!([subnet])),
                ("RemoveSubnetIds", json!([subnet])),
                ("PrivateDnsEnabled", json!(c % 2 == 0)),
            ];
            let (member, value) = &members[a % 3];
            ("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, *member: value }))
        }
        28 => ("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": c % 3 != 0 } })),
        29 | 30 => ("CreateVpcPeeringConnection", json!({ "VpcId": vpc, "PeerVpcId": other_vpc })),
        31 | 32 => ("AcceptVpcPeeringConnection", json!({ "VpcPeeringConnectionId": peering })),
        33 => {
            let operations = ["RejectVpcPeeringConnection", "DeleteVpcPeeringConnection"];
            (operations[a % 2], json!({ "VpcPeeringConnectionId": peering }))
        }
        34 => {
            let route = json!({
                "RouteTableId": table, "DestinationCidrBlock": "10.96.0.0/12", "VpcPeeringConnectionId": peering,
            });
            ("CreateRoute", route)
        }
        _ if b % 3 == 0 => ("DeleteVpc", json!({ "VpcId": vpc })),
        _ => ("DeleteRouteTable", json!({ "RouteTableId": table })),
    }
}

/// A VPC in which most calls find what they need.
fn furnished() -> Rig {
    let mut rig = Rig::new();
    rig.vpc("10.99.0.0/16");
    let vpc = rig.vpc("10.0.0.0/16");
    rig.gateway(&vpc);
    for n in 8..10 {
        let subnet = rig.subnet(&vpc, &format!("10.0.{n}.0/24"));
        crate::addresses::interface(&mut rig, &subnet, n);
        rig.table(&vpc);
        rig.address();
    }
    rig
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn random_calls_keep_the_world_whole(steps in prop::collection::vec(step(), 1..120), cut in any::<prop::sample::Index>()) {
        let mut rig = furnished();
        let mut after: Vec<(usize, Vec<postern_model::Entity>)> = Vec::new();
        for step in &steps {
            let (operation, input) = call(&rig.world, step);
            let _ = rig.try_call(operation, input);
            after.push((rig.log.len(), rig.world.entities()));
        }
        let (length, wanted) = &after[cut.index(after.len())];
        let mut replayed = World::default();
        for change in &rig.log[..*length] {
            replayed.apply(change.clone());
        }
        prop_assert_eq!(&replayed.entities(), wanted);
        for entity in rig.world.entities() {
            let text = serde_json::to_string(&entity).unwrap();
            prop_assert_eq!(serde_json::from_str::<postern_model::Entity>(&text).unwrap(), entity);
        }
    }

    #[test]
    fn undoing_gives_back_the_world_before(steps in prop::collection::vec(step(), 1..30)) {
        let mut rig = furnished();
        for step in &steps {
            let (operation, input) = call(&rig.world, step);
            let _ = rig.try_call(operation, input);
        }
        let mut world = World::default();
        let undo: Vec<Change> = rig.log.iter().map(|change| world.apply(change.clone())).collect();
        undo.into_iter().rev().for_each(|change| { world.apply(change); });
        prop_assert_eq!(world.entities(), vec![]);
    }

    /// Whatever a member holds, the answer is a reply or a refusal.
    #[test]
    fn no_input_panics(member in any::<prop::sample::Index>(), text in ".{0,24}") {
        let members = [
            "VpcId", "SubnetId", "CidrBlock", "RouteTableId", "DestinationCidrBlock", "AssociationId", "Attribute",
            "NextToken", "PublicIp", "ServiceName", "PolicyDocument", "PrivateIpAddress", "PrefixListId",
        ];
        let member = members[member.index(members.len())];
        let mut rig = Rig::seeded();
        for (operation, _) in postern_control::verbs() {
            let _ = rig.try_call(operation, json!({ member: text }));
            let _ = rig.try_call(operation, json!({ member: [text, 1, null, {}] }));
            let filters = json!([{ "Name": text, "Values": [text] }, {}, 7]);
            let _ = rig.try_call(operation, json!({ "Filters": filters, "MaxResults": -1 }));
            let _ = rig.try_call(operation, json!(null));
        }
    }
}
