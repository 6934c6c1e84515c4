//! The shared state behind IAM and STS, and what the rest of the region asks it.

use crate::entity::{Policies, Tags};
use crate::save::{self, Touched};
use crate::session::{Session, Who};
use crate::state::{Account, State, key};
use crate::usage::Usage;
use postern_call::{Caller, Principal, Refusal};
use postern_names::AccountId;
use postern_policy::{Attached, Document, PolicyKind, PolicySet};
use postern_serve::{Credential, Keys, Used};
use postern_store::{Store, StoreError, Write};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// How long after the first use the disk hears of it.
const USAGE_DELAY: std::time::Duration = std::time::Duration::from_secs(1);

/// The ARN of the policy that allows everything.
pub const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// Every account's identities, keys, policies and sessions. Changes are durable before their call returns.
pub struct Iam {
    state: RwLock<State>,
    store: Arc<Store>,
    usage: Usage,
}

/// A change under way: the whole state, one account of it in focus, and a list of what was touched.
pub struct Desk<'a> {
    pub state: &'a mut State,
    pub account_id: AccountId,
    pub usage: &'a Usage,
    touched: Vec<(AccountId, Touched)>,
    sessions: Vec<String>,
}

impl Iam {
    /// Reads the state from the store. Blocks; meant for the start.
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let state = save::load(&store)?;
        let usage = Usage::new(save::load_usage(&store)?);
        Ok(Self { state: RwLock::new(state), store, usage })
    }

    /// Writes down who used what, a little after each first use, for as long as it is polled.
    pub async fn keep_usage(&self) {
        loop {
            self.usage.changed().await;
            // What comes meanwhile goes with it.
            tokio::time::sleep(USAGE_DELAY).await;
            if let Err(refusal) = self.write_usage().await {
                tracing::error!(inside = refusal.inside, "the uses of keys were not written");
            }
        }
    }

    /// Writes down who used what, now.
    pub async fn write_usage(&self) -> Result<(), Refusal> {
        let writes = self.usage.unwritten(&self.read())?;
        if writes.is_empty() {
            return Ok(());
        }
        self.store.submit(writes).durable().await.map_err(Refusal::internal)
    }

    /// The policies of the caller's identity side: inline and managed ones of the user (and its groups) or role, and
    /// the permissions boundary. Empty for root, for services and for nobody.
    pub fn identity_policies(&self, caller: &Caller) -> (Vec<Attached>, Option<Attached>) {
        let state = self.read();
        let Some(account) = caller.account().and_then(|id| state.account(id)) else { return (Vec::new(), None) };
        let (user, role) = match &caller.principal {
            Principal::User { name, .. } => (Some(name.clone()), None),
            Principal::Role { name, .. } => (None, Some(name.clone())),
            Principal::Federated { .. } => match issuer(&state, caller) {
                Some(Issuer::User(name)) => (Some(name), None),
                Some(Issuer::Root) => {
                    return (vec![managed(account, ADMINISTRATOR_ACCESS, PolicyKind::Identity)], None);
                }
                None => (None, None),
            },
            Principal::Anonymous
            | Principal::Root { .. }
            | Principal::Service { .. }
            | Principal::WebIdentity { .. } => (None, None),
        };
        let mut attached = Vec::new();
        let mut boundary = None;
        if let Some(user) = user.and_then(|name| account.users.get(&key(&name))) {
            collect(account, &user.policies, &mut attached);
            let name = key(&user.name);
            for group in account.groups.values().filter(|group| group.members.contains(&name)) {
                collect(account, &group.policies, &mut attached);
            }
            boundary.clone_from(&user.boundary);
        }
        if let Some(role) = role.and_then(|name| account.roles.get(&key(&name))) {
            collect(account, &role.policies, &mut attached);
            boundary.clone_from(&role.boundary);
        }
        let boundary = boundary.map(|arn| managed(account, &arn, PolicyKind::Boundary));
        (attached, boundary)
    }

    /// All that this crate knows for a decision about the caller: identity policies, boundary, session policies.
    pub fn policy_set(&self, caller: &Caller) -> PolicySet {
        let (identity, boundary) = self.identity_policies(caller);
        PolicySet { identity, boundary, session: self.session_policies(caller), ..PolicySet::default() }
    }

    /// The policies passed when the caller's session began.
    fn session_policies(&self, caller: &Caller) -> Vec<Attached> {
        if caller.session_policies.is_empty() {
            return Vec::new();
        }
        let state = self.read();
        if let Some(session) = caller.access_key.as_ref().and_then(|key| state.sessions.get(key)) {
            let attached = |p: &crate::session::PassedPolicy| {
                Attached::new(PolicyKind::Session, p.name.clone(), p.document.0.clone())
            };
            return session.policies.iter().map(attached).collect();
        }
        let parse = |text: &String| Document::parse_identity(text).map(Arc::new).unwrap_or_else(|_| deny_all());
        caller.session_policies.iter().map(|text| Attached::new(PolicyKind::Session, "session", parse(text))).collect()
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one change and returns when it is durable. `change` checks everything before it alters anything.
    pub(crate) async fn transact<T>(
        &self,
        account_id: AccountId,
        change: impl FnOnce(&mut Desk<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (value, pending) = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let mut desk =
                Desk { state: &mut state, account_id, usage: &self.usage, touched: Vec::new(), sessions: Vec::new() };
            let value = change(&mut desk)?;
            let writes = desk.writes()?;
            (value, (!writes.is_empty()).then(|| self.store.submit(writes)))
        };
        if let Some(pending) = pending {
            pending.durable().await.map_err(Refusal::internal)?;
        }
        Ok(value)
    }
}

impl Desk<'_> {
    pub fn account(&mut self) -> &mut Account {
        self.state.accounts.entry(self.account_id).or_default()
    }

    /// Says that something changed and must go to disk.
    pub fn touch(&mut self, touched: Touched) {
        self.touch_in(self.account_id, touched);
    }

    /// The same for a thing of another account.
    pub fn touch_in(&mut self, account: AccountId, touched: Touched) {
        if !self.touched.contains(&(account, touched.clone())) {
            self.touched.push((account, touched));
        }
    }

    /// Opens a session for good.
    pub fn keep_session(&mut self, access_key: String, session: Session) {
        self.sessions.push(access_key.clone());
        self.state.sessions.insert(access_key, session);
    }

    /// Forgets sessions that ended more than a day ago; until then their keys are told apart from unknown ones.
    pub fn sweep_sessions(&mut self, now: i64) {
        let ended: Vec<String> =
            self.state.sessions.iter().filter(|(_, s)| s.expires + 86_400 < now).map(|(k, _)| k.clone()).collect();
        for access_key in ended {
            self.state.sessions.remove(&access_key);
            self.sessions.push(access_key);
        }
    }

    fn writes(&mut self) -> Result<Vec<Write>, Refusal> {
        let touched = std::mem::take(&mut self.touched);
        let mut writes = Vec::new();
        for (id, thing) in &touched {
            writes.push(save::write_of(*id, self.state.accounts.entry(*id).or_default(), thing)?);
        }
        for access_key in &self.sessions {
            writes.push(save::write_session(access_key, self.state.sessions.get(access_key))?);
        }
        Ok(writes)
    }
}

impl Keys for Iam {
    fn credential(&self, access_key: &str) -> Option<Credential> {
        let state = self.read();
        if let Some(session) = state.sessions.get(access_key) {
            let principal = session_principal(&state, session)?;
            return Some(Credential {
                secret: session.secret.clone(),
                caller: session.caller(access_key, principal),
                session_token: Some(session.token.clone()),
                expires: Some(session.expires),
            });
        }
        let (holder, found) = state.access_key(access_key)?;
        if !found.active {
            return None;
        }
        let account = state.account(holder.account)?;
        let mut caller = Caller::of(Principal::Root { account: holder.account });
        if let Some(user) = &holder.user {
            let user = account.users.get(user)?;
            caller = Caller::of(Principal::User {
                account: holder.account,
                path: user.path.clone(),
                name: user.name.clone(),
                id: user.id.clone(),
            });
            caller.keys = tag_keys(&user.tags);
        }
        caller.access_key = Some(access_key.to_owned());
        Some(Credential { secret: found.secret.clone(), caller, session_token: None, expires: None })
    }

    fn used(&self, used: &Used<'_>) {
        if let Some(id) = usage_id(&used.caller.principal) {
            self.usage.note(&id, used, !used.is_session);
        }
    }
}

/// The unique id under which an identity's uses are noted; federated users have none.
fn usage_id(principal: &Principal) -> Option<Cow<'_, str>> {
    match principal {
        Principal::User { id, .. } | Principal::Role { id, .. } => Some(Cow::Borrowed(id)),
        Principal::Root { account } => Some(Cow::Owned(account.to_string())),
        _ => None,
    }
}

/// `aws:PrincipalTag/...` keys of these tags.
pub fn tag_keys(tags: &Tags) -> BTreeMap<String, Vec<String>> {
    tags.iter().map(|(key, value)| (format!("aws:PrincipalTag/{key}"), vec![value.clone()])).collect()
}

/// The session's principal, if it still exists under the same unique id.
fn session_principal(state: &State, session: &Session) -> Option<Principal> {
    let account = session.account;
    let held = state.account(account)?;
    Some(match &session.who {
        Who::Role { name, id, session } => {
            let role = held.roles.get(&key(name)).filter(|role| role.id == *id)?;
            let (path, name) = (role.path.clone(), role.name.clone());
            Principal::Role { account, path, name, id: id.clone(), session: session.clone() }
        }
        Who::User { id, .. } => {
            let user = held.users.values().find(|user| user.id == *id)?;
            Principal::User { account, path: user.path.clone(), name: user.name.clone(), id: id.clone() }
        }
        Who::Root => Principal::Root { account },
        Who::Federated { name, .. } => Principal::Federated { account, name: name.clone() },
    })
}

/// Who called GetFederationToken.
enum Issuer {
    Root,
    User(String),
}

/// Whose permissions a federated session has at most. One that was passed no policy may do nothing by identity.
fn issuer(state: &State, caller: &Caller) -> Option<Issuer> {
    let session = state.sessions.get(caller.access_key.as_ref()?)?;
    match &session.who {
        Who::Federated { issuer, .. } if !session.policies.is_empty() => {
            Some(issuer.clone().map_or(Issuer::Root, Issuer::User))
        }
        _ => None,
    }
}

fn collect(account: &Account, policies: &Policies, into: &mut Vec<Attached>) {
    for (name, document) in &policies.inline {
        into.push(Attached::new(PolicyKind::Identity, name.clone(), document.0.clone()));
    }
    for arn in &policies.attached {
        into.push(managed(account, arn, PolicyKind::Identity));
    }
}

/// A managed policy in its place. One that is gone while still attached allows nothing, and says so by denying.
fn managed(account: &Account, arn: &str, kind: PolicyKind) -> Attached {
    let document = account.managed_document(arn).map_or_else(deny_all, |doc| doc.0);
    Attached::new(kind, arn, document)
}

/// What stands in for a policy that cannot be read: never a silent Allow.
fn deny_all() -> Arc<Document> {
    static DENY: std::sync::LazyLock<Arc<Document>> = std::sync::LazyLock::new(|| {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
        Arc::new(Document::parse_identity(text).expect("a constant document parses"))
    });
    DENY.clone()
}
