//! A route table in replies: the local routes first, then the user's, then those of gateway endpoints.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use postern_model::{EndpointRoute, Route, RouteDestination, RouteTable, RouteTarget, TableAssociation, Tags, World};
use postern_names::{AccountId, Cidr, Region, RouteTableId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Listed for RouteTable {
    type Id = RouteTableId;
    const PREFIX: &'static str = RouteTableId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("association.gateway-id", |_, _| vec![]),
        ("association.main", |_, t| t.associations.iter().map(|a| a.subnet.is_none().to_string()).collect()),
        ("association.route-table-association-id", |_, t| t.associations.iter().map(|a| a.id.to_string()).collect()),
        ("association.route-table-id", |_, t| t.associations.iter().map(|_| t.id.to_string()).collect()),
        ("association.subnet-id", |_, t| {
            t.associations.iter().filter_map(|a| a.subnet).map(|s| s.to_string()).collect()
        }),
        ("owner-id", |_, t| one(t.owner)),
        ("route-table-id", |_, t| one(t.id)),
        ("route.destination-cidr-block", |w, t| route_members(w, t, "DestinationCidrBlock")),
        ("route.destination-ipv6-cidr-block", |_, _| vec![]),
        ("route.destination-prefix-list-id", |w, t| route_members(w, t, "DestinationPrefixListId")),
        ("route.egress-only-internet-gateway-id", |_, _| vec![]),
        ("route.gateway-id", |w, t| route_members(w, t, "GatewayId")),
        ("route.instance-id", |w, t| route_members(w, t, "InstanceId")),
        ("route.nat-gateway-id", |w, t| route_members(w, t, "NatGatewayId")),
        ("route.network-interface-id", |w, t| route_members(w, t, "NetworkInterfaceId")),
        ("route.transit-gateway-id", |_, _| vec![]),
        ("route.origin", |w, t| route_members(w, t, "Origin")),
        ("route.state", |w, t| route_members(w, t, "State")),
        ("route.vpc-peering-connection-id", |w, t| route_members(w, t, "VpcPeeringConnectionId")),
        ("main", |_, t| flag(t.is_main())),
        ("vpc-id", |_, t| one(t.vpc)),
    ];
    fn all(world: &World) -> &BTreeMap<RouteTableId, Self> {
        &world.route_tables
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn region(&self) -> &Region {
        &self.region
    }
    fn tags(&self) -> &Tags {
        &self.tags
    }
}

fn route_members(world: &World, table: &RouteTable, member: &str) -> Vec<String> {
    routes(world, table).iter().filter_map(|r| r.get(member)).filter_map(Value::as_str).map(str::to_owned).collect()
}

pub fn route_table(world: &World, table: &RouteTable) -> Value {
    let associations: Vec<Value> = table.associations.iter().map(|a| association(table, a)).collect();
    json!({
        "Associations": associations,
        "PropagatingVgws": [],
        "RouteTableId": table.id.to_string(),
        "Routes": routes(world, table),
        "Tags": tags::view(&table.tags),
        "VpcId": table.vpc.to_string(),
        "OwnerId": table.owner.to_string(),
    })
}

fn association(table: &RouteTable, association: &TableAssociation) -> Value {
    let mut reply = json!({
        "Main": association.subnet.is_none(),
        "RouteTableAssociationId": association.id.to_string(),
        "RouteTableId": table.id.to_string(),
    });
    if let Some(subnet) = association.subnet {
        reply["SubnetId"] = json!(subnet.to_string());
    }
    reply["AssociationState"] = json!({ "State": "associated" });
    reply
}

/// Every route of the table, those that follow from other things included.
pub fn routes(world: &World, table: &RouteTable) -> Vec<Value> {
    let locals = world.vpcs.get(&table.vpc).into_iter().flat_map(|vpc| vpc.ranges()).map(local_route);
    let users = table.routes.iter().map(|route| user_route(world, table, route));
    let endpoints = world.endpoint_routes(table.id).into_iter().map(endpoint_route);
    locals.chain(users).chain(endpoints).collect()
}

/// The member that names a range of its family.
fn member(cidr: Cidr) -> &'static str {
    match cidr {
        Cidr::V4(_) => "DestinationCidrBlock",
        Cidr::V6(_) => "DestinationIpv6CidrBlock",
    }
}

fn local_route(cidr: Cidr) -> Value {
    json!({
        member(cidr): cidr.to_string(),
        "GatewayId": "local",
        "Origin": "CreateRouteTable",
        "State": "active",
    })
}

fn endpoint_route(route: EndpointRoute) -> Value {
    json!({
        "DestinationPrefixListId": route.prefix_list.to_string(),
        "GatewayId": route.endpoint.to_string(),
        "Origin": "CreateRoute",
        "State": "active",
    })
}

fn user_route(world: &World, table: &RouteTable, route: &Route) -> Value {
    let mut reply = match route.destination {
        RouteDestination::Cidr(cidr) => json!({ member(cidr): cidr.to_string() }),
        RouteDestination::PrefixList(id) => json!({ "DestinationPrefixListId": id.to_string() }),
    };
    match route.target {
        RouteTarget::Local => reply["GatewayId"] = json!("local"),
        RouteTarget::InternetGateway(id) => reply["GatewayId"] = json!(id.to_string()),
        RouteTarget::Endpoint(id) => reply["GatewayId"] = json!(id.to_string()),
        RouteTarget::NatGateway(id) => reply["NatGatewayId"] = json!(id.to_string()),
        RouteTarget::Peering(id) => reply["VpcPeeringConnectionId"] = json!(id.to_string()),
        RouteTarget::NetworkInterface(id) => {
            let interface = world.network_interfaces.get(&id);
            if let Some(instance) = interface.and_then(|eni| eni.attachment.as_ref()).and_then(|a| a.instance) {
                reply["InstanceId"] = json!(instance.to_string());
                reply["InstanceOwnerId"] = json!(table.owner.to_string());
            }
            reply["NetworkInterfaceId"] = json!(id.to_string());
        }
    }
    reply["Origin"] = json!("CreateRoute");
    reply["State"] = json!(if world.is_active_route(table.vpc, route) { "active" } else { "blackhole" });
    reply
}
