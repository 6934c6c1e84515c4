//! Between what clients say and what an engine knows: it knows tables by name alone, and calls its account and region by
//! words of its own.

use crate::target::Target;
use serde_json::{Map, Value};

/// Members of replies whose keys are tables.
const BY_TABLE: &[&str] = &["Responses", "UnprocessedKeys", "UnprocessedItems", "ItemCollectionMetrics"];

/// The tables that the client called by ARN: name and what the client said.
#[derive(Debug, Default)]
pub struct Renamed(Vec<(String, String)>);

impl Renamed {
    /// Puts names for ARNs wherever a request has tables. `targets`: what the request says, and what it means.
    pub fn localize(input: &mut Value, targets: &[(String, Target)]) -> Self {
        let arns: Vec<_> = targets.iter().filter(|(said, _)| said.starts_with("arn:")).collect();
        let renamed = Self(arns.iter().map(|(said, target)| (target.table.clone(), said.clone())).collect());
        if renamed.0.is_empty() {
            return renamed;
        }
        renamed.name(input);
        for item in input.get_mut("TransactItems").and_then(Value::as_array_mut).into_iter().flatten() {
            for within in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                renamed.name(within);
            }
        }
        if let Some(tables) = input.get_mut("RequestItems").and_then(Value::as_object_mut) {
            *tables = std::mem::take(tables).into_iter().map(|(said, v)| (renamed.to_name(&said), v)).collect();
        }
        renamed
    }

    fn name(&self, part: &mut Value) {
        if let Some(Value::String(said)) = part.get_mut("TableName") {
            *said = self.to_name(said);
        }
    }

    fn to_name(&self, said: &str) -> String {
        self.0.iter().find(|(_, arn)| arn == said).map_or_else(|| said.to_owned(), |(name, _)| name.clone())
    }

    fn to_said(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| known == name).map_or_else(|| name.to_owned(), |(_, said)| said.clone())
    }

    /// Calls the tables of a reply as the client did.
    pub fn give_back(&self, output: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        for member in BY_TABLE {
            if let Some(tables) = output.get_mut(*member).and_then(Value::as_object_mut) {
                *tables = std::mem::take(tables).into_iter().map(|(name, v)| (self.to_said(&name), v)).collect();
            }
        }
        let single = |capacity: &mut Value| {
            if let Some(Value::String(name)) = capacity.get_mut("TableName") {
                *name = self.to_said(name);
            }
        };
        match output.get_mut("ConsumedCapacity") {
            Some(Value::Array(each)) => each.iter_mut().for_each(single),
            Some(capacity) => single(capacity),
            None => {}
        }
    }
}

/// Gives the description of a table the ARNs that it has, and takes out what AWS's model does not know.
pub fn describe(output: &mut Value, target: &Target) {
    let own = format!("arn:aws:dynamodb:{}:{}:", dynoxide::streams::LOCAL_REGION, dynoxide::streams::LOCAL_ACCOUNT);
    let real = format!("arn:aws:dynamodb:{}:{}:", target.region, target.account);
    for member in ["Table", "TableDescription"] {
        if let Some(table) = output.get_mut(member) {
            if let Some(fields) = table.as_object_mut() {
                fields.swap_remove("TableThroughputModeSummary");
            }
            arns(table, &own, &real);
        }
    }
}

fn arns(value: &mut Value, own: &str, real: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| arns(item, own, real)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name.ends_with("Arn") => *text = text.replacen(own, real, 1),
                    other => arns(other, own, real),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_names::Region;
    use serde_json::json;

    #[test]
    fn a_table_called_by_arn_is_called_so_in_the_reply() {
        let region = Region::new("us-east-1");
        let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/music";
        let target = Target::at(arn, &region).unwrap().0;
        let mut input = json!({ "RequestItems": { arn: { "Keys": [] }, "other": { "Keys": [] } } });
        let renamed = Renamed::localize(&mut input, &[(arn.to_owned(), target)]);
        assert_eq!(input, json!({ "RequestItems": { "music": { "Keys": [] }, "other": { "Keys": [] } } }));
        let mut output =
            json!({ "Responses": { "music": [], "other": [] }, "ConsumedCapacity": [{ "TableName": "music" }] });
        renamed.give_back(&mut output);
        let given = json!({ "Responses": { arn: [], "other": [] }, "ConsumedCapacity": [{ "TableName": arn }] });
        assert_eq!(output, given);
    }

    #[test]
    fn a_description_has_the_real_arns() {
        let target = Target::named("music", "123456789012".parse().unwrap(), &Region::new("eu-west-1")).unwrap();
        let own = dynoxide::streams::index_arn("music", "by-age");
        let mut output = json!({ "Table": { "GlobalSecondaryIndexes": [{ "IndexArn": own }] } });
        describe(&mut output, &target);
        let index = &output["Table"]["GlobalSecondaryIndexes"][0]["IndexArn"];
        assert_eq!(index, "arn:aws:dynamodb:eu-west-1:123456789012:table/music/index/by-age");
    }
}
