//! `postern explain --scope`: the ways that a Network Access Scope finds now, of one that is kept or of one in a file.

use super::diff::DryRegion;
use crate::say::Trouble;
use postern_insights::{Misstated, check_scope_path, find_ways, id_of};
use postern_model::{AccessScope, Tags, World};
use postern_names::NetworkInsightsAccessScopeId;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Stands before a tag where a file names resources: `tag:tier=data`.
const TAG: &str = "tag:";

impl DryRegion {
    /// The findings of the scope with this id, or of the one that the JSON of a request describes.
    pub fn scope(&self, words: &str) -> Result<Value, Trouble> {
        let world = self.world.read().unwrap_or_else(|e| e.into_inner()).clone();
        let scope = match words.trim().parse::<NetworkInsightsAccessScopeId>() {
            Ok(id) => {
                let kept = world.access_scopes.get(&id).cloned();
                kept.ok_or_else(|| Trouble::new(format!("there is no {id}")))?
            }
            Err(_) => self.written(&world, words)?,
        };
        let found = find_ways(&world, &scope).map_err(Trouble::new)?;
        let one = |way: Vec<Value>| {
            let name = |one: Option<&Value>| {
                one.and_then(|one| one.get("AttachedTo").or(one.get("Component"))?.get("Id").cloned())
            };
            json!({ "from": name(way.first()), "to": name(way.last()), "components": way })
        };
        let findings: Vec<Value> = found.ways.into_iter().map(one).collect();
        Ok(json!({ "findings": findings, "warning": found.warning, "interfaces": found.interfaces }))
    }

    /// A scope as CreateNetworkInsightsAccessScope would take it, with tags in the place of ids.
    fn written(&self, world: &World, text: &str) -> Result<AccessScope, Trouble> {
        let mut written: Value =
            serde_json::from_str(text).map_err(|error| Trouble::new(format!("the scope is no JSON: {error}")))?;
        let paths = |written: &mut Value, name: &str| -> Result<String, Trouble> {
            let mut paths = written.get_mut(name).map(Value::take).unwrap_or_else(|| json!([]));
            for path in paths.as_array_mut().into_iter().flatten() {
                for end in ["Source", "Destination"] {
                    if let Some(ids) = path.pointer_mut(&format!("/{end}/ResourceStatement/Resources")) {
                        *ids = self.resolved(world, ids)?;
                    }
                }
                check_scope_path(path).map_err(wrong)?;
            }
            Ok(paths.to_string())
        };
        let (match_paths, exclude_paths) = (paths(&mut written, "MatchPaths")?, paths(&mut written, "ExcludePaths")?);
        if match_paths == "[]" {
            return Err(Trouble::new("the scope has no MatchPaths").hint("docs/explain.md has examples"));
        }
        Ok(AccessScope {
            id: NetworkInsightsAccessScopeId::from_bits(0),
            owner: self.account,
            region: self.region.clone(),
            match_paths,
            exclude_paths,
            created: OffsetDateTime::now_utc(),
            tags: Tags::new(),
        })
    }

    /// Each `tag:KEY=VALUE` as the ids of what has it.
    fn resolved(&self, world: &World, written: &Value) -> Result<Value, Trouble> {
        let mut ids: Vec<String> = Vec::new();
        for text in written.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let Some((key, value)) = text.strip_prefix(TAG).and_then(|tag| tag.split_once('=')) else {
                ids.push(text.to_owned());
                continue;
            };
            let before = ids.len();
            macro_rules! look {
                ($($map:ident)*) => {
                    $(ids.extend(world.$map.values().filter(|e| e.owner == self.account && e.region == self.region)
                        .filter(|e| e.tags.get(key).is_some_and(|own| own == value)).map(|e| e.id.to_string()));)*
                };
            }
            look!(vpcs subnets instances network_interfaces security_groups internet_gateways endpoints);
            if ids.len() == before {
                return Err(Trouble::new(format!("nothing has the tag {key}={value}")));
            }
        }
        Ok(json!(ids))
    }
}

fn wrong(wrong: Misstated) -> Trouble {
    match wrong {
        Misstated::Value(name, value, why) => Trouble::new(format!("{name} {}: {why}", id_of(&value))),
        Misstated::Members(what) => Trouble::new(what),
        Misstated::NotServed(what) => Trouble::new(format!("{what} is not served by Postern yet"))
            .hint("name resources by ids or as tag:KEY=VALUE"),
    }
}
