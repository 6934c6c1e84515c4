//! The protocol vectors: suites with a small model each, and cases of one operation.

use postern_wire::Model;
use serde_json::{Map, Value, json};

/// One case with the model made for it.
pub struct Case {
    /// `rest-json RestJsonInputWithHeaders`.
    pub name: String,
    pub id: String,
    pub protocol: String,
    pub operation: String,
    pub json: Value,
    pub model: Model,
    shapes: Value,
}

pub fn load(text: &str) -> Vec<Case> {
    let files: Map<String, Value> = serde_json::from_str(text).unwrap();
    let mut cases = Vec::new();
    for (file, suites) in files {
        for suite in suites.as_array().unwrap() {
            for case in suite["cases"].as_array().unwrap() {
                let id = case["id"].as_str().unwrap().to_owned();
                let operation = case["given"]["name"].as_str().unwrap().to_owned();
                let whole = json!({
                    "metadata": suite["metadata"],
                    "operations": {&operation: case["given"]},
                    "shapes": suite["shapes"],
                });
                cases.push(Case {
                    name: format!("{file} {id}"),
                    id,
                    protocol: suite["metadata"]["protocol"].as_str().unwrap().to_owned(),
                    operation,
                    json: case.clone(),
                    model: Model::from_json(&whole).unwrap(),
                    shapes: suite["shapes"].clone(),
                });
            }
        }
    }
    assert!(cases.len() > 300, "the vectors are not whole: {}", cases.len());
    cases
}

impl Case {
    /// A value of the vectors in the form that the codec uses: moments as RFC 3339, blobs as base64, no null members.
    pub fn ours(&self, side: &str, value: &Value) -> Value {
        match self.json["given"][side]["shape"].as_str() {
            Some(shape) => self.convert(shape, false, value),
            None => json!({}),
        }
    }

    fn convert(&self, shape: &str, json_value: bool, value: &Value) -> Value {
        use base64::Engine;
        let model = &self.shapes[shape];
        match (model["type"].as_str().unwrap(), value) {
            _ if model["document"] == true || json_value || value.is_null() => value.clone(),
            ("structure", Value::Object(fields)) => {
                let convert = |(name, value): (&String, &Value)| {
                    let member = &model["members"][name];
                    let shape = member["shape"].as_str().unwrap_or_else(|| panic!("{shape} has no {name}"));
                    (name.clone(), self.convert(shape, member["jsonvalue"] == true, value))
                };
                Value::Object(fields.iter().filter(|(_, value)| !value.is_null()).map(convert).collect())
            }
            ("list", Value::Array(items)) => {
                let shape = model["member"]["shape"].as_str().unwrap();
                items.iter().map(|item| self.convert(shape, false, item)).collect()
            }
            ("map", Value::Object(entries)) => {
                let shape = model["value"]["shape"].as_str().unwrap();
                entries.iter().map(|(key, value)| (key.clone(), self.convert(shape, false, value))).collect()
            }
            ("timestamp", Value::Number(seconds)) => {
                let millis = (seconds.as_f64().unwrap() * 1000.0).round() as i128;
                let moment = time::OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000).unwrap();
                let format = time::macros::format_description!(
                    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
                );
                Value::from(moment.format(format).unwrap())
            }
            ("blob", Value::String(text)) => Value::from(base64::engine::general_purpose::STANDARD.encode(text)),
            ("float" | "double", Value::Number(number)) => Value::from(number.as_f64().unwrap()),
            (_, value) => value.clone(),
        }
    }
}

/// Runs every case but those with a reason not to; fails with all that fail, and with reasons that no longer hold.
pub fn run(cases: &[Case], exempt: &[(&str, &str)], test: impl Fn(&Case) -> Result<(), String>) {
    let mut failures = Vec::new();
    for case in cases {
        let reason = exempt.iter().find(|(id, _)| *id == case.id);
        match (test(case), reason) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Err(error), None) => failures.push(format!("{}: {error}", case.name)),
            (Ok(()), Some((_, reason))) => failures.push(format!("{} passes, exempt because: {reason}", case.name)),
        }
    }
    for (id, _) in exempt {
        assert!(cases.iter().any(|case| case.id == *id), "there is no case {id}");
    }
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
