//! The operations, each with the function that does it.

mod delete;
mod describe;
mod get;
mod history;
mod label;
mod path;
mod put;
mod tags;

use crate::desk::Desk;
use postern_call::Refusal;
use serde_json::Value;

/// Every operation that is served.
pub const OPERATIONS: &[&str] = &[
    "AddTagsToResource",
    "DeleteParameter",
    "DeleteParameters",
    "DescribeParameters",
    "GetParameter",
    "GetParameterHistory",
    "GetParameters",
    "GetParametersByPath",
    "LabelParameterVersion",
    "ListTagsForResource",
    "PutParameter",
    "RemoveTagsFromResource",
    "UnlabelParameterVersion",
];

pub async fn serve(desk: &Desk<'_>, operation: &str) -> Result<Value, Refusal> {
    match operation {
        "AddTagsToResource" => tags::add(desk).await,
        "DeleteParameter" => delete::one(desk).await,
        "DeleteParameters" => delete::several(desk).await,
        "DescribeParameters" => describe::describe(desk),
        "GetParameter" => get::one(desk).await,
        "GetParameterHistory" => history::get(desk).await,
        "GetParameters" => get::several(desk).await,
        "GetParametersByPath" => path::get(desk).await,
        "LabelParameterVersion" => label::label(desk).await,
        "ListTagsForResource" => tags::list(desk),
        "PutParameter" => put::put(desk).await,
        "RemoveTagsFromResource" => tags::remove(desk).await,
        "UnlabelParameterVersion" => label::unlabel(desk).await,
        other => Err(postern_kit::not_implemented("AWS Systems Manager", other)),
    }
}
