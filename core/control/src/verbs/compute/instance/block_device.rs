//! `BlockDeviceMappings`: the root volume's wishes. There are no further volumes.

use crate::verbs::compute::word::word;
use crate::view::instance::ROOT_DEVICE;
use crate::{Context, Request, refuse};
use postern_call::Refusal;
use postern_model::{RootVolume, Tags};
use postern_names::VolumeId;

/// The size of the images' own root volume.
pub(crate) const IMAGE_SIZE_GIB: u32 = crate::view::image::SIZE_GIB;
/// The largest volume of EBS.
const MOST_GIB: u32 = 16_384;

/// The root volume that the request describes.
pub(super) fn root_volume(context: &Context<'_>, request: &Request<'_>, tags: &Tags) -> Result<RootVolume, Refusal> {
    let mut volume = RootVolume {
        id: VolumeId::from_bits(context.outside.bits()),
        size_gib: IMAGE_SIZE_GIB,
        kind: "gp3".into(),
        encrypted: false,
        delete_on_termination: true,
        tags: tags.clone(),
    };
    for mapping in request.parts("BlockDeviceMappings") {
        let device = mapping.text("DeviceName").unwrap_or_default();
        if device != ROOT_DEVICE {
            return Err(refuse::not_served("A volume besides the root volume")
                .hint(format!("the root device is {ROOT_DEVICE}, the mapping names `{device}`")));
        }
        if let Some(ebs) = mapping.part("Ebs") {
            apply(&mut volume, &ebs)?;
        }
    }
    Ok(volume)
}

fn apply(volume: &mut RootVolume, ebs: &Request<'_>) -> Result<(), Refusal> {
    let refused = ["SnapshotId", "KmsKeyId", "OutpostArn", "Iops", "Throughput", "VolumeInitializationRate"];
    if let Some(member) = refused.iter().find(|member| ebs.get(member).is_some()) {
        return Err(refuse::not_served(&format!("BlockDeviceMapping.Ebs.{member}")));
    }
    if let Some(size) = ebs.number("VolumeSize") {
        volume.size_gib = checked_size(size)?;
    }
    if let Some(kind) = word(ebs, "VolumeType", &["standard", "gp2", "gp3", "io1", "io2", "st1", "sc1"])? {
        if matches!(kind, "st1" | "sc1") {
            let message = format!("Volume type {kind} is not supported for a boot volume");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        volume.kind = kind.to_owned();
    }
    volume.encrypted = ebs.flag("Encrypted").unwrap_or(volume.encrypted);
    volume.delete_on_termination = ebs.flag("DeleteOnTermination").unwrap_or(volume.delete_on_termination);
    Ok(())
}

fn checked_size(given: i64) -> Result<u32, Refusal> {
    if given < i64::from(IMAGE_SIZE_GIB) {
        let message = format!("Volume of size {given}GB is smaller than snapshot, expect size >= {IMAGE_SIZE_GIB}GB");
        return Err(Refusal::new("InvalidBlockDeviceMapping", message));
    }
    let size = u32::try_from(given).ok().filter(|size| *size <= MOST_GIB);
    size.ok_or_else(|| refuse::invalid_value("volumeSize", given, &format!("Must be at most {MOST_GIB}")))
}
