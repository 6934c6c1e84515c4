//! A second opinion on where packets go, written from AWS's rules alone: the World, a question, and no kernel.
//!
//! It follows a packet from interface to interface. A group is asked for the question only; ACLs are asked for the answer
//! too. It knows neither the compiler nor a program.

use crate::questions::{Answer, Question, What, Who};
use postern_model::*;
use postern_names::*;
use std::net::Ipv4Addr;

/// More gateways than this in a row is a circle.
const GATEWAYS_MAX: usize = 20;
const CLIENT_PORT: u16 = 40_000;

/// A packet as rules look at it: protocol, destination port, ICMP type, and both addresses.
#[derive(Debug, Clone, Copy)]
struct Sent {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: Protocol,
    port: Option<u16>,
    icmp: Option<u8>,
}

/// Where the question got to, with what an answer needs to find back.
struct Reached<'w> {
    who: Who,
    packet: Sent,
    /// The interface that an answer leaves by; `None` when a service answers.
    by: Option<&'w NetworkInterface>,
    /// The interface that last sent the question: a gateway endpoint's answer goes there directly.
    sender: &'w NetworkInterface,
    /// NAT gateways passed, with the source each one replaced.
    nats: Vec<(&'w NetworkInterface, Ipv4Addr)>,
}

pub fn plain(world: &World, question: Question) -> Answer {
    let Some(eni) = world.network_interfaces.values().find(|e| instance_of(e) == Some(question.from)) else {
        return Answer { arrival: None, is_answered: false };
    };
    let (protocol, port, icmp) = match question.what {
        What::Tcp(port) => (Protocol::Tcp, Some(port), None),
        What::Udp(port) => (Protocol::Udp, Some(port), None),
        What::Ping => (Protocol::Icmp, None, Some(8)),
    };
    let sent = Sent { source: eni.addresses[0].address, destination: question.destination, protocol, port, icmp };
    let reached = match world.zone_is_down(&eni.zone) {
        true => None,
        false => link_local(world, eni, sent).unwrap_or_else(|| leave(world, eni, sent, vec![])),
    };
    match reached {
        None => Answer { arrival: None, is_answered: false },
        Some(reached) => {
            let arrival = Some((reached.who, reached.packet.source));
            Answer { arrival, is_answered: answer(world, eni, sent, reached) }
        }
    }
}

/// Whether a packet from the interface to that address goes to a gateway endpoint.
pub fn is_for_an_endpoint(world: &World, eni: &NetworkInterface, to: Ipv4Addr) -> bool {
    matches!(route(world, eni, to), Some(Hop::Endpoint))
}

/// Resolver, metadata and routers: no group, no ACL, no route. The outer `None`: the packet is for none of them.
fn link_local<'w>(world: &'w World, eni: &'w NetworkInterface, sent: Sent) -> Option<Option<Reached<'w>>> {
    let vpc = &world.vpcs[&eni.vpc];
    let at = |who, served: bool| served.then_some(Reached { who, packet: sent, by: None, sender: eni, nats: vec![] });
    let base_plus_two = Ipv4Addr::from(u32::from(vpc.cidrs[0].cidr.network()) + 2);
    let dns = matches!((sent.protocol, sent.port), (Protocol::Tcp | Protocol::Udp, Some(53)));
    let routers =
        world.subnets.values().filter(|s| s.vpc == vpc.id).map(|s| Ipv4Addr::from(u32::from(s.cidr.network()) + 1));
    if sent.destination == base_plus_two || sent.destination == Ipv4Addr::new(169, 254, 169, 253) {
        Some(at(Who::Resolver, dns && vpc.enable_dns_support))
    } else if sent.destination == Ipv4Addr::new(169, 254, 169, 254) {
        Some(at(Who::Metadata, sent.protocol == Protocol::Tcp && sent.port == Some(80)))
    } else if sent.destination.is_link_local() || routers.into_iter().any(|r| r == sent.destination) {
        Some(None)
    } else {
        None
    }
}

enum Hop<'w> {
    Inside,
    Internet,
    Nat(&'w NetworkInterface),
    Interface(&'w NetworkInterface),
    Endpoint,
    /// The VPC at the other side of a peering connection.
    Peer(VpcId),
}

/// The question leaves an interface.
fn leave<'w>(
    world: &'w World,
    eni: &'w NetworkInterface,
    sent: Sent,
    nats: Vec<(&'w NetworkInterface, Ipv4Addr)>,
) -> Option<Reached<'w>> {
    let hop = route(world, eni, sent.destination)?;
    let towards = if let Hop::Peer(vpc) = hop { vpc } else { eni.vpc };
    if nats.len() > GATEWAYS_MAX || !groups_allow(world, eni, towards, RuleDirection::Egress, sent) {
        return None;
    }
    match hop {
        Hop::Peer(vpc) => {
            is_of(world, eni.vpc, sent.source).then_some(())?;
            arrive(world, Some(eni), holder(world, vpc, sent.destination)?, sent, nats)
        }
        Hop::Inside => arrive(world, Some(eni), holder(world, eni.vpc, sent.destination)?, sent, nats),
        Hop::Nat(next) | Hop::Interface(next) => arrive(world, Some(eni), next, sent, nats),
        Hop::Internet => {
            let public = public(world, eni, sent.source)?;
            acl_allows(world, eni.subnet, true, sent).then_some(())?;
            internet(world, eni, Sent { source: public, ..sent }, nats)
        }
        Hop::Endpoint => {
            let is_served = sent.protocol == Protocol::Tcp && matches!(sent.port, Some(80 | 443));
            let passes = is_served && acl_allows(world, eni.subnet, true, sent);
            passes.then_some(Reached { who: Who::Endpoint, packet: sent, by: None, sender: eni, nats })
        }
    }
}

/// The question comes to an interface, from another one of the VPC or from the internet.
fn arrive<'w>(
    world: &'w World,
    from: Option<&'w NetworkInterface>,
    to: &'w NetworkInterface,
    sent: Sent,
    mut nats: Vec<(&'w NetworkInterface, Ipv4Addr)>,
) -> Option<Reached<'w>> {
    (borders_allow(world, from, to, sent) && !world.zone_is_down(&to.zone)).then_some(())?;
    let own = to.addresses.iter().any(|a| a.address == sent.destination);
    if to.kind == InterfaceKind::NatGateway {
        // A NAT gateway has nothing to say itself, and takes nothing from outside.
        if own {
            return None;
        }
        nats.push((to, sent.source));
        let sent = Sent { source: to.addresses[0].address, ..sent };
        return leave(world, to, sent, nats);
    }
    (own || !to.source_dest_check).then_some(())?;
    let home = from.map_or(to.vpc, |from| from.vpc);
    groups_allow(world, to, home, RuleDirection::Ingress, sent).then_some(())?;
    if to.kind == InterfaceKind::VpcEndpoint {
        let is_s3 = endpoint_of(world, to)?.service_name.ends_with(".s3");
        let is_served = sent.protocol == Protocol::Tcp && (sent.port == Some(443) || is_s3 && sent.port == Some(80));
        let sender = from.unwrap_or(to);
        return is_served.then_some(Reached { who: Who::Endpoint, packet: sent, by: Some(to), sender, nats });
    }
    let instance = instance_of(to)?;
    let who = if own { Who::Instance(instance) } else { Who::Appliance(instance) };
    Some(Reached { who, packet: sent, by: Some(to), sender: from.unwrap_or(to), nats })
}

/// The question is on the internet.
fn internet<'w>(
    world: &'w World,
    sender: &'w NetworkInterface,
    sent: Sent,
    nats: Vec<(&'w NetworkInterface, Ipv4Addr)>,
) -> Option<Reached<'w>> {
    let is_site = SITES.iter().any(|site| site.address == sent.destination);
    let mut regions: Vec<Region> = world.vpcs.values().map(|v| v.region.clone()).collect();
    regions.push(Region::new("us-east-1"));
    let is_service = regions.iter().any(|r| public_services(r).iter().any(|s| s.address == sent.destination));
    if is_site || is_service {
        let who = match (sent.protocol, sent.port) {
            (Protocol::Tcp, Some(80)) if is_site => Who::Site,
            (Protocol::Tcp, Some(80 | 443)) => Who::Service,
            (Protocol::Icmp, _) => Who::Pong,
            _ => return None,
        };
        return Some(Reached { who, packet: sent, by: None, sender, nats });
    }
    let (to, private) = owner_of_public(world, sent.destination)?;
    arrive(world, None, to, Sent { destination: private, ..sent }, nats)
}

/// Whether the answer finds back to the interface that asked, from the address that was asked.
fn answer(world: &World, asker: &NetworkInterface, asked: Sent, reached: Reached<'_>) -> bool {
    let Reached { who, packet, by, sender, mut nats } = reached;
    let mut back = Sent {
        source: packet.destination,
        destination: packet.source,
        port: packet.port.map(|_| CLIENT_PORT),
        icmp: packet.icmp.map(|_| 0),
        ..packet
    };
    let mut at: &NetworkInterface = match who {
        Who::Appliance(_) | Who::Stranger => return false,
        Who::Resolver | Who::Metadata => return true,
        // An endpoint answers the one that sent the packet, by no route table inside its VPC, and as its subnet's table leads
        // to another.
        Who::Endpoint => {
            let passes = match by {
                Some(by) if by.vpc != sender.vpc => onward(world, by, &mut back).is_some_and(|to| to.id == sender.id),
                Some(by) => borders_allow(world, Some(by), sender, back),
                None => acl_allows(world, sender.subnet, false, back),
            };
            if !passes {
                return false;
            }
            sender
        }
        Who::Service | Who::Site | Who::Pong => match from_internet(world, &mut back) {
            Some(eni) => eni,
            None => return false,
        },
        Who::Instance(_) => match by.and_then(|by| onward(world, by, &mut back)) {
            Some(eni) => eni,
            None => return false,
        },
    };
    for _ in 0..GATEWAYS_MAX {
        if at.kind != InterfaceKind::NatGateway {
            return at.id == asker.id && back.source == asked.destination && back.destination == asked.source;
        }
        // Back through the gateway that the question passed last, and no other.
        let Some((_, source)) = nats.pop().filter(|(nat, _)| nat.id == at.id) else { return false };
        back.destination = source;
        match onward(world, at, &mut back) {
            Some(next) => at = next,
            None => return false,
        }
    }
    false
}

/// One step of an answer: out of an interface, to the one that has the address. Groups do not look at answers.
fn onward<'w>(world: &'w World, from: &'w NetworkInterface, back: &mut Sent) -> Option<&'w NetworkInterface> {
    let has_it = |eni: &NetworkInterface| eni.addresses.iter().any(|a| a.address == back.destination);
    let to = match route(world, from, back.destination)? {
        Hop::Inside => holder(world, from.vpc, back.destination)?,
        Hop::Interface(next) | Hop::Nat(next) if has_it(next) => next,
        Hop::Peer(vpc) if is_of(world, from.vpc, back.source) => holder(world, vpc, back.destination)?,
        Hop::Interface(_) | Hop::Nat(_) | Hop::Endpoint | Hop::Peer(_) => return None,
        Hop::Internet => {
            let public = public(world, from, back.source)?;
            acl_allows(world, from.subnet, true, *back).then_some(())?;
            back.source = public;
            return from_internet(world, back);
        }
    };
    borders_allow(world, Some(from), to, *back).then_some(to)
}

fn from_internet<'w>(world: &'w World, back: &mut Sent) -> Option<&'w NetworkInterface> {
    let (to, private) = owner_of_public(world, back.destination)?;
    back.destination = private;
    acl_allows(world, to.subnet, false, *back).then_some(to)
}

fn instance_of(eni: &NetworkInterface) -> Option<InstanceId> {
    eni.attachment.as_ref()?.instance
}

fn endpoint_of<'w>(world: &'w World, eni: &NetworkInterface) -> Option<&'w VpcEndpoint> {
    world
        .endpoints
        .values()
        .find(|e| e.interface().is_some_and(|own| own.subnets.iter().any(|s| s.interface == eni.id)))
}

fn is_of(world: &World, vpc: VpcId, address: Ipv4Addr) -> bool {
    world.vpcs[&vpc].cidrs.iter().any(|c| c.cidr.contains(address))
}

/// The VPC that a connection leads to from this one.
fn beyond(world: &World, vpc: VpcId, peering: VpcPeeringConnectionId) -> Option<VpcId> {
    let peering = world.peerings.get(&peering).filter(|p| p.state == PeeringState::Active)?;
    match (peering.requester.vpc, peering.accepter.vpc) {
        (near, far) if near == vpc => Some(far),
        (far, near) if near == vpc => Some(far),
        _ => None,
    }
}

fn is_up(world: &World, eni: &NetworkInterface) -> bool {
    if world.zone_is_down(&eni.zone) {
        return false;
    }
    match (&eni.attachment, eni.kind) {
        (None, _) => false,
        (Some(a), InterfaceKind::Interface) => {
            a.instance.is_some_and(|i| world.instances[&i].state == InstanceState::Running)
        }
        (Some(_), InterfaceKind::NatGateway | InterfaceKind::VpcEndpoint) => true,
    }
}

fn holder(world: &World, vpc: VpcId, address: Ipv4Addr) -> Option<&NetworkInterface> {
    let mut inside = world.network_interfaces.values().filter(|eni| eni.vpc == vpc && is_up(world, eni));
    inside.find(|eni| eni.addresses.iter().any(|a| a.address == address))
}

fn has_internet(world: &World, vpc: VpcId) -> bool {
    world.internet_gateways.values().any(|g| g.vpc == Some(vpc))
}

fn public(world: &World, eni: &NetworkInterface, private: Ipv4Addr) -> Option<Ipv4Addr> {
    let elastic = world.addresses.values().find(|a| a.association.is_some_and(|(_, e, p)| e == eni.id && p == private));
    let automatic = eni.addresses.iter().find(|a| a.address == private).and_then(|a| a.auto_public);
    elastic.map(|a| a.public_ip).or(automatic)
}

fn owner_of_public(world: &World, address: Ipv4Addr) -> Option<(&NetworkInterface, Ipv4Addr)> {
    let enis = world.network_interfaces.values().filter(|eni| is_up(world, eni) && has_internet(world, eni.vpc));
    enis.flat_map(|eni| eni.addresses.iter().map(move |a| (eni, a.address)))
        .find(|(eni, private)| public(world, eni, *private) == Some(address))
}

/// The route of the interface's subnet, for what leaves the subnet: longest prefix; of equal length the user's range, then local, then prefix lists.
fn route<'w>(world: &'w World, eni: &NetworkInterface, to: Ipv4Addr) -> Option<Hop<'w>> {
    if world.subnets[&eni.subnet].cidr.contains(to) {
        return Some(Hop::Inside);
    }
    let of_vpc: Vec<&RouteTable> = world.route_tables.values().filter(|t| t.vpc == eni.vpc).collect();
    let has = |table: &RouteTable, subnet| table.associations.iter().any(|a| a.subnet == subnet);
    let table = of_vpc.iter().find(|t| has(t, Some(eni.subnet))).or(of_vpc.iter().find(|t| has(t, None)))?;
    let mut candidates: Vec<(u8, u8, Option<Hop<'w>>)> = Vec::new();
    for cidr in &world.vpcs[&eni.vpc].cidrs {
        if cidr.cidr.contains(to) {
            candidates.push((cidr.cidr.length(), 1, Some(Hop::Inside)));
        }
    }
    for endpoint in world.endpoints.values().filter(|e| e.route_tables().contains(&table.id)) {
        let list = aws_prefix_lists(&endpoint.region).into_iter().find(|l| l.name == endpoint.service_name)?;
        let ranges = list.entries.iter().filter(|entry| entry.cidr.contains(to));
        candidates.extend(ranges.map(|entry| (entry.cidr.length(), 0, Some(Hop::Endpoint))));
    }
    for route in &table.routes {
        let hop = || target(world, eni.vpc, route.target);
        match route.destination {
            RouteDestination::Cidr(cidr) if cidr.contains(to) => candidates.push((cidr.length(), 2, hop())),
            RouteDestination::Cidr(_) => {}
            RouteDestination::PrefixList(id) => {
                let ranges = world.prefix_lists[&id].entries.iter().filter(|entry| entry.cidr.contains(to));
                candidates.extend(ranges.map(|entry| (entry.cidr.length(), 0, hop())));
            }
        }
    }
    candidates.into_iter().max_by_key(|(length, rank, _)| (*length, *rank))?.2
}

/// `None` for a black hole.
fn target(world: &World, vpc: VpcId, target: RouteTarget) -> Option<Hop<'_>> {
    match target {
        RouteTarget::Local => Some(Hop::Inside),
        RouteTarget::InternetGateway(id) => {
            world.internet_gateways.get(&id).is_some_and(|g| g.vpc == Some(vpc)).then_some(Hop::Internet)
        }
        RouteTarget::NatGateway(id) => {
            let nat = world.nat_gateways.get(&id).filter(|nat| nat.state == NatGatewayState::Available)?;
            Some(Hop::Nat(&world.network_interfaces[&nat.interface?]))
        }
        RouteTarget::NetworkInterface(id) => {
            world.network_interfaces.get(&id).filter(|eni| is_up(world, eni)).map(Hop::Interface)
        }
        RouteTarget::Peering(id) => beyond(world, vpc, id).map(Hop::Peer),
        RouteTarget::Endpoint(_) => None,
    }
}

/// Both subnets' ACLs, unless it is one subnet; only the receiver's from the internet.
fn borders_allow(world: &World, from: Option<&NetworkInterface>, to: &NetworkInterface, sent: Sent) -> bool {
    match from {
        Some(from) if from.subnet == to.subnet => true,
        Some(from) => acl_allows(world, from.subnet, true, sent) && acl_allows(world, to.subnet, false, sent),
        None => acl_allows(world, to.subnet, false, sent),
    }
}

fn acl_allows(world: &World, subnet: SubnetId, egress: bool, sent: Sent) -> bool {
    let acl = world.network_acls.values().find(|a| a.associations.iter().any(|(_, s)| *s == subnet)).unwrap();
    let peer = if egress { sent.destination } else { sent.source };
    acl.entries
        .iter()
        .filter(|e| e.egress == egress && e.cidr.contains(peer) && covers(e.protocol, e.ports, e.icmp, sent))
        .min_by_key(|e| e.number)
        .is_some_and(|e| e.action == AclAction::Allow)
}

/// `other` is the VPC that the packet goes to or comes from.
fn groups_allow(world: &World, eni: &NetworkInterface, other: VpcId, direction: RuleDirection, sent: Sent) -> bool {
    if eni.kind == InterfaceKind::NatGateway {
        return true;
    }
    let peer = if direction == RuleDirection::Egress { sent.destination } else { sent.source };
    let rules = eni.groups.iter().flat_map(|g| &world.security_groups[g].rules).filter(|r| r.direction == direction);
    let is_member = |group: SecurityGroupId| {
        let home = world.security_groups[&group].vpc;
        let is_near = world.vpcs[&home].region == world.vpcs[&eni.vpc].region;
        (home == eni.vpc || home == other && is_near)
            && world.network_interfaces.values().any(|member| {
                member.vpc == home
                    && is_up(world, member)
                    && member.groups.contains(&group)
                    && member.addresses.iter().any(|a| a.address == peer)
            })
    };
    rules.into_iter().any(|rule| {
        let is_peer = match &rule.peer {
            GroupPeer::Cidr(cidr) => cidr.contains(peer),
            GroupPeer::Ipv6Cidr(_) => false,
            GroupPeer::PrefixList(id) => {
                let aws = aws_prefix_lists(&world.vpcs[&eni.vpc].region);
                let list = world.prefix_lists.get(id).or(aws.iter().find(|l| l.id == *id));
                list.is_some_and(|list| list.entries.iter().any(|e| e.cidr.contains(peer)))
            }
            GroupPeer::Group { id, .. } => is_member(*id),
        };
        is_peer && covers(rule.protocol, rule.ports, rule.icmp, sent)
    })
}

fn covers(protocol: Protocol, ports: Option<PortRange>, icmp: Option<IcmpType>, sent: Sent) -> bool {
    match protocol {
        Protocol::All => true,
        other if other != sent.protocol => false,
        Protocol::Tcp | Protocol::Udp => {
            ports.is_none_or(|range| sent.port.is_some_and(|p| range.first <= p && p <= range.last))
        }
        Protocol::Icmp => {
            icmp.is_none_or(|i| i.kind.is_none_or(|kind| Some(kind) == sent.icmp) && i.code.is_none_or(|c| c == 0))
        }
        Protocol::Icmpv6 | Protocol::Number(_) => true,
    }
}
