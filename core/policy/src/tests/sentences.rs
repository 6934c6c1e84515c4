//! Denials in AWS's words.

use super::*;
use crate::{Decision, StatementRef, code_for, sentence};

fn missing(missing: PolicyKind) -> Decision {
    Decision::ImplicitDeny { missing, nearly: Vec::new() }
}

fn denied(kind: PolicyKind, policy: &str) -> Decision {
    Decision::ExplicitDeny { by: StatementRef { kind, policy: policy.into(), index: 0, sid: None } }
}

#[test]
fn each_reason_has_its_words() {
    let (user, via) = (user(), host());
    let mut question = ask(&user, &via, "sqs:SendMessage");
    question.resource = "arn:aws:sqs:us-east-1:123456789012:q";
    let head = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:us-east-1:123456789012:q ";
    for (decision, reason) in [
        (missing(PolicyKind::Identity), "because no identity-based policy allows the sqs:sendmessage action"),
        (missing(PolicyKind::Resource), "because no resource-based policy allows the sqs:sendmessage action"),
        (missing(PolicyKind::Endpoint), "because no VPC endpoint policy allows the sqs:sendmessage action"),
        (missing(PolicyKind::ServiceControl), "because no service control policy allows the sqs:sendmessage action"),
        (missing(PolicyKind::Boundary), "because no permissions boundary allows the sqs:sendmessage action"),
        (missing(PolicyKind::Session), "because no session policy allows the sqs:sendmessage action"),
        (denied(PolicyKind::Identity, "inline"), "with an explicit deny in an identity-based policy"),
        (
            denied(PolicyKind::Identity, "arn:aws:iam::123456789012:policy/p"),
            "with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/p",
        ),
        (denied(PolicyKind::Resource, "arn:aws:sqs:::q"), "with an explicit deny in a resource-based policy"),
        (denied(PolicyKind::Endpoint, "vpce-1"), "with an explicit deny in a VPC endpoint policy"),
        (denied(PolicyKind::Boundary, "b"), "with an explicit deny in a permissions boundary"),
        (denied(PolicyKind::Trust, "t"), "with an explicit deny in the role trust policy"),
    ] {
        assert_eq!(sentence(&question, &decision), format!("{head}{reason}"));
    }
}

#[test]
fn queues_and_topics_spell_actions_their_own_way() {
    let (user, via) = (user(), host());
    let said = |action: &str| sentence(&ask(&user, &via, action), &missing(PolicyKind::Identity));
    let mut question = ask(&user, &via, "sqs:ListQueues");
    question.resource = "*";
    assert!(
        sentence(&question, &missing(PolicyKind::Identity)).ends_with(
            "perform: sqs:listqueues on resource: arn:aws:sqs:eu-central-1:123456789012: because no identity-based policy allows the sqs:listqueues action"
        )
    );
    assert!(said("sns:Publish").contains("perform: SNS:Publish on resource"));
    assert!(said("sns:Publish").ends_with("allows the SNS:Publish action"));
}

#[test]
fn services_have_their_habits() {
    let (user, via, nobody) = (user(), endpoint(), Caller::anonymous());
    let mut question = ask(&user, &via, "s3:ListBucket");
    assert_eq!(
        sentence(&question, &missing(PolicyKind::Endpoint)),
        "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::photos\" because no VPC endpoint policy allows the s3:ListBucket action"
    );
    question.caller = &nobody;
    assert_eq!(sentence(&question, &missing(PolicyKind::Resource)), "Access Denied");
    let mut question = ask(&user, &via, "ec2:DescribeVpcs");
    question.resource = "*";
    assert_eq!(
        sentence(&question, &missing(PolicyKind::Identity)),
        "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ann is not authorized to perform: ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action"
    );
}

#[test]
fn codes() {
    for (service, code, status) in [
        ("s3", "AccessDenied", 403),
        ("ssm", "AccessDeniedException", 400),
        ("dynamodb", "AccessDeniedException", 400),
        ("lambda", "AccessDeniedException", 403),
        ("sts", "AccessDenied", 403),
        ("sns", "AuthorizationError", 403),
        ("ec2", "UnauthorizedOperation", 403),
    ] {
        assert_eq!(code_for(service), (code, status));
    }
}
