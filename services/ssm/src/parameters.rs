//! The parameters of every account, in memory and on disk.

use crate::parameter::{Parameter, Record, Version};
use postern_call::Refusal;
use postern_kit::Kind;
use postern_names::AccountId;
use postern_store::{Pending, Store, StoreError, Write};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

const PARAMETERS: Kind<Record> = Kind::new("ssm.parameter");
const VERSIONS: Kind<Version> = Kind::new("ssm.version");

/// Whose and where: account and region.
pub type Place = (AccountId, String);

/// By place and name.
pub type State = BTreeMap<Place, BTreeMap<String, Arc<Parameter>>>;

/// The region's parameters.
pub struct Parameters {
    state: RwLock<State>,
    store: Arc<Store>,
}

impl Parameters {
    /// Reads the parameters from the store. Blocks; meant for the start.
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let mut versions: BTreeMap<String, BTreeMap<i64, Arc<Version>>> = BTreeMap::new();
        for (key, version) in VERSIONS.load(&store)? {
            let Some((parameter, _)) = key.rsplit_once(' ') else { continue };
            versions.entry(parameter.to_owned()).or_default().insert(version.number, Arc::new(version));
        }
        let mut state = State::new();
        for (key, record) in PARAMETERS.load(&store)? {
            let own = versions.remove(&key).unwrap_or_default();
            let place = (record.account, record.region.clone());
            let parameter = Arc::new(Parameter { versions: own, record });
            state.entry(place).or_default().insert(parameter.record.name.clone(), parameter);
        }
        Ok(Self { state: RwLock::new(state), store })
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn find(&self, place: &Place, name: &str) -> Option<Arc<Parameter>> {
        self.read().get(place)?.get(name).cloned()
    }

    /// Puts, alters or takes away one parameter: `change` gets what there is and gives what there shall be. What it refuses
    /// leaves everything as it was.
    pub fn change<T>(
        &self,
        place: &Place,
        name: &str,
        change: impl FnOnce(Option<&Parameter>) -> Result<(Option<Parameter>, T), Refusal>,
    ) -> Result<(T, Pending), Refusal> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let own = state.entry(place.clone()).or_default();
        let old = own.get(name).cloned();
        let (new, value) = change(old.as_deref())?;
        let key = format!("{} {} {name}", place.0, place.1);
        let writes = differences(&key, old.as_deref(), new.as_ref())?;
        match new {
            Some(new) => own.insert(name.to_owned(), Arc::new(new)),
            None => own.remove(name),
        };
        Ok((value, self.store.submit(writes)))
    }
}

/// What must be written for the new to take the place of the old.
fn differences(key: &str, old: Option<&Parameter>, new: Option<&Parameter>) -> Result<Vec<Write>, Refusal> {
    let version_key = |number: i64| format!("{key} {number}");
    let mut writes = Vec::new();
    match new {
        Some(new) => writes.push(PARAMETERS.put(key, &new.record)?),
        None => writes.push(PARAMETERS.delete(key)),
    }
    for (number, version) in new.into_iter().flat_map(|new| &new.versions) {
        let before = old.and_then(|old| old.versions.get(number));
        if before.is_none_or(|before| !Arc::ptr_eq(before, version)) {
            writes.push(VERSIONS.put(version_key(*number), version)?);
        }
    }
    let gone = old.into_iter().flat_map(|old| old.versions.keys());
    let gone = gone.filter(|number| new.is_none_or(|new| !new.versions.contains_key(number)));
    writes.extend(gone.map(|number| VERSIONS.delete(version_key(*number))));
    Ok(writes)
}
