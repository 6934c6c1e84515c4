//! The packet filter of a VPC's namespace: the stops in AWS's order, put together from the stops' own rules.
//!
//! Three hooks see packets. Before routing: is the source the interface's own, and which route table governs it. On the way
//! through: groups once a connection, ACLs for every packet. In and out of the namespace itself: services of the router,
//! and what is for an endpoint's door: by a gateway endpoint's routes, or to an interface endpoint's own address.

use crate::parts::{chain, drop_rule, hooked, map, rule, set};
use crate::view::View;
use crate::{appliance, endpoint, instance, metadata, name, network_acl, network_acl_in, network_acl_out};
use crate::{internet_gateway, outage, peering, route_table, security_group, security_group_in, security_group_out};
use postern_names::{IpFamily, Stop};
use postern_program::*;

/// Before connection tracking.
const RAW: i32 = -300;
/// After connection tracking, before the routing decision.
const MANGLE: i32 = -150;
const FILTER: i32 = 0;

/// The router's own addresses, exempt from groups and ACLs.
const ROUTER_SET: &str = "s_router";

/// One for each family that the VPC has; a packet meets the one of its own.
pub(crate) fn table(view: &View<'_>, ip: IpFamily) -> Table {
    let groups = security_group::collect(view, ip);
    let mut sets = vec![
        instance::own_addresses(view, ip),
        appliance::unchecked_links(view),
        network_acl::same_subnet(view),
        network_acl::endpoint_subnets(view, ip),
        endpoint::https_only(view, ip),
        set(
            ROUTER_SET,
            &[Field::Destination],
            view.router_addresses(ip).into_iter().map(|address| vec![Atom::Address(address)]).collect(),
        ),
    ];
    sets.extend(groups.sets);
    sets.extend(peering::sets(view, ip));
    sets.extend(internet_gateway::sets(view, ip));
    sets.extend(outage::subnets(view));
    let mut chains = hooks(view, ip);
    chains.push(chain("c_known", vec![rule(vec![], Action::Jump(network_acl::CHAIN.to_owned())), accept()]));
    chains.push(chain("c_in_known", vec![endpoint_acl(), accept()]));
    chains.push(network_acl::chain());
    chains.push(network_acl::endpoint_chain());
    chains.extend(network_acl_out::chains(view, ip));
    chains.extend(network_acl_in::chains(view, ip));
    let (own_subnets, own_chains) = route_table::own_subnets(view, ip);
    chains.extend(own_chains);
    chains.extend(groups.chains);
    Table {
        family: if ip == IpFamily::V4 { Family::Ip } else { Family::Ip6 },
        name: "t_vpc".to_owned(),
        sets,
        maps: [own_subnets, map(route_table::MAP, &[Field::InGroup], route_table::marks(view))]
            .into_iter()
            .chain(network_acl_out::maps(view, ip))
            .chain(network_acl_in::maps(view, ip))
            .chain([
                map(security_group_out::MAP, &[Field::InLink], groups.out),
                map(security_group_in::MAP, &[Field::OutLink], groups.into),
                map(security_group_in::ENDPOINT_MAP, &[Field::Destination], groups.endpoints),
            ])
            .collect(),
        chains,
    }
}

fn hooks(view: &View<'_>, ip: IpFamily) -> Vec<Chain> {
    vec![
        hooked("c_pre", HookKind::Prerouting, RAW, Policy::Drop, arrival(view, ip)),
        hooked("c_route", HookKind::Prerouting, MANGLE, Policy::Accept, route_table::choice()),
        hooked("c_fwd", HookKind::Forward, FILTER, Policy::Drop, forward(view, ip)),
        hooked("c_in", HookKind::Input, FILTER, Policy::Drop, input(view, ip)),
        hooked("c_out", HookKind::Output, FILTER, Policy::Accept, output(view, ip)),
    ]
}

/// Every packet, as it enters the namespace.
fn arrival(view: &View<'_>, ip: IpFamily) -> Vec<Rule> {
    let mut rules: Vec<Rule> = outage::sends_nothing(view).into_iter().collect();
    rules.extend(peering::source_check(view));
    rules.extend(instance::source_check(ip));
    rules
}

/// From interface to interface, gateways included.
fn forward(view: &View<'_>, ip: IpFamily) -> Vec<Rule> {
    let mut rules = vec![instance::destination_check()];
    rules.extend(outage::gets_nothing(view));
    rules.extend(peering::destination_check(view));
    rules.extend(internet_gateway::source_check(view, ip));
    rules.extend(tracking("c_known"));
    rules.extend([
        security_group_out::check(),
        rule(vec![], Action::Jump(network_acl::CHAIN.to_owned())),
        security_group_in::check(),
        accept(),
    ]);
    rules
}

/// To the sockets that the daemon holds in the namespace.
fn input(view: &View<'_>, ip: IpFamily) -> Vec<Rule> {
    let mut rules = vec![rule(vec![Match::InLink("lo".to_owned())], Action::Accept)];
    rules.extend(instance::neighbours(ip));
    rules.extend(peering::nothing_for_the_router(view, ROUTER_SET));
    if ip == IpFamily::V4 {
        rules.extend(name::admitted(view));
        rules.extend(metadata::admitted());
    }
    let router = Match::In { fields: vec![Field::Destination], set: ROUTER_SET.to_owned() };
    rules.push(drop_rule(vec![router], format!("{} not served at the router's address", Stop::Service)));
    rules.extend(internet_gateway::nothing_for_endpoints(view, ip));
    rules.extend(tracking("c_in_known"));
    rules.extend([security_group_out::check(), endpoint_acl(), security_group_in::endpoint_check()]);
    rules.extend(endpoint::admitted());
    rules
}

/// Answers of those sockets.
fn output(view: &View<'_>, ip: IpFamily) -> Vec<Rule> {
    let router = Match::In { fields: vec![Field::Source], set: ROUTER_SET.to_owned() };
    let mut rules = vec![rule(vec![Match::OutLink("lo".to_owned())], Action::Accept)];
    rules.extend(outage::gets_nothing(view));
    rules.push(rule(vec![router], Action::Accept));
    rules.extend(instance::neighbours(ip));
    rules.extend(network_acl::answers());
    rules
}

fn endpoint_acl() -> Rule {
    rule(vec![], Action::Jump(network_acl::ENDPOINT_CHAIN.to_owned()))
}

/// Packets of a known connection go to a chain without groups.
fn tracking(known: &str) -> [Rule; 2] {
    let invalid = vec![Match::State(ConnectionState::Invalid)];
    let established = vec![Match::State(ConnectionState::EstablishedOrRelated)];
    [
        drop_rule(invalid, format!("{} of no connection", Stop::SecurityGroupIn)),
        rule(established, Action::Goto(known.to_owned())),
    ]
}

fn accept() -> Rule {
    rule(vec![], Action::Accept)
}
