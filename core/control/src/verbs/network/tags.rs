//! CreateTags, DeleteTags, DescribeTags: over every kind of entity that has tags.

use crate::taggable::{self, Tagged};
use crate::{Context, Draft, Filters, Request, page, refuse, tags};
use postern_call::Refusal;
use postern_model::Tags;
use serde_json::{Value, json};

/// Most resources in a call.
const RESOURCES_MAX: usize = 1000;

pub fn create_tags(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let given = request.parts("Tags");
    if given.is_empty() {
        return Err(refuse::missing_parameter("tagSet"));
    }
    for id in resources(request)? {
        taggable::change(draft, context, id, |tags| tags::add(tags, &given))?;
    }
    Ok(json!({}))
}

/// A tag with a value goes only if it has that value; no tags at all means every tag.
pub fn delete_tags(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let given = request.parts("Tags");
    for id in resources(request)? {
        taggable::change(draft, context, id, |tags| {
            if given.is_empty() {
                tags.clear();
            }
            for tag in &given {
                let key = tag.text("Key").unwrap_or_default();
                if tag.text("Value").is_none_or(|value| tags.get(key).is_some_and(|v| v == value)) {
                    tags.remove(key);
                }
            }
            Ok(())
        })?;
    }
    Ok(json!({}))
}

fn resources<'a>(request: &Request<'a>) -> Result<Vec<&'a str>, Refusal> {
    let ids = request.texts("Resources");
    if ids.is_empty() {
        return Err(refuse::missing_parameter("resourceIdSet"));
    }
    if ids.len() > RESOURCES_MAX {
        let message = format!("A request cannot name more than {RESOURCES_MAX} resources.");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    Ok(ids)
}

pub fn describe_tags(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let filters = Filters::of(request);
    filters.check_names(|name| matches!(name, "key" | "resource-id" | "resource-type" | "value"))?;
    let mut items = Vec::new();
    for Tagged { id, resource_type, tags } in taggable::all(draft, context) {
        for (key, value) in tags {
            let alone = Tags::from([(key.clone(), value.clone())]);
            let values = |name: &str| {
                Some(vec![match name {
                    "key" => key.clone(),
                    "value" => value.clone(),
                    "resource-id" => id.clone(),
                    "resource-type" => resource_type.to_owned(),
                    _ => return None,
                }])
            };
            if filters.pass(&alone, values)? {
                items.push(json!({ "Key": key, "ResourceId": id, "ResourceType": resource_type, "Value": value }));
            }
        }
    }
    page(request, "Tags", items, 5, 1000)
}
