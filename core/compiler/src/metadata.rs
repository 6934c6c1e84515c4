//! Instance metadata at 169.254.169.254, in every VPC's namespace.

use crate::parts::{Parts, rule, tcp};
use crate::view::View;
use postern_names::Cidr;
use postern_program::{Action, Match, Role, Rule, Transport};
use std::net::{IpAddr, Ipv4Addr};

pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
const PORT: u16 = 80;

pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    parts.listener((view.namespace(), Transport::Tcp, ADDRESS, PORT), Role::Metadata, false);
}

pub(crate) fn admitted() -> Vec<Rule> {
    let mut matches = tcp(PORT);
    matches.insert(0, Match::Destination(Cidr::host(ADDRESS)));
    vec![rule(matches, Action::Accept)]
}
