//! What decisions need to know of a table: its keys, its indexes' keys, its tags.

use crate::refuse;
use dynoxide::Database;
use dynoxide::actions::list_tags_of_resource::ListTagsOfResourceRequest;
use postern_call::Refusal;
use postern_kit::Tags;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Names of the key attributes, the partition key first.
    pub keys: Vec<String>,
    /// The same of each index by its name.
    pub indexes: HashMap<String, Vec<String>>,
    pub tags: Tags,
}

/// The tables that were asked for, as of one shape of the database.
#[derive(Default)]
pub struct Facts(RwLock<(u64, HashMap<String, Arc<Table>>)>);

impl Facts {
    pub fn get(&self, name: &str, shape: u64) -> Option<Arc<Table>> {
        let known = self.0.read().unwrap_or_else(|e| e.into_inner());
        (known.0 == shape).then(|| known.1.get(name).cloned()).flatten()
    }

    /// `shape`: what it was before the table was read.
    pub fn learn(&self, name: &str, shape: u64, table: Arc<Table>) {
        let mut known = self.0.write().unwrap_or_else(|e| e.into_inner());
        if known.0 < shape {
            *known = (shape, HashMap::new());
        }
        if known.0 == shape {
            known.1.insert(name.to_owned(), table);
        }
    }
}

pub fn read(database: &Database, name: &str) -> Result<Option<Arc<Table>>, Refusal> {
    let Some(metadata) = database.get_table_metadata(name).map_err(refuse::engine)? else { return Ok(None) };
    let mut indexes = HashMap::new();
    for text in [&metadata.gsi_definitions, &metadata.lsi_definitions].into_iter().flatten() {
        let definitions: Vec<Value> = serde_json::from_str(text).map_err(Refusal::internal)?;
        for definition in &definitions {
            if let Some(index) = definition["IndexName"].as_str() {
                indexes.insert(index.to_owned(), key_names(&definition["KeySchema"]));
            }
        }
    }
    let schema: Value = serde_json::from_str(&metadata.key_schema).map_err(Refusal::internal)?;
    Ok(Some(Arc::new(Table { keys: key_names(&schema), indexes, tags: tags(database, name)? })))
}

/// Partition keys stand before sort keys.
fn key_names(schema: &Value) -> Vec<String> {
    let elements = schema.as_array().into_iter().flatten();
    elements.filter_map(|element| element["AttributeName"].as_str().map(str::to_owned)).collect()
}

fn tags(database: &Database, name: &str) -> Result<Tags, Refusal> {
    let request = ListTagsOfResourceRequest { resource_arn: Some(dynoxide::streams::table_arn(name)) };
    let listed = database.list_tags_of_resource(request).map_err(refuse::engine)?;
    Ok(listed.tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}
