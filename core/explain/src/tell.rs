//! A trace in words, as JSON, and in AWS's codes. Every stop has its own words: a new one does not compile without them.

use crate::ground::Ground;
use crate::trace::*;
use crate::{appliance, endpoint, instance, internet_gateway, name, nat_gateway, network_acl, peering, policy};
use crate::{route_table, security_group, service};
use postern_names::Stop;
use serde_json::{Value, json};

/// One sentence without its full stop: what the stop did and why.
pub fn sentence(ground: &Ground<'_>, step: &Step) -> String {
    match step.stop {
        Stop::Name => name::tell(step),
        Stop::Instance => instance::tell(step),
        Stop::SecurityGroupOut | Stop::SecurityGroupIn => security_group::tell(ground, step),
        Stop::NetworkAclOut | Stop::NetworkAclIn => network_acl::tell(step),
        Stop::RouteTable => route_table::tell(step),
        Stop::InternetGateway => internet_gateway::tell(step),
        Stop::NatGateway => nat_gateway::tell(step),
        Stop::Peering => peering::tell(step),
        Stop::Appliance => appliance::tell(step),
        Stop::Endpoint => endpoint::tell(step),
        Stop::Service => service::tell(step),
        Stop::EndpointPolicy | Stop::IdentityPolicy | Stop::ResourcePolicy => policy::tell(step.stop),
    }
}

/// The explanation code of Reachability Analyzer for a stop that bars the way.
pub fn code(step: &Step) -> Option<&'static str> {
    let cause = step.cause?;
    Some(match step.stop {
        Stop::Name => name::code(cause),
        Stop::Instance => instance::code(cause),
        Stop::SecurityGroupOut | Stop::SecurityGroupIn => security_group::code(cause),
        Stop::NetworkAclOut | Stop::NetworkAclIn => network_acl::code(cause),
        Stop::RouteTable => route_table::code(cause),
        Stop::InternetGateway => internet_gateway::code(cause),
        Stop::NatGateway => nat_gateway::code(cause),
        Stop::Peering => peering::code(cause),
        Stop::Appliance => appliance::code(cause),
        Stop::Endpoint => endpoint::code(cause),
        Stop::Service => service::code(cause),
        Stop::EndpointPolicy | Stop::IdentityPolicy | Stop::ResourcePolicy => policy::code(cause),
    })
}

/// The whole trace: `answered`, `arrival`, `name`, `barred_by` (the first stop that bars it), and every step.
pub fn json(ground: &Ground<'_>, trace: &Trace) -> Value {
    let steps: Vec<Value> = trace.steps.iter().map(|step| step_json(ground, step)).collect();
    let first = trace.barred_at().map(|step| step_json(ground, step));
    let arrival = trace.arrival.map(|arrival| json!({ "who": who(arrival.who), "seen_from": arrival.source }));
    json!({
        "from": trace.question.from.to_string(),
        "to": trace.question.to.to_string(),
        "what": trace.question.what.to_string(),
        "name": trace.name.as_ref().map(name::json),
        "answered": trace.is_answered,
        "arrival": arrival,
        "barred_by": first,
        "steps": steps,
    })
}

fn step_json(ground: &Ground<'_>, step: &Step) -> Value {
    json!({
        "way": if step.way == Way::Outward { "outward" } else { "back" },
        "stop": step.stop.word(),
        "component": component(step),
        "packet": step.packet.to_string(),
        "passes": step.cause.is_none(),
        "code": code(step),
        "why": sentence(ground, step),
    })
}

/// The ids of what decided, by the names that AWS's own replies use.
fn component(step: &Step) -> Value {
    match step.place {
        Place::Nowhere => Value::Null,
        Place::Resolver(vpc) => json!({ "vpc": vpc }),
        Place::Interface { id, instance } => json!({ "network_interface": id, "instance": instance }),
        Place::Groups { interface, rule } => json!({
            "network_interface": interface,
            "security_group": rule.map(|(group, _)| group),
            "security_group_rule": rule.map(|(_, rule)| rule),
        }),
        Place::Acl { acl, subnet, entry } => {
            json!({ "network_acl": acl, "subnet": subnet, "rule_number": entry.unwrap_or(32767) })
        }
        Place::Table { table, subnet, route } => json!({
            "route_table": table,
            "subnet": subnet,
            "destination": route.map(|route| route.range),
            "prefix_list": route.and_then(|route| route.list),
            "target": route.map(|route| target(route.next)),
        }),
        Place::InternetGateway { id, private, public } => {
            json!({ "internet_gateway": id, "private": private, "public": public })
        }
        Place::NatGateway { id, interface } => json!({ "nat_gateway": id, "network_interface": interface }),
        Place::Peering(id) => json!({ "vpc_peering_connection": id }),
        Place::Endpoint { id, interface } => json!({ "vpc_endpoint": id, "network_interface": interface }),
        Place::Service(address) => json!({ "address": address }),
    }
}

fn target(next: Next) -> String {
    match next {
        Next::Local => "local".to_owned(),
        Next::InternetGateway(id) => id.to_string(),
        Next::NatGateway(id) => id.to_string(),
        Next::Interface(id) => id.to_string(),
        Next::Peering(id) => id.to_string(),
        Next::Endpoint(id) => id.to_string(),
        Next::Never => "none".to_owned(),
    }
}

fn who(who: Who) -> String {
    match who {
        Who::Instance(id) | Who::Appliance(id) => id.to_string(),
        Who::Endpoint(id) => id.to_string(),
        Who::Service => "service".to_owned(),
        Who::Site => "site".to_owned(),
        Who::Internet => "internet".to_owned(),
        Who::Resolver => "resolver".to_owned(),
        Who::Metadata => "metadata".to_owned(),
    }
}
