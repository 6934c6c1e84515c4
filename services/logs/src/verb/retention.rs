//! PutRetentionPolicy and DeleteRetentionPolicy. What is too old goes at once.

use crate::desk::Desk;
use crate::record;
use crate::refuse;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

/// The days that AWS takes.
const DAYS: &[i64] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

pub async fn put(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let days = desk.input.number("retentionInDays").unwrap_or_default();
    if !DAYS.contains(&days) {
        let known: Vec<String> = DAYS.iter().map(i64::to_string).collect();
        return Err(refuse::invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            known.join(", ")
        )));
    }
    change(desk, "PutRetentionPolicy", Some(days)).await
}

pub async fn delete(desk: &Desk<'_>) -> Result<Value, Refusal> {
    change(desk, "DeleteRetentionPolicy", None).await
}

async fn change(desk: &Desk<'_>, action: &str, days: Option<i64>) -> Result<Value, Refusal> {
    let named = desk.named()?;
    desk.ask(action, &named, &named.judged(), Keys::new())?;
    let group = desk.find(&named)?;
    let changed = desk.books.change(&group, |group| {
        let write = record::put_group(&record::GroupRecord { retention: days, ..group.record.clone() })?;
        group.record.retention = days;
        let mut writes = group.expire(desk.now);
        writes.push(write);
        Ok(((), writes))
    });
    changed.await?;
    Ok(json!({}))
}
