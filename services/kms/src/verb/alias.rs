//! CreateAlias, UpdateAlias, DeleteAlias, ListAliases. Each is asked for on the alias and on the keys that it leads to.

use super::{nothing, page};
use crate::desk::{By, Desk};
use crate::key::{Key, text_of};
use crate::kms::{Alias, Place, place_of};
use crate::refuse;
use postern_call::Refusal;
use postern_names::Arn;
use postern_policy::Keys;
use serde_json::{Value, json};
use std::sync::Arc;

const NAME_MAX: usize = 256;

fn arn((account, region): &Place, name: &str) -> String {
    Arn::new("kms", region, account, name).to_string()
}

/// The alias's name, which a customer may use.
fn name<'a>(desk: &Desk<'a>) -> Result<&'a str, Refusal> {
    let name = desk.input.required("AliasName")?;
    let Some(word) = name.strip_prefix("alias/") else {
        let message = "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
        return Err(refuse::validation(message));
    };
    if word.starts_with("aws/") {
        let message = "Aliases that begin with alias/aws/ are reserved for AWS managed keys.";
        return Err(Refusal::new("NotAuthorizedException", message));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
    if word.is_empty() || name.len() > NAME_MAX || !word.chars().all(allowed) {
        let rule = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
        return Err(postern_kit::validation(name, "AliasName", rule));
    }
    Ok(name)
}

/// The key that the alias is to lead to.
fn target(desk: &Desk<'_>, action: &str) -> Result<Arc<Key>, Refusal> {
    let reference = desk.input.required("TargetKeyId")?;
    if reference.starts_with("alias/") || reference.contains(":alias/") {
        return Err(refuse::validation("Aliases must refer to keys. Not aliases"));
    }
    let named = desk.key_of(reference, action, By::OwnId, Keys::new())?;
    named.key.record.not_pending()?;
    Ok(named.key)
}

pub fn create(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (place, name) = (desk.place()?, name(desk)?);
    desk.ask_for("CreateAlias", &arn(&place, name), place.0, None, Keys::new())?;
    let key = target(desk, "CreateAlias")?;
    let now = desk.call.now;
    let pending = desk.kms.change_alias(&place, name, |old| match old {
        Some(_) => {
            let message = format!("An alias with the name {} already exists", arn(&place, name));
            Err(Refusal::new("AlreadyExistsException", message))
        }
        None => Ok(Some(Alias { key: key.record.id.clone(), created: now, updated: now })),
    })?;
    desk.wait_for([pending]);
    nothing()
}

/// The alias and the key that it leads to now.
fn known(desk: &Desk<'_>, action: &str, place: &Place, name: &str) -> Result<Alias, Refusal> {
    desk.ask_for(action, &arn(place, name), place.0, None, Keys::new())?;
    let (alias, key) = {
        let state = desk.kms.read();
        let alias = state.aliases.get(place).and_then(|aliases| aliases.get(name)).cloned();
        (alias, state.by_alias(place, name))
    };
    let alias = alias.ok_or_else(|| refuse::no_alias(&arn(place, name)))?;
    if let Some(key) = key.filter(|key| !key.record.is_gone(desk.call.now)) {
        desk.ask(action, &key, None, Keys::new())?;
    }
    Ok(alias)
}

pub fn update(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (place, name) = (desk.place()?, name(desk)?);
    let old = known(desk, "UpdateAlias", &place, name)?;
    let key = target(desk, "UpdateAlias")?;
    let before = desk.kms.read().keys.get(&old.key).map(|key| (key.record.usage, key.record.spec.is_pair()));
    if before.is_some_and(|before| before != (key.record.usage, key.record.spec.is_pair())) {
        let message = "The old and new key of an alias must be of the same type and usage.";
        return Err(refuse::validation(message));
    }
    let now = desk.call.now;
    let pending = desk.kms.change_alias(&place, name, |old| match old {
        Some(old) => Ok(Some(Alias { key: key.record.id.clone(), created: old.created, updated: now })),
        None => Err(refuse::no_alias(&arn(&place, name))),
    })?;
    desk.wait_for([pending]);
    nothing()
}

pub fn delete(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (place, name) = (desk.place()?, name(desk)?);
    known(desk, "DeleteAlias", &place, name)?;
    desk.wait_for([desk.kms.change_alias(&place, name, |_| Ok(None))?]);
    nothing()
}

pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let place = desk.place()?;
    desk.ask_for("ListAliases", "*", place.0, None, Keys::new())?;
    let wanted = match desk.input.text("KeyId") {
        Some(reference) => match desk.find(reference, By::Id)? {
            Ok(named) if place_of(&named.key.record) == place => Some(named.key.record.id.clone()),
            Ok(_) => return Err(refuse::invalid_arn(reference)),
            Err(missing) => return Err(missing.refusal),
        },
        None => None,
    };
    let state = desk.kms.read();
    let shown = state.aliases.get(&place).into_iter().flatten();
    let shown = shown.filter(|(_, alias)| wanted.as_ref().is_none_or(|id| alias.key == *id));
    let entries = shown.filter_map(|(name, alias)| {
        let key = state.keys.get(&alias.key).filter(|key| !key.record.is_gone(desk.call.now))?;
        let entry = json!({
            "AliasName": name,
            "AliasArn": arn(&place, name),
            "TargetKeyId": key.record.id(),
            "CreationDate": text_of(alias.created),
            "LastUpdatedDate": text_of(alias.updated),
        });
        Some((name.clone(), entry))
    });
    page(desk, "Aliases", entries, 50)
}
