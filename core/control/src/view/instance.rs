//! An instance in replies.

use crate::tags;
use crate::view::{group, hostname, network_interface, timestamp};
use postern_call::Answer;
use postern_model::{Image, Instance, InstanceState, InstanceType, MetadataOptions, NetworkInterface, World};
use postern_model::{images, instance_types};
use postern_names::{Arn, InstanceId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The root volume's device name.
pub const ROOT_DEVICE: &str = "/dev/xvda";

pub fn arn(instance: &Instance) -> Arn {
    Arn::new("ec2", instance.region.as_str(), instance.owner, format!("instance/{}", instance.id))
}

/// `Code` and `Name`.
pub fn state(state: InstanceState) -> Value {
    let (code, name) = state.wire();
    json!({ "Code": code, "Name": name })
}

/// The reason code of an instance that is on its way up again after RebootInstances.
pub const REBOOT: &str = "reboot";

/// The state that replies show: an instance being rebooted counts as running, as in AWS.
pub fn shown_state(instance: &Instance) -> InstanceState {
    match instance.state {
        InstanceState::Pending if is_rebooting(instance) => InstanceState::Running,
        state => state,
    }
}

fn is_rebooting(instance: &Instance) -> bool {
    instance.state_reason.as_ref().is_some_and(|(code, _)| code == REBOOT)
}

/// The image's architecture; the host's if the image is no longer listed.
pub fn image(instance: &Instance) -> Option<Image> {
    images().into_iter().find(|image| image.id == instance.image)
}

pub fn instance_type(instance: &Instance) -> Option<&'static InstanceType> {
    instance_types().iter().find(|kind| kind.name == instance.instance_type)
}

/// Cores and threads per core: the first generations and Graviton have one thread per core.
pub fn cores(kind: &InstanceType) -> (u32, u32) {
    let has_one_thread = kind.architecture == "arm64" || kind.name.starts_with("t2.") || kind.name.starts_with("m1.");
    if has_one_thread { (kind.vcpus, 1) } else { (kind.vcpus / 2, 2) }
}

/// Every instance's interfaces by device index: looked up once for a long answer.
pub type Interfaces<'w> = BTreeMap<InstanceId, Vec<&'w NetworkInterface>>;

pub fn interfaces(world: &World) -> Interfaces<'_> {
    let mut all = Interfaces::new();
    for interface in world.network_interfaces.values() {
        if let Some(instance) = interface.attachment.as_ref().and_then(|a| a.instance) {
            all.entry(instance).or_default().push(interface);
        }
    }
    let index = |interface: &&NetworkInterface| interface.attachment.as_ref().map(|a| a.device_index);
    all.values_mut().for_each(|its| its.sort_by_key(index));
    all
}

pub fn instance(world: &World, interfaces: &Interfaces<'_>, instance: &Instance) -> Value {
    let mut reply = constant_members(instance);
    let its = interfaces.get(&instance.id).map(Vec::as_slice).unwrap_or_default();
    add_network(world, instance, its, &mut reply);
    if let Some(profile) = &instance.profile {
        reply["IamInstanceProfile"] = json!({ "Arn": profile.arn, "Id": profile.profile_id });
    }
    if let Some((code, message)) = instance.state_reason.as_ref().filter(|_| !is_rebooting(instance)) {
        reply["StateReason"] = json!({ "Code": code, "Message": message });
    }
    if let Some(key) = &instance.key_name {
        reply["KeyName"] = json!(key);
    }
    if !instance.tags.is_empty() {
        reply["Tags"] = tags::view(&instance.tags);
    }
    if let Some(kind) = instance_type(instance) {
        let (cores, threads) = cores(kind);
        reply["CpuOptions"] = json!({ "CoreCount": cores, "ThreadsPerCore": threads });
    }
    if let Some(subnet) = world.subnets.get(&instance.subnet) {
        reply["PrivateDnsNameOptions"] = json!({
            "HostnameType": subnet.hostname_type,
            "EnableResourceNameDnsARecord": subnet.resource_name_a_record,
            "EnableResourceNameDnsAAAARecord": subnet.resource_name_aaaa_record,
        });
    }
    reply
}

fn constant_members(instance: &Instance) -> Value {
    let monitoring = if instance.monitoring { "enabled" } else { "disabled" };
    json!({
        "Architecture": image(instance).map_or("x86_64", |image| image.architecture),
        "BlockDeviceMappings": block_devices(instance),
        "ClientToken": instance.client_token.as_deref().unwrap_or_default(),
        "EbsOptimized": instance.ebs_optimized,
        "EnaSupport": true,
        "Hypervisor": "xen",
        "NetworkInterfaces": [],
        "RootDeviceName": ROOT_DEVICE,
        "RootDeviceType": "ebs",
        "SecurityGroups": [],
        "VirtualizationType": "hvm",
        "CapacityReservationSpecification": { "CapacityReservationPreference": "open" },
        "HibernationOptions": { "Configured": false },
        "MetadataOptions": metadata_options(&instance.metadata),
        "EnclaveOptions": { "Enabled": false },
        "BootMode": "uefi-preferred",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "UsageOperationUpdateTime": timestamp(instance.launched),
        "MaintenanceOptions": { "AutoRecovery": "default", "RebootMigration": "default" },
        "CurrentInstanceBootMode": "uefi",
        "NetworkPerformanceOptions": { "BandwidthWeighting": "default" },
        "Operator": { "Managed": false },
        "InstanceId": instance.id.to_string(),
        "ImageId": instance.image.to_string(),
        "State": state(shown_state(instance)),
        "PrivateDnsName": "",
        "PublicDnsName": "",
        "StateTransitionReason": instance.transition_reason,
        "AmiLaunchIndex": instance.launch_index,
        "ProductCodes": [],
        "InstanceType": instance.instance_type,
        "LaunchTime": timestamp(instance.launched),
        "Placement": {
            "AvailabilityZone": instance.zone.to_string(),
            "AvailabilityZoneId": instance.zone.id(),
            "GroupName": "",
            "Tenancy": "default",
        },
        "Monitoring": { "State": monitoring },
    })
}

/// What a terminated instance no longer has.
fn add_network(world: &World, instance: &Instance, interfaces: &[&NetworkInterface], reply: &mut Value) {
    if instance.state == InstanceState::Terminated {
        return;
    }
    reply["SubnetId"] = json!(instance.subnet.to_string());
    reply["VpcId"] = json!(instance.vpc.to_string());
    reply["NetworkInterfaces"] =
        Answer::list(interfaces.iter().map(|interface| network_interface::within_instance(world, interface))).into();
    let Some(primary) = interfaces.first() else { return };
    reply["SecurityGroups"] = group::identifiers(world, &primary.groups).into();
    reply["SourceDestCheck"] = json!(primary.source_dest_check);
    if let Some(address) = primary.primary_address() {
        reply["PrivateIpAddress"] = json!(address.to_string());
        reply["PrivateDnsName"] = json!(hostname::private(&instance.region, address));
    }
    if let Some(address) = primary.ipv6_addresses.first() {
        reply["Ipv6Address"] = json!(address.to_string());
    }
    if let Some(public) = network_interface::primary_public(world, primary) {
        reply["PublicIpAddress"] = json!(public.address.to_string());
        reply["PublicDnsName"] = json!(hostname::public(world, instance.vpc, public.address).unwrap_or_default());
    }
}

/// The root volume's mapping; none once terminated.
pub fn block_devices(instance: &Instance) -> Value {
    if instance.state == InstanceState::Terminated {
        return json!([]);
    }
    json!([{
        "DeviceName": ROOT_DEVICE,
        "Ebs": {
            "AttachTime": timestamp(instance.launched),
            "DeleteOnTermination": instance.root_volume.delete_on_termination,
            "Status": "attached",
            "VolumeId": instance.root_volume.id.to_string(),
        },
    }])
}

pub fn metadata_options(options: &MetadataOptions) -> Value {
    let enabled = |on: bool| if on { "enabled" } else { "disabled" };
    json!({
        "State": "applied",
        "HttpTokens": if options.tokens_required { "required" } else { "optional" },
        "HttpPutResponseHopLimit": options.hop_limit,
        "HttpEndpoint": enabled(options.enabled),
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": enabled(options.tags),
    })
}
