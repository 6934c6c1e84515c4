//! The conformance check: an output held against the model, member by member.

use crate::message::Operation;
use crate::model::{Kind, Member, Model};
use crate::path::Path;
use crate::scalar::Scalar;
use serde_json::Value;

impl Model {
    /// Everything in which `output` departs from the operation's modeled output: members that are unknown, of the
    /// wrong type, required but absent, or outside their set of values. Empty: it conforms.
    pub fn check_output(&self, operation: &Operation, output: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        let Some(op) = self.op(&operation.name) else {
            return vec![format!("{} has no operation {}", self.meta.service, operation.name)];
        };
        match &op.output {
            Some(member) => check(self, member, output, &Path::Root, &mut problems),
            None if output.is_null() || output.as_object().is_some_and(|fields| fields.is_empty()) => {}
            None => problems.push(format!("{} has no output, but there is {output}", op.name)),
        }
        problems
    }
}

fn check(model: &Model, member: &Member, value: &Value, path: &Path, problems: &mut Vec<String>) {
    let shape = model.shape(member);
    if value.is_null() || shape.kind == Kind::Document {
        return;
    }
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(fields)) => {
            for name in fields.keys().filter(|name| shape.member(name).is_none()) {
                problems.push(format!("{path}: {} has no member {name}", shape.name));
            }
            for member in &shape.members {
                match fields.get(&member.name) {
                    Some(value) => check(model, member, value, &path.member(member), problems),
                    None if member.required => {
                        problems.push(format!("{}: required, but absent", path.member(member)));
                    }
                    None => {}
                }
            }
        }
        (Kind::List, Value::Array(items)) => {
            for (index, value) in items.iter().enumerate() {
                let Some(item) = &shape.item else { continue };
                check(model, item, value, &path.item(index), problems);
            }
        }
        (Kind::Map, Value::Object(entries)) => {
            for (key, value) in entries {
                let Some(item) = &shape.item else { continue };
                check(model, item, value, &path.entry(key), problems);
            }
        }
        _ => match Scalar::of(shape, value.into()) {
            Err(error) => problems.push(format!("{path}: {error}")),
            Ok(Scalar::Text(text)) if !shape.values.is_empty() && !shape.values.iter().any(|v| same(v, text)) => {
                problems.push(format!("{path}: {text} is not one of {}", shape.values.join(", ")));
            }
            Ok(_) => {}
        },
    }
}

/// EC2's replies write some states with a small letter where its model has a capital: `pendingAcceptance`.
fn same(modeled: &str, given: &str) -> bool {
    match (modeled.split_at_checked(1), given.split_at_checked(1)) {
        (Some((first, rest)), Some((given_first, given_rest))) => {
            rest == given_rest && first.eq_ignore_ascii_case(given_first)
        }
        _ => modeled == given,
    }
}
