//! Every network interface, found in one step by its id, an address or its instance: packets, names and questions ask for
//! them all the time, and a region may have ten thousand.

use crate::NetworkInterface;
use postern_names::{InstanceId, NetworkInterfaceId, VpcId};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Deref;

/// Before every other in order.
const FIRST: NetworkInterfaceId = NetworkInterfaceId::from_bits(0);

/// Reads as a map by id. To change one, put it anew: what it is found by is noted then.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkInterfaces {
    by_id: BTreeMap<NetworkInterfaceId, NetworkInterface>,
    /// By each private address.
    by_address: BTreeSet<(VpcId, IpAddr, NetworkInterfaceId)>,
    /// By each IPv6 address, which is the same inside and outside.
    by_ipv6: BTreeSet<(Ipv6Addr, NetworkInterfaceId)>,
    /// By instance and device index.
    by_instance: BTreeSet<(InstanceId, u32, NetworkInterfaceId)>,
    /// By each public address of Amazon's pool, with the private one that it stands for.
    by_automatic: BTreeSet<(Ipv4Addr, NetworkInterfaceId, Ipv4Addr)>,
}

impl NetworkInterfaces {
    /// Gives back the one of that id that was there before.
    pub fn insert(&mut self, interface: NetworkInterface) -> Option<NetworkInterface> {
        let former = self.remove(&interface.id);
        let id = interface.id;
        self.by_address.extend(interface.every_address().map(|address| (interface.vpc, address, id)));
        self.by_ipv6.extend(interface.ipv6_addresses.iter().map(|address| (*address, id)));
        let automatic = interface.addresses.iter().filter_map(|one| Some((one.auto_public?, id, one.address)));
        self.by_automatic.extend(automatic);
        self.by_instance.extend(device(&interface));
        self.by_id.insert(id, interface);
        former
    }

    pub fn remove(&mut self, id: &NetworkInterfaceId) -> Option<NetworkInterface> {
        let former = self.by_id.remove(id)?;
        for address in former.every_address() {
            self.by_address.remove(&(former.vpc, address, *id));
        }
        for address in &former.ipv6_addresses {
            self.by_ipv6.remove(&(*address, *id));
        }
        for (public, private) in former.addresses.iter().filter_map(|one| Some((one.auto_public?, one.address))) {
            self.by_automatic.remove(&(public, *id, private));
        }
        if let Some(device) = device(&former) {
            self.by_instance.remove(&device);
        }
        Some(former)
    }

    /// The interface in a VPC that has this private address.
    pub fn at(&self, vpc: VpcId, address: IpAddr) -> Option<&NetworkInterface> {
        let (of, place, id) = self.by_address.range((vpc, address, FIRST)..).next()?;
        self.by_id.get(id).filter(|_| (*of, *place) == (vpc, address))
    }

    /// The instance's interfaces, by device index.
    pub fn of_instance(&self, instance: InstanceId) -> impl Iterator<Item = &NetworkInterface> {
        let found = self.by_instance.range((instance, 0, FIRST)..).take_while(move |(of, ..)| *of == instance);
        found.filter_map(|(_, _, id)| self.by_id.get(id))
    }

    /// The interfaces with this IPv6 address, of any VPC.
    pub fn with_ipv6(&self, address: Ipv6Addr) -> impl Iterator<Item = &NetworkInterface> {
        let found = self.by_ipv6.range((address, FIRST)..).take_while(move |(of, _)| *of == address);
        found.filter_map(|(_, id)| self.by_id.get(id))
    }

    /// The interfaces that were given this public address of Amazon's pool, each with the private one that it stands for.
    pub fn with_automatic(&self, public: Ipv4Addr) -> impl Iterator<Item = (&NetworkInterface, Ipv4Addr)> {
        let first = (public, FIRST, Ipv4Addr::UNSPECIFIED);
        let found = self.by_automatic.range(first..).take_while(move |(of, ..)| *of == public);
        found.filter_map(|(_, id, private)| Some((self.by_id.get(id)?, *private)))
    }
}

fn device(interface: &NetworkInterface) -> Option<(InstanceId, u32, NetworkInterfaceId)> {
    let attachment = interface.attachment.as_ref()?;
    Some((attachment.instance?, attachment.device_index, interface.id))
}

impl Deref for NetworkInterfaces {
    type Target = BTreeMap<NetworkInterfaceId, NetworkInterface>;
    fn deref(&self) -> &Self::Target {
        &self.by_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attachment, InterfaceKind, PrivateAddress, Tags};
    use postern_names::*;
    use time::OffsetDateTime;

    fn address(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    fn interface(id: u64, last: u8) -> NetworkInterface {
        NetworkInterface {
            id: NetworkInterfaceId::from_bits(id),
            vpc: VpcId::from_bits(1),
            subnet: SubnetId::from_bits(1),
            zone: AvailabilityZone::new("us-east-1a"),
            owner: AccountId::DEFAULT,
            region: Region::new("us-east-1"),
            kind: InterfaceKind::Interface,
            description: String::new(),
            mac: [0; 6],
            addresses: vec![PrivateAddress { address: address(last), auto_public: None }],
            ipv6_addresses: vec![],
            groups: vec![],
            source_dest_check: true,
            associate_public_ip: false,
            attachment: None,
            requester_managed: false,
            tags: Tags::new(),
        }
    }

    fn at(all: &NetworkInterfaces, last: u8) -> Option<u64> {
        all.at(VpcId::from_bits(1), address(last).into()).map(|eni| eni.id.digits().bits())
    }

    #[test]
    fn what_is_put_anew_is_found_by_what_it_has_now() {
        let mut all = NetworkInterfaces::default();
        let public = Ipv4Addr::new(3, 208, 0, 1);
        let mut one = interface(1, 5);
        one.addresses[0].auto_public = Some(public);
        assert_eq!(all.insert(one.clone()), None);
        assert_eq!(all.insert(interface(2, 6)), None);
        assert_eq!((at(&all, 5), at(&all, 6), at(&all, 7)), (Some(1), Some(2), None));
        assert_eq!(all.at(VpcId::from_bits(2), address(5).into()), None);
        assert_eq!(all.with_automatic(public).map(|(_, private)| private).collect::<Vec<_>>(), [address(5)]);
        assert_eq!(all.insert(interface(1, 7)), Some(one));
        assert_eq!((at(&all, 5), at(&all, 7), all.with_automatic(public).count()), (None, Some(1), 0));
        assert!(all.remove(&NetworkInterfaceId::from_bits(1)).is_some());
        assert_eq!((at(&all, 7), all.len()), (None, 1));
        let six: Ipv6Addr = "2600:1f18::5".parse().unwrap();
        all.insert(NetworkInterface { ipv6_addresses: vec![six], ..interface(3, 8) });
        assert_eq!(all.at(VpcId::from_bits(1), six.into()), all.with_ipv6(six).next());
        assert_eq!(all.with_ipv6(six).count(), 1);
        all.remove(&NetworkInterfaceId::from_bits(3));
        assert_eq!(all.with_ipv6(six).count(), 0);
        // As if nothing else had ever been there.
        let mut alone = NetworkInterfaces::default();
        alone.insert(interface(2, 6));
        assert_eq!(all, alone);
    }

    #[test]
    fn an_instances_interfaces_come_by_device_index() {
        let mut all = NetworkInterfaces::default();
        for (id, instance, device_index) in [(1, 1, 1), (2, 1, 0), (3, 2, 0)] {
            let attachment = Attachment {
                id: NetworkInterfaceAttachmentId::from_bits(id),
                instance: Some(InstanceId::from_bits(instance)),
                device_index,
                delete_on_termination: true,
                attached: OffsetDateTime::UNIX_EPOCH,
            };
            all.insert(NetworkInterface { attachment: Some(attachment), ..interface(id, 10 + id as u8) });
        }
        let of = |instance| -> Vec<u64> {
            all.of_instance(InstanceId::from_bits(instance)).map(|eni| eni.id.digits().bits()).collect()
        };
        assert_eq!((of(1), of(2), of(3)), (vec![2, 1], vec![3], vec![]));
    }
}
