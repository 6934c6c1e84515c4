//! Every Elastic IP address, found in one step by its allocation, its public address or what it stands for.

use crate::ElasticAddress;
use postern_names::{AllocationId, NetworkInterfaceId};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::ops::Deref;

/// Before every other in order.
const FIRST: AllocationId = AllocationId::from_bits(0);

/// Reads as a map by allocation. To change one, put it anew: what it is found by is noted then.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ElasticAddresses {
    by_allocation: BTreeMap<AllocationId, ElasticAddress>,
    by_public: BTreeSet<(Ipv4Addr, AllocationId)>,
    /// By the interface and the private address that it is associated with.
    by_private: BTreeSet<(NetworkInterfaceId, Ipv4Addr, AllocationId)>,
}

impl ElasticAddresses {
    /// Gives back the one of that allocation that was there before.
    pub fn insert(&mut self, address: ElasticAddress) -> Option<ElasticAddress> {
        let former = self.remove(&address.allocation);
        self.by_public.insert((address.public_ip, address.allocation));
        self.by_private.extend(place(&address));
        self.by_allocation.insert(address.allocation, address);
        former
    }

    pub fn remove(&mut self, allocation: &AllocationId) -> Option<ElasticAddress> {
        let former = self.by_allocation.remove(allocation)?;
        self.by_public.remove(&(former.public_ip, *allocation));
        if let Some(place) = place(&former) {
            self.by_private.remove(&place);
        }
        Some(former)
    }

    /// The one that this public address is.
    pub fn at(&self, public: Ipv4Addr) -> Option<&ElasticAddress> {
        let (of, allocation) = self.by_public.range((public, FIRST)..).next()?;
        self.by_allocation.get(allocation).filter(|_| *of == public)
    }

    /// The one that stands for a private address of an interface.
    pub fn associated(&self, interface: NetworkInterfaceId, private: Ipv4Addr) -> Option<&ElasticAddress> {
        let (eni, address, allocation) = self.by_private.range((interface, private, FIRST)..).next()?;
        self.by_allocation.get(allocation).filter(|_| (*eni, *address) == (interface, private))
    }
}

fn place(address: &ElasticAddress) -> Option<(NetworkInterfaceId, Ipv4Addr, AllocationId)> {
    let (_, interface, private) = address.association?;
    Some((interface, private, address.allocation))
}

impl Deref for ElasticAddresses {
    type Target = BTreeMap<AllocationId, ElasticAddress>;
    fn deref(&self) -> &Self::Target {
        &self.by_allocation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tags;
    use postern_names::{AccountId, AddressAssociationId, Region};

    #[test]
    fn an_address_is_found_by_what_it_stands_for_now() {
        let (public, private) = (Ipv4Addr::new(3, 208, 0, 1), Ipv4Addr::new(10, 0, 0, 5));
        let eni = NetworkInterfaceId::from_bits(1);
        let free = ElasticAddress {
            allocation: AllocationId::from_bits(1),
            owner: AccountId::DEFAULT,
            region: Region::new("us-east-1"),
            public_ip: public,
            association: None,
            tags: Tags::new(),
        };
        let association = Some((AddressAssociationId::from_bits(1), eni, private));
        let bound = ElasticAddress { association, ..free.clone() };
        let mut all = ElasticAddresses::default();
        all.insert(free.clone());
        assert_eq!((all.at(public), all.associated(eni, private)), (Some(&free), None));
        all.insert(bound.clone());
        assert_eq!((all.at(public), all.associated(eni, private)), (Some(&bound), Some(&bound)));
        assert_eq!(all.at(Ipv4Addr::new(3, 208, 0, 0)), None);
        all.remove(&bound.allocation);
        assert_eq!(all, ElasticAddresses::default());
    }
}
