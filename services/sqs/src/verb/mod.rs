//! The operations, by what they are about.

pub mod attributes;
pub mod delete;
pub mod list;
pub mod permission;
pub mod queue;
pub mod receive;
pub mod send;
pub mod tags;
pub mod task;
pub mod visibility;

mod batch;

use postern_call::Refusal;
use serde_json::{Map, Value};

/// A reply without members.
fn nothing() -> Result<Value, Refusal> {
    Ok(Value::Object(Map::new()))
}
