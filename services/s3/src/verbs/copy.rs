//! CopyObject. The copy shares the bytes of its source; only what describes them is new.

use super::conditions::Reading;
use super::conditions::Writing;
use super::encryption::{set_seal, wanted_of};
use super::heads::{etag, set_sum, sum_type};
use super::tags::shown_version;
use super::{Verbs, fresh_id, ok, put, timestamp, visit};
use crate::body::{Incoming, LARGEST, digest_stored, outgoing};
use crate::digest::{Claims, Digested, Digests, read_algorithm};
use crate::error::{Answer, bad_argument, refuse, refuse_with};
use crate::store::buckets::Bucket;
use crate::store::objects::{self, Body, NewBody, NewObject};
use crate::store::records::{Head, Record};
use percent_encoding::percent_decode_str;
use postern_call::Refusal;
use s3s::dto::*;
use s3s::{S3Request, S3Response};
use std::sync::Arc;

/// What `x-amz-copy-source` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub bucket: String,
    pub key: String,
    pub version: Option<String>,
}

impl Source {
    /// Reads `[/]bucket/key[?versionId=id]`, percent-encoded.
    pub fn read(text: &str) -> Answer<Self> {
        let invalid = || bad_argument("Invalid copy source object key", "x-amz-copy-source", text);
        let (path, query) = match text.rsplit_once("?versionId=") {
            Some((path, version)) => (path, Some(version)),
            None => (text, None),
        };
        let decode = |part: &str| percent_decode_str(part).decode_utf8().map(|t| t.into_owned()).map_err(|_| invalid());
        let path = decode(path)?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        if path.starts_with("arn:") {
            return Err(crate::error::not_implemented("x-amz-copy-source"));
        }
        let (bucket, key) = path.split_once('/').filter(|(b, k)| !b.is_empty() && !k.is_empty()).ok_or_else(invalid)?;
        let version = query.map(decode).transpose()?;
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned(), version })
    }

    pub fn of(source: &CopySource) -> Answer<Self> {
        match source {
            CopySource::Bucket { bucket, key, version_id } => Ok(Self {
                bucket: bucket.to_string(),
                key: key.to_string(),
                version: version_id.as_deref().map(str::to_owned),
            }),
            _ => Err(crate::error::not_implemented("x-amz-copy-source")),
        }
    }

    /// The source's record and body, its conditions checked.
    pub fn open(&self, verbs: &Verbs, conditions: &Reading) -> Answer<(Arc<Bucket>, Record, Body)> {
        let bucket = verbs.bucket(&self.bucket)?;
        let (record, body) = super::get::open(verbs, &bucket, &self.key, self.version.as_deref())?;
        conditions.check_source(&record)?;
        Ok((bucket, record, body))
    }
}

pub(crate) async fn copy_object(
    verbs: &Verbs,
    request: S3Request<CopyObjectInput>,
) -> Answer<S3Response<CopyObjectOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let target = verbs.bucket(&input.bucket)?;
    super::acl::check_object_acl(input.acl.as_ref().map(|a| a.as_str()), target.settings.ownership.as_deref())?;
    let source = Source::of(&input.copy_source)?;
    let conditions = Reading {
        if_match: input.copy_source_if_match.clone(),
        if_none_match: input.copy_source_if_none_match.clone(),
        if_modified_since: input.copy_source_if_modified_since.clone(),
        if_unmodified_since: input.copy_source_if_unmodified_since.clone(),
    };
    // Held from before the look, so that the files stay until the copy has its own name for them.
    let reading = verbs.store.blobs.reading();
    let (source_bucket, found, body) = source.open(verbs, &conditions)?;
    if found.size > LARGEST {
        let message =
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120";
        return Err(refuse_with("InvalidRequest", message));
    }
    let given = super::heads::head_of!(input)?;
    let mut head = head_of_copy(&input, given, &found, &source, &target)?;
    let algorithm = input.checksum_algorithm.as_ref().map(|a| read_algorithm(a.as_str())).transpose()?;
    let source_key = verbs.unseal(&visit, &source_bucket, found.head.seal.as_deref()).await?;
    let key = verbs.seal(&visit, &target, &input.key, wanted_of!(input), &mut head).await?;
    let from_version = shown_version(&source_bucket, &found);
    let record = if source_key.is_some() || key.is_some() {
        // Bytes under a key are nobody else's: the copy gets its own.
        let stream = Some(outgoing(body, 0, found.size, &verbs.store.blobs, reading, source_key)?);
        let algorithm = algorithm.or(found.head.sum.as_ref().map(|sum| sum.algorithm));
        let claims = Claims { algorithm, ..Claims::default() };
        let incoming = Incoming { stream, length: Some(found.size), claims, trailers: None, inline: true, key };
        let received = incoming.receive(&verbs.store.blobs).await?;
        put::store(verbs, &target, input.key, head, received, Writing::default()).await?
    } else {
        let digested = digest_if_needed(verbs, &found, body, algorithm).await?;
        drop(reading);
        let (key, source_bucket) = (input.key, &source_bucket);
        Copy { target: &target, key, head, source_bucket, source, found, digested }.commit(verbs).await?
    };
    let mut result = CopyObjectResult {
        e_tag: Some(etag(&record.etag)),
        last_modified: Some(timestamp(record.modified)),
        checksum_type: record.head.sum.as_ref().map(sum_type),
        ..CopyObjectResult::default()
    };
    set_sum!(result, &record.head.sum);
    let mut output = CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: from_version,
        version_id: put::answered_version(&target, &record),
        ssekms_encryption_context: input.ssekms_encryption_context,
        ..CopyObjectOutput::default()
    };
    set_seal!(output, record.head.seal);
    ok(output)
}

/// COPY keeps the source's metadata, REPLACE takes the request's; tags have a directive of their own.
fn head_of_copy(
    input: &CopyObjectInput,
    given: Head,
    found: &Record,
    source: &Source,
    target: &Bucket,
) -> Answer<Head> {
    let replace = match input.metadata_directive.as_ref().map(|d| d.as_str()) {
        None | Some("COPY") => false,
        Some("REPLACE") => true,
        Some(other) => return Err(bad_argument("Unknown metadata directive.", "x-amz-metadata-directive", other)),
    };
    let replace_tags = match input.tagging_directive.as_ref().map(|d| d.as_str()) {
        None | Some("COPY") => false,
        Some("REPLACE") => true,
        Some(other) => return Err(bad_argument("Unknown tagging directive.", "x-amz-tagging-directive", other)),
    };
    let same = source.bucket == target.name && source.key == input.key && source.version.is_none();
    let changes = input.storage_class.is_some()
        || input.website_redirect_location.is_some()
        || input.server_side_encryption.is_some()
        || input.checksum_algorithm.is_some();
    if same && !replace && !changes {
        return Err(refuse_with(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let tags = if replace_tags { given.tags.clone() } else { found.head.tags.clone() };
    let (class, redirect) = (given.storage_class.clone(), given.redirect.clone());
    let base = if replace { given } else { found.head.clone() };
    Ok(Head { storage_class: class, redirect, tags, sum: None, parts: None, seal: None, ..base })
}

/// The copy is of one piece: it needs an MD5 and a whole checksum, which the source may have already.
async fn digest_if_needed(
    verbs: &Verbs,
    found: &Record,
    body: Body,
    algorithm: Option<crate::store::records::Algorithm>,
) -> Answer<Option<Digested>> {
    let sum = found.head.sum.as_ref();
    let whole = sum.is_some_and(|s| !s.composite && algorithm.is_none_or(|a| a == s.algorithm));
    if found.head.parts.is_none() && whole {
        return Ok(None);
    }
    let algorithm = algorithm.or(sum.map(|s| s.algorithm)).unwrap_or(crate::store::records::Algorithm::Crc64Nvme);
    let blobs = verbs.store.blobs.clone();
    let digest = move || {
        let mut digests = Digests::new(algorithm);
        digest_stored(&body, &mut digests, &blobs).map(|()| digests.finish())
    };
    let digested = tokio::task::spawn_blocking(digest).await.map_err(Refusal::internal)?;
    digested.map(Some).map_err(Refusal::internal)
}

/// A copy about to be stored.
struct Copy<'a> {
    target: &'a Bucket,
    key: String,
    head: Head,
    source_bucket: &'a Bucket,
    source: Source,
    found: Record,
    digested: Option<Digested>,
}

impl Copy<'_> {
    /// Stores it if the source is still what was looked at.
    async fn commit(mut self, verbs: &Verbs) -> Answer<Record> {
        let (from, to, name) = (self.source_bucket.id, self.target.id, self.target.name.clone());
        let body = self.found.body.ok_or_else(|| Refusal::internal("an object without a body"))?;
        let (etag, sum) = match self.digested {
            Some(digested) => (digested.etag(), Some(digested.sum)),
            None => (self.found.etag, self.found.head.sum),
        };
        self.head.sum = sum;
        let body = NewBody::Shared(body);
        let (key, head, size) = (self.key, self.head, self.found.size);
        let new = NewObject { key, version: fresh_id(32)?, size, etag, head, body };
        let (source, seq) = (self.source, self.found.seq);
        let store = move |change: &mut crate::store::writer::Change<'_>| {
            let now = match &source.version {
                Some(id) => objects::version(change.db, from, &source.key, id)?.map(|(r, _)| r),
                None => objects::current(change.db, from, &source.key)?,
            };
            if now.map(|r| r.seq) != Some(seq) {
                return Ok(Err(refuse("OperationAborted")));
            }
            let bucket = match change.bucket(to, &name)? {
                Ok(bucket) => bucket,
                Err(refusal) => return Ok(Err(refusal)),
            };
            objects::put(change, &bucket, &new).map(Ok)
        };
        verbs.store.change(store).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read() {
        let source = Source::read("/my-bucket/a%20b/c?versionId=null").unwrap();
        assert_eq!((source.bucket.as_str(), source.key.as_str()), ("my-bucket", "a b/c"));
        assert_eq!(source.version.as_deref(), Some("null"));
        assert_eq!(Source::read("my-bucket/k").unwrap().version, None);
        for bad in ["", "/", "my-bucket", "my-bucket/", "/b/%ff"] {
            assert_eq!(Source::read(bad).unwrap_err().code, "InvalidArgument", "{bad}");
        }
    }
}
