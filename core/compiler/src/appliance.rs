//! Appliances: interfaces whose source/destination check is off, and the gateways, which never had one.

use crate::internet_gateway;
use crate::parts::set;
use crate::view::{Holder, View};
use postern_names::{IpFamily, NetworkInterfaceId};
use postern_program::*;

const UNCHECKED_SET: &str = "s_unchecked";

/// Links that carry packets from and to addresses that are not their own.
pub(crate) fn unchecked_links(view: &View<'_>) -> Set {
    let gateways = |holder: Holder<'_>| matches!(holder, Holder::NatGateway(_));
    let open = view.interfaces.iter().filter(|i| !i.eni.source_dest_check || gateways(i.holder));
    let internet = view.internet_gateway.map(|_| internet_gateway::LINK.to_owned());
    let peers = view.peers.iter().map(|peer| peer.link.clone());
    let links = open.map(|i| i.link.clone()).chain(internet).chain(peers);
    set(UNCHECKED_SET, &[Field::InLink], links.map(|link| vec![Atom::Link(link)]).collect())
}

pub(crate) fn is_unchecked(link: Field) -> Match {
    Match::In { fields: vec![link], set: UNCHECKED_SET.to_owned() }
}

pub(crate) fn is_checked(link: Field) -> Match {
    Match::NotIn { fields: vec![link], set: UNCHECKED_SET.to_owned() }
}

/// The way to an appliance: its interface's link, by its first address of the family; without one it takes nothing.
pub(crate) fn way(view: &View<'_>, id: NetworkInterfaceId, family: IpFamily) -> Option<RouteKind> {
    let interface = view.interface(id)?;
    Some(RouteKind::Via { gateway: interface.eni.first_address(family)?, link: interface.link.clone() })
}
