//! What bars a way, as explanations with AWS's codes.

use crate::component::component;
use crate::path::{acl_rule, peers, route};
use postern_explain::{Cause, Place, Step, code};
use postern_model::{InstanceState, World};
use postern_names::*;
use serde_json::{Value, json};

/// The number that stands for the last rule of an ACL.
const LAST_RULE: u16 = 32767;

/// Whether a stop bars the way in the network: what an endpoint's service listens to is not looked at.
pub(crate) fn bars(step: &Step) -> bool {
    let is_service = matches!(step.place, Place::Endpoint { .. }) && step.packet.protocol == Protocol::Tcp;
    step.cause.is_some_and(|cause| !(cause == Cause::NotServed && is_service))
}

/// An `Explanation` of a stop that bars the way.
pub(crate) fn explanation(world: &World, step: &Step) -> Value {
    let mut told = json!({ "ExplanationCode": code_of(step) });
    if let Some(direction) = direction(step.stop) {
        told["Direction"] = json!(direction);
    }
    let mut more: Vec<(&'static str, String)> = Vec::new();
    let mut put = |name: &'static str, id: &dyn std::fmt::Display| more.push((name, id.to_string()));
    match step.place {
        Place::Interface { id, instance } => {
            put("NetworkInterface", &id);
            match instance {
                Some(instance) => put("Component", &instance),
                None => put("Component", &id),
            }
            home(world, id, &mut put);
            let state = instance.and_then(|id| world.instances.get(&id)).map(|i| i.state);
            if let Some(state) = state.filter(|state| *state != InstanceState::Running) {
                told["State"] = json!(format!("{state:?}").to_lowercase());
            }
        }
        Place::Groups { interface, .. } => {
            put("NetworkInterface", &interface);
            home(world, interface, &mut put);
            let groups = world.network_interfaces.get(&interface).map(|eni| eni.groups.as_slice()).unwrap_or_default();
            told["SecurityGroups"] = groups.iter().map(|group| component(world, group)).collect();
        }
        Place::Acl { acl, subnet, entry } => {
            put("Acl", &acl);
            put("Subnet", &subnet);
            if let Some(acl) = world.network_acls.get(&acl) {
                put("Vpc", &acl.vpc);
            }
            told["AclRule"] = acl_rule(world, acl, step.stop == Stop::NetworkAclOut, entry.unwrap_or(LAST_RULE));
        }
        Place::Table { table, subnet, route: chosen } => {
            put("RouteTable", &table);
            put("Subnet", &subnet);
            if let Some(table) = world.route_tables.get(&table) {
                put("Vpc", &table.vpc);
            }
            if let Some(chosen) = chosen {
                told["RouteTableRoute"] = route(world, table, &chosen, "blackhole");
            }
        }
        Place::InternetGateway { id: Some(id), private, .. } => {
            put("InternetGateway", &id);
            if let Some(vpc) = world.internet_gateways.get(&id).and_then(|gateway| gateway.vpc) {
                put("Vpc", &vpc);
                if let Some(eni) = private.and_then(|address| world.interface_by_address(vpc, address)) {
                    put("NetworkInterface", &eni.id);
                }
            }
        }
        Place::NatGateway { id, .. } => put("NatGateway", &id),
        Place::Peering(id) => {
            put("VpcPeeringConnection", &id);
            (told["SourceVpc"], told["DestinationVpc"]) = peers(world, id, &step.packet);
        }
        Place::Endpoint { id: Some(id), .. } => put("VpcEndpoint", &id),
        Place::Resolver(vpc) => put("Vpc", &vpc),
        Place::Service(address) => told["Address"] = json!(address.to_string()),
        Place::Nowhere | Place::InternetGateway { id: None, .. } | Place::Endpoint { id: None, .. } => {
            told["Address"] = json!(step.packet.destination.to_string());
        }
    }
    for (name, id) in more {
        told[name] = component(world, id);
    }
    told
}

fn home(world: &World, id: NetworkInterfaceId, put: &mut impl FnMut(&'static str, &dyn std::fmt::Display)) {
    if let Some(eni) = world.network_interfaces.get(&id) {
        put("Subnet", &eni.subnet);
        put("Vpc", &eni.vpc);
    }
}

fn code_of(step: &Step) -> &'static str {
    match (step.stop, step.cause, step.place) {
        // A packet from the internet for an address that no interface has.
        (Stop::Service, Some(Cause::NobodyThere), _) => "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        (Stop::Endpoint, Some(Cause::NotServed), Place::Endpoint { interface: Some(_), .. }) => "PROTOCOL_RESTRICTION",
        _ => code(step).unwrap_or("NO_PATH"),
    }
}

fn direction(stop: Stop) -> Option<&'static str> {
    match stop {
        Stop::SecurityGroupOut | Stop::NetworkAclOut | Stop::InternetGateway => Some("egress"),
        Stop::SecurityGroupIn | Stop::NetworkAclIn => Some("ingress"),
        _ => None,
    }
}
