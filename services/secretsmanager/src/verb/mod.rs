//! The operations, each with the function that does it.

mod create;
mod delete;
mod list;
mod policy;
mod stage;
mod tags;
mod update;
mod value;

use crate::desk::Desk;
use crate::random;
use crate::secret::Record;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;
use postern_store::Pending;
use serde_json::{Value, json};

/// Every operation that is served.
pub const OPERATIONS: &[&str] = &[
    "BatchGetSecretValue",
    "CreateSecret",
    "DeleteResourcePolicy",
    "DeleteSecret",
    "DescribeSecret",
    "GetRandomPassword",
    "GetResourcePolicy",
    "GetSecretValue",
    "ListSecretVersionIds",
    "ListSecrets",
    "PutResourcePolicy",
    "PutSecretValue",
    "RestoreSecret",
    "TagResource",
    "UntagResource",
    "UpdateSecret",
    "UpdateSecretVersionStage",
    "ValidateResourcePolicy",
];

/// What is refused by name, and why.
pub const REFUSED: &[(&str, &str)] = &[
    ("CancelRotateSecret", "Rotation"),
    ("RotateSecret", "Rotation"),
    ("ReplicateSecretToRegions", "Replication to other regions"),
    ("RemoveRegionsFromReplication", "Replication to other regions"),
    ("StopReplicationToReplica", "Replication to other regions"),
    ("AssociateCrossAccountReplica", "Replication to other accounts"),
    ("DisassociateCrossAccountReplica", "Replication to other accounts"),
];

pub async fn serve(desk: &Desk<'_>, operation: &str) -> Result<Value, Refusal> {
    match operation {
        "BatchGetSecretValue" => value::batch(desk).await,
        "CreateSecret" => create::create(desk).await,
        "DeleteResourcePolicy" => policy::delete(desk).await,
        "DeleteSecret" => delete::delete(desk).await,
        "DescribeSecret" => list::describe(desk),
        "GetRandomPassword" => random::get(desk),
        "GetResourcePolicy" => policy::get(desk),
        "GetSecretValue" => value::get(desk).await,
        "ListSecretVersionIds" => list::versions(desk),
        "ListSecrets" => list::list(desk),
        "PutResourcePolicy" => policy::put(desk).await,
        "PutSecretValue" => value::put(desk).await,
        "RestoreSecret" => delete::restore(desk).await,
        "TagResource" => tags::tag(desk).await,
        "UntagResource" => tags::untag(desk).await,
        "UpdateSecret" => update::update(desk).await,
        "UpdateSecretVersionStage" => stage::update(desk).await,
        "ValidateResourcePolicy" => policy::validate(desk),
        other => Err(postern_kit::not_implemented("AWS Secrets Manager", other)),
    }
}

async fn durable(pending: Pending) -> Result<(), Refusal> {
    pending.durable().await.map_err(Refusal::internal)
}

/// The members that most answers begin with.
fn named(record: &Record) -> Value {
    json!({ "ARN": record.arn(), "Name": record.name })
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn from_base64(text: &str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text).map_err(Refusal::internal)
}
