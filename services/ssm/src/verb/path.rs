//! GetParametersByPath.

use crate::desk::Desk;
use crate::filter::{self, For, is_below};
use crate::name;
use crate::parameter::{Parameter, Version};
use crate::public;
use crate::refuse;
use postern_call::Refusal;
use postern_kit::page;
use postern_policy::Keys;
use serde_json::{Value, json};
use std::sync::Arc;

const MOST: i64 = 10;

enum Found {
    Own(Arc<Parameter>, Arc<Version>),
    Public(Value),
}

pub async fn get(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let given = desk.input.required("Path")?;
    let recursive = desk.input.truth("Recursive").unwrap_or(false);
    let keys = Keys::from_iter([("ssm:recursive".to_owned(), vec![recursive.to_string()])]);
    desk.ask("GetParametersByPath", given, None, keys)?;
    let path = name::read_path(given)?;
    let filters = filter::read(desk.input, For::ByPath)?;
    let most = desk.input.bounded("MaxResults", 1, MOST)?.unwrap_or(MOST);
    let most = usize::try_from(most).map_err(Refusal::internal)?;
    let found = if public::is_public(&format!("{path}/")) {
        public::below(path, recursive, &desk.place.1)
            .into_iter()
            .map(|(name, parameter)| (name, Found::Public(parameter)))
            .collect()
    } else {
        own(desk, path, recursive, &filters)
    };
    let page = page(found, desk.input.text("NextToken"), most).map_err(|_| refuse::invalid_token())?;
    let mut told = Vec::new();
    for one in page.entries {
        told.push(match one {
            Found::Public(parameter) => parameter,
            Found::Own(parameter, version) => {
                let value = desk.value(&parameter, &version).await?;
                parameter.shape(&version, &value, None)
            }
        });
    }
    let mut reply = json!({ "Parameters": told });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}

/// The caller's own below the path. A filter by label chooses the version that has the label.
fn own(desk: &Desk<'_>, path: &str, recursive: bool, filters: &[filter::Filter<'_>]) -> Vec<(String, Found)> {
    let state = desk.parameters.read();
    let Some(own) = state.get(&desk.place) else { return Vec::new() };
    let by_label = filters.iter().any(filter::Filter::is_label);
    // Names below a path stand together; the root has those without a slash too.
    let begin = if path.is_empty() { String::new() } else { format!("{path}/") };
    let below = own.range(begin.clone()..).take_while(|(name, _)| name.starts_with(&begin));
    let chosen = below.filter(|(name, _)| is_below(name, path, recursive)).filter_map(|(name, parameter)| {
        let mut versions = parameter.versions.values().rev();
        let version = versions.find(|version| filters.iter().all(|filter| filter.takes(parameter, version)))?;
        let is_latest = parameter.latest().is_ok_and(|latest| latest.number == version.number);
        let found = Found::Own(Arc::clone(parameter), Arc::clone(version));
        (by_label || is_latest).then(|| (name.clone(), found))
    });
    chosen.collect()
}
