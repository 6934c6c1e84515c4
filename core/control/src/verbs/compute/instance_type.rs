//! DescribeInstanceTypes and DescribeInstanceTypeOfferings.

use super::Whole;
use super::word::word;
use crate::{Context, Draft, Filters, Request, flag, one, page, view};
use postern_call::Refusal;
use postern_model::{InstanceType, Tags, instance_types};
use serde_json::{Value, json};

pub(super) const VERBS: &[(&str, Whole)] =
    &[("DescribeInstanceTypes", describe_types), ("DescribeInstanceTypeOfferings", describe_offerings)];

fn describe_types(_: &mut Draft<'_>, _: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let wanted = request.texts("InstanceTypes");
    let unknown: Vec<&str> =
        wanted.iter().copied().filter(|name| !instance_types().iter().any(|kind| kind.name == *name)).collect();
    if !unknown.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(Refusal::new("InvalidInstanceType", message));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| values(None, name).is_some())?;
    let mut items = Vec::new();
    for kind in instance_types() {
        let passes = filters.pass(&Tags::new(), |name| values(Some(kind), name))?;
        if passes && (wanted.is_empty() || wanted.contains(&kind.name)) {
            items.push(view::instance_type::instance_type(kind));
        }
    }
    page(request, "InstanceTypes", items, 5, 100)
}

/// Every type is offered in every zone.
fn describe_offerings(_: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let kinds = ["region", "availability-zone", "availability-zone-id", "outpost"];
    let location_type = word(request, "LocationType", &kinds)?.unwrap_or("region");
    let locations: Vec<String> = match location_type {
        "availability-zone" => context.region.zones().iter().map(ToString::to_string).collect(),
        "availability-zone-id" => context.region.zones().iter().map(|zone| zone.id()).collect(),
        "outpost" => Vec::new(),
        _ => vec![context.region.to_string()],
    };
    let filters = Filters::of(request);
    filters.check_names(|name| matches!(name, "instance-type" | "location"))?;
    let mut items = Vec::new();
    for kind in instance_types() {
        for location in &locations {
            let passes = filters.pass(&Tags::new(), |name| match name {
                "instance-type" => Some(one(kind.name)),
                "location" => Some(one(location)),
                _ => None,
            })?;
            if passes {
                items.push(json!({ "InstanceType": kind.name, "LocationType": location_type, "Location": location }));
            }
        }
    }
    page(request, "InstanceTypeOfferings", items, 5, 1000)
}

/// What a type has under a filter; without a type, whether there is such a filter.
fn values(kind: Option<&InstanceType>, name: &str) -> Option<Vec<String>> {
    use view::instance_type::{generation_is_current, hypervisor, is_burstable, is_free_tier};
    let of = |value: fn(&InstanceType) -> Vec<String>| Some(kind.map(value).unwrap_or_default());
    match name {
        "instance-type" => of(|kind| one(kind.name)),
        "current-generation" => of(|kind| flag(generation_is_current(kind))),
        "burstable-performance-supported" => of(|kind| flag(is_burstable(kind))),
        "free-tier-eligible" => of(|kind| flag(is_free_tier(kind))),
        "hypervisor" => of(|kind| one(hypervisor(kind))),
        "bare-metal"
        | "instance-storage-supported"
        | "network-info.efa-supported"
        | "hibernation-supported"
        | "network-info.ipv6-supported" => of(|_| flag(false)),
        "auto-recovery-supported" | "dedicated-hosts-supported" => of(|_| flag(false)),
        "memory-info.size-in-mib" => of(|kind| one(kind.memory_mib)),
        "network-info.maximum-network-interfaces" => of(|kind| one(kind.interfaces)),
        "network-info.maximum-network-cards" => of(|_| one(1)),
        "network-info.ipv4-addresses-per-interface" => of(|kind| one(kind.addresses_per_interface)),
        "network-info.ena-support" => of(|_| one("supported")),
        "processor-info.supported-architecture" => of(|kind| one(kind.architecture)),
        "supported-boot-mode" => of(|_| vec!["legacy-bios".into(), "uefi".into()]),
        "supported-root-device-type" => of(|_| one("ebs")),
        "supported-usage-class" => of(|_| one("on-demand")),
        "supported-virtualization-type" => of(|_| one("hvm")),
        "vcpu-info.default-vcpus" => of(|kind| one(kind.vcpus)),
        "vcpu-info.default-cores" | "vcpu-info.valid-cores" => of(|kind| one(view::instance::cores(kind).0)),
        "vcpu-info.default-threads-per-core" | "vcpu-info.valid-threads-per-core" => {
            of(|kind| one(view::instance::cores(kind).1))
        }
        "nitro-enclaves-support" | "nitro-tpm-support" => of(|_| one("unsupported")),
        "network-info.ipv6-addresses-per-interface" => of(|_| one(0)),
        "network-info.bandwidth-weightings"
        | "network-info.efa-info.maximum-efa-interfaces"
        | "network-info.encryption-in-transit-supported"
        | "network-info.flexible-ena-queues-support"
        | "network-info.network-performance"
        | "nitro-tpm-info.supported-versions"
        | "processor-info.supported-features"
        | "processor-info.sustained-clock-speed-in-ghz"
        | "reboot-migration-support" => Some(Vec::new()),
        other => {
            let unheld = ["ebs-info.", "instance-storage-info."];
            unheld.iter().any(|begin| other.starts_with(begin)).then(Vec::new)
        }
    }
}
