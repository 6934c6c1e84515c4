//! Gateway endpoints: routes that deliver a prefix list's addresses to the doors inside the VPC's namespace.
//!
//! Which endpoint a connection came by is the interface's route table's matter: the door asks the World.

use crate::parts::{Parts, drop_rule, rule, tcp};
use crate::view::View;
use postern_names::{Ipv4Cidr, RouteTableId, Stop};
use postern_program::{Action, Role, Rule, Transport};
use std::net::Ipv4Addr;

const HTTPS: u16 = 443;
const HTTP: u16 = 80;

/// The doors. They take connections to any address that a route delivers here; without an endpoint none does.
pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    for (port, role) in [(HTTPS, Role::DoorTls), (HTTP, Role::DoorPlain)] {
        parts.listener((view.namespace(), Transport::Tcp, Ipv4Addr::UNSPECIFIED, port), role, true);
    }
}

/// The ranges that a route table delivers to the doors.
pub(crate) fn destinations(view: &View<'_>, table: RouteTableId) -> Vec<Ipv4Cidr> {
    let routes = view.world.endpoint_routes(table);
    routes.iter().flat_map(|route| view.world.prefix_list_ranges(&view.vpc.region, route.prefix_list)).collect()
}

/// What may reach a door, groups and ACLs being passed.
pub(crate) fn admitted() -> Vec<Rule> {
    vec![
        rule(tcp(HTTPS), Action::Accept),
        rule(tcp(HTTP), Action::Accept),
        drop_rule(vec![], format!("{} serves TCP 80 and 443 only", Stop::Endpoint)),
    ]
}
