//! What goes with an object: from the headers of its upload, and back.

use crate::error::{Answer, not_implemented, refuse, refuse_with};
use crate::store::records::{Algorithm, Head, Sum};
use s3s::dto::{ChecksumType, ETag, Metadata, ServerSideEncryption, StorageClass, Timestamp};
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;

/// User metadata that AWS takes: names and values together.
const METADATA: usize = 2 * 1024;

const CLASSES: &[&str] = &[
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

/// Classes whose objects must be restored before they are read.
pub(crate) const ARCHIVED: &[&str] = &["GLACIER", "DEEP_ARCHIVE"];

/// The head that an upload's headers make, and the refusal of headers that are not served.
macro_rules! head_of {
    ($input:expr) => {{
        let input = &$input;
        $crate::verbs::heads::check_encryption(
            input.server_side_encryption.as_ref().map(|s| s.as_str()),
            input.sse_customer_algorithm.as_deref(),
        )
        .and_then(|()| {
            $crate::verbs::heads::check_lock(
                input.object_lock_mode.is_some()
                    || input.object_lock_legal_hold_status.is_some()
                    || input.object_lock_retain_until_date.is_some(),
            )
        })
        .and_then(|()| {
            Ok($crate::store::records::Head {
                content_type: input.content_type.clone(),
                cache_control: input.cache_control.clone(),
                content_disposition: input.content_disposition.clone(),
                content_encoding: $crate::verbs::heads::encoding(input.content_encoding.as_deref()),
                content_language: input.content_language.clone(),
                expires: input.expires.clone().map($crate::verbs::heads::unix),
                redirect: input.website_redirect_location.clone(),
                storage_class: $crate::verbs::heads::class(input.storage_class.as_ref().map(|s| s.as_str()))?,
                metadata: $crate::verbs::heads::metadata(input.metadata.as_ref())?,
                tags: $crate::verbs::tags::of_header(input.tagging.as_deref().unwrap_or_default())?,
                sum: None,
                parts: None,
                seal: None,
            })
        })
    }};
}
pub(crate) use head_of;

/// What the client says of the bytes, from an input with checksum members.
macro_rules! claims_of {
    ($input:expr, $headers:expr) => {{
        use $crate::store::records::Algorithm;
        let input = &$input;
        let given = [
            (Algorithm::Crc32, &input.checksum_crc32),
            (Algorithm::Crc32c, &input.checksum_crc32c),
            (Algorithm::Crc64Nvme, &input.checksum_crc64nvme),
            (Algorithm::Sha1, &input.checksum_sha1),
            (Algorithm::Sha256, &input.checksum_sha256),
        ];
        let sums = given.into_iter().filter_map(|(a, v)| v.clone().map(|v| (a, v))).collect();
        let named = input.checksum_algorithm.as_ref().map(|a| a.as_str());
        let named = named.or_else(|| $crate::arrival::header(&$headers, "x-amz-sdk-checksum-algorithm"));
        named.map($crate::digest::read_algorithm).transpose().map(|algorithm| $crate::digest::Claims {
            md5: input.content_md5.clone(),
            sums,
            algorithm,
        })
    }};
}
pub(crate) use claims_of;

/// Writes a checksum into an output's members.
macro_rules! set_sum {
    ($output:expr, $sum:expr) => {
        if let Some(sum) = $sum {
            let value = Some(sum.value.clone());
            match sum.algorithm {
                $crate::store::records::Algorithm::Crc32 => $output.checksum_crc32 = value,
                $crate::store::records::Algorithm::Crc32c => $output.checksum_crc32c = value,
                $crate::store::records::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
                $crate::store::records::Algorithm::Sha1 => $output.checksum_sha1 = value,
                $crate::store::records::Algorithm::Sha256 => $output.checksum_sha256 = value,
            }
        }
    };
}
pub(crate) use set_sum;

/// The stored head as the members of a GET's or HEAD's output.
macro_rules! set_head {
    ($output:expr, $record:expr) => {{
        let head = &$record.head;
        $output.content_type = Some(head.content_type.clone().unwrap_or_else(|| "binary/octet-stream".to_owned()));
        $output.cache_control = head.cache_control.clone();
        $output.content_disposition = head.content_disposition.clone();
        $output.content_encoding = head.content_encoding.clone();
        $output.content_language = head.content_language.clone();
        $output.expires = head.expires.map($crate::verbs::seconds);
        $output.website_redirect_location = head.redirect.clone();
        $output.storage_class = $crate::verbs::heads::shown_class(head);
        $output.metadata = $crate::verbs::heads::shown_metadata(head);
        $crate::verbs::encryption::set_seal!($output, head.seal);
        $output.e_tag = Some(s3s::dto::ETag::Strong($record.etag.clone()));
        $output.last_modified = Some($crate::verbs::timestamp($record.modified));
        $output.accept_ranges = Some("bytes".to_owned());
    }};
}
pub(crate) use set_head;

/// S3's own keys and KMS's are served.
pub(crate) fn check_encryption(algorithm: Option<&str>, customer: Option<&str>) -> Answer<()> {
    match (algorithm, customer) {
        (None | Some("AES256" | "aws:kms"), None) => Ok(()),
        (_, Some(_)) => Err(not_implemented("x-amz-server-side-encryption-customer-algorithm")),
        (Some("aws:kms:dsse"), _) => Err(not_implemented("x-amz-server-side-encryption")),
        (Some(other), _) => Err(crate::error::bad_argument(
            "The encryption method specified is not supported",
            "x-amz-server-side-encryption",
            other,
        )),
    }
}

pub(crate) fn check_lock(wanted: bool) -> Answer<()> {
    if wanted {
        return Err(refuse_with("InvalidRequest", "Bucket is missing Object Lock Configuration"));
    }
    Ok(())
}

/// `aws-chunked` is of the transfer, not of the object.
pub(crate) fn encoding(given: Option<&str>) -> Option<String> {
    let kept: Vec<&str> =
        given?.split(',').map(str::trim).filter(|e| !e.is_empty() && !e.eq_ignore_ascii_case("aws-chunked")).collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

pub(crate) fn unix(at: Timestamp) -> i64 {
    OffsetDateTime::from(at).unix_timestamp()
}

/// The class stored; STANDARD is not written down.
pub(crate) fn class(given: Option<&str>) -> Answer<Option<String>> {
    match given {
        None | Some("STANDARD") => Ok(None),
        Some(class) if CLASSES.contains(&class) => Ok(Some(class.to_owned())),
        Some(class) => Err(refuse("InvalidStorageClass").member("StorageClassRequested", class)),
    }
}

pub(crate) fn metadata(given: Option<&Metadata>) -> Answer<BTreeMap<String, String>> {
    let Some(given) = given else { return Ok(BTreeMap::new()) };
    let size: usize = given.iter().map(|(k, v)| k.len() + v.len()).sum();
    if size > METADATA {
        return Err(refuse("MetadataTooLarge")
            .member("Size", size.to_string())
            .member("MaxSizeAllowed", METADATA.to_string()));
    }
    Ok(given.iter().map(|(k, v)| (k.to_lowercase(), v.clone())).collect())
}

pub(crate) fn shown_class(head: &Head) -> Option<StorageClass> {
    head.storage_class.clone().map(StorageClass::from)
}

pub(crate) fn shown_metadata(head: &Head) -> Option<Metadata> {
    let all: HashMap<String, String> = head.metadata.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    (!all.is_empty()).then_some(all)
}

pub(crate) fn aes() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}

pub(crate) fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}

pub(crate) fn sum_type(sum: &Sum) -> ChecksumType {
    ChecksumType::from_static(if sum.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT })
}

/// The algorithm in `s3s`'s form.
pub(crate) fn shown_algorithm(algorithm: Algorithm) -> s3s::dto::ChecksumAlgorithm {
    s3s::dto::ChecksumAlgorithm::from_static(algorithm.name())
}
