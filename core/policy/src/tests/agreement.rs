//! Random policies and requests: the fast decision and the plain one agree.

use super::*;
use crate::plainly::{Verdict, evaluate_plainly};
use crate::{Decision, Memberships, decide};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const ACTIONS: &[&str] = &["s3:GetObject", "s3:PutObject", "s3:GetBucketPolicy", "kms:Decrypt", "sqs:SendMessage"];
const ACTION_PATTERNS: &[&str] =
    &["*", "s3:*", "S3:get*", "s3:?etObject", "s3:*Object", "s3:GetObject", "kms:*", "sqs:SendMessage", "ec2:*"];
const RESOURCES: &[&str] = &[
    "arn:aws:s3:::photos",
    "arn:aws:s3:::photos/ann/a:b",
    "arn:aws:s3:::photos/*",
    "arn:aws:kms:us-east-1:123456789012:key/1",
    "*",
];
const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:s3:::photos",
    "arn:aws:s3:::photos/*",
    "arn:aws:s3:::photo?",
    "arn:aws:s3:::*",
    "arn:aws:s3:::photos/${aws:username}/*",
    "arn:aws:s3:::photos/${aws:username, 'ann'}/*",
    "arn:aws:s3:::photos/${*}",
    "arn:aws:s3:::photos/${x:star}",
    "arn:*:kms:us-*:*:key/*",
    "arn:aws:kms",
];
const PRINCIPALS: &[&str] = &[
    "*",
    "123456789012",
    "999999999999",
    "arn:aws:iam::123456789012:root",
    "arn:aws:iam::123456789012:user/ann",
    "arn:aws:iam::123456789012:role/web",
    "arn:aws:sts::123456789012:assumed-role/web/i-1",
    PROVIDER,
];
const KEYS: &[&str] = &[
    "aws:SourceVpce",
    "aws:sourcevpc",
    "aws:username",
    "aws:PrincipalArn",
    "aws:SourceIp",
    "aws:VpcSourceIp",
    "aws:SecureTransport",
    "x:tags",
    "x:star",
    "x:size",
    "x:when",
    "x:absent",
];
const TEXTS: &[&str] = &[
    "ann",
    "ANN",
    "a*",
    "*",
    "vpce-000000000000000a1",
    "vpce-*",
    "${aws:username}",
    "${x:star}",
    "${x:absent}",
    "${x:absent, 'ann'}",
    "a",
    "b",
];

/// Operator words of one family, with values that this family takes.
fn condition() -> impl Strategy<Value = (String, &'static str, Vec<&'static str>)> {
    let family = prop_oneof![
        4 => (
            select(vec!["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"]),
            prop::collection::vec(select(TEXTS), 1..3)
        ),
        1 => (
            select(vec!["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"]),
            prop::collection::vec(select(vec!["10", "10.5", "11"]), 1..3)
        ),
        1 => (
            select(vec!["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"]),
            prop::collection::vec(select(vec!["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2027-01-01T00:00:00Z"]), 1..3)
        ),
        1 => (select(vec!["IpAddress", "NotIpAddress"]), prop::collection::vec(select(vec!["10.0.0.0/16", "127.0.0.1", "0.0.0.0/0"]), 1..3)),
        1 => (
            select(vec!["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"]),
            prop::collection::vec(select(vec!["arn:aws:iam::*:user/*", "arn:aws:iam::123456789012:role/web", "arn:*:*:*:*:*"]), 1..3)
        ),
        1 => (select(vec!["Bool"]), prop::collection::vec(select(vec!["true", "false"]), 1..2)),
        1 => (select(vec!["Null"]), prop::collection::vec(select(vec!["true", "false"]), 1..2)),
    ];
    let set = select(vec!["", "", "", "ForAllValues:", "ForAnyValue:"]);
    (family, set, select(vec!["", "", "IfExists"]), select(KEYS)).prop_map(|((word, values), set, suffix, key)| {
        let operator = if word == "Null" { word.to_owned() } else { format!("{set}{word}{suffix}") };
        (operator, key, values)
    })
}

fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    (
        prop::bool::weighted(0.25),
        (prop::bool::weighted(0.15), prop::collection::vec(select(ACTION_PATTERNS), 1..3)),
        (prop::bool::weighted(0.15), prop::collection::vec(select(RESOURCE_PATTERNS), 1..3)),
        (prop::bool::weighted(0.2), prop::collection::vec(select(PRINCIPALS), 1..4)),
        prop::collection::vec(condition(), 0..3),
    )
        .prop_map(
            move |(deny, (not_action, actions), (not_resource, resources), (not_principal, who), conditions)| {
                let mut members = Map::new();
                members.insert("Effect".into(), json!(if deny { "Deny" } else { "Allow" }));
                members.insert(if not_action { "NotAction" } else { "Action" }.into(), json!(actions));
                members.insert(if not_resource { "NotResource" } else { "Resource" }.into(), json!(resources));
                if with_principal {
                    let (providers, others): (Vec<&str>, Vec<&str>) = who.iter().partition(|name| **name == PROVIDER);
                    let families = [("AWS", others), ("Federated", providers)];
                    let named = families.into_iter().filter(|(_, names)| !names.is_empty());
                    let element: Map<_, _> = named.map(|(family, names)| (family.to_owned(), json!(names))).collect();
                    let word = if not_principal && deny { "NotPrincipal" } else { "Principal" };
                    members.insert(word.into(), Value::Object(element));
                }
                let mut element = Map::new();
                for (operator, key, values) in conditions {
                    let pairs = element.entry(operator).or_insert_with(|| json!({}));
                    if let Some(pairs) = pairs.as_object_mut() {
                        pairs.insert(key.to_owned(), json!(values));
                    }
                }
                members.insert("Condition".into(), Value::Object(element));
                Value::Object(members)
            },
        )
}

fn document(kind: PolicyKind) -> impl Strategy<Value = Attached> {
    let with_principal =
        matches!(kind, PolicyKind::Resource | PolicyKind::Endpoint | PolicyKind::ResourceControl | PolicyKind::Trust);
    let generous = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    (prop::bool::weighted(0.8), prop::collection::vec(statement(with_principal), 1..3), prop::bool::weighted(0.4))
        .prop_map(move |(new, mut statements, open)| {
            if open {
                let mut all = generous.clone();
                if with_principal {
                    all["Principal"] = json!("*");
                }
                statements.push(all);
            }
            let version = if new { "2012-10-17" } else { "2008-10-17" };
            attached(kind, "p", &json!({"Version": version, "Statement": statements}).to_string())
        })
}

fn set() -> impl Strategy<Value = PolicySet> {
    let sometimes = |kind| prop::option::weighted(0.35, document(kind));
    let levels = |kind| prop::collection::vec(prop::collection::vec(document(kind), 1..2), 0..2);
    (
        prop::collection::vec(document(PolicyKind::Identity), 0..3),
        sometimes(PolicyKind::Boundary),
        prop::collection::vec(document(PolicyKind::Session), 0..2),
        levels(PolicyKind::ServiceControl),
        levels(PolicyKind::ResourceControl),
        prop::option::weighted(0.8, document(PolicyKind::Endpoint)),
        prop_oneof![
            1 => Just(None).boxed(),
            3 => document(PolicyKind::Resource).prop_map(Some).boxed(),
            1 => document(PolicyKind::Trust).prop_map(Some).boxed(),
        ],
    )
        .prop_map(|(identity, boundary, session, service_control, resource_control, endpoint, resource)| {
            let memberships = Memberships::default();
            PolicySet {
                identity,
                boundary,
                session,
                service_control,
                resource_control,
                endpoint,
                resource,
                memberships,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_and_the_plain_decision_agree(
        set in set(),
        who in 0..6usize,
        inside in any::<bool>(),
        foreign in prop::bool::weighted(0.25),
        action in select(ACTIONS),
        resource in select(RESOURCES),
        tags in prop::collection::vec(select(vec!["a", "b", "ann"]), 0..3),
    ) {
        let caller = [user(), session(), root(), service(), Caller::anonymous(), vouched_for()][who].clone();
        let via = if inside { endpoint() } else { host() };
        let mut question = ask(&caller, &via, action);
        question.resource = resource;
        if foreign {
            question.resource_account = Some(OTHER_ACCOUNT.parse().unwrap());
        }
        question.keys = Keys::from([
            ("x:tags".to_owned(), tags.iter().map(|t| (*t).to_owned()).collect()),
            ("x:star".to_owned(), vec!["*".to_owned()]),
            ("x:size".to_owned(), vec!["10.5".to_owned()]),
            ("x:when".to_owned(), vec!["2026-01-01T00:00:00Z".to_owned()]),
        ]);
        let fast = match decide(&question, &set) {
            Decision::Allow { by } => {
                // Every Allow names who allowed it, but for the account's root, who needs nobody.
                prop_assert!(!by.is_empty() || who == 2);
                Verdict::Allow
            }
            Decision::ExplicitDeny { .. } => Verdict::Deny,
            Decision::ImplicitDeny { missing, .. } => Verdict::Missing(missing),
        };
        prop_assert_eq!(fast, evaluate_plainly(&question, &set));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = Document::parse(&text);
        let _ = Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{text:?},"Resource":{text:?},"Condition":{{"DateEquals":{{"a:b":{text:?}}}}}}}}}"#));
    }
}
