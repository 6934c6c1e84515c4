//! The namespace of a VPC: the router between its interfaces.

use crate::parts::Parts;
use crate::view::View;
use crate::{endpoint, filter, instance, internet_gateway, metadata, name, nat_gateway, peering, route_table};
use postern_names::IpFamily;
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

/// In a VPC with an IPv6 range.
const SYSCTLS_V6: &[(&str, &str)] = &[("net.ipv6.conf.all.forwarding", "1")];

pub(crate) fn compile(view: &View<'_>, parts: &mut Parts) {
    let namespace = view.namespace();
    let has_v6 = view.families().any(|family| family == IpFamily::V6);
    let further: &[(&str, &str)] = if has_v6 { SYSCTLS_V6 } else { &[] };
    parts.namespace(namespace, &[SYSCTLS, further].concat());
    for address in view.router_addresses(IpFamily::V4) {
        parts.single_address(namespace, "lo", address);
    }
    instance::compile(view, parts);
    nat_gateway::compile(view, parts);
    route_table::compile(view, parts);
    internet_gateway::compile(view, parts);
    peering::compile(view, parts);
    endpoint::compile(view, parts);
    name::compile(view, parts);
    metadata::compile(view, parts);
    let filters = view.families().map(|family| filter::table(view, family));
    let tables: Vec<Table> = filters.chain(internet_gateway::table(view)).collect();
    parts.ruleset(namespace, tables);
}
