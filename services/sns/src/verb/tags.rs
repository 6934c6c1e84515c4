//! TagResource, UntagResource, ListTagsForResource.

use super::nothing;
use crate::refuse;
use crate::service::Sns;
use postern_call::{Call, Refusal};
use postern_kit::{Input, Tags, merge_tags, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Value, json};

const TAGS_MAX: usize = 50;

pub fn read(input: Input<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in input.list("Tags").iter().map(Input) {
        let key = tag.text("Key").unwrap_or_default();
        if tags.iter().any(|(known, _)| known == key) {
            return Err(refuse::parameter("Duplicated keys are not allowed."));
        }
        tags.push((key.to_owned(), tag.text("Value").unwrap_or_default().to_owned()));
    }
    Ok(tags)
}

/// At most fifty; keys of 1 to 128 characters, values of up to 256; `aws:` is AWS's own.
pub fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX {
        let message = "Could not complete request: tag quota of per resource exceeded";
        return Err(Refusal::new("TagLimitExceeded", message));
    }
    let unfit = tags.iter().find(|(key, value)| {
        let reserved = key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:"));
        key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 || reserved
    });
    match unfit {
        Some((key, _)) => Err(refuse::parameter(format!("Tags Reason: the tag '{key}' is not valid"))),
        None => Ok(()),
    }
}

pub async fn add(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let new = read(input)?;
    let mut keys = Keys::new();
    request_tag_keys(new.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    let topic =
        sns.admit(call, "TagResource", input.text("ResourceArn").unwrap_or_default(), keys).map_err(resource)?;
    sns.topics
        .transact(|desk| {
            let mut topic = desk.topic(&topic.arn())?;
            merge_tags(&mut topic.tags, new);
            check(&topic.tags)?;
            desk.put_topic(topic)
        })
        .await?;
    nothing()
}

pub async fn remove(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let gone = input.texts("TagKeys");
    let mut keys = Keys::new();
    if !gone.is_empty() {
        keys.insert("aws:tagkeys".into(), gone.iter().map(|key| (*key).to_owned()).collect());
    }
    let topic =
        sns.admit(call, "UntagResource", input.text("ResourceArn").unwrap_or_default(), keys).map_err(resource)?;
    sns.topics
        .transact(|desk| {
            let mut topic = desk.topic(&topic.arn())?;
            topic.tags.retain(|(key, _)| !gone.contains(&key.as_str()));
            desk.put_topic(topic)
        })
        .await?;
    nothing()
}

pub fn list(sns: &Sns, call: &Call) -> Result<Value, Refusal> {
    let arn = Input(&call.input).text("ResourceArn").unwrap_or_default();
    let topic = sns.admit(call, "ListTagsForResource", arn, Keys::new()).map_err(resource)?;
    let tags: Vec<Value> = topic.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "Tags": tags }))
}

fn resource(refusal: Refusal) -> Refusal {
    if refusal.code != "NotFound" {
        return refusal;
    }
    Refusal::new("ResourceNotFound", "Resource does not exist").status(404)
}
