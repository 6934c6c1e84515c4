//! A trace as path components, in AWS's order: on the way out of a subnet groups and ACL stand before the table.

use crate::component::component;
use crate::header::{header, range};
use crate::ports::Open;
use postern_explain::{Chosen, Next, Packet, Place, Step, Trace, Way};
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};

/// The components of one way of a trace that is open.
pub(crate) fn components(world: &World, trace: &Trace, way: Way, open: &Open) -> Vec<Value> {
    let mut told = Teller { world, open, way, all: Vec::new() };
    let steps = in_order(trace, way);
    if way == Way::Back {
        told.begin_of_answer(trace);
    }
    let last = steps.len().saturating_sub(1);
    for (place, step) in steps.iter().enumerate() {
        if way == Way::Back && place == last {
            told.groups_of_asker(trace);
        }
        // What a gateway makes of a packet is what the next one gets.
        let after = steps.get(place + 1).map_or(step.packet, |next| next.packet);
        told.step(step, after, place == 0);
    }
    told.numbered()
}

fn in_order(trace: &Trace, way: Way) -> Vec<Step> {
    let mut steps: Vec<Step> = trace.steps.iter().filter(|step| step.way == way).copied().collect();
    let mut place = 0;
    while place < steps.len() {
        let is_table = steps.get(place).is_some_and(|step| step.stop == Stop::RouteTable);
        let leaving = |step: &&Step| {
            matches!(step.stop, Stop::SecurityGroupOut | Stop::NetworkAclOut | Stop::Peering | Stop::Instance)
        };
        let inner = steps.iter().skip(place + 1).take_while(leaving);
        let behind = inner.clone().filter(|step| step.stop != Stop::Instance).count();
        let reach = inner.count();
        if is_table
            && behind > 0
            && let Some(segment) = steps.get_mut(place..=place + reach)
        {
            segment.sort_by_key(|step| match step.stop {
                Stop::SecurityGroupOut => 0,
                Stop::NetworkAclOut => 1,
                Stop::RouteTable => 2,
                _ => 3,
            });
        }
        place += if is_table { reach + 1 } else { 1 };
    }
    steps
}

struct Teller<'a> {
    world: &'a World,
    open: &'a Open,
    way: Way,
    all: Vec<Value>,
}

impl Teller<'_> {
    fn numbered(self) -> Vec<Value> {
        let number = |(place, mut component): (usize, Value)| {
            component["SequenceNumber"] = json!(place + 1);
            component
        };
        self.all.into_iter().enumerate().map(number).collect()
    }

    fn add(&mut self, id: impl ToString, members: &[(&str, Value)]) {
        let mut one = json!({ "Component": component(self.world, id) });
        for (name, value) in members {
            if !value.is_null() {
                one[*name] = value.clone();
            }
        }
        self.all.push(one);
    }

    fn header(&self, packet: &Packet) -> Value {
        header(packet, self.way, self.open)
    }

    fn step(&mut self, step: &Step, after: Packet, is_first: bool) {
        let world = self.world;
        match step.place {
            Place::Interface { id, instance } => self.interface(id, instance, &step.packet, is_first),
            Place::Groups { rule: Some((group, rule)), .. } => {
                let rule = group_rule(world, group, rule);
                self.add(group, &[("SecurityGroupRule", rule)]);
            }
            Place::Acl { acl, entry: Some(number), .. } => {
                let rule = acl_rule(world, acl, step.stop == Stop::NetworkAclOut, number);
                let vpc = world.network_acls.get(&acl).map(|acl| component(world, acl.vpc));
                self.add(acl, &[("AclRule", rule), ("Vpc", vpc.unwrap_or_default())]);
            }
            Place::Table { table, route: Some(route), .. } => {
                let vpc = world.route_tables.get(&table).map(|table| component(world, table.vpc));
                let told = self::route(world, table, &route, "active");
                self.add(table, &[("RouteTableRoute", told), ("Vpc", vpc.unwrap_or_default())]);
            }
            Place::InternetGateway { id: Some(id), private, public } => {
                let vpc = world.internet_gateways.get(&id).and_then(|gateway| gateway.vpc);
                let mut out = step.packet;
                match (private, public) {
                    (Some(private), Some(public)) if out.source == private => out.source = public,
                    (Some(private), Some(_)) => out.destination = private,
                    _ => {}
                }
                let vpc = vpc.map(|vpc| component(world, vpc)).unwrap_or_default();
                let (inbound, outbound) = (self.header(&step.packet), self.header(&out));
                self.add(id, &[("InboundHeader", inbound), ("OutboundHeader", outbound), ("Vpc", vpc)]);
            }
            Place::NatGateway { id, interface } => {
                let detail = json!([{ "AdditionalDetailType": "UNIDIRECTIONAL_PATH_ANALYSIS_ONLY", "Component": component(world, id) }]);
                let (subnet, vpc) = home(world, interface);
                let (inbound, outbound) = (self.header(&step.packet), self.header(&after));
                self.add(
                    id,
                    &[
                        ("InboundHeader", inbound),
                        ("OutboundHeader", outbound),
                        ("AdditionalDetails", detail),
                        ("Subnet", subnet),
                        ("Vpc", vpc),
                    ],
                );
            }
            Place::Peering(id) => {
                let (source, destination) = peers(world, id, &step.packet);
                self.add(id, &[("SourceVpc", source), ("DestinationVpc", destination)]);
            }
            Place::Endpoint { id: Some(id), interface } => self.endpoint(id, interface, &step.packet),
            _ => {}
        }
    }

    /// An instance and the interface by which a packet leaves or comes.
    fn interface(&mut self, id: NetworkInterfaceId, instance: Option<InstanceId>, packet: &Packet, leaves: bool) {
        let world = self.world;
        let header = self.header(packet);
        let (subnet, vpc) = home(world, id);
        let name = if leaves { "OutboundHeader" } else { "InboundHeader" };
        let mut members = vec![(name, header.clone()), ("Subnet", subnet), ("Vpc", vpc)];
        if let Some(instance) = instance {
            members.push(("AttachedTo", component(world, instance)));
            if leaves {
                self.add(instance, &[("OutboundHeader", header.clone())]);
            }
        }
        self.add(id, &members);
        if let Some(instance) = instance.filter(|_| !leaves) {
            self.add(instance, &[("InboundHeader", header)]);
        }
    }

    fn endpoint(&mut self, id: VpcEndpointId, interface: Option<NetworkInterfaceId>, packet: &Packet) {
        let world = self.world;
        let header = self.header(packet);
        if let Some(interface) = interface {
            let (subnet, vpc) = home(world, interface);
            let members = [
                ("InboundHeader", header.clone()),
                ("Subnet", subnet),
                ("Vpc", vpc),
                ("AttachedTo", component(world, id)),
            ];
            self.add(interface, &members);
        }
        let Some(endpoint) = world.endpoints.get(&id) else { return };
        let service = format!("com.amazonaws.{}.{}", endpoint.region, endpoint.service());
        let vpc = component(world, endpoint.vpc);
        self.add(id, &[("InboundHeader", header), ("ServiceName", json!(service)), ("Vpc", vpc)]);
    }

    /// The answer leaves the one that got the question; its groups let it out because they let the question in.
    fn begin_of_answer(&mut self, trace: &Trace) {
        let Some(back) = trace.steps.iter().find(|step| step.way == Way::Back).map(|step| step.packet) else { return };
        let outward: Vec<Step> = trace.steps.iter().filter(|step| step.way == Way::Outward).copied().collect();
        match outward.last().map(|step| step.place) {
            Some(Place::Interface { id, instance }) => self.interface(id, instance, &back, true),
            Some(Place::Endpoint { id: Some(id), interface }) => {
                self.endpoint(id, None, &back);
                if let Some(interface) = interface {
                    let (subnet, vpc) = home(self.world, interface);
                    let header = self.header(&back);
                    self.add(interface, &[("OutboundHeader", header), ("Subnet", subnet), ("Vpc", vpc)]);
                }
            }
            _ => {}
        }
        self.groups(outward.iter().rev().find(|step| step.stop == Stop::SecurityGroupIn));
    }

    /// The groups of the one that asked let the answer in because they let the question out.
    fn groups_of_asker(&mut self, trace: &Trace) {
        self.groups(trace.steps.iter().find(|step| step.stop == Stop::SecurityGroupOut));
    }

    fn groups(&mut self, step: Option<&Step>) {
        if let Some(Place::Groups { rule: Some((group, rule)), .. }) = step.map(|step| step.place) {
            let rule = group_rule(self.world, group, rule);
            self.add(group, &[("SecurityGroupRule", rule)]);
        }
    }
}

/// Subnet and VPC of an interface.
fn home(world: &World, id: NetworkInterfaceId) -> (Value, Value) {
    let eni = world.network_interfaces.get(&id);
    let told = |id: Option<String>| id.map(|id| component(world, id)).unwrap_or_default();
    (told(eni.map(|eni| eni.subnet.to_string())), told(eni.map(|eni| eni.vpc.to_string())))
}

/// The VPC that a packet on a connection comes from, and the one that it goes to.
pub(crate) fn peers(world: &World, id: VpcPeeringConnectionId, packet: &Packet) -> (Value, Value) {
    let Some(peering) = world.peerings.get(&id) else { return (Value::Null, Value::Null) };
    let (requester, accepter) = (peering.requester.vpc, peering.accepter.vpc);
    let has = |vpc: VpcId| {
        let vpc = world.vpcs.get(&vpc);
        vpc.is_some_and(|vpc| vpc.ranges().any(|range| range.contains(packet.destination)))
    };
    let (from, to) = if has(requester) { (accepter, requester) } else { (requester, accepter) };
    (component(world, from), component(world, to))
}

/// An `AnalysisSecurityGroupRule`.
pub(crate) fn group_rule(world: &World, group: SecurityGroupId, rule: SecurityGroupRuleId) -> Value {
    let found = world.security_groups.get(&group).and_then(|group| group.rules.iter().find(|r| r.id == rule));
    let Some(rule) = found else { return Value::Null };
    let direction = if rule.direction == RuleDirection::Egress { "egress" } else { "ingress" };
    let mut told = json!({ "Direction": direction, "Protocol": protocol(rule.protocol) });
    match &rule.peer {
        GroupPeer::Cidr(cidr) => told["Cidr"] = json!(cidr.to_string()),
        GroupPeer::Ipv6Cidr(cidr) => told["Cidr"] = json!(cidr.to_string()),
        GroupPeer::PrefixList(list) => told["PrefixListId"] = json!(list.to_string()),
        GroupPeer::Group { id, .. } => told["SecurityGroupId"] = json!(id.to_string()),
    }
    if let Some(ports) = rule.ports {
        told["PortRange"] = range(ports);
    }
    told
}

/// An `AnalysisAclRule`; the last rule of an ACL has the number 32767.
pub(crate) fn acl_rule(world: &World, acl: NetworkAclId, egress: bool, number: u16) -> Value {
    let entries = world.network_acls.get(&acl).map(|acl| acl.entries.as_slice()).unwrap_or_default();
    let Some(entry) = entries.iter().find(|entry| entry.egress == egress && entry.number == number) else {
        return json!({
            "Cidr": "0.0.0.0/0", "Egress": egress, "Protocol": "all", "RuleAction": "deny", "RuleNumber": number,
        });
    };
    let action = if entry.action == AclAction::Allow { "allow" } else { "deny" };
    let mut told = json!({
        "Cidr": entry.cidr.to_string(),
        "Egress": egress,
        "Protocol": protocol(entry.protocol),
        "RuleAction": action,
        "RuleNumber": number,
    });
    if let Some(ports) = entry.ports {
        told["PortRange"] = range(ports);
    }
    told
}

/// An `AnalysisRouteTableRoute`.
pub(crate) fn route(world: &World, table: RouteTableId, route: &Chosen, state: &str) -> Value {
    let is_made = world.route_tables.get(&table).is_some_and(|table| {
        table.routes.iter().any(|own| match own.destination {
            RouteDestination::Cidr(range) => route.list.is_none() && range == route.range,
            RouteDestination::PrefixList(list) => route.list == Some(list),
        })
    });
    let origin = if is_made || matches!(route.next, Next::Endpoint(_)) { "createroute" } else { "createroutetable" };
    let mut told = json!({ "Origin": origin, "State": state });
    match route.list {
        Some(list) => told["DestinationPrefixListId"] = json!(list.to_string()),
        None => told["DestinationCidr"] = json!(route.range.to_string()),
    }
    let (member, target) = match route.next {
        Next::Local | Next::Never => ("GatewayId", "local".to_owned()),
        Next::InternetGateway(id) => ("GatewayId", id.to_string()),
        Next::Endpoint(id) => ("GatewayId", id.to_string()),
        Next::NatGateway(id) => ("NatGatewayId", id.to_string()),
        Next::Interface(id) => ("NetworkInterfaceId", id.to_string()),
        Next::Peering(id) => ("VpcPeeringConnectionId", id.to_string()),
    };
    told[member] = json!(target);
    told
}

fn protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::All => "all".to_owned(),
        Protocol::Icmp => "icmp".to_owned(),
        Protocol::Tcp => "tcp".to_owned(),
        Protocol::Udp => "udp".to_owned(),
        Protocol::Icmpv6 => "icmpv6".to_owned(),
        Protocol::Number(number) => number.to_string(),
    }
}
