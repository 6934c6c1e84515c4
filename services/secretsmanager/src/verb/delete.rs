//! DeleteSecret and RestoreSecret.

use super::{durable, named};
use crate::desk::{Desk, set};
use crate::refuse;
use crate::secret::text_of;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};
use time::Duration;

pub async fn delete(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let window = desk.input.number("RecoveryWindowInDays");
    let force = desk.input.truth("ForceDeleteWithoutRecovery");
    let mut keys = Keys::new();
    set(&mut keys, "recoverywindowindays", window);
    set(&mut keys, "forcedeletewithoutrecovery", force);
    let secret = desk.secret("DeleteSecret", keys)?;
    let force = force == Some(true);
    if force && window.is_some() {
        let message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
        return Err(refuse::invalid_parameter(message));
    }
    if window.is_some_and(|days| !(7..=30).contains(&days)) {
        let message = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        return Err(refuse::invalid_parameter(message));
    }
    let mut reply = named(&secret.record);
    let now = desk.call.now;
    if force {
        durable(desk.secrets.remove(&secret)).await?;
        reply["DeletionDate"] = json!(text_of(now));
        return Ok(reply);
    }
    let at = now + Duration::days(window.unwrap_or(30));
    let ((), pending) = desk.secrets.change(&secret, |change| {
        change.record.alive()?;
        change.record.deleted = Some((now, at));
        Ok(())
    })?;
    durable(pending).await?;
    reply["DeletionDate"] = json!(text_of(at));
    Ok(reply)
}

pub async fn restore(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let secret = desk.secret("RestoreSecret", Keys::new())?;
    let ((), pending) = desk.secrets.change(&secret, |change| {
        change.record.deleted = None;
        Ok(())
    })?;
    durable(pending).await?;
    Ok(named(&secret.record))
}
