//! TestMetricFilter: which messages a pattern takes, and what it finds in them.

use crate::desk::Desk;
use crate::pattern::Pattern;
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn test(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.ask_at_all("TestMetricFilter")?;
    let pattern = Pattern::read(desk.input.text("filterPattern").unwrap_or_default())?;
    let messages = desk.input.texts("logEventMessages");
    let taken = messages.iter().enumerate().filter(|(_, message)| pattern.matches(message));
    let matches = taken.map(|(number, message)| {
        let values: serde_json::Map<String, Value> =
            pattern.values(message).into_iter().map(|(name, value)| (name, json!(value))).collect();
        json!({ "eventNumber": number, "eventMessage": message, "extractedValues": values })
    });
    Ok(json!({ "matches": matches.collect::<Vec<_>>() }))
}
