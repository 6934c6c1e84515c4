//! TagResource and UntagResource.

use super::durable;
use crate::desk::Desk;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::{Input, Tags, merge_tags, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Value, json};

const TAGS_MAX: usize = 50;

/// The member `Tags`.
pub fn read(desk: &Desk<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in desk.input.list("Tags").iter().map(Input) {
        let (key, value) = (tag.required("Key")?, tag.text("Value").unwrap_or_default());
        if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
            return Err(refuse::invalid_request("Tag keys that begin with aws: are reserved for AWS."));
        }
        if tags.iter().any(|(known, _)| known == key) {
            return Err(refuse::invalid_parameter("Duplicate tag keys in the request."));
        }
        tags.push((key.to_owned(), value.to_owned()));
    }
    within(&tags)?;
    Ok(tags)
}

fn within(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX {
        return Err(refuse::invalid_parameter(format!("A secret has at most {TAGS_MAX} tags.")));
    }
    Ok(())
}

pub async fn tag(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let tags = read(desk)?;
    let mut keys = Keys::new();
    request_tag_keys(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    let secret = desk.living("TagResource", keys)?;
    let ((), pending) = desk.secrets.change(&secret, |change| {
        merge_tags(&mut change.record.tags, tags);
        within(&change.record.tags)
    })?;
    durable(pending).await?;
    Ok(json!({}))
}

pub async fn untag(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let names = desk.input.texts("TagKeys");
    let mut keys = Keys::new();
    if !names.is_empty() {
        keys.insert("aws:tagkeys".into(), names.iter().map(|name| (*name).to_owned()).collect());
    }
    let secret = desk.living("UntagResource", keys)?;
    let ((), pending) = desk.secrets.change(&secret, |change| {
        change.record.tags.retain(|(key, _)| !names.contains(&key.as_str()));
        Ok(())
    })?;
    durable(pending).await?;
    Ok(json!({}))
}
