//! Endpoints: the doors inside the VPC's namespace, and what leads to them. For a gateway endpoint that is a route of its
//! service's prefix list; an interface endpoint has an address in a subnet, which the namespace itself answers for.
//!
//! Which gateway endpoint a connection came by is the interface's route table's matter, which interface endpoint its
//! address's: the door asks the World.

use crate::parts::{INNER_TABLE, Parts, drop_rule, rule, set, tcp};
use crate::view::View;
use postern_names::{Cidr, IpFamily, RouteTableId, Stop};
use postern_program::{Action, Atom, Field, Match, Role, RouteKind, Rule, Set, Transport};

const HTTPS: u16 = 443;
const HTTP: u16 = 80;

/// Addresses whose service answers on port 443 alone.
const HTTPS_ONLY_SET: &str = "s_https_only";

/// The doors. They take connections to any address that a route delivers here; without an endpoint none does. The address of
/// an interface endpoint is reached as an instance's: where no route of the sender's table leads elsewhere.
pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    for family in view.families() {
        for (port, role) in [(HTTPS, Role::DoorTls), (HTTP, Role::DoorPlain)] {
            parts.listener((view.namespace(), Transport::Tcp, family.unspecified(), port), role, true);
        }
    }
    for door in &view.doors {
        parts.route(view.namespace(), INNER_TABLE, Cidr::host(door.address), RouteKind::Local);
    }
}

/// The ranges that a route table delivers to the doors.
pub(crate) fn destinations(view: &View<'_>, table: RouteTableId) -> Vec<Cidr> {
    let routes = view.world.endpoint_routes(table);
    let ranges = routes.iter().flat_map(|route| view.world.prefix_list_ranges(&view.vpc.region, route.prefix_list));
    ranges.map(Cidr::V4).collect()
}

pub(crate) fn https_only(view: &View<'_>, ip: IpFamily) -> Set {
    let doors = view.doors(ip).filter(|d| d.endpoint.interface_service().is_none_or(|s| !s.serves_http));
    set(HTTPS_ONLY_SET, &[Field::Destination], doors.map(|door| vec![Atom::Address(door.address)]).collect())
}

/// What may reach a door, groups and ACLs being passed.
pub(crate) fn admitted() -> Vec<Rule> {
    let mut http = tcp(HTTP);
    http.push(Match::NotIn { fields: vec![Field::Destination], set: HTTPS_ONLY_SET.to_owned() });
    vec![
        rule(tcp(HTTPS), Action::Accept),
        rule(http, Action::Accept),
        drop_rule(vec![], format!("{} serves TCP 443, and 80 where its service does", Stop::Endpoint)),
    ]
}
