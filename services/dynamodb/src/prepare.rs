//! Each operation that the engine does: how its request is read, how it meets the others, what runs.

use crate::engine::{Made, Run, Way};
use crate::refuse;
use dynoxide::Database;
use postern_call::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The operations of the engine.
pub const OPERATIONS: &[&str] = &[
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeTable",
    "DescribeTimeToLive",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];

/// Reads the request. `only_reads`: the statements of PartiQL are all `SELECT`.
pub fn prepare(operation: &str, input: Value, only_reads: bool) -> Result<(Way, Run), Refusal> {
    let (beside, in_line, alone) = (Way::Beside, Way::InLine, Way::Alone);
    Ok(match operation {
        "GetItem" => (beside, typed(operation, input, Database::get_item)?),
        "Query" => (beside, typed(operation, input, Database::query)?),
        "Scan" => (beside, typed(operation, input, Database::scan)?),
        "BatchGetItem" => (beside, typed(operation, input, Database::batch_get_item)?),
        "ExecuteStatement" if only_reads => (beside, typed(operation, input, Database::execute_statement)?),
        "BatchExecuteStatement" if only_reads => (beside, typed(operation, input, Database::batch_execute_statement)?),
        "PutItem" => (in_line, typed(operation, input, Database::put_item)?),
        "UpdateItem" => (in_line, typed(operation, input, Database::update_item)?),
        "DeleteItem" => (in_line, typed(operation, input, Database::delete_item)?),
        "BatchWriteItem" => (in_line, typed(operation, input, Database::batch_write_item)?),
        "TransactWriteItems" => (in_line, typed(operation, input, Database::transact_write_items)?),
        // All of it is seen as of one moment.
        "TransactGetItems" => (in_line, typed(operation, input, Database::transact_get_items)?),
        "ExecuteStatement" => (in_line, typed(operation, input, Database::execute_statement)?),
        "BatchExecuteStatement" => (in_line, typed(operation, input, Database::batch_execute_statement)?),
        "ExecuteTransaction" => (in_line, typed(operation, input, Database::execute_transaction)?),
        // It counts the items, which takes its time.
        "DescribeTable" => (beside, typed(operation, input, Database::describe_table)?),
        "DescribeTimeToLive" => (in_line, typed(operation, input, Database::describe_time_to_live)?),
        "ListTables" => (in_line, typed(operation, input, Database::list_tables)?),
        "ListTagsOfResource" => (in_line, typed(operation, input, Database::list_tags_of_resource)?),
        "CreateTable" => (alone, typed(operation, input, Database::create_table)?),
        "UpdateTable" => (alone, typed(operation, input, Database::update_table)?),
        "DeleteTable" => (alone, typed(operation, input, Database::delete_table)?),
        "UpdateTimeToLive" => (alone, typed(operation, input, Database::update_time_to_live)?),
        "TagResource" => (alone, typed(operation, input, Database::tag_resource)?),
        "UntagResource" => (alone, typed(operation, input, Database::untag_resource)?),
        other => return Err(Refusal::internal(format!("{other} is none of the engine's operations"))),
    })
}

fn typed<Q, R>(operation: &str, input: Value, run: fn(&Database, Q) -> dynoxide::Result<R>) -> Result<Run, Refusal>
where
    Q: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
{
    let request: Q = serde_json::from_value(input).map_err(|error| refuse::unread(operation, &error))?;
    Ok(Box::new(move |database| {
        let response = run(database, request).map_err(refuse::engine)?;
        let write = move || serde_json::to_value(&response).map_err(Refusal::internal);
        Ok(Box::new(write) as Made)
    }))
}
