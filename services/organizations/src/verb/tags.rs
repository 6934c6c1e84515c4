//! Tags of the root, of units, accounts and policies.

use super::{Request, nothing};
use crate::input::merge_tags;
use crate::organizations::Desk;
use crate::refuse;
use crate::state::{State, Tags};
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn add(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("ResourceId")?;
    let tags = merge_tags(tags_of(desk.state, request, id)?, request.input.tags()?)?;
    set(desk, request, id, tags)
}

pub fn remove(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("ResourceId")?;
    let gone: Vec<&str> = request.input.list("TagKeys").iter().filter_map(Value::as_str).collect();
    let mut tags = tags_of(desk.state, request, id)?.clone();
    tags.retain(|(key, _)| !gone.contains(&key.as_str()));
    set(desk, request, id, tags)
}

pub fn list(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let tags = tags_of(state, request, request.input.required("ResourceId")?)?;
    let shown: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "Tags": shown }))
}

fn tags_of<'s>(state: &'s State, request: &Request<'_>, id: &str) -> Result<&'s Tags, Refusal> {
    state.tags(request.of(state)?, id).ok_or_else(refuse::no_target)
}

fn set(desk: &mut Desk<'_>, request: &Request<'_>, id: &str, tags: Tags) -> Result<Value, Refusal> {
    if let Some((id, account)) = id.parse().ok().and_then(|id| Some((id, desk.state.accounts.get_mut(&id)?))) {
        account.tags = tags;
        desk.touch_account(id);
        return nothing();
    }
    let organization = desk.organization(request.organization)?;
    let held = if id == organization.root {
        Some(&mut organization.root_tags)
    } else if let Some(unit) = organization.units.get_mut(id) {
        Some(&mut unit.tags)
    } else {
        organization.policies.get_mut(id).map(|policy| &mut policy.tags)
    };
    *held.ok_or_else(refuse::no_target)? = tags;
    nothing()
}
