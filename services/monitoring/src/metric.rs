//! What is measured: a name in a namespace, told apart by dimensions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A metric. Dimensions are in the order of their names, so that the same ones are the same metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    pub dimensions: Vec<(String, String)>,
}

impl Metric {
    pub fn new(namespace: &str, name: &str, mut dimensions: Vec<(String, String)>) -> Self {
        dimensions.sort();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }

    pub fn view(&self) -> Value {
        json!({ "Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions(&self.dimensions) })
    }
}

pub fn dimensions(pairs: &[(String, String)]) -> Vec<Value> {
    pairs.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}
