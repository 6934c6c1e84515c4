//! The tree of root, units and accounts: who is below whom, and moving.

use super::{Request, nothing};
use crate::organizations::Desk;
use crate::page::page;
use crate::refuse;
use crate::state::{Organization, State};
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn children(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let parent = request.input.required("ParentId")?;
    let kind = request.input.required("ChildType")?;
    if !organization.is_parent(parent) {
        return Err(refuse::no_parent());
    }
    let ids: Vec<String> = match kind {
        "ACCOUNT" => {
            let members = state.members(&organization.id).filter(|(_, _, member)| member.parent == parent);
            members.map(|(id, ..)| id.to_string()).collect()
        }
        _ => organization.units.iter().filter(|(_, u)| u.parent == parent).map(|(id, _)| id.clone()).collect(),
    };
    let children = ids.into_iter().map(|id| (id.clone(), json!({ "Id": id, "Type": kind }))).collect();
    page(request.input, "Children", children)
}

pub fn parents(state: &State, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(state)?;
    let child = request.input.required("ChildId")?;
    let parent = match organization.units.get(child) {
        Some(unit) => &unit.parent,
        None => &state.member(&organization.id, child).map_err(|_| refuse::no_child())?.2.parent,
    };
    let shown = json!({ "Id": parent, "Type": kind_of(organization, parent) });
    page(request.input, "Parents", vec![(parent.clone(), shown)])
}

pub fn move_account(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let (id, _, member) = desk.state.member(&organization.id, request.input.required("AccountId")?)?;
    let from = request.input.required("SourceParentId")?;
    let to = request.input.required("DestinationParentId")?;
    if from != member.parent {
        let message = "You specified a source root or OU that doesn't exist.";
        return Err(refuse::other("SourceParentNotFoundException", message));
    }
    if !organization.is_parent(to) {
        let message = "You specified a destination parent that doesn't exist.";
        return Err(refuse::other("DestinationParentNotFoundException", message));
    }
    if from == to {
        let message = "That account is already present in the specified destination.";
        return Err(refuse::other("DuplicateAccountException", message));
    }
    if let Some(member) = desk.state.accounts.get_mut(&id).and_then(|account| account.member.as_mut()) {
        member.parent = to.to_owned();
    }
    desk.touch_account(id);
    nothing()
}

fn kind_of(organization: &Organization, id: &str) -> &'static str {
    if organization.root == id { "ROOT" } else { "ORGANIZATIONAL_UNIT" }
}
