//! TagResource, UntagResource, ListResourceTags.

use super::{nothing, page};
use crate::desk::{By, Desk};
use postern_call::Refusal;
use postern_kit::{Input, Tags, merge_tags, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Value, json};

const TAGS_MAX: usize = 50;

/// The member `Tags`.
pub fn read(desk: &Desk<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in desk.input.list("Tags").iter().map(Input) {
        let (key, value) = (tag.required("TagKey")?, tag.text("TagValue").unwrap_or_default());
        if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
            return Err(tag_refused("Tag keys that begin with aws: are reserved for AWS."));
        }
        if tags.iter().any(|(known, _)| known == key) {
            return Err(tag_refused("Duplicate tag keys."));
        }
        tags.push((key.to_owned(), value.to_owned()));
    }
    within(&tags)?;
    Ok(tags)
}

fn within(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX {
        return Err(Refusal::new("LimitExceededException", format!("A key has at most {TAGS_MAX} tags.")));
    }
    Ok(())
}

fn tag_refused(message: &str) -> Refusal {
    Refusal::new("TagException", message)
}

pub fn tag(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let tags = read(desk)?;
    let mut asked = Keys::new();
    request_tag_keys(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut asked);
    let named = desk.key("TagResource", By::OwnId, asked)?;
    let (_, pending) = desk.kms.change(&named.key.record.id, |record| {
        record.not_pending()?;
        merge_tags(&mut record.tags, tags);
        within(&record.tags)
    })?;
    desk.wait_for([pending]);
    nothing()
}

pub fn untag(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let names = desk.input.texts("TagKeys");
    let mut asked = Keys::new();
    if !names.is_empty() {
        asked.insert("aws:tagkeys".into(), names.iter().map(|name| (*name).to_owned()).collect());
    }
    let named = desk.key("UntagResource", By::OwnId, asked)?;
    let (_, pending) = desk.kms.change(&named.key.record.id, |record| {
        record.not_pending()?;
        record.tags.retain(|(key, _)| !names.contains(&key.as_str()));
        Ok(())
    })?;
    desk.wait_for([pending]);
    nothing()
}

pub fn list(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.key("ListResourceTags", By::OwnId, Keys::new())?;
    let mut tags = named.key.record.tags.clone();
    tags.sort();
    let entries = tags.into_iter().map(|(key, value)| (key.clone(), json!({ "TagKey": key, "TagValue": value })));
    page(desk, "Tags", entries, 50)
}
