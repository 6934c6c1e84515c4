//! The state on disk: one entry per entity, by kind and account and name.

use crate::entity::{Group, MfaDevice, OidcProvider, Policy, Profile, Role, Root, SamlProvider, User};
use crate::session::Session;
use crate::state::{Account, Holder, State};
use crate::usage::Record;
use crate::verb::{AccessReport, CredentialReport};
use postern_call::Refusal;
use postern_names::AccountId;
use postern_store::{Store, StoreError, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that a verb changed, made or removed; strings are keys of the account's maps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    Root,
    User(String),
    Group(String),
    Role(String),
    Policy(String),
    Profile(String),
    OidcProvider(String),
    SamlProvider(String),
    MfaDevice(String),
    CredentialReport,
    AccessReport(String),
}

const ROOT: &str = "iam.account";
const USER: &str = "iam.user";
const GROUP: &str = "iam.group";
const ROLE: &str = "iam.role";
const POLICY: &str = "iam.policy";
const PROFILE: &str = "iam.instance-profile";
const OIDC_PROVIDER: &str = "iam.oidc-provider";
const SAML_PROVIDER: &str = "iam.saml-provider";
const MFA_DEVICE: &str = "iam.mfa-device";
const CREDENTIAL_REPORT: &str = "iam.credential-report";
const ACCESS_REPORT: &str = "iam.access-report";
const USAGE: &str = "iam.usage";
const SESSION: &str = "sts.session";

/// The entry that makes the disk agree with the account about one thing.
pub fn write_of(id: AccountId, account: &Account, touched: &Touched) -> Result<Write, Refusal> {
    match touched {
        Touched::Root => entry(ROOT, id.to_string(), Some(&account.root)),
        Touched::User(key) => entry(USER, format!("{id}/{key}"), account.users.get(key)),
        Touched::Group(key) => entry(GROUP, format!("{id}/{key}"), account.groups.get(key)),
        Touched::Role(key) => entry(ROLE, format!("{id}/{key}"), account.roles.get(key)),
        Touched::Policy(arn) => entry(POLICY, format!("{id}/{arn}"), account.policies.get(arn)),
        Touched::Profile(key) => entry(PROFILE, format!("{id}/{key}"), account.profiles.get(key)),
        Touched::OidcProvider(url) => entry(OIDC_PROVIDER, format!("{id}/{url}"), account.oidc_providers.get(url)),
        Touched::SamlProvider(name) => entry(SAML_PROVIDER, format!("{id}/{name}"), account.saml_providers.get(name)),
        Touched::MfaDevice(serial) => entry(MFA_DEVICE, format!("{id}/{serial}"), account.mfa_devices.get(serial)),
        Touched::CredentialReport => entry(CREDENTIAL_REPORT, id.to_string(), account.credential_report.as_ref()),
        Touched::AccessReport(job) => entry(ACCESS_REPORT, format!("{id}/{job}"), account.access_reports.get(job)),
    }
}

pub fn write_session(access_key: &str, session: Option<&Session>) -> Result<Write, Refusal> {
    entry(SESSION, access_key.to_owned(), session)
}

/// The uses by the identity with this unique id.
pub fn write_usage(id: &str, record: Option<&Record>) -> Result<Write, Refusal> {
    entry(USAGE, id.to_owned(), record)
}

/// Reads the uses of every identity.
pub fn load_usage(store: &Store) -> Result<Vec<(String, Record)>, StoreError> {
    entries(store, USAGE)
}

/// Reads everything at the start.
pub fn load(store: &Store) -> Result<State, StoreError> {
    let mut state = State::default();
    for (key, root) in entries::<Root>(store, ROOT)? {
        let id = account_of(ROOT, &key)?;
        for access_key in &root.keys {
            state.keys.insert(access_key.id.clone(), Holder { account: id, user: None });
        }
        state.accounts.entry(id).or_default().root = root;
    }
    for (key, user) in entries::<User>(store, USER)? {
        let (id, name) = split(USER, &key)?;
        for access_key in &user.keys {
            state.keys.insert(access_key.id.clone(), Holder { account: id, user: Some(name.clone()) });
        }
        state.accounts.entry(id).or_default().users.insert(name, user);
    }
    for (key, group) in entries::<Group>(store, GROUP)? {
        let (id, name) = split(GROUP, &key)?;
        state.accounts.entry(id).or_default().groups.insert(name, group);
    }
    for (key, role) in entries::<Role>(store, ROLE)? {
        let (id, name) = split(ROLE, &key)?;
        state.accounts.entry(id).or_default().roles.insert(name, role);
    }
    for (key, policy) in entries::<Policy>(store, POLICY)? {
        let (id, arn) = split(POLICY, &key)?;
        state.accounts.entry(id).or_default().policies.insert(arn, policy);
    }
    for (key, profile) in entries::<Profile>(store, PROFILE)? {
        let (id, name) = split(PROFILE, &key)?;
        state.accounts.entry(id).or_default().profiles.insert(name, profile);
    }
    for (key, provider) in entries::<OidcProvider>(store, OIDC_PROVIDER)? {
        let (id, url) = split(OIDC_PROVIDER, &key)?;
        state.accounts.entry(id).or_default().oidc_providers.insert(url, provider);
    }
    for (key, provider) in entries::<SamlProvider>(store, SAML_PROVIDER)? {
        let (id, name) = split(SAML_PROVIDER, &key)?;
        state.accounts.entry(id).or_default().saml_providers.insert(name, provider);
    }
    for (key, device) in entries::<MfaDevice>(store, MFA_DEVICE)? {
        let (id, serial) = split(MFA_DEVICE, &key)?;
        state.accounts.entry(id).or_default().mfa_devices.insert(serial, device);
    }
    for (key, report) in entries::<CredentialReport>(store, CREDENTIAL_REPORT)? {
        state.accounts.entry(account_of(CREDENTIAL_REPORT, &key)?).or_default().credential_report = Some(report);
    }
    for (key, report) in entries::<AccessReport>(store, ACCESS_REPORT)? {
        let (id, job) = split(ACCESS_REPORT, &key)?;
        state.accounts.entry(id).or_default().access_reports.insert(job, report);
    }
    state.sessions = entries::<Session>(store, SESSION)?.into_iter().collect();
    Ok(state)
}

fn entry<T: Serialize>(kind: &str, key: String, value: Option<&T>) -> Result<Write, Refusal> {
    let kind = kind.to_owned();
    match value {
        None => Ok(Write::Delete { kind, key }),
        Some(value) => {
            let value =
                serde_json::to_vec(value).map_err(|error| Refusal::internal(format!("write {kind} {key}: {error}")))?;
            Ok(Write::Put { kind, key, value })
        }
    }
}

fn entries<T: DeserializeOwned>(store: &Store, kind: &str) -> Result<Vec<(String, T)>, StoreError> {
    let read = |(key, value): (String, Vec<u8>)| match serde_json::from_slice(&value) {
        Ok(value) => Ok((key, value)),
        Err(error) => Err(unreadable(kind, &key, &error.to_string())),
    };
    store.load(kind)?.into_iter().map(read).collect()
}

fn split(kind: &str, key: &str) -> Result<(AccountId, String), StoreError> {
    let (account, rest) = key.split_once('/').ok_or_else(|| unreadable(kind, key, "no account in its key"))?;
    Ok((account_of(kind, account)?, rest.to_owned()))
}

fn account_of(kind: &str, text: &str) -> Result<AccountId, StoreError> {
    text.parse().map_err(|_| unreadable(kind, text, "no account in its key"))
}

fn unreadable(kind: &str, key: &str, why: &str) -> StoreError {
    StoreError { step: "read IAM's state", word: format!("{kind} {key}: {why}") }
}
