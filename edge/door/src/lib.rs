//! Every way in: accept, identify, authenticate, dispatch, record.
//!
//! A [`Way`] is one listening socket with what is known of those who come by it. A connection's [`Place`] (how it came,
//! and which service the address belongs to) is known from the socket before a byte is read; no header can change it.
#![forbid(unsafe_code)]

mod accept;
mod authenticate;
mod connection;
mod record;
mod reply;
mod rest;
mod route;
mod serve;
mod site;
mod tls;

pub use accept::{Arrived, Place, Sort, Way};
pub use record::{Record, Records};
pub use reply::{Body, Reply};
pub use rest::RequestBody;
pub use route::is_name_of;
pub use tls::{Authority, AuthorityError, certify};

use async_trait::async_trait;
use connection::Connections;
use postern_names::{Region, Via, VpcEndpointId};
use postern_serve::{Decisions, Keys, Service};
use std::collections::HashMap;
use std::sync::Arc;

/// What comes with a request to a service that reads HTTP itself.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub via: Via,
    /// The version of the TLS that carried it, `1.3`; `None`: plain HTTP.
    pub tls: Option<&'static str>,
    /// The region of the address that was connected to, if the address tells.
    pub region: Option<Region>,
    /// UUID.
    pub request_id: String,
}

/// What such a service tells of a request, in the extensions of its reply.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub operation: String,
    /// The caller's ARN, or `anonymous`.
    pub caller: String,
    /// Code and message of a refusal.
    pub refusal: Option<(String, String)>,
}

/// A service that reads HTTP itself: S3, and those behind which another server stands.
#[async_trait]
pub trait RawService: Send + Sync {
    async fn call(&self, request: http::Request<RequestBody>, arrival: Arrival) -> Reply;
}

/// What stands behind the door.
pub struct Behind {
    /// By signing name.
    pub services: HashMap<&'static str, Arc<dyn Service>>,
    pub s3: Arc<dyn RawService>,
    /// The services behind which another server stands, by signing name and by the name in endpoint services' names. They
    /// come before Postern's own.
    pub upstreams: HashMap<String, Arc<dyn RawService>>,
    pub keys: Arc<dyn Keys>,
    /// What the gate decided for each request.
    pub decisions: Arc<dyn Decisions>,
    /// The region of requests that name none.
    pub default_region: Region,
    pub documents: Arc<dyn Documents>,
}

/// What services have lying open for everybody, such as the certificate by which SNS's signatures are verified.
pub trait Documents: Send + Sync {
    /// The PEM text at a service's path.
    fn pem(&self, service: &str, path: &str) -> Option<String>;
}

/// The door: all ways in lead to the same services.
pub struct Door {
    behind: Behind,
    authority: Authority,
    connections: Connections,
    records: Records,
}

impl Door {
    pub fn new(behind: Behind, authority: Authority) -> Arc<Self> {
        Arc::new(Self { behind, authority, connections: Connections::default(), records: Records::default() })
    }

    /// Accepts connections on one socket until the returned task is aborted.
    pub fn open(self: &Arc<Self>, way: Way) -> tokio::task::JoinHandle<()> {
        tokio::spawn(accept::run(Arc::clone(self), way))
    }

    /// Looks again at how every open connection came, and cuts (with a reset) each that would come another way today.
    /// AWS cuts the connections of affected subnets when a gateway endpoint is created, changed or deleted.
    pub fn look_again(&self) -> usize {
        self.connections.look_again()
    }

    /// How many connections are open through this endpoint.
    pub fn open_through(&self, endpoint: VpcEndpointId) -> usize {
        self.connections.open_through(endpoint)
    }

    /// The latest requests and what became of them.
    pub fn records(&self) -> &Records {
        &self.records
    }
}
