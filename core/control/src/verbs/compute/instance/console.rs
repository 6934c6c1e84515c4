//! GetConsoleOutput.

use crate::{Context, Draft, Request, find, view};
use base64::Engine;
use postern_call::Refusal;
use postern_model::Instance;
use serde_json::{Value, json};

/// The console's tail in base64; no `Output` before there is one.
pub(super) fn output(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let instance = find::<Instance>(draft, context, request.id("InstanceId")?)?;
    let mut reply = json!({ "InstanceId": instance.id.to_string(), "Timestamp": view::timestamp(context.now) });
    if let Some(bytes) = context.outside.console(instance.id) {
        reply["Output"] = json!(base64::engine::general_purpose::STANDARD.encode(bytes));
    }
    Ok(reply)
}
