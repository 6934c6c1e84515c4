//! One API call, read and authenticated, before anyone has judged or served it.

use crate::Caller;
use postern_names::{Region, Via};
use serde_json::Value;
use time::OffsetDateTime;

/// One operation of one service. `input` holds the request's members by their model names
/// (`VpcId`, `TagSpecifications`), lists as arrays, numbers and booleans as such, blobs as base64 text,
/// timestamps as RFC 3339 text.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service's signing name: `ec2`, `iam`, `sts`.
    pub service: &'static str,
    /// The operation's model name: `CreateVpcEndpoint`.
    pub operation: String,
    pub input: Value,
    /// The region that the client signed for.
    pub region: Region,
    pub caller: Caller,
    pub via: Via,
    /// UUID given back as the request id.
    pub request_id: String,
    pub now: OffsetDateTime,
    /// Whether TLS carried it (`aws:SecureTransport`).
    pub secure: bool,
    pub user_agent: Option<String>,
}
