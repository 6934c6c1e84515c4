//! Inline policies of users, groups and roles.

use super::{Request, nothing};
use crate::iam::Desk;
use crate::page::page;
use crate::refuse;
use crate::save::Touched;
use crate::state::{Bearer, key};
use postern_call::Refusal;
use postern_policy::Document;
use serde_json::{Value, json};

pub fn put(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let policy = request.input.name("PolicyName", 128)?;
    desk.account().policies_of(bearer, name)?;
    let document = request.input.document("PolicyDocument", Document::parse_identity)?;
    let policies = desk.account().policies_of_mut(bearer, name)?;
    let others = policies.inline.iter().filter(|(known, _)| known.as_str() != policy).map(|(_, doc)| doc.size());
    let (limit, kind) = match bearer {
        Bearer::User => (2048, "user"),
        Bearer::Group => (5120, "group"),
        Bearer::Role => (10_240, "role"),
    };
    if others.sum::<usize>() + document.size() > limit {
        return Err(refuse::limit_exceeded(format!("Maximum policy size of {limit} bytes exceeded for {kind} {name}")));
    }
    policies.inline.insert(policy.to_owned(), document);
    desk.touch(touched(bearer, name));
    nothing()
}

pub fn get(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let policy = request.input.name("PolicyName", 128)?;
    let document = desk.account().policies_of(bearer, name)?.inline.get(policy);
    let document = document.ok_or_else(|| no_such(bearer, policy))?;
    Ok(json!({ bearer.member(): name, "PolicyName": policy, "PolicyDocument": document.encoded() }))
}

pub fn list(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let names = desk.account().policies_of(bearer, name)?.inline.keys();
    page(request.input, "PolicyNames", names.map(|name| (name.clone(), json!(name))).collect())
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let policy = request.input.name("PolicyName", 128)?;
    let removed = desk.account().policies_of_mut(bearer, name)?.inline.remove(policy);
    removed.ok_or_else(|| no_such(bearer, policy))?;
    desk.touch(touched(bearer, name));
    nothing()
}

/// What to write to disk when the policies of one of the three changed.
pub fn touched(bearer: Bearer, name: &str) -> Touched {
    match bearer {
        Bearer::User => Touched::User(key(name)),
        Bearer::Group => Touched::Group(key(name)),
        Bearer::Role => Touched::Role(key(name)),
    }
}

fn no_such(bearer: Bearer, policy: &str) -> Refusal {
    refuse::no_such(&format!("{} policy", bearer.word().to_lowercase()), policy)
}
