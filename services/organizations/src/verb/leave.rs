//! The ways out of an organization.

use super::{Request, nothing};
use crate::organizations::Desk;
use crate::refuse;
use postern_call::Refusal;
use serde_json::Value;

pub fn leave(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    out(desk, request, &request.account.to_string())
}

pub fn remove(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    out(desk, request, request.input.required("AccountId")?)
}

fn out(desk: &mut Desk<'_>, request: &Request<'_>, account: &str) -> Result<Value, Refusal> {
    let organization = request.of(desk.state)?;
    let (id, ..) = desk.state.member(&organization.id, account)?;
    if id == organization.management {
        return Err(refuse::management_stays());
    }
    desk.organization(request.organization)?.attached.remove(account);
    if let Some(account) = desk.state.accounts.get_mut(&id) {
        account.member = None;
        // Tags of an account are the organization's.
        account.tags.clear();
    }
    desk.touch_account(id);
    nothing()
}
