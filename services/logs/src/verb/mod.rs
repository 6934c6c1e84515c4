//! The operations, each with the function that does it.

mod describe_groups;
mod describe_streams;
mod filter;
mod get;
mod group;
mod put;
mod retention;
mod stream;
mod tags;
mod test_filter;

use crate::desk::Desk;
use postern_call::Refusal;
use serde_json::Value;

/// Every operation that is served.
pub const OPERATIONS: &[&str] = &[
    "CreateLogGroup",
    "CreateLogStream",
    "DeleteLogGroup",
    "DeleteLogStream",
    "DeleteRetentionPolicy",
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "ListTagsForResource",
    "ListTagsLogGroup",
    "PutLogEvents",
    "PutRetentionPolicy",
    "TagLogGroup",
    "TagResource",
    "TestMetricFilter",
    "UntagLogGroup",
    "UntagResource",
];

pub async fn serve(desk: &Desk<'_>, operation: &str) -> Result<Value, Refusal> {
    match operation {
        "CreateLogGroup" => group::create(desk).await,
        "CreateLogStream" => stream::create(desk).await,
        "DeleteLogGroup" => group::delete(desk).await,
        "DeleteLogStream" => stream::delete(desk).await,
        "DeleteRetentionPolicy" => retention::delete(desk).await,
        "DescribeLogGroups" => describe_groups::describe(desk),
        "DescribeLogStreams" => describe_streams::describe(desk),
        "FilterLogEvents" => filter::filter(desk),
        "GetLogEvents" => get::get(desk),
        "ListTagsForResource" => tags::list(desk, tags::Door::Resource),
        "ListTagsLogGroup" => tags::list(desk, tags::Door::Group),
        "PutLogEvents" => put::put(desk).await,
        "PutRetentionPolicy" => retention::put(desk).await,
        "TagLogGroup" => tags::add(desk, tags::Door::Group).await,
        "TagResource" => tags::add(desk, tags::Door::Resource).await,
        "TestMetricFilter" => test_filter::test(desk),
        "UntagLogGroup" => tags::remove(desk, tags::Door::Group).await,
        "UntagResource" => tags::remove(desk, tags::Door::Resource).await,
        other => Err(postern_kit::not_implemented("CloudWatch Logs", other)),
    }
}
