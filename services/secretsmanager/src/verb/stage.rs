//! UpdateSecretVersionStage.

use super::{durable, named};
use crate::desk::{Desk, set};
use crate::refuse;
use crate::secret::{CURRENT, STAGES_MAX};
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::Value;

pub async fn update(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let stage = desk.input.required("VersionStage")?;
    let (from, to) = (desk.input.text("RemoveFromVersionId"), desk.input.text("MoveToVersionId"));
    let mut keys = Keys::new();
    set(&mut keys, "versionstage", Some(stage));
    let secret = desk.living("UpdateSecretVersionStage", keys)?;
    if from.is_none() && to.is_none() {
        let message = "You must specify at least one of RemoveFromVersionId or MoveToVersionId.";
        return Err(refuse::invalid_parameter(message));
    }
    let ((), pending) = desk.secrets.change(&secret, |change| {
        let record = &mut *change.record;
        record.alive()?;
        let attached = record.staged(stage).map(|(id, _)| id.clone());
        if let Some(from) = from {
            if !record.versions.contains_key(from) {
                return Err(refuse::no_value(&format!("VersionId: {from}")));
            }
            if attached.as_deref() != Some(from) {
                let message = format!("Staging label {stage} is not attached to version {from}.");
                return Err(refuse::invalid_parameter(message));
            }
        }
        let Some(to) = to else {
            if stage == CURRENT {
                let message = "You can't remove the staging label AWSCURRENT from a version without moving it to another version.";
                return Err(refuse::invalid_parameter(message));
            }
            record.take_stage(stage);
            return Ok(());
        };
        let target = record.versions.get(to).ok_or_else(|| refuse::no_value(&format!("VersionId: {to}")))?;
        let own = target.stages.len();
        if attached.as_deref().is_some_and(|attached| attached != to) && from.is_none() {
            let attached = attached.unwrap_or_default();
            let message = format!("The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version {attached}, so you must explicitly reference that version in RemoveFromVersionId.");
            return Err(refuse::invalid_parameter(message));
        }
        if own >= STAGES_MAX && attached.as_deref() != Some(to) {
            return Err(refuse::limit(format!("A version has at most {STAGES_MAX} staging labels.")));
        }
        record.move_stage(stage, to);
        record.changed = desk.call.now;
        Ok(())
    })?;
    durable(pending).await?;
    Ok(named(&secret.record))
}
