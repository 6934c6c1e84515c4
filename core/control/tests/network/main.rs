//! The network verbs, called as the service calls them: replies, refusals, and a World without flaws after each call.

mod addresses;
mod default_vpc;
mod describes;
mod endpoints;
mod flaws;
mod gateways;
mod interface_endpoints;
mod peerings;
mod prefix_lists;
mod quotas;
mod random;
mod random_compute;
mod rig;
mod routes;
mod subnets;
mod tags;
mod vpcs;
