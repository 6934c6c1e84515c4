//! A network interface in replies, on its own and within an instance.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use crate::view::{group, hostname, timestamp};
use postern_call::Answer;
use postern_model::{Attachment, ElasticAddress, InterfaceKind, NetworkInterface, Tags, World};
use postern_names::{AccountId, NetworkInterfaceId, Region};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

impl Listed for NetworkInterface {
    type Id = NetworkInterfaceId;
    const PREFIX: &'static str = NetworkInterfaceId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("addresses.association.owner-id", |w, i| each_address(w, i, |p| p.owner)),
        ("addresses.association.public-ip", |w, i| each_address(w, i, |p| p.address.to_string())),
        ("addresses.primary", |_, i| i.addresses.iter().enumerate().map(|(n, _)| (n == 0).to_string()).collect()),
        ("addresses.private-ip-address", |_, i| i.addresses.iter().map(|a| a.address.to_string()).collect()),
        ("association.allocation-id", |w, i| {
            primary_elastic(w, i).map(|e| e.allocation.to_string()).into_iter().collect()
        }),
        ("association.association-id", |w, i| {
            let association = primary_elastic(w, i).and_then(|e| e.association);
            association.map(|(id, _, _)| id.to_string()).into_iter().collect()
        }),
        ("association.ip-owner-id", |w, i| primary_public(w, i).map(|p| p.owner).into_iter().collect()),
        ("association.public-ip", |w, i| primary_public(w, i).map(|p| p.address.to_string()).into_iter().collect()),
        ("association.public-dns-name", |w, i| {
            primary_public(w, i).and_then(|p| hostname::public(w, i.vpc, p.address)).into_iter().collect()
        }),
        ("attachment.attach-time", |_, i| of_attachment(i, |a| timestamp(a.attached))),
        ("attachment.attachment-id", |_, i| of_attachment(i, attachment_id)),
        ("attachment.delete-on-termination", |_, i| of_attachment(i, |a| a.delete_on_termination.to_string())),
        ("attachment.device-index", |_, i| of_attachment(i, |a| a.device_index.to_string())),
        ("attachment.instance-id", |_, i| {
            i.attachment.as_ref().and_then(|a| a.instance).map(|id| id.to_string()).into_iter().collect()
        }),
        ("attachment.instance-owner-id", |_, i| of_attachment(i, |a| holder(i, a))),
        ("attachment.status", |_, i| of_attachment(i, |_| "attached".into())),
        ("availability-zone", |_, i| one(&i.zone)),
        ("availability-zone-id", |_, i| one(i.zone.id())),
        ("description", |_, i| one(&i.description)),
        ("group-id", |_, i| i.groups.iter().map(ToString::to_string).collect()),
        ("group-name", |w, i| {
            i.groups.iter().filter_map(|id| w.security_groups.get(id)).map(|g| g.name.clone()).collect()
        }),
        ("interface-type", |_, i| one(kind(i.kind))),
        ("ipv6-addresses.ipv6-address", |_, i| i.ipv6_addresses.iter().map(ToString::to_string).collect()),
        ("mac-address", |_, i| one(i.mac_text())),
        ("network-interface-id", |_, i| one(i.id)),
        ("operator.managed", |_, _| flag(false)),
        ("operator.principal", |_, _| vec![]),
        ("owner-id", |_, i| one(i.owner)),
        ("private-dns-name", |w, i| i.primary_address().and_then(|a| private_name(w, i, a)).into_iter().collect()),
        ("private-ip-address", |_, i| i.primary_address().map(|a| a.to_string()).into_iter().collect()),
        ("requester-id", |_, _| vec![]),
        ("requester-managed", |_, i| flag(i.requester_managed)),
        ("source-dest-check", |_, i| flag(i.source_dest_check)),
        ("status", |_, i| one(status(i))),
        ("subnet-id", |_, i| one(i.subnet)),
        ("vpc-id", |_, i| one(i.vpc)),
    ];
    fn all(world: &World) -> &BTreeMap<NetworkInterfaceId, Self> {
        &world.network_interfaces
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

/// A public address and whose it is: `amazon` for one of its pool.
pub struct Public<'w> {
    pub address: Ipv4Addr,
    pub owner: String,
    pub elastic: Option<&'w ElasticAddress>,
}

/// The public address that stands for a private one of the interface.
pub fn public<'w>(world: &'w World, interface: &NetworkInterface, private: Ipv4Addr) -> Option<Public<'w>> {
    if let Some(elastic) = world.addresses.associated(interface.id, private) {
        return Some(Public { address: elastic.public_ip, owner: elastic.owner.to_string(), elastic: Some(elastic) });
    }
    let automatic = interface.addresses.iter().find(|a| a.address == private)?.auto_public?;
    Some(Public { address: automatic, owner: "amazon".into(), elastic: None })
}

/// The public address of the primary private one.
pub fn primary_public<'w>(world: &'w World, interface: &NetworkInterface) -> Option<Public<'w>> {
    public(world, interface, interface.primary_address()?)
}

fn primary_elastic<'w>(world: &'w World, interface: &NetworkInterface) -> Option<&'w ElasticAddress> {
    primary_public(world, interface)?.elastic
}

fn each_address(world: &World, interface: &NetworkInterface, value: fn(Public<'_>) -> String) -> Vec<String> {
    interface.addresses.iter().filter_map(|a| public(world, interface, a.address)).map(value).collect()
}

fn of_attachment(interface: &NetworkInterface, value: impl Fn(&Attachment) -> String) -> Vec<String> {
    interface.attachment.iter().map(value).collect()
}

/// `in-use` or `available`.
pub fn status(interface: &NetworkInterface) -> &'static str {
    if interface.attachment.is_some() { "in-use" } else { "available" }
}

/// The interface's type on the wire.
pub fn kind(kind: InterfaceKind) -> &'static str {
    match kind {
        InterfaceKind::Interface => "interface",
        InterfaceKind::NatGateway => "nat_gateway",
        InterfaceKind::VpcEndpoint => "vpc_endpoint",
    }
}

/// `eni-attach-...`, or `ela-attach-...` for what a service holds.
pub fn attachment_id(attachment: &Attachment) -> String {
    match attachment.instance {
        Some(_) => attachment.id.to_string(),
        None => format!("ela-attach-{}", attachment.id.digits()),
    }
}

/// The account of the holder.
fn holder(interface: &NetworkInterface, attachment: &Attachment) -> String {
    if attachment.instance.is_some() { interface.owner.to_string() } else { "amazon-aws".into() }
}

fn private_name(world: &World, interface: &NetworkInterface, address: Ipv4Addr) -> Option<String> {
    let has_names = world.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.enable_dns_hostnames);
    has_names.then(|| hostname::private(&interface.region, address))
}

/// A structure's members, as they come.
type Members = Vec<(&'static str, Answer)>;

pub fn network_interface(world: &World, interface: &NetworkInterface) -> Answer {
    let mut reply = common(world, interface, true);
    if let Some(attachment) = &interface.attachment {
        let mut shown = attachment_view(attachment);
        if let Some(instance) = attachment.instance {
            shown.push(("InstanceId", instance.text().into()));
        }
        shown.push(("InstanceOwnerId", holder(interface, attachment).into()));
        reply.push(("Attachment", Answer::Members(shown.into())));
    }
    reply.push(("AvailabilityZone", interface.zone.to_string().into()));
    reply.push(("AvailabilityZoneId", interface.zone.id().into()));
    reply.push(("RequesterManaged", interface.requester_managed.into()));
    reply.push(("TagSet", tags::lean(&interface.tags)));
    // The internet does not reach an endpoint by its IPv6 addresses.
    let is_closed = interface.kind == InterfaceKind::VpcEndpoint && !interface.ipv6_addresses.is_empty();
    reply.push(("DenyAllIgwTraffic", is_closed.into()));
    reply.push(("Ipv6Native", false.into()));
    if let Some(name) = primary_public(world, interface).and_then(|p| hostname::public(world, interface.vpc, p.address))
    {
        reply.push(("PublicDnsName", name.into()));
    }
    Answer::Members(reply.into())
}

/// As DescribeInstances shows it.
pub fn within_instance(world: &World, interface: &NetworkInterface) -> Answer {
    let mut reply = common(world, interface, false);
    if let Some(attachment) = &interface.attachment {
        reply.push(("Attachment", Answer::Members(attachment_view(attachment).into())));
    }
    Answer::Members(reply.into())
}

/// What an interface's attachment is to everyone.
fn attachment_view(attachment: &Attachment) -> Members {
    vec![
        ("AttachTime", attachment.attached.into()),
        ("AttachmentId", attachment_id(attachment).into()),
        ("DeleteOnTermination", attachment.delete_on_termination.into()),
        ("DeviceIndex", i64::from(attachment.device_index).into()),
        ("Status", "attached".into()),
        ("NetworkCardIndex", 0.into()),
    ]
}

fn common(world: &World, interface: &NetworkInterface, with_ids: bool) -> Members {
    let mut reply = Members::with_capacity(24);
    if let Some(public) = primary_public(world, interface) {
        reply.push(("Association", association(world, interface, &public, with_ids)));
    }
    reply.push(("Description", interface.description.clone().into()));
    reply.push(("Groups", group::identifiers(world, &interface.groups)));
    reply.push(("InterfaceType", kind(interface.kind).into()));
    reply.push(("Ipv6Addresses", ipv6_addresses(interface)));
    if let Some(first) = interface.ipv6_addresses.first().filter(|_| with_ids) {
        reply.push(("Ipv6Address", first.to_string().into()));
    }
    reply.push(("MacAddress", interface.mac_text().into()));
    reply.push(("NetworkInterfaceId", interface.id.text().into()));
    reply.push(("OwnerId", interface.owner.to_string().into()));
    if let Some(primary) = interface.primary_address() {
        if let Some(name) = private_name(world, interface, primary) {
            reply.push(("PrivateDnsName", name.into()));
        }
        reply.push(("PrivateIpAddress", primary.to_string().into()));
    }
    reply.push(("PrivateIpAddresses", private_addresses(world, interface, with_ids)));
    reply.push(("SourceDestCheck", interface.source_dest_check.into()));
    reply.push(("Status", status(interface).into()));
    reply.push(("SubnetId", interface.subnet.text().into()));
    reply.push(("VpcId", interface.vpc.text().into()));
    reply.push(("Operator", Answer::members([("Managed", false.into())])));
    reply
}

fn ipv6_addresses(interface: &NetworkInterface) -> Answer {
    let one = |address: &Ipv6Addr| {
        Answer::members([("Ipv6Address", address.to_string().into()), ("IsPrimaryIpv6", false.into())])
    };
    Answer::list(interface.ipv6_addresses.iter().map(one))
}

fn private_addresses(world: &World, interface: &NetworkInterface, with_ids: bool) -> Answer {
    let addresses = interface.addresses.iter().enumerate().map(|(place, address)| {
        let mut shown = Members::new();
        if let Some(public) = public(world, interface, address.address) {
            shown.push(("Association", association(world, interface, &public, with_ids)));
        }
        shown.push(("Primary", (place == 0).into()));
        if let Some(name) = private_name(world, interface, address.address) {
            shown.push(("PrivateDnsName", name.into()));
        }
        shown.push(("PrivateIpAddress", address.address.to_string().into()));
        Answer::Members(shown.into())
    });
    Answer::list(addresses)
}

fn association(world: &World, interface: &NetworkInterface, public: &Public<'_>, with_ids: bool) -> Answer {
    let mut shown = Members::new();
    if let Some(elastic) = public.elastic.filter(|_| with_ids) {
        shown.push(("AllocationId", elastic.allocation.text().into()));
        if let Some((association, _, _)) = elastic.association {
            shown.push(("AssociationId", association.text().into()));
        }
    }
    shown.push(("IpOwnerId", public.owner.clone().into()));
    let name = hostname::public(world, interface.vpc, public.address).unwrap_or_default();
    shown.push(("PublicDnsName", name.into()));
    shown.push(("PublicIp", public.address.to_string().into()));
    Answer::Members(shown.into())
}
