//! EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion.

use super::nothing;
use crate::desk::{By, Desk};
use crate::key::text_of;
use crate::refuse;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};
use time::Duration;

pub fn enable(desk: &Desk<'_>) -> Result<Value, Refusal> {
    set(desk, "EnableKey", true)
}

pub fn disable(desk: &Desk<'_>) -> Result<Value, Refusal> {
    set(desk, "DisableKey", false)
}

fn set(desk: &Desk<'_>, action: &str, enabled: bool) -> Result<Value, Refusal> {
    let named = desk.key(action, By::OwnId, Keys::new())?;
    let (_, pending) = desk.kms.change(&named.key.record.id, |record| {
        record.not_pending()?;
        record.enabled = enabled;
        Ok(())
    })?;
    desk.wait_for([pending]);
    nothing()
}

pub fn schedule_deletion(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let days = desk.input.bounded("PendingWindowInDays", 7, 30)?.unwrap_or(30);
    let asked = super::keys([("schedulekeydeletionpendingwindowindays", days.to_string().as_str())]);
    let named = desk.key("ScheduleKeyDeletion", By::OwnId, asked)?;
    let at = desk.call.now + Duration::days(days);
    let (key, pending) = desk.kms.change(&named.key.record.id, |record| {
        record.not_pending()?;
        record.deletion = Some(at);
        Ok(())
    })?;
    desk.wait_for([pending]);
    Ok(json!({
        "KeyId": key.record.arn(),
        "DeletionDate": text_of(at),
        "KeyState": key.record.state(),
        "PendingWindowInDays": days,
    }))
}

/// The key is disabled afterwards, as in AWS.
pub fn cancel_deletion(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("CancelKeyDeletion", By::OwnId, Keys::new())?;
    let (key, pending) = desk.kms.change(&named.key.record.id, |record| {
        if record.deletion.take().is_none() {
            return Err(refuse::state(&record.arn(), "is not pending deletion."));
        }
        record.enabled = false;
        Ok(())
    })?;
    desk.wait_for([pending]);
    Ok(json!({ "KeyId": key.record.arn() }))
}
