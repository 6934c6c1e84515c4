//! The pure part: paths, tokens, refusals.

use postern_metadata::{InstanceFacts, Reply, Request, Tokens, answer};
use postern_names::InstanceId;

use crate::specimen::{MAC, credentials, instance};

const NOW: i64 = 1_800_000_000;

fn tokens() -> Tokens {
    Tokens::new([7; 64])
}

fn ask(facts: &InstanceFacts, request: &Request<'_>, now: i64) -> Reply {
    answer(request, facts, &|| Some(credentials()), &tokens(), now)
}

fn get(facts: &InstanceFacts, path: &str) -> (u16, String) {
    let reply = ask(facts, &Request { method: "GET", path, ..Request::default() }, NOW);
    (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
}

fn put_token(facts: &InstanceFacts, ttl: &str) -> Reply {
    let request = Request { method: "PUT", path: "/latest/api/token", ttl_seconds: Some(ttl), ..Request::default() };
    ask(facts, &request, NOW)
}

#[test]
fn listings_show_directories_with_a_slash() {
    let facts = instance();
    let wanted = "ami-id\nami-launch-index\nami-manifest-path\nblock-device-mapping/\nevents/\nhostname\niam/\n\
                  instance-action\ninstance-id\ninstance-life-cycle\ninstance-type\nipv6\nlocal-hostname\nlocal-ipv4\nmac\n\
                  network/\nplacement/\nprofile\npublic-hostname\npublic-ipv4\npublic-keys/\nreservation-id\n\
                  security-groups\nservices/";
    assert_eq!(get(&facts, "/latest/meta-data/"), (200, wanted.to_owned()));
    assert_eq!(get(&facts, "/latest/meta-data"), get(&facts, "/latest/meta-data/"));
    assert_eq!(get(&facts, "/latest/"), (200, "dynamic\nmeta-data\nuser-data".to_owned()));
    assert!(get(&facts, "/").1.starts_with("1.0\n2007-01-19\n") && get(&facts, "/").1.ends_with("\nlatest"));
    assert_eq!(get(&facts, "/latest/meta-data/network/interfaces/macs/"), (200, format!("{MAC}/")));
    assert_eq!(get(&facts, "/latest/meta-data/public-keys/"), (200, "0=my-key".to_owned()));
    assert_eq!(get(&facts, "/latest/meta-data/public-keys/0/"), (200, "openssh-key".to_owned()));
    assert_eq!(get(&facts, "/latest/meta-data/iam/security-credentials/"), (200, "web-role".to_owned()));
}

#[test]
fn leaves_have_their_values_in_every_version() {
    let facts = instance();
    for (path, value) in [
        ("instance-id", "i-00000000000000abc"),
        ("ami-id", "ami-0123456789abcdef0"),
        ("instance-type", "t3.micro"),
        ("local-hostname", "ip-10-0-1-5.ec2.internal"),
        ("local-ipv4", "10.0.1.5"),
        ("public-ipv4", "3.80.0.9"),
        ("mac", MAC),
        ("security-groups", "web\nssh"),
        ("placement/availability-zone", "us-east-1a"),
        ("placement/availability-zone-id", "use1-az1"),
        ("placement/region", "us-east-1"),
        ("services/domain", "amazonaws.com"),
        ("public-keys/0/openssh-key", "ssh-ed25519 AAAA my-key"),
        ("network/interfaces/macs/0e:49:61:0f:c3:11/local-ipv4s", "10.0.1.5\n10.0.1.6"),
        ("network/interfaces/macs/0e:49:61:0f:c3:11/vpc-ipv4-cidr-blocks", "10.0.0.0/16\n10.1.0.0/16"),
        ("network/interfaces/macs/0e:49:61:0f:c3:11/subnet-ipv4-cidr-block", "10.0.1.0/24"),
        ("network/interfaces/macs/0e:49:61:0f:c3:11/ipv4-associations/3.80.0.9", "10.0.1.5"),
        ("network/interfaces/macs/0e%3A49:61:0f:c3:11/device-number", "0"),
        ("network/interfaces/macs/0e:49:61:0f:c3:11/security-group-ids", "sg-00000000000000001\nsg-00000000000000002"),
    ] {
        for version in ["latest", "2009-04-04", "2021-03-23", "1.0"] {
            assert_eq!(get(&facts, &format!("/{version}/meta-data/{path}")), (200, value.to_owned()), "{path}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let facts = instance();
    for path in [
        "/latest/meta-data/nothing",
        "/latest/meta-data/instance-id/below",
        "/1999-01-01/meta-data/",
        "/latest/meta-data/iam/security-credentials/other-role",
        "/latest/meta-data/tags/instance/",
        "/latest/meta-data/../user-data",
        "/favicon.ico",
    ] {
        let (status, body) = get(&facts, path);
        assert_eq!(status, 404, "{path}");
        assert!(body.contains("<h1>404 - Not Found</h1>"), "{body}");
    }
    assert_eq!(get(&facts, "/latest/%ff").0, 400);
    let bare = InstanceFacts { user_data: None, profile: None, key: None, interfaces: Vec::new(), ..instance() };
    for path in ["user-data", "meta-data/iam/", "meta-data/public-keys/", "meta-data/local-ipv4"] {
        assert_eq!(get(&bare, &format!("/latest/{path}")).0, 404, "{path}");
    }
}

#[test]
fn user_data_comes_back_byte_for_byte() {
    let reply = ask(&instance(), &Request { method: "GET", path: "/latest/user-data", ..Request::default() }, NOW);
    assert_eq!((reply.status, reply.content_type), (200, "application/octet-stream"));
    assert_eq!(reply.body, b"#!/bin/sh\n\xff");
}

#[test]
fn the_role_s_credentials_are_a_document() {
    let facts = instance();
    let path = "/latest/meta-data/iam/security-credentials/web-role";
    let document: serde_json::Value = serde_json::from_str(&get(&facts, path).1).expect("json");
    assert_eq!(
        document,
        serde_json::json!({
            "Code": "Success", "LastUpdated": "2026-11-21T10:00:00Z", "Type": "AWS-HMAC", "AccessKeyId": "ASIAEXAMPLE",
            "SecretAccessKey": "secret", "Token": "session", "Expiration": "2026-11-21T16:00:00Z"
        })
    );
    let request = Request { method: "GET", path, ..Request::default() };
    let reply = answer(&request, &facts, &|| None, &tokens(), NOW);
    let document: serde_json::Value = serde_json::from_slice(&reply.body).expect("json");
    assert_eq!(document["Code"], "AssumeRoleUnauthorizedAccess");
    assert!(document["Message"].as_str().is_some_and(|m| m.contains("web-role")));
    let info: serde_json::Value = serde_json::from_str(&get(&facts, "/latest/meta-data/iam/info").1).expect("json");
    assert_eq!(info["InstanceProfileArn"], "arn:aws:iam::123456789012:instance-profile/web");
}

#[test]
fn the_identity_document_says_where_and_what() {
    let (status, text) = get(&instance(), "/latest/dynamic/instance-identity/document");
    assert_eq!(status, 200);
    assert!(text.starts_with("{\n  \"accountId\" : \"123456789012\",\n"), "{text}");
    let document: serde_json::Value = serde_json::from_str(&text).expect("json");
    assert_eq!(document["region"], "us-east-1");
    assert_eq!(document["privateIp"], "10.0.1.5");
    assert_eq!(document["pendingTime"], "2026-11-21T10:00:00Z");
    assert_eq!(document["instanceId"], "i-00000000000000abc");
}

#[test]
fn tags_are_shown_when_asked_for() {
    let mut facts = instance();
    facts.options.tags = true;
    assert_eq!(get(&facts, "/latest/meta-data/tags/instance/"), (200, "Name\nwith space".to_owned()));
    assert_eq!(get(&facts, "/latest/meta-data/tags/instance/Name"), (200, "web 1".to_owned()));
    assert_eq!(get(&facts, "/latest/meta-data/tags/instance/with%20space"), (200, "x".to_owned()));
}

#[test]
fn a_token_is_given_for_a_time_to_live_that_is_allowed() {
    let facts = instance();
    for ttl in ["1", "60", "21600", " 300 "] {
        let reply = put_token(&facts, ttl);
        assert_eq!((reply.status, reply.token_ttl_seconds), (200, ttl.trim().parse().ok()), "{ttl}");
        assert_eq!(reply.hop_limit, Some(1));
    }
    for ttl in ["0", "21601", "-1", "", "six", "99999999999999999999"] {
        assert_eq!(put_token(&facts, ttl).status, 400, "{ttl}");
    }
    let without = Request { method: "PUT", path: "/latest/api/token", ..Request::default() };
    assert_eq!(ask(&facts, &without, NOW).status, 400);
    let proxied = Request { ttl_seconds: Some("60"), forwarded: true, ..without };
    assert_eq!(ask(&facts, &proxied, NOW).status, 403);
    assert_eq!(get(&facts, "/latest/api/token").0, 405);
    let post = Request { method: "POST", path: "/latest/meta-data/", ..Request::default() };
    assert_eq!(ask(&facts, &post, NOW).status, 405);
}

#[test]
fn a_token_is_good_for_its_instance_until_it_expires() {
    let facts = instance();
    let token = String::from_utf8(put_token(&facts, "60").body).expect("text");
    let with = |token: &str, facts: &InstanceFacts, now: i64| {
        let path = "/latest/meta-data/instance-id";
        ask(facts, &Request { method: "GET", path, token: Some(token), ..Request::default() }, now)
    };
    let reply = with(&token, &facts, NOW + 20);
    assert_eq!((reply.status, reply.token_ttl_seconds), (200, Some(40)));
    assert_eq!(with(&token, &facts, NOW + 59).status, 200);
    assert_eq!(with(&token, &facts, NOW + 60).status, 401);
    let other = InstanceFacts { id: InstanceId::from_bits(0xdef), ..instance() };
    assert_eq!(with(&token, &other, NOW).status, 401);
    for wrong in ["", "AAAA", &token[1..], &format!("{token}A"), "not base64!"] {
        assert_eq!(with(wrong, &facts, NOW).status, 401, "{wrong}");
    }
    let stranger = Tokens::new([8; 64]);
    let request = Request { method: "GET", path: "/latest/meta-data/", token: Some(&token), ..Request::default() };
    assert_eq!(answer(&request, &facts, &|| None, &stranger, NOW).status, 401);
}

#[test]
fn version_one_can_be_refused_and_the_service_turned_off() {
    let mut facts = instance();
    facts.options.tokens_required = true;
    assert_eq!(get(&facts, "/latest/meta-data/instance-id").0, 401);
    assert_eq!(get(&facts, "/").0, 401);
    let token = String::from_utf8(put_token(&facts, "60").body).expect("text");
    let request =
        Request { method: "HEAD", path: "/latest/meta-data/instance-id", token: Some(&token), ..Request::default() };
    assert_eq!(ask(&facts, &request, NOW).status, 200);
    facts.options.hop_limit = 2;
    assert_eq!(put_token(&facts, "60").hop_limit, Some(2));
    facts.options.enabled = false;
    assert_eq!(get(&facts, "/latest/meta-data/").0, 403);
    assert_eq!(put_token(&facts, "60").status, 403);
}
