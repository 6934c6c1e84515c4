//! Policies after the examples that AWS publishes for endpoints, buckets behind them and data perimeters. Each file of
//! `tests/examples` has a policy, its kind, requests that it admits and requests that it refuses.
//!
//! Every other policy that takes part allows everything, so that the example alone decides.

use postern_call::{Caller, Principal};
use postern_names::{AccountId, Via, VpcEndpointId, VpcId};
use postern_policy::lint::{FindingKind, LintKind, lint};
use postern_policy::{Ask, Attached, Decision, Document, PolicyKind, PolicySet, decide};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use time::OffsetDateTime;

const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

#[test]
fn every_example_admits_and_refuses_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "{} examples", files.len());
    for file in files {
        let example: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for (member, wanted) in [("admitted", true), ("refused", false)] {
            let requests = example[member].as_array().unwrap();
            assert!(!requests.is_empty(), "{name} has no request that is {member}");
            for request in requests {
                let decision = judged(&example, request);
                let found = matches!(decision, Decision::Allow { .. });
                assert_eq!(found, wanted, "{name}: {request} is not {member}: {decision:?}");
            }
        }
        linted(&name, &example);
    }
}

/// An example that the linter calls wrong is none; two show on purpose what the linter warns of.
fn linted(name: &str, example: &Value) {
    let kind = match example["kind"].as_str().unwrap() {
        "identity" => LintKind::Identity,
        "resource" => LintKind::Resource,
        "endpoint" => LintKind::Endpoint,
        "scp" => LintKind::ServiceControl,
        // The Allow stands for RCPFullAWSAccess, which AWS attaches by itself.
        "rcp" => return,
        "trust" => LintKind::Trust,
        other => panic!("{other} is no kind"),
    };
    let findings = lint(&example["policy"].to_string(), kind);
    let errors: Vec<_> = findings.iter().filter(|finding| finding.kind == FindingKind::Error).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

fn judged(example: &Value, request: &Value) -> Decision {
    let text = |name: &str| request[name].as_str();
    let caller = caller(text("caller").unwrap());
    let (via, secure) = way(text("via").unwrap());
    let owner = text("owner").map_or(AccountId::DEFAULT, |account| account.parse().unwrap());
    let keys = request["keys"].as_object().into_iter().flatten();
    let keys: BTreeMap<String, Vec<String>> =
        keys.map(|(key, values)| (key.clone(), serde_json::from_value(values.clone()).unwrap())).collect();
    let ask = Ask {
        caller: &caller,
        via: &via,
        action: text("action").unwrap(),
        resource: text("resource").unwrap(),
        resource_account: Some(owner),
        resource_policy: None,
        keys,
        region: "eu-central-1",
        secure,
        user_agent: None,
        now: OffsetDateTime::from_unix_timestamp(1_795_255_200).unwrap(),
        request_id: None,
    };
    decide(&ask, &policies(example, &caller))
}

fn policies(example: &Value, caller: &Caller) -> PolicySet {
    let own = example["policy"].to_string();
    let attach = |kind, text: &str| Attached::new(kind, "p", Arc::new(Document::parse(text).unwrap()));
    let everything = || attach(PolicyKind::Identity, ALL);
    let open = ALL.replace("\"Action\"", "\"Principal\":\"*\",\"Action\"");
    let mut set = PolicySet { identity: vec![everything()], ..PolicySet::default() };
    set.endpoint = Some(attach(PolicyKind::Endpoint, &open));
    set.resource = Some(attach(PolicyKind::Resource, &open));
    match example["kind"].as_str().unwrap() {
        "identity" => {
            set.identity = vec![attach(PolicyKind::Identity, &own)];
            set.resource = None;
        }
        "resource" => {
            // The resource's Allow is what is tested, unless the caller has an identity side in the account.
            set.identity.truncate(usize::from(caller.account() == Some(AccountId::DEFAULT)));
            set.resource = Some(attach(PolicyKind::Resource, &own));
        }
        "endpoint" => set.endpoint = Some(attach(PolicyKind::Endpoint, &own)),
        "scp" => set.service_control = vec![vec![attach(PolicyKind::ServiceControl, &own)]],
        "rcp" => set.resource_control = vec![vec![attach(PolicyKind::ResourceControl, &own)]],
        "trust" => set.resource = Some(attach(PolicyKind::Trust, &own)),
        other => panic!("{other} is no kind"),
    }
    set
}

fn caller(word: &str) -> Caller {
    let role = Principal::Role {
        account: AccountId::DEFAULT,
        path: "/".into(),
        name: "web".into(),
        id: "AROAEXAMPLEEXAMPLE01".into(),
        session: "i-1".into(),
    };
    let user = |account: AccountId| Principal::User {
        account,
        path: "/".into(),
        name: "ann".into(),
        id: "AIDAEXAMPLEEXAMPLE01".into(),
    };
    match word {
        "user" => Caller::of(user(AccountId::DEFAULT)),
        "stranger" => Caller::of(user("999999999999".parse().unwrap())),
        "session" => Caller::of(role),
        "instance" => {
            let mut caller = Caller::of(role);
            caller.keys.insert("aws:Ec2InstanceSourceVpc".into(), vec![VpcId::from_bits(0xb2).to_string()]);
            caller.keys.insert(
                "ec2:SourceInstanceARN".into(),
                vec!["arn:aws:ec2:eu-central-1:123456789012:instance/i-1".into()],
            );
            caller
        }
        "anonymous" => Caller::of(Principal::Anonymous),
        "service" => Caller::of(Principal::Service { name: "sns.amazonaws.com".into() }),
        "ec2" => Caller::of(Principal::Service { name: "ec2.amazonaws.com".into() }),
        other => panic!("{other} is no caller"),
    }
}

/// The way, and whether TLS carried the request.
fn way(word: &str) -> (Via, bool) {
    let endpoint = |id: u64, vpc: u64, source: &str, account: &str| Via::Endpoint {
        id: VpcEndpointId::from_bits(id),
        vpc: VpcId::from_bits(vpc),
        source: source.parse().unwrap(),
        account: account.parse().unwrap(),
    };
    let internet = |public: &str| Via::Internet { public: public.parse().unwrap() };
    match word {
        "host" => (Via::Host { peer: "127.0.0.1".parse().unwrap() }, true),
        "plain" => (Via::Host { peer: "127.0.0.1".parse().unwrap() }, false),
        "internet" => (internet("198.51.100.7"), true),
        "office" => (internet("203.0.113.7"), true),
        "endpoint" => (endpoint(0xa1, 0xb2, "10.0.1.5", "123456789012"), true),
        "other-endpoint" => (endpoint(0xa2, 0xb3, "10.9.1.5", "123456789012"), true),
        "foreign-endpoint" => (endpoint(0xa3, 0xb4, "10.9.1.5", "999999999999"), true),
        "service" => (Via::Service { principal: "cloudformation.amazonaws.com".into() }, true),
        other => panic!("{other} is no way"),
    }
}
