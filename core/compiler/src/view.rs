//! One VPC out of the World: what several stops look at, collected once.

use postern_model::*;
use postern_names::*;
use postern_program::Namespace;
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(crate) struct View<'w> {
    pub world: &'w World,
    pub vpc: &'w Vpc,
    pub subnets: BTreeMap<SubnetId, &'w Subnet>,
    /// The route table that governs each subnet.
    tables: BTreeMap<SubnetId, &'w RouteTable>,
    /// The ACL at each subnet's border.
    acls: BTreeMap<SubnetId, &'w NetworkAcl>,
    /// The interfaces that have a link, by id.
    pub interfaces: Vec<Interface<'w>>,
    /// The addresses of interface endpoints in zones that are up, which are in the VPC's own namespace and have no link.
    pub doors: Vec<EndpointDoor<'w>>,
    /// The internet gateway attached to the VPC.
    pub internet_gateway: Option<InternetGatewayId>,
    /// The VPCs that it is peered with.
    pub peers: Vec<Peer<'w>>,
}

/// A VPC at the other side of an active peering connection.
pub(crate) struct Peer<'w> {
    pub peering: &'w VpcPeeringConnection,
    pub other: &'w PeeringSide,
    pub link: String,
    pub ranges: Vec<Cidr>,
}

/// An interface that has a link.
pub(crate) struct Interface<'w> {
    pub eni: &'w NetworkInterface,
    pub subnet: &'w Subnet,
    /// The name of its near end, in the VPC's namespace.
    pub link: String,
    pub holder: Holder<'w>,
}

/// An interface of an interface endpoint.
pub(crate) struct EndpointDoor<'w> {
    pub endpoint: &'w VpcEndpoint,
    pub eni: &'w NetworkInterface,
    pub subnet: &'w Subnet,
    pub address: IpAddr,
}

/// What has the interface's far end.
#[derive(Clone, Copy)]
pub(crate) enum Holder<'w> {
    Instance(InstanceId, u32),
    NatGateway(&'w NatGateway),
}

impl<'w> View<'w> {
    /// `None` when the VPC is gone.
    pub fn new(world: &'w World, id: VpcId) -> Option<Self> {
        let vpc = world.vpcs.get(&id)?;
        let subnets: BTreeMap<_, _> =
            world.subnets.iter().filter(|(_, s)| s.vpc == id).map(|(id, s)| (*id, s)).collect();
        let interfaces = world
            .network_interfaces
            .values()
            .filter(|eni| eni.vpc == id && world.interface_is_up(eni.id))
            .filter_map(|eni| {
                let holder = holder(world, eni)?;
                Some(Interface { eni, subnet: subnets.get(&eni.subnet)?, link: eni.link_name(), holder })
            })
            .collect();
        let doors = doors(world, id, &subnets);
        let internet_gateway = world.internet_gateways.values().find(|g| g.vpc == Some(id)).map(|g| g.id);
        let there = world.peerings_of(id).filter(|(_, other)| world.vpcs.contains_key(&other.vpc));
        let peers = there
            .map(|(peering, other)| Peer {
                peering,
                other,
                link: peering.link_name(),
                ranges: world.ranges_of_side(other).into_iter().map(Cidr::V4).collect(),
            })
            .collect();
        let (tables, acls) = (tables(world, id, &subnets), acls(world, id));
        Some(Self { world, vpc, subnets, tables, acls, interfaces, doors, internet_gateway, peers })
    }

    /// Whether nothing could send a packet into the VPC or take one from it. A wire to a peer needs both its ends.
    pub fn is_idle(&self) -> bool {
        self.interfaces.is_empty() && self.doors.is_empty() && self.peers.is_empty()
    }

    pub fn namespace(&self) -> Namespace {
        Namespace::Vpc(self.vpc.id)
    }

    pub fn table_of(&self, subnet: SubnetId) -> Option<&'w RouteTable> {
        self.tables.get(&subnet).copied()
    }

    pub fn acl_of(&self, subnet: SubnetId) -> Option<&'w NetworkAcl> {
        self.acls.get(&subnet).copied()
    }

    pub fn cidrs(&self, family: IpFamily) -> impl Iterator<Item = Cidr> {
        self.vpc.ranges().filter(move |range| range.family() == family)
    }

    /// The families that the VPC has ranges of.
    pub fn families(&self) -> impl Iterator<Item = IpFamily> {
        IpFamily::ALL.into_iter().filter(|family| self.cidrs(*family).next().is_some())
    }

    /// The addresses of endpoints, of one family.
    pub fn doors(&self, family: IpFamily) -> impl Iterator<Item = &EndpointDoor<'w>> {
        self.doors.iter().filter(move |door| IpFamily::of(door.address) == family)
    }

    pub fn interface(&self, id: NetworkInterfaceId) -> Option<&Interface<'w>> {
        self.interfaces.iter().find(|i| i.eni.id == id)
    }

    /// The addresses of the VPC's own namespace: routers, resolver, metadata. No group and no ACL filters them.
    pub fn router_addresses(&self, family: IpFamily) -> Vec<IpAddr> {
        if family == IpFamily::V6 {
            return vec![crate::instance::ROUTER_V6.into(), crate::internet_gateway::VPC_SIDE_V6.into()];
        }
        let routers = self.subnets.values().filter_map(|subnet| subnet.router()).map(IpAddr::V4);
        let mut all: Vec<IpAddr> =
            routers.chain(crate::name::addresses(self)).chain([crate::metadata::ADDRESS]).collect();
        if self.internet_gateway.is_some() {
            all.push(crate::internet_gateway::VPC_SIDE);
        }
        all.sort();
        all.dedup();
        all
    }
}

impl Peer<'_> {
    /// The name of the set of its ranges.
    pub fn set(&self) -> String {
        format!("s_pcx_{}", self.peering.id.digits())
    }
}

impl Interface<'_> {
    pub fn addresses(&self, family: IpFamily) -> impl Iterator<Item = IpAddr> {
        self.eni.every_address().filter(move |address| IpFamily::of(*address) == family)
    }

    /// The namespace of the far end.
    pub fn namespace(&self) -> Namespace {
        match self.holder {
            Holder::Instance(id, _) => Namespace::Instance(id),
            Holder::NatGateway(gateway) => Namespace::Nat(gateway.id),
        }
    }

    /// The name of the far end: `ens5` for the first device, as on an instance of AWS.
    pub fn device(&self) -> String {
        let index = match self.holder {
            Holder::Instance(_, index) => index,
            Holder::NatGateway(_) => 0,
        };
        format!("ens{}", 5 + u64::from(index))
    }
}

/// Each subnet's own table, else the VPC's main one.
fn tables<'w>(
    world: &'w World,
    vpc: VpcId,
    subnets: &BTreeMap<SubnetId, &'w Subnet>,
) -> BTreeMap<SubnetId, &'w RouteTable> {
    let of_vpc: Vec<&RouteTable> = world.route_tables.values().filter(|table| table.vpc == vpc).collect();
    let main = of_vpc.iter().find(|table| table.is_main());
    let mut governing: BTreeMap<SubnetId, &RouteTable> =
        main.into_iter().flat_map(|main| subnets.keys().map(|id| (*id, *main))).collect();
    for table in of_vpc {
        governing.extend(table.associations.iter().filter_map(|a| Some((a.subnet?, table))));
    }
    governing
}

fn acls(world: &World, vpc: VpcId) -> BTreeMap<SubnetId, &NetworkAcl> {
    let of_vpc = world.network_acls.values().filter(|acl| acl.vpc == vpc);
    of_vpc.flat_map(|acl| acl.associations.iter().map(move |(_, subnet)| (*subnet, acl))).collect()
}

fn doors<'w>(world: &'w World, vpc: VpcId, subnets: &BTreeMap<SubnetId, &'w Subnet>) -> Vec<EndpointDoor<'w>> {
    let endpoints = world.endpoints.values().filter(|e| e.vpc == vpc && e.state == EndpointState::Available);
    let is_up = |door: &EndpointDoor<'_>| !world.zone_is_down(&door.eni.zone);
    let places = endpoints
        .filter_map(|e| Some((e, e.interface()?)))
        .flat_map(|(e, own)| own.subnets.iter().map(move |place| (e, place)));
    places
        .filter_map(|(endpoint, place)| {
            let eni = world.network_interfaces.get(&place.interface)?;
            Some((endpoint, eni, *subnets.get(&place.subnet)?))
        })
        .flat_map(|(endpoint, eni, subnet)| {
            eni.every_address().map(move |address| EndpointDoor { endpoint, eni, subnet, address })
        })
        .filter(is_up)
        .collect()
}

fn holder<'w>(world: &'w World, eni: &NetworkInterface) -> Option<Holder<'w>> {
    let attachment = eni.attachment.as_ref()?;
    match (eni.kind, attachment.instance) {
        (InterfaceKind::Interface, Some(instance)) => Some(Holder::Instance(instance, attachment.device_index)),
        (InterfaceKind::NatGateway, None) => world
            .nat_gateways
            .values()
            .find(|nat| nat.interface == Some(eni.id))
            .filter(|nat| matches!(nat.state, NatGatewayState::Pending | NatGatewayState::Available))
            .map(Holder::NatGateway),
        _ => None,
    }
}
