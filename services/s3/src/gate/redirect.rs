//! A bucket has one region; a request to another is sent there.

use super::visit::Visit;
use crate::arrival::{Signed, only_version_4};
use crate::error::{Answer, refuse, refuse_with};
use crate::store::buckets::Bucket;
use postern_call::Refusal;

/// The region that the global name `s3.amazonaws.com` stands for.
const GLOBAL: &str = "us-east-1";

/// Regions old enough for signatures of version 2.
const VERSION_2: &[&str] = &[
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];

/// Refuses a request that was addressed to, or signed for, another region than the bucket's. The answer names the
/// region in `x-amz-bucket-region`, by which clients find the way.
pub(crate) fn check(visit: &Visit, bucket: &Bucket, host: &str) -> Answer<()> {
    let home = bucket.region.as_str();
    if visit.signed == Signed::OldQuery && !VERSION_2.contains(&home) {
        return Err(only_version_4());
    }
    // Without a signature the region is that of the name alone; the machine itself serves them all.
    let signed_for = matches!(visit.signed, Signed::Header | Signed::Query).then_some(visit.region.as_str());
    match (visit.addressed.as_deref(), signed_for) {
        (Some(addressed), _) if addressed != home => Err(elsewhere(bucket, host)),
        (Some(addressed), Some(signed)) if signed != addressed => Err(wrong_region(signed, home)),
        (None, Some(signed)) if signed == home => Ok(()),
        (None, Some(GLOBAL)) => Err(wrong_region(GLOBAL, home)),
        (None, Some(_)) => Err(elsewhere(bucket, host)),
        _ => Ok(()),
    }
}

fn wrong_region(signed: &str, home: &str) -> Refusal {
    refuse_with(
        "AuthorizationHeaderMalformed",
        format!("The authorization header is malformed; the region '{signed}' is wrong; expecting '{home}'"),
    )
    .member("Region", home)
}

fn elsewhere(bucket: &Bucket, host: &str) -> Refusal {
    let endpoint = if host.ends_with(".amazonaws.com") {
        format!("{}.s3.{}.amazonaws.com", bucket.name, bucket.region)
    } else {
        host.to_owned()
    };
    refuse("PermanentRedirect")
        .member("Endpoint", endpoint)
        .member("Bucket", bucket.name.as_str())
        .member("Region", bucket.region.as_str())
}
