//! GetObject, HeadObject and GetObjectAttributes.

use super::conditions::Reading;
use super::heads::{ARCHIVED, etag, set_head, set_sum, shown_class, sum_type};
use super::tags::shown_version;
use super::{Verbs, ok, timestamp, visit};
use crate::body::outgoing;
use crate::error::{Answer, bad_argument, no_such_key, no_such_version, refuse, refuse_with, wire, wire_with};
use crate::gate::{Visit, keys};
use crate::store::blobs::Reading as Held;
use crate::store::buckets::Bucket;
use crate::store::objects::{self, Body, Newest};
use crate::store::records::{Piece, Record};
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_call::Refusal;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result};
use std::sync::Arc;

/// A version that is there, or the refusal and the headers that go with it.
type Found<T> = Result<T, Box<Missing>>;

/// Why there is nothing to give, with what AWS says of it in headers.
pub(crate) struct Missing {
    refusal: Refusal,
    headers: HeaderMap,
}

impl From<Refusal> for Box<Missing> {
    fn from(refusal: Refusal) -> Self {
        Box::new(Missing { refusal, headers: HeaderMap::new() })
    }
}

impl From<Box<Missing>> for S3Error {
    fn from(missing: Box<Missing>) -> Self {
        wire_with(missing.refusal, missing.headers)
    }
}

impl Missing {
    fn header(mut self: Box<Self>, name: &'static str, value: &str) -> Box<Self> {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }
}

/// A version id as S3 gives them out.
pub(crate) fn check_version_id(id: &str) -> Answer<()> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'_';
    if id == objects::NULL || (id.len() == 32 && id.bytes().all(good)) {
        return Ok(());
    }
    Err(bad_argument("Invalid version id specified", "versionId", id))
}

/// An object's record for a verb that needs no more than that.
pub(crate) fn find(verbs: &Verbs, bucket: &Bucket, key: &str, version: Option<&str>) -> Answer<Record> {
    locate(verbs, bucket, key, version, |_, record| Ok(record)).map_err(|missing| missing.refusal)
}

/// An object's record and what its bytes lie in.
pub(crate) fn open(verbs: &Verbs, bucket: &Bucket, key: &str, version: Option<&str>) -> Answer<(Record, Body)> {
    let (record, body) = locate(verbs, bucket, key, version, with_body).map_err(|missing| missing.refusal)?;
    Ok((record, body.ok_or_else(|| Refusal::internal("an object without a body"))?))
}

fn with_body(db: &rusqlite::Connection, record: Record) -> rusqlite::Result<(Record, Option<Body>)> {
    let body = record.body.map(|id| objects::body(db, id)).transpose()?;
    Ok((record, body))
}

/// Finds a version and reads on from its record in the same view of the database.
fn locate<T>(
    verbs: &Verbs,
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
    then: impl FnOnce(&rusqlite::Connection, Record) -> rusqlite::Result<T>,
) -> Found<T> {
    if let Some(id) = version {
        check_version_id(id)?;
    }
    let found = verbs.store.read(|db| {
        let found = match version {
            None => objects::newest(db, bucket, key)?,
            Some(id) => match objects::version(db, bucket.id, key, id)? {
                Some((record, _)) if record.body.is_some() => Newest::Object(record),
                Some((record, _)) => Newest::Marker(record),
                None => Newest::Nothing,
            },
        };
        Ok(match found {
            Newest::Object(record) => Ok(then(db, record)?),
            Newest::Marker(record) => Err(Some(record)),
            Newest::Nothing => Err(None),
        })
    })?;
    found.map_err(|marker| missing(key, version, marker))
}

fn missing(key: &str, version: Option<&str>, marker: Option<Record>) -> Box<Missing> {
    match (version, marker) {
        (None, None) => no_such_key(key).into(),
        (Some(id), None) => no_such_version(key, id).into(),
        (None, Some(marker)) => {
            let missing: Box<Missing> = no_such_key(key).into();
            missing.header("x-amz-delete-marker", "true").header("x-amz-version-id", &marker.version)
        }
        (Some(id), Some(marker)) => {
            let refusal = refuse("MethodNotAllowed").member("Method", "GET").member("ResourceType", "DeleteMarker");
            let modified = timestamp(marker.modified);
            let mut date = Vec::new();
            let missing: Box<Missing> = refusal.into();
            let missing =
                missing.header("x-amz-delete-marker", "true").header("x-amz-version-id", id).header("allow", "DELETE");
            match modified.format(TimestampFormat::HttpDate, &mut date) {
                Ok(()) => missing.header("last-modified", &String::from_utf8_lossy(&date)),
                Err(_) => missing,
            }
        }
    }
}

/// Whoever may not list the bucket must not learn what is not in it.
fn hide(missing: Box<Missing>, visit: &Visit, bucket: &Bucket) -> Box<Missing> {
    if missing.refusal.status != 404 {
        return missing;
    }
    match visit.ask("s3:ListBucket", &bucket.arn(), Some(bucket), keys::basic(visit)) {
        Ok(()) => missing,
        Err(refusal) => refusal.into(),
    }
}

/// What of an object is wanted, and how it is answered.
struct Slice {
    from: u64,
    size: u64,
    /// `bytes 0-9/100` where less than all is sent.
    range: Option<String>,
}

impl Slice {
    fn of(record: &Record, range: Option<Range>, part: Option<(u64, u64)>) -> Answer<Self> {
        let whole = Self { from: 0, size: record.size, range: None };
        let (from, end) = match (part, range) {
            (Some((from, size)), _) => (from, from + size),
            (None, None) => return Ok(whole),
            (None, Some(range)) => match range.check(record.size) {
                Ok(range) => (range.start, range.end),
                Err(_) => {
                    return Err(refuse("InvalidRange")
                        .member("RangeRequested", range.to_header_string())
                        .member("ActualObjectSize", record.size.to_string()));
                }
            },
        };
        if record.size == 0 {
            return Ok(whole);
        }
        let range = format!("bytes {from}-{}/{}", end.saturating_sub(1), record.size);
        Ok(Self { from, size: end - from, range: Some(range) })
    }
}

/// Where a part of a multipart object lies. Part 1 of an object of one piece is all of it.
fn stretch_of_part(record: &Record, body: &Body, number: i32) -> Answer<(u64, u64)> {
    let out_of_range = || refuse_with("InvalidPartNumber", "The requested partnumber is not satisfiable").status(416);
    let number = usize::try_from(number).ok().filter(|n| (1..=10_000).contains(n)).ok_or_else(|| {
        bad_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", &number.to_string())
    })?;
    match (body, record.head.parts) {
        (Body::Pieces(pieces), Some(_)) => {
            let size = pieces.get(number - 1).ok_or_else(out_of_range)?.size;
            Ok((pieces.iter().take(number - 1).map(|p| p.size).sum(), size))
        }
        _ if number == 1 => Ok((0, record.size)),
        _ => Err(out_of_range()),
    }
}

/// Everything that GET and HEAD share up to the bytes.
struct Wanted<'a> {
    key: &'a str,
    version: Option<&'a str>,
    conditions: Reading,
    range: Option<Range>,
    part: Option<i32>,
    /// GET needs the body, HEAD only where a part is asked for.
    with_body: bool,
}

/// The record and, where it is needed or at hand, the body.
fn read(verbs: &Verbs, bucket: &Bucket, wanted: &Wanted<'_>) -> Found<(Arc<Record>, Option<Body>)> {
    let needs_body = wanted.with_body || wanted.part.is_some();
    let as_of = match wanted.version {
        None => match verbs.store.hot.get(bucket.id, wanted.key) {
            Ok(hot) => return Ok((hot.record.clone(), Some(Body::Inline(hot.bytes.clone())))),
            Err(as_of) => Some(as_of),
        },
        Some(_) => None,
    };
    let (record, body) = locate(verbs, bucket, wanted.key, wanted.version, |db, record| match needs_body {
        true => with_body(db, record),
        false => Ok((record, None)),
    })?;
    let record = Arc::new(record);
    if let (Some(as_of), Some(Body::Inline(bytes))) = (as_of, &body) {
        verbs.store.hot.keep(bucket.id, as_of, record.clone(), bytes.clone());
    }
    Ok((record, body))
}

fn look_up(
    verbs: &Verbs,
    bucket: &Bucket,
    visit: &Visit,
    wanted: Wanted<'_>,
) -> Found<(Arc<Record>, Option<Body>, Slice)> {
    let (record, body) = read(verbs, bucket, &wanted).map_err(|missing| hide(missing, visit, bucket))?;
    wanted.conditions.check(&record).map_err(|refusal| unmodified(refusal, &record, bucket))?;
    let part = match (wanted.part, &body) {
        (Some(_), _) if wanted.range.is_some() => {
            let message = "Cannot specify both Range header and partNumber query parameter";
            return Err(refuse_with("InvalidRequest", message).into());
        }
        (Some(number), Some(body)) => Some(stretch_of_part(&record, body, number)?),
        _ => None,
    };
    let slice = Slice::of(&record, wanted.range, part)?;
    Ok((record, body, slice))
}

/// A 304 says of which version it speaks.
fn unmodified(refusal: Refusal, record: &Record, bucket: &Bucket) -> Box<Missing> {
    let not_modified = refusal.code == "NotModified";
    let missing: Box<Missing> = refusal.into();
    if !not_modified {
        return missing;
    }
    let missing = missing.header("etag", &format!("\"{}\"", record.etag));
    let mut date = Vec::new();
    let missing = match timestamp(record.modified).format(TimestampFormat::HttpDate, &mut date) {
        Ok(()) => missing.header("last-modified", &String::from_utf8_lossy(&date)),
        Err(_) => missing,
    };
    match shown_version(bucket, record) {
        Some(version) => missing.header("x-amz-version-id", &version),
        None => missing,
    }
}

pub(crate) async fn get_object(
    verbs: &Verbs,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let visit = visit(&request).map_err(wire)?;
    let input = request.input;
    check_overrides(&input, &visit).map_err(wire)?;
    let bucket = verbs.bucket(&input.bucket).map_err(wire)?;
    let held: Arc<Held> = verbs.store.blobs.reading();
    let wanted = Wanted {
        key: &input.key,
        version: input.version_id.as_deref(),
        conditions: Reading {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        },
        range: input.range,
        part: input.part_number,
        with_body: true,
    };
    let (record, body, slice) = look_up(verbs, &bucket, &visit, wanted)?;
    if let Some(class) = record.head.storage_class.as_deref().filter(|c| ARCHIVED.contains(c)) {
        let refusal = refuse_with("InvalidObjectState", "The operation is not valid for the object's storage class");
        return Err(wire(refusal.status(403).member("StorageClass", class)));
    }
    let body = body.ok_or_else(|| wire(Refusal::internal("an object without a body")))?;
    let key = verbs.unseal(&visit, &bucket, record.head.seal.as_deref()).await.map_err(wire)?;
    let mut output = GetObjectOutput::default();
    set_head!(output, record);
    if input.checksum_mode.as_ref().is_some_and(|m| m.as_str() == "ENABLED") && slice.range.is_none() {
        set_sum!(output, &record.head.sum);
        output.checksum_type = record.head.sum.as_ref().map(sum_type);
    }
    output.version_id = shown_version(&bucket, &record);
    output.parts_count = input.part_number.and(record.head.parts).and_then(|n| i32::try_from(n).ok());
    output.tag_count = i32::try_from(record.head.tags.len()).ok().filter(|n| *n > 0);
    output.content_length = i64::try_from(slice.size).ok();
    output.content_range = slice.range;
    let sent = outgoing(body, slice.from, slice.size, &verbs.store.blobs, held, key);
    output.body = Some(sent.map_err(wire)?);
    Ok(S3Response::new(output))
}

/// `response-content-type` and its kin are for those who sign.
fn check_overrides(input: &GetObjectInput, visit: &Visit) -> Answer<()> {
    let given = input.response_cache_control.is_some()
        || input.response_content_disposition.is_some()
        || input.response_content_encoding.is_some()
        || input.response_content_language.is_some()
        || input.response_content_type.is_some()
        || input.response_expires.is_some();
    if given && visit.caller.access_key.is_none() {
        let message = "Request specific response headers cannot be used for anonymous GET requests.";
        return Err(refuse_with("InvalidRequest", message));
    }
    Ok(())
}

pub(crate) async fn head_object(
    verbs: &Verbs,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let visit = visit(&request).map_err(wire)?;
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket).map_err(wire)?;
    let wanted = Wanted {
        key: &input.key,
        version: input.version_id.as_deref(),
        conditions: Reading {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        },
        range: input.range,
        part: input.part_number,
        with_body: false,
    };
    let (record, _, slice) = look_up(verbs, &bucket, &visit, wanted)?;
    let mut output = HeadObjectOutput::default();
    set_head!(output, record);
    if input.checksum_mode.as_ref().is_some_and(|m| m.as_str() == "ENABLED") && slice.range.is_none() {
        set_sum!(output, &record.head.sum);
        output.checksum_type = record.head.sum.as_ref().map(sum_type);
    }
    output.version_id = shown_version(&bucket, &record);
    output.parts_count = input.part_number.and(record.head.parts).and_then(|n| i32::try_from(n).ok());
    output.content_length = i64::try_from(slice.size).ok();
    output.content_range = slice.range;
    Ok(S3Response::new(output))
}

pub(crate) async fn get_object_attributes(
    verbs: &Verbs,
    request: S3Request<GetObjectAttributesInput>,
) -> Answer<S3Response<GetObjectAttributesOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let version = input.version_id.as_deref();
    let located = locate(verbs, &bucket, &input.key, version, with_body);
    let (record, body) = located.map_err(|missing| hide(missing, &visit, &bucket).refusal)?;
    let wanted: Vec<String> = input
        .object_attributes
        .iter()
        .flat_map(|a| a.as_str().split(',').map(|w| w.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    let has = |name: &str| wanted.iter().any(|w| w == name);
    let mut output = GetObjectAttributesOutput {
        last_modified: Some(timestamp(record.modified)),
        version_id: shown_version(&bucket, &record),
        ..GetObjectAttributesOutput::default()
    };
    if has("ETag") {
        output.e_tag = Some(etag(&record.etag));
    }
    if has("StorageClass") {
        let class = shown_class(&record.head);
        output.storage_class = Some(class.unwrap_or_else(|| StorageClass::from_static(StorageClass::STANDARD)));
    }
    if has("ObjectSize") {
        output.object_size = i64::try_from(record.size).ok();
    }
    if has("Checksum") {
        let mut checksum = Checksum { checksum_type: record.head.sum.as_ref().map(sum_type), ..Checksum::default() };
        set_sum!(checksum, &record.head.sum);
        output.checksum = Some(checksum);
    }
    if let (true, Some(count), Some(Body::Pieces(pieces))) = (has("ObjectParts"), record.head.parts, &body) {
        output.object_parts = Some(part_page(&record, pieces, count, input.max_parts, input.part_number_marker));
    }
    ok(output)
}

fn part_page(
    record: &Record,
    pieces: &[Piece],
    count: u32,
    max: Option<i32>,
    marker: Option<i32>,
) -> GetObjectAttributesParts {
    let max = usize::try_from(max.unwrap_or(1000)).unwrap_or(0).min(1000);
    let after = u32::try_from(marker.unwrap_or(0)).unwrap_or(0);
    let rest: Vec<&Piece> = pieces.iter().filter(|p| p.number.is_some_and(|n| n > after)).collect();
    let shown: Vec<ObjectPart> = rest
        .iter()
        .take(max)
        .map(|piece| {
            let mut part = ObjectPart {
                part_number: piece.number.and_then(|n| i32::try_from(n).ok()),
                size: i64::try_from(piece.size).ok(),
                ..ObjectPart::default()
            };
            let sum = record.head.sum.as_ref().zip(piece.sum.as_ref()).map(|(whole, value)| {
                crate::store::records::Sum { algorithm: whole.algorithm, value: value.clone(), composite: false }
            });
            set_sum!(part, &sum);
            part
        })
        .collect();
    // S3 lists the parts only of objects whose parts have checksums of their own.
    let with_sums = record.head.sum.as_ref().is_some_and(|s| s.composite);
    GetObjectAttributesParts {
        is_truncated: Some(rest.len() > max),
        max_parts: i32::try_from(max).ok(),
        next_part_number_marker: shown.last().and_then(|p| p.part_number),
        part_number_marker: Some(marker.unwrap_or(0)),
        parts: with_sums.then_some(shown),
        total_parts_count: i32::try_from(count).ok(),
    }
}
