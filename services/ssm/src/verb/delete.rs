//! DeleteParameter and DeleteParameters.

use crate::desk::{Desk, durable};
use crate::refuse;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

pub async fn one(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (parameter, named) = desk.parameter("DeleteParameter")?;
    if named.selector.is_some() {
        return Err(refuse::not_found(&named.name).hint("a parameter is deleted as a whole"));
    }
    let ((), pending) = desk.parameters.change(&desk.place, &parameter.record.name, |old| {
        old.ok_or_else(|| refuse::not_found(&named.name))?;
        Ok((None, ()))
    })?;
    durable(pending).await?;
    Ok(json!({}))
}

pub async fn several(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let names = desk.input.texts("Names");
    for given in &names {
        let named = desk.named(given)?;
        desk.ask("DeleteParameters", &named.name, desk.find(&named.name).as_deref(), Keys::new())?;
    }
    let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
    for given in names {
        let named = desk.named(given)?;
        if named.selector.is_some() {
            invalid.push(given);
            continue;
        }
        let (was_there, pending) = desk.parameters.change(&desk.place, &named.name, |old| Ok((None, old.is_some())))?;
        durable(pending).await?;
        if was_there { deleted.push(given) } else { invalid.push(given) }
    }
    Ok(json!({ "DeletedParameters": deleted, "InvalidParameters": invalid }))
}
