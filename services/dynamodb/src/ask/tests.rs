//! What each operation is asked for.

use super::*;
use serde_json::json;
use std::collections::HashMap;

fn table() -> Table {
    let indexes = HashMap::from([("by-age".to_owned(), vec!["age".to_owned(), "pk".to_owned()])]);
    Table { keys: vec!["pk".into(), "sk".into()], indexes, tags: Vec::new() }
}

/// Action, table, index and keys of each mention.
fn asked(operation: &str, input: Value) -> Vec<(String, Value)> {
    let table = table();
    let mentions = mentions(operation, &input);
    mentions
        .iter()
        .map(|one| {
            let place = one.index.as_ref().map_or(one.table.clone(), |index| format!("{}/{index}", one.table));
            let keys: serde_json::Map<_, _> = one
                .keys(operation, &input, Some(&table))
                .into_iter()
                .map(|(key, values)| (key.trim_start_matches("dynamodb:").to_owned(), json!(values)))
                .collect();
            (format!("{} {place}", one.action), Value::Object(keys))
        })
        .collect()
}

fn one(operation: &str, input: Value) -> (String, Value) {
    let mut all = asked(operation, input);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn an_item_is_asked_for_with_its_partition_key_and_attributes() {
    let key = json!({ "pk": { "S": "me" }, "sk": { "N": "7" } });
    let input = json!({ "TableName": "t", "Key": key, "ProjectionExpression": "a, #b.c",
        "ExpressionAttributeNames": { "#b": "bee" }, "ReturnConsumedCapacity": "TOTAL" });
    let (action, keys) = one("GetItem", input);
    assert_eq!(action, "GetItem t");
    assert_eq!(keys["leadingkeys"], json!(["me"]));
    assert_eq!(keys["attributes"], json!(["pk", "sk", "a", "bee"]));
    assert_eq!(keys["select"], json!(["SPECIFIC_ATTRIBUTES"]));
    assert_eq!(keys["returnconsumedcapacity"], json!(["TOTAL"]));

    let (_, keys) = one("PutItem", json!({ "TableName": "t", "Item": { "pk": { "B": "AQI=" }, "x": { "S": "" } } }));
    assert_eq!(keys, json!({ "attributes": ["pk", "x"], "leadingkeys": ["AQI="], "returnvalues": ["NONE"] }));
}

#[test]
fn a_query_on_an_index_is_asked_for_on_the_index() {
    let input = json!({ "TableName": "t", "IndexName": "by-age", "KeyConditionExpression": "age = :a",
        "ExpressionAttributeValues": { ":a": { "N": "30" } } });
    let (action, keys) = one("Query", input);
    assert_eq!(action, "Query t/by-age");
    assert_eq!(keys["leadingkeys"], json!(["30"]));
    assert_eq!(keys["select"], json!(["ALL_PROJECTED_ATTRIBUTES"]));
}

#[test]
fn batches_are_asked_for_by_table_and_transactions_by_item() {
    let input = json!({ "RequestItems": {
        "t": { "Keys": [{ "pk": { "S": "a" } }, { "pk": { "S": "b" } }] },
        "u": { "Keys": [{ "pk": { "S": "c" } }] },
    } });
    let all = asked("BatchGetItem", input);
    assert_eq!(all[0].0, "BatchGetItem t");
    assert_eq!(all[0].1["leadingkeys"], json!(["a", "b"]));
    assert_eq!(all[1].0, "BatchGetItem u");

    let input = json!({ "TransactItems": [
        { "Put": { "TableName": "t", "Item": { "pk": { "S": "a" } } } },
        { "ConditionCheck": { "TableName": "t", "Key": { "pk": { "S": "b" } }, "ConditionExpression": "attribute_exists(c)" } },
    ] });
    let all = asked("TransactWriteItems", input);
    assert_eq!(all[0].0, "PutItem t");
    assert_eq!(all[0].1["enclosingoperation"], json!(["TransactWriteItems"]));
    assert_eq!(all[1].0, "ConditionCheckItem t");
    assert_eq!(all[1].1["attributes"], json!(["pk", "c"]));
}

#[test]
fn statements_are_asked_for_by_their_kind() {
    let (action, keys) = one("ExecuteStatement", json!({ "Statement": "SELECT * FROM \"t\"" }));
    assert_eq!((action.as_str(), &keys["fulltablescan"]), ("PartiQLSelect t", &json!(["true"])));
    let input = json!({ "Statement": "SELECT a FROM t WHERE pk = ?", "Parameters": [{ "S": "me" }] });
    let (_, keys) = one("ExecuteStatement", input.clone());
    assert_eq!((&keys["fulltablescan"], &keys["leadingkeys"]), (&json!(["false"]), &json!(["me"])));
    assert!(only_reads("ExecuteStatement", &input));
    assert!(!only_reads("ExecuteStatement", &json!({ "Statement": "DELETE FROM t WHERE pk = 'a'" })));
    let all = asked("ExecuteTransaction", json!({ "TransactStatements": [input] }));
    assert_eq!(all[0].1["enclosingoperation"], json!(["ExecuteTransaction"]));
}

#[test]
fn a_request_that_says_too_little_mentions_nothing() {
    for operation in ["GetItem", "BatchGetItem", "TransactWriteItems", "ExecuteStatement", "CreateTable"] {
        assert!(mentions(operation, &json!({})).is_empty());
    }
}
