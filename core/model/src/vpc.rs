//! VPCs, subnets and DHCP options.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};

/// A VPC. Its main route table, default group and default ACL are entities of their own that point to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    pub id: VpcId,
    pub owner: AccountId,
    pub region: Region,
    /// The first is the primary one.
    pub cidrs: Vec<VpcCidr>,
    pub dhcp_options: DhcpOptionsId,
    pub tenancy: String,
    pub is_default: bool,
    pub enable_dns_support: bool,
    pub enable_dns_hostnames: bool,
    pub enable_network_address_usage_metrics: bool,
    /// The next number to give to a subnet: the device group of its links in the VPC's namespace. Never reused.
    pub next_subnet_number: u32,
    /// The next number to give to a route table: its kernel table. Never reused.
    pub next_table_number: u32,
    pub tags: Tags,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VpcCidr {
    pub association: VpcCidrAssociationId,
    pub cidr: Ipv4Cidr,
}

impl Vpc {
    pub fn primary_cidr(&self) -> Option<Ipv4Cidr> {
        self.cidrs.first().map(|c| c.cidr)
    }
    /// The resolver: base of the primary CIDR plus two.
    pub fn resolver(&self) -> Option<std::net::Ipv4Addr> {
        self.primary_cidr().and_then(|cidr| cidr.nth(2))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    pub id: SubnetId,
    pub vpc: VpcId,
    pub owner: AccountId,
    pub region: Region,
    pub cidr: Ipv4Cidr,
    pub zone: AvailabilityZone,
    /// Device group of the subnet's links in its VPC's namespace; from 1, unique within the VPC.
    pub number: u32,
    pub is_default: bool,
    pub map_public_ip_on_launch: bool,
    pub enable_dns64: bool,
    /// `ip-name` or `resource-name`.
    pub hostname_type: String,
    pub resource_name_a_record: bool,
    pub resource_name_aaaa_record: bool,
    pub tags: Tags,
}

impl Subnet {
    /// The router's address in the subnet: base plus one.
    pub fn router(&self) -> Option<std::net::Ipv4Addr> {
        self.cidr.nth(1)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DhcpOptions {
    pub id: DhcpOptionsId,
    pub owner: AccountId,
    pub region: Region,
    /// Key (`domain-name`) and values, in order.
    pub configurations: Vec<(String, Vec<String>)>,
    pub tags: Tags,
}

impl DhcpOptions {
    /// The first value of an option: `domain-name`.
    pub fn value(&self, key: &str) -> Option<&str> {
        let (_, values) = self.configurations.iter().find(|(known, _)| known == key)?;
        values.first().map(String::as_str)
    }
}
