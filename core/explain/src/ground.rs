//! A World made ready for questions: what is asked at every stop, found in one step. Interfaces, of which there are many, the
//! World finds itself; what is made here is little, so that a lone question does not pay for a whole region.

use crate::assume::Assumed;
use crate::name;
use crate::packet::Packet;
use crate::question::{Listening, Question, Source, Target};
use crate::trace::{Chosen, Next, Trace};
use crate::walk::Walk;
use crate::{route_table, service};
use postern_model::*;
use postern_names::*;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::OnceLock;

/// What one packet's way needs to know of the World.
pub struct Ground<'w> {
    pub world: &'w World,
    tables: HashMap<SubnetId, &'w RouteTable>,
    /// Each table's routes, put in order when they are first asked for.
    routes: HashMap<RouteTableId, OnceLock<Vec<Chosen>>>,
    /// The gateway endpoints on a table.
    on_table: HashMap<RouteTableId, Vec<&'w VpcEndpoint>>,
    acls: HashMap<SubnetId, &'w NetworkAcl>,
    entries: HashMap<(NetworkAclId, bool), Vec<&'w AclEntry>>,
    lists: HashMap<PrefixListId, Vec<Cidr>>,
    gateways: HashMap<VpcId, InternetGatewayId>,
    nats: HashMap<NetworkInterfaceId, &'w NatGateway>,
    endpoints: HashMap<NetworkInterfaceId, &'w VpcEndpoint>,
    services: HashSet<IpAddr>,
    pub(crate) assumed: Assumed,
}

impl<'w> Ground<'w> {
    pub fn new(world: &'w World) -> Self {
        let mut ground = Self {
            world,
            tables: HashMap::new(),
            routes: HashMap::new(),
            on_table: HashMap::new(),
            acls: HashMap::new(),
            entries: HashMap::new(),
            lists: HashMap::new(),
            gateways: world.internet_gateways.values().filter_map(|g| Some((g.vpc?, g.id))).collect(),
            nats: world.nat_gateways.values().filter_map(|n| Some((n.interface?, n))).collect(),
            endpoints: HashMap::new(),
            services: service::addresses(world),
            assumed: Assumed::default(),
        };
        for endpoint in world.endpoints.values() {
            let places = endpoint.interface().map(|own| own.subnets.as_slice()).unwrap_or_default();
            ground.endpoints.extend(places.iter().map(|place| (place.interface, endpoint)));
            for table in endpoint.route_tables() {
                ground.on_table.entry(*table).or_default().push(endpoint);
            }
        }
        ground.find_lists();
        ground.find_tables();
        for acl in world.network_acls.values() {
            ground.acls.extend(acl.associations.iter().map(|(_, subnet)| (*subnet, acl)));
            for egress in [false, true] {
                let mut entries: Vec<_> = acl.entries.iter().filter(|entry| entry.egress == egress).collect();
                entries.sort_by_key(|entry| entry.number);
                ground.entries.insert((acl.id, egress), entries);
            }
        }
        ground
    }

    fn find_lists(&mut self) {
        let own = self.world.prefix_lists.values().cloned();
        let aws = self.world.regions().into_iter().flat_map(|region| aws_prefix_lists(&region));
        for list in aws.chain(own) {
            self.lists.insert(list.id, list.entries.iter().map(|entry| entry.cidr.into()).collect());
        }
    }

    fn find_tables(&mut self) {
        let mut main: HashMap<VpcId, &RouteTable> = HashMap::new();
        let mut own: HashMap<SubnetId, &RouteTable> = HashMap::new();
        for table in self.world.route_tables.values() {
            for association in &table.associations {
                match association.subnet {
                    Some(subnet) => drop(own.insert(subnet, table)),
                    None => drop(main.insert(table.vpc, table)),
                }
            }
            self.routes.insert(table.id, OnceLock::new());
        }
        for subnet in self.world.subnets.values() {
            if let Some(table) = own.get(&subnet.id).or(main.get(&subnet.vpc)) {
                self.tables.insert(subnet.id, table);
            }
        }
    }

    /// Answers a question. `listening` tells what listens on instances; one that it does not name is taken to answer.
    pub fn explain(&self, question: &Question, listening: &Listening) -> Trace {
        let resolved = match &question.to {
            Target::Name(name) => Some(name::resolve(self, self.vpc_of(question.from), name)),
            _ => None,
        };
        let addresses = match &resolved {
            Some(resolution) => resolution.addresses.clone(),
            None => self.addresses_of(question).into_iter().collect(),
        };
        let ask = |family: IpFamily| {
            let of_family = addresses.iter().filter(|address| IpFamily::of(**address) == family);
            let mut traces =
                of_family.map(|address| Walk::new(self, listening).ask(question, resolved.clone(), *address));
            // Of several addresses the first that fails tells most.
            match traces.next() {
                Some(trace) if trace.is_answered => traces.find(|other| !other.is_answered).or(Some(trace)),
                other => other,
            }
        };
        // A client takes IPv6 where it has it, and IPv4 if that fails.
        let is_new = addresses.iter().any(IpAddr::is_ipv6);
        let has_v6 = is_new && self.interface_of(question.from).is_none_or(|eni| !eni.ipv6_addresses.is_empty());
        let newer = if has_v6 { ask(IpFamily::V6) } else { None };
        match newer {
            Some(trace) if trace.is_answered => trace,
            other => match ask(IpFamily::V4).filter(|trace| trace.is_answered || other.is_none()).or(other) {
                Some(trace) => trace,
                None if is_new => ask(IpFamily::V6).unwrap_or_else(|| Walk::nowhere(question, resolved.clone())),
                None => Walk::nowhere(question, resolved.clone()),
            },
        }
    }

    /// The VPC that a question comes from.
    fn vpc_of(&self, source: Source) -> Option<VpcId> {
        self.interface_of(source).map(|eni| eni.vpc)
    }

    /// The interface that a question leaves by.
    pub(crate) fn interface_of(&self, source: Source) -> Option<&'w NetworkInterface> {
        match source {
            Source::Instance(id) => self.first_of(id),
            Source::Interface(id) => self.world.network_interfaces.get(&id),
            Source::Subnet(id) => {
                let inside = |eni: &&NetworkInterface| eni.subnet == id && eni.kind == InterfaceKind::Interface;
                let all = || self.world.network_interfaces.values().filter(inside);
                all().find(|eni| self.is_up(eni)).or(all().next())
            }
            Source::Internet(_) | Source::Host => None,
        }
    }

    /// The address by which the source speaks to what is asked for.
    fn addresses_of(&self, question: &Question) -> Option<IpAddr> {
        let from = self.interface_of(question.from);
        let of = |eni: &NetworkInterface| {
            let private = eni.every_address().next()?;
            let is_near = from.is_some_and(|from| from.vpc == eni.vpc || self.are_peers(from.vpc, eni.vpc));
            let public = self.public_of(eni, private).filter(|_| !is_near);
            Some(public.unwrap_or(private))
        };
        match &question.to {
            Target::Address(address) => Some(*address),
            Target::Instance(id) => of(self.first_of(*id)?),
            Target::Interface(id) => of(self.world.network_interfaces.get(id)?),
            Target::Endpoint(id) => {
                let endpoint = self.world.endpoints.get(id)?;
                match endpoint.interface() {
                    Some(own) => {
                        let all = || own.subnets.iter().filter_map(|p| self.world.network_interfaces.get(&p.interface));
                        let near = all().find(|eni| from.is_some_and(|from| from.zone == eni.zone));
                        near.or(all().next()).and_then(|eni| eni.every_address().next())
                    }
                    None => public_service(&endpoint.region, endpoint.service()).map(|service| service.address.into()),
                }
            }
            Target::Name(_) => None,
        }
    }

    fn are_peers(&self, a: VpcId, b: VpcId) -> bool {
        let pairs = self.world.peerings.values().filter(|p| p.state == PeeringState::Active);
        pairs.map(|p| (p.requester.vpc, p.accepter.vpc)).any(|pair| pair == (a, b) || pair == (b, a))
    }

    /// The VPC at the other side of an active peering connection.
    pub(crate) fn beyond(&self, vpc: VpcId, peering: VpcPeeringConnectionId) -> Option<&'w Vpc> {
        let peering = self.world.peerings.get(&peering).filter(|p| p.state == PeeringState::Active)?;
        let other = match (peering.requester.vpc, peering.accepter.vpc) {
            (near, far) | (far, near) if near == vpc => far,
            _ => return None,
        };
        self.world.vpcs.get(&other)
    }

    /// Whether the zone of an interface is down.
    pub(crate) fn is_dark(&self, eni: &NetworkInterface) -> bool {
        !self.world.outages.zones.is_empty() && self.world.outages.zones.contains_key(&eni.zone)
    }

    /// Whether packets can reach it.
    pub(crate) fn is_up(&self, eni: &NetworkInterface) -> bool {
        let Some(attachment) = &eni.attachment else { return false };
        match (eni.kind, attachment.instance) {
            (InterfaceKind::Interface, Some(id)) => self.world.instances.get(&id).is_some_and(Instance::has_links),
            (InterfaceKind::Interface, None) => false,
            (InterfaceKind::NatGateway, _) => {
                let states = [NatGatewayState::Pending, NatGatewayState::Available];
                self.nats.get(&eni.id).is_some_and(|nat| states.contains(&nat.state))
            }
            (InterfaceKind::VpcEndpoint, _) => {
                self.endpoints.get(&eni.id).is_some_and(|endpoint| endpoint.state == EndpointState::Available)
            }
        }
    }

    /// The interface that an instance speaks by.
    fn first_of(&self, instance: InstanceId) -> Option<&'w NetworkInterface> {
        let is_first = |eni: &&NetworkInterface| eni.attachment.as_ref().is_some_and(|a| a.device_index == 0);
        self.world.network_interfaces.of_instance(instance).next().filter(is_first)
    }

    /// The interface that has a private address, up or not.
    pub(crate) fn holder(&self, vpc: VpcId, address: IpAddr) -> Option<&'w NetworkInterface> {
        self.world.network_interfaces.at(vpc, address)
    }

    /// The public address that stands for a private one of a VPC, whichever interface it comes by: an appliance forwards
    /// with the first sender's address. None in a VPC without an internet gateway, and while its interface is down.
    pub(crate) fn public(&self, vpc: VpcId, private: IpAddr) -> Option<IpAddr> {
        let holder = self.holder(vpc, private)?;
        self.public_of(holder, private).filter(|_| self.is_up(holder))
    }

    fn public_of(&self, eni: &NetworkInterface, private: IpAddr) -> Option<IpAddr> {
        self.gateways.get(&eni.vpc).filter(|_| eni.has_address(private))?;
        match private {
            IpAddr::V4(private) => self.world.public_address(eni.id, private).map(IpAddr::V4),
            // An IPv6 address is the same on both sides of an internet gateway.
            IpAddr::V6(_) => Some(private),
        }
    }

    pub(crate) fn behind_public(&self, public: IpAddr) -> Option<(&'w NetworkInterface, IpAddr)> {
        let (interfaces, addresses) = (&self.world.network_interfaces, &self.world.addresses);
        let leads_here = |(eni, private): &(&NetworkInterface, IpAddr)| self.public_of(eni, *private) == Some(public);
        match public {
            IpAddr::V4(public) => {
                let elastic = addresses.at(public).and_then(|elastic| elastic.association);
                let elastic = elastic.and_then(|(_, id, private)| Some((interfaces.get(&id)?, private)));
                let found = elastic.into_iter().chain(interfaces.with_automatic(public));
                found.map(|(eni, private)| (eni, IpAddr::V4(private))).find(leads_here)
            }
            IpAddr::V6(address) => interfaces.with_ipv6(address).map(|eni| (eni, public)).find(leads_here),
        }
    }

    pub(crate) fn table(&self, subnet: SubnetId) -> Option<&'w RouteTable> {
        self.tables.get(&subnet).copied()
    }

    /// The routes of a table, those that win first.
    pub(crate) fn routes(&self, table: RouteTableId) -> &[Chosen] {
        let (Some(kept), Some(table)) = (self.routes.get(&table), self.world.route_tables.get(&table)) else {
            return &[];
        };
        kept.get_or_init(|| route_table::in_order(self, table))
    }

    /// The gateway endpoints on a table, in the order of their ids.
    pub(crate) fn on_table(&self, table: RouteTableId) -> &[&'w VpcEndpoint] {
        self.on_table.get(&table).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn acl(&self, subnet: SubnetId) -> Option<&'w NetworkAcl> {
        self.acls.get(&subnet).copied()
    }

    /// The entries of one direction, lowest number first.
    pub(crate) fn entries(&self, acl: NetworkAclId, egress: bool) -> &[&'w AclEntry] {
        self.entries.get(&(acl, egress)).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn list(&self, id: PrefixListId) -> &[Cidr] {
        self.lists.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn internet_gateway(&self, vpc: VpcId) -> Option<InternetGatewayId> {
        self.gateways.get(&vpc).copied()
    }

    /// The VPC in whose range an IPv6 address is, and its internet gateway.
    pub(crate) fn internet_gateway_to(&self, address: IpAddr) -> Option<(VpcId, InternetGatewayId)> {
        if address.is_ipv4() {
            return None;
        }
        let has_it =
            |vpc: &VpcId| self.world.vpcs.get(vpc).is_some_and(|vpc| vpc.ranges().any(|r| r.contains(address)));
        self.gateways.iter().find(|(vpc, _)| has_it(vpc)).map(|(vpc, gateway)| (*vpc, *gateway))
    }

    pub(crate) fn nat_of(&self, interface: NetworkInterfaceId) -> Option<&'w NatGateway> {
        self.nats.get(&interface).copied()
    }

    pub(crate) fn endpoint_of(&self, interface: NetworkInterfaceId) -> Option<&'w VpcEndpoint> {
        self.endpoints.get(&interface).copied()
    }

    pub(crate) fn is_service(&self, address: IpAddr) -> bool {
        self.services.contains(&address)
    }

    /// Whether a route's target can carry the packet. Only gateways of the internet and interfaces that have an IPv6 address
    /// take one of IPv6.
    pub(crate) fn is_active(&self, vpc: VpcId, next: Next, packet: Packet) -> bool {
        let is_v6 = packet.destination.is_ipv6();
        match next {
            Next::NatGateway(_) | Next::Peering(_) if is_v6 => false,
            Next::Interface(id) if is_v6 => {
                let has_v6 = |eni: &&NetworkInterface| !eni.ipv6_addresses.is_empty();
                self.world.network_interfaces.get(&id).filter(has_v6).is_some_and(|eni| self.is_up(eni))
            }
            Next::Local | Next::Endpoint(_) => true,
            Next::Never => false,
            Next::InternetGateway(id) => self.gateways.get(&vpc) == Some(&id),
            Next::NatGateway(id) => {
                let nat = self.world.nat_gateways.get(&id);
                nat.is_some_and(|nat| nat.state == NatGatewayState::Available && nat.vpc == vpc)
            }
            Next::Interface(id) => self.world.network_interfaces.get(&id).is_some_and(|eni| self.is_up(eni)),
            Next::Peering(id) => self.beyond(vpc, id).is_some(),
        }
    }
}
