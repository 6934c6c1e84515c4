//! LabelParameterVersion and UnlabelParameterVersion.

use crate::desk::{Desk, durable};
use crate::parameter::{LABELS_MAX, Parameter};
use crate::refuse;
use postern_call::Refusal;
use serde_json::{Value, json};
use std::sync::Arc;

/// Whether AWS takes the label.
fn is_valid(label: &str) -> bool {
    let lower = label.to_lowercase();
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    !label.is_empty()
        && label.len() <= 100
        && label.chars().all(allowed)
        && !label.starts_with(|c: char| c.is_ascii_digit())
        && !lower.starts_with("aws")
        && !lower.starts_with("ssm")
}

/// The version of the member `ParameterVersion`, the latest without one.
fn number(desk: &Desk<'_>, parameter: &Parameter) -> Result<i64, Refusal> {
    match desk.input.number("ParameterVersion") {
        Some(number) if parameter.versions.contains_key(&number) => Ok(number),
        Some(number) => Err(refuse::no_version(&parameter.record.name, number)),
        None => Ok(parameter.latest()?.number),
    }
}

pub async fn label(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (parameter, named) = desk.parameter("LabelParameterVersion")?;
    let (valid, invalid): (Vec<&str>, Vec<&str>) =
        desk.input.texts("Labels").into_iter().partition(|label| is_valid(label));
    let (number, pending) = desk.parameters.change(&desk.place, &parameter.record.name, |old| {
        let mut new = old.ok_or_else(|| refuse::not_found(&named.name))?.clone();
        let number = number(desk, &new)?;
        for (own, version) in &mut new.versions {
            let mut labels = version.labels.clone();
            labels.retain(|label| !valid.contains(&label.as_str()));
            if *own == number {
                labels.extend(valid.iter().map(|label| (*label).to_owned()));
                if labels.len() > LABELS_MAX {
                    let message = format!("A parameter version can have maximum {LABELS_MAX} labels.");
                    return Err(Refusal::new("ParameterVersionLabelLimitExceeded", message));
                }
            }
            if labels != version.labels {
                Arc::make_mut(version).labels = labels;
            }
        }
        Ok((Some(new), number))
    })?;
    durable(pending).await?;
    Ok(json!({ "InvalidLabels": invalid, "ParameterVersion": number }))
}

pub async fn unlabel(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (parameter, named) = desk.parameter("UnlabelParameterVersion")?;
    let labels = desk.input.texts("Labels");
    let ((removed, invalid), pending) = desk.parameters.change(&desk.place, &parameter.record.name, |old| {
        let mut new = old.ok_or_else(|| refuse::not_found(&named.name))?.clone();
        let number = number(desk, &new)?;
        let version = new.versions.get_mut(&number).ok_or_else(|| refuse::no_version(&named.name, number))?;
        let (removed, invalid): (Vec<&str>, Vec<&str>) =
            labels.iter().partition(|label| version.labels.iter().any(|own| own == *label));
        if !removed.is_empty() {
            Arc::make_mut(version).labels.retain(|own| !removed.contains(&own.as_str()));
        }
        Ok((Some(new), (removed, invalid)))
    })?;
    durable(pending).await?;
    Ok(json!({ "RemovedLabels": removed, "InvalidLabels": invalid }))
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn labels_keep_the_rules() {
        for good in ["prod", "My-Label_1.0", "a"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "1st", "aws-x", "SSMx", "a b", "a:b"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
