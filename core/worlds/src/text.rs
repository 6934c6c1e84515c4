//! Worlds from short texts: one line a thing, every thing with a number that is its id.
//!
//! ```text
//! vpc 1 10.0.0.0/16 [10.1.0.0/16 ...] [2600:1f18:0:100::/56] [no-dns] [in eu-west-1]
//! subnet 1 vpc 1 10.0.1.0/24 [2600:1f18:0:101::/64]
//! igw 1 vpc 1
//! table 1 vpc 1 [main] [subnets 1 2]
//! route 1 0.0.0.0/0 igw:1            (or nat:1, eni:1, and list:1 instead of a range)
//! acl 1 vpc 1 [subnets 1 2]
//! entry 1 100 in allow tcp:443 0.0.0.0/0
//! group 1 vpc 1
//! rule 1 out tcp:443 0.0.0.0/0       (or group:1, list:1, s3)
//! instance 1 subnet 1 10.0.1.5 [2600:1f18:0:101::5] groups 1 2 [public 3.0.0.1] [unchecked] [stopped]
//! nat 1 subnet 1 10.0.1.9 [public 3.0.0.9]
//! endpoint 1 vpc 1 s3 tables 1
//! interface-endpoint 1 vpc 1 sts groups 1 2 at 1 10.0.1.9 [2 10.0.2.9 ...]   (subnet and address, or 10.0.1.9,2600:1f18:0:101::9)
//! list 1 10.0.0.0/8 ...
//! peering 1 vpc 1 vpc 2              (a route's target is pcx:1)
//! down us-east-1a
//! ```
//! A VPC gets a main table, an ACL that allows everything and a default group where the text has none. The interface of
//! instance n is `eni-n`, of a NAT gateway n `eni-f0n`, of an interface endpoint n in subnet s `eni-sen`.

use postern_model::*;
use postern_names::*;
use std::net::{IpAddr, Ipv4Addr};
use time::OffsetDateTime;

const OWNER: AccountId = AccountId::DEFAULT;

/// The World of a text.
///
/// # Panics
/// On words that it does not know, and on a World whose invariants do not hold: the text is a test's mistake.
pub fn world(text: &str) -> World {
    let mut world = World::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        add(&mut world, &words);
    }
    complete(&mut world);
    assert_eq!(world.flaws(), Vec::<String>::new(), "{text}");
    world
}

/// The interface of instance `n`.
pub fn eni(n: u64) -> NetworkInterfaceId {
    NetworkInterfaceId::from_bits(n)
}

fn number(word: &str) -> u64 {
    word.rsplit(':').next().unwrap().parse().unwrap_or_else(|_| panic!("`{word}` is no number"))
}

fn cidr(word: &str) -> Ipv4Cidr {
    word.parse().unwrap()
}

fn range(word: &str) -> Cidr {
    word.parse().unwrap()
}

fn address(word: &str) -> Ipv4Addr {
    word.parse().unwrap()
}

/// The words after a key word, up to the next word that is no number.
fn numbers_after(words: &[&str], key: &str) -> Vec<u64> {
    let start = words.iter().position(|word| *word == key).map_or(words.len(), |at| at + 1);
    words[start..].iter().map_while(|word| word.parse().ok()).collect()
}

fn after<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().position(|word| *word == key).map(|at| words[at + 1])
}

fn vpc_of(words: &[&str]) -> VpcId {
    VpcId::from_bits(number(after(words, "vpc").unwrap()))
}

fn add(world: &mut World, words: &[&str]) {
    if words[0] == "down" {
        world.outages.zones.insert(AvailabilityZone::new(words[1]), Since(OffsetDateTime::UNIX_EPOCH));
        return;
    }
    let n = number(words[1]);
    match words[0] {
        "vpc" => vpc(world, n, words),
        "subnet" => subnet(world, n, words),
        "igw" => {
            let id = InternetGatewayId::from_bits(n);
            let region = region_of(world, vpc_of(&words[2..]));
            let vpc = Some(vpc_of(&words[2..]));
            world.internet_gateways.insert(id, InternetGateway { id, owner: OWNER, region, vpc, tags: Tags::new() });
        }
        "table" => table(world, n, words),
        "route" => {
            let destination = match words[2].strip_prefix("list:") {
                Some(list) => RouteDestination::PrefixList(PrefixListId::from_bits(number(list))),
                None => RouteDestination::Cidr(range(words[2])),
            };
            let table = world.route_tables.get_mut(&RouteTableId::from_bits(n)).unwrap();
            table.routes.push(Route { destination, target: target(words[3]) });
        }
        "acl" => acl(world, n, words),
        "entry" => {
            let (protocol, ports, icmp) = protocol(words[5]);
            let entry = AclEntry {
                number: words[2].parse().unwrap(),
                egress: words[3] == "out",
                action: if words[4] == "allow" { AclAction::Allow } else { AclAction::Deny },
                protocol,
                ports,
                icmp,
                cidr: range(words[6]),
            };
            world.network_acls.get_mut(&NetworkAclId::from_bits(n)).unwrap().entries.push(entry);
        }
        "group" => group(world, n, vpc_of(&words[2..]), &format!("group {n}")),
        "rule" => rule(world, n, words),
        "instance" => instance(world, n, words),
        "nat" => nat(world, n, words),
        "endpoint" => {
            let route_tables = numbers_after(words, "tables").into_iter().map(RouteTableId::from_bits).collect();
            endpoint(world, n, words, EndpointKind::Gateway { route_tables });
        }
        "interface-endpoint" => interface_endpoint(world, n, words),
        "list" => list(world, n, words),
        "peering" => peering(world, n, words),
        other => panic!("what is `{other}`?"),
    }
}

fn region_of(world: &World, vpc: VpcId) -> Region {
    world.vpcs[&vpc].region.clone()
}

fn vpc(world: &mut World, n: u64, words: &[&str]) {
    let id = VpcId::from_bits(n);
    let cidrs = words[2..].iter().filter_map(|word| word.parse().ok());
    let of_pool = words[2..].iter().filter_map(|word| word.parse().ok()).zip(50..);
    let of_pool =
        of_pool.map(|(cidr, i)| VpcIpv6Cidr { association: VpcCidrAssociationId::from_bits(n * 100 + i), cidr });
    let vpc = Vpc {
        id,
        owner: OWNER,
        region: Region::new(after(words, "in").unwrap_or("us-east-1")),
        cidrs: cidrs
            .zip(0..)
            .map(|(cidr, i)| VpcCidr { association: VpcCidrAssociationId::from_bits(n * 100 + i), cidr })
            .collect(),
        dhcp_options: DhcpOptionsId::from_bits(1),
        tenancy: "default".into(),
        is_default: false,
        enable_dns_support: !words.contains(&"no-dns"),
        enable_dns_hostnames: false,
        enable_network_address_usage_metrics: false,
        ipv6_cidrs: of_pool.collect(),
        next_subnet_number: 1,
        next_table_number: 1,
        tags: Tags::new(),
    };
    world.vpcs.insert(id, vpc);
}

fn subnet(world: &mut World, n: u64, words: &[&str]) {
    let vpc = world.vpcs.get_mut(&vpc_of(&words[2..])).unwrap();
    let subnet = Subnet {
        id: SubnetId::from_bits(n),
        vpc: vpc.id,
        owner: OWNER,
        region: vpc.region.clone(),
        cidr: cidr(words[4]),
        zone: zone(n),
        number: vpc.next_subnet_number,
        is_default: false,
        ipv6: words.get(5).map(|word| SubnetIpv6Cidr {
            association: SubnetCidrAssociationId::from_bits(n),
            cidr: word.parse().unwrap(),
        }),
        assign_ipv6_on_creation: false,
        map_public_ip_on_launch: false,
        enable_dns64: false,
        hostname_type: "ip-name".into(),
        resource_name_a_record: false,
        resource_name_aaaa_record: false,
        tags: Tags::new(),
    };
    vpc.next_subnet_number += 1;
    world.subnets.insert(subnet.id, subnet);
}

/// Subnets take the region's zones in turn.
fn zone(n: u64) -> AvailabilityZone {
    AvailabilityZone::new(["us-east-1a", "us-east-1b", "us-east-1c"][(n % 3) as usize])
}

fn table(world: &mut World, n: u64, words: &[&str]) {
    let vpc = world.vpcs.get_mut(&vpc_of(&words[2..])).unwrap();
    let subnets = numbers_after(words, "subnets").into_iter().map(|s| Some(SubnetId::from_bits(s)));
    let governs = words.contains(&"main").then_some(None).into_iter().chain(subnets);
    let associations = governs
        .zip(0..)
        .map(|(subnet, i)| TableAssociation { id: RouteTableAssociationId::from_bits(n * 100 + i), subnet })
        .collect();
    let table = RouteTable {
        id: RouteTableId::from_bits(n),
        vpc: vpc.id,
        owner: OWNER,
        region: vpc.region.clone(),
        number: vpc.next_table_number,
        routes: vec![],
        associations,
        tags: Tags::new(),
    };
    vpc.next_table_number += 1;
    world.route_tables.insert(table.id, table);
}

fn target(word: &str) -> RouteTarget {
    let n = number(word);
    match word.split(':').next().unwrap() {
        "igw" => RouteTarget::InternetGateway(InternetGatewayId::from_bits(n)),
        "nat" => RouteTarget::NatGateway(NatGatewayId::from_bits(n)),
        "eni" => RouteTarget::NetworkInterface(eni(n)),
        "pcx" => RouteTarget::Peering(VpcPeeringConnectionId::from_bits(n)),
        other => panic!("what is the target `{other}`?"),
    }
}

fn acl(world: &mut World, n: u64, words: &[&str]) {
    let subnets = numbers_after(words, "subnets").into_iter().map(SubnetId::from_bits);
    let vpc = vpc_of(&words[2..]);
    let acl = NetworkAcl {
        id: NetworkAclId::from_bits(n),
        vpc,
        owner: OWNER,
        region: region_of(world, vpc),
        is_default: false,
        entries: vec![],
        associations: subnets.zip(0..).map(|(s, i)| (NetworkAclAssociationId::from_bits(n * 100 + i), s)).collect(),
        tags: Tags::new(),
    };
    world.network_acls.insert(acl.id, acl);
}

/// `all`, `tcp`, `tcp:80`, `udp:1024-65535`, `icmp`, `icmp:8`, `47`.
fn protocol(word: &str) -> (Protocol, Option<PortRange>, Option<IcmpType>) {
    let (name, detail) = word.split_once(':').map_or((word, None), |(name, detail)| (name, Some(detail)));
    let protocol = match name {
        "all" => Protocol::All,
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "icmp" => Protocol::Icmp,
        "icmpv6" => Protocol::Icmpv6,
        number => Protocol::Number(number.parse().unwrap()),
    };
    let ports = detail.filter(|_| protocol.has_ports()).map(|ports| {
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        PortRange { first: first.parse().unwrap(), last: last.parse().unwrap() }
    });
    let kind = detail.filter(|_| protocol.is_icmp()).map(|kind| kind.parse().unwrap());
    let icmp = protocol.is_icmp().then_some(IcmpType { kind, code: None });
    (protocol, ports, icmp)
}

fn group(world: &mut World, n: u64, vpc: VpcId, name: &str) {
    let group = SecurityGroup {
        id: SecurityGroupId::from_bits(n),
        vpc,
        owner: OWNER,
        region: region_of(world, vpc),
        name: name.into(),
        description: "a group".into(),
        rules: vec![],
        tags: Tags::new(),
    };
    world.security_groups.insert(group.id, group);
}

fn rule(world: &mut World, n: u64, words: &[&str]) {
    let count: usize = world.security_groups.values().map(|g| g.rules.len()).sum();
    let (protocol, ports, icmp) = protocol(words[3]);
    let peer = match words[4] {
        "s3" => GroupPeer::PrefixList(GATEWAY_SERVICES[0].prefix_list(&Region::new("us-east-1"))),
        word if word.starts_with("group:") => {
            GroupPeer::Group { id: SecurityGroupId::from_bits(number(word)), owner: OWNER }
        }
        word if word.starts_with("list:") => GroupPeer::PrefixList(PrefixListId::from_bits(number(word))),
        word => match range(word) {
            Cidr::V4(range) => GroupPeer::Cidr(range),
            Cidr::V6(range) => GroupPeer::Ipv6Cidr(range),
        },
    };
    let rule = SecurityGroupRule {
        id: SecurityGroupRuleId::from_bits(count as u64 + 1),
        direction: if words[2] == "in" { RuleDirection::Ingress } else { RuleDirection::Egress },
        protocol,
        ports,
        icmp,
        peer,
        description: None,
        tags: Tags::new(),
    };
    world.security_groups.get_mut(&SecurityGroupId::from_bits(n)).unwrap().rules.push(rule);
}

fn interface(world: &World, n: u64, words: &[&str]) -> NetworkInterface {
    let subnet = &world.subnets[&SubnetId::from_bits(number(after(words, "subnet").unwrap()))];
    let addresses: Vec<IpAddr> = words[4..].iter().map_while(|word| word.parse().ok()).collect();
    let four = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(address) => Some(PrivateAddress { address: *address, auto_public: None }),
        IpAddr::V6(_) => None,
    });
    let six = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(*address),
    });
    NetworkInterface {
        id: eni(n),
        vpc: subnet.vpc,
        subnet: subnet.id,
        zone: subnet.zone.clone(),
        owner: OWNER,
        region: subnet.region.clone(),
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [0x0a, 0, 0, 0, (n >> 8) as u8, n as u8],
        addresses: four.collect(),
        groups: numbers_after(words, "groups").into_iter().map(SecurityGroupId::from_bits).collect(),
        ipv6_addresses: six.collect(),
        source_dest_check: !words.contains(&"unchecked"),
        associate_public_ip: false,
        attachment: Some(Attachment {
            id: NetworkInterfaceAttachmentId::from_bits(n),
            instance: None,
            device_index: 0,
            delete_on_termination: true,
            attached: OffsetDateTime::UNIX_EPOCH,
        }),
        requester_managed: false,
        tags: Tags::new(),
    }
}

fn instance(world: &mut World, n: u64, words: &[&str]) {
    let mut interface = interface(world, n, words);
    let id = InstanceId::from_bits(n);
    interface.attachment.as_mut().unwrap().instance = Some(id);
    interface.addresses[0].auto_public = after(words, "public").map(address);
    let state = if words.contains(&"stopped") { InstanceState::Stopped } else { InstanceState::Running };
    if state == InstanceState::Stopped {
        interface.addresses[0].auto_public = None;
    }
    let instance = Instance {
        id,
        reservation: ReservationId::from_bits(n),
        owner: OWNER,
        region: interface.region.clone(),
        vpc: interface.vpc,
        subnet: interface.subnet,
        zone: interface.zone.clone(),
        image: HOST_IMAGE,
        instance_type: "t3.micro".into(),
        key_name: None,
        launch_index: 0,
        launched: OffsetDateTime::UNIX_EPOCH,
        state,
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
    };
    world.network_interfaces.insert(interface);
    world.instances.insert(id, instance);
}

fn nat(world: &mut World, n: u64, words: &[&str]) {
    let mut interface = interface(world, 0xf00 + n, words);
    interface.kind = InterfaceKind::NatGateway;
    interface.source_dest_check = false;
    let private_ip = interface.addresses[0].address;
    let public_ip = after(words, "public").map(address);
    let allocation = public_ip.map(|_| AllocationId::from_bits(n));
    if let (Some(public_ip), Some(allocation)) = (public_ip, allocation) {
        let association = Some((AddressAssociationId::from_bits(n), interface.id, private_ip));
        let region = interface.region.clone();
        let elastic = ElasticAddress { allocation, owner: OWNER, region, public_ip, association, tags: Tags::new() };
        world.addresses.insert(elastic);
    }
    let nat = NatGateway {
        id: NatGatewayId::from_bits(n),
        owner: OWNER,
        region: interface.region.clone(),
        vpc: interface.vpc,
        subnet: interface.subnet,
        interface: Some(interface.id),
        private_ip,
        allocation,
        public_ip,
        is_public: public_ip.is_some(),
        state: NatGatewayState::Available,
        failure: None,
        created: OffsetDateTime::UNIX_EPOCH,
        deleted: None,
        tags: Tags::new(),
    };
    world.network_interfaces.insert(interface);
    world.nat_gateways.insert(nat.id, nat);
}

fn interface_endpoint(world: &mut World, n: u64, words: &[&str]) {
    let groups: Vec<SecurityGroupId> =
        numbers_after(words, "groups").into_iter().map(SecurityGroupId::from_bits).collect();
    let at = words.iter().position(|word| *word == "at").map_or(words.len(), |at| at + 1);
    let mut subnets = Vec::new();
    for place in words[at..].chunks(2) {
        let id = number(place[0]) * 0x1000 + 0xe00 + n;
        let of_one: Vec<&str> = ["", "", "subnet", place[0]].into_iter().chain(place[1].split(',')).collect();
        let mut interface = interface(world, id, &of_one);
        interface.kind = InterfaceKind::VpcEndpoint;
        interface.groups.clone_from(&groups);
        interface.requester_managed = true;
        subnets.push(EndpointSubnet { subnet: interface.subnet, interface: interface.id });
        world.network_interfaces.insert(interface);
    }
    let own = InterfaceEndpoint {
        suffix: "abcd1234".into(),
        subnets,
        groups,
        private_dns: false,
        private_dns_for_inbound_only: false,
    };
    endpoint(world, n, words, EndpointKind::Interface(own));
}

fn endpoint(world: &mut World, n: u64, words: &[&str], kind: EndpointKind) {
    let vpc = vpc_of(&words[2..]);
    let region = region_of(world, vpc);
    let endpoint = VpcEndpoint {
        id: VpcEndpointId::from_bits(n),
        vpc,
        owner: OWNER,
        service_name: format!("com.amazonaws.{region}.{}", words[4]),
        region,
        kind,
        state: EndpointState::Available,
        policy: String::new(),
        ip_address_type: "ipv4".into(),
        dns_record_ip_type: "service-defined".into(),
        created: OffsetDateTime::UNIX_EPOCH,
        client_token: None,
        tags: Tags::new(),
    };
    world.endpoints.insert(endpoint.id, endpoint);
}

fn list(world: &mut World, n: u64, words: &[&str]) {
    let list = ManagedPrefixList {
        id: PrefixListId::from_bits(n),
        owner: Some(OWNER),
        region: Region::new("us-east-1"),
        name: format!("list {n}"),
        max_entries: Some(10),
        version: Some(1),
        state: PrefixListState::CreateComplete,
        entries: words[2..].iter().map(|w| PrefixListEntry { cidr: cidr(w), description: None }).collect(),
        history: vec![],
        tags: Tags::new(),
    };
    world.prefix_lists.insert(list.id, list);
}

fn peering(world: &mut World, n: u64, words: &[&str]) {
    let side = |vpc: VpcId| PeeringSide {
        vpc,
        owner: OWNER,
        region: region_of(world, vpc),
        cidrs: vec![],
        allow_dns_resolution_from_remote_vpc: false,
        tags: Tags::new(),
    };
    let id = VpcPeeringConnectionId::from_bits(n);
    let peering = VpcPeeringConnection {
        id,
        requester: side(vpc_of(&words[2..])),
        accepter: side(vpc_of(&words[4..])),
        state: PeeringState::Active,
        expires: OffsetDateTime::UNIX_EPOCH,
        ended: None,
        ended_by: None,
    };
    world.peerings.insert(id, peering);
}

/// What every VPC has from the start, where the text does not say it.
fn complete(world: &mut World) {
    for n in world.vpcs.keys().map(|id| id.digits().bits()).collect::<Vec<_>>() {
        let id = VpcId::from_bits(n);
        let (spare, vpc) = ((900 + n).to_string(), n.to_string());
        if !world.route_tables.values().any(|t| t.vpc == id && t.is_main()) {
            add(world, &["table", &spare, "vpc", &vpc, "main"]);
        }
        add(world, &["acl", &spare, "vpc", &vpc]);
        add(world, &["entry", &spare, "100", "in", "allow", "all", "0.0.0.0/0"]);
        add(world, &["entry", &spare, "100", "out", "allow", "all", "0.0.0.0/0"]);
        let free: Vec<SubnetId> = world
            .subnets
            .values()
            .filter(|s| s.vpc == id && world.acl_of_subnet(s.id).is_none())
            .map(|s| s.id)
            .collect();
        let acl = world.network_acls.get_mut(&NetworkAclId::from_bits(900 + n)).unwrap();
        acl.is_default = true;
        acl.associations = free
            .into_iter()
            .zip(90_000..)
            .map(|(s, i)| (NetworkAclAssociationId::from_bits(n * 100_000 + i), s))
            .collect();
        group(world, 900 + n, id, "default");
    }
}
