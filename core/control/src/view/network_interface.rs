//! A network interface in replies, on its own and within an instance.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::tags;
use crate::view::{group, hostname, timestamp};
use postern_model::{Attachment, ElasticAddress, InterfaceKind, NetworkInterface, Tags, World};
use postern_names::{AccountId, NetworkInterfaceId, Region};
use serde_json::{Map, Value, json};
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
    let is_its = |a: &&ElasticAddress| a.association.is_some_and(|(_, eni, at)| eni == interface.id && at == private);
    if let Some(elastic) = world.addresses.values().find(is_its) {
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

pub fn network_interface(world: &World, interface: &NetworkInterface) -> Value {
    let mut reply = common(world, interface, true);
    if let Some(attachment) = &interface.attachment {
        let mut shown = attachment_view(attachment);
        if let Some(instance) = attachment.instance {
            shown.insert("InstanceId".into(), json!(instance.to_string()));
        }
        shown.insert("InstanceOwnerId".into(), json!(holder(interface, attachment)));
        reply.insert("Attachment".into(), Value::Object(shown));
    }
    reply.insert("AvailabilityZone".into(), json!(interface.zone.to_string()));
    reply.insert("AvailabilityZoneId".into(), json!(interface.zone.id()));
    reply.insert("RequesterManaged".into(), json!(interface.requester_managed));
    reply.insert("TagSet".into(), tags::view(&interface.tags));
    // The internet does not reach an endpoint by its IPv6 addresses.
    let is_closed = interface.kind == InterfaceKind::VpcEndpoint && !interface.ipv6_addresses.is_empty();
    reply.insert("DenyAllIgwTraffic".into(), json!(is_closed));
    reply.insert("Ipv6Native".into(), json!(false));
    if let Some(name) = primary_public(world, interface).and_then(|p| hostname::public(world, interface.vpc, p.address))
    {
        reply.insert("PublicDnsName".into(), json!(name));
    }
    Value::Object(reply)
}

/// As DescribeInstances shows it.
pub fn within_instance(world: &World, interface: &NetworkInterface) -> Value {
    let mut reply = common(world, interface, false);
    if let Some(attachment) = &interface.attachment {
        reply.insert("Attachment".into(), Value::Object(attachment_view(attachment)));
    }
    Value::Object(reply)
}

/// What an interface's attachment is to everyone.
pub fn attachment_view(attachment: &Attachment) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("AttachTime".into(), json!(timestamp(attachment.attached)));
    shown.insert("AttachmentId".into(), json!(attachment_id(attachment)));
    shown.insert("DeleteOnTermination".into(), json!(attachment.delete_on_termination));
    shown.insert("DeviceIndex".into(), json!(attachment.device_index));
    shown.insert("Status".into(), json!("attached"));
    shown.insert("NetworkCardIndex".into(), json!(0));
    shown
}

fn common(world: &World, interface: &NetworkInterface, with_ids: bool) -> Map<String, Value> {
    let mut reply = Map::new();
    if let Some(public) = primary_public(world, interface) {
        reply.insert("Association".into(), association(world, interface, &public, with_ids));
    }
    reply.insert("Description".into(), json!(interface.description));
    reply.insert("Groups".into(), group::identifiers(world, &interface.groups).into());
    reply.insert("InterfaceType".into(), json!(kind(interface.kind)));
    reply.insert("Ipv6Addresses".into(), ipv6_addresses(interface));
    if let Some(first) = interface.ipv6_addresses.first().filter(|_| with_ids) {
        reply.insert("Ipv6Address".into(), json!(first.to_string()));
    }
    reply.insert("MacAddress".into(), json!(interface.mac_text()));
    reply.insert("NetworkInterfaceId".into(), json!(interface.id.to_string()));
    reply.insert("OwnerId".into(), json!(interface.owner.to_string()));
    if let Some(primary) = interface.primary_address() {
        if let Some(name) = private_name(world, interface, primary) {
            reply.insert("PrivateDnsName".into(), json!(name));
        }
        reply.insert("PrivateIpAddress".into(), json!(primary.to_string()));
    }
    reply.insert("PrivateIpAddresses".into(), private_addresses(world, interface, with_ids));
    reply.insert("SourceDestCheck".into(), json!(interface.source_dest_check));
    reply.insert("Status".into(), json!(status(interface)));
    reply.insert("SubnetId".into(), json!(interface.subnet.to_string()));
    reply.insert("VpcId".into(), json!(interface.vpc.to_string()));
    reply.insert("Operator".into(), json!({ "Managed": false }));
    reply
}

fn ipv6_addresses(interface: &NetworkInterface) -> Value {
    let one = |address: &Ipv6Addr| json!({ "Ipv6Address": address.to_string(), "IsPrimaryIpv6": false });
    interface.ipv6_addresses.iter().map(one).collect()
}

fn private_addresses(world: &World, interface: &NetworkInterface, with_ids: bool) -> Value {
    let addresses = interface.addresses.iter().enumerate().map(|(place, address)| {
        let mut shown = Map::new();
        if let Some(public) = public(world, interface, address.address) {
            shown.insert("Association".into(), association(world, interface, &public, with_ids));
        }
        shown.insert("Primary".into(), json!(place == 0));
        if let Some(name) = private_name(world, interface, address.address) {
            shown.insert("PrivateDnsName".into(), json!(name));
        }
        shown.insert("PrivateIpAddress".into(), json!(address.address.to_string()));
        Value::Object(shown)
    });
    addresses.collect()
}

fn association(world: &World, interface: &NetworkInterface, public: &Public<'_>, with_ids: bool) -> Value {
    let mut shown = Map::new();
    if let Some(elastic) = public.elastic.filter(|_| with_ids) {
        shown.insert("AllocationId".into(), json!(elastic.allocation.to_string()));
        if let Some((association, _, _)) = elastic.association {
            shown.insert("AssociationId".into(), json!(association.to_string()));
        }
    }
    shown.insert("IpOwnerId".into(), json!(public.owner));
    let name = hostname::public(world, interface.vpc, public.address).unwrap_or_default();
    shown.insert("PublicDnsName".into(), json!(name));
    shown.insert("PublicIp".into(), json!(public.address.to_string()));
    Value::Object(shown)
}
