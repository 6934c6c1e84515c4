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
    #[serde(default)]
    pub ipv6_cidrs: Vec<VpcIpv6Cidr>,
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

/// A range of Amazon's pool, a /56.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VpcIpv6Cidr {
    pub association: VpcCidrAssociationId,
    pub cidr: Ipv6Cidr,
}

impl Vpc {
    /// Every range, those of IPv4 first.
    pub fn ranges(&self) -> impl Iterator<Item = Cidr> {
        let four = self.cidrs.iter().map(|range| Cidr::V4(range.cidr));
        four.chain(self.ipv6_cidrs.iter().map(|range| Cidr::V6(range.cidr)))
    }
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
    #[serde(default)]
    pub ipv6: Option<SubnetIpv6Cidr>,
    /// Whether a new interface gets an IPv6 address when none is asked for.
    #[serde(default)]
    pub assign_ipv6_on_creation: bool,
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

/// A subnet's IPv6 range, a /64 out of one of the VPC's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubnetIpv6Cidr {
    pub association: SubnetCidrAssociationId,
    pub cidr: Ipv6Cidr,
}

impl Subnet {
    /// Its range of a family.
    pub fn range(&self, family: IpFamily) -> Option<Cidr> {
        match family {
            IpFamily::V4 => Some(self.cidr.into()),
            IpFamily::V6 => self.ipv6.as_ref().map(|own| own.cidr.into()),
        }
    }
    /// Whether an address is of the subnet's ranges.
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        self.range(IpFamily::of(address)).is_some_and(|range| range.contains(address))
    }
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
