//! Another server behind a service's name. A request is authenticated, judged and recorded as any other; then it is signed
//! anew for that server, and its answer is given as it comes.
#![forbid(unsafe_code)]

mod address;
mod answer;
mod asked;
mod judge;
mod objects;
mod pass;
mod resource;
mod trust;

pub use address::{Address, Unfit};
pub use answer::Body;
pub use asked::signing_name;
pub use trust::{NoTrust, Trust, authorities};

use postern_names::Via;
use postern_policy::Judge;
use postern_serve::Keys;
use std::sync::Arc;

/// Which server stands behind which service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As in endpoint services' names: `states`, `ecr.api`.
    pub service: String,
    pub address: Address,
    /// Where TLS is spoken.
    pub trust: Trust,
    /// With which requests to it are signed.
    pub access_key: String,
    pub secret_key: String,
}

/// How a request came.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub via: Via,
    pub secure: bool,
    /// UUID.
    pub request_id: String,
    /// The region of requests that name none.
    pub default_region: String,
}

/// What became of a request, for the record.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub operation: String,
    pub caller: String,
    /// Code and message of a refusal that was made here.
    pub refusal: Option<(String, String)>,
}

/// The way to one server.
pub struct Upstream {
    target: Target,
    /// The name in signatures' scopes: `states`, `ecr`.
    signing: String,
    client: pass::Client,
    keys: Arc<dyn Keys>,
    judge: Arc<dyn Judge>,
}

impl Upstream {
    /// Fails where TLS shall be spoken and there is nobody to trust.
    pub fn new(target: Target, keys: Arc<dyn Keys>, judge: Arc<dyn Judge>) -> Result<Self, NoTrust> {
        let signing = signing_name(&target.service).to_owned();
        let client = pass::client(target.trust.config(target.address.secure)?);
        Ok(Self { target, signing, client, keys, judge })
    }

    pub fn service(&self) -> &str {
        &self.target.service
    }

    pub fn signing_name(&self) -> &str {
        &self.signing
    }
}
