//! Which actions an operation asks for, and on what.

use crate::arrival::{header, parameter};
use s3s::access::S3AccessContext;

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// No resource: `*`.
    Nothing,
    Bucket,
    Object,
}

/// One question to put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    pub action: String,
    pub target: Target,
}

/// The operations served, by model name.
pub(crate) fn served() -> Vec<&'static str> {
    let mut all: Vec<&'static str> = TABLE.iter().map(|row| row.0).filter(|name| !REFUSED.contains(name)).collect();
    all.extend(LATER);
    all.sort_unstable();
    all
}

/// Always refused, as AWS does where a bucket has no object lock: right, but no service.
const REFUSED: &[&str] = &["GetObjectRetention", "PutObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold"];

/// Judged by their verbs, which know more: the body's region, keys, tags and fields.
const LATER: &[&str] = &["CreateBucket", "DeleteObjects", "PutObjectTagging", "PostObject"];

const TABLE: &[(&str, Target, &str)] = &[
    ("ListBuckets", Target::Nothing, "ListAllMyBuckets"),
    ("DeleteBucket", Target::Bucket, "DeleteBucket"),
    ("HeadBucket", Target::Bucket, "ListBucket"),
    ("ListObjects", Target::Bucket, "ListBucket"),
    ("ListObjectsV2", Target::Bucket, "ListBucket"),
    ("ListObjectVersions", Target::Bucket, "ListBucketVersions"),
    ("ListMultipartUploads", Target::Bucket, "ListBucketMultipartUploads"),
    ("GetBucketLocation", Target::Bucket, "GetBucketLocation"),
    ("GetBucketVersioning", Target::Bucket, "GetBucketVersioning"),
    ("PutBucketVersioning", Target::Bucket, "PutBucketVersioning"),
    ("GetBucketPolicy", Target::Bucket, "GetBucketPolicy"),
    ("PutBucketPolicy", Target::Bucket, "PutBucketPolicy"),
    ("DeleteBucketPolicy", Target::Bucket, "DeleteBucketPolicy"),
    ("GetBucketPolicyStatus", Target::Bucket, "GetBucketPolicyStatus"),
    ("GetPublicAccessBlock", Target::Bucket, "GetBucketPublicAccessBlock"),
    ("PutPublicAccessBlock", Target::Bucket, "PutBucketPublicAccessBlock"),
    ("DeletePublicAccessBlock", Target::Bucket, "PutBucketPublicAccessBlock"),
    ("GetBucketOwnershipControls", Target::Bucket, "GetBucketOwnershipControls"),
    ("PutBucketOwnershipControls", Target::Bucket, "PutBucketOwnershipControls"),
    ("DeleteBucketOwnershipControls", Target::Bucket, "PutBucketOwnershipControls"),
    ("GetBucketTagging", Target::Bucket, "GetBucketTagging"),
    ("PutBucketTagging", Target::Bucket, "PutBucketTagging"),
    ("DeleteBucketTagging", Target::Bucket, "PutBucketTagging"),
    ("GetBucketEncryption", Target::Bucket, "GetEncryptionConfiguration"),
    ("PutBucketEncryption", Target::Bucket, "PutEncryptionConfiguration"),
    ("DeleteBucketEncryption", Target::Bucket, "PutEncryptionConfiguration"),
    ("GetBucketAcl", Target::Bucket, "GetBucketAcl"),
    ("PutBucketAcl", Target::Bucket, "PutBucketAcl"),
    ("GetBucketCors", Target::Bucket, "GetBucketCORS"),
    ("DeleteBucketCors", Target::Bucket, "PutBucketCORS"),
    ("GetBucketLifecycleConfiguration", Target::Bucket, "GetLifecycleConfiguration"),
    ("DeleteBucketLifecycle", Target::Bucket, "PutLifecycleConfiguration"),
    ("GetBucketWebsite", Target::Bucket, "GetBucketWebsite"),
    ("DeleteBucketWebsite", Target::Bucket, "DeleteBucketWebsite"),
    ("GetBucketReplication", Target::Bucket, "GetReplicationConfiguration"),
    ("DeleteBucketReplication", Target::Bucket, "PutReplicationConfiguration"),
    ("GetBucketLogging", Target::Bucket, "GetBucketLogging"),
    ("GetBucketNotificationConfiguration", Target::Bucket, "GetBucketNotification"),
    ("GetBucketAccelerateConfiguration", Target::Bucket, "GetAccelerateConfiguration"),
    ("GetBucketRequestPayment", Target::Bucket, "GetBucketRequestPayment"),
    ("GetObjectLockConfiguration", Target::Bucket, "GetBucketObjectLockConfiguration"),
    ("ListBucketAnalyticsConfigurations", Target::Bucket, "GetAnalyticsConfiguration"),
    ("ListBucketIntelligentTieringConfigurations", Target::Bucket, "GetIntelligentTieringConfiguration"),
    ("ListBucketInventoryConfigurations", Target::Bucket, "GetInventoryConfiguration"),
    ("ListBucketMetricsConfigurations", Target::Bucket, "GetMetricsConfiguration"),
    ("GetObjectRetention", Target::Object, "GetObjectRetention"),
    ("PutObjectRetention", Target::Object, "PutObjectRetention"),
    ("GetObjectLegalHold", Target::Object, "GetObjectLegalHold"),
    ("PutObjectLegalHold", Target::Object, "PutObjectLegalHold"),
    ("GetObject", Target::Object, "GetObject"),
    ("HeadObject", Target::Object, "GetObject"),
    ("GetObjectAttributes", Target::Object, "GetObjectAttributes"),
    ("GetObjectAcl", Target::Object, "GetObjectAcl"),
    ("PutObjectAcl", Target::Object, "PutObjectAcl"),
    ("GetObjectTagging", Target::Object, "GetObjectTagging"),
    ("DeleteObjectTagging", Target::Object, "DeleteObjectTagging"),
    ("PutObject", Target::Object, "PutObject"),
    ("CopyObject", Target::Object, "PutObject"),
    ("DeleteObject", Target::Object, "DeleteObject"),
    ("CreateMultipartUpload", Target::Object, "PutObject"),
    ("UploadPart", Target::Object, "PutObject"),
    ("UploadPartCopy", Target::Object, "PutObject"),
    ("CompleteMultipartUpload", Target::Object, "PutObject"),
    ("AbortMultipartUpload", Target::Object, "AbortMultipartUpload"),
    ("ListParts", Target::Object, "ListMultipartUploadParts"),
];

/// The questions for a request. An operation that is not served asks for the action of its own name, or for reading where
/// S3 has none, so that nobody learns more from it than from a served one.
pub(crate) fn needed(operation: &str, cx: &S3AccessContext<'_>) -> Vec<Need> {
    if LATER.contains(&operation) {
        return Vec::new();
    }
    let Some((_, target, action)) = TABLE.iter().find(|row| row.0 == operation) else {
        let target = match (cx.s3_path().get_bucket_name(), cx.s3_path().get_object_key()) {
            (_, Some(_)) => Target::Object,
            (Some(_), None) => Target::Bucket,
            (None, None) => Target::Nothing,
        };
        let known = postern_policy::table::service("s3").and_then(|table| table.action(operation));
        let action = known.filter(|action| target != Target::Nothing || action.resource_types().next().is_none());
        let action = action.map_or_else(|| reading(target), |action| action.name);
        return vec![Need { action: format!("s3:{action}"), target }];
    };
    let versioned = cx.uri().query().is_some_and(|q| parameter(q, "versionId").is_some());
    let mut needs = vec![Need { action: format!("s3:{}", of_version(action, versioned)), target: *target }];
    if operation == "GetObjectAttributes" {
        needs.push(Need { action: format!("s3:{}", of_version("GetObject", versioned)), target: *target });
    }
    let tags = matches!(operation, "PutObject" | "CopyObject" | "CreateMultipartUpload");
    if tags && header(cx.headers(), "x-amz-tagging").is_some() {
        needs.push(Need { action: "s3:PutObjectTagging".into(), target: Target::Object });
    }
    let acl = ACL_HEADERS.iter().any(|name| header(cx.headers(), name).is_some());
    match operation {
        "PutObject" | "CopyObject" | "CreateMultipartUpload" if acl => {
            needs.push(Need { action: "s3:PutObjectAcl".into(), target: Target::Object });
        }
        "CreateBucket" => {
            if acl {
                needs.push(Need { action: "s3:PutBucketAcl".into(), target: Target::Bucket });
            }
            if header(cx.headers(), "x-amz-object-ownership").is_some() {
                needs.push(Need { action: "s3:PutBucketOwnershipControls".into(), target: Target::Bucket });
            }
        }
        _ => {}
    }
    needs
}

/// Whoever gives a new thing an ACL needs the permission for that too.
const ACL_HEADERS: &[&str] = &[
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];

/// What reads such a thing.
fn reading(target: Target) -> &'static str {
    match target {
        Target::Nothing => "ListAllMyBuckets",
        Target::Bucket => "ListBucket",
        Target::Object => "GetObject",
    }
}

/// Actions on a version named by its id have names of their own.
pub(crate) fn of_version(action: &str, versioned: bool) -> &str {
    match (action, versioned) {
        ("GetObject", true) => "GetObjectVersion",
        ("GetObjectAttributes", true) => "GetObjectVersionAttributes",
        ("GetObjectAcl", true) => "GetObjectVersionAcl",
        ("PutObjectAcl", true) => "PutObjectVersionAcl",
        ("GetObjectTagging", true) => "GetObjectVersionTagging",
        ("PutObjectTagging", true) => "PutObjectVersionTagging",
        ("DeleteObjectTagging", true) => "DeleteObjectVersionTagging",
        ("DeleteObject", true) => "DeleteObjectVersion",
        _ => action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_in_s3s_own_table_for_such_a_thing() {
        let table = postern_policy::table::service("s3").expect("S3's table");
        let versioned = TABLE.iter().map(|row| (of_version(row.2, true), row.1));
        for (name, target) in TABLE.iter().map(|row| (row.2, row.1)).chain(versioned) {
            let action = table.action(name).unwrap_or_else(|| panic!("{name}"));
            let fits = match target {
                Target::Nothing => action.resource_types().next().is_none(),
                Target::Bucket => action.touches("bucket"),
                Target::Object => action.touches("object"),
            };
            assert!(fits && action.name == name, "{name}");
        }
    }

    #[test]
    fn every_operation_is_named_once() {
        let all = served();
        let mut once = all.clone();
        once.dedup();
        assert_eq!(all, once);
        assert!(all.len() > 55 && all.contains(&"DeleteObjects"));
    }
}
