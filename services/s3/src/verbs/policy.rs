//! The bucket's policy, and the block that keeps it from being public.

use super::settings::set;
use super::{Verbs, ok, visit};
use crate::error::{Answer, refuse, refuse_with};
use crate::gate::{document, public};
use crate::store::buckets::PublicBlock;
use s3s::dto::*;
use s3s::{S3Request, S3Response};

pub(crate) async fn get_bucket_policy(
    verbs: &Verbs,
    request: S3Request<GetBucketPolicyInput>,
) -> Answer<S3Response<GetBucketPolicyOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    match &bucket.settings.policy {
        Some(text) => ok(GetBucketPolicyOutput { policy: Some(text.clone()) }),
        None => Err(refuse("NoSuchBucketPolicy").member("BucketName", bucket.name.as_str())),
    }
}

/// 204 once the policy is in force. A public one is refused while BlockPublicPolicy is on.
pub(crate) async fn put_bucket_policy(
    verbs: &Verbs,
    request: S3Request<PutBucketPolicyInput>,
) -> Answer<S3Response<PutBucketPolicyOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let text = input.policy;
    document::read(&text, &input.bucket)?;
    let is_public = public::is_public(&text);
    let caller = visit.caller.display();
    let arn = format!("arn:aws:s3:::{}", input.bucket);
    set(verbs, &input.bucket, move |settings| {
        if is_public && settings.public_block.is_some_and(|b| b.block_policy) {
            return Err(refuse_with(
                "AccessDenied",
                format!(
                    "User: {caller} is not authorized to perform: s3:PutBucketPolicy on resource: \"{arn}\" because \
                     public policies are blocked by the BlockPublicPolicy block public access setting."
                ),
            ));
        }
        settings.policy = Some(text.clone());
        Ok(())
    })
    .await?;
    ok(PutBucketPolicyOutput::default())
}

pub(crate) async fn delete_bucket_policy(
    verbs: &Verbs,
    request: S3Request<DeleteBucketPolicyInput>,
) -> Answer<S3Response<DeleteBucketPolicyOutput>> {
    set(verbs, &request.input.bucket, |settings| {
        settings.policy = None;
        Ok(())
    })
    .await?;
    ok(DeleteBucketPolicyOutput::default())
}

pub(crate) async fn get_bucket_policy_status(
    verbs: &Verbs,
    request: S3Request<GetBucketPolicyStatusInput>,
) -> Answer<S3Response<GetBucketPolicyStatusOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    if bucket.settings.policy.is_none() {
        return Err(refuse("NoSuchBucketPolicy").member("BucketName", bucket.name.as_str()));
    }
    ok(GetBucketPolicyStatusOutput { policy_status: Some(PolicyStatus { is_public: Some(bucket.public) }) })
}

pub(crate) async fn get_public_access_block(
    verbs: &Verbs,
    request: S3Request<GetPublicAccessBlockInput>,
) -> Answer<S3Response<GetPublicAccessBlockOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    let Some(block) = bucket.settings.public_block else {
        return Err(refuse("NoSuchPublicAccessBlockConfiguration").member("BucketName", bucket.name.as_str()));
    };
    ok(GetPublicAccessBlockOutput {
        public_access_block_configuration: Some(PublicAccessBlockConfiguration {
            block_public_acls: Some(block.block_acls),
            block_public_policy: Some(block.block_policy),
            ignore_public_acls: Some(block.ignore_acls),
            restrict_public_buckets: Some(block.restrict_buckets),
        }),
    })
}

pub(crate) async fn put_public_access_block(
    verbs: &Verbs,
    request: S3Request<PutPublicAccessBlockInput>,
) -> Answer<S3Response<PutPublicAccessBlockOutput>> {
    let input = request.input;
    let wanted = input.public_access_block_configuration;
    let block = PublicBlock {
        block_acls: wanted.block_public_acls.unwrap_or(false),
        ignore_acls: wanted.ignore_public_acls.unwrap_or(false),
        block_policy: wanted.block_public_policy.unwrap_or(false),
        restrict_buckets: wanted.restrict_public_buckets.unwrap_or(false),
    };
    set(verbs, &input.bucket, move |settings| {
        settings.public_block = Some(block);
        Ok(())
    })
    .await?;
    ok(PutPublicAccessBlockOutput::default())
}

pub(crate) async fn delete_public_access_block(
    verbs: &Verbs,
    request: S3Request<DeletePublicAccessBlockInput>,
) -> Answer<S3Response<DeletePublicAccessBlockOutput>> {
    set(verbs, &request.input.bucket, |settings| {
        settings.public_block = None;
        Ok(())
    })
    .await?;
    ok(DeletePublicAccessBlockOutput::default())
}
