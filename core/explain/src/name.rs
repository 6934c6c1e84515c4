//! Names: which zone answers to the one that asks, with which addresses, and why.

use crate::ground::Ground;
use crate::packet::Packet;
use crate::trace::*;
use crate::walk::Walk;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};

/// How a name was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    pub name: String,
    /// The VPC whose resolver was asked; `None` outside.
    pub vpc: Option<VpcId>,
    pub zone: Zone,
    pub addresses: Vec<IpAddr>,
}

/// Which zone answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// The VPC's resolver is off: `enableDnsSupport`.
    Off,
    /// A private hosted zone of the accounts, with or without the name.
    Hosted(HostedZoneId),
    /// An interface endpoint's own names.
    EndpointName(VpcEndpointId),
    /// The service's public names, which an interface endpoint has taken over in its VPC.
    PrivateDns(VpcEndpointId),
    /// Names of instances inside the VPC.
    Instance(NetworkInterfaceId),
    /// Names of public addresses.
    PublicAddress(NetworkInterfaceId),
    /// A service's public name. The endpoint of the VPC that would take it over, if one could.
    Public {
        would: Option<VpcEndpointId>,
    },
    Site,
    Unknown,
}

/// Services that also answer under a name without a region.
const GLOBAL: &[&str] = &["s3", "sts", "iam", "ec2", "route53", "organizations", "sqs", "sns"];
const GLOBAL_REGION: &str = "us-east-1";
/// So many names that stand for others are followed.
const CHAIN_MAX: usize = 8;

/// What a name means for a guest of the VPC, or outside every VPC.
pub(crate) fn resolve(ground: &Ground<'_>, vpc: Option<VpcId>, name: &str) -> Resolution {
    let asking = vpc.and_then(|id| ground.world.vpcs.get(&id));
    let (zone, addresses) = match asking {
        Some(vpc) if !vpc.enable_dns_support => (Zone::Off, vec![]),
        _ => look_up(ground, asking, name, CHAIN_MAX),
    };
    Resolution { name: name.to_owned(), vpc, zone, addresses }
}

/// The most specific zone answers: one of the accounts', an endpoint's names, or what everybody sees.
fn look_up(ground: &Ground<'_>, asking: Option<&Vpc>, name: &str, left: usize) -> (Zone, Vec<IpAddr>) {
    let hosted = asking.and_then(|vpc| ground.world.hosted_zone_for(vpc.id, name));
    let taken = asking.and_then(|vpc| ground.world.private_dns_record(vpc.id, name)).map(|(record, _)| record.len());
    match hosted.filter(|zone| taken.is_none_or(|length| zone.name.len() > length)) {
        Some(zone) => (Zone::Hosted(zone.id), in_zone(ground, asking, zone, name, left)),
        None => everybodys(ground, asking, name),
    }
}

fn everybodys(ground: &Ground<'_>, asking: Option<&Vpc>, name: &str) -> (Zone, Vec<IpAddr>) {
    inside(ground, asking, name)
        .or_else(|| own_name(ground, name))
        .or_else(|| private_dns(ground, asking, name))
        .or_else(|| public(ground, asking, name))
        .unwrap_or((Zone::Unknown, vec![]))
}

/// The addresses that a hosted zone has for a name, itself or by another name.
fn in_zone(ground: &Ground<'_>, asking: Option<&Vpc>, zone: &HostedZone, name: &str, left: usize) -> Vec<IpAddr> {
    let Some(sets) = zone.lookup(name) else { return vec![] };
    let of = |kind: &str| sets.iter().find(|set| set.kind == kind).map(|set| &set.data);
    let Some(left) = left.checked_sub(1) else { return vec![] };
    match (of("A"), of("CNAME")) {
        (Some(RecordData::Values { values, .. }), _) => values.iter().filter_map(|value| value.parse().ok()).collect(),
        (Some(RecordData::Alias { zone: of, target, .. }), _) if *of != zone.id.to_string() => {
            everybodys(ground, asking, target).1
        }
        (Some(RecordData::Alias { target, .. }), _) => look_up(ground, asking, target, left).1,
        (None, Some(RecordData::Values { values, .. })) => {
            values.first().map(|name| look_up(ground, asking, name.trim_end_matches('.'), left).1).unwrap_or_default()
        }
        (None, Some(RecordData::Alias { target, .. })) => look_up(ground, asking, target, left).1,
        (None, None) => vec![],
    }
}

type Found = Option<(Zone, Vec<IpAddr>)>;

/// `ip-10-0-1-5.ec2.internal`, `i-....ec2.internal`, and names of public addresses.
fn inside(ground: &Ground<'_>, asking: Option<&Vpc>, name: &str) -> Found {
    let (label, domain) = name.split_once('.')?;
    if let Some(vpc) = asking.filter(|vpc| domain == vpc.region.internal_domain()) {
        if let Some(address) = label.strip_prefix("ip-").and_then(hyphenated) {
            let eni = ground.holder(vpc.id, address).filter(|eni| ground.is_up(eni))?;
            return Some((Zone::Instance(eni.id), vec![address]));
        }
        let id: InstanceId = label.parse().ok()?;
        let eni = ground.interface_of(crate::Source::Instance(id)).filter(|eni| eni.vpc == vpc.id)?;
        let has_record = ground.world.instances.get(&id).and_then(|i| ground.world.subnets.get(&i.subnet));
        let is_there = ground.is_up(eni) && has_record.is_some_and(|subnet| subnet.resource_name_a_record);
        return is_there.then_some((Zone::Instance(eni.id), vec![eni.primary_address()?.into()]));
    }
    let public = label.strip_prefix("ec2-").and_then(hyphenated)?;
    let (eni, private) = ground.behind_public(public)?;
    let home = ground.world.vpcs.get(&eni.vpc)?;
    let wanted = match home.region.as_str() {
        GLOBAL_REGION => "compute-1.amazonaws.com".to_owned(),
        region => format!("{region}.compute.amazonaws.com"),
    };
    let is_named = home.enable_dns_support && home.enable_dns_hostnames && domain == wanted;
    let is_home = asking.is_some_and(|vpc| vpc.id == home.id);
    is_named.then_some((Zone::PublicAddress(eni.id), vec![if is_home { private } else { public }]))
}

fn hyphenated(text: &str) -> Option<IpAddr> {
    let address: Ipv4Addr = text.replace('-', ".").parse().ok()?;
    (address.to_string().replace('.', "-") == text).then_some(IpAddr::V4(address))
}

/// `vpce-0...-abcd1234[-zone].sts.us-east-1.vpce.amazonaws.com`, with a bucket in front for S3.
fn own_name(ground: &Ground<'_>, name: &str) -> Found {
    name.strip_suffix(".vpce.amazonaws.com")?;
    ground.world.endpoints.values().filter(|e| e.state == EndpointState::Available).find_map(|endpoint| {
        let (own, service) = (endpoint.interface()?, endpoint.interface_service()?);
        let front = name.strip_suffix(&format!(".{}", service.base_name(&endpoint.region)))?;
        let (bucket, label) = front.rsplit_once('.').map_or((None, front), |(bucket, label)| (Some(bucket), label));
        let zone = label.strip_prefix(&endpoint.label())?;
        let zone = if zone.is_empty() { None } else { Some(zone.strip_prefix('-')?) };
        let is_whole = bucket.is_some_and(|b| !b.is_empty()) == service.has_names_in_front;
        let interfaces = own.subnets.iter().filter_map(|p| ground.world.network_interfaces.get(&p.interface));
        let here = interfaces.filter(|eni| zone.is_none_or(|zone| eni.zone.as_str() == zone));
        let addresses = answering(ground, endpoint, here.collect(), zone.is_some(), false);
        (is_whole && !addresses.is_empty()).then_some((Zone::EndpointName(endpoint.id), addresses))
    })
}

/// The endpoint of the VPC that answers for a service's public name.
fn private_dns(ground: &Ground<'_>, asking: Option<&Vpc>, name: &str) -> Found {
    let vpc = asking.filter(|vpc| vpc.enable_dns_support && vpc.enable_dns_hostnames)?;
    let endpoint =
        taking_over(ground, vpc, name).find(|(_, own)| own.private_dns && !own.private_dns_for_inbound_only)?;
    let places = endpoint.1.subnets.iter().filter_map(|p| ground.world.network_interfaces.get(&p.interface));
    let addresses = answering(ground, endpoint.0, places.collect(), false, true);
    Some((Zone::PrivateDns(endpoint.0.id), addresses))
}

/// The addresses of an endpoint's interfaces: without those in zones that are down, unless the name is of one zone or none
/// is up.
fn answering(
    ground: &Ground<'_>,
    endpoint: &VpcEndpoint,
    places: Vec<&NetworkInterface>,
    is_zonal: bool,
    is_private: bool,
) -> Vec<IpAddr> {
    let up: Vec<_> = places.iter().copied().filter(|eni| !ground.is_dark(eni)).collect();
    let told = if is_zonal || up.is_empty() { places } else { up };
    let all = told.into_iter().flat_map(NetworkInterface::every_address);
    all.filter(|address| match (endpoint.dns_record_ip_type.as_str(), address) {
        ("dualstack", _) | ("ipv6", IpAddr::V6(_)) => true,
        ("service-defined", IpAddr::V6(_)) => !is_private,
        ("ipv6", IpAddr::V4(_)) | (_, IpAddr::V6(_)) => false,
        (_, IpAddr::V4(_)) => true,
    })
    .collect()
}

/// The interface endpoints of a VPC whose service has this public name.
fn taking_over<'g>(
    ground: &'g Ground<'_>,
    vpc: &'g Vpc,
    name: &'g str,
) -> impl Iterator<Item = (&'g VpcEndpoint, &'g InterfaceEndpoint)> {
    let of_vpc = ground.world.endpoints.values().filter(|e| e.vpc == vpc.id && e.state == EndpointState::Available);
    of_vpc.filter_map(move |endpoint| {
        let service = endpoint.interface_service()?;
        let names = service.private_names(&endpoint.region);
        let is_its = names.iter().any(|record| match record.strip_prefix("*.") {
            None => record == name,
            Some(parent) => name.strip_suffix(parent).is_some_and(|front| front.len() > 1 && front.ends_with('.')),
        });
        endpoint.interface().filter(|_| is_its).map(|own| (endpoint, own))
    })
}

/// The service or site that a public name names.
fn public(ground: &Ground<'_>, asking: Option<&Vpc>, name: &str) -> Found {
    if let Some(site) = SITES.iter().find(|site| site.name == name) {
        return Some((Zone::Site, site.addresses().collect()));
    }
    let (region, service) = service_of(name)?;
    let address = public_service(&Region::new(region), service)?.address.into();
    let would = asking.and_then(|vpc| taking_over(ground, vpc, name).next()).map(|(endpoint, _)| endpoint.id);
    Some((Zone::Public { would }, vec![address]))
}

/// Region and service of `sts.us-east-1.amazonaws.com`, `bucket.s3.eu-west-1.amazonaws.com`, `iam.amazonaws.com`.
fn service_of(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".api.aws"))?;
    let labels: Vec<&str> = rest.split('.').collect();
    let (last, front) = labels.split_last()?;
    if last.bytes().filter(|b| *b == b'-').count() >= 2 && last.ends_with(|c: char| c.is_ascii_digit()) {
        let service = match front {
            [.., "s3"] | [.., "s3", "dualstack"] => "s3",
            [_, "ddb"] => "dynamodb",
            [_, "execute-api"] => "execute-api",
            ["api", "ecr"] => "ecr.api",
            [_, "dkr", "ecr"] => "ecr.dkr",
            [service] => service,
            _ => return None,
        };
        return Some((last.strip_prefix("s3-").unwrap_or(last), if last.starts_with("s3-") { "s3" } else { service }));
    }
    match front {
        [] if GLOBAL.contains(last) => Some((GLOBAL_REGION, last)),
        _ if *last == "s3" => Some((GLOBAL_REGION, "s3")),
        _ => None,
    }
}

impl Resolution {
    /// Stop, place and cause of a name without an address.
    pub(crate) fn bar(&self) -> (Stop, Place, Cause) {
        let place = self.vpc.map_or(Place::Nowhere, Place::Resolver);
        (Stop::Name, place, if self.zone == Zone::Off { Cause::ResolverOff } else { Cause::UnknownName })
    }

    /// The step of a name that was found.
    pub(crate) fn step(&self, walk: &mut Walk<'_, '_>, packet: Packet) {
        let place = self.vpc.map_or(Place::Nowhere, Place::Resolver);
        walk.meet(Stop::Name, place, packet, None);
    }

    /// One sentence without its full stop.
    pub fn sentence(&self) -> String {
        let Self { name, zone, addresses, .. } = self;
        let is = addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
        match zone {
            Zone::Off => format!("{name} is not looked up: the VPC's resolver is off (enableDnsSupport)"),
            Zone::Hosted(id) if addresses.is_empty() => format!("{id} answers for {name} and has no address for it"),
            Zone::Hosted(id) => format!("{name} is {is}: the hosted zone {id}"),
            Zone::EndpointName(id) => format!("{name} is {is}: {id}'s own name"),
            Zone::PrivateDns(id) => format!("{name} is {is}: private DNS of {id}"),
            Zone::Instance(id) => format!("{name} is {is}: {id} inside the VPC"),
            Zone::PublicAddress(id) => format!("{name} is {is}: the name of {id}'s public address"),
            Zone::Public { would: None } => format!("{name} is {is}: the service's public address"),
            Zone::Public { would: Some(id) } => {
                format!("{name} is {is}: the service's public address, since private DNS of {id} is not in force")
            }
            Zone::Site => format!("{name} is {is}: a test site"),
            Zone::Unknown => format!("nobody knows the name {name}"),
        }
    }
}

pub(crate) fn tell(step: &Step) -> String {
    match (step.cause, step.place) {
        (Some(Cause::ResolverOff), Place::Resolver(vpc)) => format!("the resolver of {vpc} is off (enableDnsSupport)"),
        (Some(Cause::UnknownName), _) => "nobody knows the name".to_owned(),
        (Some(Cause::NotServed), _) => "the resolver answers on port 53 only".to_owned(),
        (_, Place::Resolver(vpc)) => format!("the resolver of {vpc} answers"),
        _ => "the public DNS answers".to_owned(),
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "NO_POSSIBLE_DESTINATION"
}

pub(crate) fn json(resolution: &Resolution) -> Value {
    json!({
        "name": resolution.name,
        "vpc": resolution.vpc,
        "addresses": resolution.addresses,
        "why": resolution.sentence(),
    })
}
