//! What a request asks the gate: one question for each table or index and, in transactions, for each item.

mod expression;
mod keys;
pub mod statement;

use crate::engine::Table;
use keys::{Lists, partition, select};
use postern_policy::Keys;
use serde_json::Value;
use statement::Statement;

/// One thing that a request does to a table.
#[derive(Debug, Clone)]
pub struct Mention<'r> {
    pub action: &'static str,
    /// As the request has it: a name or an ARN.
    pub table: String,
    pub index: Option<String>,
    part: Part<'r>,
}

#[derive(Debug, Clone)]
enum Part<'r> {
    /// The table as a whole.
    Whole,
    /// An operation on items, or an element of a transaction.
    Request(&'r Value),
    /// A table's part of BatchGetItem.
    Reads(&'r Value),
    /// A table's part of BatchWriteItem.
    Writes(&'r Value),
    Statement(Statement, &'r [Value]),
}

/// What an operation's request does to tables. Requests that say less than they must mention less: the engine refuses them.
pub fn mentions<'r>(operation: &str, input: &'r Value) -> Vec<Mention<'r>> {
    match operation {
        "BatchGetItem" => per_table(input, "BatchGetItem", Part::Reads),
        "BatchWriteItem" => per_table(input, "BatchWriteItem", Part::Writes),
        "TransactGetItems" => transacted(input, &[("Get", "GetItem")]),
        "TransactWriteItems" => transacted(
            input,
            &[
                ("Put", "PutItem"),
                ("Update", "UpdateItem"),
                ("Delete", "DeleteItem"),
                ("ConditionCheck", "ConditionCheckItem"),
            ],
        ),
        "ExecuteStatement" => stated(input).into_iter().collect(),
        "BatchExecuteStatement" => list(&input["Statements"]).iter().filter_map(stated).collect(),
        "ExecuteTransaction" => list(&input["TransactStatements"]).iter().filter_map(stated).collect(),
        _ => single(operation, input).into_iter().collect(),
    }
}

fn single<'r>(operation: &str, input: &'r Value) -> Option<Mention<'r>> {
    let table = input["TableName"].as_str()?.to_owned();
    let index = input["IndexName"].as_str().map(str::to_owned);
    let action = ACTIONS.iter().find(|action| **action == operation)?;
    let is_about_items = matches!(operation, "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query" | "Scan");
    let part = if is_about_items { Part::Request(input) } else { Part::Whole };
    Some(Mention { action, table, index, part })
}

/// The operations on one table, each asked for by its own name.
const ACTIONS: &[&str] = &[
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];

fn per_table<'r>(input: &'r Value, action: &'static str, part: fn(&'r Value) -> Part<'r>) -> Vec<Mention<'r>> {
    let tables = input["RequestItems"].as_object().into_iter().flatten();
    tables.map(|(table, within)| Mention { action, table: table.clone(), index: None, part: part(within) }).collect()
}

fn transacted<'r>(input: &'r Value, actions: &[(&str, &'static str)]) -> Vec<Mention<'r>> {
    let mention = |item: &'r Value| {
        let (within, action) = actions.iter().find_map(|(member, action)| Some((item.get(member)?, *action)))?;
        let table = within["TableName"].as_str()?.to_owned();
        Some(Mention { action, table, index: None, part: Part::Request(within) })
    };
    list(&input["TransactItems"]).iter().filter_map(mention).collect()
}

/// The mention of an element that holds a `Statement` and its `Parameters`.
pub fn stated(element: &Value) -> Option<Mention<'_>> {
    let statement = statement::read(element["Statement"].as_str()?)?;
    let (action, table, index) = (statement.action, statement.table.clone(), statement.index.clone());
    Some(Mention { action, table, index, part: Part::Statement(statement, list(&element["Parameters"])) })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Mention<'_> {
    /// The condition keys of the question. `table`: what is known of the table, if it is there.
    pub fn keys(&self, operation: &str, input: &Value, table: Option<&Table>) -> Keys {
        let mut lists = Lists::default();
        let mut single = Vec::new();
        let partition = partition(table, self.index.as_deref());
        match &self.part {
            Part::Whole => {}
            Part::Request(part) => {
                lists.item(part.get("Key").or_else(|| part.get("Item")), partition);
                lists.named(part);
                lists.condition(part, partition);
                if matches!(self.action, "GetItem" | "Query" | "Scan") {
                    single.push(("dynamodb:select", select(part, self.index.is_some())));
                }
                if matches!(self.action, "PutItem" | "UpdateItem" | "DeleteItem") {
                    let wanted = part["ReturnValues"].as_str().unwrap_or("NONE");
                    single.push(("dynamodb:returnvalues", wanted.to_owned()));
                }
            }
            Part::Reads(part) => {
                for key in list(&part["Keys"]) {
                    lists.item(Some(key), partition);
                }
                lists.named(part);
                single.push(("dynamodb:select", select(part, false)));
            }
            Part::Writes(requests) => {
                for request in list(requests) {
                    lists.item(request["PutRequest"].get("Item"), partition);
                    lists.item(request["DeleteRequest"].get("Key"), partition);
                }
            }
            Part::Statement(statement, parameters) => {
                lists.statement(statement, partition, parameters);
                if statement.only_reads() {
                    let is_scan = partition.is_none_or(|key| statement.key_values(key, parameters).is_empty());
                    single.push(("dynamodb:fulltablescan", is_scan.to_string()));
                    let wanted = if statement.wants_all { "ALL_ATTRIBUTES" } else { "SPECIFIC_ATTRIBUTES" };
                    single.push(("dynamodb:select", wanted.to_owned()));
                } else {
                    single.push(("dynamodb:returnvalues", statement.returns.unwrap_or("NONE").to_owned()));
                }
            }
        }
        if operation.starts_with("Transact") || operation == "ExecuteTransaction" {
            single.push(("dynamodb:enclosingoperation", operation.to_owned()));
        }
        let capacity = if matches!(self.part, Part::Whole) { None } else { input["ReturnConsumedCapacity"].as_str() };
        single.extend(capacity.map(|wanted| ("dynamodb:returnconsumedcapacity", wanted.to_owned())));
        let mut keys = lists.into_keys();
        keys.extend(single.into_iter().map(|(key, value)| (key.to_owned(), vec![value])));
        keys
    }
}

/// Whether all statements of a request only read.
pub fn only_reads(operation: &str, input: &Value) -> bool {
    let reads = |element: &Value| {
        element["Statement"].as_str().and_then(statement::read).is_some_and(|statement| statement.only_reads())
    };
    match operation {
        "ExecuteStatement" => reads(input),
        "BatchExecuteStatement" => list(&input["Statements"]).iter().all(reads),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
