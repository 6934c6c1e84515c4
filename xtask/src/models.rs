//! `models`: trims the service models that botocore publishes into the form that the codec embeds.

use flate2::{Compression, GzBuilder};
use std::io::Write;
use std::path::Path;

/// The folder of each service in botocore's data, and the signing name under which its model is embedded. A new service
/// also needs its name in `edge/wire/src/model/embedded.rs`.
const SERVICES: &[(&str, &str)] = &[
    ("accessanalyzer", "access-analyzer"),
    ("dynamodb", "dynamodb"),
    ("ec2", "ec2"),
    ("iam", "iam"),
    ("kms", "kms"),
    ("logs", "logs"),
    ("cloudwatch", "monitoring"),
    ("organizations", "organizations"),
    ("route53", "route53"),
    ("s3", "s3"),
    ("secretsmanager", "secretsmanager"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("ssm", "ssm"),
    ("sts", "sts"),
];

/// Writes every model. The same data give the same bytes.
pub fn run(data: &Path) -> Result<(), String> {
    for (folder, name) in SERVICES {
        let model = newest(&data.join(folder))?;
        let text = postern_wire::trim(&model).map_err(|error| format!("{folder}: {error}"))?;
        let target = crate::root().join("edge/wire/models").join(format!("{name}.gz"));
        let packed = pack(&text).map_err(|error| format!("{}: {error}", target.display()))?;
        std::fs::write(&target, &packed).map_err(|error| format!("{}: {error}", target.display()))?;
        println!("{name}: {} bytes, {} packed", text.len(), packed.len());
    }
    Ok(())
}

/// The `service-2.json` of the newest API version in a service's folder, packed or not.
fn newest(folder: &Path) -> Result<serde_json::Value, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut versions: Vec<_> = std::fs::read_dir(folder).map_err(failed)?.flatten().map(|entry| entry.path()).collect();
    versions.sort();
    let newest = versions.pop().ok_or_else(|| format!("{} is empty", folder.display()))?;
    let plain = newest.join("service-2.json");
    let bytes = match std::fs::read(&plain) {
        Ok(bytes) => bytes,
        Err(_) => unpack(&newest.join("service-2.json.gz"))?,
    };
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", plain.display()))
}

fn unpack(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(bytes)
}

fn pack(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}
