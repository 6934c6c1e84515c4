//! The World: what the accounts want their networks to be, as an immutable value between two changes.
//!
//! Entities hold only facts that an API call states; what follows from them (routes of the main table, members of a
//! group, which endpoint a packet meets) is worked out by look-ups in [`look`](World) or by the compiler.
#![forbid(unsafe_code)]

mod address;
mod addresses;
mod change;
mod endpoint;
mod gateway;
mod group;
mod hosted_zone;
mod image;
mod insights;
mod instance;
mod interface;
mod interface_service;
mod interfaces;
mod invariant;
mod key_pair;
mod look;
mod network_acl;
mod outage;
mod peering;
mod prefix_list;
mod route_table;
mod service_catalogue;
mod sites;
mod tag;
mod vpc;
mod world;

pub use address::ElasticAddress;
pub use addresses::ElasticAddresses;
pub use change::{Change, Done, Entity, EntityKey};
pub use endpoint::{EndpointKind, EndpointState, EndpointSubnet, InterfaceEndpoint, VpcEndpoint};
pub use gateway::{InternetGateway, NatGateway, NatGatewayState};
pub use group::{GroupPeer, IcmpType, RuleDirection, SecurityGroup, SecurityGroupRule};
pub use hosted_zone::{HostedZone, RecordData, RecordSet, WILDCARD, ZoneVpc, compare_names};
pub use image::{HOST_IMAGE, Image, InstanceType, image_of_parameter, images, instance_types};
pub use insights::{AccessScope, AccessScopeAnalysis, InsightsAnalysis, InsightsPath, PathFilter};
pub use instance::{Instance, InstanceState, MetadataOptions, ProfileAssociation, RootVolume};
pub use interface::{Attachment, InterfaceKind, NetworkInterface, PrivateAddress};
pub use interface_service::{
    INTERFACE_SERVICES, InterfaceService, Scope, covers_name, have_further_interface_services, interface_service,
    interface_services,
};
pub use interfaces::NetworkInterfaces;
pub use key_pair::KeyPair;
pub use look::EndpointRoute;
pub use network_acl::{AclAction, AclEntry, NetworkAcl};
pub use outage::{Outages, OutagesKey, Since};
pub use peering::{PeeringSide, PeeringState, VpcPeeringConnection};
pub use prefix_list::{ManagedPrefixList, PrefixListEntry, PrefixListState, aws_prefix_lists};
pub use route_table::{Route, RouteDestination, RouteTable, RouteTarget, TableAssociation};
pub use service_catalogue::{
    GATEWAY_SERVICES, GatewayService, MOST_FURTHER, PublicService, have_further_services, public_service,
    public_services,
};
pub use sites::{SITES, Site, site_at};
pub use tag::Tags;
pub use vpc::{DhcpOptions, Subnet, SubnetIpv6Cidr, Vpc, VpcCidr, VpcIpv6Cidr};
pub use world::{Generation, World};
