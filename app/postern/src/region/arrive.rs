//! From an accepted connection to its place: which interface endpoint its address is of; else which link it came in by, and
//! which gateway endpoint that one's route table chose.

use postern_door::{Arrived, Place};
use postern_linux::Host;
use postern_model::{VpcEndpoint, World, public_services, site_at};
use postern_names::*;
use postern_program::Namespace;
use std::collections::HashMap;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, RwLock};

/// The interfaces by the names of their links and the interface endpoints by their addresses, so that a connection does not
/// search the World.
#[derive(Default)]
pub struct Links(RwLock<HashMap<VpcId, Known>>);

/// Those of one VPC.
#[derive(Default)]
struct Known {
    interfaces: HashMap<String, NetworkInterfaceId>,
    endpoints: HashMap<IpAddr, VpcEndpointId>,
}

impl Links {
    /// Learns the links of some VPCs as the World has them now.
    pub fn learn(&self, world: &RwLock<World>, vpcs: impl Iterator<Item = VpcId>) {
        let world = world.read().unwrap_or_else(|e| e.into_inner());
        let mut fresh: HashMap<VpcId, Known> = vpcs.map(|vpc| (vpc, Known::default())).collect();
        for interface in world.network_interfaces.values() {
            if let Some(known) = fresh.get_mut(&interface.vpc) {
                known.interfaces.insert(interface.link_name(), interface.id);
            }
        }
        for endpoint in world.endpoints.values() {
            if let Some(known) = fresh.get_mut(&endpoint.vpc) {
                let addresses = world.endpoint_addresses(endpoint, None).into_iter();
                known.endpoints.extend(addresses.map(|address| (address, endpoint.id)));
            }
        }
        let mut all = self.0.write().unwrap_or_else(|e| e.into_inner());
        for (vpc, known) in fresh {
            if known.interfaces.is_empty() {
                all.remove(&vpc)
            } else {
                all.insert(vpc, known)
            };
        }
    }
    fn find(&self, vpc: VpcId, link: &str) -> Option<NetworkInterfaceId> {
        self.0.read().unwrap_or_else(|e| e.into_inner()).get(&vpc)?.interfaces.get(link).copied()
    }
    fn endpoint_at(&self, vpc: VpcId, address: IpAddr) -> Option<VpcEndpointId> {
        self.0.read().unwrap_or_else(|e| e.into_inner()).get(&vpc)?.endpoints.get(&address).copied()
    }
}

type Arrive = Arc<dyn Fn(BorrowedFd<'_>) -> Option<Arrived> + Send + Sync>;
type Identify = Arc<dyn Fn(&Arrived) -> Option<Place> + Send + Sync>;

/// What the kernel tells of a connection accepted inside a namespace.
pub fn by_kernel() -> Arrive {
    Arc::new(|fd| {
        let arrival = postern_linux::arrival(fd)?;
        Some(Arrived { link_index: Some(arrival.in_link_index), local: arrival.local, peer: arrival.peer })
    })
}

/// The host's own port: nothing to learn from the link.
pub fn by_address() -> Arrive {
    Arc::new(|fd| {
        let local = rustix::net::getsockname(fd).ok()?;
        let peer = rustix::net::getpeername(fd).ok()??;
        Some(Arrived { link_index: None, local: local.try_into().ok()?, peer: peer.try_into().ok()? })
    })
}

/// Whoever comes to the host's own port comes from the machine's own shell.
pub fn from_host() -> Identify {
    Arc::new(|arrived| Some(Place::Anything { via: Via::Host { peer: arrived.peer.ip() } }))
}

/// How a connection that was accepted in `namespace` came.
pub fn identify(namespace: Namespace, world: Arc<RwLock<World>>, host: Arc<Host>, links: Arc<Links>) -> Identify {
    Arc::new(move |arrived| {
        let local = arrived.local.ip();
        match namespace {
            Namespace::Internet => on_the_internet(&world, local, arrived.peer.ip()),
            Namespace::Vpc(vpc) => {
                if let Some(endpoint) = links.endpoint_at(vpc, local) {
                    return through_interface_endpoint(&world, endpoint, arrived.peer.ip());
                }
                let link = host.link_name_of(namespace, arrived.link_index?)?;
                through_gateway_endpoint(&world, links.find(vpc, &link)?, local, arrived.peer.ip())
            }
            Namespace::Nat(_) | Namespace::Instance(_) => None,
        }
    })
}

fn on_the_internet(world: &RwLock<World>, local: IpAddr, peer: IpAddr) -> Option<Place> {
    if let Some(site) = site_at(local) {
        return Some(Place::Site { name: site.name.to_owned(), peer });
    }
    let world = world.read().unwrap_or_else(|e| e.into_inner());
    let (name, region) = service_at(&world.regions(), local)?;
    Some(Place::Service { via: Via::Internet { public: peer }, name, region })
}

/// The connection came in by an interface's link: its subnet's route table chose the endpoint.
fn through_gateway_endpoint(
    world: &RwLock<World>,
    interface: NetworkInterfaceId,
    local: IpAddr,
    source: IpAddr,
) -> Option<Place> {
    let world = world.read().unwrap_or_else(|e| e.into_inner());
    let interface = world.network_interfaces.get(&interface)?;
    Some(behind(world.gateway_endpoint_for(interface.subnet, local)?, source))
}

/// The connection went to an address of the endpoint.
fn through_interface_endpoint(world: &RwLock<World>, endpoint: VpcEndpointId, source: IpAddr) -> Option<Place> {
    let world = world.read().unwrap_or_else(|e| e.into_inner());
    Some(behind(world.endpoints.get(&endpoint)?, source))
}

fn behind(endpoint: &VpcEndpoint, source: IpAddr) -> Place {
    let via = Via::Endpoint { id: endpoint.id, vpc: endpoint.vpc, source, account: endpoint.owner };
    Place::Service { via, name: endpoint.service().to_owned(), region: endpoint.region.clone() }
}

/// The service that has this public address, in one of these regions.
fn service_at(regions: &[Region], address: IpAddr) -> Option<(String, Region)> {
    regions.iter().find_map(|region| {
        let service = public_services(region).into_iter().find(|service| IpAddr::V4(service.address) == address)?;
        Some((service.name.to_owned(), region.clone()))
    })
}
