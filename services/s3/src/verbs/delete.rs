//! DeleteObject and DeleteObjects.

use super::conditions::Writing;
use super::get::check_version_id;
use super::{Verbs, fresh_id, ok, visit};
use crate::error::{Answer, precondition, refuse};
use crate::gate::{Visit, actions, keys};
use crate::store::buckets::{Bucket, Versioning};
use crate::store::objects::{self, Deleted};
use postern_call::Refusal;
use s3s::dto::*;
use s3s::{S3Request, S3Response};
use std::sync::Arc;

/// Keys in one DeleteObjects.
const MOST: usize = 1000;

/// One key or one version to delete, if the conditions hold.
#[derive(Debug, Clone, Default)]
struct Target {
    key: String,
    version: Option<String>,
    /// The id of the marker, should one be made.
    marker: String,
    conditions: Writing,
    size: Option<i64>,
    /// Seconds since 1970.
    modified: Option<i64>,
}

pub(crate) async fn delete_object(
    verbs: &Verbs,
    request: S3Request<DeleteObjectInput>,
) -> Answer<S3Response<DeleteObjectOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let target = Target {
        key: input.key,
        version: input.version_id,
        marker: fresh_id(32)?,
        conditions: Writing { if_match: input.if_match, if_none_match: None },
        size: input.if_match_size,
        modified: input.if_match_last_modified_time.map(super::heads::unix),
    };
    if let Some(id) = &target.version {
        check_version_id(id)?;
    }
    let deleted = delete_all(verbs, &bucket, vec![target]).await?.into_iter().next();
    let deleted = deleted.ok_or_else(|| Refusal::internal("a delete without a result"))??;
    ok(DeleteObjectOutput {
        delete_marker: deleted.marker.then_some(true),
        version_id: deleted.version,
        ..DeleteObjectOutput::default()
    })
}

/// Each key is judged by itself; those denied are errors in a 200.
pub(crate) async fn delete_objects(
    verbs: &Verbs,
    request: S3Request<DeleteObjectsInput>,
) -> Answer<S3Response<DeleteObjectsOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let wanted = input.delete.objects;
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(refuse("MalformedXML"));
    }
    let quiet = input.delete.quiet.unwrap_or(false);
    let (mut targets, mut errors) = (Vec::new(), Vec::new());
    for object in wanted {
        match admit(&visit, &bucket, &object).and_then(|()| target_of(&object)) {
            Ok(target) => targets.push(target),
            Err(refusal) => errors.push(error_of(&object.key, object.version_id.as_deref(), refusal)),
        }
    }
    let names: Vec<(String, Option<String>)> = targets.iter().map(|t| (t.key.clone(), t.version.clone())).collect();
    let results = if targets.is_empty() { Vec::new() } else { delete_all(verbs, &bucket, targets).await? };
    let mut deleted = Vec::new();
    for ((key, version), result) in names.into_iter().zip(results) {
        match result {
            Ok(done) => deleted.push(DeletedObject {
                delete_marker: done.marker.then_some(true),
                delete_marker_version_id: done.version.filter(|_| done.marker),
                key: Some(key),
                version_id: version,
            }),
            Err(refusal) => errors.push(error_of(&key, version.as_deref(), refusal)),
        }
    }
    ok(DeleteObjectsOutput {
        deleted: (!quiet && !deleted.is_empty()).then_some(deleted),
        errors: (!errors.is_empty()).then_some(errors),
        ..DeleteObjectsOutput::default()
    })
}

fn admit(visit: &Visit, bucket: &Bucket, object: &ObjectIdentifier) -> Answer<()> {
    let mut asked = keys::basic(visit);
    if let Some(version) = &object.version_id {
        asked.insert("s3:versionid".into(), vec![version.clone()]);
    }
    let action = format!("s3:{}", actions::of_version("DeleteObject", object.version_id.is_some()));
    visit.ask_object(&action, bucket, &object.key, asked)
}

fn target_of(object: &ObjectIdentifier) -> Answer<Target> {
    if object.key.is_empty() {
        return Err(refuse("UserKeyMustBeSpecified"));
    }
    if let Some(id) = &object.version_id {
        check_version_id(id).map_err(|_| refuse("NoSuchVersion"))?;
    }
    let if_match = object.e_tag.clone().map(ETagCondition::ETag);
    Ok(Target {
        key: object.key.clone(),
        version: object.version_id.clone(),
        marker: fresh_id(32)?,
        conditions: Writing { if_match, if_none_match: None },
        size: object.size,
        modified: object.last_modified_time.clone().map(super::heads::unix),
    })
}

fn error_of(key: &str, version: Option<&str>, refusal: Refusal) -> Error {
    Error {
        code: Some(refusal.code),
        key: Some(key.to_owned()),
        message: Some(refusal.message),
        version_id: version.map(str::to_owned),
    }
}

/// Deletes in one transaction; each target has its own result.
async fn delete_all(verbs: &Verbs, bucket: &Arc<Bucket>, targets: Vec<Target>) -> Answer<Vec<Answer<Deleted>>> {
    let (id, name) = (bucket.id, bucket.name.clone());
    let delete = move |change: &mut crate::store::writer::Change<'_>| {
        let bucket = match change.bucket(id, &name)? {
            Ok(bucket) => bucket,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut results = Vec::with_capacity(targets.len());
        for target in &targets {
            results.push(delete_one(change, &bucket, target)?);
        }
        Ok(Ok(results))
    };
    verbs.store.change(delete).await
}

fn delete_one(
    change: &mut crate::store::writer::Change<'_>,
    bucket: &Bucket,
    target: &Target,
) -> rusqlite::Result<Answer<Deleted>> {
    let conditional = target.conditions.is_any() || target.size.is_some() || target.modified.is_some();
    if conditional {
        let found = match &target.version {
            Some(version) => objects::version(change.db, bucket.id, &target.key, version)?.map(|(r, _)| r),
            None => objects::current(change.db, bucket.id, &target.key)?,
        };
        // A key that is not there is deleted already.
        if let Some(record) = found {
            let size = target.size.is_some_and(|s| s.cast_unsigned() != record.size);
            let modified = target.modified.is_some_and(|m| m != record.modified.div_euclid(1000));
            if let Err(refusal) = target.conditions.check(&target.key, Some(&record)) {
                return Ok(Err(refusal));
            }
            if size || modified {
                let header = if size { "x-amz-if-match-size" } else { "x-amz-if-match-last-modified-time" };
                return Ok(Err(precondition(header)));
            }
        }
    }
    match &target.version {
        Some(version) if bucket.settings.versioning == Versioning::Never && version == objects::NULL => {
            objects::delete(change, bucket, &target.key, &target.marker).map(Ok)
        }
        Some(version) => objects::delete_version(change, bucket, &target.key, version).map(Ok),
        None => objects::delete(change, bucket, &target.key, &target.marker).map(Ok),
    }
}
