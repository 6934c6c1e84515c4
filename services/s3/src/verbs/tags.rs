//! Tags of objects and of buckets.

use super::settings::set;
use super::{Verbs, ok, visit};
use crate::error::{Answer, no_such_key, no_such_version, refuse, refuse_with};
use crate::gate::{actions, keys};
use crate::store::buckets::Bucket;
use crate::store::objects;
use crate::store::records::Record;
use crate::store::writer::Change;
use percent_encoding::percent_decode_str;
use s3s::dto::*;
use s3s::{S3Request, S3Response};

const MOST_ON_OBJECT: usize = 10;
const MOST_ON_BUCKET: usize = 50;

/// Reads `x-amz-tagging`: `a=1&b=2`, percent-encoded.
pub(crate) fn of_header(text: &str) -> Answer<Vec<(String, String)>> {
    let decode = |part: &str| {
        percent_decode_str(&part.replace('+', " ")).decode_utf8().map(|t| t.into_owned()).map_err(|_| {
            refuse_with(
                "InvalidArgument",
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag \
                 name duplicates.",
            )
        })
    };
    let pairs = text.split('&').filter(|p| !p.is_empty());
    let tags = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect::<Answer<Vec<_>>>()?;
    check(tags, MOST_ON_OBJECT, "BadRequest", "Object tags cannot be greater than 10")
}

fn of_set(set: TagSet, most: usize, code: &str, message: &str) -> Answer<Vec<(String, String)>> {
    let pairs = set.into_iter().map(|tag| match (tag.key, tag.value) {
        (Some(key), Some(value)) => Ok((key, value)),
        _ => Err(refuse("MalformedXML")),
    });
    check(pairs.collect::<Answer<Vec<_>>>()?, most, code, message)
}

/// The configuration of a new bucket, as far as its tags go.
#[derive(serde::Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Configuration {
    tags: ConfiguredTags,
}

#[derive(serde::Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct ConfiguredTags {
    tag: Vec<ConfiguredTag>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfiguredTag {
    key: String,
    #[serde(default)]
    value: String,
}

/// The tags of a `CreateBucketConfiguration`.
pub(crate) fn of_configuration(xml: &str) -> Answer<Vec<(String, String)>> {
    let read: Configuration = quick_xml::de::from_str(xml).map_err(|_| refuse("MalformedXML"))?;
    let tags = read.tags.tag.into_iter().map(|tag| (tag.key, tag.value)).collect();
    check(tags, MOST_ON_BUCKET, "BadRequest", "Bucket tag count cannot be greater than 50")
}

fn check(tags: Vec<(String, String)>, most: usize, code: &str, message: &str) -> Answer<Vec<(String, String)>> {
    if tags.len() > most {
        return Err(refuse_with(code, message));
    }
    for (at, (name, value)) in tags.iter().enumerate() {
        if name.is_empty() || name.chars().count() > 128 {
            return Err(
                refuse_with("InvalidTag", "The TagKey you have provided is invalid").member("TagKey", name.as_str())
            );
        }
        if value.chars().count() > 256 {
            let refusal = refuse_with("InvalidTag", "The TagValue you have provided is invalid");
            return Err(refusal.member("TagKey", name.as_str()).member("TagValue", value.as_str()));
        }
        if name.starts_with("aws:") {
            return Err(refuse_with("InvalidTag", "System tags cannot be added/updated by requester"));
        }
        let good = |c: char| c.is_alphanumeric() || " +-=._:/@".contains(c);
        if !name.chars().chain(value.chars()).all(good) {
            return Err(refuse("InvalidTag").member("TagKey", name.as_str()));
        }
        if tags.iter().take(at).any(|(earlier, _)| earlier == name) {
            let message = "Cannot provide multiple Tags with the same key";
            return Err(refuse_with("InvalidTag", message).member("TagKey", name.as_str()));
        }
    }
    Ok(tags)
}

pub(crate) fn shown(tags: &[(String, String)]) -> TagSet {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

/// The version's id, in a bucket that has them.
pub(crate) fn shown_version(bucket: &Bucket, record: &Record) -> Option<String> {
    (bucket.settings.versioning != crate::store::buckets::Versioning::Never).then(|| record.version.clone())
}

pub(crate) async fn get_object_tagging(
    verbs: &Verbs,
    request: S3Request<GetObjectTaggingInput>,
) -> Answer<S3Response<GetObjectTaggingOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let record = super::get::find(verbs, &bucket, &input.key, input.version_id.as_deref())?;
    ok(GetObjectTaggingOutput { tag_set: shown(&record.head.tags), version_id: shown_version(&bucket, &record) })
}

pub(crate) async fn put_object_tagging(
    verbs: &Verbs,
    request: S3Request<PutObjectTaggingInput>,
) -> Answer<S3Response<PutObjectTaggingOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let tags = of_set(input.tagging.tag_set, MOST_ON_OBJECT, "BadRequest", "Object tags cannot be greater than 10")?;
    let version = input.version_id.as_deref();
    let before = verbs.store.read(|db| match version {
        Some(id) => Ok(objects::version(db, bucket.id, &input.key, id)?.map(|(r, _)| r)),
        None => objects::current(db, bucket.id, &input.key),
    })?;
    let mut asked = keys::basic(&visit);
    keys::with_request_tags(&mut asked, &tags);
    let asked = keys::with_existing_tags(asked, &before.map(|r| r.head.tags).unwrap_or_default());
    let action = format!("s3:{}", actions::of_version("PutObjectTagging", version.is_some()));
    visit.ask_object(&action, &bucket, &input.key, asked)?;
    let record = replace(verbs, &bucket, input.key, input.version_id, tags).await?;
    ok(PutObjectTaggingOutput { version_id: shown_version(&bucket, &record) })
}

pub(crate) async fn delete_object_tagging(
    verbs: &Verbs,
    request: S3Request<DeleteObjectTaggingInput>,
) -> Answer<S3Response<DeleteObjectTaggingOutput>> {
    let input = request.input;
    let bucket = verbs.bucket(&input.bucket)?;
    let record = replace(verbs, &bucket, input.key, input.version_id, Vec::new()).await?;
    ok(DeleteObjectTaggingOutput { version_id: shown_version(&bucket, &record) })
}

async fn replace(
    verbs: &Verbs,
    bucket: &Bucket,
    key: String,
    version: Option<String>,
    tags: Vec<(String, String)>,
) -> Answer<Record> {
    let id = bucket.id;
    let edit = move |change: &mut Change<'_>| {
        let found = match &version {
            Some(version) => objects::version(change.db, id, &key, version)?,
            None => objects::current(change.db, id, &key)?.map(|record| (record, true)),
        };
        let Some((mut record, is_current)) = found.filter(|(r, _)| r.body.is_some()) else {
            return Ok(Err(match &version {
                Some(version) => no_such_version(&key, version),
                None => no_such_key(&key),
            }));
        };
        record.head.tags = tags.clone();
        objects::set_head(change, id, &record, is_current)?;
        Ok(Ok(record))
    };
    verbs.store.change(edit).await
}

pub(crate) async fn get_bucket_tagging(
    verbs: &Verbs,
    request: S3Request<GetBucketTaggingInput>,
) -> Answer<S3Response<GetBucketTaggingOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    if bucket.settings.tags.is_empty() {
        return Err(refuse("NoSuchTagSet").member("BucketName", bucket.name.as_str()));
    }
    ok(GetBucketTaggingOutput { tag_set: shown(&bucket.settings.tags) })
}

pub(crate) async fn put_bucket_tagging(
    verbs: &Verbs,
    request: S3Request<PutBucketTaggingInput>,
) -> Answer<S3Response<PutBucketTaggingOutput>> {
    let input = request.input;
    let tags =
        of_set(input.tagging.tag_set, MOST_ON_BUCKET, "BadRequest", "Bucket tag count cannot be greater than 50")?;
    set(verbs, &input.bucket, move |settings| {
        settings.tags = tags.clone();
        Ok(())
    })
    .await?;
    ok(PutBucketTaggingOutput::default())
}

pub(crate) async fn delete_bucket_tagging(
    verbs: &Verbs,
    request: S3Request<DeleteBucketTaggingInput>,
) -> Answer<S3Response<DeleteBucketTaggingOutput>> {
    set(verbs, &request.input.bucket, |settings| {
        settings.tags = Vec::new();
        Ok(())
    })
    .await?;
    ok(DeleteBucketTaggingOutput::default())
}

#[cfg(test)]
mod tests {
    use super::{of_configuration, of_header};

    #[test]
    fn tags_are_read_from_headers_and_documents() {
        let tags = of_header("team=core&note=a%20b+c&empty=").unwrap();
        assert_eq!(tags[1], ("note".to_owned(), "a b c".to_owned()));
        assert_eq!(tags[2], ("empty".to_owned(), String::new()));
        assert!(of_header("").unwrap().is_empty());
        let xml = "<C xmlns=\"x\"><Tags><Tag><Key>a</Key><Value>1 + 2</Value></Tag><Tag><Key>b</Key><Value/></Tag></Tags></C>";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of_configuration(xml).unwrap(), [pair("a", "1 + 2"), pair("b", "")]);
        assert!(of_configuration("<C><LocationConstraint>x</LocationConstraint></C>").unwrap().is_empty());
        assert_eq!(of_header("a=1&a=2").unwrap_err().code, "InvalidTag");
        assert_eq!(of_header("aws:x=1").unwrap_err().code, "InvalidTag");
        let many: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        assert_eq!(of_header(&many.join("&")).unwrap_err().code, "BadRequest");
    }
}
