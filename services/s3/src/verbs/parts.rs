//! The parts of a multipart upload: sent, copied from elsewhere, listed.

use super::conditions::Reading;
use super::copy::Source;
use super::encryption::{etag_of, set_seal};
use super::heads::{claims_of, etag, set_sum, shown_algorithm};
use super::list::limit;
use super::{Verbs, ok, owner, put, timestamp, visit};
use crate::body::{Incoming, LARGEST, Received, Stored, outgoing};
use crate::digest::Claims;
use crate::error::{Answer, bad_argument, no_such_upload, refuse, refuse_with};
use crate::store::buckets::Bucket;
use crate::store::uploads::{self, Part, Upload};
use crate::store::writer::Change;
use postern_call::Refusal;
use s3s::dto::{
    ChecksumType, CopyPartResult, Initiator, ListPartsInput, ListPartsOutput, Part as ShownPart, StorageClass,
    UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response};

fn number_of(given: i32) -> Answer<u32> {
    u32::try_from(given).ok().filter(|n| (1..=10_000).contains(n)).ok_or_else(|| {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        bad_argument(message, "partNumber", &given.to_string())
    })
}

fn find(verbs: &Verbs, bucket: &Bucket, key: &str, upload: &str) -> Answer<Upload> {
    let found = verbs.store.read(|db| uploads::find(db, bucket.id, key, upload))?;
    found.ok_or_else(|| no_such_upload(upload))
}

/// Sums are computed with the upload's algorithm unless the part names another, which is then an error.
fn fit(claims: &mut Claims, upload: &Upload) -> Answer<()> {
    let given = claims.sums.first().map(|(a, _)| *a).or(claims.algorithm);
    match (given, upload.plan.algorithm) {
        (Some(given), Some(wanted)) if given != wanted => Err(refuse_with(
            "InvalidRequest",
            format!(
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                wanted.name().to_ascii_lowercase(),
                given.name().to_ascii_lowercase()
            ),
        )),
        (None, wanted) => {
            claims.algorithm = wanted;
            Ok(())
        }
        _ => Ok(()),
    }
}

pub(crate) async fn upload_part(
    verbs: &Verbs,
    request: S3Request<UploadPartInput>,
) -> Answer<S3Response<UploadPartOutput>> {
    let visit = visit(&request)?;
    let S3Request { mut input, headers, trailing_headers, .. } = request;
    let bucket = verbs.bucket(&input.bucket)?;
    let number = number_of(input.part_number)?;
    let upload = find(verbs, &bucket, &input.key, &input.upload_id)?;
    super::heads::check_encryption(None, input.sse_customer_algorithm.as_deref())?;
    let mut claims = claims_of!(input, headers)?;
    fit(&mut claims, &upload)?;
    let key = verbs.unseal(&visit, &bucket, upload.plan.head.seal.as_deref()).await?;
    let stream = input.body.take();
    let length = put::length_of(stream.as_ref(), input.content_length);
    let incoming = Incoming { stream, length, claims, trailers: trailing_headers, inline: false, key };
    let received = incoming.receive(&verbs.store.blobs).await?;
    let seal = upload.plan.head.seal.clone();
    let (part, _) = store(verbs, &bucket, upload, number, received).await?;
    let mut output = UploadPartOutput { e_tag: Some(etag(&part.etag)), ..UploadPartOutput::default() };
    set_seal!(output, seal);
    set_sum!(output, part.sums.first());
    ok(output)
}

/// Stores a part if its upload is still there, and tells when.
async fn store(verbs: &Verbs, bucket: &Bucket, upload: Upload, number: u32, received: Received) -> Answer<(Part, i64)> {
    let Stored::File(pending) = received.stored else {
        return Err(Refusal::internal("a part that is not in a file"));
    };
    let part = Part {
        number,
        size: received.size,
        etag: etag_of(&received.digested, upload.plan.head.seal.as_deref()),
        modified: 0,
        sums: vec![received.digested.sum],
        blob: pending.id,
    };
    let (id, stored) = (bucket.id, part.clone());
    let mut pending = Some(pending);
    let change = move |change: &mut Change<'_>| {
        if uploads::find(change.db, id, &upload.key, &upload.id)?.is_none() {
            return Ok(Err(no_such_upload(&upload.id)));
        }
        let modified = uploads::put_part(change, &upload.id, &stored)?;
        change.keep(&mut pending);
        Ok(Ok(modified))
    };
    let modified = verbs.store.change(change).await?;
    Ok((part, modified))
}

/// Reads `bytes=first-last` of a copy: both ends must be given and lie in the object.
fn range_of(given: Option<&str>, size: u64) -> Answer<(u64, u64)> {
    let Some(text) = given else { return Ok((0, size)) };
    let wrong = || {
        bad_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
             zero-based offsets of the first and last bytes to copy",
            "x-amz-copy-source-range",
            text,
        )
    };
    let (first, last) = text.strip_prefix("bytes=").and_then(|r| r.split_once('-')).ok_or_else(wrong)?;
    let (first, last): (u64, u64) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
    if first > last || last >= size {
        let message = format!("Range specified is not valid for source object of size: {size}");
        return Err(bad_argument(&message, "x-amz-copy-source-range", text));
    }
    Ok((first, last - first + 1))
}

pub(crate) async fn upload_part_copy(
    verbs: &Verbs,
    request: S3Request<UploadPartCopyInput>,
) -> Answer<S3Response<UploadPartCopyOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let number = number_of(input.part_number)?;
    let upload = find(verbs, &bucket, &input.key, &input.upload_id)?;
    let source = Source::of(&input.copy_source)?;
    let conditions = Reading {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let reading = verbs.store.blobs.reading();
    let (source_bucket, record, body) = source.open(verbs, &conditions)?;
    let (from, size) = range_of(input.copy_source_range.as_deref(), record.size)?;
    if size > LARGEST {
        return Err(refuse("EntityTooLarge"));
    }
    let source_key = verbs.unseal(&visit, &source_bucket, record.head.seal.as_deref()).await?;
    let key = verbs.unseal(&visit, &bucket, upload.plan.head.seal.as_deref()).await?;
    let incoming = Incoming {
        stream: Some(outgoing(body, from, size, &verbs.store.blobs, reading, source_key)?),
        length: Some(size),
        claims: Claims { algorithm: upload.plan.algorithm, ..Claims::default() },
        trailers: None,
        inline: false,
        key,
    };
    let received = incoming.receive(&verbs.store.blobs).await?;
    let seal = upload.plan.head.seal.clone();
    let (part, modified) = store(verbs, &bucket, upload, number, received).await?;
    let mut result = CopyPartResult {
        e_tag: Some(etag(&part.etag)),
        last_modified: Some(timestamp(modified)),
        ..CopyPartResult::default()
    };
    set_sum!(result, part.sums.first());
    let mut output = UploadPartCopyOutput {
        copy_part_result: Some(result),
        copy_source_version_id: super::tags::shown_version(&source_bucket, &record),
        ..UploadPartCopyOutput::default()
    };
    set_seal!(output, seal);
    ok(output)
}

pub(crate) async fn list_parts(
    verbs: &Verbs,
    request: S3Request<ListPartsInput>,
) -> Answer<S3Response<ListPartsOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let upload = find(verbs, &bucket, &input.key, &input.upload_id)?;
    let most = limit("max-parts", input.max_parts)?;
    let after = u32::try_from(input.part_number_marker.unwrap_or(0)).unwrap_or(0);
    let mut parts = verbs.store.read(|db| uploads::parts(db, &upload.id, after, most + 1))?;
    let truncated = parts.len() > most;
    parts.truncate(most);
    let shown = |part: &Part| {
        let mut shown = ShownPart {
            e_tag: Some(etag(&part.etag)),
            last_modified: Some(timestamp(part.modified)),
            part_number: i32::try_from(part.number).ok(),
            size: i64::try_from(part.size).ok(),
            ..ShownPart::default()
        };
        if upload.plan.algorithm.is_some() {
            set_sum!(shown, part.sums.first());
        }
        shown
    };
    let kind = if upload.plan.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    ok(ListPartsOutput {
        bucket: Some(bucket.name.clone()),
        checksum_algorithm: upload.plan.algorithm.map(shown_algorithm),
        checksum_type: upload.plan.algorithm.map(|_| ChecksumType::from_static(kind)),
        initiator: Some(Initiator { display_name: None, id: Some(upload.plan.initiator.clone()) }),
        is_truncated: Some(truncated),
        key: Some(input.key),
        max_parts: i32::try_from(most).ok(),
        next_part_number_marker: parts.last().and_then(|p| i32::try_from(p.number).ok()),
        owner: Some(owner(bucket.owner)),
        part_number_marker: input.part_number_marker.or(Some(0)),
        parts: (!parts.is_empty()).then(|| parts.iter().map(shown).collect()),
        storage_class: Some(StorageClass::from(
            upload.plan.head.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()),
        )),
        upload_id: Some(upload.id.clone()),
        ..ListPartsOutput::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_lies_in_the_source() {
        assert_eq!(range_of(None, 10).unwrap(), (0, 10));
        assert_eq!(range_of(Some("bytes=2-4"), 10).unwrap(), (2, 3));
        for bad in ["bytes=0-10", "bytes=4-2", "bytes=2-", "2-4", "bytes=a-b"] {
            assert_eq!(range_of(Some(bad), 10).unwrap_err().code, "InvalidArgument", "{bad}");
        }
    }
}
