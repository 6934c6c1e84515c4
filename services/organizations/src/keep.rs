//! The state on disk: one entry per account, one per organization.

use crate::state::{Account, Organization, State};
use postern_call::Refusal;
use postern_names::AccountId;
use postern_store::{Store, StoreError, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;

const ACCOUNT: &str = "organizations.account";
const ORGANIZATION: &str = "organizations.organization";

pub fn account(id: AccountId, account: Option<&Account>) -> Result<Write, Refusal> {
    entry(ACCOUNT, id.to_string(), account)
}
pub fn organization(id: &str, organization: Option<&Organization>) -> Result<Write, Refusal> {
    entry(ORGANIZATION, id.to_owned(), organization)
}

/// Reads everything at the start.
pub fn load(store: &Store) -> Result<State, StoreError> {
    let mut state = State::default();
    for (key, account) in entries::<Account>(store, ACCOUNT)? {
        let id = key.parse().map_err(|_| unreadable(ACCOUNT, &key, "no account id"))?;
        state.accounts.insert(id, account);
    }
    state.organizations = entries(store, ORGANIZATION)?.into_iter().collect();
    Ok(state)
}

fn entry<T: Serialize>(kind: &str, key: String, value: Option<&T>) -> Result<Write, Refusal> {
    let kind = kind.to_owned();
    let Some(value) = value else { return Ok(Write::Delete { kind, key }) };
    let value = serde_json::to_vec(value).map_err(|error| Refusal::internal(format!("write {kind} {key}: {error}")))?;
    Ok(Write::Put { kind, key, value })
}

fn entries<T: DeserializeOwned>(store: &Store, kind: &str) -> Result<Vec<(String, T)>, StoreError> {
    let read = |(key, value): (String, Vec<u8>)| match serde_json::from_slice(&value) {
        Ok(value) => Ok((key, value)),
        Err(error) => Err(unreadable(kind, &key, &error.to_string())),
    };
    store.load(kind)?.into_iter().map(read).collect()
}

fn unreadable(kind: &str, key: &str, why: &str) -> StoreError {
    StoreError { step: "read the organizations", word: format!("{kind} {key}: {why}") }
}
