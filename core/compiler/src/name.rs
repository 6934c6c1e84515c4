//! Names: the resolver at the VPC's base plus two and at 169.254.169.253.

use crate::parts::{Parts, rule, tcp, udp};
use crate::view::View;
use postern_names::Cidr;
use postern_program::{Action, Match, Role, Rule, Transport};
use std::net::{IpAddr, Ipv4Addr};

const LINK_LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253));
const DNS: u16 = 53;

/// The resolver's addresses, there whether it answers or not.
pub(crate) fn addresses(view: &View<'_>) -> Vec<IpAddr> {
    view.vpc.resolver().map(IpAddr::V4).into_iter().chain([LINK_LOCAL]).collect()
}

/// With `enableDnsSupport` off nothing answers.
pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    for address in served(view) {
        for transport in [Transport::Tcp, Transport::Udp] {
            parts.listener((view.namespace(), transport, address, DNS), Role::Resolver, false);
        }
    }
}

pub(crate) fn admitted(view: &View<'_>) -> Vec<Rule> {
    let question = |address, mut port: Vec<Match>| {
        port.insert(0, Match::Destination(Cidr::host(address)));
        rule(port, Action::Accept)
    };
    served(view).into_iter().flat_map(|address| [question(address, udp(DNS)), question(address, tcp(DNS))]).collect()
}

fn served(view: &View<'_>) -> Vec<IpAddr> {
    if view.vpc.enable_dns_support { addresses(view) } else { Vec::new() }
}
