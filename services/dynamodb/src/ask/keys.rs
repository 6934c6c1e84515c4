//! The condition keys of a request: what of a table it touches, and what it wants back.

use super::expression::{attributes, demanded};
use super::statement::Statement;
use crate::engine::Table;
use postern_policy::Keys;
use serde_json::{Map, Value};

/// A key attribute's value as policies write it: numbers as given, binary as base64.
pub fn key_text(value: &Value) -> Option<String> {
    ["S", "N", "B"].iter().find_map(|kind| value.get(kind)?.as_str()).map(str::to_owned)
}

/// Collects the values of the keys that are lists.
#[derive(Default)]
pub struct Lists {
    leading: Vec<String>,
    attributes: Vec<String>,
}

impl Lists {
    fn lead(&mut self, value: Option<&Value>) {
        self.leading.extend(value.and_then(key_text).filter(|text| !self.leading.contains(text)));
    }

    fn name(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names {
            if !self.attributes.contains(&name) {
                self.attributes.push(name);
            }
        }
    }

    /// An item or an item's key: its attributes, and its partition key.
    pub fn item(&mut self, item: Option<&Value>, partition: Option<&str>) {
        let Some(item) = item.and_then(Value::as_object) else { return };
        self.name(item.keys().cloned());
        self.lead(partition.and_then(|key| item.get(key)));
    }

    /// What the members of a request or of a part of it name in expressions and in the older way.
    pub fn named(&mut self, part: &Value) {
        let names = object(part, "ExpressionAttributeNames");
        for member in [
            "ProjectionExpression",
            "FilterExpression",
            "KeyConditionExpression",
            "ConditionExpression",
            "UpdateExpression",
        ] {
            if let Some(text) = part[member].as_str() {
                self.name(attributes(text, names));
            }
        }
        for member in ["AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter"] {
            self.name(object(part, member).into_iter().flat_map(Map::keys).cloned());
        }
        let listed = part["AttributesToGet"].as_array().into_iter().flatten();
        self.name(listed.filter_map(Value::as_str).map(str::to_owned));
    }

    /// The partition key that a Query demands.
    pub fn condition(&mut self, part: &Value, partition: Option<&str>) {
        let Some(partition) = partition else { return };
        let names = object(part, "ExpressionAttributeNames");
        let values = object(part, "ExpressionAttributeValues");
        if let Some(text) = part["KeyConditionExpression"].as_str() {
            self.lead(demanded(text, partition, names, values));
        }
        self.lead(part["KeyConditions"][partition]["AttributeValueList"].get(0));
    }

    pub fn statement(&mut self, statement: &Statement, partition: Option<&str>, parameters: &[Value]) {
        self.name(statement.attributes());
        self.leading.extend(partition.map(|key| statement.key_values(key, parameters)).unwrap_or_default());
    }

    pub fn into_keys(self) -> Keys {
        let mut keys = Keys::new();
        for (key, values) in [("dynamodb:leadingkeys", self.leading), ("dynamodb:attributes", self.attributes)] {
            if !values.is_empty() {
                keys.insert(key.to_owned(), values);
            }
        }
        keys
    }
}

/// `dynamodb:Select` of a read: as the request says, or as it is meant when the request does not say.
pub fn select(part: &Value, is_index: bool) -> String {
    if let Some(text) = part["Select"].as_str() {
        return text.to_owned();
    }
    let is_some = part["ProjectionExpression"].is_string() || part["AttributesToGet"].is_array();
    match (is_some, is_index) {
        (true, _) => "SPECIFIC_ATTRIBUTES",
        (false, true) => "ALL_PROJECTED_ATTRIBUTES",
        (false, false) => "ALL_ATTRIBUTES",
    }
    .to_owned()
}

/// The partition key of the table or of its index.
pub fn partition<'t>(table: Option<&'t Table>, index: Option<&str>) -> Option<&'t str> {
    let table = table?;
    let keys = match index {
        Some(index) => table.indexes.get(index)?,
        None => &table.keys,
    };
    keys.first().map(String::as_str)
}

fn object<'v>(part: &'v Value, member: &str) -> Option<&'v Map<String, Value>> {
    part.get(member)?.as_object()
}
