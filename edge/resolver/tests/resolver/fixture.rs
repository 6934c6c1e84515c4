//! Two VPCs with the same range in one region, and one in another; one instance in each.

use postern_model::*;
use postern_names::*;
use std::net::Ipv4Addr;
use time::OffsetDateTime;

pub const HOME: VpcId = VpcId::from_bits(1);
pub const TWIN: VpcId = VpcId::from_bits(2);
pub const FAR: VpcId = VpcId::from_bits(3);

/// Every instance has 10.0.1.5; the public addresses are 198.51.100.1, .2 and .3.
pub fn world() -> World {
    let mut world = World::default();
    for (n, region) in [(1, "us-east-1"), (2, "us-east-1"), (3, "eu-west-1")] {
        let region = Region::new(region);
        for entity in [
            Entity::from(vpc(n, &region)),
            subnet(n, &region).into(),
            interface(n, &region).into(),
            instance(n, &region).into(),
        ] {
            world.apply(Change::Put(Box::new(entity)));
        }
    }
    world
}

pub fn change(world: &mut World, edit: impl FnOnce(&mut Vpc, &mut Subnet, &mut Instance)) {
    let mut vpc = world.vpcs[&HOME].clone();
    let mut subnet = world.subnets[&SubnetId::from_bits(1)].clone();
    let mut instance = world.instances[&InstanceId::from_bits(1)].clone();
    edit(&mut vpc, &mut subnet, &mut instance);
    for entity in [Entity::from(vpc), subnet.into(), instance.into()] {
        world.apply(Change::Put(Box::new(entity)));
    }
}

fn cidr(text: &str) -> Ipv4Cidr {
    text.parse().unwrap()
}

fn vpc(n: u64, region: &Region) -> Vpc {
    Vpc {
        id: VpcId::from_bits(n),
        owner: AccountId::DEFAULT,
        region: region.clone(),
        cidrs: vec![VpcCidr { association: VpcCidrAssociationId::from_bits(n), cidr: cidr("10.0.0.0/16") }],
        dhcp_options: DhcpOptionsId::from_bits(1),
        tenancy: "default".into(),
        is_default: false,
        enable_dns_support: true,
        enable_dns_hostnames: true,
        enable_network_address_usage_metrics: false,
        ipv6_cidrs: Vec::new(),
        next_subnet_number: 2,
        next_table_number: 2,
        tags: Tags::new(),
    }
}

fn subnet(n: u64, region: &Region) -> Subnet {
    Subnet {
        id: SubnetId::from_bits(n),
        vpc: VpcId::from_bits(n),
        owner: AccountId::DEFAULT,
        region: region.clone(),
        cidr: cidr("10.0.1.0/24"),
        zone: AvailabilityZone::new(&format!("{region}a")),
        number: 1,
        is_default: false,
        ipv6: None,
        assign_ipv6_on_creation: false,
        map_public_ip_on_launch: true,
        enable_dns64: false,
        hostname_type: "ip-name".into(),
        resource_name_a_record: true,
        resource_name_aaaa_record: false,
        tags: Tags::new(),
    }
}

fn interface(n: u64, region: &Region) -> NetworkInterface {
    NetworkInterface {
        id: NetworkInterfaceId::from_bits(n),
        vpc: VpcId::from_bits(n),
        subnet: SubnetId::from_bits(n),
        zone: AvailabilityZone::new(&format!("{region}a")),
        owner: AccountId::DEFAULT,
        region: region.clone(),
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [2, 0, 0, 0, 0, n as u8],
        addresses: vec![PrivateAddress {
            address: Ipv4Addr::new(10, 0, 1, 5),
            auto_public: Some(Ipv4Addr::new(198, 51, 100, n as u8)),
        }],
        groups: Vec::new(),
        ipv6_addresses: Vec::new(),
        source_dest_check: true,
        associate_public_ip: true,
        attachment: Some(Attachment {
            id: NetworkInterfaceAttachmentId::from_bits(n),
            instance: Some(InstanceId::from_bits(n)),
            device_index: 0,
            delete_on_termination: true,
            attached: OffsetDateTime::UNIX_EPOCH,
        }),
        requester_managed: false,
        tags: Tags::new(),
    }
}

fn instance(n: u64, region: &Region) -> Instance {
    Instance {
        id: InstanceId::from_bits(n),
        reservation: ReservationId::from_bits(n),
        owner: AccountId::DEFAULT,
        region: region.clone(),
        vpc: VpcId::from_bits(n),
        subnet: SubnetId::from_bits(n),
        zone: AvailabilityZone::new(&format!("{region}a")),
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

pub const ENDPOINT: VpcEndpointId = VpcEndpointId::from_bits(0xe);

/// An endpoint of HOME for a service, at 10.0.1.20 in zone a and at 10.0.2.20 in zone b.
pub fn endpoint(world: &mut World, service: &str, private_dns: bool, for_inbound_only: bool) {
    let region = Region::new("us-east-1");
    let mut subnets = Vec::new();
    for (n, zone, third) in [(11, "us-east-1a", 1), (12, "us-east-1b", 2)] {
        let address = PrivateAddress { address: Ipv4Addr::new(10, 0, third, 20), auto_public: None };
        let eni = NetworkInterface {
            zone: AvailabilityZone::new(zone),
            vpc: HOME,
            subnet: SubnetId::from_bits(n),
            kind: InterfaceKind::VpcEndpoint,
            addresses: vec![address],
            attachment: None,
            ..interface(n, &region)
        };
        subnets.push(EndpointSubnet { subnet: eni.subnet, interface: eni.id });
        world.apply(Change::Put(Box::new(eni.into())));
    }
    let own = InterfaceEndpoint {
        suffix: "abcd1234".into(),
        subnets,
        groups: vec![],
        private_dns,
        private_dns_for_inbound_only: for_inbound_only,
    };
    let endpoint = VpcEndpoint {
        id: ENDPOINT,
        vpc: HOME,
        owner: AccountId::DEFAULT,
        region,
        service_name: format!("com.amazonaws.us-east-1.{service}"),
        kind: EndpointKind::Interface(own),
        state: EndpointState::Available,
        policy: String::new(),
        ip_address_type: "ipv4".into(),
        dns_record_ip_type: "ipv4".into(),
        created: OffsetDateTime::UNIX_EPOCH,
        client_token: None,
        tags: Tags::new(),
    };
    world.apply(Change::Put(Box::new(endpoint.into())));
}
