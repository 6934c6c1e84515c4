//! GetParameter and GetParameters.

use crate::desk::Desk;
use crate::name::Named;
use crate::public;
use crate::refuse;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

pub async fn one(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.named(desk.input.required("Name")?)?;
    Ok(json!({ "Parameter": read(desk, "GetParameter", &named).await? }))
}

/// Asks, then gives the version that is named, with its value.
async fn read(desk: &Desk<'_>, action: &str, named: &Named) -> Result<Value, Refusal> {
    let known = desk.find(&named.name);
    desk.ask(action, &named.name, known.as_deref(), Keys::new())?;
    if public::is_public(&named.name) {
        return public::parameter(&named.name, &desk.place.1).ok_or_else(|| refuse::not_found(&named.name));
    }
    let parameter = known.ok_or_else(|| refuse::not_found(&named.name))?;
    let version = parameter.version(named.selector.as_ref())?;
    let value = desk.value(&parameter, version).await?;
    Ok(parameter.shape(version, &value, named.selector.as_ref()))
}

/// What is not there is told beside the others; what the caller may not read refuses the whole request.
pub async fn several(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for given in desk.input.texts("Names") {
        let named = desk.named(given)?;
        match read(desk, "GetParameters", &named).await {
            Ok(parameter) => found.push(parameter),
            Err(refusal) if refusal.code == "ParameterNotFound" || refusal.code == "ParameterVersionNotFound" => {
                invalid.push(given);
            }
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
}
