//! The secrets of every account, in memory and on disk.

use crate::refuse;
use crate::secret::{Content, Record, Secret};
use postern_call::Refusal;
use postern_kit::Kind;
use postern_names::{AccountId, Arn};
use postern_policy::Document;
use postern_store::{Pending, Store, StoreError, Write};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use time::OffsetDateTime;

const SECRETS: Kind<Record> = Kind::new("secretsmanager.secret");
const CONTENTS: Kind<Content> = Kind::new("secretsmanager.content");

/// Whose and where: account and region.
pub type Place = (AccountId, String);

/// By place and name.
pub type State = BTreeMap<Place, BTreeMap<String, Arc<Secret>>>;

/// The region's secrets.
pub struct Secrets {
    state: RwLock<State>,
    store: Arc<Store>,
}

/// Where a request's secret should be.
pub struct Address {
    pub place: Place,
    /// With or without the six characters behind a hyphen.
    pub name: String,
    /// Named by ARN: what is behind the last hyphen may be the suffix.
    pub by_arn: bool,
}

impl Address {
    /// A name is one of the caller's own; an ARN may lead to another account.
    pub fn read(given: &str, own: Option<AccountId>, region: &str) -> Result<Self, Refusal> {
        let invalid = || refuse::invalid_parameter("Invalid secret ARN.");
        if !given.starts_with("arn:") {
            let account = own.ok_or_else(refuse::no_secret)?;
            return Ok(Self { place: (account, region.to_owned()), name: given.to_owned(), by_arn: false });
        }
        let arn: Arn = given.parse().map_err(|_| invalid())?;
        let name =
            arn.resource.strip_prefix("secret:").filter(|_| arn.service == "secretsmanager").ok_or_else(invalid)?;
        if arn.region != region {
            return Err(refuse::no_secret().hint("the secret is in another region"));
        }
        let account = arn.account.parse().map_err(|_| invalid())?;
        Ok(Self { place: (account, arn.region.clone()), name: name.to_owned(), by_arn: true })
    }

    /// What the gate is asked about when there is no such secret.
    pub fn arn(&self) -> String {
        Arn::new("secretsmanager", &self.place.1, self.place.0, format!("secret:{}", self.name)).to_string()
    }

    pub fn find(&self, state: &State) -> Option<Arc<Secret>> {
        let own = state.get(&self.place)?;
        if self.by_arn
            && let Some((name, suffix)) = self.name.rsplit_once('-')
            && let Some(secret) = own.get(name).filter(|secret| secret.record.suffix == suffix)
        {
            return Some(Arc::clone(secret));
        }
        own.get(&self.name).cloned()
    }
}

/// A change of one secret: the record to alter, and the contents that come and go.
pub struct Change<'a> {
    pub record: &'a mut Record,
    put: Vec<(String, Content)>,
    gone: Vec<String>,
}

impl Change<'_> {
    pub fn put_content(&mut self, version: &str, content: Content) {
        self.put.push((version.to_owned(), content));
    }
    pub fn drop_content(&mut self, versions: Vec<String>) {
        self.gone.extend(versions);
    }
}

impl Secrets {
    /// Reads the secrets from the store. Blocks; meant for the start.
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let mut contents: BTreeMap<String, BTreeMap<String, Arc<Content>>> = BTreeMap::new();
        for (key, content) in CONTENTS.load(&store)? {
            let Some((secret, version)) = key.rsplit_once(' ') else { continue };
            contents.entry(secret.to_owned()).or_default().insert(version.to_owned(), Arc::new(content));
        }
        let mut state = State::new();
        for (key, record) in SECRETS.load(&store)? {
            let own = contents.remove(&key).unwrap_or_default();
            let wrong = |refusal: Refusal| StoreError {
                step: "read the secrets",
                word: format!("{key}: {}", refusal.inside.unwrap_or(refusal.message)),
            };
            let secret = ready(record, own).map_err(wrong)?;
            put(&mut state, Arc::new(secret));
        }
        Ok(Self { state: RwLock::new(state), store })
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a new secret with the content of its first version, if it has one. One of the same name that is beyond its
    /// recovery window makes room.
    pub fn add(
        &self,
        record: Record,
        first: Option<(String, Content)>,
        now: OffsetDateTime,
    ) -> Result<Pending, Refusal> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let place = (record.account, record.region.clone());
        let old = state.get(&place).and_then(|own| own.get(&record.name)).cloned();
        let mut writes = Vec::new();
        if let Some(old) = old {
            if !old.record.is_gone(now) {
                return Err(taken(&old.record));
            }
            writes.extend(deletion(&old));
        }
        let key = key_of(&record);
        let mut contents = BTreeMap::new();
        if let Some((version, content)) = first {
            writes.push(CONTENTS.put(format!("{key} {version}"), &content)?);
            contents.insert(version, Arc::new(content));
        }
        writes.push(SECRETS.put(key, &record)?);
        put(&mut state, Arc::new(ready(record, contents)?));
        Ok(self.store.submit(writes))
    }

    /// Changes the secret if it is still the one that was looked at; what `change` refuses leaves it as it was.
    pub fn change<T>(
        &self,
        secret: &Secret,
        change: impl FnOnce(&mut Change<'_>) -> Result<T, Refusal>,
    ) -> Result<(T, Pending), Refusal> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let place = (secret.record.account, secret.record.region.clone());
        let now = state.get(&place).and_then(|own| own.get(&secret.record.name)).cloned();
        let now = now.filter(|now| now.record.suffix == secret.record.suffix).ok_or_else(refuse::no_secret)?;
        let (mut record, mut contents) = (now.record.clone(), now.contents.clone());
        let mut under_way = Change { record: &mut record, put: Vec::new(), gone: Vec::new() };
        let value = change(&mut under_way)?;
        let (new, gone) = (under_way.put, under_way.gone);
        let key = key_of(&record);
        let mut writes = Vec::new();
        for (version, content) in new {
            writes.push(CONTENTS.put(format!("{key} {version}"), &content)?);
            contents.insert(version, Arc::new(content));
        }
        for version in gone {
            writes.push(CONTENTS.delete(format!("{key} {version}")));
            contents.remove(&version);
        }
        writes.push(SECRETS.put(key, &record)?);
        put(&mut state, Arc::new(ready(record, contents)?));
        Ok((value, self.store.submit(writes)))
    }

    /// Takes the secret away for good.
    pub fn remove(&self, secret: &Secret) -> Pending {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let place = (secret.record.account, secret.record.region.clone());
        let own = state.entry(place).or_default();
        let same = own.get(&secret.record.name).is_some_and(|now| now.record.suffix == secret.record.suffix);
        let writes = match own.remove(&secret.record.name).filter(|_| same) {
            Some(now) => deletion(&now),
            None => Vec::new(),
        };
        self.store.submit(writes)
    }
}

fn taken(record: &Record) -> Refusal {
    match record.deleted {
        Some(_) => refuse::invalid_request(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ),
        None => refuse::exists(format!("The operation failed because the secret {} already exists.", record.name)),
    }
}

fn ready(record: Record, contents: BTreeMap<String, Arc<Content>>) -> Result<Secret, Refusal> {
    let parse = |text: &String| Document::parse_resource(text).map_err(|error| Refusal::internal(error.reason));
    let document = record.policy.as_ref().map(parse).transpose()?;
    Ok(Secret { record, document, contents })
}

fn put(state: &mut State, secret: Arc<Secret>) {
    let place = (secret.record.account, secret.record.region.clone());
    state.entry(place).or_default().insert(secret.record.name.clone(), secret);
}

fn deletion(secret: &Secret) -> Vec<Write> {
    let key = key_of(&secret.record);
    let contents = secret.contents.keys().map(|version| CONTENTS.delete(format!("{key} {version}")));
    contents.chain([SECRETS.delete(key.clone())]).collect()
}

fn key_of(record: &Record) -> String {
    format!("{} {} {}", record.account, record.region, record.name)
}
