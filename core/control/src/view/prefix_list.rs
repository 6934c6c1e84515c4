//! A managed prefix list in replies.

use crate::tags;
use postern_model::{ManagedPrefixList, PrefixListState};
use postern_names::Arn;
use serde_json::{Value, json};

pub fn state(state: PrefixListState) -> &'static str {
    match state {
        PrefixListState::CreateComplete => "create-complete",
        PrefixListState::ModifyComplete => "modify-complete",
        PrefixListState::RestoreComplete => "restore-complete",
    }
}

/// `AWS` for AWS's own.
pub fn owner(list: &ManagedPrefixList) -> String {
    list.owner.map_or_else(|| "AWS".to_owned(), |owner| owner.to_string())
}

/// As DescribeManagedPrefixLists shows it; AWS's own lists have neither version nor size.
pub fn managed(list: &ManagedPrefixList, state: &str) -> Value {
    let account = list.owner.map_or_else(|| "aws".to_owned(), |owner| owner.to_string());
    let arn = Arn::new("ec2", list.region.as_str(), account, format!("prefix-list/{}", list.id));
    let mut reply = json!({
        "PrefixListId": list.id.to_string(),
        "AddressFamily": "IPv4",
        "State": state,
        "PrefixListArn": arn.to_string(),
        "PrefixListName": list.name,
    });
    if let Some(max_entries) = list.max_entries {
        reply["MaxEntries"] = json!(max_entries);
    }
    if let Some(version) = list.version {
        reply["Version"] = json!(version);
    }
    reply["Tags"] = tags::view(&list.tags);
    reply["OwnerId"] = json!(owner(list));
    reply
}
