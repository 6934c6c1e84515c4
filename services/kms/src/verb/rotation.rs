//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.

use super::{nothing, page};
use crate::desk::{By, Desk};
use crate::key::{Record, Rotation, Turn, text_of};
use crate::refuse;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};
use time::Duration;

const ON_DEMAND_MAX: usize = 25;

fn rotates(record: &Record, operation: &str) -> Result<(), Refusal> {
    if record.spec.is_symmetric() {
        return Ok(());
    }
    let (arn, spec) = (record.arn(), record.spec.word());
    Err(refuse::unsupported(format!("{arn} key spec is {spec} which is not valid for {operation}.")))
}

pub fn enable(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let days = desk.input.bounded("RotationPeriodInDays", 90, 2560)?;
    let asked = days.map_or_else(Keys::new, |days| super::keys([("rotationperiodindays", days.to_string().as_str())]));
    let named = desk.key("EnableKeyRotation", By::OwnId, asked)?;
    let now = desk.call.now;
    let (_, pending) = desk.kms.change(&named.key.record.id, |record| {
        rotates(record, "EnableKeyRotation")?;
        record.usable()?;
        let days = days.or(record.rotation.map(|rotation| rotation.days)).unwrap_or(365);
        if record.rotation.is_none_or(|rotation| rotation.days != days) {
            record.rotation = Some(Rotation { days, next: now + Duration::days(days) });
        }
        Ok(())
    })?;
    desk.wait_for([pending]);
    nothing()
}

pub fn disable(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("DisableKeyRotation", By::OwnId, Keys::new())?;
    let (_, pending) = desk.kms.change(&named.key.record.id, |record| {
        rotates(record, "DisableKeyRotation")?;
        record.usable()?;
        record.rotation = None;
        Ok(())
    })?;
    desk.wait_for([pending]);
    nothing()
}

pub fn status(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("GetKeyRotationStatus", By::Id, Keys::new())?;
    let record = &named.key.record;
    record.not_pending()?;
    rotates(record, "GetKeyRotationStatus")?;
    let mut reply = json!({ "KeyId": record.arn(), "KeyRotationEnabled": record.rotation.is_some() });
    if let Some(rotation) = record.rotation {
        reply["RotationPeriodInDays"] = json!(rotation.days);
        reply["NextRotationDate"] = json!(text_of(rotation.next));
    }
    Ok(reply)
}

pub fn on_demand(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("RotateKeyOnDemand", By::OwnId, Keys::new())?;
    let record = &named.key.record;
    rotates(record, "RotateKeyOnDemand")?;
    record.usable()?;
    if record.materials.iter().filter(|kept| kept.how == Some(Turn::OnDemand)).count() >= ON_DEMAND_MAX {
        let message = format!("{} has reached the limit of {ON_DEMAND_MAX} on-demand rotations.", record.arn());
        return Err(Refusal::new("LimitExceededException", message));
    }
    let kept = desk.kms.make_material(record, Some(Turn::OnDemand), desk.call.now)?;
    let key = desk.turn(&named.key, kept)?;
    Ok(json!({ "KeyId": key.record.arn() }))
}

/// The rotations that were done; with the first material too if the request wants all material.
pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("ListKeyRotations", By::OwnId, Keys::new())?;
    let record = &named.key.record;
    rotates(record, "ListKeyRotations")?;
    let all = desk.input.text("IncludeKeyMaterial") == Some("ALL_KEY_MATERIAL");
    let last = record.materials.len().saturating_sub(1);
    let shown = record.materials.iter().enumerate().filter(|(_, kept)| all || kept.how.is_some());
    let entries = shown.map(|(at, kept)| {
        let mut entry = json!({
            "KeyId": record.arn(),
            "KeyMaterialId": record.material_id(at),
            "KeyMaterialState": if at == last { "CURRENT" } else { "NON_CURRENT" },
        });
        if let Some(how) = kept.how {
            entry["RotationDate"] = json!(text_of(kept.made));
            entry["RotationType"] = json!(how);
        }
        (format!("{at:08}"), entry)
    });
    page(desk, "Rotations", entries.collect::<Vec<_>>(), 100)
}
