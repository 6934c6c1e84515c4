//! The internet: the services' public addresses and the test sites, in a namespace without a way out.

use crate::internet_gateway;
use crate::parts::{INNER_TABLE, Parts, drop_rule, hooked, rule, set, tcp};
use postern_model::{SITES, World, public_services};
use postern_names::{Ipv4Cidr, Stop};
use postern_program::*;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

const SYSCTLS: &[(&str, &str)] = &[("net.ipv4.ip_forward", "1"), ("net.ipv4.icmp_ratelimit", "0")];

const PUBLIC_SET: &str = "s_service";
const HTTPS: u16 = 443;
const HTTP: u16 = 80;
const ICMP: u8 = 1;
const ECHO_REQUEST: u8 = 8;

/// The doors listen on every address: the daemon tells services and sites apart by the address that was meant. The sites'
/// own listeners for HTTP go before them.
pub(crate) fn compile(world: &World, parts: &mut Parts) {
    let namespace = Namespace::Internet;
    let addresses = addresses(world);
    parts.namespace(namespace, SYSCTLS);
    parts.inner_rule(namespace);
    parts.route(namespace, INNER_TABLE, Ipv4Cidr::ALL, RouteKind::Blackhole);
    for address in addresses.iter().copied().chain([internet_gateway::INTERNET_SIDE]) {
        parts.address(namespace, "lo", address, 32);
    }
    for (port, role) in [(HTTPS, Role::DoorTls), (HTTP, Role::DoorPlain)] {
        parts.listener((namespace, Transport::Tcp, Ipv4Addr::UNSPECIFIED, port), role, false);
    }
    for site in SITES {
        parts.listener((namespace, Transport::Tcp, site.address, HTTP), Role::Site, false);
    }
    parts.ruleset(namespace, vec![table(&addresses)]);
}

/// Services of every region in use, and the sites.
fn addresses(world: &World) -> BTreeSet<Ipv4Addr> {
    let services =
        world.regions().into_iter().flat_map(|region| public_services(&region)).map(|service| service.address);
    services.chain(SITES.iter().map(|site| site.address)).collect()
}

/// Only HTTP, HTTPS and ping, only at public addresses.
fn table(addresses: &BTreeSet<Ipv4Addr>) -> Table {
    let elsewhere = Match::NotIn { fields: vec![Field::Destination], set: PUBLIC_SET.to_owned() };
    let ping = vec![Match::Protocol(ICMP), Match::Icmp { kind: Some(ECHO_REQUEST), code: None }];
    let input = vec![
        rule(vec![Match::InLink("lo".to_owned())], Action::Accept),
        // What a service itself asked for: SNS calls servers.
        rule(vec![Match::State(ConnectionState::EstablishedOrRelated)], Action::Accept),
        drop_rule(vec![elsewhere], format!("{} not a public address", Stop::Service)),
        rule(tcp(HTTPS), Action::Accept),
        rule(tcp(HTTP), Action::Accept),
        rule(ping, Action::Accept),
        drop_rule(vec![], format!("{} not served", Stop::Service)),
    ];
    Table {
        family: Family::Ip,
        name: "t_internet".to_owned(),
        sets: vec![set(
            PUBLIC_SET,
            &[Field::Destination],
            addresses.iter().map(|address| vec![Atom::Address(*address)]).collect(),
        )],
        maps: vec![],
        chains: vec![hooked("c_in", HookKind::Input, 0, Policy::Drop, input)],
    }
}
