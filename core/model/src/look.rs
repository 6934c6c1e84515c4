//! Look-ups: what follows from the facts of the World.

use crate::*;
use postern_names::*;
use std::net::{IpAddr, Ipv4Addr};

/// A route that a gateway endpoint puts into a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointRoute {
    pub endpoint: VpcEndpointId,
    pub prefix_list: PrefixListId,
}

impl World {
    /// The regions in use: every one that has a VPC, and us-east-1, where the global services live.
    pub fn regions(&self) -> Vec<Region> {
        let mut regions: Vec<Region> = self.vpcs.values().map(|vpc| vpc.region.clone()).collect();
        regions.push(Region::new("us-east-1"));
        regions.sort();
        regions.dedup();
        regions
    }

    /// The table that governs a subnet: its own, else the VPC's main one.
    pub fn table_of_subnet(&self, subnet: SubnetId) -> Option<&RouteTable> {
        let vpc = self.subnets.get(&subnet)?.vpc;
        let own = |table: &&RouteTable| table.associations.iter().any(|a| a.subnet == Some(subnet));
        let tables = || self.route_tables.values().filter(move |t| t.vpc == vpc);
        tables().find(own).or_else(|| tables().find(|t| t.is_main()))
    }

    /// The ACL at a subnet's border.
    pub fn acl_of_subnet(&self, subnet: SubnetId) -> Option<&NetworkAcl> {
        self.network_acls.values().find(|acl| acl.associations.iter().any(|(_, s)| *s == subnet))
    }

    /// A prefix list of the account or of AWS.
    pub fn prefix_list(&self, region: &Region, id: PrefixListId) -> Option<ManagedPrefixList> {
        match self.prefix_lists.get(&id) {
            Some(list) => Some(list.clone()),
            None => aws_prefix_lists(region).into_iter().find(|list| list.id == id),
        }
    }

    /// The ranges of a prefix list, empty when it is gone.
    pub fn prefix_list_ranges(&self, region: &Region, id: PrefixListId) -> Vec<Ipv4Cidr> {
        self.prefix_list(region, id).map(|list| list.entries.iter().map(|e| e.cidr).collect()).unwrap_or_default()
    }

    /// The routes that gateway endpoints put into this table, in the order of their endpoints' ids.
    pub fn endpoint_routes(&self, table: RouteTableId) -> Vec<EndpointRoute> {
        self.endpoints
            .values()
            .filter(|e| e.state == EndpointState::Available && e.route_tables().contains(&table))
            .filter_map(|e| {
                let service = GATEWAY_SERVICES.iter().find(|s| s.name == e.service())?;
                Some(EndpointRoute { endpoint: e.id, prefix_list: service.prefix_list(&e.region) })
            })
            .collect()
    }

    /// The addresses of an interface endpoint, subnet by subnet; of one zone only if it is named.
    pub fn endpoint_addresses(&self, endpoint: &VpcEndpoint, zone: Option<&str>) -> Vec<IpAddr> {
        let wanted = self.endpoint_interfaces(endpoint).filter(|eni| zone.is_none_or(|zone| eni.zone.as_str() == zone));
        wanted.flat_map(NetworkInterface::every_address).collect()
    }

    /// The addresses that an interface endpoint's names mean: of its regional name those in zones that are up, or all if none
    /// is; of a zonal name the zone's own, whatever befell it.
    pub fn endpoint_answers(&self, endpoint: &VpcEndpoint, zone: Option<&str>, is_private_name: bool) -> Vec<IpAddr> {
        let up = self.endpoint_interfaces(endpoint).filter(|eni| !self.zone_is_down(&eni.zone));
        let up: Vec<IpAddr> = up.flat_map(NetworkInterface::every_address).collect();
        let mut told = if zone.is_some() || up.is_empty() { self.endpoint_addresses(endpoint, zone) } else { up };
        told.retain(|address| endpoint.answers_with(IpFamily::of(*address), is_private_name));
        told
    }

    fn endpoint_interfaces(&self, endpoint: &VpcEndpoint) -> impl Iterator<Item = &NetworkInterface> {
        let places = endpoint.interface().map(|own| own.subnets.clone()).unwrap_or_default();
        places.into_iter().filter_map(|place| self.network_interfaces.get(&place.interface))
    }

    /// The interface endpoint that answers for a public name inside a VPC: private DNS is on, and so are both attributes of
    /// the VPC. An exact name goes before a wildcard.
    pub fn private_dns_endpoint(&self, vpc: VpcId, name: &str) -> Option<&VpcEndpoint> {
        self.private_dns_record(vpc, name).map(|(_, endpoint)| endpoint)
    }

    /// The same with the private name that covers the asked one, a wildcard without its `*.`.
    pub fn private_dns_record(&self, vpc: VpcId, name: &str) -> Option<(String, &VpcEndpoint)> {
        self.vpcs.get(&vpc).filter(|vpc| vpc.enable_dns_support && vpc.enable_dns_hostnames)?;
        let answers = |endpoint: &VpcEndpoint| {
            let is_for_all = endpoint.interface().is_some_and(|own| !own.private_dns_for_inbound_only);
            is_for_all && endpoint.state == EndpointState::Available
        };
        let of_vpc = self.endpoints.values().filter(|e| e.vpc == vpc && answers(e));
        let mut found: Vec<_> = of_vpc
            .flat_map(|e| e.private_names().into_iter().map(move |record| (record, e)))
            .filter(|(record, _)| covers_name(record, name))
            .collect();
        found.sort_by_key(|(record, _)| std::cmp::Reverse((!record.starts_with("*."), record.len())));
        let (record, endpoint) = found.first()?;
        Some((record.trim_start_matches("*.").to_owned(), *endpoint))
    }

    /// Whether a route's target can carry packets; a route that is not active is a black hole.
    pub fn route_is_active(&self, vpc: VpcId, target: RouteTarget) -> bool {
        match target {
            RouteTarget::Local => true,
            RouteTarget::InternetGateway(id) => self.internet_gateways.get(&id).is_some_and(|g| g.vpc == Some(vpc)),
            RouteTarget::NatGateway(id) => {
                self.nat_gateways.get(&id).is_some_and(|n| n.state == NatGatewayState::Available)
            }
            RouteTarget::NetworkInterface(id) => self.interface_is_up(id),
            RouteTarget::Peering(id) => {
                self.peerings.get(&id).is_some_and(|p| p.is_active() && p.other_side(vpc).is_some())
            }
            RouteTarget::Endpoint(_) => false,
        }
    }

    /// Whether a route is active: its target can carry packets of the destination's family.
    pub fn is_active_route(&self, vpc: VpcId, route: &Route) -> bool {
        let is_v6 = matches!(route.destination, RouteDestination::Cidr(Cidr::V6(_)));
        let takes_v6 = match route.target {
            RouteTarget::Local | RouteTarget::InternetGateway(_) => true,
            RouteTarget::NetworkInterface(id) => {
                self.network_interfaces.get(&id).is_some_and(|eni| !eni.ipv6_addresses.is_empty())
            }
            RouteTarget::NatGateway(_) | RouteTarget::Peering(_) | RouteTarget::Endpoint(_) => false,
        };
        (!is_v6 || takes_v6) && self.route_is_active(vpc, route.target)
    }

    /// Whether the interface has a link: attached to an instance that runs, or held by a service.
    pub fn interface_is_up(&self, id: NetworkInterfaceId) -> bool {
        let Some(attachment) = self.network_interfaces.get(&id).and_then(|eni| eni.attachment.as_ref()) else {
            return false;
        };
        match attachment.instance {
            Some(instance) => self.instances.get(&instance).is_some_and(|i| i.has_links()),
            None => true,
        }
    }

    /// The public address that stands for a private one: an Elastic IP, else the automatic one.
    pub fn public_address(&self, interface: NetworkInterfaceId, private: Ipv4Addr) -> Option<Ipv4Addr> {
        match self.addresses.associated(interface, private) {
            Some(address) => Some(address.public_ip),
            None => self
                .network_interfaces
                .get(&interface)?
                .addresses
                .iter()
                .find(|a| a.address == private)
                .and_then(|a| a.auto_public),
        }
    }

    /// The interface in a VPC that has this private address.
    pub fn interface_by_address(&self, vpc: VpcId, address: IpAddr) -> Option<&NetworkInterface> {
        self.network_interfaces.at(vpc, address)
    }

    /// The instance's interfaces, by device index.
    pub fn interfaces_of_instance(&self, instance: InstanceId) -> Vec<&NetworkInterface> {
        self.network_interfaces.of_instance(instance).collect()
    }

    /// The gateway endpoint that the route table of `subnet` chooses for `destination`: longest prefix first; of equal
    /// length a user's CIDR route wins over a prefix list's.
    pub fn gateway_endpoint_for(&self, subnet: SubnetId, destination: IpAddr) -> Option<&VpcEndpoint> {
        let table = self.table_of_subnet(subnet)?;
        let (_, _, endpoint) = self
            .endpoint_routes(table.id)
            .into_iter()
            .flat_map(|route| {
                self.prefix_list_ranges(&table.region, route.prefix_list)
                    .into_iter()
                    .map(move |cidr| (Cidr::V4(cidr), 0, Some(route.endpoint)))
            })
            .chain(table.routes.iter().flat_map(|route| {
                match route.destination {
                    RouteDestination::Cidr(cidr) => vec![(cidr, 1, None)],
                    RouteDestination::PrefixList(id) => self
                        .prefix_list_ranges(&table.region, id)
                        .into_iter()
                        .map(|cidr| (Cidr::V4(cidr), 0, None))
                        .collect(),
                }
            }))
            .filter(|(cidr, _, _)| cidr.contains(destination))
            .max_by_key(|(cidr, rank, _)| (cidr.length(), *rank))?;
        self.endpoints.get(&endpoint?)
    }
}
