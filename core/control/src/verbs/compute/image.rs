//! DescribeImages.

use super::Whole;
use crate::{Context, Draft, Filters, Request, flag, one, page, refuse, view};
use postern_call::Refusal;
use postern_model::{Image, Tags, images};
use postern_names::ImageId;
use serde_json::Value;

pub(super) const VERBS: &[(&str, Whole)] = &[("DescribeImages", describe_images)];

/// The built-in images. `Owners` takes account numbers, `amazon`, `aws-marketplace` and `self`.
fn describe_images(_: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let wanted: Vec<ImageId> = request.ids("ImageIds")?;
    let known = images();
    if let Some(id) = wanted.iter().find(|id| !known.iter().any(|image| image.id == **id)) {
        return Err(refuse::not_found(ImageId::PREFIX, id));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| values(None, name).is_some())?;
    let owners = request.texts("Owners");
    let users = request.texts("ExecutableUsers");
    let account = context.account.to_string();
    let is_owned = |image: &Image| {
        owners.is_empty()
            || owners.iter().any(|owner| {
                *owner == image.owner
                    || image.owner_alias == Some(*owner)
                    || (*owner == "self" && image.owner == account)
            })
    };
    // Every image is public: nobody is named in its launch permissions.
    let is_launchable = users.is_empty() || users.contains(&"all");
    let mut items = Vec::new();
    for image in known.iter().filter(|image| is_launchable && is_owned(image)) {
        let passes = filters.pass(&Tags::new(), |name| values(Some(image), name))?;
        if passes && (wanted.is_empty() || wanted.contains(&image.id)) {
            items.push(view::image::image(image));
        }
    }
    page(request, "Images", items, 1, 1000)
}

/// What an image has under a filter; without an image, whether there is such a filter.
fn values(image: Option<&Image>, name: &str) -> Option<Vec<String>> {
    let of = |value: fn(&Image) -> Vec<String>| Some(image.map(value).unwrap_or_default());
    match name {
        "architecture" => of(|image| one(image.architecture)),
        "boot-mode" => of(|_| one("uefi-preferred")),
        "block-device-mapping.delete-on-termination" | "ena-support" | "is-public" | "image-allowed" => {
            of(|_| flag(true))
        }
        "block-device-mapping.device-name" | "root-device-name" => of(|_| one(view::instance::ROOT_DEVICE)),
        "block-device-mapping.encrypted" => of(|_| flag(false)),
        "block-device-mapping.snapshot-id" => of(|image| one(view::image::snapshot(image))),
        "block-device-mapping.volume-size" => of(|_| one(view::image::SIZE_GIB)),
        "block-device-mapping.volume-type" => of(|_| one("gp3")),
        "creation-date" => of(|image| one(image.created)),
        "description" => of(|image| one(image.description)),
        "hypervisor" => of(|_| one("xen")),
        "image-id" => of(|image| one(image.id)),
        "image-type" => of(|_| one("machine")),
        "manifest-location" => of(|image| one(view::image::location(image))),
        "name" => of(|image| one(image.name)),
        "owner-alias" => of(|image| image.owner_alias.map(str::to_owned).into_iter().collect()),
        "owner-id" => of(|image| one(image.owner)),
        "root-device-type" => of(|_| one("ebs")),
        "state" => of(|_| one("available")),
        "sriov-net-support" => of(|_| one("simple")),
        "virtualization-type" => of(|_| one("hvm")),
        "free-tier-eligible"
        | "kernel-id"
        | "platform"
        | "product-code"
        | "product-code.type"
        | "ramdisk-id"
        | "public-ssm-parameter-name"
        | "source-image-id"
        | "source-image-region"
        | "source-instance-id"
        | "state-reason-code"
        | "state-reason-message" => Some(Vec::new()),
        other => {
            let unheld = ["image-watermark.", "scan-result.", "instance-type-specification."];
            unheld.iter().any(|begin| other.starts_with(begin)).then(Vec::new)
        }
    }
}
