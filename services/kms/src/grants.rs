//! All grants in memory, by what they are looked up by: no request goes through all grants of a key.

use crate::grant::Grant;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A grant's key and its own id.
type Name = (String, String);

#[derive(Default)]
pub struct Grants {
    by_key: HashMap<String, BTreeMap<String, Arc<Grant>>>,
    /// By key and grantee.
    by_grantee: HashMap<(String, String), BTreeSet<String>>,
    by_retiring: HashMap<String, BTreeSet<Name>>,
    by_token: HashMap<String, Name>,
}

impl Grants {
    pub fn put(&mut self, grant: Arc<Grant>) {
        let name = (grant.key.clone(), grant.id.clone());
        self.by_grantee.entry((grant.key.clone(), grant.grantee.clone())).or_default().insert(grant.id.clone());
        if let Some(retiring) = &grant.retiring {
            self.by_retiring.entry(retiring.clone()).or_default().insert(name.clone());
        }
        self.by_token.insert(grant.token.clone(), name);
        self.by_key.entry(grant.key.clone()).or_default().insert(grant.id.clone(), grant);
    }

    /// Whether it was there.
    pub fn remove(&mut self, key: &str, id: &str) -> bool {
        let Some(grant) = self.by_key.get_mut(key).and_then(|grants| grants.remove(id)) else { return false };
        if let Some(ids) = self.by_grantee.get_mut(&(grant.key.clone(), grant.grantee.clone())) {
            ids.remove(id);
        }
        if let Some(names) = grant.retiring.as_ref().and_then(|retiring| self.by_retiring.get_mut(retiring)) {
            names.remove(&(grant.key.clone(), grant.id.clone()));
        }
        self.by_token.remove(&grant.token);
        true
    }

    pub fn get(&self, key: &str, id: &str) -> Option<Arc<Grant>> {
        self.by_key.get(key)?.get(id).cloned()
    }

    pub fn of(&self, key: &str) -> Vec<Arc<Grant>> {
        self.by_key.get(key).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    pub fn count(&self, key: &str) -> usize {
        self.by_key.get(key).map_or(0, BTreeMap::len)
    }

    pub fn to(&self, key: &str, principals: &[String]) -> Vec<Arc<Grant>> {
        let ids = principals.iter().filter_map(|one| self.by_grantee.get(&(key.to_owned(), one.clone()))).flatten();
        ids.filter_map(|id| self.get(key, id)).collect()
    }

    /// One of the same name that says the same; grants without a name are always new.
    pub fn like(&self, new: &Grant) -> Option<Arc<Grant>> {
        new.name.as_ref()?;
        self.to(&new.key, std::slice::from_ref(&new.grantee)).into_iter().find(|grant| grant.is_like(new))
    }

    pub fn by_token(&self, token: &str) -> Option<Arc<Grant>> {
        let (key, id) = self.by_token.get(token)?;
        self.get(key, id)
    }

    pub fn retirable(&self, principal: &str) -> Vec<Arc<Grant>> {
        let names = self.by_retiring.get(principal).into_iter().flatten();
        names.filter_map(|(key, id)| self.get(key, id)).collect()
    }
}
