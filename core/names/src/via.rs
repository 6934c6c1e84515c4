//! How a request came: known from the socket, never from a header a client could send.

use crate::{AccountId, VpcEndpointId, VpcId};
use std::net::IpAddr;

/// The way a connection took to a service's door. Network condition keys are filled from it and from nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// The machine's own shell: outside every VPC, on the internet side.
    Host { peer: IpAddr },
    /// Through an internet gateway or NAT gateway; `public` is the address the service sees.
    Internet { public: IpAddr },
    /// Through a VPC endpoint; `source` is the client's private address, `account` owns the endpoint.
    Endpoint { id: VpcEndpointId, vpc: VpcId, source: IpAddr, account: AccountId },
    /// One AWS service on behalf of a caller.
    Service { principal: String },
}
