//! Which packets to follow between two ends: as few as their rules, routes and the scope's headers tell apart.

use super::ends::Candidate;
use super::statement::{Header, Statement, has};
use crate::endpoints::End;
use postern_explain::{Source, Target};
use postern_model::*;
use postern_names::*;
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};

/// Somebody on the internet (RFC 5737).
const SOMEBODY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// Ports that are tried before others.
const LIKELY: [u16; 3] = [443, 80, 22];
const CLIENT_PORT: u16 = 40_000;
/// Addresses of the internet that one pair is asked with at most.
const ADDRESSES_MAX: usize = 32;

/// The rules around an interface, by what they mean for the choice of packets.
#[derive(Default)]
pub struct Rules {
    ingress: Vec<(Protocol, PortRange)>,
    egress: Vec<(Protocol, PortRange)>,
    /// Ranges that the rules of each direction name.
    senders: Vec<Ipv4Cidr>,
    receivers: Vec<Ipv4Cidr>,
    /// Ports at which an entry of its subnet's ACL begins, or behind which it ends.
    acl_in: Vec<u16>,
    acl_out: Vec<u16>,
}

/// The rules around every interface.
pub struct AllRules(HashMap<NetworkInterfaceId, Rules>);

impl AllRules {
    pub fn of(world: &World) -> Self {
        let mut acls: HashMap<SubnetId, &NetworkAcl> = HashMap::new();
        for acl in world.network_acls.values() {
            acls.extend(acl.associations.iter().map(|(_, subnet)| (*subnet, acl)));
        }
        let mut tables: HashMap<SubnetId, Vec<Ipv4Cidr>> = HashMap::new();
        for subnet in world.subnets.keys() {
            let routes = world.table_of_subnet(*subnet).map(|table| table.routes.as_slice()).unwrap_or_default();
            let ranges = routes.iter().flat_map(|route| match route.destination {
                RouteDestination::Cidr(Cidr::V4(range)) => vec![range],
                // Network Access Analyzer knows IPv4 alone.
                RouteDestination::Cidr(Cidr::V6(_)) => Vec::new(),
                RouteDestination::PrefixList(list) => any_region(world, list),
            });
            tables.insert(*subnet, ranges.collect());
        }
        let one = |eni: &NetworkInterface| {
            let mut rules = Rules::default();
            for rule in eni.groups.iter().filter_map(|id| world.security_groups.get(id)).flat_map(|group| &group.rules)
            {
                let ports = rule.ports.unwrap_or(PortRange::ALL);
                let (list, ranges) = match rule.direction {
                    RuleDirection::Ingress => (&mut rules.ingress, &mut rules.senders),
                    RuleDirection::Egress => (&mut rules.egress, &mut rules.receivers),
                };
                list.push((rule.protocol, ports));
                match &rule.peer {
                    GroupPeer::Cidr(range) => ranges.push(*range),
                    GroupPeer::PrefixList(list) => ranges.extend(any_region(world, *list)),
                    _ => {}
                }
            }
            rules.receivers.extend(tables.get(&eni.subnet).into_iter().flatten());
            for entry in acls.get(&eni.subnet).into_iter().flat_map(|acl| &acl.entries) {
                rules.edges(entry);
            }
            (eni.id, rules)
        };
        Self(world.network_interfaces.values().map(one).collect())
    }

    fn around(&self, interfaces: &[NetworkInterfaceId]) -> impl Iterator<Item = &Rules> {
        interfaces.iter().filter_map(|id| self.0.get(id))
    }

    /// Ports that the rules tell apart and that some group at either end lets through.
    pub fn ports(&self, from: &Candidate, to: &Candidate, protocol: Protocol, asked: &Asked<'_>) -> Vec<u16> {
        let mut found: BTreeSet<u16> = LIKELY.into_iter().collect();
        for header in asked.headers() {
            found.extend(header.destination_ports.iter().map(|range| range.first));
        }
        for other in asked.excluded {
            let ranges =
                other.source.header.destination_ports.iter().chain(&other.destination.header.destination_ports);
            found.extend(ranges.filter_map(|range| range.last.checked_add(1)));
        }
        let of_protocol = |rules: &[(Protocol, PortRange)]| -> Vec<PortRange> {
            rules.iter().filter(|(own, _)| *own == protocol || *own == Protocol::All).map(|(_, ports)| *ports).collect()
        };
        let mut sides: Vec<Vec<PortRange>> = Vec::new();
        for (end, is_out) in [(from, true), (to, false)] {
            if end.interfaces.is_empty() {
                continue;
            }
            let mut admitted = Vec::new();
            for rules in self.around(&end.interfaces) {
                admitted.extend(of_protocol(if is_out { &rules.egress } else { &rules.ingress }));
                found.extend(if is_out { &rules.acl_out } else { &rules.acl_in });
            }
            found.extend(admitted.iter().map(|range| range.first));
            sides.push(admitted);
        }
        let is_asked = |port: u16| asked.headers().all(|header| has(&header.destination_ports, |r| r.contains(port)));
        let is_admitted = |port: u16| sides.iter().all(|side| side.iter().any(|range| range.contains(port)));
        let rank = |port: &u16| LIKELY.iter().position(|likely| likely == port).unwrap_or(LIKELY.len());
        let mut ports: Vec<u16> = found.into_iter().filter(|port| is_asked(*port) && is_admitted(*port)).collect();
        ports.sort_by_key(rank);
        ports
    }

    /// Where each packet comes from and goes to.
    pub fn ways(&self, world: &World, from: &Candidate, to: &Candidate, asked: &Asked<'_>) -> Vec<Way> {
        let inside = |ranges: &Option<Vec<Ipv4Cidr>>, address: Ipv4Addr| {
            ranges.as_ref().is_none_or(|all| all.iter().any(|range| range.contains(address)))
        };
        match (from.end, to.end) {
            (End::Interface(id), End::InternetGateway(_)) => {
                let own = own_addresses(world, id, &asked.matched.source.header.sources);
                let wanted = asked.matched.destination.header.destinations.as_ref();
                let wanted = wanted.or(asked.matched.source.header.destinations.as_ref());
                let receivers = self.around(&from.interfaces).flat_map(|rules| &rules.receivers);
                let left_out = asked.excluded_ranges(|header| header.destinations.as_ref());
                let there = outside(world, from.vpc, wanted, receivers, &left_out);
                let pairs = own.into_iter().flat_map(|own| there.iter().map(move |to| (own, *to)));
                pairs
                    .map(|(own, to)| Way {
                        from: Source::Interface(id),
                        to: Target::Address(to.into()),
                        own: Some(own),
                    })
                    .collect()
            }
            (End::InternetGateway(_), _) => {
                let wanted = asked.matched.source.header.sources.as_ref();
                let wanted = wanted.or(asked.matched.destination.header.sources.as_ref());
                let senders = self.around(&to.interfaces).flat_map(|rules| &rules.senders);
                let left_out = asked.excluded_ranges(|header| header.sources.as_ref());
                let there = outside(world, to.vpc, wanted, senders, &left_out);
                let pairs = there.into_iter().flat_map(|from| to.publics.iter().map(move |to| (from, *to)));
                let way = |(from, to): (Ipv4Addr, Ipv4Addr)| Way {
                    from: Source::Internet(IpAddr::V4(from)),
                    to: Target::Address(IpAddr::V4(to)),
                    own: None,
                };
                pairs.map(way).collect()
            }
            (End::Interface(id), End::Interface(other)) => {
                let own = own_addresses(world, id, &asked.matched.source.header.sources);
                let wanted = &asked.matched.destination.header.destinations;
                let there: Vec<Target> = match wanted {
                    None => vec![Target::Interface(other)],
                    Some(_) => {
                        let all = world.network_interfaces.get(&other).into_iter().flat_map(|eni| &eni.addresses);
                        all.map(|a| a.address)
                            .filter(|a| inside(wanted, *a))
                            .map(|a| Target::Address(a.into()))
                            .collect()
                    }
                };
                let pairs = own.into_iter().flat_map(|own| there.iter().map(move |to| (own, to.clone())));
                pairs.map(|(own, to)| Way { from: Source::Interface(id), to, own: Some(own) }).collect()
            }
            (End::Interface(id), End::Endpoint(endpoint)) => {
                vec![Way { from: Source::Interface(id), to: Target::Endpoint(endpoint), own: None }]
            }
            (End::Interface(id), End::Peering(peering)) => {
                let there = beyond(world, from.vpc, peering);
                there
                    .into_iter()
                    .map(|to| Way { from: Source::Interface(id), to: Target::Address(to.into()), own: None })
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// One way that packets are sent by.
pub struct Way {
    pub from: Source,
    pub to: Target,
    /// The address that the sender speaks from; `None`: its primary one.
    pub own: Option<Ipv4Addr>,
}

/// The path that is looked for, and those that are not.
pub struct Asked<'s> {
    pub matched: &'s Statement,
    pub excluded: &'s [Statement],
}

impl Asked<'_> {
    fn headers(&self) -> impl Iterator<Item = &Header> {
        [&self.matched.source.header, &self.matched.destination.header].into_iter()
    }

    /// Ranges of one side that exclude paths name.
    fn excluded_ranges(&self, of: impl Fn(&Header) -> Option<&Vec<Ipv4Cidr>>) -> Vec<Ipv4Cidr> {
        let headers = self.excluded.iter().flat_map(|other| [&other.source.header, &other.destination.header]);
        headers.filter_map(of).flatten().copied().collect()
    }

    pub fn protocols(&self) -> impl Iterator<Item = Protocol> {
        let all = [Protocol::Tcp, Protocol::Udp].into_iter();
        all.filter(|protocol| self.headers().all(|header| has(&header.protocols, |own| own == protocol)))
    }

    /// A port to speak from: the scope's, if it names some.
    pub fn source_port(&self) -> Option<u16> {
        let is_good = |port: u16| self.headers().all(|header| has(&header.source_ports, |range| range.contains(port)));
        let named = self.headers().flat_map(|header| &header.source_ports).map(|range| range.first);
        [CLIENT_PORT].into_iter().chain(named).find(|port| is_good(*port))
    }
}

impl Rules {
    fn edges(&mut self, entry: &AclEntry) {
        let ports = entry.ports.unwrap_or(PortRange::ALL);
        let list = if entry.egress { &mut self.acl_out } else { &mut self.acl_in };
        list.push(ports.first);
        list.extend(ports.last.checked_add(1));
    }
}

fn any_region(world: &World, list: PrefixListId) -> Vec<Ipv4Cidr> {
    let ranges = world.regions().into_iter().map(|region| world.prefix_list_ranges(&region, list));
    ranges.into_iter().find(|ranges| !ranges.is_empty()).unwrap_or_default()
}

/// Those of an interface's addresses that the scope names; its primary one if it names none.
fn own_addresses(world: &World, id: NetworkInterfaceId, wanted: &Option<Vec<Ipv4Cidr>>) -> Vec<Ipv4Addr> {
    let Some(eni) = world.network_interfaces.get(&id) else { return Vec::new() };
    let all = eni.addresses.iter().map(|address| address.address);
    match wanted {
        None => eni.primary_address().into_iter().collect(),
        Some(ranges) => all.filter(|address| ranges.iter().any(|range| range.contains(*address))).collect(),
    }
}

/// Addresses of the internet: one of each range that is asked for, and of each range that the rules name in them; and the next one
/// behind each range that is left out, so that leaving out a part of a range does not leave out the rest.
fn outside<'r>(
    world: &World,
    vpc: VpcId,
    wanted: Option<&Vec<Ipv4Cidr>>,
    named: impl Iterator<Item = &'r Ipv4Cidr>,
    left_out: &[Ipv4Cidr],
) -> Vec<Ipv4Addr> {
    let own: Vec<Ipv4Cidr> =
        world.vpcs.get(&vpc).into_iter().flat_map(|vpc| &vpc.cidrs).map(|cidr| cidr.cidr).collect();
    let is_outside = |address: &Ipv4Addr| !address.is_private() && !own.iter().any(|range| range.contains(*address));
    let one_of = |range: Ipv4Cidr| match range.contains(SOMEBODY) {
        true => Some(SOMEBODY),
        false if range.length() >= 31 => Some(range.network()),
        false => range.nth(1),
    };
    let everything = [Ipv4Cidr::ALL];
    let wanted = wanted.map_or(everything.as_slice(), Vec::as_slice);
    let mut found: Vec<Ipv4Addr> = Vec::new();
    let narrower = named.filter(|range| wanted.iter().any(|w| w.contains(range.network())));
    let behind = left_out.iter().filter_map(|range| u32::from(range.last()).checked_add(1)).map(Ipv4Addr::from);
    let behind = behind.filter(|address| wanted.iter().any(|w| w.contains(*address)));
    let first = wanted.iter().copied().chain(narrower.copied()).filter_map(one_of);
    for address in first.chain(behind).filter(is_outside) {
        if !found.contains(&address) && found.len() < ADDRESSES_MAX {
            found.push(address);
        }
    }
    found
}

/// An address in the VPC at the other side: somebody's, or nobody's if it is empty.
fn beyond(world: &World, vpc: VpcId, peering: VpcPeeringConnectionId) -> Option<Ipv4Addr> {
    let peering = world.peerings.get(&peering)?;
    let far = [peering.requester.vpc, peering.accepter.vpc].into_iter().find(|side| *side != vpc)?;
    let there = world.network_interfaces.values().find(|eni| eni.vpc == far);
    there.and_then(NetworkInterface::primary_address).or(world.vpcs.get(&far)?.cidrs.first()?.cidr.nth(10))
}
