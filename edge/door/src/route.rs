//! Which service and region a name means.

use postern_names::Region;

/// A service's host name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostName {
    /// The name in hosts: `s3`, `sts`, `monitoring`.
    pub service: String,
    /// `None`: a global name (`sts.amazonaws.com`, `s3.amazonaws.com`), which means us-east-1.
    pub region: Option<Region>,
}

/// Reads `sts.us-east-1.amazonaws.com`, `iam.amazonaws.com`, `s3.dualstack.us-east-1.amazonaws.com`,
/// `bucket.with.dots.s3.us-east-1.amazonaws.com`, `ec2.us-east-1.api.aws`, and an endpoint's own names
/// (`vpce-0...-abcd1234-us-east-1a.sts.us-east-1.vpce.amazonaws.com`). `None`: no AWS name.
pub(crate) fn read_host(host: &str) -> Option<HostName> {
    let host = host.rsplit_once(':').map_or(
        host,
        |(name, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
        },
    );
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let front = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".api.aws"))?;
    let mut labels: Vec<&str> = front.split('.').collect();
    if labels.last() == Some(&"vpce") {
        labels.pop();
        // What stands before the endpoint's label is the client's own: a bucket.
        let own = labels.iter().rposition(|label| label.starts_with("vpce-"))?;
        labels.drain(..=own);
        let region = Region::new(labels.pop().filter(|label| is_region(label))?);
        return Some(HostName { service: labels.join("."), region: Some(region) });
    }
    // The old names of SQS put the region first.
    if labels.last() == Some(&"queue") && labels.len() <= 2 {
        let region = labels.first().filter(|label| is_region(label)).map(|label| Region::new(label));
        return (region.is_some() || labels.len() == 1).then(|| HostName { service: "sqs".to_owned(), region });
    }
    let region = match labels.last() {
        Some(last) if is_region(last) => {
            let region = Region::new(last);
            labels.pop();
            Some(region)
        }
        _ => None,
    };
    if labels.last() == Some(&"dualstack") {
        labels.pop();
    }
    // Whatever stands before `s3` is a bucket; elsewhere it is part of the service's name (`api.ecr`).
    let service = match labels.last() {
        Some(&"s3") => "s3".to_owned(),
        // What stands before `execute-api` is an API.
        Some(&"execute-api") => "execute-api".to_owned(),
        // What stands before these is an account.
        Some(&"ecr") if labels.ends_with(&["dkr", "ecr"]) => "dkr.ecr".to_owned(),
        Some(&"ddb") => "dynamodb".to_owned(),
        Some(_) => labels.join("."),
        None => return None,
    };
    Some(HostName { service, region })
}

/// Whether `asked` is a name of this service in this region.
pub fn is_name_of(asked: &str, service: &str, region: &Region) -> bool {
    let global = || Region::new("us-east-1");
    read_host(asked).is_some_and(|host| {
        reversed(&host.service) == reversed(service) && host.region.unwrap_or_else(global) == *region
    })
}

/// `api.ecr` and `ecr.api` are one service: hosts reverse the labels of the endpoint service's name.
fn reversed(name: &str) -> Vec<&str> {
    let mut labels: Vec<&str> = name.split('.').collect();
    labels.sort_unstable();
    labels
}

fn is_region(label: &str) -> bool {
    let mut parts = label.rsplit('-');
    parts.next().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        && label.matches('-').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(host: &str) -> Option<(String, Option<String>)> {
        read_host(host).map(|h| (h.service, h.region.map(|r| r.to_string())))
    }

    #[test]
    fn hosts() {
        let east = || Some("us-east-1".to_owned());
        assert_eq!(read("s3.us-east-1.amazonaws.com"), Some(("s3".into(), east())));
        assert_eq!(read("my.bucket.s3.us-east-1.amazonaws.com:443"), Some(("s3".into(), east())));
        assert_eq!(read("s3.dualstack.us-east-1.amazonaws.com"), Some(("s3".into(), east())));
        assert_eq!(read("b.s3.amazonaws.com"), Some(("s3".into(), None)));
        assert_eq!(read("STS.amazonaws.com."), Some(("sts".into(), None)));
        assert_eq!(read("api.ecr.us-east-1.amazonaws.com"), Some(("api.ecr".into(), east())));
        assert_eq!(read("123456789012.dkr.ecr.us-east-1.amazonaws.com"), Some(("dkr.ecr".into(), east())));
        assert_eq!(read("a1b2c3.execute-api.us-east-1.amazonaws.com"), Some(("execute-api".into(), east())));
        assert_eq!(read("ec2.us-east-1.api.aws"), Some(("ec2".into(), east())));
        let endpoint = "vpce-0a1b2c3d4e5f60718-abcd1234";
        let read_own = |name: String| read(&format!("{name}.us-east-1.vpce.amazonaws.com"));
        assert_eq!(read_own(format!("{endpoint}.sts")), Some(("sts".into(), east())));
        assert_eq!(read_own(format!("{endpoint}-us-east-1a.api.ecr")), Some(("api.ecr".into(), east())));
        assert_eq!(read_own(format!("my.bucket.bucket.{endpoint}.s3")), Some(("s3".into(), east())));
        assert_eq!(read_own("sts".to_owned()), None);
        assert_eq!(read("queue.amazonaws.com"), Some(("sqs".into(), None)));
        assert_eq!(read("eu-west-1.queue.amazonaws.com"), Some(("sqs".into(), Some("eu-west-1".into()))));
        assert_eq!(read("a.queue.amazonaws.com"), None);
        assert_eq!(read("vpce.amazonaws.com"), None);
        assert_eq!(read("123456789012.ddb.us-east-1.amazonaws.com"), Some(("dynamodb".into(), east())));
        assert_eq!(read("127.0.0.1:4566"), None);
        assert_eq!(read("example.com"), None);
    }

    #[test]
    fn a_name_belongs_to_one_service_and_region() {
        let east = Region::new("us-east-1");
        assert!(is_name_of("b.s3.amazonaws.com", "s3", &east));
        assert!(is_name_of("api.ecr.us-east-1.amazonaws.com", "ecr.api", &east));
        assert!(is_name_of("vpce-0-a.iam.us-east-1.vpce.amazonaws.com", "iam", &east));
        assert!(!is_name_of("vpce-0-a.sts.us-east-1.vpce.amazonaws.com", "iam", &east));
        assert!(!is_name_of("sts.us-east-1.amazonaws.com", "s3", &east));
        assert!(!is_name_of("s3.eu-west-1.amazonaws.com", "s3", &east));
    }
}
