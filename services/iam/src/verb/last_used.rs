//! GetAccessKeyLastUsed: when a key was last used, and for what.

use super::{Request, time_text};
use crate::iam::Desk;
use crate::refuse;
use crate::usage::{KeyUse, Usage};
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn of_key(desk: &mut Desk<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.input.required("AccessKeyId")?;
    let holder = desk.state.keys.get(id).filter(|holder| holder.account == desk.account_id).cloned();
    let holder = holder.ok_or_else(|| refuse::no_such_key(id))?;
    let usage = desk.usage;
    let account = desk.account();
    let user = holder.user.as_ref().and_then(|name| account.users.get(name));
    let owner = user.map_or_else(|| holder.account.to_string(), |user| user.id.clone());
    let mut reply = json!({ "AccessKeyLastUsed": shape(key_use(usage, &owner, id).as_ref()) });
    if let (Some(user), Some(members)) = (user, reply.as_object_mut()) {
        members.insert("UserName".into(), json!(user.name));
    }
    Ok(reply)
}

/// The use of one of an identity's keys.
pub fn key_use(usage: &Usage, owner: &str, key: &str) -> Option<KeyUse> {
    usage.of(owner)?.keys.remove(key)
}

/// `RoleLastUsed`: empty if the role was never used.
pub fn of_role(usage: &Usage, id: &str) -> Value {
    let record = usage.of(id);
    match record.as_ref().and_then(|record| record.latest()) {
        Some((at, region)) => json!({ "LastUsedDate": time_text(at), "Region": region }),
        None => json!({}),
    }
}

fn shape(used: Option<&KeyUse>) -> Value {
    match used {
        Some(used) => json!({
            "LastUsedDate": time_text(used.at),
            "ServiceName": used.service,
            "Region": used.region,
        }),
        None => json!({ "ServiceName": "N/A", "Region": "N/A" }),
    }
}
