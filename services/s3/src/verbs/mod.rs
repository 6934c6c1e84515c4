//! The operations, one file per idea. The gate has been passed when they run.

pub(crate) mod absent;
pub(crate) mod acl;
pub(crate) mod buckets;
pub(crate) mod conditions;
pub(crate) mod copy;
pub(crate) mod delete;
pub(crate) mod encryption;
pub(crate) mod get;
pub(crate) mod heads;
pub(crate) mod list;
pub(crate) mod multipart;
pub(crate) mod parts;
pub(crate) mod policy;
pub(crate) mod post;
pub(crate) mod put;
pub(crate) mod settings;
pub(crate) mod tags;

use crate::error::{Answer, no_such_bucket, wire};
use crate::gate::Visit;
use crate::store::Store;
use crate::store::buckets::Bucket;
use postern_call::Refusal;
use postern_names::AccountId;
use postern_serve::Ciphers;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use time::OffsetDateTime;

/// The operations over the store.
pub(crate) struct Verbs {
    pub store: Arc<Store>,
    pub ciphers: Arc<dyn Ciphers>,
}

impl Verbs {
    pub fn bucket(&self, name: &str) -> Answer<Arc<Bucket>> {
        self.store.bucket(name).ok_or_else(|| no_such_bucket(name))
    }
}

/// A plain 200 with this output.
pub(crate) fn ok<T>(output: T) -> Answer<S3Response<T>> {
    Ok(S3Response::new(output))
}

/// The request's visit at the gate.
pub(crate) fn visit<T>(request: &S3Request<T>) -> Answer<Arc<Visit>> {
    crate::gate::visit(&request.extensions)
}

/// AWS's canonical user id of an account: 64 hexadecimal digits that say nothing.
pub(crate) fn canonical_id(account: AccountId) -> String {
    hex::encode(Sha256::digest(format!("canonical user of {account}")))
}

pub(crate) fn owner(account: AccountId) -> Owner {
    Owner { display_name: None, id: Some(canonical_id(account)) }
}

/// Whole seconds, as S3 shows times.
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    seconds(millis.div_euclid(1000))
}

pub(crate) fn seconds(seconds: i64) -> Timestamp {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH).into()
}

/// Fresh letters and digits, for version and upload ids.
pub(crate) fn fresh_id(length: usize) -> Answer<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    let mut bytes = vec![0_u8; length];
    getrandom::fill(&mut bytes).map_err(Refusal::internal)?;
    Ok(bytes.iter().map(|b| char::from(LETTERS[usize::from(b & 63)])).collect())
}

/// Bucket-level and object-level operations by the function that serves them.
macro_rules! serve {
    ($($name:ident($input:ident) -> $output:ident = $verb:path;)*) => {
        #[async_trait::async_trait]
        impl s3s::S3 for Verbs {
            async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
                get::get_object(self, req).await
            }
            async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
                get::head_object(self, req).await
            }
            $(async fn $name(&self, req: S3Request<$input>) -> S3Result<S3Response<$output>> {
                $verb(self, req).await.map_err(wire)
            })*
        }
    };
}

serve! {
    list_buckets(ListBucketsInput) -> ListBucketsOutput = buckets::list_buckets;
    create_bucket(CreateBucketInput) -> CreateBucketOutput = buckets::create_bucket;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = buckets::delete_bucket;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = buckets::head_bucket;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = buckets::get_bucket_location;
    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = settings::get_bucket_versioning;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = settings::put_bucket_versioning;
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = policy::get_bucket_policy;
    put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = policy::put_bucket_policy;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = policy::delete_bucket_policy;
    get_bucket_policy_status(GetBucketPolicyStatusInput)
        -> GetBucketPolicyStatusOutput = policy::get_bucket_policy_status;
    get_public_access_block(GetPublicAccessBlockInput)
        -> GetPublicAccessBlockOutput = policy::get_public_access_block;
    put_public_access_block(PutPublicAccessBlockInput)
        -> PutPublicAccessBlockOutput = policy::put_public_access_block;
    delete_public_access_block(DeletePublicAccessBlockInput)
        -> DeletePublicAccessBlockOutput = policy::delete_public_access_block;
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput)
        -> GetBucketOwnershipControlsOutput = settings::get_bucket_ownership_controls;
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput)
        -> PutBucketOwnershipControlsOutput = settings::put_bucket_ownership_controls;
    delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput)
        -> DeleteBucketOwnershipControlsOutput = settings::delete_bucket_ownership_controls;
    get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput = tags::get_bucket_tagging;
    put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput = tags::put_bucket_tagging;
    delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput = tags::delete_bucket_tagging;
    get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput = settings::get_bucket_encryption;
    put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput = settings::put_bucket_encryption;
    delete_bucket_encryption(DeleteBucketEncryptionInput)
        -> DeleteBucketEncryptionOutput = settings::delete_bucket_encryption;
    get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = acl::get_bucket_acl;
    put_bucket_acl(PutBucketAclInput) -> PutBucketAclOutput = acl::put_bucket_acl;
    get_object_acl(GetObjectAclInput) -> GetObjectAclOutput = acl::get_object_acl;
    put_object_acl(PutObjectAclInput) -> PutObjectAclOutput = acl::put_object_acl;
    get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput = absent::get_bucket_cors;
    delete_bucket_cors(DeleteBucketCorsInput) -> DeleteBucketCorsOutput = absent::delete_bucket_cors;
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput)
        -> GetBucketLifecycleConfigurationOutput = absent::get_bucket_lifecycle;
    delete_bucket_lifecycle(DeleteBucketLifecycleInput)
        -> DeleteBucketLifecycleOutput = absent::delete_bucket_lifecycle;
    get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput = absent::get_bucket_website;
    delete_bucket_website(DeleteBucketWebsiteInput) -> DeleteBucketWebsiteOutput = absent::delete_bucket_website;
    get_bucket_replication(GetBucketReplicationInput) -> GetBucketReplicationOutput = absent::get_bucket_replication;
    delete_bucket_replication(DeleteBucketReplicationInput)
        -> DeleteBucketReplicationOutput = absent::delete_bucket_replication;
    get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput = absent::get_bucket_logging;
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput)
        -> GetBucketNotificationConfigurationOutput = absent::get_bucket_notification;
    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput)
        -> GetBucketAccelerateConfigurationOutput = absent::get_bucket_accelerate;
    list_bucket_analytics_configurations(ListBucketAnalyticsConfigurationsInput)
        -> ListBucketAnalyticsConfigurationsOutput = absent::list_analytics;
    list_bucket_intelligent_tiering_configurations(ListBucketIntelligentTieringConfigurationsInput)
        -> ListBucketIntelligentTieringConfigurationsOutput = absent::list_intelligent_tiering;
    list_bucket_inventory_configurations(ListBucketInventoryConfigurationsInput)
        -> ListBucketInventoryConfigurationsOutput = absent::list_inventory;
    list_bucket_metrics_configurations(ListBucketMetricsConfigurationsInput)
        -> ListBucketMetricsConfigurationsOutput = absent::list_metrics;
    get_object_retention(GetObjectRetentionInput) -> GetObjectRetentionOutput = absent::get_object_retention;
    put_object_retention(PutObjectRetentionInput) -> PutObjectRetentionOutput = absent::put_object_retention;
    get_object_legal_hold(GetObjectLegalHoldInput) -> GetObjectLegalHoldOutput = absent::get_object_legal_hold;
    put_object_legal_hold(PutObjectLegalHoldInput) -> PutObjectLegalHoldOutput = absent::put_object_legal_hold;
    get_bucket_request_payment(GetBucketRequestPaymentInput)
        -> GetBucketRequestPaymentOutput = absent::get_bucket_request_payment;
    get_object_lock_configuration(GetObjectLockConfigurationInput)
        -> GetObjectLockConfigurationOutput = absent::get_object_lock;
    put_object(PutObjectInput) -> PutObjectOutput = put::put_object;
    post_object(PostObjectInput) -> PostObjectOutput = post::post_object;
    get_object_attributes(GetObjectAttributesInput) -> GetObjectAttributesOutput = get::get_object_attributes;
    copy_object(CopyObjectInput) -> CopyObjectOutput = copy::copy_object;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = delete::delete_object;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = delete::delete_objects;
    get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = tags::get_object_tagging;
    put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput = tags::put_object_tagging;
    delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput = tags::delete_object_tagging;
    list_objects(ListObjectsInput) -> ListObjectsOutput = list::list_objects;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = list::list_objects_v2;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = list::list_object_versions;
    create_multipart_upload(CreateMultipartUploadInput)
        -> CreateMultipartUploadOutput = multipart::create_multipart_upload;
    upload_part(UploadPartInput) -> UploadPartOutput = parts::upload_part;
    upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = parts::upload_part_copy;
    complete_multipart_upload(CompleteMultipartUploadInput)
        -> CompleteMultipartUploadOutput = multipart::complete_multipart_upload;
    abort_multipart_upload(AbortMultipartUploadInput)
        -> AbortMultipartUploadOutput = multipart::abort_multipart_upload;
    list_parts(ListPartsInput) -> ListPartsOutput = parts::list_parts;
    list_multipart_uploads(ListMultipartUploadsInput)
        -> ListMultipartUploadsOutput = multipart::list_multipart_uploads;
}
