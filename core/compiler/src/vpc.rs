//! The namespace of a VPC: the router between its interfaces.

use crate::parts::Parts;
use crate::view::View;
use crate::{endpoint, filter, instance, internet_gateway, metadata, name, nat_gateway, peering, route_table};
use postern_program::Table;

/// AWS's tracking times, and no connection taken up in the middle.
const SYSCTLS: &[(&str, &str)] = &[
    ("net.ipv4.ip_forward", "1"),
    ("net.ipv4.icmp_ratelimit", "0"),
    ("net.netfilter.nf_conntrack_tcp_loose", "0"),
    ("net.netfilter.nf_conntrack_tcp_timeout_established", "432000"),
    ("net.netfilter.nf_conntrack_udp_timeout", "30"),
    ("net.netfilter.nf_conntrack_udp_timeout_stream", "180"),
    ("net.netfilter.nf_conntrack_generic_timeout", "600"),
];

pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    let namespace = view.namespace();
    parts.namespace(namespace, SYSCTLS);
    for address in view.router_addresses() {
        parts.address(namespace, "lo", address, 32);
    }
    instance::compile(view, parts);
    nat_gateway::compile(view, parts);
    route_table::compile(view, parts);
    internet_gateway::compile(view, parts);
    peering::compile(view, parts);
    endpoint::compile(view, parts);
    name::compile(view, parts);
    metadata::compile(view, parts);
    let tables: Vec<Table> = [Some(filter::table(view)), internet_gateway::table(view)].into_iter().flatten().collect();
    parts.ruleset(namespace, tables);
}
