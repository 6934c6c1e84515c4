//! Which image and type an instance is launched with.

use crate::{Request, refuse};
use postern_call::Refusal;
use postern_model::{HOST_IMAGE, Image, InstanceType, image_of_parameter, images, instance_types};
use postern_names::ImageId;

/// The image that `ImageId` names: by id, or as `resolve:ssm:` and the path of a public parameter.
pub(super) fn image(request: &Request<'_>) -> Result<Image, Refusal> {
    let given = request.required_text("ImageId")?;
    let id = match given.strip_prefix("resolve:ssm:") {
        Some(path) => image_of_parameter(path).ok_or_else(|| unknown_parameter(path))?,
        None => crate::request::parse_id::<ImageId>(given)?,
    };
    images().into_iter().find(|image| image.id == id).ok_or_else(|| {
        refuse::not_found(ImageId::PREFIX, id)
            .hint(format!("{HOST_IMAGE} is the machine's own root; describe-images lists its other names"))
    })
}

/// The type that `InstanceType` names, `m1.small` if none; its architecture must be the image's.
pub(super) fn instance_type(request: &Request<'_>, image: &Image) -> Result<&'static InstanceType, Refusal> {
    let kind = named_type(request.text("InstanceType").unwrap_or("m1.small"))?;
    if kind.architecture == image.architecture {
        return Ok(kind);
    }
    let message = format!(
        "The architecture '{}' of the specified instance type does not match the architecture '{}' of the specified \
         AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use \
         'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.",
        kind.architecture, image.architecture
    );
    Err(Refusal::new("InvalidParameterValue", message))
}

/// `InvalidParameterValue` for a type that is not offered.
pub(super) fn named_type(name: &str) -> Result<&'static InstanceType, Refusal> {
    instance_types().iter().find(|kind| kind.name == name).ok_or_else(|| {
        Refusal::new("InvalidParameterValue", format!("Invalid value '{name}' for InstanceType."))
            .hint("describe-instance-types lists the types that Postern offers")
    })
}

fn unknown_parameter(path: &str) -> Refusal {
    let message = format!("The parameter '{path}' does not exist");
    Refusal::new("InvalidParameterValue", message)
        .hint("public image parameters begin with /aws/service/ami-amazon-linux-latest/")
}
