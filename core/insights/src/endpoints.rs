//! The two ends of a path.

use postern_model::World;
use postern_names::*;

/// What can be an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Instance(InstanceId),
    Interface(NetworkInterfaceId),
    InternetGateway(InternetGatewayId),
    Endpoint(VpcEndpointId),
    Peering(VpcPeeringConnectionId),
}

/// The end with this id; `None`: nothing that is there and can be one.
pub fn end(world: &World, id: &str) -> Option<End> {
    match id.rsplit_once('-')?.0 {
        "i" => id.parse().ok().filter(|id| world.instances.contains_key(id)).map(End::Instance),
        "eni" => id.parse().ok().filter(|id| world.network_interfaces.contains_key(id)).map(End::Interface),
        "igw" => id.parse().ok().filter(|id| world.internet_gateways.contains_key(id)).map(End::InternetGateway),
        "vpce" => id.parse().ok().filter(|id| world.endpoints.contains_key(id)).map(End::Endpoint),
        "pcx" => id.parse().ok().filter(|id| world.peerings.contains_key(id)).map(End::Peering),
        _ => None,
    }
}

impl End {
    /// The VPC that it is in; a peering connection is in none.
    pub(crate) fn vpc(self, world: &World) -> Option<VpcId> {
        match self {
            Self::Instance(id) => world.instances.get(&id).map(|i| i.vpc),
            Self::Interface(id) => world.network_interfaces.get(&id).map(|eni| eni.vpc),
            Self::InternetGateway(id) => world.internet_gateways.get(&id).and_then(|gateway| gateway.vpc),
            Self::Endpoint(id) => world.endpoints.get(&id).map(|endpoint| endpoint.vpc),
            Self::Peering(_) => None,
        }
    }
}
