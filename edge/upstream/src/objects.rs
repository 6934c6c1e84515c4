//! What a request to S3 asks for: its operations have other names than its actions, and its ARNs no members of their own.

use percent_encoding::percent_decode_str;
use postern_policy::table;
use serde_json::{Map, Value};

/// An action and what it is asked about; `*` where the request does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Without `s3:`.
    pub action: String,
    pub resource: String,
}

/// Operations whose action has another name.
const ACTIONS: &[(&str, &str)] = &[
    ("CompleteMultipartUpload", "PutObject"),
    ("CopyObject", "PutObject"),
    ("CreateMultipartUpload", "PutObject"),
    ("DeleteBucketCors", "PutBucketCORS"),
    ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
    ("DeleteBucketReplication", "PutReplicationConfiguration"),
    ("DeleteBucketTagging", "PutBucketTagging"),
    ("DeleteObjects", "DeleteObject"),
    ("DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("GetBucketLifecycle", "GetLifecycleConfiguration"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("GetBucketReplication", "GetReplicationConfiguration"),
    ("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("HeadBucket", "ListBucket"),
    ("HeadObject", "GetObject"),
    ("ListBuckets", "ListAllMyBuckets"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("ListObjects", "ListBucket"),
    ("ListObjectsV2", "ListBucket"),
    ("ListParts", "ListMultipartUploadParts"),
    ("PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("PutBucketLifecycle", "PutLifecycleConfiguration"),
    ("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("PutBucketReplication", "PutReplicationConfiguration"),
    ("PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("SelectObjectContent", "GetObject"),
    ("UploadPart", "PutObject"),
    ("UploadPartCopy", "PutObject"),
];

/// Actions that have another name where a version is named.
const OF_VERSIONS: &[(&str, &str)] = &[
    ("DeleteObject", "DeleteObjectVersion"),
    ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    ("GetObject", "GetObjectVersion"),
    ("GetObjectAcl", "GetObjectVersionAcl"),
    ("GetObjectAttributes", "GetObjectVersionAttributes"),
    ("GetObjectTagging", "GetObjectVersionTagging"),
    ("PutObjectAcl", "PutObjectVersionAcl"),
    ("PutObjectTagging", "PutObjectVersionTagging"),
];

fn other_name<'n>(names: &[(&'static str, &'static str)], name: &'n str) -> &'n str
where
    'static: 'n,
{
    names.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to)
}

/// The questions about a request. Of an operation that S3's table does not have, everything is asked for.
pub fn questions(operation: &str, members: &Map<String, Value>) -> Vec<Question> {
    let text = |member: &str| members.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (bucket, key) = (text("Bucket"), text("Key"));
    let action = other_name(ACTIONS, operation);
    let action = if text("VersionId").is_some() { other_name(OF_VERSIONS, action) } else { action };
    let Some(action) = table::service("s3").and_then(|table| table.action(action)) else {
        return vec![everything()];
    };
    let resource = match (bucket, key) {
        (Some(bucket), Some(key)) if action.touches("object") => format!("arn:aws:s3:::{bucket}/{key}"),
        (Some(bucket), _) if action.touches("bucket") => format!("arn:aws:s3:::{bucket}"),
        _ => "*".to_owned(),
    };
    let more = |action: &str| Question { action: action.to_owned(), resource: resource.clone() };
    let mut asked = vec![more(action.name)];
    if action.name == "PutObject" {
        asked.extend(text("Tagging").map(|_| more("PutObjectTagging")));
        let grants = ["ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"];
        asked.extend(grants.into_iter().any(|member| text(member).is_some()).then(|| more("PutObjectAcl")));
        asked.extend(text("CopySource").map(source));
    }
    asked
}

fn everything() -> Question {
    Question { action: "*".to_owned(), resource: "*".to_owned() }
}

/// Who copies reads the source: `bucket/key`, percent-encoded, perhaps with a version.
fn source(text: &str) -> Question {
    let (path, version) = text.split_once("?versionId=").map_or((text, None), |(path, version)| (path, Some(version)));
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy();
    let action = if version.is_some() { "GetObjectVersion" } else { "GetObject" };
    let resource = match path.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() && !path.starts_with("arn:") => {
            format!("arn:aws:s3:::{bucket}/{key}")
        }
        _ => "*".to_owned(),
    };
    Question { action: action.to_owned(), resource }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(operation: &str, members: Value) -> Vec<String> {
        let asked = questions(operation, members.as_object().unwrap());
        asked.into_iter().map(|one| format!("{} {}", one.action, one.resource)).collect()
    }

    #[test]
    fn operations_ask_for_their_actions() {
        let object = json!({ "Bucket": "b", "Key": "a/k" });
        assert_eq!(of("GetObject", object.clone()), ["GetObject arn:aws:s3:::b/a/k"]);
        assert_eq!(of("HeadObject", object.clone()), ["GetObject arn:aws:s3:::b/a/k"]);
        assert_eq!(of("UploadPart", object.clone()), ["PutObject arn:aws:s3:::b/a/k"]);
        let versioned = json!({ "Bucket": "b", "Key": "k", "VersionId": "1" });
        assert_eq!(of("DeleteObject", versioned), ["DeleteObjectVersion arn:aws:s3:::b/k"]);
        assert_eq!(of("ListObjectsV2", json!({ "Bucket": "b" })), ["ListBucket arn:aws:s3:::b"]);
        assert_eq!(of("ListBuckets", json!({})), ["ListAllMyBuckets *"]);
        // Which keys, is in the body.
        assert_eq!(of("DeleteObjects", json!({ "Bucket": "b" })), ["DeleteObject *"]);
        assert_eq!(of("WriteGetObjectResponse2", json!({})), ["* *"]);
    }

    #[test]
    fn what_comes_with_a_put_is_asked_for_too() {
        let tagged = json!({ "Bucket": "b", "Key": "k", "Tagging": "a=b", "ACL": "private" });
        assert_eq!(
            of("PutObject", tagged),
            ["PutObject arn:aws:s3:::b/k", "PutObjectTagging arn:aws:s3:::b/k", "PutObjectAcl arn:aws:s3:::b/k"]
        );
        for (source, asked) in [
            ("/other/a%20b", "GetObject arn:aws:s3:::other/a b"),
            ("other/k?versionId=7", "GetObjectVersion arn:aws:s3:::other/k"),
            ("nonsense", "GetObject *"),
        ] {
            let copy = json!({ "Bucket": "b", "Key": "k", "CopySource": source });
            assert_eq!(of("CopyObject", copy), ["PutObject arn:aws:s3:::b/k", asked]);
        }
    }

    #[test]
    fn every_action_is_in_s3s_own_table() {
        let table = table::service("s3").unwrap();
        for (_, action) in ACTIONS.iter().chain(OF_VERSIONS) {
            assert_eq!(table.action(action).map(|found| found.name), Some(*action));
        }
    }
}
