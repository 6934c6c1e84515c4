//! What the service knows of an instance, and who tells it.

use crate::RoleCredentials;
use async_trait::async_trait;
use postern_names::*;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Everything an instance may ask about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFacts {
    pub instance: InstanceId,
    pub image: ImageId,
    pub instance_type: String,
    pub launch_index: u32,
    pub reservation: ReservationId,
    pub account: AccountId,
    pub region: Region,
    pub zone: AvailabilityZone,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// RFC 3339.
    pub launched: String,
    /// `ip-10-0-1-5.ec2.internal`.
    pub hostname: String,
    pub public_hostname: Option<String>,
    /// Name and OpenSSH line.
    pub key: Option<(String, String)>,
    pub user_data: Option<Vec<u8>>,
    pub profile: Option<Profile>,
    /// By device index; the first is the primary one.
    pub interfaces: Vec<Interface>,
    /// `None`: not allowed in metadata.
    pub tags: Option<BTreeMap<String, String>>,
    pub tokens_required: bool,
    /// 1 to 64.
    pub hop_limit: u8,
    pub enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub arn: String,
    pub id: String,
    /// A profile without a role gives no credentials.
    pub role: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    pub id: NetworkInterfaceId,
    pub device: u32,
    /// `0a:1b:...`.
    pub mac: String,
    /// The first is the primary one; each with its public address, if it has one.
    pub addresses: Vec<(Ipv4Addr, Option<Ipv4Addr>)>,
    pub groups: Vec<(SecurityGroupId, String)>,
    pub subnet: SubnetId,
    pub subnet_cidr: Ipv4Cidr,
    pub vpc: VpcId,
    pub vpc_cidrs: Vec<Ipv4Cidr>,
}

/// Who knows the instances of one VPC.
#[async_trait]
pub trait FactsSource: Send + Sync {
    /// The running instance that has this private address.
    fn by_address(&self, peer: Ipv4Addr) -> Option<Arc<InstanceFacts>>;
    /// Credentials of its role; the error is what to say in their place.
    async fn credentials(&self, instance: InstanceId) -> Result<RoleCredentials, String>;
}
