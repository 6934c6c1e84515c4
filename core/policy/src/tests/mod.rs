//! The decision as a whole: tables from AWS's rules, random policies against the plain evaluator, sentences.

mod keys;
mod language;
mod order;
mod sentences;
mod texts;

use crate::{Ask, Attached, Document, Keys, PolicyKind, PolicySet};
use postern_call::{Caller, Principal};
use postern_names::{AccountId, Via, VpcEndpointId, VpcId};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use time::OffsetDateTime;

pub const OTHER_ACCOUNT: &str = "999999999999";
pub const BUCKET: &str = "arn:aws:s3:::photos";

pub fn user() -> Caller {
    Caller::of(Principal::User {
        account: AccountId::DEFAULT,
        path: "/".into(),
        name: "ann".into(),
        id: "AIDAEXAMPLEEXAMPLE01".into(),
    })
}

pub fn session() -> Caller {
    Caller::of(Principal::Role {
        account: AccountId::DEFAULT,
        path: "/".into(),
        name: "web".into(),
        id: "AROAEXAMPLEEXAMPLE01".into(),
        session: "i-1".into(),
    })
}

pub fn root() -> Caller {
    Caller::of(Principal::Root { account: AccountId::DEFAULT })
}

pub fn service() -> Caller {
    Caller::of(Principal::Service { name: "sns.amazonaws.com".into() })
}

pub fn host() -> Via {
    Via::Host { peer: IpAddr::V4(Ipv4Addr::LOCALHOST) }
}

pub fn endpoint() -> Via {
    Via::Endpoint {
        id: VpcEndpointId::from_bits(0xa1),
        vpc: VpcId::from_bits(0xb2),
        source: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 5)),
        account: AccountId::DEFAULT,
    }
}

/// A request for the bucket in the caller's own account.
pub fn ask<'a>(caller: &'a Caller, via: &'a Via, action: &'a str) -> Ask<'a> {
    Ask {
        caller,
        via,
        action,
        resource: BUCKET,
        resource_account: Some(AccountId::DEFAULT),
        resource_policy: None,
        keys: Keys::new(),
        region: "eu-central-1",
        secure: true,
        user_agent: Some("aws-cli/2"),
        now: OffsetDateTime::from_unix_timestamp(1_795_255_200).expect("a time"),
        request_id: None,
    }
}

pub fn attached(kind: PolicyKind, name: &str, text: &str) -> Attached {
    Attached::new(kind, name, Arc::new(Document::parse(text).expect("a good document")))
}

/// One statement's members as a policy of this kind.
pub fn policy(kind: PolicyKind, statement: &str) -> Attached {
    attached(kind, "p", &format!(r#"{{"Version":"2012-10-17","Statement":{{{statement}}}}}"#))
}

pub fn identity(statement: &str) -> PolicySet {
    PolicySet { identity: vec![policy(PolicyKind::Identity, statement)], ..PolicySet::default() }
}
