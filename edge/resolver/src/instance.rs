//! Instance names: by private address, by resource, by public address; and the name of the metadata address.

use crate::answer::{INSTANCE_TTL, Value};
use postern_model::{Vpc, World};
use postern_names::InstanceId;
use std::net::Ipv4Addr;

const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

type Found = Option<(u32, Vec<Value>)>;

/// The addresses that an instance name has for a guest of this VPC.
pub(crate) fn addresses(world: &World, vpc: &Vpc, name: &str) -> Found {
    let address = match name.strip_suffix(&vpc.region.internal_domain()).and_then(|rest| rest.strip_suffix('.')) {
        Some("instance-data") => Some(METADATA),
        Some(label) => private(world, vpc, label),
        None => public(world, vpc, name),
    };
    address.map(|address| (INSTANCE_TTL, vec![Value::Address(address)]))
}

/// `ip-10-0-1-5` or `i-0123...` of the VPC's own interfaces.
fn private(world: &World, vpc: &Vpc, label: &str) -> Option<Ipv4Addr> {
    if let Some(address) = label.strip_prefix("ip-").and_then(hyphenated) {
        let interface = world.interface_by_address(vpc.id, address.into())?;
        return world.interface_is_up(interface.id).then_some(address);
    }
    let instance = world.instances.get(&label.parse::<InstanceId>().ok()?).filter(|i| i.vpc == vpc.id)?;
    // Only launches into a subnet that asks for it get a record by resource name.
    world.subnets.get(&instance.subnet).filter(|subnet| subnet.resource_name_a_record)?;
    let interfaces = world.interfaces_of_instance(instance.id);
    let primary = interfaces.first().filter(|interface| world.interface_is_up(interface.id))?;
    primary.primary_address()
}

/// `ec2-198-51-100-5.compute-1.amazonaws.com`: the private address within its own VPC and in one peered with it whose names it
/// lets be looked up, the public one elsewhere. Only VPCs with DNS hostnames give such names.
fn public(world: &World, asking: &Vpc, name: &str) -> Option<Ipv4Addr> {
    let (label, domain) = name.split_once('.')?;
    let wanted = label.strip_prefix("ec2-").and_then(hyphenated)?;
    let (interface, private) = holder(world, wanted)?;
    let home = world.vpcs.get(&interface.vpc)?;
    let named = home.enable_dns_support && home.enable_dns_hostnames && domain == public_domain(home);
    let is_near = home.id == asking.id || lets_look_up(world, home, asking);
    named.then_some(if is_near { private } else { wanted })
}

/// The public address that such a name means to those outside every VPC.
pub fn public_address(world: &World, name: &str) -> Option<Ipv4Addr> {
    let (label, domain) = name.split_once('.')?;
    let wanted = label.strip_prefix("ec2-").and_then(hyphenated)?;
    let (interface, _) = holder(world, wanted)?;
    let home = world.vpcs.get(&interface.vpc)?;
    (home.enable_dns_support && home.enable_dns_hostnames && domain == public_domain(home)).then_some(wanted)
}

/// The interface that has a public address, and the private one that it stands for.
fn holder(world: &World, wanted: Ipv4Addr) -> Option<(&postern_model::NetworkInterface, Ipv4Addr)> {
    world.network_interfaces.values().find_map(|interface| {
        let holds = |a: &&postern_model::PrivateAddress| world.public_address(interface.id, a.address) == Some(wanted);
        interface.addresses.iter().find(holds).map(|a| (interface, a.address))
    })
}

/// Whether the owner of a VPC lets the asking one, to which it is peered, have its private addresses. Both have DNS hostnames.
fn lets_look_up(world: &World, home: &Vpc, asking: &Vpc) -> bool {
    let side = world.peering_between(home.id, asking.id).and_then(|peering| peering.side(home.id));
    asking.enable_dns_hostnames && side.is_some_and(|side| side.allow_dns_resolution_from_remote_vpc)
}

/// `compute-1.amazonaws.com` in us-east-1, `<region>.compute.amazonaws.com` elsewhere.
fn public_domain(vpc: &Vpc) -> String {
    match vpc.region.as_str() {
        "us-east-1" => "compute-1.amazonaws.com".to_owned(),
        region => format!("{region}.compute.amazonaws.com"),
    }
}

/// `10-0-1-5` as AWS writes it: four numbers without leading zeros.
fn hyphenated(text: &str) -> Option<Ipv4Addr> {
    let address: Ipv4Addr = text.replace('-', ".").parse().ok()?;
    (address.to_string().replace('.', "-") == text).then_some(address)
}
