//! What the filters of DescribeInstances compare.

use crate::listed::{FilterValues, Listed, flag, one};
use crate::view::{hostname, instance, network_interface, timestamp};
use postern_model::{ElasticAddress, Instance, InstanceState, NetworkInterface, Tags, World};
use postern_names::{AccountId, InstanceId, Region};
use std::collections::BTreeMap;

impl Listed for Instance {
    type Id = InstanceId;
    const PREFIX: &'static str = InstanceId::PREFIX;
    const FILTERS: &'static [(&'static str, FilterValues<Self>)] = &[
        ("affinity", |_, _| vec![]),
        ("architecture", |_, i| some(instance::image(i).map(|image| image.architecture))),
        ("availability-zone", |_, i| one(&i.zone)),
        ("availability-zone-id", |_, i| one(i.zone.id())),
        ("block-device-mapping.attach-time", |_, i| one(timestamp(i.launched))),
        ("block-device-mapping.delete-on-termination", |_, i| flag(i.root_volume.delete_on_termination)),
        ("block-device-mapping.device-name", |_, _| one(instance::ROOT_DEVICE)),
        ("block-device-mapping.status", |_, _| one("attached")),
        ("block-device-mapping.volume-id", |_, i| one(i.root_volume.id)),
        ("boot-mode", |_, _| one("uefi-preferred")),
        ("capacity-reservation-id", |_, _| vec![]),
        ("capacity-reservation-specification.capacity-reservation-preference", |_, _| one("open")),
        ("capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id", |_, _| vec![]),
        (
            "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
            |_, _| vec![],
        ),
        ("client-token", |_, i| some(i.client_token.as_ref())),
        ("current-instance-boot-mode", |_, _| one("uefi")),
        ("dns-name", |w, i| some(public_name(w, i))),
        ("ebs-optimized", |_, i| flag(i.ebs_optimized)),
        ("ena-support", |_, _| flag(true)),
        ("enclave-options.enabled", |_, _| flag(false)),
        ("group-id", primary_group_ids),
        ("group-name", primary_group_names),
        ("hibernation-options.configured", |_, _| flag(false)),
        ("host-id", |_, _| vec![]),
        ("hypervisor", |_, _| one("xen")),
        ("iam-instance-profile.arn", |_, i| some(i.profile.as_ref().map(|p| &p.arn))),
        ("iam-instance-profile.id", |_, i| some(i.profile.as_ref().map(|p| &p.profile_id))),
        ("iam-instance-profile.name", |_, i| some(i.profile.as_ref().and_then(|p| p.arn.rsplit('/').next()))),
        ("image-id", |_, i| one(i.image)),
        ("instance-id", |_, i| one(i.id)),
        ("instance-lifecycle", |_, _| vec![]),
        ("instance-state-code", |_, i| one(instance::shown_state(i).wire().0)),
        ("instance-state-name", |_, i| one(instance::shown_state(i).wire().1)),
        ("instance-type", |_, i| one(&i.instance_type)),
        ("instance.group-id", primary_group_ids),
        ("instance.group-name", primary_group_names),
        ("ip-address", |w, i| {
            some(primary(w, i).and_then(|e| network_interface::primary_public(w, e)).map(|p| p.address))
        }),
        ("ipv6-address", |w, i| some(primary(w, i).and_then(|e| e.ipv6_addresses.first()))),
        ("kernel-id", |_, _| vec![]),
        ("key-name", |_, i| some(i.key_name.as_ref())),
        ("launch-index", |_, i| one(i.launch_index)),
        ("launch-time", |_, i| one(timestamp(i.launched))),
        ("maintenance-options.auto-recovery", |_, _| one("default")),
        ("metadata-options.http-endpoint", |_, i| one(if i.metadata.enabled { "enabled" } else { "disabled" })),
        ("metadata-options.http-protocol-ipv4", |_, _| one("enabled")),
        ("metadata-options.http-protocol-ipv6", |_, _| one("disabled")),
        ("metadata-options.http-put-response-hop-limit", |_, i| one(i.metadata.hop_limit)),
        ("metadata-options.http-tokens", |_, i| one(if i.metadata.tokens_required { "required" } else { "optional" })),
        ("metadata-options.instance-metadata-tags", |_, i| one(if i.metadata.tags { "enabled" } else { "disabled" })),
        ("metadata-options.state", |_, _| one("applied")),
        ("monitoring-state", |_, i| one(if i.monitoring { "enabled" } else { "disabled" })),
        ("network-interface.addresses.association.allocation-id", |w, i| {
            elastic(w, i, |elastic| Some(elastic.allocation.to_string()))
        }),
        ("network-interface.addresses.association.association-id", |w, i| {
            elastic(w, i, |elastic| elastic.association.map(|(id, _, _)| id.to_string()))
        }),
        ("network-interface.addresses.association.carrier-ip", |_, _| vec![]),
        ("network-interface.addresses.association.customer-owned-ip", |_, _| vec![]),
        ("network-interface.addresses.association.public-dns-name", |w, i| own(w, i, "association.public-dns-name")),
        ("network-interface.addresses.association.public-ip", |w, i| own(w, i, "addresses.association.public-ip")),
        ("network-interface.addresses.association.ip-owner-id", |w, i| own(w, i, "addresses.association.owner-id")),
        ("network-interface.addresses.primary", |w, i| own(w, i, "addresses.primary")),
        ("network-interface.addresses.private-dns-name", |w, i| own(w, i, "private-dns-name")),
        ("network-interface.addresses.private-ip-address", |w, i| own(w, i, "addresses.private-ip-address")),
        ("network-interface.association.allocation-id", |w, i| own(w, i, "association.allocation-id")),
        ("network-interface.association.association-id", |w, i| own(w, i, "association.association-id")),
        ("network-interface.association.carrier-ip", |_, _| vec![]),
        ("network-interface.association.customer-owned-ip", |_, _| vec![]),
        ("network-interface.association.ip-owner-id", |w, i| own(w, i, "association.ip-owner-id")),
        ("network-interface.association.public-dns-name", |w, i| own(w, i, "association.public-dns-name")),
        ("network-interface.association.public-ip", |w, i| own(w, i, "association.public-ip")),
        ("network-interface.attachment.attach-time", |w, i| own(w, i, "attachment.attach-time")),
        ("network-interface.attachment.attachment-id", |w, i| own(w, i, "attachment.attachment-id")),
        ("network-interface.attachment.delete-on-termination", |w, i| own(w, i, "attachment.delete-on-termination")),
        ("network-interface.attachment.device-index", |w, i| own(w, i, "attachment.device-index")),
        ("network-interface.attachment.instance-id", |w, i| own(w, i, "attachment.instance-id")),
        ("network-interface.attachment.instance-owner-id", |w, i| own(w, i, "attachment.instance-owner-id")),
        ("network-interface.attachment.network-card-index", |w, i| {
            w.interfaces_of_instance(i.id).iter().map(|_| "0".to_owned()).collect()
        }),
        ("network-interface.attachment.status", |w, i| own(w, i, "attachment.status")),
        ("network-interface.availability-zone", |w, i| own(w, i, "availability-zone")),
        ("network-interface.deny-all-igw-traffic", |_, _| flag(false)),
        ("network-interface.description", |w, i| own(w, i, "description")),
        ("network-interface.group-id", |w, i| own(w, i, "group-id")),
        ("network-interface.group-name", |w, i| own(w, i, "group-name")),
        ("network-interface.ipv4-prefixes.ipv4-prefix", |_, _| vec![]),
        ("network-interface.ipv6-address", |w, i| own(w, i, "ipv6-addresses.ipv6-address")),
        ("network-interface.ipv6-addresses.ipv6-address", |w, i| own(w, i, "ipv6-addresses.ipv6-address")),
        ("network-interface.ipv6-addresses.is-primary-ipv6", |_, _| vec![]),
        ("network-interface.ipv6-native", |_, _| flag(false)),
        ("network-interface.ipv6-prefixes.ipv6-prefix", |_, _| vec![]),
        ("network-interface.mac-address", |w, i| own(w, i, "mac-address")),
        ("network-interface.network-interface-id", |w, i| own(w, i, "network-interface-id")),
        ("network-interface.operator.managed", |_, _| flag(false)),
        ("network-interface.operator.principal", |_, _| vec![]),
        ("network-interface.outpost-arn", |_, _| vec![]),
        ("network-interface.owner-id", |w, i| own(w, i, "owner-id")),
        ("network-interface.private-dns-name", |w, i| own(w, i, "private-dns-name")),
        ("network-interface.private-ip-address", |w, i| own(w, i, "private-ip-address")),
        ("network-interface.public-dns-name", |w, i| own(w, i, "association.public-dns-name")),
        ("network-interface.requester-id", |_, _| vec![]),
        ("network-interface.requester-managed", |w, i| own(w, i, "requester-managed")),
        ("network-interface.status", |w, i| own(w, i, "status")),
        ("network-interface.source-dest-check", |w, i| own(w, i, "source-dest-check")),
        ("network-interface.subnet-id", |w, i| own(w, i, "subnet-id")),
        ("network-interface.tag-key", |w, i| {
            w.interfaces_of_instance(i.id).iter().flat_map(|e| e.tags.keys().cloned()).collect()
        }),
        ("network-interface.tag-value", |w, i| {
            w.interfaces_of_instance(i.id).iter().flat_map(|e| e.tags.values().cloned()).collect()
        }),
        ("network-interface.vpc-id", |w, i| own(w, i, "vpc-id")),
        ("network-performance-options.bandwidth-weighting", |_, _| one("default")),
        ("operator.managed", |_, _| flag(false)),
        ("operator.principal", |_, _| vec![]),
        ("outpost-arn", |_, _| vec![]),
        ("owner-id", |_, i| one(i.owner)),
        ("placement-group-name", |_, _| vec![]),
        ("placement-partition-number", |_, _| vec![]),
        ("platform", |_, _| vec![]),
        ("platform-details", |_, _| one("Linux/UNIX")),
        ("private-dns-name", |w, i| some(private_name(w, i))),
        ("private-dns-name-options.hostname-type", |w, i| some(w.subnets.get(&i.subnet).map(|s| &s.hostname_type))),
        ("private-dns-name-options.enable-resource-name-dns-a-record", |w, i| {
            some(w.subnets.get(&i.subnet).map(|s| s.resource_name_a_record))
        }),
        ("private-dns-name-options.enable-resource-name-dns-aaaa-record", |w, i| {
            some(w.subnets.get(&i.subnet).map(|s| s.resource_name_aaaa_record))
        }),
        ("private-ip-address", |w, i| some(primary(w, i).and_then(NetworkInterface::primary_address))),
        ("product-code", |_, _| vec![]),
        ("product-code.type", |_, _| vec![]),
        ("ramdisk-id", |_, _| vec![]),
        ("reason", |_, i| one(&i.transition_reason)),
        ("requester-id", |_, _| vec![]),
        ("reservation-id", |_, i| one(i.reservation)),
        ("root-device-name", |_, _| one(instance::ROOT_DEVICE)),
        ("root-device-type", |_, _| one("ebs")),
        ("source-dest-check", |w, i| some(primary(w, i).map(|e| e.source_dest_check))),
        ("spot-instance-request-id", |_, _| vec![]),
        ("state-reason-code", |_, i| some(i.state_reason.as_ref().map(|(code, _)| code))),
        ("state-reason-message", |_, i| some(i.state_reason.as_ref().map(|(_, message)| message))),
        ("subnet-id", |_, i| if is_gone(i) { vec![] } else { one(i.subnet) }),
        ("tenancy", |_, _| one("default")),
        ("tpm-support", |_, _| vec![]),
        ("usage-operation", |_, _| one("RunInstances")),
        ("usage-operation-update-time", |_, i| one(timestamp(i.launched))),
        ("virtualization-type", |_, _| one("hvm")),
        ("vpc-id", |_, i| if is_gone(i) { vec![] } else { one(i.vpc) }),
    ];
    fn all(world: &World) -> &BTreeMap<InstanceId, Self> {
        &world.instances
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

fn some(value: Option<impl ToString>) -> Vec<String> {
    value.map(|v| v.to_string()).into_iter().collect()
}

fn is_gone(instance: &Instance) -> bool {
    instance.state == InstanceState::Terminated
}

fn primary<'w>(world: &'w World, instance: &Instance) -> Option<&'w NetworkInterface> {
    world.interfaces_of_instance(instance.id).into_iter().next()
}

fn primary_group_ids(world: &World, instance: &Instance) -> Vec<String> {
    primary(world, instance).map(|e| e.groups.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

fn primary_group_names(world: &World, instance: &Instance) -> Vec<String> {
    let groups = primary(world, instance).map(|e| e.groups.as_slice()).unwrap_or_default();
    groups.iter().filter_map(|id| world.security_groups.get(id)).map(|group| group.name.clone()).collect()
}

fn private_name(world: &World, instance: &Instance) -> Option<String> {
    let address = primary(world, instance)?.primary_address()?;
    Some(hostname::private(&instance.region, address))
}

fn public_name(world: &World, instance: &Instance) -> Option<String> {
    let public = network_interface::primary_public(world, primary(world, instance)?)?;
    hostname::public(world, instance.vpc, public.address)
}

/// A fact of every Elastic IP of the instance's interfaces.
fn elastic(world: &World, instance: &Instance, value: fn(&ElasticAddress) -> Option<String>) -> Vec<String> {
    let interfaces = world.interfaces_of_instance(instance.id);
    let ends = interfaces.iter().flat_map(|e| e.addresses.iter().map(move |a| (e, a.address)));
    let elastics = ends.filter_map(|(e, address)| network_interface::public(world, e, address)?.elastic);
    elastics.filter_map(value).collect()
}

/// The values that the instance's interfaces have under a filter of DescribeNetworkInterfaces.
fn own(world: &World, instance: &Instance, filter: &str) -> Vec<String> {
    let values = NetworkInterface::FILTERS.iter().find(|(name, _)| *name == filter).map(|(_, values)| values);
    let interfaces = world.interfaces_of_instance(instance.id);
    values.map(|values| interfaces.iter().flat_map(|e| values(world, e)).collect()).unwrap_or_default()
}
