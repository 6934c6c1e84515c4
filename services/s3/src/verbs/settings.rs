//! What is set on a bucket and takes effect: versioning, ownership, encryption.

use super::{Verbs, ok};
use crate::error::{Answer, not_implemented, refuse, refuse_with};
use crate::store::buckets::{self, KmsDefault, Settings, Versioning};
use s3s::dto::*;
use s3s::{S3Request, S3Response};

/// Changes the settings of a bucket, durably.
pub(crate) async fn set(
    verbs: &Verbs,
    bucket: &str,
    edit: impl Fn(&mut Settings) -> Answer<()> + Send + 'static,
) -> Answer<()> {
    let bucket = verbs.bucket(bucket)?;
    verbs.store.change(move |change| buckets::set(change, bucket.id, &bucket.name, &edit)).await
}

pub(crate) async fn get_bucket_versioning(
    verbs: &Verbs,
    request: S3Request<GetBucketVersioningInput>,
) -> Answer<S3Response<GetBucketVersioningOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    let status = match bucket.settings.versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED)),
        Versioning::Suspended => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::SUSPENDED)),
    };
    ok(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() })
}

pub(crate) async fn put_bucket_versioning(
    verbs: &Verbs,
    request: S3Request<PutBucketVersioningInput>,
) -> Answer<S3Response<PutBucketVersioningOutput>> {
    let input = request.input;
    let configuration = input.versioning_configuration;
    if configuration.mfa_delete.as_ref().is_some_and(|m| m.as_str() == MFADelete::ENABLED) {
        return Err(not_implemented("MfaDelete"));
    }
    let wanted = match configuration.status.as_ref().map(BucketVersioningStatus::as_str) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        None => {
            return Err(refuse_with(
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified",
            ));
        }
        Some(_) => return Err(refuse("MalformedXML")),
    };
    set(verbs, &input.bucket, move |settings| {
        settings.versioning = wanted;
        Ok(())
    })
    .await?;
    ok(PutBucketVersioningOutput::default())
}

pub(crate) fn check_ownership(ownership: &str) -> Answer<()> {
    match ownership {
        "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter" => Ok(()),
        other => {
            Err(crate::error::bad_argument("Invalid x-amz-object-ownership header", "x-amz-object-ownership", other))
        }
    }
}

pub(crate) async fn get_bucket_ownership_controls(
    verbs: &Verbs,
    request: S3Request<GetBucketOwnershipControlsInput>,
) -> Answer<S3Response<GetBucketOwnershipControlsOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    let Some(ownership) = bucket.settings.ownership.clone() else {
        return Err(refuse("OwnershipControlsNotFoundError").member("BucketName", bucket.name.as_str()));
    };
    let rules = vec![OwnershipControlsRule { object_ownership: ObjectOwnership::from(ownership) }];
    ok(GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules }) })
}

pub(crate) async fn put_bucket_ownership_controls(
    verbs: &Verbs,
    request: S3Request<PutBucketOwnershipControlsInput>,
) -> Answer<S3Response<PutBucketOwnershipControlsOutput>> {
    let input = request.input;
    let [rule] = input.ownership_controls.rules.as_slice() else { return Err(refuse("MalformedXML")) };
    let ownership = rule.object_ownership.as_str().to_owned();
    check_ownership(&ownership).map_err(|_| refuse("MalformedXML"))?;
    set(verbs, &input.bucket, move |settings| {
        settings.ownership = Some(ownership.clone());
        Ok(())
    })
    .await?;
    ok(PutBucketOwnershipControlsOutput::default())
}

pub(crate) async fn delete_bucket_ownership_controls(
    verbs: &Verbs,
    request: S3Request<DeleteBucketOwnershipControlsInput>,
) -> Answer<S3Response<DeleteBucketOwnershipControlsOutput>> {
    set(verbs, &request.input.bucket, |settings| {
        settings.ownership = None;
        Ok(())
    })
    .await?;
    ok(DeleteBucketOwnershipControlsOutput::default())
}

/// Every bucket is encrypted: with S3's own keys, if nothing else was put.
pub(crate) async fn get_bucket_encryption(
    verbs: &Verbs,
    request: S3Request<GetBucketEncryptionInput>,
) -> Answer<S3Response<GetBucketEncryptionOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            kms_master_key_id: bucket.settings.kms.as_ref().and_then(|kms| kms.key.clone()),
            sse_algorithm: ServerSideEncryption::from_static(match bucket.settings.kms {
                Some(_) => ServerSideEncryption::AWS_KMS,
                None => ServerSideEncryption::AES256,
            }),
        }),
        bucket_key_enabled: Some(bucket.settings.bucket_key),
    };
    ok(GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(ServerSideEncryptionConfiguration { rules: vec![rule] }),
    })
}

pub(crate) async fn put_bucket_encryption(
    verbs: &Verbs,
    request: S3Request<PutBucketEncryptionInput>,
) -> Answer<S3Response<PutBucketEncryptionOutput>> {
    let input = request.input;
    let [rule] = input.server_side_encryption_configuration.rules.as_slice() else {
        return Err(refuse("MalformedXML"));
    };
    let mut kms = None;
    if let Some(default) = &rule.apply_server_side_encryption_by_default {
        match default.sse_algorithm.as_str() {
            "AES256" if default.kms_master_key_id.is_some() => {
                return Err(crate::error::bad_argument(
                    "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                    "ApplyServerSideEncryptionByDefault",
                    "AES256",
                ));
            }
            "AES256" => {}
            "aws:kms" => kms = Some(KmsDefault { key: default.kms_master_key_id.clone() }),
            "aws:kms:dsse" => return Err(not_implemented("SSEAlgorithm")),
            _ => return Err(refuse("MalformedXML")),
        }
    }
    let bucket_key = rule.bucket_key_enabled.unwrap_or(false);
    set(verbs, &input.bucket, move |settings| {
        settings.bucket_key = bucket_key;
        settings.kms = kms.clone();
        Ok(())
    })
    .await?;
    ok(PutBucketEncryptionOutput::default())
}

/// Back to the default, which is S3's own keys.
pub(crate) async fn delete_bucket_encryption(
    verbs: &Verbs,
    request: S3Request<DeleteBucketEncryptionInput>,
) -> Answer<S3Response<DeleteBucketEncryptionOutput>> {
    set(verbs, &request.input.bucket, |settings| {
        settings.bucket_key = false;
        settings.kms = None;
        Ok(())
    })
    .await?;
    ok(DeleteBucketEncryptionOutput::default())
}
