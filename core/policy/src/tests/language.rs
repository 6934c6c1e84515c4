//! The language as a whole, one statement and one request at a time: what matches, what does not, what is refused where.

use super::*;
use crate::{Decision, decide};

/// Whether an identity with this statement may do `action` to `resource`.
fn allows(version: &str, statement: &str, action: &str, resource: &str) -> bool {
    let text = format!(r#"{{"Version":"{version}","Statement":{{"Effect":"Allow",{statement}}}}}"#);
    let set = PolicySet { identity: vec![attached(PolicyKind::Identity, "p", &text)], ..PolicySet::default() };
    let (mut caller, via) = (user(), endpoint());
    caller.keys.insert("aws:PrincipalTag/Team".into(), vec!["blue*".into()]);
    let mut question = ask(&caller, &via, action);
    question.resource = resource;
    question.keys.insert("s3:max-keys".into(), vec!["10".into()]);
    matches!(decide(&question, &set), Decision::Allow { .. })
}

#[test]
fn actions_and_resources() {
    let (object, other) = ("arn:aws:s3:::photos/a/b:c", "arn:aws:s3:::Photos/a");
    for (statement, action, resource, expected) in [
        (r#""Action":"S3:GETobject","Resource":"*""#, "s3:GetObject", object, true),
        (r#""Action":["sqs:*","s3:Get?bject"],"Resource":"*""#, "s3:GetObject", object, true),
        (r#""NotAction":["sqs:*","iam:*"],"Resource":"*""#, "s3:GetObject", object, true),
        (r#""NotAction":["sqs:*","s3:Get*"],"Resource":"*""#, "s3:GetObject", object, false),
        (r#""Action":"s3:*","NotResource":"arn:aws:s3:::photos/*""#, "s3:GetObject", object, false),
        (r#""Action":"s3:*","NotResource":"arn:aws:s3:::photos/*""#, "s3:GetObject", other, true),
        (r#""Action":"s3:*","Resource":"arn:aws:s3:::photos/*:c""#, "s3:GetObject", object, true),
        (r#""Action":"s3:*","Resource":"arn:aws:s3:::photos/a""#, "s3:GetObject", other, false),
        (r#""Action":"s3:*","Resource":"arn:aws:s3:::photos""#, "s3:ListAllMyBuckets", "*", false),
        (r#""Action":"s3:*","Resource":"arn:aws:s3:::*""#, "s3:ListAllMyBuckets", "*", true),
        (r#""Action":"ec2:*","Resource":"arn:aws:ec2:*:*:vpc/*""#, "ec2:DescribeVpcs", "*", false),
    ] {
        assert_eq!(allows("2012-10-17", statement, action, resource), expected, "{statement} {action} {resource}");
    }
}

#[test]
fn variables_defaults_and_escapes() {
    let resource = |pattern: &str| format!(r#""Action":"s3:*","Resource":"arn:aws:s3:::photos/{pattern}""#);
    for (version, pattern, key, expected) in [
        ("2012-10-17", "${aws:username}/*", "ann/1", true),
        ("2012-10-17", "${aws:username}/*", "bob/1", false),
        ("2008-10-17", "${aws:username}/*", "ann/1", false),
        ("2008-10-17", "${aws:username}/*", "${aws:username}/1", true),
        ("2012-10-17", "${aws:PrincipalTag/team}", "blue*", true),
        ("2012-10-17", "${aws:PrincipalTag/team}", "blue sky", false),
        ("2012-10-17", "${aws:PrincipalTag/none}", "", false),
        ("2012-10-17", "${aws:PrincipalTag/none, 'red'}/*", "red/1", true),
        ("2012-10-17", "${aws:PrincipalTag/none, 'r*'}", "red", false),
        ("2012-10-17", "a${*}", "a*", true),
        ("2012-10-17", "a${*}", "ab", false),
        ("2012-10-17", "a${?}b${$}", "a?b$", true),
        ("2012-10-17", "a${?}b", "axb", false),
    ] {
        let found = allows(version, &resource(pattern), "s3:GetObject", &format!("arn:aws:s3:::photos/{key}"));
        assert_eq!(found, expected, "{version} {pattern} {key}");
    }
}

#[test]
fn conditions_together() {
    let with = |condition: &str| format!(r#""Action":"s3:*","Resource":"*","Condition":{condition}"#);
    for (condition, expected) in [
        // Numbers and truths without quotation marks.
        (r#"{"NumericLessThanEquals":{"s3:max-keys":10},"Bool":{"aws:SecureTransport":true}}"#, true),
        // Several keys and operators must all hold, one of several values is enough.
        (r#"{"StringEquals":{"aws:username":["bob","ann"],"aws:SourceVpce":"vpce-000000000000000a1"}}"#, true),
        (r#"{"StringEquals":{"aws:username":["bob","ann"],"aws:SourceVpce":"vpce-1"}}"#, false),
        (r#"{"StringEquals":{"aws:username":"ann"},"Null":{"aws:SourceIp":"true"}}"#, true),
        // A key that is not there.
        (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, false),
        (r#"{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, true),
        (r#"{"IpAddressIfExists":{"aws:SourceIp":"10.0.0.0/8"},"IpAddress":{"aws:VpcSourceIp":"10.0.1.5"}}"#, true),
        (r#"{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":"a*"}}"#, true),
        (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}"#, false),
        // Every form of a date.
        (r#"{"DateGreaterThan":{"aws:CurrentTime":["2026"]},"DateLessThan":{"aws:CurrentTime":"2026-12"}}"#, true),
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-21T00:00Z"},"DateLessThan":{"aws:EpochTime":"1800000000"}}"#,
            true,
        ),
        (r#"{"DateGreaterThan":{"aws:CurrentTime":"2027-01-01T00:00:00+02:00"}}"#, false),
        // Fields of an ARN are compared one by one.
        (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}}"#, true),
        (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*user/*"}}"#, false),
        (r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/a??"}}"#, true),
        // Tag keys know no case, values do.
        (r#"{"StringEquals":{"AWS:principaltag/TEAM":"blue*"}}"#, true),
        (r#"{"StringEquals":{"aws:PrincipalTag/Team":"Blue*"}}"#, false),
        (r#"{"StringEqualsIgnoreCase":{"aws:PrincipalTag/Team":"BLUE*"}}"#, true),
    ] {
        let statement = with(condition);
        if condition.contains(r#""arn:aws:iam::*user/*""#) {
            // Five fields are no ARN.
            let text = format!(r#"{{"Statement":{{"Effect":"Allow",{statement}}}}}"#);
            assert!(Document::parse(&text).is_err());
            continue;
        }
        assert_eq!(allows("2012-10-17", &statement, "s3:ListBucket", BUCKET), expected, "{condition}");
    }
}

#[test]
fn every_form_of_principal() {
    let names = |effect: &str, element: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:*",
            "Resource":"*"}},{{"Effect":"{effect}",{element},"Action":"s3:*","Resource":"*"}}]}}"#
        );
        attached(PolicyKind::Resource, BUCKET, &text)
    };
    let canonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    let federated = Caller::of(Principal::Federated { account: AccountId::DEFAULT, name: "fay".into() });
    // A Deny that names the caller shows that it does.
    for (caller, element, named) in [
        (user(), r#""Principal":{"AWS":"AIDAEXAMPLEEXAMPLE01"}"#.to_owned(), true),
        (user(), r#""Principal":{"AWS":"AROAEXAMPLEEXAMPLE01"}"#.to_owned(), false),
        (session(), r#""Principal":{"AWS":"AROAEXAMPLEEXAMPLE01"}"#.to_owned(), true),
        (session(), r#""Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/web/i-1"}"#.to_owned(), true),
        (session(), r#""Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/web/i-2"}"#.to_owned(), false),
        (federated.clone(), r#""Principal":{"AWS":"arn:aws:sts::123456789012:federated-user/fay"}"#.to_owned(), true),
        (federated, r#""Principal":{"AWS":"arn:aws:sts::123456789012:federated-user/joe"}"#.to_owned(), false),
        (service(), r#""Principal":{"Service":["ec2.amazonaws.com","sns.amazonaws.com"]}"#.to_owned(), true),
        (service(), r#""Principal":{"Service":"ec2.amazonaws.com"}"#.to_owned(), false),
        (user(), format!(r#""Principal":{{"CanonicalUser":"{canonical}"}}"#), true),
        (user(), r#""Principal":{"CanonicalUser":"c0ffee"}"#.to_owned(), false),
        (Caller::anonymous(), r#""Principal":{"AWS":"*"}"#.to_owned(), true),
        (Caller::anonymous(), r#""Principal":{"AWS":"123456789012"}"#.to_owned(), false),
        (user(), r#""NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:user/ann"]}"#.to_owned(), false),
        (user(), r#""NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:user/bob"]}"#.to_owned(), true),
        (session(), r#""NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:role/web"]}"#.to_owned(), true),
    ] {
        let via = host();
        let mut question = ask(&caller, &via, "s3:GetObject");
        question.keys.insert("s3:canonicaluserid".into(), vec![canonical.into()]);
        let set = PolicySet { resource: Some(names("Deny", &element)), ..PolicySet::default() };
        let denied = matches!(decide(&question, &set), Decision::ExplicitDeny { .. });
        assert_eq!(denied, named, "{caller:?} {element}");
    }
}

#[test]
fn refusals_tell_line_and_member() {
    let refused = |text: &str| Document::parse(text).expect_err("refused").reason;
    let at = |members: &str| format!("{{\"Statement\": [\n {{\"Effect\": \"Allow\",\n  {members}}}]}}");
    for (text, place) in [
        (at(r#""Action": "s3:*", "Resource": "photos""#), "(line 3, column 33: Statement[0].Resource)"),
        (at(r#""Action": "s3*:Get", "Resource": "*""#), "(line 3, column 13: Statement[0].Action)"),
        (at(r#""Action": "s3:*", "Principal": "ann""#), "(line 3, column 34: Statement[0].Principal)"),
        (at(r#""Action": "s3:*", "Condition": {"IpAddress": {"aws:SourceIp": "::/129"}}"#), "Statement[0].Condition)"),
        (at(r#""Action": "s3:*", "Sid": 1"#), "(line 3, column 28: Statement[0].Sid)"),
        (at(r#""Action": "s3:*", "Actions": 1"#), "(line 3, column 32: Statement[0].Actions)"),
        ("{\"Version\":\n\"2012\", \"Statement\": []}".to_owned(), "(line 2, column 1: Version)"),
    ] {
        let reason = refused(&text);
        assert!(reason.ends_with(place), "{text}: {reason}");
    }
}

#[test]
fn an_endpoint_policy_may_have_20480_characters() {
    let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
    // Characters are counted, not bytes, and white space is.
    let filled = |size: usize| {
        let text = text.replace("\"Effect\"", "\"Sid\":\"\u{e9}\",\"Effect\"");
        let room = size - text.chars().count();
        format!("{text}{}", " ".repeat(room))
    };
    assert!(Document::parse_endpoint(&filled(20_480)).is_ok());
    assert!(Document::parse_endpoint(&filled(20_481)).unwrap_err().reason.contains("20481"));
}
