//! Instances.

use crate::Tags;
use postern_names::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub id: InstanceId,
    pub reservation: ReservationId,
    pub owner: AccountId,
    pub region: Region,
    pub vpc: VpcId,
    pub subnet: SubnetId,
    pub zone: AvailabilityZone,
    pub image: ImageId,
    pub instance_type: String,
    pub key_name: Option<String>,
    pub launch_index: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub launched: OffsetDateTime,
    pub state: InstanceState,
    /// Code and sentence of the last state change that the user did not ask for or asked for.
    pub state_reason: Option<(String, String)>,
    /// The old free text: `User initiated (2026-11-21 10:00:00 GMT)`.
    pub transition_reason: String,
    /// Raw bytes as base64, as the API carries them.
    pub user_data: Option<String>,
    /// Whether the user data has run: it runs at the first boot only.
    pub booted_once: bool,
    /// Pending, and its sandbox stands: its links are being made, and once they carry packets it is running. Its processes
    /// end with the daemon, so that this is never written down.
    #[serde(skip)]
    pub stands: bool,
    pub profile: Option<ProfileAssociation>,
    pub metadata: MetadataOptions,
    pub disable_api_termination: bool,
    pub disable_api_stop: bool,
    /// `stop` or `terminate`.
    pub shutdown_behavior: String,
    pub ebs_optimized: bool,
    pub monitoring: bool,
    pub root_volume: RootVolume,
    pub client_token: Option<String>,
    pub tags: Tags,
}

/// The root volume as launched: kept for describes. The overlay behind it has the host's room, whatever the size says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RootVolume {
    pub id: VolumeId,
    pub size_gib: u32,
    /// `gp3`, `gp2`, ...
    pub kind: String,
    pub encrypted: bool,
    pub delete_on_termination: bool,
    pub tags: Tags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstanceState {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl InstanceState {
    /// Code and name on the wire.
    pub fn wire(self) -> (u16, &'static str) {
        match self {
            Self::Pending => (0, "pending"),
            Self::Running => (16, "running"),
            Self::ShuttingDown => (32, "shutting-down"),
            Self::Terminated => (48, "terminated"),
            Self::Stopping => (64, "stopping"),
            Self::Stopped => (80, "stopped"),
        }
    }
}

impl Instance {
    /// Whether the instance has links in its VPC: a black hole for routes otherwise.
    pub fn has_links(&self) -> bool {
        match self.state {
            InstanceState::Running => true,
            InstanceState::Pending => self.stands,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileAssociation {
    pub id: IamInstanceProfileAssociationId,
    /// ARN of the instance profile.
    pub arn: String,
    /// The profile's unique id, `AIPA...`.
    pub profile_id: String,
    #[serde(with = "time::serde::rfc3339")]
    pub associated: OffsetDateTime,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// `HttpTokens=required`.
    pub tokens_required: bool,
    /// 1 to 64.
    pub hop_limit: u8,
    /// `HttpEndpoint=enabled`.
    pub enabled: bool,
    /// `InstanceMetadataTags=enabled`.
    pub tags: bool,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        Self { tokens_required: false, hop_limit: 1, enabled: true, tags: false }
    }
}
