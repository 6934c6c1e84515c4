//! PutParameter.

use super::tags;
use crate::desk::{Desk, durable};
use crate::name;
use crate::parameter::{Held, Kind, Parameter, Record, Tier, VERSIONS_MAX, Version};
use crate::public;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::{Tags, request_tag_keys};
use postern_policy::Keys;
use regex_lite::Regex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const TEXT: &str = "text";
const IMAGE: &str = "aws:ec2:image";

pub async fn put(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    let name = input.required("Name")?;
    let overwrite = input.truth("Overwrite").unwrap_or(false);
    let new_tags = tags::read(desk)?;
    let known = desk.find(name);
    let mut keys = Keys::from_iter([("ssm:overwrite".to_owned(), vec![overwrite.to_string()])]);
    request_tag_keys(new_tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    desk.ask("PutParameter", name, known.as_deref(), keys.clone())?;
    if !new_tags.is_empty() {
        desk.ask("AddTagsToResource", name, known.as_deref(), keys)?;
    }
    name::check_new(name, desk.account(), &desk.place.1)?;
    if input.text("Policies").is_some_and(|policies| !policies.trim().is_empty()) {
        let message = "Parameter policies are not supported.";
        return Err(Refusal::new("InvalidPolicyTypeException", message).hint("Postern serves no parameter policies"));
    }
    if overwrite && !new_tags.is_empty() {
        return Err(refuse::validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
        ));
    }
    let version = draft(desk, name, known.as_deref()).await?;
    let tier = version.tier;
    let (number, pending) = desk.parameters.change(&desk.place, name, |old| {
        let new = next(desk, name, old, version, overwrite, new_tags)?;
        let number = new.latest()?.number;
        Ok((Some(new), number))
    })?;
    durable(pending).await?;
    Ok(json!({ "Version": number, "Tier": tier.word() }))
}

/// The version to be, but for its number.
async fn draft(desk: &Desk<'_>, name: &str, known: Option<&Parameter>) -> Result<Version, Refusal> {
    let input = desk.input;
    let value = input.required("Value")?;
    let latest = known.map(Parameter::latest).transpose()?;
    if latest.is_some() && input.truth("Overwrite") != Some(true) {
        return Err(exists());
    }
    let kind = match (input.text("Type"), latest) {
        (Some(word), _) => Kind::read(word).ok_or_else(|| {
            Refusal::new("UnsupportedParameterType", format!("The parameter type {word} is not supported."))
        })?,
        (None, Some(latest)) => latest.kind,
        (None, None) => {
            return Err(refuse::validation("A parameter type is required when you create a parameter."));
        }
    };
    if latest.is_some_and(|latest| latest.kind != kind) {
        let message = "The parameter type of an existing parameter cannot be changed.";
        return Err(Refusal::new("HierarchyTypeMismatchException", message));
    }
    let tier = tier(input.text("Tier"), latest.map(|latest| latest.tier), value)?;
    let data_type = input.text("DataType").or(latest.map(|latest| latest.data_type.as_str())).unwrap_or(TEXT);
    check_value(kind, data_type, value)?;
    let allowed_pattern = input.text("AllowedPattern");
    if let Some(pattern) = allowed_pattern {
        check_pattern(pattern, value)?;
    }
    let key = match (kind, input.text("KeyId")) {
        (Kind::SecureString, Some(key)) => Some(key.to_owned()),
        (Kind::SecureString, None) => {
            Some(latest.and_then(|latest| latest.key.clone()).unwrap_or_else(|| "alias/aws/ssm".to_owned()))
        }
        (_, Some(_)) => {
            return Err(refuse::validation("KeyId is only valid for parameters of type SecureString."));
        }
        (_, None) => None,
    };
    let held = match &key {
        Some(key) => desk.close(&name::arn(desk.account(), &desk.place.1, name), tier, key, value).await?,
        None => Held::Plain(value.to_owned()),
    };
    Ok(Version {
        number: 0,
        kind,
        value: held,
        key,
        description: input
            .text("Description")
            .map(str::to_owned)
            .or(latest.and_then(|latest| latest.description.clone())),
        allowed_pattern: allowed_pattern.map(str::to_owned),
        tier,
        data_type: data_type.to_owned(),
        modified: desk.call.now,
        by: desk.call.caller.display(),
        labels: Vec::new(),
    })
}

fn exists() -> Refusal {
    let message =
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
    Refusal::new("ParameterAlreadyExists", message)
}

/// The parameter with the new version; the oldest version goes when there are too many.
fn next(
    desk: &Desk<'_>,
    name: &str,
    old: Option<&Parameter>,
    mut version: Version,
    overwrite: bool,
    tags: Tags,
) -> Result<Parameter, Refusal> {
    let mut new = match old {
        Some(_) if !overwrite => return Err(exists()),
        Some(old) => old.clone(),
        None => Parameter {
            record: Record { account: desk.account(), region: desk.place.1.clone(), name: name.to_owned(), tags },
            versions: BTreeMap::new(),
        },
    };
    if new.versions.len() >= VERSIONS_MAX
        && let Some((number, oldest)) = new.versions.iter().next()
    {
        if !oldest.labels.is_empty() {
            let message = format!(
                "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. Version {number}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again."
            );
            return Err(Refusal::new("ParameterMaxVersionLimitExceeded", message));
        }
        let number = *number;
        new.versions.remove(&number);
    }
    version.number = old.and_then(|old| old.versions.keys().next_back()).copied().unwrap_or(0) + 1;
    new.versions.insert(version.number, Arc::new(version));
    Ok(new)
}

/// The tier that is asked for, or that the value needs; a parameter never becomes a standard one again.
fn tier(asked: Option<&str>, before: Option<Tier>, value: &str) -> Result<Tier, Refusal> {
    let needed = if value.len() > Tier::Standard.value_max() { Tier::Advanced } else { Tier::Standard };
    let tier = match (asked, before) {
        (Some("Advanced"), _) | (None | Some("Intelligent-Tiering"), Some(Tier::Advanced)) => Tier::Advanced,
        (Some("Intelligent-Tiering"), _) => needed,
        (_, Some(Tier::Advanced)) => {
            return Err(refuse::validation(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
            ));
        }
        _ => Tier::Standard,
    };
    let most = tier.value_max();
    if value.len() <= most {
        return Ok(tier);
    }
    let message = match tier {
        Tier::Standard => format!(
            "Standard tier parameters support a maximum parameter value of {most} characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        ),
        Tier::Advanced => format!("Advanced tier parameters support a maximum parameter value of {most} characters."),
    };
    Err(refuse::validation(message))
}

fn check_value(kind: Kind, data_type: &str, value: &str) -> Result<(), Refusal> {
    if value.is_empty() {
        let rule = "Member must have length greater than or equal to 1";
        return Err(postern_kit::validation("", "Value", rule));
    }
    match data_type {
        TEXT => Ok(()),
        IMAGE if kind != Kind::String => {
            Err(refuse::validation("The data type aws:ec2:image is for parameters of type String only."))
        }
        IMAGE if public::is_image(value) => Ok(()),
        IMAGE => {
            Err(refuse::validation(format!("The value {value} is not the ID of an available Amazon Machine Image.")))
                .map_err(|refusal: Refusal| refusal.hint("describe-images lists those that there are"))
        }
        other => Err(refuse::validation(format!(
            "The following data type is not supported: {other} (Data type names are all lowercase.)"
        ))),
    }
}

fn check_pattern(pattern: &str, value: &str) -> Result<(), Refusal> {
    let regex = Regex::new(pattern).map_err(|error| {
        let message = format!("The request doesn't meet the regular expression requirement: {pattern}");
        Refusal::new("InvalidAllowedPatternException", message).hint(error.to_string())
    })?;
    if regex.is_match(value) {
        return Ok(());
    }
    let message = format!("Parameter value, cannot be validated against allowedPattern: {pattern}");
    Err(Refusal::new("ParameterPatternMismatchException", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_grow_and_never_shrink() {
        let (small, large, huge) = ("x", "x".repeat(4097), "x".repeat(8193));
        assert_eq!(tier(None, None, small), Ok(Tier::Standard));
        assert!(tier(None, None, &large).is_err());
        assert_eq!(tier(Some("Intelligent-Tiering"), None, &large), Ok(Tier::Advanced));
        assert_eq!(tier(Some("Intelligent-Tiering"), None, small), Ok(Tier::Standard));
        assert_eq!(tier(None, Some(Tier::Advanced), &large), Ok(Tier::Advanced));
        assert!(tier(Some("Standard"), Some(Tier::Advanced), small).is_err());
        assert!(tier(Some("Advanced"), None, &huge).is_err());
    }

    #[test]
    fn a_pattern_must_hold() {
        assert!(check_pattern(r"^\d+$", "12").is_ok());
        assert_eq!(check_pattern(r"^\d+$", "x").unwrap_err().code, "ParameterPatternMismatchException");
        assert_eq!(check_pattern("(", "x").unwrap_err().code, "InvalidAllowedPatternException");
    }
}
