//! The models inside the binary: compressed, unpacked at the first call of their service.

use super::Model;
use std::io::Read;
use std::sync::OnceLock;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        const NAMES: &[&str] = &[$($name),*];
        static MODELS: [Embedded; NAMES.len()] = [$(
            Embedded { packed: include_bytes!(concat!("../../models/", $name, ".gz")), model: OnceLock::new() }
        ),*];
    };
}

embedded!(
    "access-analyzer",
    "dynamodb",
    "ec2",
    "iam",
    "kms",
    "logs",
    "monitoring",
    "organizations",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
);

struct Embedded {
    packed: &'static [u8],
    model: OnceLock<Model>,
}

/// The services whose models are in the binary, by signing name, sorted.
pub fn services() -> &'static [&'static str] {
    NAMES
}

/// The model of a service by its signing name or the prefix of its endpoint. The first call for a service unpacks it.
pub fn model(signing_or_endpoint_name: &str) -> Option<&'static Model> {
    let at = NAMES.binary_search(&signing_or_endpoint_name).ok()?;
    let embedded = MODELS.get(at)?;
    Some(embedded.model.get_or_init(|| unpack(embedded.packed).expect("a test unpacks every embedded model")))
}

fn unpack(packed: &[u8]) -> Result<Model, String> {
    let mut text = String::with_capacity(packed.len() * 8);
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Model::from_text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_model_parses_whole() {
        for name in services() {
            let model = model(name).unwrap();
            model.verify().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(model.signing_name(), *name);
            assert!(!model.operations().is_empty());
        }
        assert!(super::model("nosuchservice").is_none());
    }

    #[test]
    fn exceptions_are_found_by_code_and_by_shape() {
        let iam = model("iam").unwrap();
        assert_eq!(iam.error("NoSuchEntity").unwrap().name, "NoSuchEntityException");
        assert_eq!(iam.error("NoSuchEntityException").unwrap().name, "NoSuchEntityException");
        assert!(iam.error("Nonsense").is_none());
    }
}
