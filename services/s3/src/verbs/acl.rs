//! Access control lists, as far as S3 still has them: the owner's full control, and nothing else can be set.

use super::{Verbs, canonical_id, ok, owner};
use crate::error::{Answer, not_implemented, refuse};
use postern_names::AccountId;
use s3s::dto::*;
use s3s::{S3Request, S3Response};

const ENFORCED: &str = "BucketOwnerEnforced";

fn full_control(account: AccountId) -> Grants {
    vec![Grant {
        grantee: Some(Grantee {
            display_name: None,
            email_address: None,
            id: Some(canonical_id(account)),
            type_: Type::from_static(Type::CANONICAL_USER),
            uri: None,
        }),
        permission: Some(Permission::from_static(Permission::FULL_CONTROL)),
    }]
}

/// A canned ACL on a new bucket: none but the owner's own may be wanted.
pub(crate) fn check_bucket_acl(acl: Option<&str>, ownership: &str) -> Answer<()> {
    match acl {
        None | Some("private") => Ok(()),
        Some(_) if ownership == ENFORCED => Err(refuse("InvalidBucketAclWithObjectOwnership")),
        Some(_) => Err(not_implemented("x-amz-acl")),
    }
}

/// A canned ACL on an object: what leaves the owner in control is no change.
pub(crate) fn check_object_acl(acl: Option<&str>, ownership: Option<&str>) -> Answer<()> {
    match acl {
        None | Some("private" | "bucket-owner-full-control") => Ok(()),
        Some(_) if ownership == Some(ENFORCED) => Err(refuse("AccessControlListNotSupported")),
        Some(_) => Err(not_implemented("x-amz-acl")),
    }
}

pub(crate) async fn get_bucket_acl(
    verbs: &Verbs,
    request: S3Request<GetBucketAclInput>,
) -> Answer<S3Response<GetBucketAclOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    ok(GetBucketAclOutput { grants: Some(full_control(bucket.owner)), owner: Some(owner(bucket.owner)) })
}

pub(crate) async fn put_bucket_acl(
    verbs: &Verbs,
    request: S3Request<PutBucketAclInput>,
) -> Answer<S3Response<PutBucketAclOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let enforced = bucket.settings.ownership.as_deref() == Some(ENFORCED);
    match input.acl.as_ref().map(|a| a.as_str()) {
        Some("private") => ok(PutBucketAclOutput::default()),
        _ if enforced => Err(refuse("AccessControlListNotSupported")),
        _ => Err(not_implemented("x-amz-acl")),
    }
}

pub(crate) async fn get_object_acl(
    verbs: &Verbs,
    request: S3Request<GetObjectAclInput>,
) -> Answer<S3Response<GetObjectAclOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    super::get::find(verbs, &bucket, &input.key, input.version_id.as_deref())?;
    ok(GetObjectAclOutput {
        grants: Some(full_control(bucket.owner)),
        owner: Some(owner(bucket.owner)),
        ..GetObjectAclOutput::default()
    })
}

pub(crate) async fn put_object_acl(
    verbs: &Verbs,
    request: S3Request<PutObjectAclInput>,
) -> Answer<S3Response<PutObjectAclOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    super::get::find(verbs, &bucket, &input.key, input.version_id.as_deref())?;
    let ownership = bucket.settings.ownership.as_deref();
    match input.acl.as_ref().map(|a| a.as_str()) {
        None if ownership == Some(ENFORCED) => Err(refuse("AccessControlListNotSupported")),
        None => Err(not_implemented("AccessControlPolicy")),
        acl => {
            check_object_acl(acl, ownership)?;
            ok(PutObjectAclOutput::default())
        }
    }
}
