//! Network interfaces.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkInterface {
    pub id: NetworkInterfaceId,
    pub vpc: VpcId,
    pub subnet: SubnetId,
    pub zone: AvailabilityZone,
    pub owner: AccountId,
    pub region: Region,
    pub kind: InterfaceKind,
    pub description: String,
    pub mac: [u8; 6],
    /// The first is the primary one.
    pub addresses: Vec<PrivateAddress>,
    /// In the order in which they were given.
    #[serde(default)]
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// Empty for a NAT gateway's interface, which no group filters.
    pub groups: Vec<SecurityGroupId>,
    pub source_dest_check: bool,
    /// Whether its primary address gets a public one of Amazon's pool at each start of its instance.
    pub associate_public_ip: bool,
    pub attachment: Option<Attachment>,
    /// Made by a service on the user's behalf: the user cannot change or delete it.
    pub requester_managed: bool,
    pub tags: Tags,
}

impl NetworkInterface {
    pub fn primary_address(&self) -> Option<Ipv4Addr> {
        self.addresses.first().map(|a| a.address)
    }
    /// Its addresses of both families, the primary one first.
    pub fn every_address(&self) -> impl Iterator<Item = IpAddr> {
        let four = self.addresses.iter().map(|a| IpAddr::V4(a.address));
        four.chain(self.ipv6_addresses.iter().copied().map(IpAddr::V6))
    }
    pub fn has_address(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.addresses.iter().any(|a| a.address == address),
            IpAddr::V6(address) => self.ipv6_addresses.contains(&address),
        }
    }
    /// The first address of a family.
    pub fn first_address(&self, family: IpFamily) -> Option<IpAddr> {
        match family {
            IpFamily::V4 => self.primary_address().map(IpAddr::V4),
            IpFamily::V6 => self.ipv6_addresses.first().copied().map(IpAddr::V6),
        }
    }
    /// The name of its link in the VPC's namespace: at most 15 characters, from the id.
    pub fn link_name(&self) -> String {
        format!("eni{:012x}", self.id.digits().bits() & 0xffff_ffff_ffff)
    }
    /// `0a:1b:2c:...`.
    pub fn mac_text(&self) -> String {
        self.mac.map(|b| format!("{b:02x}")).join(":")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InterfaceKind {
    Interface,
    NatGateway,
    VpcEndpoint,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivateAddress {
    pub address: Ipv4Addr,
    /// An address of Amazon's pool given for the instance's running time. An Elastic IP takes its place while it is
    /// associated: see [`ElasticAddress`](crate::ElasticAddress).
    pub auto_public: Option<Ipv4Addr>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: NetworkInterfaceAttachmentId,
    /// `None` for interfaces that a service holds.
    pub instance: Option<InstanceId>,
    pub device_index: u32,
    pub delete_on_termination: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub attached: OffsetDateTime,
}
