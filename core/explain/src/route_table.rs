//! Route tables: the longest prefix wins; of equal length the user's range, then local, then prefix lists.

use crate::ground::Ground;
use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::*;
use postern_names::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ranges that stay on their link, whatever a table says.
const NEVER_FORWARDED: [(IpAddr, u8); 3] = [
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 168, 0)), 22),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// Of two routes with the same range the greater wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    PrefixList,
    Local,
    Range,
}

/// Every range of a table, the one that wins first.
pub(crate) fn in_order(ground: &Ground<'_>, table: &RouteTable) -> Vec<Chosen> {
    let mut all: Vec<(Rank, Chosen)> = Vec::new();
    let mut put = |rank, range, list, next| all.push((rank, Chosen { range, list, next }));
    for endpoint in ground.on_table(table.id) {
        let is_on = endpoint.state == EndpointState::Available;
        let service = GATEWAY_SERVICES.iter().find(|service| service.name == endpoint.service()).filter(|_| is_on);
        if let Some(list) = service.map(|service| service.prefix_list(&endpoint.region)) {
            for range in ground.list(list) {
                put(Rank::PrefixList, *range, Some(list), Next::Endpoint(endpoint.id));
            }
        }
    }
    for range in ground.world.vpcs.get(&table.vpc).into_iter().flat_map(|vpc| vpc.ranges()) {
        put(Rank::Local, range, None, Next::Local);
    }
    for range in NEVER_FORWARDED.iter().filter_map(|(network, length)| Cidr::new(*network, *length)) {
        put(Rank::Local, range, None, Next::Never);
    }
    for route in &table.routes {
        let next = match route.target {
            RouteTarget::Local => Next::Local,
            RouteTarget::InternetGateway(id) => Next::InternetGateway(id),
            RouteTarget::NatGateway(id) => Next::NatGateway(id),
            RouteTarget::NetworkInterface(id) => Next::Interface(id),
            RouteTarget::Peering(id) => Next::Peering(id),
            RouteTarget::Endpoint(id) => Next::Endpoint(id),
        };
        match route.destination {
            RouteDestination::Cidr(range) => put(Rank::Range, range, None, next),
            RouteDestination::PrefixList(list) => {
                for range in ground.list(list) {
                    put(Rank::PrefixList, *range, Some(list), next);
                }
            }
        }
    }
    // Of two alike the later one wins.
    all.reverse();
    all.sort_by_key(|(rank, chosen)| std::cmp::Reverse((chosen.range.length(), *rank)));
    all.into_iter().map(|(_, chosen)| chosen).collect()
}

/// Where the table of the interface's subnet leads the packet; `None` if nowhere. What stays in the subnet asks no table.
pub(crate) fn choose(walk: &mut Walk<'_, '_>, eni: &NetworkInterface, packet: Packet) -> Option<Next> {
    let subnet = walk.ground.world.subnets.get(&eni.subnet)?;
    if subnet.contains(packet.destination) {
        return Some(Next::Local);
    }
    let table = walk.ground.table(subnet.id)?;
    let routes = walk.ground.routes(table.id);
    let route = routes.iter().find(|route| route.range.contains(packet.destination)).copied();
    let cause = match route {
        None => Some(Cause::NoRoute),
        Some(Chosen { next: Next::Never, .. }) => Some(Cause::NoRoute),
        Some(route) if !walk.ground.is_active(eni.vpc, route.next, packet) => Some(Cause::BlackHole),
        Some(_) => None,
    };
    walk.meet(Stop::RouteTable, Place::Table { table: table.id, subnet: subnet.id, route }, packet, cause);
    route.filter(|_| cause.is_none()).map(|route| route.next)
}

pub(crate) fn tell(step: &Step) -> String {
    let to = step.packet.destination;
    let Place::Table { table, subnet, route } = step.place else { return format!("packets to {to} go in circles") };
    let Some(Chosen { range, list, next }) = route else {
        return format!("{table} of {subnet} has no route to {to}");
    };
    let of = list.map(|list| format!(" ({list})")).unwrap_or_default();
    let target = match next {
        Next::Local => "local".to_owned(),
        Next::InternetGateway(id) => id.to_string(),
        Next::NatGateway(id) => id.to_string(),
        Next::Interface(id) => id.to_string(),
        Next::Peering(id) => id.to_string(),
        Next::Endpoint(id) => id.to_string(),
        Next::Never => return format!("{to} is link-local: no router forwards it"),
    };
    match step.cause {
        Some(_) => format!("{table} of {subnet} sends {range}{of} to {target}, which cannot carry it (blackhole)"),
        None => format!("{table} of {subnet} sends {range}{of} to {target}"),
    }
}

pub(crate) fn code(cause: Cause) -> &'static str {
    match cause {
        Cause::BlackHole => "BAD_STATE_ROUTE",
        _ => "NO_ROUTE_TO_DESTINATION",
    }
}
