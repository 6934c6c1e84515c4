//! Tags on requests and in replies.

use crate::Request;
use postern_call::{Answer, Refusal};
use postern_model::Tags;
use serde_json::{Value, json};

/// Most tags a resource may have.
const MOST: usize = 50;

/// The tags that `TagSpecifications` gives to a resource of this type (`vpc`, `route-table`). A specification of
/// another type than the allowed ones is refused.
pub fn specified(request: &Request<'_>, resource_type: &str, also_allowed: &[&str]) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for specification in request.parts("TagSpecifications") {
        let given = specification.text("ResourceType").unwrap_or_default();
        if given == resource_type {
            add(&mut tags, &specification.parts("Tags"))?;
        } else if !also_allowed.contains(&given) {
            return Err(Refusal::new(
                "InvalidParameterValue",
                format!("'{given}' is not a valid taggable resource type for this operation."),
            ));
        }
    }
    Ok(tags)
}

/// Adds the tags of a request, checked, to those of a resource.
pub fn add(tags: &mut Tags, given: &[Request<'_>]) -> Result<(), Refusal> {
    for tag in given {
        let key = tag.text("Key").unwrap_or_default();
        let value = tag.text("Value").unwrap_or_default();
        check(key, value)?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST {
        return Err(Refusal::new("TagLimitExceeded", "The maximum number of Tags for a resource has been reached."));
    }
    Ok(())
}

fn check(key: &str, value: &str) -> Result<(), Refusal> {
    if key.is_empty() || key.chars().count() > 128 {
        return Err(Refusal::new(
            "InvalidParameterValue",
            "Tag key exceeds the maximum length of 128 characters or is empty",
        ));
    }
    if value.chars().count() > 256 {
        return Err(Refusal::new("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters"));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(Refusal::new(
            "InvalidParameterValue",
            "Tag keys starting with 'aws:' are reserved for internal use",
        ));
    }
    Ok(())
}

/// Tags as replies carry them.
pub fn view(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// The same, leaner.
pub fn lean(tags: &Tags) -> Answer {
    Answer::list(
        tags.iter().map(|(key, value)| Answer::members([("Key", key.clone().into()), ("Value", value.clone().into())])),
    )
}
