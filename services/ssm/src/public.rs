//! The public parameters: AWS's own, in every region, readable by everybody who may call the operation.

use crate::parameter::text_of;
use postern_model::{image_of_parameter, images};
use serde_json::{Value, json};
use time::macros::datetime;

/// The paths by which scripts look for the newest images.
const KNOWN: &[&str] = &[
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-6.1-arm64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-6.1-x86_64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-arm64-gp2",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-ebs",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-arm64-gp2",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2",
];

/// Whether a name is one of AWS's own.
pub fn is_public(name: &str) -> bool {
    name.starts_with("/aws/service/")
}

/// The parameter of this name as `resolve:ssm:` has it: every one leads to the machine's own root.
pub fn parameter(name: &str, region: &str) -> Option<Value> {
    let image = image_of_parameter(name)?;
    Some(json!({
        "Name": name,
        "Type": "String",
        "Value": image.to_string(),
        "Version": 1,
        "LastModifiedDate": text_of(datetime!(2026-01-01 00:00 UTC)),
        "ARN": format!("arn:aws:ssm:{region}::parameter{name}"),
        "DataType": "aws:ec2:image",
    }))
}

/// The public parameters below a path, with their names, in order.
pub fn below(path: &str, recursive: bool, region: &str) -> Vec<(String, Value)> {
    let inside = |name: &&&str| {
        let rest = name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| recursive || !rest.contains('/'))
    };
    let known = KNOWN.iter().filter(inside);
    known.filter_map(|name| Some(((*name).to_owned(), parameter(name, region)?))).collect()
}

/// Whether a value is the id of an image that can be launched: what `aws:ec2:image` demands.
pub fn is_image(value: &str) -> bool {
    images().iter().any(|image| image.id.to_string() == value)
}
