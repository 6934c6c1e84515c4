//! What holds in every World that the verbs make. A flaw is a bug of ours, never of a caller.

use crate::*;
use postern_names::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::Ipv4Addr;

impl World {
    /// One sentence per broken invariant; empty for a good World.
    pub fn flaws(&self) -> Vec<String> {
        let mut flaws = Flaws::default();
        self.check_vpcs(&mut flaws);
        self.check_subnets(&mut flaws);
        self.check_route_tables(&mut flaws);
        self.check_acls_and_groups(&mut flaws);
        self.check_interfaces(&mut flaws);
        self.check_instances(&mut flaws);
        self.check_public_addresses(&mut flaws);
        self.check_gateways(&mut flaws);
        self.check_endpoints(&mut flaws);
        self.check_peerings(&mut flaws);
        flaws.0
    }

    fn check_vpcs(&self, flaws: &mut Flaws) {
        for vpc in self.vpcs.values() {
            let id = vpc.id;
            let count = |what: &str, n: usize, flaws: &mut Flaws| {
                flaws.unless(n == 1, || format!("{id} has {n} {what}"));
            };
            count(
                "main route tables",
                self.route_tables.values().filter(|t| t.vpc == id && t.is_main()).count(),
                flaws,
            );
            count("default ACLs", self.network_acls.values().filter(|a| a.vpc == id && a.is_default).count(), flaws);
            let groups = self.security_groups.values().filter(|g| g.vpc == id && g.is_default()).count();
            count("default groups", groups, flaws);
            let gateways = self.internet_gateways.values().filter(|g| g.vpc == Some(id)).count();
            flaws.unless(gateways <= 1, || format!("{id} has {gateways} internet gateways"));
            flaws.unless(!vpc.cidrs.is_empty(), || format!("{id} has no range"));
            for (place, a) in vpc.cidrs.iter().enumerate() {
                let overlaps = vpc.cidrs.iter().skip(place + 1).any(|b| a.cidr.overlaps(b.cidr));
                flaws.unless(!overlaps, || format!("{id} has {} twice", a.cidr));
            }
        }
        let defaults = self.vpcs.values().filter(|v| v.is_default).map(|v| (v.owner, v.region.clone()));
        flaws.once("a default VPC of", defaults.map(|(owner, region)| format!("{owner} in {region}")));
    }

    fn check_subnets(&self, flaws: &mut Flaws) {
        for subnet in self.subnets.values() {
            let id = subnet.id;
            let Some(vpc) = self.vpcs.get(&subnet.vpc) else {
                flaws.add(format!("{id} lies in {}, which is gone", subnet.vpc));
                continue;
            };
            let is_inside = vpc.cidrs.iter().any(|c| c.cidr.covers(subnet.cidr));
            flaws.unless(is_inside, || format!("{id} with {} lies outside {}", subnet.cidr, vpc.id));
            flaws.unless(subnet.number >= 1 && subnet.number < vpc.next_subnet_number, || {
                format!("{id} has the number {} that its VPC has not given out", subnet.number)
            });
            if let Some(own) = &subnet.ipv6 {
                let is_inside = vpc.ipv6_cidrs.iter().any(|range| range.cidr.covers(own.cidr));
                flaws.unless(is_inside, || format!("{id} with {} lies outside {}", own.cidr, vpc.id));
            }
            let acls: Vec<_> = self.network_acls.values().flat_map(|a| &a.associations).filter(|a| a.1 == id).collect();
            flaws.unless(acls.len() == 1, || format!("{id} is in {} ACLs", acls.len()));
            let tables =
                self.route_tables.values().flat_map(|t| &t.associations).filter(|a| a.subnet == Some(id)).count();
            flaws.unless(tables <= 1, || format!("{id} is associated with {tables} route tables"));
            let overlaps =
                |other: &&Subnet| other.id > id && other.vpc == subnet.vpc && other.cidr.overlaps(subnet.cidr);
            if let Some(other) = self.subnets.values().find(overlaps) {
                flaws.add(format!("{id} and {} overlap", other.id));
            }
        }
        let of_pool = self.vpcs.values().flat_map(|vpc| &vpc.ipv6_cidrs).map(|range| range.cidr);
        flaws.once("the IPv6 range of a VPC", of_pool);
        let ranges = self.subnets.values().filter_map(|subnet| subnet.ipv6.as_ref()).map(|own| own.cidr);
        flaws.once("the IPv6 range of a subnet", ranges);
        flaws.once("the subnet number", self.subnets.values().map(|s| format!("{} of {}", s.number, s.vpc)));
    }

    fn check_route_tables(&self, flaws: &mut Flaws) {
        for table in self.route_tables.values() {
            let id = table.id;
            let Some(vpc) = self.vpcs.get(&table.vpc) else {
                flaws.add(format!("{id} is of {}, which is gone", table.vpc));
                continue;
            };
            flaws.unless(table.number >= 1 && table.number < vpc.next_table_number, || {
                format!("{id} has the number {} that its VPC has not given out", table.number)
            });
            for association in &table.associations {
                let Some(subnet) = association.subnet else { continue };
                let is_of_vpc = self.subnets.get(&subnet).is_some_and(|s| s.vpc == table.vpc);
                flaws.unless(is_of_vpc, || format!("{id} is associated with {subnet}, which is not of its VPC"));
            }
            let destinations: BTreeSet<_> = table.routes.iter().map(|r| r.destination).collect();
            flaws
                .unless(destinations.len() == table.routes.len(), || format!("{id} has two routes of one destination"));
            let is_local = |r: &&Route| vpc.ranges().any(|range| r.destination == RouteDestination::Cidr(range));
            flaws.unless(!table.routes.iter().any(|r| is_local(&r)), || format!("{id} stores a local route"));
            let derived: Vec<_> = self.endpoint_routes(id).into_iter().map(|r| r.prefix_list).collect();
            flaws.once(&format!("in {id} the prefix list"), derived.iter().copied());
            let is_derived =
                |r: &Route| matches!(r.destination, RouteDestination::PrefixList(l) if derived.contains(&l));
            flaws.unless(!table.routes.iter().any(is_derived), || {
                format!("{id} has an endpoint's route and a user's for it")
            });
        }
        flaws.once("the table number", self.route_tables.values().map(|t| format!("{} of {}", t.number, t.vpc)));
    }

    fn check_acls_and_groups(&self, flaws: &mut Flaws) {
        for acl in self.network_acls.values() {
            let id = acl.id;
            flaws.unless(self.vpcs.contains_key(&acl.vpc), || format!("{id} is of {}, which is gone", acl.vpc));
            for (_, subnet) in &acl.associations {
                let is_of_vpc = self.subnets.get(subnet).is_some_and(|s| s.vpc == acl.vpc);
                flaws.unless(is_of_vpc, || format!("{id} is associated with {subnet}, which is not of its VPC"));
            }
            let numbers = acl.entries.iter().map(|e| format!("{} egress {}", e.number, e.egress));
            flaws.once(&format!("in {id} the entry"), numbers);
        }
        for group in self.security_groups.values() {
            let id = group.id;
            flaws.unless(self.vpcs.contains_key(&group.vpc), || format!("{id} is of {}, which is gone", group.vpc));
        }
        flaws.once("the group name", self.security_groups.values().map(|g| format!("{} of {}", g.name, g.vpc)));
        let rules = self.security_groups.values().flat_map(|g| g.rules.iter().map(|r| r.id));
        flaws.once("the rule", rules);
    }

    fn check_interfaces(&self, flaws: &mut Flaws) {
        for eni in self.network_interfaces.values() {
            let id = eni.id;
            let Some(subnet) = self.subnets.get(&eni.subnet) else {
                flaws.add(format!("{id} lies in {}, which is gone", eni.subnet));
                continue;
            };
            flaws.unless(subnet.vpc == eni.vpc, || format!("{id} and its subnet are in two VPCs"));
            flaws.unless(!eni.addresses.is_empty(), || format!("{id} has no address"));
            for address in eni.addresses.iter().map(|a| a.address) {
                let is_good = subnet.cidr.contains(address)
                    && address != subnet.cidr.last()
                    && subnet.cidr.nth(4).is_some_and(|first| address >= first);
                flaws.unless(is_good, || format!("{id} has {address}, which {} cannot give", subnet.id));
            }
            for address in &eni.ipv6_addresses {
                let range = subnet.ipv6.as_ref().map(|own| own.cidr);
                let is_good = range.is_some_and(|range| {
                    range.contains(*address)
                        && *address != range.last()
                        && range.nth(4).is_some_and(|first| *address >= first)
                });
                flaws.unless(is_good, || format!("{id} has {address}, which {} cannot give", subnet.id));
            }
            for group in &eni.groups {
                let is_of_vpc = self.security_groups.get(group).is_some_and(|g| g.vpc == eni.vpc);
                flaws.unless(is_of_vpc, || format!("{id} is in {group}, which is not of its VPC"));
            }
            if let Some(instance) = eni.attachment.as_ref().and_then(|a| a.instance) {
                let is_there = self.instances.get(&instance).is_some_and(|i| i.state != InstanceState::Terminated);
                flaws.unless(is_there, || format!("{id} is attached to {instance}, which is gone"));
            }
        }
        let addresses =
            self.network_interfaces.values().flat_map(|e| e.every_address().map(move |address| (e.vpc, address)));
        flaws.once("the private address", addresses.map(|(vpc, address)| format!("{address} of {vpc}")));
        flaws.once("the MAC", self.network_interfaces.values().map(|e| format!("{} of {}", e.mac_text(), e.vpc)));
        flaws
            .once("the link name", self.network_interfaces.values().map(|e| format!("{} of {}", e.link_name(), e.vpc)));
    }

    fn check_instances(&self, flaws: &mut Flaws) {
        for instance in self.instances.values().filter(|i| i.state != InstanceState::Terminated) {
            let id = instance.id;
            let interfaces = self.interfaces_of_instance(id);
            let indexes: Vec<u32> =
                interfaces.iter().filter_map(|e| Some(e.attachment.as_ref()?.device_index)).collect();
            flaws.unless(indexes.first() == Some(&0), || format!("{id} has no primary interface"));
            flaws.once(&format!("of {id} the device index"), indexes);
            for eni in interfaces {
                let is_near = eni.vpc == instance.vpc && eni.zone == instance.zone;
                flaws.unless(is_near, || format!("{id} and {} are in two VPCs or zones", eni.id));
            }
        }
    }

    fn check_public_addresses(&self, flaws: &mut Flaws) {
        let mut ends: BTreeMap<(NetworkInterfaceId, Ipv4Addr), AllocationId> = BTreeMap::new();
        for address in self.addresses.values() {
            let Some((_, eni, private)) = address.association else { continue };
            let has_it = |e: &NetworkInterface| e.addresses.iter().any(|a| a.address == private);
            let is_there = self.network_interfaces.get(&eni).is_some_and(has_it);
            flaws.unless(is_there, || format!("{} stands for {private} of {eni}, which is gone", address.allocation));
            if let Some(other) = ends.insert((eni, private), address.allocation) {
                flaws.add(format!("{other} and {} both stand for {private} of {eni}", address.allocation));
            }
        }
        let automatic = self.network_interfaces.values().flat_map(|e| e.addresses.iter().filter_map(|a| a.auto_public));
        flaws.once("the public address", self.addresses.values().map(|a| a.public_ip).chain(automatic));
    }

    fn check_gateways(&self, flaws: &mut Flaws) {
        for gateway in self.internet_gateways.values() {
            let is_there = gateway.vpc.is_none_or(|vpc| self.vpcs.contains_key(&vpc));
            flaws.unless(is_there, || format!("{} is attached to a VPC that is gone", gateway.id));
        }
        for nat in self.nat_gateways.values() {
            let id = nat.id;
            let interface = nat.interface.and_then(|eni| self.network_interfaces.get(&eni));
            let is_available = nat.state == NatGatewayState::Available;
            flaws.unless(is_available == interface.is_some(), || {
                format!("{id} is {:?} and has the interface {:?}", nat.state, nat.interface)
            });
            let has_address = || nat.allocation.and_then(|a| self.addresses.get(&a)).and_then(|a| a.association);
            let is_public = !is_available || !nat.is_public || has_address().map(|(_, eni, _)| eni) == nat.interface;
            flaws.unless(is_public, || format!("{id} is public and its Elastic IP leads elsewhere"));
        }
    }

    fn check_endpoints(&self, flaws: &mut Flaws) {
        for endpoint in self.endpoints.values() {
            let id = endpoint.id;
            flaws.unless(self.vpcs.contains_key(&endpoint.vpc), || {
                format!("{id} is of {}, which is gone", endpoint.vpc)
            });
            for table in endpoint.route_tables() {
                let is_of_vpc = self.route_tables.get(table).is_some_and(|t| t.vpc == endpoint.vpc);
                flaws.unless(is_of_vpc, || format!("{id} is on {table}, which is not of its VPC"));
            }
            flaws.once(&format!("on {id} the table"), endpoint.route_tables().iter().copied());
            if let Some(own) = endpoint.interface() {
                self.check_interface_endpoint(endpoint, own, flaws);
            }
        }
        let held = self.endpoints.values().filter_map(VpcEndpoint::interface).flat_map(|own| &own.subnets);
        let held: BTreeSet<_> = held.map(|place| place.interface).collect();
        for eni in self.network_interfaces.values().filter(|eni| eni.kind == InterfaceKind::VpcEndpoint) {
            flaws.unless(held.contains(&eni.id), || format!("{} is of no endpoint", eni.id));
        }
        let names = self.endpoints.values().flat_map(|e| e.private_names().into_iter().map(move |name| (e.vpc, name)));
        flaws.once("the private name", names.map(|(vpc, name)| format!("{name} of {vpc}")));
    }

    fn check_interface_endpoint(&self, endpoint: &VpcEndpoint, own: &InterfaceEndpoint, flaws: &mut Flaws) {
        let id = endpoint.id;
        for place in &own.subnets {
            let is_its = |eni: &NetworkInterface| {
                eni.kind == InterfaceKind::VpcEndpoint
                    && eni.vpc == endpoint.vpc
                    && eni.subnet == place.subnet
                    && eni.groups == own.groups
            };
            let is_good = self.network_interfaces.get(&place.interface).is_some_and(is_its);
            flaws.unless(is_good, || format!("{id} and its {} do not fit together", place.interface));
        }
        let zones = own.subnets.iter().filter_map(|place| self.subnets.get(&place.subnet)).map(|s| s.zone.to_string());
        flaws.once(&format!("of {id} the zone"), zones);
        flaws.unless(!own.groups.is_empty(), || format!("{id} has no group"));
        flaws.unless(endpoint.interface_service().is_some(), || format!("{id} is for no service of its type"));
    }

    fn check_peerings(&self, flaws: &mut Flaws) {
        let active: Vec<_> = self.peerings.values().filter(|peering| peering.is_active()).collect();
        for peering in &active {
            let id = peering.id;
            let ranges = |side: &PeeringSide| self.vpcs.get(&side.vpc).map(|_| self.ranges_of_side(side));
            match (ranges(&peering.requester), ranges(&peering.accepter)) {
                (Some(near), Some(far)) => {
                    let overlap = near.iter().any(|a| far.iter().any(|b| a.overlaps(*b)));
                    flaws.unless(!overlap, || format!("{id} joins VPCs that overlap"));
                }
                _ => flaws.add(format!("{id} is active and one of its VPCs is gone")),
            }
        }
        flaws.once(
            "the peering of",
            active.iter().map(|p| {
                let (a, b) = (p.requester.vpc, p.accepter.vpc);
                format!("{} and {}", a.min(b), a.max(b))
            }),
        );
    }
}

#[derive(Default)]
struct Flaws(Vec<String>);

impl Flaws {
    fn add(&mut self, flaw: String) {
        self.0.push(flaw);
    }
    fn unless(&mut self, is_good: bool, flaw: impl FnOnce() -> String) {
        if !is_good {
            self.add(flaw());
        }
    }
    /// Everything of the list is there once.
    fn once<T: Ord + Display>(&mut self, what: &str, all: impl IntoIterator<Item = T>) {
        let mut seen = BTreeSet::new();
        for item in all {
            if seen.contains(&item) {
                self.add(format!("{what} {item} is there twice"));
            }
            seen.insert(item);
        }
    }
}
