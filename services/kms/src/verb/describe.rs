//! DescribeKey, ListKeys, GetPublicKey, UpdateKeyDescription.

use super::{base64, nothing, page};
use crate::desk::{By, Desk};
use crate::refuse;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

pub fn describe(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("DescribeKey", By::Anything, Keys::new())?;
    Ok(json!({ "KeyMetadata": named.key.record.metadata() }))
}

pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let place = desk.place()?;
    desk.ask_for("ListKeys", "*", place.0, None, Keys::new())?;
    let state = desk.kms.read();
    let ids = state.of_place.get(&place).into_iter().flatten();
    let keys =
        ids.filter_map(|id| Some((id, state.keys.get(id)?))).filter(|(_, key)| !key.record.is_gone(desk.call.now));
    let entries = keys.map(|(id, key)| (id.clone(), json!({ "KeyId": key.record.id(), "KeyArn": key.record.arn() })));
    page(desk, "Keys", entries, 100)
}

pub fn public_key(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.plain_use()?;
    let named = desk.key("GetPublicKey", By::Anything, Keys::new())?;
    let record = &named.key.record;
    record.usable()?;
    let (_, material) = named.key.current()?;
    let Some(public) = material.public_key()? else {
        let message =
            format!("{} key spec is {} which is not valid for GetPublicKey.", record.arn(), record.spec.word());
        return Err(refuse::unsupported(message));
    };
    let mut reply = json!({
        "KeyId": record.arn(),
        "PublicKey": base64(&public),
        "CustomerMasterKeySpec": record.spec.word(),
        "KeySpec": record.spec.word(),
        "KeyUsage": record.usage.word(),
    });
    reply[record.usage.algorithms_member()] = json!(record.spec.algorithms(record.usage));
    Ok(reply)
}

pub fn update_description(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("UpdateKeyDescription", By::OwnId, Keys::new())?;
    let description = desk.input.text("Description").unwrap_or_default().to_owned();
    let (_, pending) = desk.kms.change(&named.key.record.id, |record| {
        record.not_pending()?;
        record.description = description;
        Ok(())
    })?;
    desk.wait_for([pending]);
    nothing()
}
