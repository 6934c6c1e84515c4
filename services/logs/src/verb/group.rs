//! CreateLogGroup and DeleteLogGroup.

use super::tags;
use crate::desk::Desk;
use crate::record::GroupRecord;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::request_tag_keys;
use postern_policy::Keys;
use serde_json::{Value, json};

pub async fn create(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.named()?;
    let given = tags::read(desk)?;
    let mut keys = Keys::new();
    request_tag_keys(given.iter().map(|(key, value)| (key.as_str(), value.as_str())), &mut keys);
    desk.ask("CreateLogGroup", &named, &named.judged(), keys.clone())?;
    if !given.is_empty() {
        // Either of the two permissions is enough.
        let by_resource = desk.ask("TagResource", &named, &named.arn(), keys.clone());
        if let Err(refusal) = by_resource {
            desk.ask("TagLogGroup", &named, &named.judged(), keys).map_err(|_| refusal)?;
        }
    }
    if desk.input.text("kmsKeyId").is_some() {
        return Err(refuse::not_served("kmsKeyId"));
    }
    if let Some(class) = desk.input.text("logGroupClass").filter(|class| *class != "STANDARD") {
        return Err(refuse::not_served(&format!("logGroupClass {class}")));
    }
    if desk.input.truth("deletionProtectionEnabled") == Some(true) {
        return Err(refuse::not_served("deletionProtectionEnabled"));
    }
    if named.name.starts_with("aws/") {
        return Err(refuse::invalid("Log groups starting with AWS/ are reserved for AWS."));
    }
    let record = GroupRecord {
        number: 0,
        account: named.owner,
        region: named.region,
        name: named.name,
        created: desk.now,
        retention: None,
        tags: given,
    };
    desk.books.create(record).await?;
    Ok(json!({}))
}

pub async fn delete(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let named = desk.named()?;
    desk.ask("DeleteLogGroup", &named, &named.judged(), Keys::new())?;
    desk.books.delete(&named).await?;
    Ok(json!({}))
}
