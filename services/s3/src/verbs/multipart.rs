//! Multipart uploads: begun, completed, aborted, listed.

use super::conditions::Writing;
use super::encryption::{set_seal, wanted_of};
use super::heads::{etag, head_of, set_sum, shown_algorithm, sum_type};
use super::list::{Encoding, limit, shown_prefixes};
use super::{Verbs, fresh_id, ok, owner, put, timestamp, visit};
use crate::digest::{bad_digest, composite, multipart_etag, read_algorithm};
use crate::error::{Answer, bad_argument, no_such_upload, refuse, refuse_with};
use crate::store::buckets::Bucket;
use crate::store::objects::{self, NewBody, NewObject};
use crate::store::records::{Algorithm, Piece, Plan, Record, Sum};
use crate::store::uploads::{self, Part};
use crate::store::writer::Change;
use s3s::dto::*;
use s3s::{S3Request, S3Response};
use std::collections::BTreeMap;

/// What every part but the last must have: 5 MiB.
const SMALLEST: u64 = 5 * 1024 * 1024;
/// What an object can have: 50 TB.
const LARGEST: u64 = 50 * 1000 * 1000 * 1000 * 1000;

pub(crate) async fn create_multipart_upload(
    verbs: &Verbs,
    request: S3Request<CreateMultipartUploadInput>,
) -> Answer<S3Response<CreateMultipartUploadOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    super::acl::check_object_acl(input.acl.as_ref().map(|a| a.as_str()), bucket.settings.ownership.as_deref())?;
    let algorithm = input.checksum_algorithm.as_ref().map(|a| read_algorithm(a.as_str())).transpose()?;
    let composite = sums_of_sums(algorithm, input.checksum_type.as_ref().map(|t| t.as_str()))?;
    let mut head = head_of!(input)?;
    verbs.seal(&visit, &bucket, &input.key, wanted_of!(input), &mut head).await?;
    let seal = head.seal.clone();
    let plan = Plan { head, algorithm, composite, initiator: visit.caller.display() };
    let upload = fresh_id(64)?;
    let (id, name, key, given) = (bucket.id, bucket.name.clone(), input.key.clone(), upload.clone());
    verbs
        .store
        .change(move |change| {
            if let Err(refusal) = change.bucket(id, &name)? {
                return Ok(Err(refusal));
            }
            uploads::begin(change, id, &key, &given, &plan).map(Ok)
        })
        .await?;
    let mut output = CreateMultipartUploadOutput {
        bucket: Some(bucket.name.clone()),
        key: Some(input.key),
        upload_id: Some(upload),
        ssekms_encryption_context: input.ssekms_encryption_context,
        checksum_algorithm: algorithm.map(shown_algorithm),
        checksum_type: algorithm.map(|_| kind(composite)),
        ..CreateMultipartUploadOutput::default()
    };
    set_seal!(output, seal);
    ok(output)
}

fn kind(composite: bool) -> ChecksumType {
    ChecksumType::from_static(if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT })
}

/// Whether the object's checksum is of its parts' checksums: by default for all but CRC64NVME, which cannot be.
fn sums_of_sums(algorithm: Option<Algorithm>, wanted: Option<&str>) -> Answer<bool> {
    let wrong = |kind: &str, algorithm: Algorithm| {
        let name = algorithm.name().to_ascii_lowercase();
        Err(refuse_with(
            "InvalidRequest",
            format!("The {kind} checksum type cannot be used with the {name} checksum algorithm."),
        ))
    };
    match (algorithm, wanted) {
        (None, Some(_)) => Err(refuse_with(
            "InvalidRequest",
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        )),
        (Some(Algorithm::Crc64Nvme), Some("COMPOSITE")) => wrong("COMPOSITE", Algorithm::Crc64Nvme),
        (Some(a @ (Algorithm::Sha1 | Algorithm::Sha256)), Some("FULL_OBJECT")) => wrong("FULL_OBJECT", a),
        (Some(_), Some("COMPOSITE")) => Ok(true),
        (Some(_), Some("FULL_OBJECT")) | (None, None) => Ok(false),
        (Some(algorithm), None) => Ok(algorithm != Algorithm::Crc64Nvme),
        (Some(_), Some(other)) => {
            Err(bad_argument("Value for x-amz-checksum-type header is invalid.", "x-amz-checksum-type", other))
        }
    }
}

/// What the client completes: numbers, ETags and checksums in the order it gave them.
struct Claimed {
    number: u32,
    etag: Option<String>,
    sums: Vec<(Algorithm, String)>,
}

fn claimed(input: CompletedMultipartUpload) -> Answer<Vec<Claimed>> {
    let parts = input.parts.unwrap_or_default();
    if parts.is_empty() || parts.len() > 10_000 {
        return Err(refuse("MalformedXML"));
    }
    let read = |part: CompletedPart| {
        let number = part.part_number.and_then(|n| u32::try_from(n).ok()).ok_or_else(|| refuse("MalformedXML"))?;
        let sums = [
            (Algorithm::Crc32, part.checksum_crc32),
            (Algorithm::Crc32c, part.checksum_crc32c),
            (Algorithm::Crc64Nvme, part.checksum_crc64nvme),
            (Algorithm::Sha1, part.checksum_sha1),
            (Algorithm::Sha256, part.checksum_sha256),
        ];
        let sums = sums.into_iter().filter_map(|(a, v)| v.map(|v| (a, v))).collect();
        Ok(Claimed { number, etag: part.e_tag.map(|e| e.value().to_owned()), sums })
    };
    let parts: Vec<Claimed> = parts.into_iter().map(read).collect::<Answer<_>>()?;
    if parts.windows(2).any(|pair| matches!(pair, [a, b] if a.number >= b.number)) {
        return Err(refuse("InvalidPartOrder"));
    }
    Ok(parts)
}

/// Matches what the client claims with what was uploaded.
fn choose(claimed: &[Claimed], uploaded: Vec<Part>, upload: &str) -> Answer<Vec<Part>> {
    let mut by_number: BTreeMap<u32, Part> = uploaded.into_iter().map(|p| (p.number, p)).collect();
    let mut chosen = Vec::with_capacity(claimed.len());
    for claim in claimed {
        let wrong = || {
            refuse("InvalidPart")
                .member("UploadId", upload)
                .member("PartNumber", claim.number.to_string())
                .member("ETag", claim.etag.clone().unwrap_or_default())
        };
        let part = by_number.remove(&claim.number).ok_or_else(wrong)?;
        if claim.etag.as_ref() != Some(&part.etag) {
            return Err(wrong());
        }
        for (algorithm, value) in &claim.sums {
            if part.sums.iter().any(|s| s.algorithm == *algorithm && s.value != *value) {
                return Err(wrong());
            }
        }
        chosen.push(part);
    }
    let all_but_last = chosen.split_last().map(|(_, rest)| rest).unwrap_or_default();
    if let Some(small) = all_but_last.iter().find(|p| p.size < SMALLEST) {
        return Err(refuse("EntityTooSmall")
            .member("ProposedSize", small.size.to_string())
            .member("MinSizeAllowed", SMALLEST.to_string())
            .member("PartNumber", small.number.to_string())
            .member("ETag", small.etag.as_str()));
    }
    Ok(chosen)
}

/// The checksum of the whole object, where its parts give one.
fn whole_sum(plan: &Plan, parts: &[Part]) -> Option<Sum> {
    let algorithm = plan.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let of_parts: Option<Vec<String>> =
        parts.iter().map(|p| p.sums.iter().find(|s| s.algorithm == algorithm).map(|s| s.value.clone())).collect();
    if plan.composite {
        return composite(algorithm, &of_parts?);
    }
    let sized: Vec<(String, u64)> = of_parts?.into_iter().zip(parts.iter().map(|p| p.size)).collect();
    crate::combine::crcs(algorithm, &sized)
}

pub(crate) async fn complete_multipart_upload(
    verbs: &Verbs,
    request: S3Request<CompleteMultipartUploadInput>,
) -> Answer<S3Response<CompleteMultipartUploadOutput>> {
    let host = crate::arrival::header(&request.headers, "host").unwrap_or_default().to_owned();
    let visit = visit(&request)?;
    let secure = visit.arrival.tls.is_some();
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let conditions = Writing { if_match: input.if_match.clone(), if_none_match: input.if_none_match.clone() };
    conditions.check_form()?;
    let claims = [
        (Algorithm::Crc32, input.checksum_crc32.clone()),
        (Algorithm::Crc32c, input.checksum_crc32c.clone()),
        (Algorithm::Crc64Nvme, input.checksum_crc64nvme.clone()),
        (Algorithm::Sha1, input.checksum_sha1.clone()),
        (Algorithm::Sha256, input.checksum_sha256.clone()),
    ];
    if let Some(upload) = verbs.store.read(|db| uploads::find(db, bucket.id, &input.key, &input.upload_id))? {
        // Who completes reads the parts together, in AWS's eyes.
        verbs.unseal(&visit, &bucket, upload.plan.head.seal.as_deref()).await?;
    }
    let completion = Completion {
        bucket: bucket.id,
        name: bucket.name.clone(),
        key: input.key.clone(),
        upload: input.upload_id,
        parts: claimed(input.multipart_upload.ok_or_else(|| refuse("MalformedXML"))?)?,
        conditions,
        sums: claims.into_iter().filter_map(|(a, v)| v.map(|v| (a, v))).collect(),
        size: input.mpu_object_size,
        version: fresh_id(32)?,
    };
    let record = verbs.store.change(move |change| completion.run(change)).await?;
    let scheme = if secure { "https" } else { "http" };
    let location = format!("{scheme}://{host}/{}/{}", bucket.name, Encoding::url().text(&input.key));
    let mut output = CompleteMultipartUploadOutput {
        bucket: Some(bucket.name.clone()),
        key: Some(input.key),
        location: Some(location),
        e_tag: Some(etag(&record.etag)),
        version_id: put::answered_version(&bucket, &record),
        checksum_type: record.head.sum.as_ref().map(sum_type),
        ..CompleteMultipartUploadOutput::default()
    };
    set_seal!(output, record.head.seal);
    set_sum!(output, &record.head.sum);
    ok(output)
}

/// All that completing needs, in one transaction.
struct Completion {
    bucket: i64,
    name: String,
    key: String,
    upload: String,
    parts: Vec<Claimed>,
    conditions: Writing,
    sums: Vec<(Algorithm, String)>,
    size: Option<i64>,
    version: String,
}

impl Completion {
    fn run(&self, change: &mut Change<'_>) -> rusqlite::Result<Answer<Record>> {
        let bucket = match change.bucket(self.bucket, &self.name)? {
            Ok(bucket) => bucket,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(upload) = uploads::find(change.db, self.bucket, &self.key, &self.upload)? else {
            return Ok(Err(no_such_upload(&self.upload)));
        };
        let uploaded = uploads::parts(change.db, &self.upload, 0, usize::MAX)?;
        if self.conditions.is_any() {
            let current = objects::current(change.db, self.bucket, &self.key)?;
            if let Err(refusal) = self.conditions.check(&self.key, current.as_ref()) {
                return Ok(Err(refusal));
            }
        }
        match self.object(&upload.plan, uploaded) {
            Ok((new, kept)) => self.store(change, &bucket, &new, &kept).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// The object that the parts make, and their files.
    fn object(&self, plan: &Plan, uploaded: Vec<Part>) -> Answer<(NewObject, Vec<i64>)> {
        let parts = choose(&self.parts, uploaded, &self.upload)?;
        let size: u64 = parts.iter().map(|p| p.size).sum();
        if size > LARGEST {
            return Err(refuse("EntityTooLarge").member("ProposedSize", size.to_string()));
        }
        if self.size.is_some_and(|claimed| claimed.cast_unsigned() != size) {
            let message = "The provided 'x-amz-mp-object-size' header does not match what was computed.";
            return Err(refuse_with("InvalidRequest", message));
        }
        let sum = whole_sum(plan, &parts);
        for (algorithm, value) in &self.sums {
            if sum.as_ref().is_some_and(|s| s.algorithm == *algorithm && s.value != *value) {
                return Err(bad_digest(*algorithm));
            }
        }
        let etag = multipart_etag(parts.iter().map(|p| p.etag.as_str())).ok_or_else(|| refuse("InvalidPart"))?;
        let algorithm = plan.algorithm.unwrap_or(Algorithm::Crc64Nvme);
        let pieces = parts
            .iter()
            .map(|p| Piece {
                blob: p.blob,
                size: p.size,
                number: Some(p.number),
                sum: p.sums.iter().find(|s| s.algorithm == algorithm).map(|s| s.value.clone()),
            })
            .collect();
        let mut head = plan.head.clone();
        head.sum = sum;
        head.parts = u32::try_from(parts.len()).ok();
        let kept = parts.iter().map(|p| p.blob).collect();
        let body = NewBody::Named(pieces);
        Ok((NewObject { key: self.key.clone(), version: self.version.clone(), size, etag, head, body }, kept))
    }

    fn store(
        &self,
        change: &mut Change<'_>,
        bucket: &Bucket,
        new: &NewObject,
        kept: &[i64],
    ) -> rusqlite::Result<Record> {
        let record = objects::put(change, bucket, new)?;
        uploads::end(change, self.bucket, &self.key, &self.upload, kept)?;
        Ok(record)
    }
}

pub(crate) async fn abort_multipart_upload(
    verbs: &Verbs,
    request: S3Request<AbortMultipartUploadInput>,
) -> Answer<S3Response<AbortMultipartUploadOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let (key, upload) = (input.key, input.upload_id);
    let abort = move |change: &mut Change<'_>| {
        if uploads::find(change.db, bucket.id, &key, &upload)?.is_none() {
            return Ok(Err(no_such_upload(&upload)));
        }
        uploads::end(change, bucket.id, &key, &upload, &[]).map(|_| Ok(()))
    };
    verbs.store.change(abort).await?;
    ok(AbortMultipartUploadOutput::default())
}

pub(crate) async fn list_multipart_uploads(
    verbs: &Verbs,
    request: S3Request<ListMultipartUploadsInput>,
) -> Answer<S3Response<ListMultipartUploadsOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let most = limit("max-uploads", input.max_uploads)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().filter(|d| !d.is_empty());
    let page = verbs.store.read(|db| {
        let key = input.key_marker.clone().unwrap_or_default();
        // Without an upload id the marker passes over all uploads of its key.
        let id = input
            .upload_id_marker
            .clone()
            .unwrap_or_else(|| if key.is_empty() { String::new() } else { "\u{10ffff}".into() });
        uploads::page(db, bucket.id, &prefix, delimiter.as_deref(), (key, id), most)
    })?;
    let shown = page.items.iter().map(|u| MultipartUpload {
        checksum_algorithm: u.plan.algorithm.map(shown_algorithm),
        checksum_type: u.plan.algorithm.map(|_| kind(u.plan.composite)),
        initiated: Some(timestamp(u.started)),
        initiator: Some(Initiator { display_name: None, id: Some(u.plan.initiator.clone()) }),
        key: Some(encoding.text(&u.key)),
        owner: Some(owner(bucket.owner)),
        storage_class: Some(StorageClass::from(
            u.plan.head.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()),
        )),
        upload_id: Some(u.id.clone()),
    });
    let next_key = page.last.clone().filter(|_| page.truncated);
    let next_id = page.items.last().filter(|u| page.truncated && page.last.as_deref() == Some(u.key.as_str()));
    ok(ListMultipartUploadsOutput {
        bucket: Some(bucket.name.clone()),
        uploads: Some(shown.collect()),
        common_prefixes: shown_prefixes(&page.prefixes, encoding),
        delimiter: delimiter.as_deref().map(|d| encoding.text(d)),
        encoding_type: input.encoding_type,
        is_truncated: Some(page.truncated),
        key_marker: Some(encoding.text(input.key_marker.as_deref().unwrap_or_default())),
        max_uploads: i32::try_from(most).ok(),
        next_upload_id_marker: next_id.map(|u| u.id.clone()),
        next_key_marker: next_key.map(|k| encoding.text(&k)),
        prefix: Some(encoding.text(&prefix)),
        upload_id_marker: Some(input.upload_id_marker.unwrap_or_default()),
        ..ListMultipartUploadsOutput::default()
    })
}
