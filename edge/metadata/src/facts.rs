//! What the service knows of an instance, as plain data.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use postern_names::{
    AccountId, AvailabilityZone, ImageId, InstanceId, Ipv4Cidr, Ipv6Cidr, NetworkInterfaceId, Region, ReservationId,
    SecurityGroupId, SubnetId, VpcId,
};
use time::OffsetDateTime;

/// Everything the metadata of one instance is made of.
#[derive(Debug, Clone)]
pub struct InstanceFacts {
    pub id: InstanceId,
    pub account: AccountId,
    pub region: Region,
    pub zone: AvailabilityZone,
    /// `use1-az1`.
    pub zone_id: String,
    pub image: ImageId,
    /// The instance's number among those of one RunInstances call.
    pub launch_index: u32,
    pub reservation: ReservationId,
    /// `t3.micro`.
    pub instance_type: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// When the instance was last started.
    pub pending_time: OffsetDateTime,
    pub key: Option<KeyFacts>,
    pub profile: Option<InstanceProfile>,
    /// Raw, as it came from RunInstances after base64.
    pub user_data: Option<Vec<u8>>,
    /// In the order of attachment; the first is the primary one.
    pub interfaces: Vec<InterfaceFacts>,
    /// Shown only when `options.tags` is on.
    pub tags: Vec<(String, String)>,
    pub options: MetadataOptions,
}

/// A key pair's public half.
#[derive(Debug, Clone)]
pub struct KeyFacts {
    pub name: String,
    /// One line as in authorized_keys.
    pub openssh: String,
}

/// The instance profile that is associated with the instance.
#[derive(Debug, Clone)]
pub struct InstanceProfile {
    /// `arn:aws:iam::123456789012:instance-profile/name`.
    pub arn: String,
    /// `AIPA…`.
    pub id: String,
    /// The profile's role; None for an empty profile.
    pub role: Option<String>,
}

/// One network interface.
#[derive(Debug, Clone)]
pub struct InterfaceFacts {
    pub id: NetworkInterfaceId,
    pub device_number: u32,
    /// `0e:49:61:0f:c3:11`.
    pub mac: String,
    /// The primary private address first.
    pub private_addresses: Vec<Ipv4Addr>,
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// Private address and the public one associated with it.
    pub public_addresses: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// `ip-10-0-1-5.ec2.internal`.
    pub private_dns: String,
    /// None where the VPC gives no public names.
    pub public_dns: Option<String>,
    pub owner: AccountId,
    pub subnet: SubnetId,
    pub subnet_cidr: Ipv4Cidr,
    pub subnet_ipv6_cidrs: Vec<Ipv6Cidr>,
    pub vpc: VpcId,
    /// The VPC's primary range first.
    pub vpc_cidrs: Vec<Ipv4Cidr>,
    pub vpc_ipv6_cidrs: Vec<Ipv6Cidr>,
    /// Id and name.
    pub security_groups: Vec<(SecurityGroupId, String)>,
}

/// The instance's metadata options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataOptions {
    /// `HttpTokens` is `required`: version 1 requests are refused.
    pub tokens_required: bool,
    /// `HttpEndpoint` is `enabled`.
    pub enabled: bool,
    /// `HttpPutResponseHopLimit`, 1 to 64.
    pub hop_limit: u8,
    /// `InstanceMetadataTags` is `enabled`.
    pub tags: bool,
}

impl Default for MetadataOptions {
    /// As EC2 sets them for an image that asks for nothing: version 1 allowed, one hop, no tags.
    fn default() -> Self {
        Self { tokens_required: false, enabled: true, hop_limit: 1, tags: false }
    }
}

/// Temporary credentials of the instance's role.
#[derive(Clone)]
pub struct RoleCredentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    pub last_updated: OffsetDateTime,
    pub expiration: OffsetDateTime,
}

impl std::fmt::Debug for RoleCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoleCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Where the service looks instances up: one per VPC, since addresses repeat between VPCs.
pub trait FactsSource: Send + Sync + 'static {
    /// The instance that has this private address.
    fn by_address(&self, peer: Ipv4Addr) -> Option<Arc<InstanceFacts>>;

    /// Credentials of the instance's role, valid for some time yet; None when the role cannot be assumed.
    fn credentials(&self, instance: &InstanceFacts) -> Option<RoleCredentials>;
}
