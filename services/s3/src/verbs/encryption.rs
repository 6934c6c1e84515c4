//! Encryption by KMS: what an upload asks for, the key that its body gets, and that key back again.
//!
//! Each body, or upload in parts, has a key of its own; that key lies beside it under a data key of KMS's. So whoever
//! writes needs kms:GenerateDataKey and whoever reads kms:Decrypt, asked as the caller through S3.

use super::Verbs;
use crate::arrival::Signed;
use crate::digest::Digested;
use crate::error::{Answer, bad_argument};
use crate::gate::Visit;
use crate::seal::BodyKey;
use crate::store::buckets::Bucket;
use crate::store::records::{Head, Seal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use postern_call::{Call, Refusal};
use postern_names::Via;
use postern_serve::{Closed, Envelope, OnBehalf};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const ALGORITHM: &str = "x-amz-server-side-encryption";
const CONTEXT: &str = "x-amz-server-side-encryption-context";
/// The member of the encryption context that S3 gives.
const ARN: &str = "aws:s3:arn";

/// What an upload's headers say of encryption.
pub(crate) struct Wanted {
    pub algorithm: Option<String>,
    pub key: Option<String>,
    /// JSON in base64.
    pub context: Option<String>,
    pub bucket_key: Option<bool>,
}

/// The encryption members of an upload's input.
macro_rules! wanted_of {
    ($input:expr) => {
        $crate::verbs::encryption::Wanted {
            algorithm: $input.server_side_encryption.as_ref().map(|s| s.as_str().to_owned()),
            key: $input.ssekms_key_id.clone(),
            context: $input.ssekms_encryption_context.clone(),
            bucket_key: $input.bucket_key_enabled,
        }
    };
}
pub(crate) use wanted_of;

/// How an object is encrypted, as members of an output.
macro_rules! set_seal {
    ($output:expr, $seal:expr) => {
        match &$seal {
            None => $output.server_side_encryption = Some($crate::verbs::heads::aes()),
            Some(seal) => {
                let kms = s3s::dto::ServerSideEncryption::from_static(s3s::dto::ServerSideEncryption::AWS_KMS);
                $output.server_side_encryption = Some(kms);
                $output.ssekms_key_id = Some(seal.key.clone());
                $output.bucket_key_enabled = seal.bucket_key.then_some(true);
            }
        }
    };
}
pub(crate) use set_seal;

/// The key of KMS's that an upload names, and whether it is used with an S3 Bucket Key.
#[derive(Debug, PartialEq, Eq)]
struct Chosen {
    key: Option<String>,
    bucket_key: bool,
}

impl Wanted {
    /// `None`: S3's own keys.
    fn choose(&self, bucket: &Bucket) -> Answer<Option<Chosen>> {
        let default = &bucket.settings;
        match (self.algorithm.as_deref(), &default.kms) {
            (Some("aws:kms"), _) => {
                Ok(Some(Chosen { key: self.key.clone(), bucket_key: self.bucket_key.unwrap_or(default.bucket_key) }))
            }
            (algorithm, _) if self.key.is_some() || self.context.is_some() => Err(bad_argument(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : \
                 aws:kms",
                ALGORITHM,
                algorithm.unwrap_or("null"),
            )),
            (None, Some(kms)) => {
                Ok(Some(Chosen { key: kms.key.clone(), bucket_key: self.bucket_key.unwrap_or(default.bucket_key) }))
            }
            _ => Ok(None),
        }
    }

    /// The context that the client gives.
    fn context(&self) -> Answer<BTreeMap<String, String>> {
        let Some(text) = &self.context else { return Ok(BTreeMap::new()) };
        let read = STANDARD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.ok_or_else(|| {
            bad_argument("The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map", CONTEXT, text)
        })
    }
}

impl Verbs {
    /// The key of a body about to be stored, if KMS shall be behind it; the head then tells of it.
    pub async fn seal(
        &self,
        visit: &Visit,
        bucket: &Bucket,
        key: &str,
        wanted: Wanted,
        head: &mut Head,
    ) -> Answer<Option<Arc<BodyKey>>> {
        let Some(chosen) = wanted.choose(bucket)? else { return Ok(None) };
        may_use_kms(visit)?;
        let mut context = wanted.context()?;
        let arn = if chosen.bucket_key { bucket.arn() } else { format!("{}/{key}", bucket.arn()) };
        context.insert(ARN.to_owned(), arn);
        let mut own = [0_u8; 32];
        getrandom::fill(&mut own).map_err(Refusal::internal)?;
        let call = call_of(visit, bucket, "GenerateDataKey");
        let of = OnBehalf { call: &call, service: "s3", key: chosen.key.as_deref(), context };
        let Envelope { data_key, sealed } = self.ciphers.enclose(&of, &own).await.map_err(of_kms)?;
        head.seal = Some(Box::new(Seal {
            key: data_key.key,
            own_key: STANDARD.encode(sealed),
            data_key: STANDARD.encode(data_key.ciphertext),
            context: of.context,
            bucket_key: chosen.bucket_key,
        }));
        BodyKey::new(&own).map(Some)
    }

    /// The key of a body that is there.
    pub async fn unseal(&self, visit: &Visit, bucket: &Bucket, seal: Option<&Seal>) -> Answer<Option<Arc<BodyKey>>> {
        let Some(seal) = seal else { return Ok(None) };
        may_use_kms(visit)?;
        let call = call_of(visit, bucket, "Decrypt");
        let of = OnBehalf { call: &call, service: "s3", key: None, context: seal.context.clone() };
        let bytes = |text: &str| STANDARD.decode(text).map_err(Refusal::internal);
        let data_key = Closed { ciphertext: bytes(&seal.data_key)?, key: seal.key.clone() };
        let envelope = Envelope { data_key, sealed: bytes(&seal.own_key)? };
        let own = self.ciphers.disclose(&of, &envelope).await.map_err(of_kms)?;
        BodyKey::new(&own).map(Some)
    }
}

/// The ETag of received bytes: their MD5, unless KMS is behind them; then nobody learns that from it.
pub(crate) fn etag_of(digested: &Digested, seal: Option<&Seal>) -> String {
    match seal {
        None => digested.etag(),
        Some(seal) => hex::encode(Md5::digest(format!("{} {}", digested.etag(), seal.own_key))),
    }
}

/// KMS wants to know who asks, and a connection that nobody reads along.
fn may_use_kms(visit: &Visit) -> Answer<()> {
    let lead = "Requests specifying Server Side Encryption with AWS KMS managed keys";
    let signed = matches!(visit.signed, Signed::Header | Signed::Query) || visit.form;
    if !signed || visit.caller.access_key.is_none() {
        return Err(bad_argument(&format!("{lead} require AWS Signature Version 4."), "Authorization", "null"));
    }
    // The machine's own port has no other scheme that every client would trust.
    if visit.arrival.tls.is_none() && !matches!(visit.arrival.via, Via::Host { .. }) {
        return Err(bad_argument(&format!("{lead} must be made over a secure connection."), ALGORITHM, "aws:kms"));
    }
    Ok(())
}

fn call_of(visit: &Visit, bucket: &Bucket, operation: &str) -> Call {
    Call {
        service: "s3",
        operation: operation.to_owned(),
        input: Value::Null,
        region: bucket.region.clone(),
        caller: visit.caller.clone(),
        via: visit.arrival.via.clone(),
        request_id: visit.arrival.request_id.clone(),
        now: visit.now,
        secure: visit.arrival.tls.is_some(),
        user_agent: visit.user_agent.clone(),
    }
}

/// KMS's refusal as S3 passes it on.
fn of_kms(mut refusal: Refusal) -> Refusal {
    if refusal.status >= 500 {
        return Refusal { code: "InternalError".to_owned(), ..refusal };
    }
    if refusal.code == "AccessDeniedException" {
        return Refusal { code: "AccessDenied".to_owned(), ..refusal }.status(403);
    }
    refusal.code = format!("KMS.{}", refusal.code);
    refusal.status(400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::buckets::{KmsDefault, Settings};
    use postern_names::{AccountId, Region};

    fn bucket(kms: Option<&str>, bucket_key: bool) -> Bucket {
        let kms = kms.map(|key| KmsDefault { key: Some(key.to_owned()) });
        let settings = Settings { kms, bucket_key, ..Settings::default() };
        let (name, region) = ("b".to_owned(), Region::new("us-east-1"));
        Bucket { id: 1, name, owner: AccountId::DEFAULT, region, created: 0, settings, policy: None, public: false }
    }

    fn wanted(algorithm: Option<&str>, key: Option<&str>, bucket_key: Option<bool>) -> Wanted {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Wanted { algorithm: owned(algorithm), key: owned(key), context: None, bucket_key }
    }

    fn chosen(key: Option<&str>, bucket_key: bool) -> Option<Chosen> {
        Some(Chosen { key: key.map(str::to_owned), bucket_key })
    }

    #[test]
    fn an_upload_chooses_before_the_bucket_does() {
        let (plain, with_key) = (bucket(None, false), bucket(Some("k"), true));
        let cases = [
            (wanted(None, None, None), &plain, None),
            (wanted(None, None, None), &with_key, chosen(Some("k"), true)),
            (wanted(None, None, Some(false)), &with_key, chosen(Some("k"), false)),
            (wanted(Some("AES256"), None, None), &with_key, None),
            // The key that AWS manages, not the bucket's.
            (wanted(Some("aws:kms"), None, None), &with_key, chosen(None, true)),
            (wanted(Some("aws:kms"), Some("other"), None), &plain, chosen(Some("other"), false)),
        ];
        for (wanted, bucket, expected) in cases {
            assert_eq!(wanted.choose(bucket).unwrap(), expected);
        }
        for lone in [wanted(None, Some("k"), None), wanted(Some("AES256"), Some("k"), None)] {
            assert_eq!(lone.choose(&with_key).unwrap_err().code, "InvalidArgument");
        }
    }

    #[test]
    fn a_context_is_a_map_of_texts() {
        let of = |text: &str| Wanted { context: Some(STANDARD.encode(text)), ..wanted(None, None, None) }.context();
        assert_eq!(of(r#"{"a":"b"}"#).unwrap(), BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        for bad in ["", "[]", r#"{"a":1}"#] {
            assert_eq!(of(bad).unwrap_err().code, "InvalidArgument", "{bad}");
        }
    }

    #[test]
    fn refusals_of_kms_are_named_as_s3_names_them() {
        let no = of_kms(Refusal::new("AccessDeniedException", "no"));
        assert_eq!((no.code.as_str(), no.status), ("AccessDenied", 403));
        let disabled = of_kms(Refusal::new("DisabledException", "it is disabled."));
        assert_eq!((disabled.code.as_str(), disabled.status), ("KMS.DisabledException", 400));
        assert_eq!(of_kms(Refusal::internal("disk")).code, "InternalError");
    }
}
