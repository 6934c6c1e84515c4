//! Permissions boundaries of users and roles.

use super::inline::touched;
use super::{Request, nothing};
use crate::iam::Desk;
use crate::refuse;
use crate::state::Bearer;
use postern_call::Refusal;
use serde_json::Value;

const MEMBER: &str = "PermissionsBoundary";

/// The boundary that a Create request names, if any: a managed policy that exists.
pub fn named(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Option<String>, Refusal> {
    let Some(arn) = request.input.text(MEMBER) else { return Ok(None) };
    if desk.account().managed_document(arn).is_none() {
        return Err(refuse::no_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")));
    }
    Ok(Some(arn.to_owned()))
}

pub fn put(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    request.input.required(MEMBER)?;
    desk.account().policies_of(bearer, name)?;
    let boundary = named(desk, request)?;
    set(desk, bearer, name, boundary)
}

pub fn delete(desk: &mut Desk<'_>, request: &Request<'_>, bearer: Bearer) -> Result<Value, Refusal> {
    let name = request.input.name(bearer.member(), 128)?;
    let account = desk.account();
    let present = match bearer {
        Bearer::Role => account.role(name)?.boundary.is_some(),
        Bearer::User | Bearer::Group => account.user(name)?.boundary.is_some(),
    };
    if !present {
        let kind = bearer.word();
        return Err(refuse::no_entity(format!("{kind} {name} does not have a permissions boundary.")));
    }
    set(desk, bearer, name, None)
}

/// Groups have no boundaries and no such operations.
fn set(desk: &mut Desk<'_>, bearer: Bearer, name: &str, boundary: Option<String>) -> Result<Value, Refusal> {
    match bearer {
        Bearer::Role => desk.account().role_mut(name)?.boundary = boundary,
        Bearer::User | Bearer::Group => desk.account().user_mut(name)?.boundary = boundary,
    }
    desk.touch(touched(bearer, name));
    nothing()
}
