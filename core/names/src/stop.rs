//! The places a packet or request passes, in order: one word each, the same in every layer.

use std::fmt;

/// A place on the way. Compiler, explanation, kernel counters and documents all use these words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stop {
    Name,
    Instance,
    SecurityGroupOut,
    NetworkAclOut,
    RouteTable,
    InternetGateway,
    NatGateway,
    Peering,
    Appliance,
    Endpoint,
    NetworkAclIn,
    SecurityGroupIn,
    EndpointPolicy,
    IdentityPolicy,
    ResourcePolicy,
    Service,
}

impl Stop {
    pub const ALL: [Stop; 16] = [
        Stop::Name,
        Stop::Instance,
        Stop::SecurityGroupOut,
        Stop::NetworkAclOut,
        Stop::RouteTable,
        Stop::InternetGateway,
        Stop::NatGateway,
        Stop::Peering,
        Stop::Appliance,
        Stop::Endpoint,
        Stop::NetworkAclIn,
        Stop::SecurityGroupIn,
        Stop::EndpointPolicy,
        Stop::IdentityPolicy,
        Stop::ResourcePolicy,
        Stop::Service,
    ];
    /// The word in file names, kernel comments and documents.
    pub fn word(self) -> &'static str {
        match self {
            Stop::Name => "name",
            Stop::Instance => "instance",
            Stop::SecurityGroupOut => "security_group_out",
            Stop::NetworkAclOut => "network_acl_out",
            Stop::RouteTable => "route_table",
            Stop::InternetGateway => "internet_gateway",
            Stop::NatGateway => "nat_gateway",
            Stop::Peering => "peering",
            Stop::Appliance => "appliance",
            Stop::Endpoint => "endpoint",
            Stop::NetworkAclIn => "network_acl_in",
            Stop::SecurityGroupIn => "security_group_in",
            Stop::EndpointPolicy => "endpoint_policy",
            Stop::IdentityPolicy => "identity_policy",
            Stop::ResourcePolicy => "resource_policy",
            Stop::Service => "service",
        }
    }
}
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
