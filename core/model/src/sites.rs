//! The small test sites of the internet namespace: names outside AWS that a lab can look up, ping and fetch.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A test site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// The host name the site answers to.
    pub name: &'static str,
    pub address: Ipv4Addr,
    pub ipv6: Option<Ipv6Addr>,
}

impl Site {
    /// Its addresses of both families.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(IpAddr::V4(self.address)).chain(self.ipv6.map(IpAddr::V6))
    }
}

/// Every test site. The addresses lie outside the ranges that `public_services` gives out.
pub const SITES: &[Site] = &[
    Site {
        name: "example.com",
        address: Ipv4Addr::new(93, 184, 215, 14),
        ipv6: Some(Ipv6Addr::new(0x2606, 0x2800, 0x220, 1, 0x248, 0x1893, 0x25c8, 0x1946)),
    },
    Site { name: "checkip.amazonaws.com", address: Ipv4Addr::new(52, 46, 127, 10), ipv6: None },
];

/// The site at that address.
pub fn site_at(address: IpAddr) -> Option<&'static Site> {
    SITES.iter().find(|site| site.addresses().any(|own| own == address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_names::Region;

    #[test]
    fn no_service_has_the_address_of_a_site() {
        for region in ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"] {
            for service in crate::public_services(&Region::new(region)) {
                assert_eq!(site_at(service.address.into()), None, "{} in {region}", service.name);
            }
        }
    }
}
