//! What answers outside every interface: services and sites at public addresses, and the VPC's router with resolver and
//! metadata, which no group, no ACL and no route filters.

use crate::packet::Packet;
use crate::trace::*;
use crate::walk::{Reached, Walk};
use postern_model::*;
use postern_names::{Protocol, Stop};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const HTTP: u16 = 80;
const HTTPS: u16 = 443;
const DNS: u16 = 53;
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253));
/// The router's own address on every link.
const ROUTER_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// Every address that a service or a site answers at.
pub(crate) fn addresses(world: &World) -> HashSet<IpAddr> {
    let services =
        world.regions().into_iter().flat_map(|region| public_services(&region)).map(|s| IpAddr::V4(s.address));
    services.chain(SITES.iter().flat_map(|site| site.addresses())).collect()
}

/// The service or site at a public address; `None` if there is none.
pub(crate) fn serve(walk: &mut Walk<'_, '_>, packet: Packet) -> Option<Who> {
    if !walk.ground.is_service(packet.destination) {
        return None;
    }
    let is_site = site_at(packet.destination).is_some();
    let is_served = match packet.protocol {
        Protocol::Tcp => [HTTP, HTTPS].contains(&packet.port),
        protocol => protocol.is_icmp(),
    };
    walk.meet(Stop::Service, Place::Service(packet.destination), packet, (!is_served).then_some(Cause::NotServed));
    Some(if is_site { Who::Site } else { Who::Service })
}

/// Resolver, metadata and routers. The outer `None`: the packet is for none of them.
pub(crate) fn of_router<'w>(
    walk: &mut Walk<'_, 'w>,
    eni: &'w NetworkInterface,
    packet: Packet,
) -> Option<Option<Reached<'w>>> {
    let world = walk.ground.world;
    let vpc = world.vpcs.get(&eni.vpc)?;
    let to = packet.destination;
    let is_dns = matches!(packet.protocol, Protocol::Tcp | Protocol::Udp) && packet.port == DNS;
    let (stop, place, who, cause) = if vpc.resolver().map(IpAddr::V4) == Some(to) || to == RESOLVER {
        let cause = match (vpc.enable_dns_support, is_dns) {
            (false, _) => Some(Cause::ResolverOff),
            (true, false) => Some(Cause::NotServed),
            (true, true) => None,
        };
        (Stop::Name, Place::Resolver(vpc.id), Who::Resolver, cause)
    } else if to == METADATA {
        let is_served = packet.protocol == Protocol::Tcp && packet.port == HTTP;
        (Stop::Service, Place::Service(to), Who::Metadata, (!is_served).then_some(Cause::NotServed))
    } else if is_router(walk, eni, to) {
        (Stop::Service, Place::Service(to), Who::Service, Some(Cause::NotServed))
    } else {
        return None;
    };
    walk.meet(stop, place, packet, cause);
    Some(cause.is_none().then_some(Reached { who, packet, by: None, sender: Some(eni), nats: vec![] }))
}

fn is_router(walk: &Walk<'_, '_>, eni: &NetworkInterface, to: IpAddr) -> bool {
    let (world, IpAddr::V4(to)) = (walk.ground.world, to) else { return to == ROUTER_V6 };
    let own = world.subnets.get(&eni.subnet);
    if own.is_some_and(|own| own.cidr.contains(to)) {
        return own.and_then(Subnet::router) == Some(to);
    }
    let is_inside = world.vpcs.get(&eni.vpc).is_some_and(|vpc| vpc.cidrs.iter().any(|range| range.cidr.contains(to)));
    // The first address of a range of 16 addresses or more: cheaper to tell than to look for.
    let can_be = is_inside && u32::from(to) % 16 == 1;
    can_be && world.subnets.values().any(|s| s.vpc == eni.vpc && s.router() == Some(to))
}

/// From the machine's own shell, which stands beside the services and outside every VPC.
pub(crate) fn from_host<'w>(walk: &mut Walk<'_, 'w>, packet: Packet) -> Option<Reached<'w>> {
    match serve(walk, packet) {
        Some(who) => Some(Reached { who, packet, by: None, sender: None, nats: vec![] }),
        None => {
            walk.meet(Stop::Service, Place::Nowhere, packet, Some(Cause::HostIsOutside));
            None
        }
    }
}

pub(crate) fn tell(step: &Step) -> String {
    let to = step.packet.destination;
    let what = crate::security_group::what(&step.packet);
    match (step.cause, step.place) {
        (None, Place::Service(METADATA)) => "instance metadata answers".to_owned(),
        (None, _) => format!("{} answers", at(to)),
        (Some(Cause::NobodyThere), _) => format!("nobody on the internet has the address {to}"),
        (Some(Cause::HostIsOutside), _) => {
            "the host's shell is outside every VPC: `postern exec` runs a command inside".to_owned()
        }
        (Some(Cause::AnswerAstray), _) => format!("the answer goes to {to}, which did not ask"),
        (Some(_), _) => format!("{} does not answer {what}", at(to)),
    }
}

fn at(address: IpAddr) -> String {
    match site_at(address) {
        Some(site) => format!("{} ({address})", site.name),
        None if is_of_a_vpc(address) => format!("the router at {address}"),
        None => format!("the service at {address}"),
    }
}

fn is_of_a_vpc(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "NO_POSSIBLE_DESTINATION"
}
