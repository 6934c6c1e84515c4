//! Service names: regional, global, dual-stack, and those that carry a bucket, an account or an API in front.

use crate::region::is_region;
use postern_model::public_service;
use postern_names::Region;
use std::net::Ipv4Addr;

/// Where a name without a region leads.
const GLOBAL_REGION: &str = "us-east-1";
/// Services that also answer under a name without a region.
const GLOBAL: &[&str] = &["s3", "sts", "iam", "ec2", "route53", "organizations", "sqs", "sns"];

/// The address of the service that a hostname names, `None` if it names none: `s3.eu-west-1.amazonaws.com`,
/// `bucket.with.dots.s3.amazonaws.com`, `sts.amazonaws.com`, `ec2.us-east-1.api.aws`. Lower case, no final dot.
pub fn service_address(hostname: &str) -> Option<Ipv4Addr> {
    let (region, service) = parse(hostname)?;
    public_service(&Region::new(region), service).map(|found| found.address)
}

fn parse(hostname: &str) -> Option<(&str, &str)> {
    if let Some(rest) = hostname.strip_suffix(".api.aws") {
        let labels: Vec<&str> = rest.split('.').collect();
        let (region, front) = labels.split_last()?;
        return is_region(region).then(|| service_of(front)).flatten().map(|service| (*region, service));
    }
    let rest = hostname.strip_suffix(".amazonaws.com")?;
    let labels: Vec<&str> = rest.split('.').collect();
    let (last, front) = labels.split_last()?;
    if is_region(last) {
        return service_of(front).map(|service| (*last, service));
    }
    // The old names of S3 join the region by a hyphen, those of SQS put it first.
    if let Some(region) = last.strip_prefix("s3-").filter(|word| is_region(word)) {
        return Some((region, "s3"));
    }
    match (front, *last) {
        ([], "queue") => Some((GLOBAL_REGION, "sqs")),
        ([region], "queue") if is_region(region) => Some((region, "sqs")),
        ([], service) => GLOBAL.contains(&service).then_some((GLOBAL_REGION, service)),
        (_, "s3") => Some((GLOBAL_REGION, "s3")),
        _ => None,
    }
}

/// The service named by the labels before the region.
fn service_of<'a>(front: &[&'a str]) -> Option<&'a str> {
    match front {
        [service] if !service.is_empty() => Some(service),
        // A bucket in front may hold dots.
        [.., "s3"] | [.., "s3", "dualstack"] => Some("s3"),
        [_account, "ddb"] => Some("dynamodb"),
        [_api, "execute-api"] => Some("execute-api"),
        ["api", "ecr"] => Some("ecr.api"),
        [_account, "dkr", "ecr"] => Some("ecr.dkr"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(hostname: &str, region: &str, service: &str) {
        let wanted = public_service(&Region::new(region), service).map(|s| s.address);
        assert!(wanted.is_some(), "{service}");
        assert_eq!(service_address(hostname), wanted, "{hostname}");
    }

    #[test]
    fn every_spelling_of_s3_leads_to_its_region() {
        for front in ["", "bucket.", "a.bucket.with.dots.", "s3."] {
            is(&format!("{front}s3.amazonaws.com"), "us-east-1", "s3");
            is(&format!("{front}s3.us-east-1.amazonaws.com"), "us-east-1", "s3");
            is(&format!("{front}s3.eu-west-1.amazonaws.com"), "eu-west-1", "s3");
            is(&format!("{front}s3.dualstack.eu-west-1.amazonaws.com"), "eu-west-1", "s3");
            is(&format!("{front}s3-eu-west-1.amazonaws.com"), "eu-west-1", "s3");
        }
    }

    #[test]
    fn services_answer_under_their_region_and_some_without() {
        for service in postern_model::public_services(&Region::new("us-west-2")) {
            if !service.name.contains('.') {
                is(&format!("{}.us-west-2.amazonaws.com", service.name), "us-west-2", service.name);
                is(&format!("{}.us-west-2.api.aws", service.name), "us-west-2", service.name);
            }
        }
        is("sts.amazonaws.com", "us-east-1", "sts");
        is("iam.amazonaws.com", "us-east-1", "iam");
        is("ec2.amazonaws.com", "us-east-1", "ec2");
        is("123456789012.ddb.us-east-1.amazonaws.com", "us-east-1", "dynamodb");
        is("abc123.execute-api.eu-west-1.amazonaws.com", "eu-west-1", "execute-api");
        is("api.ecr.us-east-1.amazonaws.com", "us-east-1", "ecr.api");
        is("123456789012.dkr.ecr.us-east-1.amazonaws.com", "us-east-1", "ecr.dkr");
        is("us-east-2.queue.amazonaws.com", "us-east-2", "sqs");
    }

    #[test]
    fn what_names_no_service_has_no_address() {
        for name in [
            "amazonaws.com",
            "us-east-1.amazonaws.com",
            "nothing.us-east-1.amazonaws.com",
            "s3.mars-1.amazonaws.com",
            "a.sts.us-east-1.amazonaws.com",
            "ssm.amazonaws.com",
            "s3.us-east-1.amazonaws.com.cn",
            ".us-east-1.amazonaws.com",
            "",
            "s3",
            "api.aws",
            "evil-amazonaws.com",
            "s3.us-east-1.amazonaws.com.evil.example",
            "a.queue.amazonaws.com",
        ] {
            assert_eq!(service_address(name), None, "{name}");
        }
    }
}
