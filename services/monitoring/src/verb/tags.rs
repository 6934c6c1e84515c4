//! Tags of alarms.

use super::{Changed, Request};
use crate::refuse;
use crate::state::Home;
use postern_call::Refusal;
use postern_kit::{Input, Tags, merge_tags};
use serde_json::{Value, json};

const TAGS_MAX: usize = 50;

/// The name in `ResourceARN`.
fn named<'a>(home: &Home, request: &Request<'a>) -> Result<&'a str, Refusal> {
    let arn = request.input.text("ResourceARN").ok_or_else(|| refuse::missing("ResourceARN"))?;
    let name = arn.split(":alarm:").nth(1).unwrap_or_default();
    if home.alarms.contains_key(name) { Ok(name) } else { Err(refuse::no_alarm(arn)) }
}

/// The tags of a request.
pub fn read(input: Input<'_>) -> Tags {
    let tags = input.list("Tags").iter().map(Input);
    tags.filter_map(|tag| Some((tag.text("Key")?.to_owned(), tag.text("Value").unwrap_or_default().to_owned())))
        .collect()
}

pub fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > TAGS_MAX {
        return Err(refuse::invalid(format!("A resource can have {TAGS_MAX} tags at most.")));
    }
    Ok(())
}

pub fn list(home: &Home, request: &Request<'_>) -> Result<Value, Refusal> {
    let alarm = home.alarms.get(named(home, request)?).map(|alarm| alarm.tags.as_slice()).unwrap_or_default();
    Ok(json!({ "Tags": alarm.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>() }))
}

pub fn add(home: &mut Home, request: &Request<'_>) -> Changed {
    let name = named(home, request)?;
    let Some(alarm) = home.alarms.get_mut(name) else { return Err(refuse::no_alarm(name)) };
    let mut tags = alarm.tags.clone();
    merge_tags(&mut tags, read(request.input));
    check(&tags)?;
    alarm.tags = tags;
    Ok((json!({}), vec![name.to_owned()]))
}

pub fn remove(home: &mut Home, request: &Request<'_>) -> Changed {
    let name = named(home, request)?;
    let Some(alarm) = home.alarms.get_mut(name) else { return Err(refuse::no_alarm(name)) };
    let keys = request.input.texts("TagKeys");
    alarm.tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    Ok((json!({}), vec![name.to_owned()]))
}
