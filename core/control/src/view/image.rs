//! An image in replies.

use crate::view::instance::ROOT_DEVICE;
use postern_model::Image;
use postern_names::SnapshotId;
use serde_json::{Value, json};

/// The size of an image's root volume.
pub const SIZE_GIB: u32 = 8;

/// The snapshot behind the image's root volume.
pub fn snapshot(image: &Image) -> SnapshotId {
    SnapshotId::from_bits(image.id.digits().bits())
}

/// `amazon/name`, or the account and the name.
pub fn location(image: &Image) -> String {
    format!("{}/{}", image.owner_alias.unwrap_or(image.owner), image.name)
}

pub fn image(image: &Image) -> Value {
    let mut reply = json!({
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "BlockDeviceMappings": [{
            "Ebs": {
                "DeleteOnTermination": true,
                "SnapshotId": snapshot(image).to_string(),
                "VolumeSize": SIZE_GIB,
                "VolumeType": "gp3",
                "Encrypted": false,
            },
            "DeviceName": ROOT_DEVICE,
        }],
        "Description": image.description,
        "EnaSupport": true,
        "Hypervisor": "xen",
        "Name": image.name,
        "RootDeviceName": ROOT_DEVICE,
        "RootDeviceType": "ebs",
        "SriovNetSupport": "simple",
        "VirtualizationType": "hvm",
        "BootMode": "uefi-preferred",
        "ImageId": image.id.to_string(),
        "ImageLocation": location(image),
        "State": "available",
        "OwnerId": image.owner,
        "CreationDate": image.created,
        "Public": true,
        "Architecture": image.architecture,
        "ImageType": "machine",
    });
    if let Some(alias) = image.owner_alias {
        reply["ImageOwnerAlias"] = json!(alias);
    }
    reply
}
