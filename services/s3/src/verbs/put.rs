//! PutObject: bytes in, durable before the 200.

use super::conditions::Writing;
use super::encryption::{etag_of, set_seal, wanted_of};
use super::heads::{claims_of, etag, head_of, set_sum, sum_type};
use super::{Verbs, fresh_id, ok, visit};
use crate::body::{Incoming, Received, Stored};
use crate::error::Answer;
use crate::store::buckets::{Bucket, Versioning};
use crate::store::objects::{self, NewBody, NewObject};
use crate::store::records::{Head, Piece, Record};
use s3s::dto::*;
use s3s::stream::ByteStream as _;
use s3s::{S3Request, S3Response};
use std::sync::Arc;

pub(crate) async fn put_object(
    verbs: &Verbs,
    request: S3Request<PutObjectInput>,
) -> Answer<S3Response<PutObjectOutput>> {
    let visit = visit(&request)?;
    let S3Request { mut input, headers, trailing_headers, .. } = request;
    let bucket = verbs.bucket(&input.bucket)?;
    if input.write_offset_bytes.is_some() {
        return Err(crate::error::not_implemented("x-amz-write-offset-bytes"));
    }
    super::acl::check_object_acl(input.acl.as_ref().map(|a| a.as_str()), bucket.settings.ownership.as_deref())?;
    let mut head = head_of!(input)?;
    let conditions = Writing { if_match: input.if_match.take(), if_none_match: input.if_none_match.take() };
    conditions.check_form()?;
    let key = verbs.seal(&visit, &bucket, &input.key, wanted_of!(input), &mut head).await?;
    let stream = input.body.take();
    let length = length_of(stream.as_ref(), input.content_length);
    let claims = claims_of!(input, headers)?;
    let incoming = Incoming { stream, length, claims, trailers: trailing_headers, inline: true, key };
    let received = incoming.receive(&verbs.store.blobs).await?;
    let record = store(verbs, &bucket, input.key, head, received, conditions).await?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&record.etag)),
        version_id: answered_version(&bucket, &record),
        checksum_type: record.head.sum.as_ref().map(sum_type),
        ..PutObjectOutput::default()
    };
    set_seal!(output, record.head.seal);
    output.ssekms_encryption_context = input.ssekms_encryption_context;
    set_sum!(output, &record.head.sum);
    ok(output)
}

/// The bytes to come: what the body itself knows, else the header.
pub(crate) fn length_of(stream: Option<&StreamingBlob>, header: Option<i64>) -> Option<u64> {
    let known = stream.and_then(|s| s.remaining_length().exact()).map(|n| n as u64);
    known.or_else(|| header.and_then(|n| u64::try_from(n).ok()))
}

/// The version id that a write answers with: none in a bucket that never had versions.
pub(crate) fn answered_version(bucket: &Bucket, record: &Record) -> Option<String> {
    (bucket.settings.versioning != Versioning::Never).then(|| record.version.clone())
}

/// Makes received bytes the key's current version.
pub(crate) async fn store(
    verbs: &Verbs,
    bucket: &Arc<Bucket>,
    key: String,
    mut head: Head,
    received: Received,
    conditions: Writing,
) -> Answer<Record> {
    head.sum = Some(received.digested.sum.clone());
    let (body, pending) = match received.stored {
        Stored::Inline(bytes) => (NewBody::Inline(bytes), None),
        Stored::File(pending) => {
            let piece = Piece { blob: pending.id, size: received.size, number: None, sum: None };
            (NewBody::Fresh(vec![piece]), Some(pending))
        }
    };
    let version = match bucket.settings.versioning {
        Versioning::Never => String::new(),
        _ => fresh_id(32)?,
    };
    let etag = etag_of(&received.digested, head.seal.as_deref());
    let new = NewObject { key, version, size: received.size, etag, head, body };
    commit(verbs, bucket, new, conditions, pending).await
}

/// Puts the new version in place if the conditions hold in the same moment.
pub(crate) async fn commit(
    verbs: &Verbs,
    bucket: &Arc<Bucket>,
    mut new: NewObject,
    conditions: Writing,
    pending: Option<crate::store::blobs::Pending>,
) -> Answer<Record> {
    let (id, name) = (bucket.id, bucket.name.clone());
    // The file is kept by whoever commits the row, so that a client gone meanwhile does not take it away.
    let mut pending = pending;
    verbs
        .store
        .change(move |change| {
            let bucket = match change.bucket(id, &name)? {
                Ok(bucket) => bucket,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if conditions.is_any() {
                let current = objects::current(change.db, id, &new.key)?;
                if let Err(refusal) = conditions.check(&new.key, current.as_ref()) {
                    return Ok(Err(refusal));
                }
            }
            if bucket.settings.versioning == Versioning::Enabled && new.version.is_empty() {
                match fresh_id(32) {
                    Ok(version) => new.version = version,
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
            let record = objects::put(change, &bucket, &new)?;
            change.keep(&mut pending);
            Ok(Ok(record))
        })
        .await
}
