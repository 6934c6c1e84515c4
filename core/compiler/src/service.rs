//! The internet: the services' public addresses and the test sites, in a namespace without a way out.

use crate::parts::{INNER_TABLE, Parts, drop_rule, hooked, rule, set, tcp};
use crate::{instance, internet_gateway};
use postern_model::{SITES, World, public_services};
use postern_names::{IpFamily, Stop};
use postern_program::*;
use std::collections::BTreeSet;
use std::net::IpAddr;

const SYSCTLS: &[(&str, &str)] = &[("net.ipv4.ip_forward", "1"), ("net.ipv4.icmp_ratelimit", "0")];
/// While a VPC has an IPv6 range.
const SYSCTLS_V6: &[(&str, &str)] = &[("net.ipv6.conf.all.forwarding", "1")];

const PUBLIC_SET: &str = "s_service";
const HTTPS: u16 = 443;
const HTTP: u16 = 80;
const ICMP: u8 = 1;
const ECHO_REQUEST: u8 = 8;
const ICMP_V6: u8 = 58;
const ECHO_REQUEST_V6: u8 = 128;

/// The doors listen on every address: the daemon tells services and sites apart by the address that was meant. The sites'
/// own listeners for HTTP go before them.
pub(crate) fn compile(world: &World, parts: &mut Parts) {
    let namespace = Namespace::Internet;
    let has_v6 = world.vpcs.values().any(|vpc| !vpc.ipv6_cidrs.is_empty());
    let further: &[(&str, &str)] = if has_v6 { SYSCTLS_V6 } else { &[] };
    parts.namespace(namespace, &[SYSCTLS, further].concat());
    let families = IpFamily::ALL.into_iter().filter(|family| *family == IpFamily::V4 || has_v6);
    let tables = families.map(|family| of_family(world, family, parts)).collect();
    parts.ruleset(namespace, tables);
}

fn of_family(world: &World, family: IpFamily, parts: &mut Parts) -> Table {
    let namespace = Namespace::Internet;
    let addresses = addresses(world, family);
    parts.inner_rule(namespace, family);
    parts.route(namespace, INNER_TABLE, family.everything(), RouteKind::Blackhole);
    let own = (family == IpFamily::V4).then_some(internet_gateway::INTERNET_SIDE);
    for address in addresses.iter().copied().chain(own) {
        parts.single_address(namespace, "lo", address);
    }
    for (port, role) in [(HTTPS, Role::DoorTls), (HTTP, Role::DoorPlain)] {
        parts.listener((namespace, Transport::Tcp, family.unspecified(), port), role, false);
    }
    for address in sites(family) {
        parts.listener((namespace, Transport::Tcp, address, HTTP), Role::Site, false);
    }
    table(&addresses, family)
}

fn sites(family: IpFamily) -> impl Iterator<Item = IpAddr> {
    SITES.iter().flat_map(|site| site.addresses()).filter(move |address| IpFamily::of(*address) == family)
}

/// Services of every region in use, which have addresses of IPv4 only, and the sites.
fn addresses(world: &World, family: IpFamily) -> BTreeSet<IpAddr> {
    let regions = if family == IpFamily::V4 { world.regions() } else { Vec::new() };
    let services = regions.into_iter().flat_map(|region| public_services(&region)).map(|service| service.address);
    services.map(IpAddr::V4).chain(sites(family)).collect()
}

/// Only HTTP, HTTPS and ping, only at public addresses.
fn table(addresses: &BTreeSet<IpAddr>, family: IpFamily) -> Table {
    let elsewhere = Match::NotIn { fields: vec![Field::Destination], set: PUBLIC_SET.to_owned() };
    let (icmp, request) = match family {
        IpFamily::V4 => (ICMP, ECHO_REQUEST),
        IpFamily::V6 => (ICMP_V6, ECHO_REQUEST_V6),
    };
    let ping = vec![Match::Protocol(icmp), Match::Icmp { kind: Some(request), code: None }];
    let mut input = vec![
        rule(vec![Match::InLink("lo".to_owned())], Action::Accept),
        // What a service itself asked for: SNS calls servers.
        rule(vec![Match::State(ConnectionState::EstablishedOrRelated)], Action::Accept),
    ];
    input.extend(instance::neighbours(family));
    input.extend([
        drop_rule(vec![elsewhere], format!("{} not a public address", Stop::Service)),
        rule(tcp(HTTPS), Action::Accept),
        rule(tcp(HTTP), Action::Accept),
        rule(ping, Action::Accept),
        drop_rule(vec![], format!("{} not served", Stop::Service)),
    ]);
    Table {
        family: if family == IpFamily::V4 { Family::Ip } else { Family::Ip6 },
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
