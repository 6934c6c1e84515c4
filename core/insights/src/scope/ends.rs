//! What ways can begin and end at: the account's interfaces, gateways, endpoints and peering connections.

use crate::endpoints::End;
use postern_model::{AccessScope, InterfaceKind, NetworkInterface, PeeringState, World};
use postern_names::*;
use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

/// An end, with what statements can name it by.
pub struct Candidate {
    pub end: End,
    pub vpc: VpcId,
    /// The words of its ids, as resource types have them.
    pub words: &'static [&'static str],
    /// Its own id, and those of its instance, subnets, VPC and groups.
    pub ids: Vec<String>,
    /// Interfaces by which it gets packets.
    pub interfaces: Vec<NetworkInterfaceId>,
    /// Public addresses of an interface.
    pub publics: Vec<Ipv4Addr>,
}

/// Everything of the account's in the region that a way can begin or end at.
pub fn candidates(world: &World, scope: &AccessScope) -> Vec<Candidate> {
    let is_own = |owner: AccountId, region: &Region| owner == scope.owner && *region == scope.region;
    let mut elastic: HashMap<NetworkInterfaceId, Vec<Ipv4Addr>> = HashMap::new();
    for address in world.addresses.values() {
        if let Some((_, interface, _)) = address.association {
            elastic.entry(interface).or_default().push(address.public_ip);
        }
    }
    let mut all = Vec::new();
    let guests = world.network_interfaces.values().filter(|eni| eni.kind == InterfaceKind::Interface);
    for eni in guests.filter(|eni| is_own(eni.owner, &eni.region)) {
        let mut publics = elastic.remove(&eni.id).unwrap_or_default();
        publics.extend(eni.addresses.iter().filter_map(|address| address.auto_public));
        let mut ids = names(eni);
        ids.extend(eni.attachment.as_ref().and_then(|a| a.instance).map(|id| id.to_string()));
        let end = End::Interface(eni.id);
        all.push(Candidate { end, vpc: eni.vpc, words: &["eni"], ids, interfaces: vec![eni.id], publics });
    }
    for gateway in world.internet_gateways.values().filter(|gateway| is_own(gateway.owner, &gateway.region)) {
        if let Some(vpc) = gateway.vpc {
            let ids = vec![gateway.id.to_string(), vpc.to_string()];
            all.push(plain(End::InternetGateway(gateway.id), vpc, &["igw"], ids));
        }
    }
    for endpoint in world.endpoints.values().filter(|endpoint| is_own(endpoint.owner, &endpoint.region)) {
        let places = endpoint.interface().map(|own| own.subnets.as_slice()).unwrap_or_default();
        let interfaces: Vec<NetworkInterfaceId> = places.iter().map(|place| place.interface).collect();
        let mut ids = vec![endpoint.id.to_string(), endpoint.vpc.to_string()];
        ids.extend(interfaces.iter().filter_map(|id| world.network_interfaces.get(id)).flat_map(names));
        let words: &[&str] = if interfaces.is_empty() { &["vpce"] } else { &["vpce", "eni"] };
        let end = End::Endpoint(endpoint.id);
        all.push(Candidate { end, vpc: endpoint.vpc, words, ids, interfaces, publics: Vec::new() });
    }
    for peering in world.peerings.values().filter(|peering| peering.state == PeeringState::Active) {
        for side in [&peering.requester, &peering.accepter] {
            if is_own(side.owner, &side.region) {
                all.push(plain(End::Peering(peering.id), side.vpc, &["pcx"], vec![peering.id.to_string()]));
            }
        }
    }
    all
}

fn plain(end: End, vpc: VpcId, words: &'static [&'static str], ids: Vec<String>) -> Candidate {
    Candidate { end, vpc, words, ids, interfaces: Vec::new(), publics: Vec::new() }
}

fn names(eni: &NetworkInterface) -> Vec<String> {
    let mut ids = vec![eni.id.to_string(), eni.subnet.to_string(), eni.vpc.to_string()];
    ids.extend(eni.groups.iter().map(ToString::to_string));
    ids
}

/// VPCs between which packets can go without the internet.
pub struct Neighbours(HashSet<(VpcId, VpcId)>);

impl Neighbours {
    pub fn of(world: &World) -> Self {
        let active = world.peerings.values().filter(|peering| peering.state == PeeringState::Active);
        Self(active.map(|peering| (peering.requester.vpc, peering.accepter.vpc)).collect())
    }
    fn are(&self, a: VpcId, b: VpcId) -> bool {
        a == b || self.0.contains(&(a, b)) || self.0.contains(&(b, a))
    }

    /// Whether a way between two ends is one way: beyond an internet gateway another begins.
    pub fn can_meet(&self, from: &Candidate, to: &Candidate) -> bool {
        match (from.end, to.end) {
            (End::Interface(a), End::Interface(b)) => a != b && self.are(from.vpc, to.vpc),
            (End::Interface(_), End::Endpoint(_)) if to.interfaces.is_empty() => from.vpc == to.vpc,
            (End::Interface(_), End::Endpoint(_)) => self.are(from.vpc, to.vpc),
            (End::Interface(_), End::InternetGateway(_) | End::Peering(_)) => from.vpc == to.vpc,
            (End::InternetGateway(_), End::Interface(_)) => from.vpc == to.vpc,
            _ => false,
        }
    }
}
