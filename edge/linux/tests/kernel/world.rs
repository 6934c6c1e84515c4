//! A World by hand: a VPC with public, private and closed subnets, a twin with the same range, and a friend peered with both.

use crate::support::cidr;
use postern_model::*;
use postern_names::*;
use std::net::Ipv4Addr;
use time::OffsetDateTime;

pub const HOME: u64 = 1;
pub const TWIN: u64 = 2;
pub const FRIENDLY: u64 = 3;

/// Instances by number; see [`world`].
pub const WEB: u64 = 1;
pub const APP: u64 = 2;
pub const DB: u64 = 3;
pub const BESIDE: u64 = 4;
pub const FAR: u64 = 5;
pub const FRIEND: u64 = 6;
pub const INSTANCES: [u64; 6] = [WEB, APP, DB, BESIDE, FAR, FRIEND];

/// WEB's second address, once it has [`second_interface`].
pub const SECOND_AT: &str = "10.0.2.40";

/// The addresses of interface endpoints.
pub const STS_AT: &str = "10.0.1.20";
pub const S3_AT: &str = "10.0.2.20";
pub const EC2_AT: &str = "10.0.3.20";
pub const FRIENDLY_STS_AT: &str = "10.9.1.20";

/// In HOME: WEB and BESIDE in the public subnet 10.0.1.0/24 (WEB with a public address), APP in the private one
/// 10.0.2.0/24 behind a NAT gateway and an S3 endpoint, DB in the closed one 10.0.3.0/24 with an ACL of its own. In TWIN,
/// with the same range: FAR, public, at WEB's private address. Interface endpoints of HOME: for STS beside WEB in BESIDE's
/// group, for S3 beside APP in WEB's group, for EC2 beside DB in BESIDE's group.
///
/// FRIENDLY, 10.9.0.0/16, is peered with both: FRIEND and an endpoint for STS in another zone. The tables of WEB, APP and FAR
/// lead there; FRIENDLY's own sends everything to HOME.
pub fn world() -> World {
    let mut world = World::default();
    let mut put = |entity: Entity| drop(world.apply(Change::Put(Box::new(entity))));
    for vpc in [HOME, TWIN, FRIENDLY] {
        put(self::vpc(vpc).into());
        if vpc != FRIENDLY {
            put(internet_gateway(vpc).into());
        }
        put(group(vpc * 100, vpc, "default", vec![]).into());
    }
    for (n, vpc, range) in
        [(1, HOME, "10.0.1.0/24"), (2, HOME, "10.0.2.0/24"), (3, HOME, "10.0.3.0/24"), (4, TWIN, "10.0.1.0/24")]
    {
        put(subnet(n, vpc, range).into());
    }
    put(Subnet { zone: other_zone(), ..subnet(5, FRIENDLY, "10.9.1.0/24") }.into());
    put(peering(1, HOME, FRIENDLY).into());
    put(peering(2, TWIN, FRIENDLY).into());
    groups().into_iter().for_each(|group| put(group.into()));
    let open = || {
        vec![
            entry(100, false, AclAction::Allow, Protocol::All, None, "0.0.0.0/0"),
            entry(100, true, AclAction::Allow, Protocol::All, None, "0.0.0.0/0"),
        ]
    };
    put(acl(1, HOME, true, open(), &[1, 2]).into());
    put(acl(2, HOME, false, closed_entries(), &[3]).into());
    put(acl(3, TWIN, true, open(), &[4]).into());
    put(acl(4, FRIENDLY, true, open(), &[5]).into());
    put(table(1, HOME, 1, vec![], &[None]).into());
    put(table(
        2,
        HOME,
        2,
        vec![to_anywhere(RouteTarget::InternetGateway(InternetGatewayId::from_bits(HOME))), to_friendly(1)],
        &[Some(1)],
    )
    .into());
    put(table(
        3,
        HOME,
        3,
        vec![to_anywhere(RouteTarget::NatGateway(NatGatewayId::from_bits(1))), to_friendly(1)],
        &[Some(2)],
    )
    .into());
    put(table(
        4,
        TWIN,
        1,
        vec![to_anywhere(RouteTarget::InternetGateway(InternetGatewayId::from_bits(TWIN))), to_friendly(2)],
        &[None],
    )
    .into());
    put(table(5, FRIENDLY, 1, vec![to_anywhere(over(1))], &[None]).into());
    for (n, subnet, vpc, address, public, group) in [
        (WEB, 1, HOME, "10.0.1.5", Some("198.51.100.1"), 1),
        (APP, 2, HOME, "10.0.2.5", None, 2),
        (DB, 3, HOME, "10.0.3.5", None, 3),
        (BESIDE, 1, HOME, "10.0.1.6", None, 4),
        (FAR, 4, TWIN, "10.0.1.5", Some("198.51.100.5"), 5),
    ] {
        put(interface(n, vpc, subnet, address, public, group).into());
        put(instance(n, vpc, subnet).into());
    }
    let friend = interface(FRIEND, FRIENDLY, 5, "10.9.1.5", None, 6);
    put(NetworkInterface { zone: other_zone(), ..friend }.into());
    put(Instance { zone: other_zone(), ..instance(FRIEND, FRIENDLY, 5) }.into());
    nat(1, HOME, 1, "10.0.1.9", "198.51.100.9").into_iter().for_each(&mut put);
    put(endpoint(1, HOME, &[3]).into());
    for (n, service, vpc, subnet, address, group) in [
        (2, "sts", HOME, 1, STS_AT, 4),
        (3, "s3", HOME, 2, S3_AT, 1),
        (4, "ec2", HOME, 3, EC2_AT, 4),
        (5, "sts", FRIENDLY, 5, FRIENDLY_STS_AT, 6),
    ] {
        interface_endpoint(n, service, (vpc, subnet), address, group).into_iter().for_each(&mut put);
    }
    assert_eq!(world.flaws(), Vec::<String>::new());
    world
}

/// WEB serves HTTP to all. APP serves 8080 to WEB's group and speaks HTTPS to S3 and HTTP to all. DB serves 5432 to the
/// private subnet and says nothing of its own. BESIDE takes everything from the VPC. FAR is open. WEB takes SSH from FRIEND's group,
/// and FRIEND takes TCP from WEB's.
fn groups() -> Vec<SecurityGroup> {
    let out_all = |id| rule(id, RuleDirection::Egress, GroupPeer::Cidr(Ipv4Cidr::ALL), Protocol::All, None);
    let into = |id, peer, protocol, ports| rule(id, RuleDirection::Ingress, peer, protocol, ports);
    let from = |text| GroupPeer::Cidr(cidr(text));
    let of = |n| GroupPeer::Group { id: SecurityGroupId::from_bits(n), owner: AccountId::DEFAULT };
    let member = of(1);
    let s3 = GroupPeer::PrefixList(GATEWAY_SERVICES[0].prefix_list(&region()));
    vec![
        group(
            1,
            HOME,
            "web",
            vec![
                into(11, from("0.0.0.0/0"), Protocol::Tcp, one(80)),
                into(12, from("0.0.0.0/0"), Protocol::Tcp, one(443)),
                out_all(13),
                into(14, of(6), Protocol::Tcp, one(22)),
            ],
        ),
        group(
            2,
            HOME,
            "app",
            vec![
                into(21, member, Protocol::Tcp, one(8080)),
                rule(22, RuleDirection::Egress, s3, Protocol::Tcp, one(443)),
                rule(23, RuleDirection::Egress, from("0.0.0.0/0"), Protocol::Tcp, one(80)),
                rule(24, RuleDirection::Egress, from("10.0.3.0/24"), Protocol::All, None),
            ],
        ),
        group(3, HOME, "db", vec![into(31, from("10.0.2.0/24"), Protocol::Tcp, one(5432))]),
        group(4, HOME, "beside", vec![into(41, from("10.0.0.0/16"), Protocol::All, None), out_all(42)]),
        group(5, TWIN, "far", vec![into(51, from("0.0.0.0/0"), Protocol::All, None), out_all(52)]),
        group(6, FRIENDLY, "friend", vec![into(61, of(1), Protocol::Tcp, None), out_all(62)]),
    ]
}

/// DB's subnet: PostgreSQL and 8080 come in from the private subnet, answers to ephemeral ports go back there; from BESIDE
/// anything comes in, but nothing goes back.
fn closed_entries() -> Vec<AclEntry> {
    let ephemeral = Some(PortRange { first: 1024, last: 65535 });
    vec![
        entry(90, false, AclAction::Deny, Protocol::Tcp, one(22), "0.0.0.0/0"),
        entry(100, false, AclAction::Allow, Protocol::Tcp, Some(PortRange { first: 5432, last: 8080 }), "10.0.2.0/24"),
        entry(110, false, AclAction::Allow, Protocol::All, None, "10.0.1.6/32"),
        entry(100, true, AclAction::Allow, Protocol::Tcp, ephemeral, "10.0.2.0/24"),
    ]
}

pub fn region() -> Region {
    Region::new("us-east-1")
}

fn one(port: u16) -> Option<PortRange> {
    Some(PortRange { first: port, last: port })
}

fn to_anywhere(target: RouteTarget) -> Route {
    Route { destination: RouteDestination::Cidr(Cidr::ALL_V4), target }
}

fn to_friendly(peering: u64) -> Route {
    Route { destination: RouteDestination::Cidr(cidr("10.9.0.0/16")), target: over(peering) }
}

pub fn over(peering: u64) -> RouteTarget {
    RouteTarget::Peering(VpcPeeringConnectionId::from_bits(peering))
}

pub fn peering(n: u64, requester: u64, accepter: u64) -> VpcPeeringConnection {
    let side = |vpc| PeeringSide {
        vpc: VpcId::from_bits(vpc),
        owner: AccountId::DEFAULT,
        region: region(),
        cidrs: vec![],
        allow_dns_resolution_from_remote_vpc: false,
        tags: Tags::new(),
    };
    VpcPeeringConnection {
        id: VpcPeeringConnectionId::from_bits(n),
        requester: side(requester),
        accepter: side(accepter),
        state: PeeringState::Active,
        expires: OffsetDateTime::UNIX_EPOCH,
        ended: None,
        ended_by: None,
    }
}

/// The zones named are down.
pub fn outages(zones: &[AvailabilityZone]) -> Outages {
    Outages::of(zones.iter().map(|zone| (zone.clone(), OffsetDateTime::UNIX_EPOCH)))
}

pub fn other_zone() -> AvailabilityZone {
    AvailabilityZone::new("us-east-1b")
}

pub fn zone() -> AvailabilityZone {
    AvailabilityZone::new("us-east-1a")
}

fn range_of(vpc: u64) -> Ipv4Cidr {
    cidr(if vpc == FRIENDLY { "10.9.0.0/16" } else { "10.0.0.0/16" })
}

fn vpc(n: u64) -> Vpc {
    Vpc {
        id: VpcId::from_bits(n),
        owner: AccountId::DEFAULT,
        region: region(),
        cidrs: vec![VpcCidr { association: VpcCidrAssociationId::from_bits(n), cidr: range_of(n) }],
        dhcp_options: DhcpOptionsId::from_bits(1),
        tenancy: "default".into(),
        is_default: false,
        enable_dns_support: true,
        enable_dns_hostnames: true,
        enable_network_address_usage_metrics: false,
        ipv6_cidrs: Vec::new(),
        next_subnet_number: 10,
        next_table_number: 10,
        tags: Tags::new(),
    }
}

fn subnet(n: u64, vpc: u64, range: &str) -> Subnet {
    Subnet {
        id: SubnetId::from_bits(n),
        vpc: VpcId::from_bits(vpc),
        owner: AccountId::DEFAULT,
        region: region(),
        cidr: cidr(range),
        zone: zone(),
        number: n as u32,
        is_default: false,
        ipv6: None,
        assign_ipv6_on_creation: false,
        map_public_ip_on_launch: false,
        enable_dns64: false,
        hostname_type: "ip-name".into(),
        resource_name_a_record: false,
        resource_name_aaaa_record: false,
        tags: Tags::new(),
    }
}

fn internet_gateway(vpc: u64) -> InternetGateway {
    InternetGateway {
        id: InternetGatewayId::from_bits(vpc),
        owner: AccountId::DEFAULT,
        region: region(),
        vpc: Some(VpcId::from_bits(vpc)),
        tags: Tags::new(),
    }
}

fn table(n: u64, vpc: u64, number: u32, routes: Vec<Route>, subnets: &[Option<u64>]) -> RouteTable {
    let association = |subnet: &Option<u64>| TableAssociation {
        id: RouteTableAssociationId::from_bits(n),
        subnet: subnet.map(SubnetId::from_bits),
    };
    RouteTable {
        id: RouteTableId::from_bits(n),
        vpc: VpcId::from_bits(vpc),
        owner: AccountId::DEFAULT,
        region: region(),
        number,
        routes,
        associations: subnets.iter().map(association).collect(),
        tags: Tags::new(),
    }
}

fn group(n: u64, vpc: u64, name: &str, rules: Vec<SecurityGroupRule>) -> SecurityGroup {
    SecurityGroup {
        id: SecurityGroupId::from_bits(n),
        vpc: VpcId::from_bits(vpc),
        owner: AccountId::DEFAULT,
        region: region(),
        name: name.into(),
        description: name.into(),
        rules,
        tags: Tags::new(),
    }
}

fn rule(
    n: u64,
    direction: RuleDirection,
    peer: GroupPeer,
    protocol: Protocol,
    ports: Option<PortRange>,
) -> SecurityGroupRule {
    let id = SecurityGroupRuleId::from_bits(n);
    SecurityGroupRule { id, direction, protocol, ports, icmp: None, peer, description: None, tags: Tags::new() }
}

fn acl(n: u64, vpc: u64, is_default: bool, entries: Vec<AclEntry>, subnets: &[u64]) -> NetworkAcl {
    let associations =
        subnets.iter().map(|s| (NetworkAclAssociationId::from_bits(*s), SubnetId::from_bits(*s))).collect();
    NetworkAcl {
        id: NetworkAclId::from_bits(n),
        vpc: VpcId::from_bits(vpc),
        owner: AccountId::DEFAULT,
        region: region(),
        is_default,
        entries,
        associations,
        tags: Tags::new(),
    }
}

fn entry(
    number: u16,
    egress: bool,
    action: AclAction,
    protocol: Protocol,
    ports: Option<PortRange>,
    range: &str,
) -> AclEntry {
    AclEntry { number, egress, action, protocol, ports, icmp: None, cidr: cidr(range) }
}

fn interface(n: u64, vpc: u64, subnet: u64, address: &str, public: Option<&str>, group: u64) -> NetworkInterface {
    NetworkInterface {
        id: NetworkInterfaceId::from_bits(n),
        vpc: VpcId::from_bits(vpc),
        subnet: SubnetId::from_bits(subnet),
        zone: zone(),
        owner: AccountId::DEFAULT,
        region: region(),
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [2, 0, 0, 0, 1, n as u8],
        addresses: vec![PrivateAddress {
            address: address.parse().unwrap(),
            auto_public: public.map(|text| text.parse::<Ipv4Addr>().unwrap()),
        }],
        groups: vec![SecurityGroupId::from_bits(group)],
        ipv6_addresses: Vec::new(),
        source_dest_check: true,
        associate_public_ip: public.is_some(),
        attachment: Some(attachment(n, Some(InstanceId::from_bits(n)))),
        requester_managed: false,
        tags: Tags::new(),
    }
}

/// A second interface of WEB, in the private subnet.
pub fn second_interface() -> NetworkInterface {
    let second = Attachment { device_index: 1, ..attachment(0x70, Some(InstanceId::from_bits(WEB))) };
    NetworkInterface { attachment: Some(second), ..interface(0x70, HOME, 2, SECOND_AT, None, 1) }
}

fn attachment(n: u64, instance: Option<InstanceId>) -> Attachment {
    Attachment {
        id: NetworkInterfaceAttachmentId::from_bits(n),
        instance,
        device_index: 0,
        delete_on_termination: true,
        attached: OffsetDateTime::UNIX_EPOCH,
    }
}

/// A public NAT gateway, its interface and its Elastic IP.
fn nat(n: u64, vpc: u64, subnet: u64, address: &str, public: &str) -> Vec<Entity> {
    let (private_ip, public_ip): (Ipv4Addr, Ipv4Addr) = (address.parse().unwrap(), public.parse().unwrap());
    let interface = NetworkInterface {
        id: NetworkInterfaceId::from_bits(0x90 + n),
        kind: InterfaceKind::NatGateway,
        groups: vec![],
        ipv6_addresses: Vec::new(),
        source_dest_check: false,
        attachment: Some(attachment(0x90 + n, None)),
        requester_managed: true,
        ..self::interface(0x90 + n, vpc, subnet, address, None, 1)
    };
    let gateway = NatGateway {
        id: NatGatewayId::from_bits(n),
        owner: AccountId::DEFAULT,
        region: region(),
        vpc: VpcId::from_bits(vpc),
        subnet: SubnetId::from_bits(subnet),
        interface: Some(interface.id),
        private_ip,
        allocation: Some(AllocationId::from_bits(n)),
        public_ip: Some(public_ip),
        is_public: true,
        state: NatGatewayState::Available,
        failure: None,
        created: OffsetDateTime::UNIX_EPOCH,
        deleted: None,
        tags: Tags::new(),
    };
    let elastic = ElasticAddress {
        allocation: AllocationId::from_bits(n),
        owner: AccountId::DEFAULT,
        region: region(),
        public_ip,
        association: Some((AddressAssociationId::from_bits(n), interface.id, private_ip)),
        tags: Tags::new(),
    };
    vec![interface.into(), gateway.into(), elastic.into()]
}

pub fn endpoint(n: u64, vpc: u64, tables: &[u64]) -> VpcEndpoint {
    VpcEndpoint {
        id: VpcEndpointId::from_bits(n),
        vpc: VpcId::from_bits(vpc),
        owner: AccountId::DEFAULT,
        region: region(),
        service_name: "com.amazonaws.us-east-1.s3".into(),
        kind: EndpointKind::Gateway { route_tables: tables.iter().copied().map(RouteTableId::from_bits).collect() },
        state: EndpointState::Available,
        policy: "{}".into(),
        ip_address_type: "ipv4".into(),
        dns_record_ip_type: "service-defined".into(),
        created: OffsetDateTime::UNIX_EPOCH,
        client_token: None,
        tags: Tags::new(),
    }
}

/// An endpoint with one interface.
fn interface_endpoint(n: u64, service: &str, at: (u64, u64), address: &str, group: u64) -> Vec<Entity> {
    let (vpc, subnet) = at;
    let interface = NetworkInterface {
        kind: InterfaceKind::VpcEndpoint,
        attachment: Some(attachment(0xe0 + n, None)),
        requester_managed: true,
        zone: if vpc == FRIENDLY { other_zone() } else { zone() },
        ..interface(0xe0 + n, vpc, subnet, address, None, group)
    };
    let own = InterfaceEndpoint {
        suffix: "abcd1234".into(),
        subnets: vec![EndpointSubnet { subnet: interface.subnet, interface: interface.id }],
        groups: interface.groups.clone(),
        private_dns: false,
        private_dns_for_inbound_only: false,
    };
    let endpoint = VpcEndpoint {
        service_name: format!("com.amazonaws.us-east-1.{service}"),
        kind: EndpointKind::Interface(own),
        ..endpoint(n, vpc, &[])
    };
    vec![interface.into(), endpoint.into()]
}

fn instance(n: u64, vpc: u64, subnet: u64) -> Instance {
    Instance {
        id: InstanceId::from_bits(n),
        reservation: ReservationId::from_bits(n),
        owner: AccountId::DEFAULT,
        region: region(),
        vpc: VpcId::from_bits(vpc),
        subnet: SubnetId::from_bits(subnet),
        zone: zone(),
        image: HOST_IMAGE,
        instance_type: "t3.micro".into(),
        key_name: None,
        launch_index: 0,
        launched: OffsetDateTime::UNIX_EPOCH,
        state: InstanceState::Running,
        state_reason: None,
        transition_reason: String::new(),
        user_data: None,
        booted_once: true,
        stands: false,
        profile: None,
        metadata: MetadataOptions::default(),
        disable_api_termination: false,
        disable_api_stop: false,
        shutdown_behavior: "stop".into(),
        ebs_optimized: false,
        monitoring: false,
        root_volume: RootVolume {
            id: VolumeId::from_bits(n),
            size_gib: 8,
            kind: "gp3".into(),
            encrypted: false,
            delete_on_termination: true,
            tags: Tags::new(),
        },
        client_token: None,
        tags: Tags::new(),
    }
}
