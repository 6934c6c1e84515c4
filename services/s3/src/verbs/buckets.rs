//! Buckets: made, found, listed, removed.

use super::{Verbs, ok, owner, timestamp, visit};
use crate::error::{Answer, bad_argument, refuse, refuse_with};
use crate::front::BodyHead;
use crate::gate::keys;
use crate::store::buckets::{self, PublicBlock, Settings};
use postern_names::Region;
use s3s::dto::*;
use s3s::{S3Request, S3Response};

/// Buckets on one page of ListBuckets, when the caller wants pages.
const PAGE: i32 = 10_000;

pub(crate) async fn list_buckets(
    verbs: &Verbs,
    request: S3Request<ListBucketsInput>,
) -> Answer<S3Response<ListBucketsOutput>> {
    let visit = visit(&request)?;
    let input = request.input;
    let Some(account) = visit.caller.account() else { return Err(refuse("AccessDenied")) };
    let limit = input.max_buckets.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        let given = limit.to_string();
        return Err(bad_argument("max-buckets must be an integer between 1 and 10000", "max-buckets", &given));
    }
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = input.continuation_token.unwrap_or_default();
    let mut found = verbs.store.buckets.of(account);
    found.retain(|b| b.name.starts_with(&prefix) && b.name > after);
    if let Some(region) = &input.bucket_region {
        found.retain(|b| b.region.as_str() == region.as_str());
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = (found.len() > limit).then(|| found.get(limit - 1).map(|b| b.name.clone())).flatten();
    found.truncate(limit);
    let buckets = found
        .iter()
        .map(|b| Bucket {
            bucket_region: Some(b.region.to_string()),
            creation_date: Some(timestamp(b.created)),
            name: Some(b.name.clone()),
        })
        .collect();
    ok(ListBucketsOutput {
        buckets: Some(buckets),
        continuation_token: next,
        owner: Some(owner(account)),
        prefix: input.prefix,
    })
}

pub(crate) async fn create_bucket(
    verbs: &Verbs,
    request: S3Request<CreateBucketInput>,
) -> Answer<S3Response<CreateBucketOutput>> {
    let visit = visit(&request)?;
    let body = request.extensions.get::<BodyHead>().map(BodyHead::text).unwrap_or_default();
    let input = request.input;
    let name = input.bucket.clone();
    check_name(&name)?;
    let configuration = input.create_bucket_configuration;
    let wanted = configuration.as_ref().and_then(|c| c.location_constraint.as_ref()).map(|l| l.as_str().to_owned());
    let mut asked = visit.asked.clone();
    if let Some(region) = &wanted {
        asked.insert("s3:locationconstraint".into(), vec![region.clone()]);
    }
    let arn = format!("arn:aws:s3:::{name}");
    visit.ask("s3:CreateBucket", &arn, None, asked)?;
    let tags = if body.is_empty() { Vec::new() } else { super::tags::of_configuration(&body)? };
    if !tags.is_empty() {
        visit.ask("s3:TagResource", &arn, None, keys::with_tags_of_resource(visit.asked.clone(), &tags))?;
    }
    let Some(account) = visit.caller.account() else { return Err(refuse("AccessDenied")) };
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(crate::error::not_implemented("x-amz-bucket-object-lock-enabled"));
    }
    let ownership = input.object_ownership.as_ref().map_or("BucketOwnerEnforced", |o| o.as_str()).to_owned();
    super::settings::check_ownership(&ownership)?;
    super::acl::check_bucket_acl(input.acl.as_ref().map(|a| a.as_str()), &ownership)?;
    // The endpoint addressed; on the machine itself, the one signed for.
    let endpoint = visit.addressed.clone().unwrap_or_else(|| visit.region.clone());
    let region = home_of(&endpoint, wanted.as_deref().filter(|w| !w.is_empty()))?;
    let settings =
        Settings { public_block: Some(PublicBlock::ALL), ownership: Some(ownership), tags, ..Settings::default() };
    let at = region.clone();
    verbs.store.change(move |change| buckets::create(change, &name, account, &at, &settings)).await?;
    let location = if region.as_str() == "us-east-1" {
        format!("/{}", input.bucket)
    } else {
        format!("http://{}.s3.amazonaws.com/", input.bucket)
    };
    ok(CreateBucketOutput { location: Some(location) })
}

/// The region of a new bucket. The endpoint of us-east-1 makes buckets anywhere, others only at home.
fn home_of(endpoint: &str, wanted: Option<&str>) -> Answer<Region> {
    let wanted = match wanted {
        Some("EU") => Some("eu-west-1"),
        other => other,
    };
    match (endpoint, wanted) {
        ("us-east-1", None) => Ok(Region::new("us-east-1")),
        ("us-east-1", Some("us-east-1")) => {
            Err(refuse("InvalidLocationConstraint").member("LocationConstraint", "us-east-1"))
        }
        ("us-east-1", Some(region)) if is_region(region) => Ok(Region::new(region)),
        (home, Some(region)) if home == region && is_region(region) => Ok(Region::new(region)),
        (_, None) => Err(refuse("IllegalLocationConstraintException")),
        (_, Some(region)) if is_region(region) => Err(refuse_with(
            "IllegalLocationConstraintException",
            format!(
                "The {region} location constraint is incompatible for the region specific endpoint this request was \
                 sent to."
            ),
        )),
        (_, Some(region)) => Err(refuse("InvalidLocationConstraint").member("LocationConstraint", region)),
    }
}

/// Two letters, a direction and a number: `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = parts.last().is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()));
    let area = parts.first().is_some_and(|a| a.len() == 2);
    let letters = parts.iter().rev().skip(1).all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()));
    (3..=4).contains(&parts.len()) && number && area && letters
}

/// AWS's rules beyond those that hold for addressing any bucket.
pub(crate) fn check_name(name: &str) -> Answer<()> {
    let reserved = ["xn--", "sthree-", "amzn-s3-demo-"];
    let endings = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let adjacent = name.contains(".-") || name.contains("-.");
    if !s3s::path::check_bucket_name(name)
        || adjacent
        || reserved.iter().any(|r| name.starts_with(r))
        || endings.iter().any(|e| name.ends_with(e))
    {
        return Err(refuse("InvalidBucketName").member("BucketName", name));
    }
    Ok(())
}

pub(crate) async fn delete_bucket(
    verbs: &Verbs,
    request: S3Request<DeleteBucketInput>,
) -> Answer<S3Response<DeleteBucketOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    verbs.store.change(move |change| buckets::delete(change, bucket.id, &bucket.name)).await?;
    ok(DeleteBucketOutput::default())
}

pub(crate) async fn head_bucket(
    verbs: &Verbs,
    request: S3Request<HeadBucketInput>,
) -> Answer<S3Response<HeadBucketOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    ok(HeadBucketOutput { bucket_region: Some(bucket.region.to_string()), ..HeadBucketOutput::default() })
}

/// us-east-1 is the empty constraint.
pub(crate) async fn get_bucket_location(
    verbs: &Verbs,
    request: S3Request<GetBucketLocationInput>,
) -> Answer<S3Response<GetBucketLocationOutput>> {
    let bucket = verbs.bucket(&request.input.bucket)?;
    let named = (bucket.region.as_str() != "us-east-1").then(|| bucket.region.to_string());
    ok(GetBucketLocationOutput { location_constraint: named.map(BucketLocationConstraint::from) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for good in ["abc", "my-bucket", "my.bucket.1", "0a0"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let bad = [
            "ab",
            "My-Bucket",
            "a_b_c",
            "-abc",
            "abc-",
            "a..b",
            "a.-b",
            "192.168.1.1",
            "xn--abc",
            "abc-s3alias",
            "abc--x-s3",
        ];
        for bad in bad {
            assert_eq!(check_name(bad).unwrap_err().code, "InvalidBucketName", "{bad}");
        }
        assert!(check_name(&"a".repeat(63)).is_ok());
        assert!(check_name(&"a".repeat(64)).is_err());
    }

    #[test]
    fn a_bucket_is_made_where_the_endpoint_may() {
        assert_eq!(home_of("us-east-1", None).unwrap().as_str(), "us-east-1");
        assert_eq!(home_of("us-east-1", Some("EU")).unwrap().as_str(), "eu-west-1");
        assert_eq!(home_of("eu-west-1", Some("eu-west-1")).unwrap().as_str(), "eu-west-1");
        assert_eq!(home_of("us-east-1", Some("us-east-1")).unwrap_err().code, "InvalidLocationConstraint");
        assert_eq!(home_of("eu-west-1", None).unwrap_err().code, "IllegalLocationConstraintException");
        assert_eq!(home_of("eu-west-1", Some("us-west-2")).unwrap_err().code, "IllegalLocationConstraintException");
        assert_eq!(home_of("us-east-1", Some("moon")).unwrap_err().code, "InvalidLocationConstraint");
    }
}
