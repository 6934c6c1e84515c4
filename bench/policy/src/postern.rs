//! An object read through an endpoint: the caller's identity policies, the endpoint's and the bucket's.

use postern_call::{Caller, Principal};
use postern_names::{AccountId, Via, VpcEndpointId, VpcId};
use postern_policy::{Ask, Attached, Decision, Document, Keys, PolicyKind, PolicySet, decide};
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::Arc;

pub struct Scene {
    policies: PolicySet,
    caller: Caller,
    via: Via,
}

impl Scene {
    /// `statements` in all: half of them the identity's, a quarter the endpoint's, a quarter the bucket's. One statement:
    /// the identity's alone. The one that allows is the last of its policy.
    pub fn new(statements: usize) -> Self {
        let account = AccountId::DEFAULT;
        let quarter = statements / 4;
        let vpce = VpcEndpointId::from_bits(0xa1);
        let mut policies = PolicySet {
            identity: vec![attached(PolicyKind::Identity, statements - 2 * quarter, allow_read(), false)],
            ..PolicySet::default()
        };
        if quarter > 0 {
            let only = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": account.to_string()}}});
            policies.endpoint = Some(attached(PolicyKind::Endpoint, quarter, only, true));
            let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": ["arn:aws:s3:::photos", "arn:aws:s3:::photos/*"],
                "Condition": {"StringNotEquals": {"aws:SourceVpce": vpce.to_string()}}});
            policies.resource = Some(attached(PolicyKind::Resource, quarter, deny, true));
        }
        let caller = Caller::of(Principal::Role {
            account,
            path: "/".into(),
            name: "web".into(),
            id: "AROAEXAMPLEEXAMPLE01".into(),
            session: "i-0a1b2c3d4e5f60718".into(),
        });
        let source = std::net::Ipv4Addr::new(10, 0, 1, 5).into();
        Self { policies, caller, via: Via::Endpoint { id: vpce, vpc: VpcId::from_bits(0xb2), source, account } }
    }

    pub fn check(&self) {
        assert!(matches!(self.judged("s3:GetObject"), Decision::Allow { .. }));
        assert!(matches!(self.judged("s3:PutObject"), Decision::ImplicitDeny { .. }));
    }

    pub fn decide(&self) {
        black_box(self.judged(black_box("s3:GetObject")));
    }

    pub fn deny(&self) {
        black_box(self.judged(black_box("s3:PutObject")));
    }

    fn judged(&self, action: &str) -> Decision {
        let ask = Ask {
            caller: &self.caller,
            via: &self.via,
            action,
            resource: "arn:aws:s3:::photos/2026/november/1.jpg",
            resource_account: Some(AccountId::DEFAULT),
            resource_policy: None,
            keys: Keys::new(),
            region: "eu-central-1",
            secure: true,
            user_agent: Some("aws-sdk"),
            now: time::OffsetDateTime::UNIX_EPOCH,
            request_id: None,
        };
        decide(&ask, &self.policies)
    }
}

fn allow_read() -> Value {
    json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::photos/*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}}})
}

/// The document ends with `last`; before it stand statements about other things, every other one about S3.
fn attached(kind: PolicyKind, statements: usize, last: Value, principals: bool) -> Attached {
    let mut all: Vec<Value> = (1..statements).map(|number| other(number, principals)).collect();
    all.push(last);
    let text = json!({"Version": "2012-10-17", "Statement": all}).to_string();
    Attached::new(kind, format!("{kind:?}"), Arc::new(Document::parse(&text).expect("a document")))
}

fn other(number: usize, principals: bool) -> Value {
    let (action, resource) = if number % 2 == 0 {
        ("s3:Get*", format!("arn:aws:s3:::team-{number}/*"))
    } else {
        ("sqs:SendMessage", format!("arn:aws:sqs:*:123456789012:team-{number}"))
    };
    let mut statement = json!({"Sid": format!("S{number}"), "Effect": "Allow", "Action": action, "Resource": resource,
        "Condition": {"StringLike": {"aws:PrincipalArn": format!("arn:aws:iam::*:role/team-{number}*")}}});
    if principals {
        statement["Principal"] = json!("*");
    }
    statement
}
