//! Which keys a request has, by the way it came and by who sent it.

use super::*;
use crate::{Membership, Memberships, keys_of, keys_within};

const NETWORK: &[&str] = &[
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:sourcevpce",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:securetransport",
];

fn network(via: &Via, action: &str) -> Vec<String> {
    let user = user();
    let keys = keys_of(&ask(&user, via, action));
    NETWORK.iter().filter_map(|key| Some(format!("{key}={}", keys.get(*key)?.join(",")))).collect()
}

#[test]
fn keys_of_the_network() {
    assert_eq!(network(&host(), "s3:GetObject"), ["aws:sourceip=127.0.0.1", "aws:securetransport=true"]);
    let internet = Via::Internet { public: "::ffff:198.51.100.7".parse().unwrap() };
    assert_eq!(network(&internet, "s3:GetObject"), ["aws:sourceip=198.51.100.7", "aws:securetransport=true"]);
    let basic =
        ["aws:vpcsourceip=10.0.1.5", "aws:sourcevpce=vpce-000000000000000a1", "aws:sourcevpc=vpc-000000000000000b2"];
    let arn = "aws:sourcevpcarn=arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-000000000000000b2";
    let (owner, tls) = ("aws:vpceaccount=123456789012", "aws:securetransport=true");
    assert_eq!(network(&endpoint(), "s3:GetObject"), [&basic[..], &[arn, owner, tls]].concat());
    assert_eq!(network(&endpoint(), "dynamodb:GetItem"), [&basic[..], &[owner, tls]].concat());
    assert_eq!(network(&endpoint(), "sqs:SendMessage"), [&basic[..], &[tls]].concat());
    let on_behalf = Via::Service { principal: "cloudformation.amazonaws.com".into() };
    assert!(network(&on_behalf, "s3:GetObject").is_empty());
    let user = user();
    let keys = keys_of(&ask(&user, &on_behalf, "s3:GetObject"));
    assert_eq!(
        (&keys["aws:viaawsservice"][0], &keys["aws:calledviafirst"][0]),
        (&"true".to_owned(), &"cloudformation.amazonaws.com".to_owned())
    );
}

#[test]
fn no_service_and_no_credential_can_forge_the_network() {
    let mut caller = user();
    caller.keys.insert("aws:SourceVpce".into(), vec!["vpce-forged".into()]);
    let via = host();
    let mut question = ask(&caller, &via, "s3:GetObject");
    question.keys.insert("aws:sourcevpc".into(), vec!["vpc-forged".into()]);
    question.keys.insert("aws:sourceip".into(), vec!["192.0.2.1".into()]);
    let keys = keys_of(&question);
    assert!(!keys.contains_key("aws:sourcevpce") && !keys.contains_key("aws:sourcevpc"));
    assert_eq!(keys["aws:sourceip"], ["127.0.0.1"]);
}

#[test]
fn keys_of_the_principal() {
    let via = host();
    let one = |caller: &Caller, key: &str| keys_of(&ask(caller, &via, "s3:GetObject")).get(key).map(|v| v.join(","));
    for (caller, kind, arn, id, name) in [
        (user(), "User", Some("arn:aws:iam::123456789012:user/ann"), "AIDAEXAMPLEEXAMPLE01", Some("ann")),
        (session(), "AssumedRole", Some("arn:aws:iam::123456789012:role/web"), "AROAEXAMPLEEXAMPLE01:i-1", None),
        (root(), "Account", Some("arn:aws:iam::123456789012:root"), "123456789012", None),
        (Caller::anonymous(), "Anonymous", None, "anonymous", None),
    ] {
        assert_eq!(one(&caller, "aws:principaltype").as_deref(), Some(kind));
        assert_eq!(one(&caller, "aws:principalarn").as_deref(), arn);
        assert_eq!(one(&caller, "aws:userid").as_deref(), Some(id));
        assert_eq!(one(&caller, "aws:username").as_deref(), name);
    }
    assert_eq!(one(&Caller::anonymous(), "aws:principalaccount").as_deref(), Some("anonymous"));
    assert_eq!(one(&service(), "aws:principalisawsservice").as_deref(), Some("true"));
    assert_eq!(one(&service(), "aws:principalservicename").as_deref(), Some("sns.amazonaws.com"));
}

#[test]
fn keys_of_time_region_and_resource() {
    let (user, via) = (user(), host());
    let mut question = ask(&user, &via, "s3:GetObject");
    question.keys.insert("s3:Prefix".into(), vec!["a/".into()]);
    let keys = keys_of(&question);
    assert_eq!(keys["aws:currenttime"], ["2026-11-21T10:00:00Z"]);
    assert_eq!(keys["aws:epochtime"], ["1795255200"]);
    assert_eq!(keys["aws:requestedregion"], ["eu-central-1"]);
    assert_eq!(keys["aws:useragent"], ["aws-cli/2"]);
    assert_eq!(keys["aws:resourceaccount"], ["123456789012"]);
    assert_eq!(keys["s3:prefix"], ["a/"]);
    assert_eq!(keys_of(&ask(&user, &via, "iam:GetUser"))["aws:requestedregion"], ["us-east-1"]);
    assert!(!keys_of(&ask(&user, &via, "ec2:CreateVpcEndpoint")).contains_key("aws:resourceaccount"));
}

#[test]
fn keys_of_organizations() {
    let place = |organization: &str| {
        Some(Membership { organization: organization.into(), path: format!("{organization}/r-1/ou-1-a/") })
    };
    let memberships = Memberships {
        principal: place("o-principal"),
        resource: place("o-resource"),
        endpoint: place("o-endpoint"),
        source: place("o-source"),
    };
    let told = |caller: &Caller, via: &Via, action: &str| {
        let mut question = ask(caller, via, action);
        question.keys.insert("aws:vpceorgid".into(), vec!["o-forged".into()]);
        let keys = keys_within(&question, &memberships);
        let ids =
            ["principal", "resource", "vpce", "source"].map(|word| keys.get(&format!("aws:{word}orgid")).cloned());
        ids.into_iter().flatten().flatten().collect::<Vec<_>>()
    };
    let (user, service) = (user(), Caller::of(Principal::Service { name: "s3.amazonaws.com".into() }));
    assert_eq!(told(&user, &host(), "s3:GetObject"), ["o-principal", "o-resource"]);
    assert_eq!(told(&user, &endpoint(), "s3:GetObject"), ["o-principal", "o-resource", "o-endpoint"]);
    assert_eq!(told(&user, &endpoint(), "sqs:SendMessage"), ["o-principal", "o-resource"]);
    assert_eq!(told(&user, &host(), "ec2:CreateVpcEndpoint"), ["o-principal"]);
    assert_eq!(told(&Caller::anonymous(), &host(), "s3:GetObject"), ["o-resource"]);
    assert_eq!(told(&service, &host(), "sqs:SendMessage"), ["o-resource", "o-source"]);
    let (via, keys) = (host(), |ask: &Ask<'_>| keys_within(ask, &memberships));
    assert_eq!(keys(&ask(&user, &via, "s3:GetObject"))["aws:principalorgpaths"], ["o-principal/r-1/ou-1-a/"]);
}
