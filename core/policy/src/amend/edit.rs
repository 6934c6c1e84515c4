//! Edits of a policy's text: one statement more, one value more, one statement less.

use serde_json::{Map, Value, json};

/// A policy's text taken apart.
pub(super) struct Text(Value);

impl Text {
    pub fn read(text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let statements = value.get_mut("Statement")?;
        if statements.is_object() {
            *statements = json!([statements.take()]);
        }
        Some(Self(value))
    }

    pub fn empty() -> Self {
        Self(json!({ "Version": "2012-10-17", "Statement": [] }))
    }

    /// The text; `None` when no statement is left.
    pub fn write(self) -> Option<String> {
        let is_empty = self.0.get("Statement").and_then(Value::as_array).is_none_or(Vec::is_empty);
        (!is_empty).then(|| self.0.to_string())
    }

    fn statements(&mut self) -> Option<&mut Vec<Value>> {
        self.0.get_mut("Statement")?.as_array_mut()
    }

    pub fn add(&mut self, statement: Value) -> Option<()> {
        self.statements()?.push(statement);
        Some(())
    }

    pub fn remove(&mut self, index: usize) -> Option<()> {
        let statements = self.statements()?;
        (index < statements.len()).then(|| drop(statements.remove(index)))
    }

    fn statement(&mut self, index: usize) -> Option<&mut Map<String, Value>> {
        self.statements()?.get_mut(index)?.as_object_mut()
    }

    /// One more value of `Action` or `Resource`; `None` where the statement lists what it is not about.
    pub fn add_to(&mut self, index: usize, member: &str, value: &str) -> Option<()> {
        push(self.statement(index)?.get_mut(member)?, value)
    }

    pub fn add_principal(&mut self, index: usize, arn: &str) -> Option<()> {
        let principal = self.statement(index)?.get_mut("Principal")?.as_object_mut()?;
        push(principal.entry("AWS").or_insert_with(|| json!([])), arn)
    }

    /// One more value of a condition.
    pub fn add_to_condition(&mut self, index: usize, operator: &str, key: &str, value: &str) -> Option<()> {
        let conditions = self.statement(index)?.get_mut("Condition")?.as_object_mut()?;
        let (_, tests) = conditions.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(operator))?;
        let (_, values) = tests.as_object_mut()?.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        push(values, value)
    }

    /// One more condition.
    pub fn add_condition(&mut self, index: usize, operator: &str, key: &str, value: &str) -> Option<()> {
        let conditions = self.statement(index)?.entry("Condition").or_insert_with(|| json!({}));
        let tests = conditions.as_object_mut()?.entry(operator).or_insert_with(|| json!({}));
        push(tests.as_object_mut()?.entry(key).or_insert_with(|| json!([])), value)
    }
}

/// One more value where one stands or many.
fn push(values: &mut Value, value: &str) -> Option<()> {
    if !values.is_array() {
        *values = json!([values.take()]);
    }
    let list = values.as_array_mut()?;
    if list.iter().any(|known| known == value) {
        return None;
    }
    list.push(json!(value));
    Some(())
}
