//! Tags of zones.

use super::{Request, own_zone};
use crate::refuse;
use postern_call::Refusal;
use postern_control::Draft;
use postern_kit::Input;
use postern_model::World;
use postern_names::HostedZoneId;
use serde_json::{Value, json};

const TAGS_MAX: usize = 10;

/// The id of the tagged zone; other kinds of resource are not there.
fn id<'a>(input: Input<'a>) -> Result<&'a str, Refusal> {
    match input.required("ResourceType")? {
        "hostedzone" => input.required("ResourceId"),
        other => Err(refuse::not_served(&format!("Tags of the resource type {other}"))),
    }
}

pub fn change(draft: &mut Draft<'_>, request: &Request<'_>, _id: HostedZoneId) -> Result<Value, Refusal> {
    let mut zone = own_zone(draft, request, id(request.input)?)?.clone();
    for key in request.input.texts("RemoveTagKeys") {
        zone.tags.remove(key);
    }
    for tag in request.input.list("AddTags") {
        let tag = Input(tag);
        zone.tags.insert(tag.required("Key")?.to_owned(), tag.text("Value").unwrap_or_default().to_owned());
    }
    if zone.tags.len() > TAGS_MAX {
        return Err(refuse::invalid(format!("A hosted zone can have {TAGS_MAX} tags at most.")));
    }
    draft.put(zone);
    Ok(json!({}))
}

pub fn list(world: &World, request: &Request<'_>) -> Result<Value, Refusal> {
    let given = id(request.input)?;
    let zone = own_zone(world, request, given)?;
    let tags: Vec<Value> = zone.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "ResourceTagSet": { "ResourceType": "hostedzone", "ResourceId": zone.id, "Tags": tags } }))
}
