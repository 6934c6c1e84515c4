//! Who must allow, who may deny, and which no is told.

use super::*;
use crate::{Decision, Test, decide};

const ALLOW_ALL: &str = r#""Effect":"Allow","Action":"*","Resource":"*""#;
const DENY_ALL: &str = r#""Effect":"Deny","Action":"*","Resource":"*""#;
const ALLOW_SQS: &str = r#""Effect":"Allow","Action":"sqs:*","Resource":"*""#;
const ANYONE: &str = r#""Principal":"*","Effect":"Allow","Action":"*","Resource":"*""#;
const NO_ONE: &str = r#""Principal":"*","Effect":"Deny","Action":"*","Resource":"*""#;

fn allow_to(principal: &str) -> Option<Attached> {
    let statement = format!(r#""Principal":{{"AWS":"{principal}"}},"Effect":"Allow","Action":"s3:*","Resource":"*""#);
    Some(policy(PolicyKind::Resource, &statement))
}

/// `allow`, `deny <kind>` or `missing <kind>`.
fn verdict(ask: &Ask<'_>, set: &PolicySet) -> String {
    match decide(ask, set) {
        Decision::Allow { .. } => "allow".into(),
        Decision::ExplicitDeny { by } => format!("deny {:?}", by.kind),
        Decision::ImplicitDeny { missing, .. } => format!("missing {missing:?}"),
    }
}

#[test]
fn within_an_account_identity_or_resource_grants() {
    let (user, session, root, via) = (user(), session(), root(), host());
    let none = PolicySet::default();
    let with = |resource: Option<Attached>| PolicySet { resource, ..PolicySet::default() };
    let user_arn = "arn:aws:iam::123456789012:user/ann";
    let role_arn = "arn:aws:iam::123456789012:role/web";
    for (caller, set, expected) in [
        (&user, &none, "missing Identity"),
        (&user, &identity(ALLOW_ALL), "allow"),
        (&user, &identity(ALLOW_SQS), "missing Identity"),
        (&user, &identity(DENY_ALL), "deny Identity"),
        (&user, &with(allow_to(user_arn)), "allow"),
        (&user, &with(allow_to("*")), "allow"),
        (&user, &with(allow_to("123456789012")), "missing Identity"),
        (&session, &with(allow_to(role_arn)), "allow"),
        (&session, &with(allow_to(user_arn)), "missing Identity"),
        (&root, &none, "allow"),
        (&root, &with(Some(policy(PolicyKind::Resource, NO_ONE))), "deny Resource"),
    ] {
        assert_eq!(verdict(&ask(caller, &via, "s3:GetObject"), set), expected, "{caller:?} {set:?}");
    }
}

#[test]
fn boundary_and_session_policies_limit_all_but_the_closest_grants() {
    let (user, session, via) = (user(), session(), host());
    let limited = |resource: Option<Attached>| PolicySet {
        identity: vec![policy(PolicyKind::Identity, ALLOW_ALL)],
        boundary: Some(policy(PolicyKind::Boundary, ALLOW_SQS)),
        resource,
        ..PolicySet::default()
    };
    let narrowed = policy(
        PolicyKind::Resource,
        r#""Principal":"*","Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/web"}}"#,
    );
    for (caller, set, expected) in [
        (&user, limited(None), "missing Boundary"),
        (&user, limited(allow_to("arn:aws:iam::123456789012:user/ann")), "allow"),
        (&session, limited(allow_to("arn:aws:iam::123456789012:role/web")), "missing Boundary"),
        (&session, limited(allow_to("arn:aws:sts::123456789012:assumed-role/web/i-1")), "allow"),
        (&session, limited(allow_to("*")), "missing Boundary"),
        (&session, limited(Some(narrowed)), "allow"),
    ] {
        assert_eq!(verdict(&ask(caller, &via, "s3:GetObject"), &set), expected, "{caller:?}");
    }
    let mut set = identity(ALLOW_ALL);
    set.session = vec![policy(PolicyKind::Session, ALLOW_SQS)];
    assert_eq!(verdict(&ask(&session, &via, "s3:GetObject"), &set), "missing Session");
    assert_eq!(verdict(&ask(&session, &via, "sqs:SendMessage"), &set), "allow");
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let (user, root, via) = (user(), root(), host());
    let mut question = ask(&user, &via, "s3:GetObject");
    question.resource_account = Some(OTHER_ACCOUNT.parse().unwrap());
    let both = |resource| PolicySet { resource, ..identity(ALLOW_ALL) };
    assert_eq!(verdict(&question, &identity(ALLOW_ALL)), "missing Resource");
    assert_eq!(verdict(&question, &both(allow_to("123456789012"))), "allow");
    assert_eq!(verdict(&question, &both(allow_to("*"))), "allow");
    let exact = allow_to("arn:aws:iam::123456789012:user/ann");
    assert_eq!(verdict(&question, &PolicySet { resource: exact, ..PolicySet::default() }), "missing Identity");
    question.caller = &root;
    assert_eq!(verdict(&question, &PolicySet { resource: allow_to("123456789012"), ..PolicySet::default() }), "allow");
}

#[test]
fn across_accounts_a_grant_is_enough_and_a_deny_is_above_it() {
    let (user, session, via) = (user(), session(), host());
    let granted = |principal: &str| {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Principal":{"AWS":"999999999999"},"Effect":"Allow","Action":"s3:*","Resource":"*"},
            {"Principal":{"AWS":"GRANTEE"},"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
        let document = Document::parse(&text.replace("GRANTEE", principal)).unwrap_or_else(|error| panic!("{error}"));
        Some(Attached::new(PolicyKind::Resource, "p", Arc::new(document.ending_in_grant())))
    };
    let (one, role) = ("arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:role/web");
    let with = |resource, set: PolicySet| PolicySet { resource, ..set };
    let limited =
        |statement| PolicySet { session: vec![policy(PolicyKind::Session, statement)], ..PolicySet::default() };
    let organized = PolicySet {
        service_control: vec![vec![policy(PolicyKind::ServiceControl, ALLOW_SQS)]],
        ..PolicySet::default()
    };
    for (caller, action, set, expected) in [
        (&user, "s3:GetObject", with(granted(one), PolicySet::default()), "allow"),
        (&user, "s3:PutObject", with(granted(one), PolicySet::default()), "missing Resource"),
        (&user, "s3:GetObject", with(granted(role), PolicySet::default()), "missing Resource"),
        (&user, "s3:GetObject", with(granted(one), identity(DENY_ALL)), "deny Identity"),
        (&user, "s3:GetObject", with(granted(one), organized), "missing ServiceControl"),
        (&user, "s3:GetObject", with(granted("123456789012"), PolicySet::default()), "missing Identity"),
        (&user, "s3:GetObject", with(granted("123456789012"), identity(ALLOW_ALL)), "allow"),
        (&session, "s3:GetObject", with(granted(role), PolicySet::default()), "allow"),
        (&session, "s3:GetObject", with(granted(role), limited(ALLOW_SQS)), "missing Session"),
        (&session, "s3:GetObject", with(granted(role), limited(ALLOW_ALL)), "allow"),
    ] {
        let question = Ask { resource_account: Some(OTHER_ACCOUNT.parse().unwrap()), ..ask(caller, &via, action) };
        assert_eq!(verdict(&question, &set), expected, "{caller:?} {action} {set:?}");
    }
}

#[test]
fn the_anonymous_and_the_services_have_the_resource_policy_alone() {
    let (nobody, sns, via) = (Caller::anonymous(), service(), host());
    let public = PolicySet { resource: allow_to("*"), ..PolicySet::default() };
    assert_eq!(verdict(&ask(&nobody, &via, "s3:GetObject"), &identity(ALLOW_ALL)), "missing Resource");
    assert_eq!(verdict(&ask(&nobody, &via, "s3:GetObject"), &public), "allow");
    let to_account = PolicySet { resource: allow_to("123456789012"), ..PolicySet::default() };
    assert_eq!(verdict(&ask(&nobody, &via, "s3:GetObject"), &to_account), "missing Resource");
    let to_service = policy(
        PolicyKind::Resource,
        r#""Principal":{"Service":"sns.amazonaws.com"},"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*""#,
    );
    let to_service = PolicySet { resource: Some(to_service), ..PolicySet::default() };
    assert_eq!(verdict(&ask(&sns, &via, "sqs:SendMessage"), &to_service), "allow");
    assert_eq!(verdict(&ask(&nobody, &via, "sqs:SendMessage"), &to_service), "missing Resource");
}

#[test]
fn the_endpoint_is_a_gate_for_what_comes_through_it() {
    let user = user();
    let nobody = Caller::anonymous();
    let gate = |statement: &str| PolicySet {
        endpoint: Some(policy(PolicyKind::Endpoint, statement)),
        resource: allow_to("*"),
        ..identity(ALLOW_ALL)
    };
    let only_sqs = r#""Principal":"*","Effect":"Allow","Action":"sqs:*","Resource":"*""#;
    let (inside, outside) = (endpoint(), host());
    assert_eq!(verdict(&ask(&user, &inside, "s3:GetObject"), &gate(ANYONE)), "allow");
    assert_eq!(verdict(&ask(&user, &inside, "s3:GetObject"), &gate(only_sqs)), "missing Endpoint");
    assert_eq!(verdict(&ask(&nobody, &inside, "s3:GetObject"), &gate(only_sqs)), "missing Endpoint");
    assert_eq!(verdict(&ask(&user, &inside, "s3:GetObject"), &gate(NO_ONE)), "deny Endpoint");
    assert_eq!(verdict(&ask(&user, &outside, "s3:GetObject"), &gate(NO_ONE)), "allow");
    let mut grants_nothing = gate(ANYONE);
    grants_nothing.identity.clear();
    grants_nothing.resource = None;
    assert_eq!(verdict(&ask(&user, &inside, "s3:GetObject"), &grants_nothing), "missing Identity");
}

#[test]
fn controls_need_an_allow_at_every_level_and_bind_root() {
    let (root, via) = (root(), host());
    let level = |statement: &str| vec![policy(PolicyKind::ServiceControl, statement)];
    let set = |levels: Vec<Vec<Attached>>| PolicySet { service_control: levels, ..PolicySet::default() };
    let question = ask(&root, &via, "s3:GetObject");
    assert_eq!(verdict(&question, &set(vec![level(ALLOW_ALL), level(ALLOW_ALL)])), "allow");
    assert_eq!(verdict(&question, &set(vec![level(ALLOW_ALL), level(ALLOW_SQS)])), "missing ServiceControl");
    assert_eq!(verdict(&question, &set(vec![level(ALLOW_ALL), level(DENY_ALL)])), "deny ServiceControl");
    let controlled =
        PolicySet { resource_control: vec![vec![policy(PolicyKind::ResourceControl, NO_ONE)]], ..PolicySet::default() };
    assert_eq!(verdict(&question, &controlled), "deny ResourceControl");
}

#[test]
fn controls_do_not_bind_the_roles_linked_to_services() {
    let via = host();
    let role = |path: &str| {
        Caller::of(Principal::Role {
            account: AccountId::DEFAULT,
            path: path.into(),
            name: "linked".into(),
            id: "AROAEXAMPLEEXAMPLE01".into(),
            session: "s".into(),
        })
    };
    let set = PolicySet {
        service_control: vec![vec![policy(PolicyKind::ServiceControl, DENY_ALL)]],
        resource_control: vec![vec![policy(PolicyKind::ResourceControl, NO_ONE)]],
        ..identity(ALLOW_ALL)
    };
    let linked = role("/aws-service-role/x.amazonaws.com/");
    assert_eq!(verdict(&ask(&linked, &via, "s3:GetObject"), &set), "allow");
    assert_eq!(verdict(&ask(&role("/"), &via, "s3:GetObject"), &set), "deny ServiceControl");
}

#[test]
fn keys_and_roles_need_their_own_policy() {
    let (user, root, via) = (user(), root(), host());
    let mut key = ask(&user, &via, "kms:Decrypt");
    key.resource = "arn:aws:kms:us-east-1:123456789012:key/1";
    let with = |principal: &str, set: PolicySet| {
        let statement =
            format!(r#""Principal":{{"AWS":"{principal}"}},"Effect":"Allow","Action":"kms:*","Resource":"*""#);
        PolicySet { resource: Some(policy(PolicyKind::Resource, &statement)), ..set }
    };
    assert_eq!(verdict(&key, &with("arn:aws:iam::123456789012:user/bob", identity(ALLOW_ALL))), "missing Resource");
    assert_eq!(verdict(&key, &with("123456789012", identity(ALLOW_ALL))), "allow");
    assert_eq!(verdict(&key, &with("123456789012", PolicySet::default())), "missing Identity");
    key.caller = &root;
    assert_eq!(verdict(&key, &with("arn:aws:iam::123456789012:user/bob", PolicySet::default())), "missing Resource");

    let mut role = ask(&user, &via, "sts:AssumeRole");
    role.resource = "arn:aws:iam::123456789012:role/web";
    let trust = policy(
        PolicyKind::Trust,
        r#""Principal":{"Service":"ec2.amazonaws.com"},"Effect":"Allow","Action":"sts:AssumeRole""#,
    );
    let untrusted = PolicySet { resource: Some(trust), ..identity(ALLOW_ALL) };
    assert_eq!(verdict(&role, &untrusted), "missing Trust");
}

#[test]
fn a_bucket_for_one_endpoint() {
    let (user, root) = (user(), root());
    let only = |id: &str| {
        let statement = format!(
            r#""Principal":"*","Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{{"StringNotEquals":{{"aws:SourceVpce":"{id}"}}}}"#
        );
        PolicySet { resource: Some(policy(PolicyKind::Resource, &statement)), ..identity(ALLOW_ALL) }
    };
    let (inside, outside) = (endpoint(), host());
    assert_eq!(verdict(&ask(&user, &inside, "s3:ListBucket"), &only("vpce-000000000000000a1")), "allow");
    assert_eq!(verdict(&ask(&user, &inside, "s3:ListBucket"), &only("vpce-000000000000000a2")), "deny Resource");
    assert_eq!(verdict(&ask(&user, &outside, "s3:ListBucket"), &only("vpce-000000000000000a1")), "deny Resource");
    assert_eq!(verdict(&ask(&root, &outside, "s3:ListBucket"), &only("vpce-000000000000000a1")), "deny Resource");
}

#[test]
fn listing_all_buckets_is_covered_by_the_old_pattern() {
    let (user, via) = (user(), host());
    let mut question = ask(&user, &via, "s3:ListAllMyBuckets");
    question.resource = "*";
    assert_eq!(
        verdict(&question, &identity(r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*""#)),
        "allow"
    );
    assert_eq!(
        verdict(&question, &identity(r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::photos""#)),
        "missing Identity"
    );
}

#[test]
fn a_no_tells_what_was_nearly_a_yes() {
    let user = user();
    let via = endpoint();
    let set = identity(
        r#""Sid":"Mine","Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-00000000000000099"}}"#,
    );
    let Decision::ImplicitDeny { missing, nearly } = decide(&ask(&user, &via, "s3:GetObject"), &set) else {
        panic!("an implicit deny")
    };
    assert_eq!(missing, PolicyKind::Identity);
    assert_eq!(nearly.len(), 1);
    assert_eq!(nearly[0].statement.sid.as_deref(), Some("Mine"));
    let Test::Condition { operator, key, wanted, found } = &nearly[0].failed else { panic!("a condition") };
    assert_eq!((operator.as_str(), key.as_str()), ("StringEquals", "aws:SourceVpce"));
    assert_eq!(
        (wanted.as_slice(), found),
        (&["vpce-00000000000000099".to_owned()][..], &Some(vec!["vpce-000000000000000a1".to_owned()]))
    );
    // Two things wrong: no near miss.
    let Decision::ImplicitDeny { nearly, .. } = decide(&ask(&user, &via, "s3:PutObject"), &set) else {
        panic!("a deny")
    };
    assert!(nearly.is_empty());
}

#[test]
fn each_test_that_fails_alone_is_a_near_miss() {
    let (user, via) = (user(), host());
    let ann = r#""Principal":{"AWS":"arn:aws:iam::123456789012:user/ann"}"#;
    let bob = r#""Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"}"#;
    let (reads, writes) = (r#""Action":"s3:GetObject""#, r#""Action":"s3:PutObject""#);
    let (here, there) = (r#""Resource":"arn:aws:s3:::photos""#, r#""Resource":"arn:aws:s3:::other""#);
    let (plain, safe) = (r#""Bool":{"aws:SecureTransport":"false"}"#, r#""Bool":{"aws:SecureTransport":"true"}"#);
    let other = r#""StringEquals":{"aws:username":"bob"}"#;
    let statement = |sid: &str, members: [&str; 3], condition: &str| {
        format!(r#"{{"Sid":"{sid}","Effect":"Allow",{},"Condition":{{{condition}}}}}"#, members.join(","))
    };
    let cases = [
        statement("Action", [ann, writes, here], safe),
        statement("Principal", [bob, reads, here], safe),
        statement("Resource", [ann, reads, there], safe),
        statement("Condition", [ann, reads, here], plain),
        statement("ActionAndResource", [ann, writes, there], safe),
        statement("PrincipalAndCondition", [bob, reads, here], plain),
        statement("TwoConditions", [ann, reads, here], &format!("{plain},{other}")),
    ];
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, cases.join(","));
    let resource = Some(attached(PolicyKind::Resource, "photos", &document));
    let Decision::ImplicitDeny { nearly, .. } =
        decide(&ask(&user, &via, "s3:GetObject"), &PolicySet { resource, ..PolicySet::default() })
    else {
        panic!("implicitly denied")
    };
    let told: Vec<_> = nearly.iter().map(|miss| (miss.statement.sid.as_deref().unwrap_or(""), &miss.failed)).collect();
    let found = Some(vec!["true".to_owned()]);
    assert_eq!(
        told,
        [
            ("Action", &Test::Action { asked: "s3:GetObject".into() }),
            ("Principal", &Test::Principal { asked: "arn:aws:iam::123456789012:user/ann".into() }),
            ("Resource", &Test::Resource { asked: BUCKET.into() }),
            (
                "Condition",
                &Test::Condition {
                    operator: "Bool".into(),
                    key: "aws:SecureTransport".into(),
                    wanted: vec!["false".into()],
                    found
                }
            ),
        ]
    );
}
