//! Serves one made-up instance at 127.0.0.1:PORT (default 1338), to try clients by hand:
//! `AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1338/ aws configure list`.

use std::net::Ipv4Addr;
use std::sync::Arc;

use postern_metadata::{FactsSource, InstanceFacts, RoleCredentials, serve};

#[path = "../tests/metadata/specimen.rs"]
#[allow(dead_code)]
mod specimen;

struct Everyone;

impl FactsSource for Everyone {
    fn by_address(&self, _: Ipv4Addr) -> Option<Arc<InstanceFacts>> {
        Some(Arc::new(specimen::instance()))
    }

    fn credentials(&self, _: &InstanceFacts) -> Option<RoleCredentials> {
        Some(specimen::credentials())
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "1338".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    match serve(listener, Arc::new(Everyone)).await? {}
}
