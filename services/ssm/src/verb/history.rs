//! GetParameterHistory.

use crate::desk::Desk;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::page;
use serde_json::{Value, json};

const MOST: i64 = 50;

pub async fn get(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (parameter, _) = desk.parameter("GetParameterHistory")?;
    let most = desk.input.bounded("MaxResults", 1, MOST)?.unwrap_or(MOST);
    let most = usize::try_from(most).map_err(Refusal::internal)?;
    let entries = parameter.versions.iter().map(|(number, version)| (format!("{number:020}"), version));
    let page = page(entries, desk.input.text("NextToken"), most).map_err(|_| refuse::invalid_token())?;
    let mut told = Vec::new();
    for version in page.entries {
        let value = desk.value(&parameter, version).await?;
        told.push(parameter.history(version, &value));
    }
    let mut reply = json!({ "Parameters": told });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}
