//! The parts of a program as rtnetlink messages.

use crate::netfilter::attribute;
use crate::netlink::Request;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use postern_names::{Cidr, IpFamily};
use postern_program::{Link, LinkEnd, RouteRule};
use rustix::io::Errno;
use std::net::IpAddr;
use std::os::fd::RawFd;

/// `lo` has this index in every namespace.
pub(crate) const LOOPBACK: u32 = 1;

const TABLE_MAIN: u32 = 254;
const TABLE_DEFAULT: u32 = 253;
const PRIORITY_MAIN: u32 = 32766;
const PRIORITY_DEFAULT: u32 = 32767;

/// What the kernel says when the thing to remove is not there.
const ALREADY_GONE: &[Errno] = &[Errno::NOENT, Errno::SRCH, Errno::NODEV, Errno::ADDRNOTAVAIL];

/// The same of a rule, and what a kernel without the family says.
const NO_SUCH_RULE: &[Errno] = &[Errno::NOENT, Errno::SRCH, Errno::AFNOSUPPORT, Errno::OPNOTSUPP, Errno::INVAL];

pub(crate) fn link_up(index: u32) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    Request::route("RTM_SETLINK", RouteNetlinkMessage::SetLink(message), 0, &[])
}

/// Asks for a link; the answer is read by [`link_is_operational`]. The question alone makes newer kernels settle a carrier
/// that has just come.
pub(crate) fn link_get(index: u32) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    Request::route("RTM_GETLINK", RouteNetlinkMessage::GetLink(message), 0, &[])
}

/// Whether the kernel sends on the link already: a packet sent before is lost without a word.
pub(crate) fn link_is_operational(answer: &[u8]) -> bool {
    const IFLA_OPERSTATE: u16 = 16;
    const UP: u8 = 6;
    const HEADER_LENGTH: usize = 16;
    answer.get(HEADER_LENGTH..).and_then(|a| attribute(a, IFLA_OPERSTATE)) == Some(&[UP])
}

/// A veth pair, made in one message sent from inside the near namespace. The far end is down: the kernel cannot raise it
/// before the pair is whole.
pub(crate) fn link_create(link: &Link, near: u32, far: u32, far_namespace: RawFd) -> Request {
    let mut peer = link_end(&link.far, far, link);
    peer.header.flags.remove(LinkFlags::Up);
    peer.header.change_mask.remove(LinkFlags::Up);
    peer.attributes.push(LinkAttribute::NetNsFd(far_namespace));
    let mut message = link_end(&link.near, near, link);
    message.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
    ]));
    Request::route("RTM_NEWLINK", RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL, &[])
}

/// Changes group, hardware address and MTU of a link that exists.
pub(crate) fn link_change(end: &LinkEnd, index: u32, link: &Link) -> Request {
    let mut message = link_end(end, index, link);
    message.attributes.retain(|a| !matches!(a, LinkAttribute::IfName(_)));
    Request::route("RTM_SETLINK", RouteNetlinkMessage::SetLink(message), 0, &[])
}

pub(crate) fn link_delete(name: &str) -> Request {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(name.to_owned()));
    Request::route("RTM_DELLINK", RouteNetlinkMessage::DelLink(message), 0, ALREADY_GONE)
}

fn link_end(end: &LinkEnd, index: u32, link: &Link) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = if link.arp { LinkFlags::Up } else { LinkFlags::Up | LinkFlags::Noarp };
    message.header.change_mask = LinkFlags::Up | LinkFlags::Noarp;
    message.attributes.push(LinkAttribute::IfName(end.name.clone()));
    message.attributes.push(LinkAttribute::Mtu(link.mtu));
    message.attributes.push(LinkAttribute::Group(end.group));
    if let Some(mac) = end.mac {
        message.attributes.push(LinkAttribute::Address(mac.to_vec()));
    }
    message
}

pub(crate) fn address_add(index: u32, address: IpAddr, length: u8) -> Request {
    let message = address_message(index, address, length);
    Request::route("RTM_NEWADDR", RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_REPLACE, &[])
}

pub(crate) fn address_delete(index: u32, address: IpAddr, length: u8) -> Request {
    let message = address_message(index, address, length);
    Request::route("RTM_DELADDR", RouteNetlinkMessage::DelAddress(message), 0, ALREADY_GONE)
}

fn family_of(family: IpFamily) -> AddressFamily {
    match family {
        IpFamily::V4 => AddressFamily::Inet,
        IpFamily::V6 => AddressFamily::Inet6,
    }
}

fn route_address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

fn address_message(index: u32, address: IpAddr, length: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family_of(IpFamily::of(address));
    message.header.prefix_len = length;
    message.header.index = index;
    message.header.scope = AddressScope::Universe;
    message.attributes.push(AddressAttribute::Local(address));
    message.attributes.push(AddressAttribute::Address(address));
    if address.is_ipv6() {
        // Nobody else can have it: in force at once, without asking neighbours for it first.
        message.header.flags = AddressHeaderFlags::Nodad;
        message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
    }
    message
}

/// A neighbour that is known for good.
pub(crate) fn neighbour_set(index: u32, address: IpAddr, mac: [u8; 6]) -> Request {
    let mut message = neighbour_message(index, address);
    message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac.to_vec()));
    Request::route("RTM_NEWNEIGH", RouteNetlinkMessage::NewNeighbour(message), NLM_F_CREATE | NLM_F_REPLACE, &[])
}

pub(crate) fn neighbour_delete(index: u32, address: IpAddr) -> Request {
    let message = neighbour_message(index, address);
    Request::route("RTM_DELNEIGH", RouteNetlinkMessage::DelNeighbour(message), 0, ALREADY_GONE)
}

fn neighbour_message(index: u32, address: IpAddr) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = family_of(IpFamily::of(address));
    message.header.ifindex = index;
    message.header.state = NeighbourState::Permanent;
    message.attributes.push(NeighbourAttribute::Destination(match address {
        IpAddr::V4(address) => NeighbourAddress::Inet(address),
        IpAddr::V6(address) => NeighbourAddress::Inet6(address),
    }));
    message
}

/// Where a route leads, with links as indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Link(u32),
    Via(IpAddr, u32),
    Local,
    Throw,
    Blackhole,
    Unreachable,
}

pub(crate) fn route_set(table: u32, destination: Cidr, way: Way) -> Request {
    let mut message = route_message(table, destination);
    message.header.protocol = RouteProtocol::Static;
    let (kind, scope) = match way {
        Way::Link(_) => (RouteType::Unicast, RouteScope::Link),
        Way::Via(..) => (RouteType::Unicast, RouteScope::Universe),
        Way::Local => (RouteType::Local, RouteScope::Host),
        Way::Throw => (RouteType::Throw, RouteScope::Universe),
        Way::Blackhole => (RouteType::BlackHole, RouteScope::Universe),
        Way::Unreachable => (RouteType::Unreachable, RouteScope::Universe),
    };
    message.header.kind = kind;
    message.header.scope = scope;
    match way {
        Way::Link(index) => message.attributes.push(RouteAttribute::Oif(index)),
        Way::Via(gateway, index) => {
            message.header.flags = RouteFlags::Onlink;
            message.attributes.push(RouteAttribute::Gateway(route_address(gateway)));
            message.attributes.push(RouteAttribute::Oif(index));
        }
        Way::Local => message.attributes.push(RouteAttribute::Oif(LOOPBACK)),
        Way::Throw | Way::Blackhole | Way::Unreachable => {}
    }
    Request::route("RTM_NEWROUTE", RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_REPLACE, &[])
}

pub(crate) fn route_delete(table: u32, destination: Cidr) -> Request {
    let mut message = route_message(table, destination);
    message.header.scope = RouteScope::NoWhere;
    Request::route("RTM_DELROUTE", RouteNetlinkMessage::DelRoute(message), 0, ALREADY_GONE)
}

fn route_message(table: u32, destination: Cidr) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family_of(destination.family());
    message.header.destination_prefix_length = destination.length();
    message.header.table = u8::try_from(table).unwrap_or(0);
    message.attributes.push(RouteAttribute::Table(table));
    if destination.length() > 0 {
        message.attributes.push(RouteAttribute::Destination(route_address(destination.network())));
    }
    message
}

pub(crate) fn rule_add(family: IpFamily, priority: u32, rule: &RouteRule) -> Request {
    let message = rule_message(family, priority, rule);
    Request::route("RTM_NEWRULE", RouteNetlinkMessage::NewRule(message), NLM_F_CREATE | NLM_F_EXCL, &[Errno::EXIST])
}

pub(crate) fn rule_delete(family: IpFamily, priority: u32, rule: &RouteRule) -> Request {
    let message = rule_message(family, priority, rule);
    Request::route("RTM_DELRULE", RouteNetlinkMessage::DelRule(message), 0, ALREADY_GONE)
}

/// Removes the rules that the kernel gives to every namespace, but for `local`. Of IPv6, which it may lack, there is one.
pub(crate) fn without_default_rules() -> Vec<Request> {
    let delete = |family, priority, table| {
        let mut request = rule_delete(family, priority, &RouteRule { mark: None, sent_from: None, table });
        if family == IpFamily::V6 {
            request.fine = NO_SUCH_RULE;
        }
        request
    };
    vec![
        delete(IpFamily::V4, PRIORITY_MAIN, TABLE_MAIN),
        delete(IpFamily::V4, PRIORITY_DEFAULT, TABLE_DEFAULT),
        delete(IpFamily::V6, PRIORITY_MAIN, TABLE_MAIN),
    ]
}

fn rule_message(family: IpFamily, priority: u32, rule: &RouteRule) -> RuleMessage {
    let RouteRule { mark, sent_from, table } = *rule;
    let mut message = RuleMessage::default();
    message.header.family = family_of(family);
    message.header.action = RuleAction::ToTable;
    message.header.table = u8::try_from(table).unwrap_or(0);
    message.attributes.push(RuleAttribute::Priority(priority));
    message.attributes.push(RuleAttribute::Table(table));
    if let Some(mark) = mark {
        message.attributes.push(RuleAttribute::FwMark(mark));
    }
    if let Some(range) = sent_from {
        message.header.src_len = range.length();
        message.attributes.push(RuleAttribute::Source(range.network()));
        // What sockets of the namespace send comes by no link: the kernel takes it for the loopback's.
        message.attributes.push(RuleAttribute::Iifname("lo".to_owned()));
    }
    message
}
