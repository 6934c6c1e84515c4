//! What things are called: ids, ARNs, accounts, regions, address ranges, and the stops of a packet's way.
//!
//! Text is parsed once, at the border; past it no `String` stands for a thing with rules.
#![forbid(unsafe_code)]

mod account;
mod arn;
mod cidr;
mod cidr_either;
mod cidr_v6;
mod hosted_zone_id;
mod id;
mod protocol;
mod stop;
mod via;

pub use account::{AccountId, AvailabilityZone, MalformedAccountId, Region};
pub use arn::{Arn, MalformedArn};
pub use cidr::{IpNet, Ipv4Cidr, MalformedCidr};
pub use cidr_either::{Cidr, IpFamily};
pub use cidr_v6::{Ipv6Cidr, MalformedIpv6Cidr};
pub use hosted_zone_id::{HostedZoneId, MalformedHostedZoneId};
pub use id::*;
pub use protocol::{PortRange, Protocol};
pub use stop::Stop;
pub use via::Via;
