//! One request and its reply, pure. Rules: EC2 guide, "Use the instance metadata service".

use crate::tree::{self, Found};
use crate::{InstanceFacts, Tokens};

/// A request, as far as it counts.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// `GET`, `HEAD`, `PUT`.
    pub method: &'a str,
    /// Path without query, as sent.
    pub path: &'a str,
    /// `X-aws-ec2-metadata-token`.
    pub token: Option<&'a str>,
    /// `X-aws-ec2-metadata-token-ttl-seconds`.
    pub ttl: Option<&'a str>,
    /// Whether `X-Forwarded-For` is there: a proxy stands between.
    pub forwarded: bool,
}

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 200 with this body.
    Text(String),
    Bytes(Vec<u8>),
    /// 200 with the fresh token, its time in seconds in a header, and this many hops at most on the way back.
    Token { token: String, seconds: u32, hop_limit: u8 },
    /// The credentials of the role: to be fetched, then 200 or 404.
    Credentials,
    /// 400, 401, 403, 404 or 405 with AWS's page.
    Error(u16),
}

/// Version names that clients walk through.
const VERSIONS: &[&str] = &[
    "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04",
    "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19", "2016-06-30",
    "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03", "2021-03-23",
    "2021-07-15", "2022-09-24", "2024-04-11", "latest",
];

/// The longest time of a token, in seconds.
const TTL_MAX: u32 = 21_600;

/// Answers. `fresh` is a token nobody can guess, used if one is asked for; `now` is in Unix seconds.
pub fn answer(ask: Ask<'_>, facts: &InstanceFacts, tokens: &mut Tokens, fresh: String, now: i64) -> Reply {
    if !facts.enabled {
        return Reply::Error(403);
    }
    let path = ask.path.trim_start_matches('/');
    match ask.method {
        "PUT" if path == "latest/api/token" => give_token(ask, facts, tokens, fresh, now),
        "PUT" => Reply::Error(403),
        "GET" | "HEAD" => match may_read(ask, facts, tokens, now) {
            Ok(()) => read(path, facts),
            Err(status) => Reply::Error(status),
        },
        _ => Reply::Error(405),
    }
}

fn give_token(ask: Ask<'_>, facts: &InstanceFacts, tokens: &mut Tokens, fresh: String, now: i64) -> Reply {
    if ask.forwarded {
        return Reply::Error(403);
    }
    match ask.ttl.and_then(|ttl| ttl.trim().parse::<u32>().ok()) {
        Some(seconds) if (1..=TTL_MAX).contains(&seconds) => {
            tokens.keep(facts.instance, fresh.clone(), now + i64::from(seconds), now);
            Reply::Token { token: fresh, seconds, hop_limit: facts.hop_limit }
        }
        _ => Reply::Error(400),
    }
}

fn may_read(ask: Ask<'_>, facts: &InstanceFacts, tokens: &Tokens, now: i64) -> Result<(), u16> {
    match ask.token {
        Some(token) if tokens.is_good(facts.instance, token, now) => Ok(()),
        Some(_) => Err(401),
        None if facts.tokens_required => Err(401),
        None => Ok(()),
    }
}

fn read(path: &str, facts: &InstanceFacts) -> Reply {
    if path.is_empty() {
        return Reply::Text(VERSIONS.join("\n"));
    }
    let (version, rest) = path.split_once('/').unwrap_or((path, ""));
    if !VERSIONS.contains(&version) {
        return Reply::Error(404);
    }
    let (top, below) = rest.split_once('/').unwrap_or((rest, ""));
    match top {
        "" => {
            let user_data = facts.user_data.as_ref().map(|_| "user-data");
            Reply::Text(["dynamic", "meta-data"].into_iter().chain(user_data).collect::<Vec<_>>().join("\n"))
        }
        "user-data" if below.is_empty() => match &facts.user_data {
            Some(data) => Reply::Bytes(data.clone()),
            None => Reply::Error(404),
        },
        "dynamic" => found(tree::find(&tree::dynamic(facts), below)),
        "meta-data" => meta_data(below, facts),
        _ => Reply::Error(404),
    }
}

/// Keys are listed by number and name, and a profile's role by its name; the rest is a plain tree.
fn meta_data(path: &str, facts: &InstanceFacts) -> Reply {
    let role = facts.profile.as_ref().and_then(|profile| profile.role.as_deref());
    match (path.trim_end_matches('/'), role, &facts.key) {
        ("public-keys", _, Some((name, _))) => Reply::Text(format!("0={name}")),
        ("public-keys/0", _, Some(_)) => Reply::Text("openssh-key".to_owned()),
        ("iam/security-credentials", Some(role), _) => Reply::Text(role.to_owned()),
        ("iam", Some(_), _) => Reply::Text("info\nsecurity-credentials/".to_owned()),
        (path, Some(role), _) if path.strip_prefix("iam/security-credentials/") == Some(role) => Reply::Credentials,
        (path, _, _) => found(tree::find(&tree::meta_data(facts), path)),
    }
}

fn found(found: Found) -> Reply {
    match found {
        Found::Leaf(text) | Found::Listing(text) => Reply::Text(text),
        Found::Nothing => Reply::Error(404),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Interface, Profile};
    use postern_names::*;
    use std::net::Ipv4Addr;

    fn facts() -> InstanceFacts {
        InstanceFacts {
            instance: InstanceId::from_bits(0x1a),
            image: ImageId::short(1),
            instance_type: "t3.micro".into(),
            launch_index: 0,
            reservation: ReservationId::from_bits(2),
            account: AccountId::DEFAULT,
            region: Region::new("us-east-1"),
            zone: AvailabilityZone::new("us-east-1b"),
            architecture: "x86_64".into(),
            launched: "2026-11-21T10:00:00Z".into(),
            hostname: "ip-10-0-1-5.ec2.internal".into(),
            public_hostname: None,
            key: Some(("mine".into(), "ssh-ed25519 AAAA mine".into())),
            user_data: Some(b"#!/bin/sh\n".to_vec()),
            profile: Some(Profile { arn: "arn:p".into(), id: "AIPA".into(), role: Some("app".into()) }),
            interfaces: vec![Interface {
                id: NetworkInterfaceId::from_bits(3),
                device: 0,
                mac: "0a:00:00:00:00:01".into(),
                addresses: vec![(Ipv4Addr::new(10, 0, 1, 5), Some(Ipv4Addr::new(3, 4, 5, 6)))],
                groups: vec![(SecurityGroupId::from_bits(4), "web".into())],
                subnet: SubnetId::from_bits(5),
                subnet_cidr: "10.0.1.0/24".parse().unwrap(),
                vpc: VpcId::from_bits(6),
                vpc_cidrs: vec!["10.0.0.0/16".parse().unwrap()],
            }],
            tags: None,
            tokens_required: false,
            hop_limit: 1,
            enabled: true,
        }
    }

    fn get<'a>(path: &'a str, token: Option<&'a str>) -> Ask<'a> {
        Ask { method: "GET", path, token, ttl: None, forwarded: false }
    }

    fn read(facts: &InstanceFacts, path: &str) -> Reply {
        answer(get(path, None), facts, &mut Tokens::default(), String::new(), 0)
    }

    fn text(path: &str) -> String {
        match read(&facts(), path) {
            Reply::Text(text) => text,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn leaves_and_listings() {
        assert_eq!(text("/latest/meta-data/instance-id"), "i-0000000000000001a");
        assert_eq!(text("/2021-03-23/meta-data/placement/availability-zone-id"), "use1-az2");
        assert_eq!(text("/latest/meta-data/placement/"), "availability-zone\navailability-zone-id\nregion");
        assert_eq!(text("/latest/meta-data/network/interfaces/macs/"), "0a:00:00:00:00:01/");
        assert_eq!(text("/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:01/ipv4-associations/3.4.5.6"), "10.0.1.5");
        assert_eq!(text("/latest/meta-data/public-keys/"), "0=mine");
        assert_eq!(text("/latest/meta-data/public-keys/0/openssh-key"), "ssh-ed25519 AAAA mine\n");
        assert_eq!(text("/latest/meta-data/iam/security-credentials/"), "app");
        assert_eq!(text("/latest/"), "dynamic\nmeta-data\nuser-data");
        assert!(text("/latest/meta-data").lines().any(|line| line == "network/"));
        assert!(text("/latest/dynamic/instance-identity/document").contains("\"region\": \"us-east-1\""));
        assert_eq!(read(&facts(), "/latest/meta-data/iam/security-credentials/app"), Reply::Credentials);
        assert_eq!(read(&facts(), "/latest/user-data"), Reply::Bytes(b"#!/bin/sh\n".to_vec()));
    }

    #[test]
    fn what_is_not_there() {
        let mut bare = facts();
        (bare.profile, bare.user_data, bare.key) = (None, None, None);
        for path in [
            "/latest/meta-data/iam/security-credentials/",
            "/latest/meta-data/iam/info",
            "/latest/user-data",
            "/latest/meta-data/public-keys/",
            "/latest/meta-data/nonsense",
            "/1999-01-01/meta-data",
            "/latest/meta-data/tags/instance/Name",
        ] {
            assert_eq!(read(&bare, path), Reply::Error(404), "{path}");
        }
        assert_eq!(read(&facts(), "/latest/meta-data/iam/security-credentials/other"), Reply::Error(404));
    }

    #[test]
    fn tokens() {
        let (mut required, mut tokens) = (facts(), Tokens::default());
        required.tokens_required = true;
        let put = |ttl, forwarded| Ask { method: "PUT", path: "/latest/api/token", token: None, ttl, forwarded };
        let mut ask = |ask, now| answer(ask, &required, &mut tokens, "secret".to_owned(), now);
        let path = "/latest/meta-data/instance-id";
        assert_eq!(ask(get(path, None), 0), Reply::Error(401));
        assert_eq!(ask(put(None, false), 0), Reply::Error(400));
        assert_eq!(ask(put(Some("0"), false), 0), Reply::Error(400));
        assert_eq!(ask(put(Some("21601"), false), 0), Reply::Error(400));
        assert_eq!(ask(put(Some("60"), true), 0), Reply::Error(403));
        assert_eq!(ask(put(Some("60"), false), 0), Reply::Token { token: "secret".into(), seconds: 60, hop_limit: 1 });
        assert!(matches!(ask(get(path, Some("secret")), 59), Reply::Text(_)));
        assert_eq!(ask(get(path, Some("secret")), 60), Reply::Error(401));
        assert_eq!(ask(get(path, Some("guess!")), 1), Reply::Error(401));
        let mut other = facts();
        other.instance = InstanceId::from_bits(99);
        assert_eq!(answer(get(path, Some("secret")), &other, &mut tokens, String::new(), 1), Reply::Error(401));
    }

    #[test]
    fn a_disabled_endpoint_says_nothing() {
        let mut off = facts();
        off.enabled = false;
        assert_eq!(read(&off, "/latest/meta-data/"), Reply::Error(403));
    }
}
