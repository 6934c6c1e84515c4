//! What Postern's S3 never has set: each is answered as AWS answers where nothing is set.

use super::{Verbs, ok};
use crate::error::{Answer, refuse};
use s3s::dto::*;
use s3s::{S3Request, S3Response};

macro_rules! never_set {
    ($($verb:ident($input:ident) -> $output:ident = $code:literal;)*) => {$(
        pub(crate) async fn $verb(verbs: &Verbs, request: S3Request<$input>) -> Answer<S3Response<$output>> {
            let bucket = verbs.bucket(&request.input.bucket)?;
            Err(refuse($code).member("BucketName", bucket.name.as_str()))
        }
    )*};
}

/// With nothing set, the answer is empty, and there is nothing to take away.
macro_rules! empty {
    ($($verb:ident($input:ident) -> $output:ident;)*) => {$(
        pub(crate) async fn $verb(verbs: &Verbs, request: S3Request<$input>) -> Answer<S3Response<$output>> {
            verbs.bucket(&request.input.bucket)?;
            ok($output::default())
        }
    )*};
}

never_set! {
    get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput = "NoSuchCORSConfiguration";
    get_bucket_lifecycle(GetBucketLifecycleConfigurationInput)
        -> GetBucketLifecycleConfigurationOutput = "NoSuchLifecycleConfiguration";
    get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput = "NoSuchWebsiteConfiguration";
    get_bucket_replication(GetBucketReplicationInput)
        -> GetBucketReplicationOutput = "ReplicationConfigurationNotFoundError";
    get_object_lock(GetObjectLockConfigurationInput)
        -> GetObjectLockConfigurationOutput = "ObjectLockConfigurationNotFoundError";
}

empty! {
    delete_bucket_cors(DeleteBucketCorsInput) -> DeleteBucketCorsOutput;
    delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput;
    delete_bucket_website(DeleteBucketWebsiteInput) -> DeleteBucketWebsiteOutput;
    delete_bucket_replication(DeleteBucketReplicationInput) -> DeleteBucketReplicationOutput;
    list_analytics(ListBucketAnalyticsConfigurationsInput) -> ListBucketAnalyticsConfigurationsOutput;
    list_intelligent_tiering(ListBucketIntelligentTieringConfigurationsInput)
        -> ListBucketIntelligentTieringConfigurationsOutput;
    list_inventory(ListBucketInventoryConfigurationsInput) -> ListBucketInventoryConfigurationsOutput;
    list_metrics(ListBucketMetricsConfigurationsInput) -> ListBucketMetricsConfigurationsOutput;
    get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput;
    get_bucket_notification(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput;
    get_bucket_accelerate(GetBucketAccelerateConfigurationInput) -> GetBucketAccelerateConfigurationOutput;
}

/// Without object lock on its bucket, no object has a retention or a hold, nor can be given one.
macro_rules! needs_lock {
    ($($verb:ident($input:ident) -> $output:ident;)*) => {$(
        pub(crate) async fn $verb(verbs: &Verbs, request: S3Request<$input>) -> Answer<S3Response<$output>> {
            verbs.bucket(&request.input.bucket)?;
            super::heads::check_lock(true)?;
            ok($output::default())
        }
    )*};
}

needs_lock! {
    get_object_retention(GetObjectRetentionInput) -> GetObjectRetentionOutput;
    put_object_retention(PutObjectRetentionInput) -> PutObjectRetentionOutput;
    get_object_legal_hold(GetObjectLegalHoldInput) -> GetObjectLegalHoldOutput;
    put_object_legal_hold(PutObjectLegalHoldInput) -> PutObjectLegalHoldOutput;
}

pub(crate) async fn get_bucket_request_payment(
    verbs: &Verbs,
    request: S3Request<GetBucketRequestPaymentInput>,
) -> Answer<S3Response<GetBucketRequestPaymentOutput>> {
    verbs.bucket(&request.input.bucket)?;
    ok(GetBucketRequestPaymentOutput { payer: Some(Payer::from_static(Payer::BUCKET_OWNER)) })
}
