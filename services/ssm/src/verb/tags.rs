//! AddTagsToResource, RemoveTagsFromResource, ListTagsForResource: of parameters.

use crate::desk::{Desk, durable};
use crate::parameter::Parameter;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::{Input, Tags, merge_tags, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Value, json};
use std::sync::Arc;

const TAGS_MAX: usize = 50;

/// The member `Tags`.
pub fn read(desk: &Desk<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in desk.input.list("Tags").iter().map(Input) {
        let (key, value) = (tag.required("Key")?, tag.text("Value").unwrap_or_default());
        if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
            return Err(refuse::validation("Tag keys that begin with aws: are reserved for AWS."));
        }
        merge_tags(&mut tags, vec![(key.to_owned(), value.to_owned())]);
    }
    within(&tags)?;
    Ok(tags)
}

fn within(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX { Err(Refusal::new("TooManyTagsError", "")) } else { Ok(()) }
}

/// The parameter that the request is about, when the caller may.
fn subject(desk: &Desk<'_>, action: &str, keys: Keys) -> Result<Arc<Parameter>, Refusal> {
    let kind = desk.input.required("ResourceType")?;
    let name = desk.input.required("ResourceId")?;
    if kind != "Parameter" {
        let refusal = Refusal::new("InvalidResourceType", "");
        return Err(refusal.hint(format!("Postern serves tags of parameters, not of {kind}")));
    }
    let known = desk.find(name);
    desk.ask(action, name, known.as_deref(), keys)?;
    known.ok_or_else(|| Refusal::new("InvalidResourceId", "").hint(format!("there is no parameter {name}")))
}

async fn change(
    desk: &Desk<'_>,
    parameter: &Parameter,
    change: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
) -> Result<Value, Refusal> {
    let name = &parameter.record.name;
    let ((), pending) = desk.parameters.change(&desk.place, name, |old| {
        let mut new = old.ok_or_else(|| Refusal::new("InvalidResourceId", ""))?.clone();
        change(&mut new.record.tags)?;
        Ok((Some(new), ()))
    })?;
    durable(pending).await?;
    Ok(json!({}))
}

pub async fn add(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let tags = read(desk)?;
    let mut keys = Keys::new();
    request_tag_keys(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    let parameter = subject(desk, "AddTagsToResource", keys)?;
    change(desk, &parameter, |own| {
        merge_tags(own, tags);
        within(own)
    })
    .await
}

pub async fn remove(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let names = desk.input.texts("TagKeys");
    let mut keys = Keys::new();
    if !names.is_empty() {
        keys.insert("aws:tagkeys".into(), names.iter().map(|name| (*name).to_owned()).collect());
    }
    let parameter = subject(desk, "RemoveTagsFromResource", keys)?;
    change(desk, &parameter, |own| {
        own.retain(|(key, _)| !names.contains(&key.as_str()));
        Ok(())
    })
    .await
}

pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let parameter = subject(desk, "ListTagsForResource", Keys::new())?;
    let tags = parameter.record.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
    Ok(json!({ "TagList": tags.collect::<Vec<_>>() }))
}
