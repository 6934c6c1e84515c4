//! An instance type in replies.

use crate::view::instance::cores;
use postern_model::InstanceType;
use serde_json::{Value, json};

pub fn generation_is_current(kind: &InstanceType) -> bool {
    !kind.name.starts_with("m1.")
}

/// The T families.
pub fn is_burstable(kind: &InstanceType) -> bool {
    kind.name.starts_with('t')
}

pub fn is_free_tier(kind: &InstanceType) -> bool {
    matches!(kind.name, "t2.micro" | "t3.micro" | "t3.small" | "t4g.micro" | "t4g.small")
}

/// `xen` for the first generations.
pub fn hypervisor(kind: &InstanceType) -> &'static str {
    if kind.name.starts_with("t2.") || kind.name.starts_with("m1.") { "xen" } else { "nitro" }
}

pub fn instance_type(kind: &InstanceType) -> Value {
    let (cores, threads) = cores(kind);
    let boot_modes = if kind.architecture == "arm64" { json!(["uefi"]) } else { json!(["legacy-bios", "uefi"]) };
    json!({
        "InstanceType": kind.name,
        "CurrentGeneration": generation_is_current(kind),
        "FreeTierEligible": is_free_tier(kind),
        "SupportedUsageClasses": ["on-demand"],
        "SupportedRootDeviceTypes": ["ebs"],
        "SupportedVirtualizationTypes": ["hvm"],
        "BareMetal": false,
        "Hypervisor": hypervisor(kind),
        "ProcessorInfo": { "SupportedArchitectures": [kind.architecture] },
        "VCpuInfo": {
            "DefaultVCpus": kind.vcpus,
            "DefaultCores": cores,
            "DefaultThreadsPerCore": threads,
            "ValidCores": [cores],
            "ValidThreadsPerCore": [threads],
        },
        "MemoryInfo": { "SizeInMiB": kind.memory_mib },
        "InstanceStorageSupported": false,
        "NetworkInfo": {
            "MaximumNetworkInterfaces": kind.interfaces,
            "MaximumNetworkCards": 1,
            "DefaultNetworkCardIndex": 0,
            "NetworkCards": [{ "NetworkCardIndex": 0, "MaximumNetworkInterfaces": kind.interfaces }],
            "Ipv4AddressesPerInterface": kind.addresses_per_interface,
            "Ipv6AddressesPerInterface": kind.addresses_per_interface,
            "Ipv6Supported": true,
            "EnaSupport": "supported",
            "EfaSupported": false,
        },
        "HibernationSupported": false,
        "BurstablePerformanceSupported": is_burstable(kind),
        "DedicatedHostsSupported": false,
        "AutoRecoverySupported": false,
        "SupportedBootModes": boot_modes,
    })
}
