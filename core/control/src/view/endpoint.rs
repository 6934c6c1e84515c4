//! A VPC endpoint in replies.

use crate::listed::{FilterValues, Listed, one};
use crate::{tags, view};
use postern_call::Answer;
use postern_model::{EndpointKind, EndpointState, GATEWAY_SERVICES, Tags, VpcEndpoint, World};
use postern_names::{AccountId, Region, VpcEndpointId};
use serde_json::Value;
use std::collections::BTreeMap;

impl Listed for VpcEndpoint {
    type Id = VpcEndpointId;
    const PREFIX: &'static str = VpcEndpointId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("ip-address-type", |_, e| one(&e.ip_address_type)),
        ("service-name", |_, e| one(&e.service_name)),
        ("service-region", |_, e| one(&e.region)),
        ("vpc-id", |_, e| one(e.vpc)),
        ("vpc-endpoint-id", |_, e| one(e.id)),
        // The model spells states with a capital, replies without: both are asked for.
        ("vpc-endpoint-state", |_, e| vec![state(e.state).to_owned(), capitalised(state(e.state))]),
        ("vpc-endpoint-type", |_, e| one(kind(&e.kind))),
    ];
    fn all(world: &World) -> &BTreeMap<VpcEndpointId, Self> {
        &world.endpoints
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn region(&self) -> &Region {
        &self.region
    }
    fn tags(&self) -> &Tags {
        &self.tags
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// As the wire spells it: lower camel.
pub fn state(state: EndpointState) -> &'static str {
    match state {
        EndpointState::Pending => "pending",
        EndpointState::Available => "available",
        EndpointState::Deleting => "deleting",
        EndpointState::Deleted => "deleted",
        EndpointState::Failed => "failed",
    }
}

pub fn kind(kind: &EndpointKind) -> &'static str {
    match kind {
        EndpointKind::Gateway { .. } => "Gateway",
        EndpointKind::Interface(_) => "Interface",
    }
}

pub fn endpoint(world: &World, endpoint: &VpcEndpoint) -> Answer {
    shown(world, endpoint, endpoint.state)
}

/// As the create reply shows it: AWS takes its time over an endpoint with interfaces.
pub fn new(world: &World, made: &VpcEndpoint) -> Value {
    shown(world, made, if made.interface().is_some() { EndpointState::Pending } else { made.state }).into()
}

/// Members in the model's order: the codec finds them sooner.
fn shown(world: &World, endpoint: &VpcEndpoint, as_if: EndpointState) -> Answer {
    let places = endpoint.interface().map(|own| own.subnets.as_slice()).unwrap_or_default();
    let groups = endpoint.interface().map(|own| own.groups.as_slice()).unwrap_or_default();
    Answer::members([
        ("VpcEndpointId", endpoint.id.text().into()),
        ("VpcEndpointType", kind(&endpoint.kind).into()),
        ("VpcId", endpoint.vpc.text().into()),
        ("ServiceName", endpoint.service_name.clone().into()),
        ("State", state(as_if).into()),
        ("PolicyDocument", endpoint.policy.clone().into()),
        ("RouteTableIds", Answer::list(endpoint.route_tables().iter().map(|table| table.text()))),
        ("SubnetIds", Answer::list(places.iter().map(|place| place.subnet.text()))),
        ("Groups", view::group::identifiers(world, groups)),
        ("IpAddressType", endpoint.ip_address_type.clone().into()),
        ("DnsOptions", dns_options(endpoint)),
        ("PrivateDnsEnabled", endpoint.interface().is_some_and(|own| own.private_dns).into()),
        ("RequesterManaged", false.into()),
        ("NetworkInterfaceIds", Answer::list(places.iter().map(|place| place.interface.text()))),
        ("DnsEntries", dns_entries(world, endpoint)),
        ("CreationTimestamp", endpoint.created.into()),
        ("Tags", tags::lean(&endpoint.tags)),
        ("OwnerId", endpoint.owner.to_string().into()),
        ("ServiceRegion", endpoint.region.as_str().to_owned().into()),
    ])
}

fn dns_options(endpoint: &VpcEndpoint) -> Answer {
    let record_type = ("DnsRecordIpType", endpoint.dns_record_ip_type.clone().into());
    match endpoint.interface().filter(|own| own.private_dns && has_gateway_type(endpoint)) {
        Some(own) => {
            let inbound_only = own.private_dns_for_inbound_only.into();
            Answer::members([record_type, ("PrivateDnsOnlyForInboundResolverEndpoint", inbound_only)])
        }
        None => Answer::members([record_type]),
    }
}

fn has_gateway_type(endpoint: &VpcEndpoint) -> bool {
    GATEWAY_SERVICES.iter().any(|service| service.name == endpoint.service())
}

/// AWS's order: the regional name, zonal names, private names, wildcard private names.
fn dns_entries(world: &World, endpoint: &VpcEndpoint) -> Answer {
    let (Some(own), Some(service)) = (endpoint.interface(), endpoint.interface_service()) else {
        return Answer::List(Box::default());
    };
    let (label, base) = (endpoint.label(), service.base_name(&endpoint.region));
    let front = if service.has_names_in_front { "*." } else { "" };
    let zones = own.subnets.iter().filter_map(|place| world.subnets.get(&place.subnet)).map(|s| format!("-{}", s.zone));
    let public = std::iter::once(String::new()).chain(zones).map(|zone| format!("{front}{label}{zone}.{base}"));
    let entry = |name: String, zone: String| Answer::members([("DnsName", name.into()), ("HostedZoneId", zone.into())]);
    let public = public.map(|name| entry(name, public_zone(&endpoint.region)));
    let private = endpoint.private_names().into_iter().map(|name| {
        let zone = private_zone(endpoint, &name);
        entry(name, zone)
    });
    Answer::list(public.chain(private))
}

/// The hosted zone of a region's endpoint names: AWS's own where it is known.
fn public_zone(region: &Region) -> String {
    match region.as_str() {
        "us-east-1" => "Z7HUB22UULQXV".to_owned(),
        "us-east-2" => "ZC8PG0KIFKBRI".to_owned(),
        other => zone_id(other.bytes(), 12),
    }
}

/// The hidden zone of one private name of one endpoint.
fn private_zone(endpoint: &VpcEndpoint, name: &str) -> String {
    zone_id(endpoint.id.text().bytes().chain(name.bytes()), 20)
}

/// `Z` and upper-case base 36, the same for the same seed.
fn zone_id(seed: impl Iterator<Item = u8>, length: u32) -> String {
    let mut hash =
        seed.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let digits = (0..length).filter_map(|_| {
        hash = hash.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from_digit(((hash >> 33) % 36) as u32, 36)
    });
    format!("Z{}", digits.collect::<String>().to_ascii_uppercase())
}
