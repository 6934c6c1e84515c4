//! Tags of log groups, by the operations of today, which take an ARN, and those of before, which take a name.

use crate::books::{self, Shared};
use crate::desk::Desk;
use crate::name::{self, Named};
use crate::record;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::{Tags, merge_tags, request_tag_keys};
use postern_policy::Keys;
use serde_json::{Value, json};

const TAGS_MAX: usize = 50;

/// Which of the two kinds of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Resource,
    Group,
}

/// The member `tags`.
pub fn read(desk: &Desk<'_>) -> Result<Tags, Refusal> {
    let given = desk.input.map("tags");
    if let Some((key, _)) = given.iter().find(|(key, _)| key.to_lowercase().starts_with("aws:")) {
        return Err(refuse::invalid(format!("Tag keys that begin with aws: are reserved for AWS: {key}")));
    }
    Ok(given.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// The group that the request is about, when the caller may.
fn subject(desk: &Desk<'_>, door: Door, action: &str, keys: Keys) -> Result<Shared, Refusal> {
    let named: Named = match door {
        Door::Group => desk.named()?,
        Door::Resource => {
            let arn = desk.input.text("resourceArn").unwrap_or_default();
            if !arn.starts_with("arn:") {
                return Err(refuse::invalid(format!("Invalid ARN: {arn}")));
            }
            name::read(arn, "resourceArn", desk.account(), &desk.place.1)?
        }
    };
    // Those of today are judged by the ARN without :*, as AWS says.
    let resource = if door == Door::Resource { named.arn() } else { named.judged() };
    desk.ask(action, &named, &resource, keys)?;
    desk.find(&named)
}

async fn change(
    desk: &Desk<'_>,
    group: &Shared,
    change: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
) -> Result<Value, Refusal> {
    let changed = desk.books.change(group, |group| {
        let mut new = group.record.clone();
        change(&mut new.tags)?;
        let write = record::put_group(&new)?;
        group.record = new;
        Ok(((), vec![write]))
    });
    changed.await?;
    Ok(json!({}))
}

pub async fn add(desk: &Desk<'_>, door: Door) -> Result<Value, Refusal> {
    let new = read(desk)?;
    let mut keys = Keys::new();
    request_tag_keys(new.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    let action = if door == Door::Resource { "TagResource" } else { "TagLogGroup" };
    let group = subject(desk, door, action, keys)?;
    let merge = |tags: &mut Tags| {
        merge_tags(tags, new);
        if tags.len() <= TAGS_MAX {
            return Ok(());
        }
        let message = format!("A resource can have {TAGS_MAX} tags at most.");
        Err(match door {
            Door::Resource => Refusal::new("TooManyTagsException", message),
            Door::Group => refuse::invalid(message),
        })
    };
    change(desk, &group, merge).await
}

pub async fn remove(desk: &Desk<'_>, door: Door) -> Result<Value, Refusal> {
    let (action, member) = match door {
        Door::Resource => ("UntagResource", "tagKeys"),
        Door::Group => ("UntagLogGroup", "tags"),
    };
    let names = desk.input.texts(member);
    let mut keys = Keys::new();
    if !names.is_empty() {
        keys.insert("aws:tagkeys".into(), names.iter().map(|name| (*name).to_owned()).collect());
    }
    let group = subject(desk, door, action, keys)?;
    let without = |tags: &mut Tags| {
        tags.retain(|(key, _)| !names.contains(&key.as_str()));
        Ok(())
    };
    change(desk, &group, without).await
}

pub fn list(desk: &Desk<'_>, door: Door) -> Result<Value, Refusal> {
    let action = if door == Door::Resource { "ListTagsForResource" } else { "ListTagsLogGroup" };
    let group = subject(desk, door, action, Keys::new())?;
    let group = books::read(&group);
    let tags = group.record.tags.iter().map(|(key, value)| (key.clone(), json!(value)));
    Ok(json!({ "tags": tags.collect::<serde_json::Map<_, _>>() }))
}
