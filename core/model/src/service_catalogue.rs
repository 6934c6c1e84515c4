//! The services a region offers: their names, public addresses and, for gateway services, prefix lists.
//!
//! A connection's destination address tells which service was meant, so every service has addresses of its own.

use postern_names::{Ipv4Cidr, PrefixListId, Region};
use std::net::Ipv4Addr;
use std::sync::OnceLock;

/// A service that gateway endpoints can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayService {
    /// As in service names: `s3`.
    pub name: &'static str,
}

/// Every service of type Gateway.
pub const GATEWAY_SERVICES: &[GatewayService] = &[GatewayService { name: "s3" }, GatewayService { name: "dynamodb" }];

impl GatewayService {
    /// The prefix list's id: AWS's real one where it is known, else derived from service and region.
    pub fn prefix_list(&self, region: &Region) -> PrefixListId {
        match (self.name, region.as_str()) {
            ("s3", "us-east-1") => PrefixListId::short(0x63a5_400a),
            ("s3", "us-west-2") => PrefixListId::short(0x68a5_4001),
            ("dynamodb", "us-east-1") => PrefixListId::short(0x02cd_2c6b),
            _ => PrefixListId::short(mix(self.name, region)),
        }
    }
    /// The ranges of the list. Regions other than us-east-1 have ranges of their own, so that a bucket of another
    /// region is not reached through this region's endpoint.
    pub fn ranges(&self, region: &Region) -> Vec<Ipv4Cidr> {
        let fixed: &[(Ipv4Addr, u8)] = match (self.name, region.as_str()) {
            ("s3", "us-east-1") => &[
                (Ipv4Addr::new(54, 231, 0, 0), 16),
                (Ipv4Addr::new(52, 216, 0, 0), 15),
                (Ipv4Addr::new(3, 5, 0, 0), 19),
            ],
            ("dynamodb", "us-east-1") => &[(Ipv4Addr::new(52, 94, 0, 0), 22), (Ipv4Addr::new(52, 119, 224, 0), 20)],
            _ => return vec![derived_range(self.name, region)].into_iter().flatten().collect(),
        };
        fixed.iter().filter_map(|(address, length)| Ipv4Cidr::new(*address, *length)).collect()
    }
}

/// Where a service answers on the public side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicService {
    /// The name in hostnames and endpoint service names: `s3`, `sts`, `ec2`, `monitoring`.
    pub name: &'static str,
    /// The name requests are signed for, if it differs per protocol model: `cloudwatch` is `monitoring` on both.
    pub signing_name: &'static str,
    pub address: Ipv4Addr,
}

/// Names of services with a public address, in the order of their addresses. A name stays at its place for ever.
const NAMES: &[&str] = &[
    "ec2",
    "sts",
    "iam",
    "sqs",
    "sns",
    "ssm",
    "secretsmanager",
    "kms",
    "monitoring",
    "logs",
    "lambda",
    "execute-api",
    "ssmmessages",
    "ec2messages",
    "elasticloadbalancing",
    "cloudtrail",
    "events",
    "states",
    "ecr.api",
    "ecr.dkr",
    "organizations",
    "access-analyzer",
    "route53",
];

/// Services that the region was told to have beside its own, behind which other servers stand; told once, at the start.
static FURTHER: OnceLock<Vec<&'static str>> = OnceLock::new();
/// Where their addresses begin.
const FURTHER_FROM: u32 = 120;
/// As many of them as have addresses.
pub const MOST_FURTHER: usize = 100;

/// Gives the region services that are not in its catalogue, by their names in service names (`eks`): each gets a public
/// address, public names and interface endpoints. Those that it has already stay as they are. To be called once, before
/// anything looks at the catalogue; further calls change nothing.
pub fn have_further_services(names: &[String]) {
    let new = names.iter().filter(|name| !NAMES.contains(&name.as_str()) && !is_gateway(name));
    FURTHER.get_or_init(|| new.take(MOST_FURTHER).map(|name| &*name.clone().leak()).collect());
}

fn is_gateway(name: &str) -> bool {
    GATEWAY_SERVICES.iter().any(|service| service.name == name)
}

fn further() -> &'static [&'static str] {
    FURTHER.get().map_or(&[], Vec::as_slice)
}

/// Every service with a public address in the region.
pub fn public_services(region: &Region) -> Vec<PublicService> {
    let gateway = GATEWAY_SERVICES.iter().filter_map(|service| {
        let range = service.ranges(region).into_iter().max_by_key(|r| r.size())?;
        Some(PublicService { name: service.name, signing_name: service.name, address: range.nth(257)? })
    });
    let base = general_range(region);
    let others = NAMES.iter().zip(10u32..).chain(further().iter().zip(FURTHER_FROM..)).filter_map(move |(name, n)| {
        Some(PublicService { name, signing_name: name.split('.').next().unwrap_or(name), address: base?.nth(n)? })
    });
    gateway.chain(others).collect()
}

/// The service of that name, if the region has it.
pub fn public_service(region: &Region, name: &str) -> Option<PublicService> {
    public_services(region).into_iter().find(|service| service.name == name)
}

/// The range that the services without a prefix list lie in: 52.46.0.0/16 cut in /24s by region.
fn general_range(region: &Region) -> Option<Ipv4Cidr> {
    let third = if region.as_str() == "us-east-1" { 128 } else { (mix("general", region) % 127) as u8 };
    Ipv4Cidr::new(Ipv4Addr::new(52, 46, third, 0), 24)
}

/// A /22 for a gateway service in a region without published ranges, out of 35.71.0.0/16 and 35.72.0.0/16.
fn derived_range(service: &str, region: &Region) -> Option<Ipv4Cidr> {
    let second = if service == "s3" { 71 } else { 72 };
    let third = ((mix("range", region) % 64) * 4) as u8;
    Ipv4Cidr::new(Ipv4Addr::new(35, second, third, 0), 22)
}

/// FNV-1a over both words: stable numbers without a table.
fn mix(word: &str, region: &Region) -> u32 {
    word.bytes().chain(region.as_str().bytes()).fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn gateway_services_answer_inside_their_own_prefix_list() {
        for name in ["us-east-1", "eu-west-1", "ap-southeast-2"] {
            let region = Region::new(name);
            for service in GATEWAY_SERVICES {
                let address = public_service(&region, service.name).unwrap().address;
                assert!(service.ranges(&region).iter().any(|r| r.contains(address)), "{name} {}", service.name);
            }
            let addresses: BTreeSet<_> = public_services(&region).iter().map(|s| s.address).collect();
            assert_eq!(addresses.len(), public_services(&region).len());
        }
    }
}
