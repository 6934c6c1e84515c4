//! Each rule with a text that offends it, and texts that offend none.

use super::LintKind::{Endpoint, Identity, Resource, ResourceControl, ServiceControl, Trust};
use super::*;

fn codes(text: &str, kind: LintKind) -> Vec<&'static str> {
    lint(text, kind).iter().map(|finding| finding.issue_code).collect()
}

fn with(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#)
}

/// Kind, the statement's members, and all that is found.
#[rustfmt::skip]
const CASES: &[(LintKind, &str, &[&str])] = &[
    // Nothing to say.
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*""#, &[]),
    (Identity, r#""Effect":"Allow","Action":["s3:ListBucket","s3:GetObject"],"Resource":["arn:aws:s3:::photos","arn:aws:s3:::photos/*"]"#, &[]),
    (Identity, r#""Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{"StringEquals":{"aws:RequestTag/team":"a"}}"#, &[]),
    (Identity, r#""Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:orders""#, &[]),
    (Identity, r#""Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::photos","Condition":{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}"#, &[]),
    (Endpoint, r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}"#, &[]),
    (Trust, r#""Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole""#, &[]),
    (Resource, r#""Effect":"Deny","Principal":"*","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::photos/*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-0a1b2c3d4e5f60718"},"Bool":{"aws:ViaAWSService":"false"}}"#, &[]),
    (Resource, r#""Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:q","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:123456789012:t"}}"#, &[]),
    // Elements.
    (Identity, r#""Effect":"allow","Action":"s3:*","Resource":"arn:aws:s3:::x""#, &["INVALID_EFFECT"]),
    (Identity, r#""Effect":"Allow","Actions":"s3:*","Resource":"arn:aws:s3:::x""#, &["MISSING_ACTION", "INVALID_POLICY_ELEMENT"]),
    (Identity, r#""Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"arn:aws:s3:::x""#, &["UNSUPPORTED_ELEMENT_COMBINATION"]),
    (Identity, r#""Action":"s3:*","Resource":"arn:aws:s3:::x""#, &["MISSING_EFFECT"]),
    (Identity, r#""Effect":"Allow","Action":"s3:*""#, &["MISSING_RESOURCE"]),
    (Identity, r#""Effect":"Allow","Action":7,"Resource":"arn:aws:s3:::x""#, &["DATA_TYPE_MISMATCH"]),
    (Identity, r#""Effect":"Allow","Action":[],"Resource":"arn:aws:s3:::x""#, &["EMPTY_ARRAY_ACTION"]),
    (Identity, r#""Sid":"a b","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::x""#, &["UNSUPPORTED_SID"]),
    (Identity, r#""Sid":"","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::x""#, &["EMPTY_SID_VALUE"]),
    (Identity, r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::x""#, &["UNSUPPORTED_PRINCIPAL"]),
    (Endpoint, r#""Effect":"Allow","Action":"s3:*","Resource":"*""#, &["MISSING_PRINCIPAL"]),
    (Trust, r#""Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*""#, &["INVALID_POLICY_ELEMENT"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{}"#, &["EMPTY_OBJECT_CONDITION"]),
    // Principals.
    (Resource, r#""Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*""#, &["ALLOW_EVERYONE_WITHOUT_CONDITION"]),
    (Resource, r#""Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#, &["ALLOW_EVERYONE_WITHOUT_CONDITION"]),
    (Resource, r#""Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}}"#, &[]),
    (Resource, r#""Effect":"Allow","NotPrincipal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*""#, &["ALLOW_WITH_NOT_PRINCIPAL"]),
    (Resource, r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*""#, &["UNSUPPORTED_WILDCARD_IN_PRINCIPAL"]),
    (Resource, r#""Effect":"Allow","Principal":{"AWS":"ann"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*""#, &["INVALID_PRINCIPAL_FORMAT"]),
    (Resource, r#""Effect":"Allow","Principal":{"User":"ann"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*""#, &["INVALID_PRINCIPAL_KEY"]),
    (Resource, r#""Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:q""#, &["RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"]),
    (Trust, r#""Effect":"Allow","Principal":{"Service":"ec2"},"Action":"sts:AssumeRole""#, &["INVALID_SERVICE_PRINCIPAL_FORMAT"]),
    (Trust, r#""Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity""#, &["MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL"]),
    (Resource, r#""Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE01"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*""#, &["INVALID_ROLE_REFERENCE"]),
    (Endpoint, r#""Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*""#, &["ENDPOINT_PRINCIPAL_NOT_EVERYONE"]),
    // Actions.
    (Identity, r#""Effect":"Allow","Action":"s3:GetObjekt","Resource":"arn:aws:s3:::x/*""#, &["INVALID_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"s4:GetObject","Resource":"arn:aws:s3:::x/*""#, &["INVALID_SERVICE_IN_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"s*:GetObject","Resource":"arn:aws:s3:::x/*""#, &["INVALID_SERVICE_IN_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"s3:Fetch*","Resource":"arn:aws:s3:::x/*""#, &["INVALID_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":["s3:Get*","s3:GetObject"],"Resource":"arn:aws:s3:::x/*""#, &["REDUNDANT_ACTION"]),
    (Trust, r#""Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"s3:GetObject""#, &["UNSUPPORTED_ACTION_IN_POLICY"]),
    // Resources.
    (Identity, r#""Effect":"Allow","Action":"s3:*","Resource":"photos""#, &["INVALID_ARN_PREFIX"]),
    (Identity, r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:photos""#, &["MISSING_ARN_FIELD"]),
    (Identity, r#""Effect":"Allow","Action":"s3:*","Resource":"arn:azure:s3:::photos""#, &["INVALID_PARTITION"]),
    (Identity, r#""Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:nowhere:123456789012:q""#, &["INVALID_ARN_REGION"]),
    (Identity, r#""Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:1234:q""#, &["INVALID_ARN_ACCOUNT"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:S3:::x/*""#, &["INVALID_ARN_SERVICE_CASE", "RESOURCE_FITS_NO_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam:us-east-1:123456789012:user/ann""#, &["ARN_REGION_NOT_ALLOWED"]),
    (Identity, r#""Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::123456789012:usr/ann""#, &["INVALID_ARN_RESOURCE", "RESOURCE_FITS_NO_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::photos/*""#, &["RESOURCE_FITS_NO_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos""#, &["RESOURCE_FITS_NO_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"ec2:DescribeInstances","Resource":"arn:aws:ec2:us-east-1:123456789012:instance/*""#, &["RESOURCE_FITS_NO_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::x/*","arn:aws:s3:::x/a"]"#, &["REDUNDANT_RESOURCE"]),
    // Operators and keys.
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringIs":{"aws:username":"a"}}"#, &["INVALID_CONDITION_OPERATOR"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"NullIfExists":{"aws:username":"true"}}"#, &["NULL_WITH_IF_EXISTS"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"Bool":{"aws:SecureTransport":["true","false"]}}"#, &["INVALID_CONDITION_MULTIPLE_BOOLEAN"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"IpAddress":{"aws:SourceIp":"office"}}"#, &["INVALID_CONDITION_DATA_TYPE"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}"#, &["INVALID_DATE_VALUE"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"aws:SourceVcpe":"vpce-1a2b3c4d"}}"#, &["INVALID_GLOBAL_CONDITION_KEY"]),
    (Identity, r#""Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::x","Condition":{"StringEquals":{"s3:prefx":"a"}}"#, &["INVALID_SERVICE_CONDITION_KEY"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"s3:prefix":"a"}}"#, &["UNSUPPORTED_CONDITION_KEY_FOR_ACTION"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"username":"a"}}"#, &["INVALID_CONDITION_KEY_FORMAT"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"aws:PrincipalTag":"a"}}"#, &["MISSING_TAG_KEY_IN_CONDITION"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}"#, &["WILDCARD_WITHOUT_LIKE_OPERATOR"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"aws:SourceIp":"203.0.113.7"}}"#, &["TYPE_MISMATCH"]),
    (Identity, r#""Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"StringEquals":{"aws:TagKeys":"a"}}"#, &["MISSING_QUALIFIER"]),
    (Identity, r#""Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}"#, &["FORALLVALUES_ALLOWS_ABSENT_KEY"]),
    (Identity, r#""Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"Null":{"aws:TagKeys":"false"}}"#, &[]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"ForAllValues:StringEquals":{"aws:SourceVpc":"vpc-1a2b3c4d"}}"#, &["FORALLVALUES_WITH_SINGLE_VALUED_KEY"]),
    (Identity, r#""Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::x/*","Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"}}"#, &["DENY_WITH_IF_EXISTS"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1a2b3c4d"}}"#, &["ALLOW_WITH_IF_EXISTS_ONLY"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"aws:username":"a","AWS:UserName":"b"}}"#, &["DUPLICATE_KEYS_WITH_DIFFERENT_CASE"]),
    // Variables.
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/${aws:username""#, &["MISSING_BRACE_IN_VARIABLE"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/${}""#, &["EMPTY_VARIABLE"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/${aws:username, none}""#, &["MISSING_QUOTE_IN_VARIABLE"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/${aws: username}""#, &["UNSUPPORTED_SPACE_IN_VARIABLE"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"IpAddress":{"aws:SourceIp":"${aws:username}"}}"#, &["INVALID_VARIABLE_FOR_OPERATOR"]),
    // Around endpoints.
    (Resource, r#""Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpc-1a2b3c4d"}}"#, &["SOURCE_VPCE_IS_NO_ENDPOINT", "NEGATED_KEY_DENIES_SERVICES"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"StringEquals":{"aws:SourceVpc":"vpce-1a2b3c4d"}}"#, &["SOURCE_VPC_IS_NO_VPC"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/16"}}"#, &["PRIVATE_IP_ADDRESS"]),
    (Identity, r#""Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/16","203.0.113.0/24"]}}"#, &["PRIVATE_IP_ADDRESS_SUBSET"]),
    (Identity, r#""Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, &["NOT_SOURCE_IP_DENIES_ENDPOINTS"]),
    (Endpoint, r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, &["ENDPOINT_SOURCE_IP_ABSENT"]),
    (Endpoint, r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}}"#, &["ENDPOINT_KEY_ALWAYS_THE_SAME"]),
    (Identity, r#""Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"StringEquals":{"aws:VpceAccount":"123456789012"}}"#, &["VPCE_KEY_UNKNOWN_TO_SERVICE"]),
    (Resource, r#""Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::x","arn:aws:s3:::x/*"],"Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"},"Bool":{"aws:ViaAWSService":"false"}}"#, &["LOCKOUT_WITHOUT_EXEMPTION"]),
    (Resource, r#""Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::x","arn:aws:s3:::x/*"],"Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/admin"},"Bool":{"aws:ViaAWSService":"false"}}"#, &[]),
    (Resource, r#""Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::x/*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"},"Bool":{"aws:ViaAWSService":"false"}}"#, &[]),
    // Roles.
    (Identity, r#""Effect":"Allow","Action":"iam:PassRole","Resource":"*""#, &["PASS_ROLE_WITH_STAR_IN_RESOURCE"]),
    (Identity, r#""Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}"#, &[]),
    (Identity, r#""Effect":"Allow","Action":"*","Resource":"*""#, &["PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE"]),
    (Identity, r#""Effect":"Allow","NotAction":"s3:*","Resource":"*""#, &["PASS_ROLE_WITH_NOT_ACTION_AND_STAR_IN_RESOURCE", "CREATE_SLR_WITH_NOT_ACTION_AND_STAR_IN_RESOURCE"]),
    // Organizations.
    (ServiceControl, r#""Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*""#, &["SCP_SYNTAX_ERROR_PRINCIPAL"]),
    (ServiceControl, r#""Effect":"Deny","Action":"s3:*Object","Resource":"*""#, &[]),
    (ServiceControl, r#""Effect":"Deny","Action":"s3:Put*","Resource":"*""#, &[]),
    (ResourceControl, r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*""#, &["RCP_SYNTAX_ERROR"]),
    (ResourceControl, r#""Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}"#, &["DENY_WITH_IF_EXISTS"]),
];

#[test]
fn each_rule_finds_what_offends_it_and_nothing_else() {
    for (kind, statement, expected) in CASES {
        let text = with(statement);
        assert_eq!(codes(&text, *kind), *expected, "{kind:?} {text}\n{:#?}", lint(&text, *kind));
    }
}

#[test]
fn documents_as_a_whole() {
    let allow = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*"}"#;
    for (text, expected) in [
        (format!(r#"{{"Statement":[{allow}]}}"#), vec!["MISSING_VERSION"]),
        (format!(r#"{{"Version":"2011-10-17","Statement":[{allow}]}}"#), vec!["INVALID_VERSION"]),
        (r#"{"Version":"2012-10-17"}"#.to_owned(), vec!["MISSING_STATEMENT"]),
        (r#"[]"#.to_owned(), vec!["DATA_TYPE_MISMATCH"]),
        (format!(r#"{{"Version":"2012-10-17","Statement":[{allow},{allow}]}}"#), vec!["REDUNDANT_STATEMENT"]),
        (allow.replace('{', "{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"A\",") + "}", vec![]),
        (
            format!(r#"{{"Version":"2008-10-17","Statement":{}}}"#, allow.replace("x/*", "x/${aws:username}")),
            vec!["VARIABLE_UNSUPPORTED_IN_VERSION"],
        ),
    ] {
        assert_eq!(codes(&text, Identity), expected, "{text}");
    }
    let sids = r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::x/*"},{"Sid":"A","Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::x/*"}]}"#;
    assert_eq!(codes(sids, Identity), ["UNIQUE_SIDS_REQUIRED"]);
    let long =
        with(&format!(r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"{}"#, " ".repeat(21_000)));
    assert_eq!(codes(&long, Endpoint), ["ENDPOINT_POLICY_TOO_LONG"]);
}

#[test]
fn a_finding_points_at_its_place() {
    let text = "{\n \"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\": \"Allow\", \"Action\": [\"s3:GetObject\", \"s3:Nothing\"], \"Resource\": \"*\"}\n ]\n}";
    let findings = lint(text, Identity);
    let location = &findings[0].locations[0];
    assert_eq!(
        location.path,
        [Step::Value("Statement".into()), Step::Index(0), Step::Value("Action".into()), Step::Index(1)]
    );
    assert_eq!((location.start.line, location.start.column), (4, 49));
    assert_eq!(&text[location.start.offset..location.end.offset], "\"s3:Nothing\"");
    assert!(findings[0].learn_more_link().ends_with("#access-analyzer-reference-policy-checks-error-invalid-action"));
    let broken = lint("{\"Statement\": [\n {\"Effect\": }]}", Identity);
    assert_eq!((broken[0].issue_code, broken[0].locations[0].start.line), ("JSON_SYNTAX_ERROR", 2));
    assert!(broken[0].details.contains("Statement[0].Effect"), "{broken:?}");
}

#[test]
fn no_cut_of_a_policy_makes_it_panic() {
    for (kind, statement, _) in CASES {
        let text = with(statement);
        for (at, _) in text.char_indices() {
            assert!(!lint(&text[..at], *kind).is_empty());
        }
        // Members replaced by values of other types.
        for odd in ["null", "1", "[[]]", "{\"a\":{\"b\":[{}]}}", "\"\\u00e9${\""] {
            for name in ["Effect", "Principal", "Action", "Resource", "Condition", "Sid", "NotAction"] {
                lint(&with(&format!("\"{name}\":{odd}")), *kind);
            }
        }
    }
}
