//! ListObjects, ListObjectsV2 and ListObjectVersions.

use super::{Verbs, ok, owner, timestamp};
use crate::error::{Answer, bad_argument};
use crate::store::buckets::Bucket;
use crate::store::list::{self, Page, Version, Wanted};
use crate::store::objects;
use crate::store::records::Record;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::*;
use s3s::{S3Request, S3Response};

/// Entries on a page at most.
const PAGE: i32 = 1000;

/// What `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// Keys as they are, or percent-encoded for clients that cannot read all characters in XML.
#[derive(Clone, Copy)]
pub(crate) struct Encoding(bool);

impl Encoding {
    pub fn of(given: Option<&EncodingType>) -> Answer<Self> {
        match given.map(|e| e.as_str()) {
            None => Ok(Self(false)),
            Some("url") => Ok(Self(true)),
            Some(other) => Err(bad_argument("Invalid Encoding Method specified in Request", "encoding-type", other)),
        }
    }
    /// As in URLs, whatever the client said.
    pub fn url() -> Self {
        Self(true)
    }
    pub fn text(self, text: &str) -> String {
        if self.0 { utf8_percent_encode(text, PLAIN).to_string() } else { text.to_owned() }
    }
    fn opt(self, text: Option<&String>) -> Option<String> {
        text.map(|t| self.text(t))
    }
}

/// The page's size; more than AWS gives is cut, less than none refused.
pub(crate) fn limit(name: &str, given: Option<i32>) -> Answer<usize> {
    let wanted = given.unwrap_or(PAGE);
    usize::try_from(wanted.min(PAGE)).map_err(|_| {
        bad_argument("Argument maxKeys must be an integer between 0 and 2147483647", name, &wanted.to_string())
    })
}

fn find(verbs: &Verbs, wanted: &Wanted) -> Answer<Page<Record>> {
    if wanted.limit == 0 {
        return Ok(Page::default());
    }
    verbs.store.read(|db| list::objects(db, wanted))
}

fn shown(bucket: &Bucket, record: &Record, encoding: Encoding, with_owner: bool) -> Object {
    let sum = record.head.sum.as_ref();
    Object {
        checksum_algorithm: sum.map(|s| vec![super::heads::shown_algorithm(s.algorithm)]),
        checksum_type: sum.map(super::heads::sum_type),
        e_tag: Some(super::heads::etag(&record.etag)),
        key: Some(encoding.text(&record.key)),
        last_modified: Some(timestamp(record.modified)),
        owner: with_owner.then(|| owner(bucket.owner)),
        restore_status: None,
        size: i64::try_from(record.size).ok(),
        storage_class: Some(ObjectStorageClass::from(
            record.head.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()),
        )),
    }
}

pub(crate) fn shown_prefixes(prefixes: &[String], encoding: Encoding) -> Option<Vec<CommonPrefix>> {
    let shown = |p: &String| CommonPrefix { prefix: Some(encoding.text(p)) };
    (!prefixes.is_empty()).then(|| prefixes.iter().map(shown).collect())
}

pub(crate) async fn list_objects(
    verbs: &Verbs,
    request: S3Request<ListObjectsInput>,
) -> Answer<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let wanted = Wanted {
        bucket: bucket.id,
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().filter(|d| !d.is_empty()),
        after: input.marker.clone().filter(|m| !m.is_empty()),
        limit: limit("maxKeys", input.max_keys)?,
    };
    let page = find(verbs, &wanted)?;
    // Without a delimiter clients take the last key themselves, as S3 leaves it to them.
    let next = page.last.as_ref().filter(|_| page.truncated && wanted.delimiter.is_some());
    ok(ListObjectsOutput {
        name: Some(bucket.name.clone()),
        prefix: Some(encoding.text(&wanted.prefix)),
        marker: Some(encoding.text(input.marker.as_deref().unwrap_or_default())),
        max_keys: Some(input.max_keys.unwrap_or(PAGE).min(PAGE)),
        is_truncated: Some(page.truncated),
        contents: Some(page.items.iter().map(|r| shown(&bucket, r, encoding, true)).collect()),
        common_prefixes: shown_prefixes(&page.prefixes, encoding),
        delimiter: encoding.opt(wanted.delimiter.as_ref()),
        next_marker: encoding.opt(next),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    })
}

pub(crate) async fn list_objects_v2(
    verbs: &Verbs,
    request: S3Request<ListObjectsV2Input>,
) -> Answer<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let after = match &input.continuation_token {
        Some(token) => Some(of_token(token)?),
        None => input.start_after.clone().filter(|a| !a.is_empty()),
    };
    let wanted = Wanted {
        bucket: bucket.id,
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().filter(|d| !d.is_empty()),
        after,
        limit: limit("max-keys", input.max_keys)?,
    };
    let page = find(verbs, &wanted)?;
    let with_owner = input.fetch_owner.unwrap_or(false);
    let next = page.last.as_ref().filter(|_| page.truncated).map(|last| URL_SAFE_NO_PAD.encode(last));
    let count = page.items.len() + page.prefixes.len();
    ok(ListObjectsV2Output {
        name: Some(bucket.name.clone()),
        prefix: Some(encoding.text(&wanted.prefix)),
        max_keys: Some(input.max_keys.unwrap_or(PAGE).min(PAGE)),
        key_count: i32::try_from(count).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.truncated),
        next_continuation_token: next,
        contents: Some(page.items.iter().map(|r| shown(&bucket, r, encoding, with_owner)).collect()),
        common_prefixes: shown_prefixes(&page.prefixes, encoding),
        delimiter: encoding.opt(wanted.delimiter.as_ref()),
        encoding_type: input.encoding_type,
        start_after: encoding.opt(input.start_after.as_ref()),
        ..ListObjectsV2Output::default()
    })
}

fn of_token(token: &str) -> Answer<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes
        .filter(|key| !key.is_empty())
        .ok_or_else(|| bad_argument("The continuation token provided is incorrect", "continuation-token", token))
}

pub(crate) async fn list_object_versions(
    verbs: &Verbs,
    request: S3Request<ListObjectVersionsInput>,
) -> Answer<S3Response<ListObjectVersionsOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let wanted = Wanted {
        bucket: bucket.id,
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().filter(|d| !d.is_empty()),
        after: input.key_marker.clone().filter(|m| !m.is_empty()),
        limit: limit("maxKeys", input.max_keys)?,
    };
    let marker = input.version_id_marker.clone().filter(|m| !m.is_empty());
    if marker.is_some() && wanted.after.is_none() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(bad_argument(message, "version-id-marker", marker.as_deref().unwrap_or_default()));
    }
    let page = if wanted.limit == 0 {
        Page::default()
    } else {
        verbs.store.read(|db| {
            let after_seq = match (&wanted.after, &marker) {
                (Some(key), Some(id)) => objects::version(db, bucket.id, key, id)?.map(|(r, _)| r.seq),
                _ => None,
            };
            list::versions(db, &wanted, after_seq)
        })?
    };
    let (versions, markers) = split(&bucket, &page.items, encoding);
    let last = page.items.last().filter(|v| page.last.as_deref() == Some(v.record.key.as_str()));
    ok(ListObjectVersionsOutput {
        common_prefixes: shown_prefixes(&page.prefixes, encoding),
        delete_markers: (!markers.is_empty()).then_some(markers),
        delimiter: encoding.opt(wanted.delimiter.as_ref()),
        encoding_type: input.encoding_type,
        is_truncated: Some(page.truncated),
        key_marker: Some(encoding.text(input.key_marker.as_deref().unwrap_or_default())),
        max_keys: Some(input.max_keys.unwrap_or(PAGE).min(PAGE)),
        name: Some(bucket.name.clone()),
        next_key_marker: encoding.opt(page.last.as_ref().filter(|_| page.truncated)),
        next_version_id_marker: last.filter(|_| page.truncated).map(|v| v.record.version.clone()),
        prefix: Some(encoding.text(&wanted.prefix)),
        version_id_marker: Some(marker.unwrap_or_default()),
        versions: (!versions.is_empty()).then_some(versions),
        ..ListObjectVersionsOutput::default()
    })
}

fn split(bucket: &Bucket, items: &[Version], encoding: Encoding) -> (Vec<ObjectVersion>, Vec<DeleteMarkerEntry>) {
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for Version { record, latest } in items {
        if record.body.is_none() {
            markers.push(DeleteMarkerEntry {
                is_latest: Some(*latest),
                key: Some(encoding.text(&record.key)),
                last_modified: Some(timestamp(record.modified)),
                owner: Some(owner(bucket.owner)),
                version_id: Some(record.version.clone()),
            });
            continue;
        }
        let sum = record.head.sum.as_ref();
        versions.push(ObjectVersion {
            checksum_algorithm: sum.map(|s| vec![super::heads::shown_algorithm(s.algorithm)]),
            checksum_type: sum.map(super::heads::sum_type),
            e_tag: Some(super::heads::etag(&record.etag)),
            is_latest: Some(*latest),
            key: Some(encoding.text(&record.key)),
            last_modified: Some(timestamp(record.modified)),
            owner: Some(owner(bucket.owner)),
            size: i64::try_from(record.size).ok(),
            storage_class: Some(ObjectVersionStorageClass::from(
                record.head.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()),
            )),
            version_id: Some(record.version.clone()),
            ..ObjectVersion::default()
        });
    }
    (versions, markers)
}
