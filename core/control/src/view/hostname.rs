//! The names that EC2 gives to addresses.

use postern_model::World;
use postern_names::{Region, VpcId};
use std::net::Ipv4Addr;

/// `ip-10-0-0-5.ec2.internal`.
pub fn private(region: &Region, address: Ipv4Addr) -> String {
    format!("ip-{}.{}", dashed(address), region.internal_domain())
}

/// `ec2-3-86-201-253.compute-1.amazonaws.com`, if the VPC names its public addresses.
pub fn public(world: &World, vpc: VpcId, address: Ipv4Addr) -> Option<String> {
    let vpc = world.vpcs.get(&vpc).filter(|vpc| vpc.enable_dns_hostnames && vpc.enable_dns_support)?;
    let domain = match vpc.region.as_str() {
        "us-east-1" => "compute-1".to_owned(),
        other => format!("{other}.compute"),
    };
    Some(format!("ec2-{}.{domain}.amazonaws.com", dashed(address)))
}

fn dashed(address: Ipv4Addr) -> String {
    address.octets().map(|octet| octet.to_string()).join("-")
}
