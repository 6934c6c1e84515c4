//! From the World to the Program: everything that a host must run so that packets meet what the accounts want.
//!
//! Pure: the same World gives the same Program. One file per stop of a packet's way, called as the stop is called.
//! Every part belongs to one VPC or to the internet, so that a change in one VPC is compiled from that VPC alone.
#![forbid(unsafe_code)]

mod appliance;
mod endpoint;
mod filter;
mod instance;
mod internet_gateway;
mod metadata;
mod name;
mod nat_gateway;
mod network_acl;
mod network_acl_in;
mod network_acl_out;
mod outage;
mod parts;
mod peering;
mod route_table;
mod security_group;
mod security_group_in;
mod security_group_out;
mod service;
mod touched;
mod view;
mod vpc;

use parts::Parts;
use postern_model::World;
use postern_names::VpcId;
use postern_program::Program;
pub use touched::touched;
use view::View;

/// Everything this host must run for the World.
pub fn compile(world: &World) -> Program {
    world.vpcs.keys().fold(compile_internet(world), |program, vpc| program.with(compile_vpc(world, *vpc)))
}

/// The parts of one VPC: its namespace, those of its NAT gateways, what lies in the namespaces of its instances, and its
/// links and routes in the internet's. Nothing when the VPC is gone, or when no interface is there whose packets it would
/// carry. No other VPC's parts have these keys.
pub fn compile_vpc(world: &World, vpc: VpcId) -> Program {
    let mut parts = Parts::default();
    if let Some(view) = View::new(world, vpc).filter(|view| !view.is_idle()) {
        vpc::compile(&view, &mut parts);
    }
    parts.program()
}

/// The parts of the internet that no VPC owns: its namespace, the services' public addresses, the test sites. They change
/// only with the regions in use.
pub fn compile_internet(world: &World) -> Program {
    let mut parts = Parts::default();
    service::compile(world, &mut parts);
    parts.program()
}
