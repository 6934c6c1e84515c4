//! Which bucket and which region a `Host` header names.

use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// Path style and virtual-hosted style of every name under which S3 is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Named<'a> {
    pub bucket: Option<&'a str>,
    pub region: Option<&'a str>,
}

/// Reads a host header. A name that is none of ours is path style without a region, so that any alias of the
/// machine works.
pub(crate) fn read(host: &str) -> Named<'_> {
    let host = match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host == "localhost" {
        return Named::default();
    }
    if let Some(bucket) = strip_suffix_any_case(host, ".localhost") {
        return Named { bucket: Some(bucket), region: None };
    }
    let Some(front) = strip_suffix_any_case(host, ".amazonaws.com") else { return Named::default() };
    match strip_suffix_any_case(front, ".vpce") {
        Some(front) => of_endpoint(front),
        None => of_public(front),
    }
}

/// `[bucket.]s3[.dualstack][.region]`, also the old `s3-region`. The last label `s3` counts, since a bucket's name may
/// have one too.
fn of_public(front: &str) -> Named<'_> {
    let labels: Vec<(usize, &str)> = labels(front);
    let Some(at) = labels.iter().rposition(|(_, l)| *l == "s3" || is_old_regional(l)) else { return Named::default() };
    let (start, label) = labels[at];
    let bucket = start.checked_sub(1).and_then(|end| front.get(..end)).filter(|b| !b.is_empty());
    let rest: Vec<&str> = labels[at + 1..].iter().map(|(_, l)| *l).filter(|l| *l != "dualstack").collect();
    let region = rest.first().copied().or_else(|| label.strip_prefix("s3-").filter(|r| *r != "external-1"));
    Named { bucket, region }
}

/// What stands before the endpoint's own name `vpce-id-suffix[-zone].s3.region`: the word `bucket` alone is path style,
/// `<name>.bucket` and a bare `<name>` are virtual-hosted style.
fn of_endpoint(front: &str) -> Named<'_> {
    let labels = labels(front);
    let Some(at) = labels.iter().rposition(|(_, l)| l.starts_with("vpce-")) else { return Named::default() };
    let region = labels.get(at + 2).map(|(_, l)| *l);
    let (start, _) = labels[at];
    let before = start.checked_sub(1).and_then(|end| front.get(..end)).filter(|b| !b.is_empty());
    let bucket = before.filter(|b| *b != "bucket").map(|b| b.strip_suffix(".bucket").unwrap_or(b));
    Named { bucket, region }
}

fn is_old_regional(label: &str) -> bool {
    label.strip_prefix("s3-").is_some_and(|r| r == "external-1" || r.split('-').count() >= 3)
}

/// The labels with the byte at which each begins.
fn labels(front: &str) -> Vec<(usize, &str)> {
    let mut start = 0;
    front
        .split('.')
        .map(|label| {
            let here = start;
            start += label.len() + 1;
            (here, label)
        })
        .collect()
}

fn strip_suffix_any_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    let (front, back) = (text.get(..at)?, text.get(at..)?);
    back.eq_ignore_ascii_case(suffix).then_some(front)
}

/// The reader in `s3s`'s form.
pub(crate) struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let named = read(host);
        let mut answer = VirtualHost::new(host);
        if let Some(bucket) = named.bucket {
            answer = answer.with_bucket(bucket.to_ascii_lowercase());
        }
        if let Some(region) = named.region {
            answer = answer.with_region(region);
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(host: &str) -> (Option<&str>, Option<&str>) {
        let named = read(host);
        (named.bucket, named.region)
    }

    #[test]
    fn every_form_of_the_name_is_read() {
        assert_eq!(named("s3.amazonaws.com"), (None, None));
        assert_eq!(named("s3.us-east-1.amazonaws.com:443"), (None, Some("us-east-1")));
        assert_eq!(named("s3.dualstack.eu-west-1.amazonaws.com"), (None, Some("eu-west-1")));
        assert_eq!(named("logs.s3.amazonaws.com"), (Some("logs"), None));
        assert_eq!(named("my.dotted.logs.s3.us-west-2.amazonaws.com"), (Some("my.dotted.logs"), Some("us-west-2")));
        assert_eq!(named("logs.s3.dualstack.us-west-2.amazonaws.com"), (Some("logs"), Some("us-west-2")));
        assert_eq!(named("a.s3.b.s3.us-west-2.amazonaws.com"), (Some("a.s3.b"), Some("us-west-2")));
        assert_eq!(named("s3-eu-west-1.amazonaws.com"), (None, Some("eu-west-1")));
        assert_eq!(named("s3-logs.s3.eu-west-1.amazonaws.com"), (Some("s3-logs"), Some("eu-west-1")));
    }

    #[test]
    fn an_interface_endpoint_has_its_own_names() {
        let host = "bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com";
        assert_eq!(named(host), (None, Some("us-east-1")));
        let host = "logs.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com";
        assert_eq!(named(host), (Some("logs"), Some("us-east-1")));
        let host = "vpce-1a2b3c4d-5e6f-us-east-1a.s3.us-east-1.vpce.amazonaws.com";
        assert_eq!(named(host), (None, Some("us-east-1")));
    }

    #[test]
    fn the_machine_itself_is_path_style() {
        assert_eq!(named("localhost:4566"), (None, None));
        assert_eq!(named("logs.localhost:4566"), (Some("logs"), None));
        assert_eq!(named("lab.example.org"), (None, None));
        assert_eq!(named(""), (None, None));
        assert_eq!(named(".s3.amazonaws.com"), (None, None));
    }
}
