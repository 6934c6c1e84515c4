//! The answer: every stop outward and back, each with what decided there, and what barred the way.

use crate::name::Resolution;
use crate::packet::Packet;
use crate::question::Question;
use postern_names::*;
use std::net::IpAddr;

/// Everything that follows from a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    pub question: Question,
    /// How the name was understood, if a name was asked for.
    pub name: Option<Resolution>,
    /// In the order in which they are met; those behind a bar are what would be met without it.
    pub steps: Vec<Step>,
    /// Who gets the packet; `None` if something bars it on its way out.
    pub arrival: Option<Arrival>,
    /// Whether the answer comes back to the one that asked, from the address that was asked.
    pub is_answered: bool,
}

impl Trace {
    /// The first stop that bars the way.
    pub fn barred_at(&self) -> Option<&Step> {
        self.bars().next()
    }
    /// Every stop that bars the way or would.
    pub fn bars(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.cause.is_some())
    }
}

/// The packet on its way out, or the answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Outward,
    Back,
}

/// One stop that a packet meets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub way: Way,
    pub stop: Stop,
    /// Which one of its kind, and what in it decided.
    pub place: Place,
    /// The packet as it comes to the stop.
    pub packet: Packet,
    /// Why it goes no further; `None` if it does.
    pub cause: Option<Cause>,
}

/// The component of a stop, by AWS's ids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// Outside every component: an address that nobody has, the machine's own shell.
    Nowhere,
    Resolver(VpcId),
    Interface {
        id: NetworkInterfaceId,
        instance: Option<InstanceId>,
    },
    /// The groups of an interface, and the rule that admits.
    Groups {
        interface: NetworkInterfaceId,
        rule: Option<(SecurityGroupId, SecurityGroupRuleId)>,
    },
    /// The ACL of a subnet, and the number of the entry that decides; `None` is the last one, `*`.
    Acl {
        acl: NetworkAclId,
        subnet: SubnetId,
        entry: Option<u16>,
    },
    Table {
        table: RouteTableId,
        subnet: SubnetId,
        route: Option<Chosen>,
    },
    InternetGateway {
        /// `None` when the VPC has none.
        id: Option<InternetGatewayId>,
        private: Option<IpAddr>,
        public: Option<IpAddr>,
    },
    NatGateway {
        id: NatGatewayId,
        interface: NetworkInterfaceId,
    },
    Peering(VpcPeeringConnectionId),
    Endpoint {
        /// `None` when none is on the way.
        id: Option<VpcEndpointId>,
        /// Of an interface endpoint.
        interface: Option<NetworkInterfaceId>,
    },
    /// A public address of a service or a test site.
    Service(IpAddr),
}

/// The route that a table chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The range that matched: the route's own, or the one of its prefix list.
    pub range: Cidr,
    pub list: Option<PrefixListId>,
    pub next: Next,
}

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Local,
    InternetGateway(InternetGatewayId),
    NatGateway(NatGatewayId),
    Interface(NetworkInterfaceId),
    Peering(VpcPeeringConnectionId),
    Endpoint(VpcEndpointId),
    /// Link-local ranges, which no router forwards.
    Never,
}

/// Why a packet goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The name means nothing to the one that asks.
    UnknownName,
    /// The VPC's resolver is off.
    ResolverOff,
    /// The host's shell has no way into a VPC.
    HostIsOutside,
    NotRunning,
    NotAttached,
    /// The sender has no address of the family that is asked for.
    NoAddress,
    /// Nobody has the address.
    NobodyThere,
    /// The source/destination check of the interface that the route leads to.
    NotItsAddress,
    /// Nothing on the instance listens on the port.
    NoListener,
    /// No rule of the interface's groups admits it.
    NoRule,
    /// The groups have no rule in this direction.
    NoRules,
    /// An entry denies it, or none allows it.
    Denied,
    NoRoute,
    /// The route's target cannot carry packets.
    BlackHole,
    /// The interface has no public address.
    NoPublicAddress,
    /// A NAT gateway takes nothing that is for itself, and nothing that it did not ask for.
    NotAskedFor,
    /// An appliance gets it; what it does with it is its own matter.
    HandedOver,
    /// The endpoint, service or router does not answer that port or protocol.
    NotServed,
    /// The packet takes another way than the endpoint that was asked for.
    AnotherWay,
    /// The answer goes elsewhere, or seems to come from elsewhere.
    AnswerAstray,
    /// The packets went in circles.
    Circle,
    /// The zone that it is in is down.
    ZoneDown,
    /// The address is none of the ranges of the VPC at the other side of a peering connection, or one of its own services.
    NotInPeersRange,
}

/// Who gets a packet, and from which address it seems to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    pub who: Who,
    pub source: IpAddr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Instance(InstanceId),
    /// An instance that does not have the address.
    Appliance(InstanceId),
    /// A service through a VPC endpoint.
    Endpoint(VpcEndpointId),
    /// A service at its public address.
    Service,
    /// A test site of the internet.
    Site,
    /// Somebody on the internet.
    Internet,
    Resolver,
    Metadata,
}
