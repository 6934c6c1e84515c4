//! DescribeVolumes: the instances' root volumes, read-only.

use super::Whole;
use crate::verbs::is_visible;
use crate::{Context, Draft, Filters, Request, flag, one, page, tags, view};
use postern_call::Refusal;
use postern_model::{Instance, InstanceState};
use postern_names::{Arn, VolumeId};
use serde_json::{Value, json};

pub(super) const VERBS: &[(&str, Whole)] = &[("DescribeVolumes", describe_volumes)];

fn describe_volumes(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let wanted: Vec<VolumeId> = request.ids("VolumeIds")?;
    let own = draft.instances.values().filter(|i| is_visible(context, i.owner, &i.region));
    let instances: Vec<&Instance> = own.filter(|i| i.state != InstanceState::Terminated).collect();
    if let Some(id) = wanted.iter().find(|id| !instances.iter().any(|i| i.root_volume.id == **id)) {
        return Err(Refusal::new("InvalidVolume.NotFound", format!("The volume '{id}' does not exist.")));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| values(None, name).is_some())?;
    let mut items = Vec::new();
    for instance in instances {
        let passes = filters.pass(&instance.root_volume.tags, |name| values(Some(instance), name))?;
        if passes && (wanted.is_empty() || wanted.contains(&instance.root_volume.id)) {
            items.push(volume(instance));
        }
    }
    page(request, "Volumes", items, 1, 1000)
}

/// What an instance's root volume has under a filter; without an instance, whether there is such a filter.
fn values(instance: Option<&Instance>, name: &str) -> Option<Vec<String>> {
    let of = |value: fn(&Instance) -> Vec<String>| Some(instance.map(value).unwrap_or_default());
    match name {
        "attachment.attach-time" | "create-time" => of(|i| one(view::timestamp(i.launched))),
        "attachment.delete-on-termination" => of(|i| flag(i.root_volume.delete_on_termination)),
        "attachment.device" => of(|_| one(view::instance::ROOT_DEVICE)),
        "attachment.instance-id" => of(|i| one(i.id)),
        "attachment.status" => of(|_| one("attached")),
        "availability-zone" => of(|i| one(&i.zone)),
        "availability-zone-id" => of(|i| one(i.zone.id())),
        "encrypted" => of(|i| flag(i.root_volume.encrypted)),
        "fast-restored" | "multi-attach-enabled" | "operator.managed" => of(|_| flag(false)),
        "operator.principal" => Some(Vec::new()),
        "snapshot-id" => of(|i| one(snapshot(i))),
        "size" => of(|i| one(i.root_volume.size_gib)),
        "status" => of(|_| one("in-use")),
        "volume-id" => of(|i| one(i.root_volume.id)),
        "volume-type" => of(|i| one(&i.root_volume.kind)),
        _ => None,
    }
}

fn volume(instance: &Instance) -> Value {
    let volume = &instance.root_volume;
    let arn = Arn::new("ec2", instance.region.as_str(), instance.owner, format!("volume/{}", volume.id));
    let mut reply = json!({
        "AvailabilityZoneId": instance.zone.id(),
        "Tags": tags::view(&volume.tags),
        "VolumeType": volume.kind,
        "MultiAttachEnabled": false,
        "Operator": { "Managed": false },
        "VolumeArn": arn.to_string(),
        "OwnerId": instance.owner.to_string(),
        "VolumeId": volume.id.to_string(),
        "Size": volume.size_gib,
        "SnapshotId": snapshot(instance),
        "AvailabilityZone": instance.zone.to_string(),
        "State": "in-use",
        "CreateTime": view::timestamp(instance.launched),
        "Attachments": [{
            "DeleteOnTermination": volume.delete_on_termination,
            "VolumeId": volume.id.to_string(),
            "InstanceId": instance.id.to_string(),
            "Device": view::instance::ROOT_DEVICE,
            "State": "attached",
            "AttachTime": view::timestamp(instance.launched),
        }],
        "Encrypted": volume.encrypted,
    });
    // What EBS promises by default for a volume of the kind and size.
    match volume.kind.as_str() {
        "gp3" => {
            reply["Iops"] = json!(3000);
            reply["Throughput"] = json!(125);
        }
        "gp2" => reply["Iops"] = json!((volume.size_gib * 3).clamp(100, 16_000)),
        _ => {}
    }
    reply
}

/// The snapshot of the image that the volume was made from.
fn snapshot(instance: &Instance) -> String {
    view::instance::image(instance).map(|image| view::image::snapshot(&image).to_string()).unwrap_or_default()
}
