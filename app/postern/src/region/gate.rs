//! The one gate that every request to every service passes.

use super::decisions::Log;
use super::seal::Seal;
use postern_iam::Iam;
use postern_model::{VpcEndpoint, World};
use postern_names::{AccountId, Via, VpcEndpointId};
use postern_organizations::Organizations;
use postern_policy::authorization_message;
use postern_policy::{Ask, Attached, Decision, Document, Judge, Memberships, PolicyKind, PolicySet, decide};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

/// Gathers the policies that bear on a request from where they live, and decides.
pub struct Gate {
    /// EC2 and IAM ask the gate, and the gate asks them: set once all exist. Before that nobody may do anything.
    known: OnceLock<Known>,
    /// Parsed documents by their text: endpoint and session policies come as texts.
    parsed: Mutex<HashMap<String, Arc<Document>>>,
    log: Arc<Log>,
    seal: Seal,
}

/// Where policies live.
struct Known {
    world: Arc<RwLock<World>>,
    iam: Arc<Iam>,
    organizations: Arc<Organizations>,
}

const FULL_ACCESS: &str = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// Texts kept parsed; beyond it the store is emptied, so that clients passing ever new session policies cannot fill it.
const MOST_PARSED: usize = 10_000;

impl Gate {
    pub fn new(seal: Seal) -> Arc<Self> {
        Arc::new(Self { known: OnceLock::new(), parsed: Mutex::default(), log: Arc::default(), seal })
    }

    /// What it decided, for the door's records.
    pub fn log(&self) -> Arc<Log> {
        Arc::clone(&self.log)
    }

    pub fn set(&self, world: Arc<RwLock<World>>, iam: Arc<Iam>, organizations: Arc<Organizations>) {
        if self.known.set(Known { world, iam, organizations }).is_err() {
            tracing::error!("the gate already knows the World and IAM");
        }
    }

    /// The policies that a request would meet.
    pub fn policies(&self, ask: &Ask<'_>) -> PolicySet {
        self.gather(ask)
    }

    /// The policy of an endpoint of any World; one that is only thought of has full access, as a new one.
    pub fn endpoint_in(&self, endpoint: &VpcEndpoint) -> Option<Attached> {
        let text = if endpoint.policy.is_empty() { FULL_ACCESS } else { &endpoint.policy };
        Some(Attached::new(PolicyKind::Endpoint, endpoint.id.to_string(), self.parse(text)?))
    }

    /// The endpoint's policy as the World has it now: a change is in force with the next request.
    fn endpoint_policy(&self, id: VpcEndpointId) -> Option<Attached> {
        let world = self.known.get()?.world.read().unwrap_or_else(|e| e.into_inner());
        let text = &world.endpoints.get(&id)?.policy;
        Some(Attached::new(PolicyKind::Endpoint, id.to_string(), self.parse(text)?))
    }

    fn parse(&self, text: &str) -> Option<Arc<Document>> {
        let mut parsed = self.parsed.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(document) = parsed.get(text) {
            return Some(Arc::clone(document));
        }
        match Document::parse(text) {
            Ok(document) => {
                if parsed.len() >= MOST_PARSED {
                    parsed.clear();
                }
                let document = Arc::new(document);
                parsed.insert(text.to_owned(), Arc::clone(&document));
                Some(document)
            }
            Err(error) => {
                tracing::error!(%error, "a stored policy does not parse");
                None
            }
        }
    }

    /// Denies everything: what stands in for a policy that is wanted and cannot be had.
    fn nothing(&self) -> Option<Arc<Document>> {
        self.parse(r#"{"Version":"2012-10-17","Statement":[]}"#)
    }

    fn gather(&self, ask: &Ask<'_>) -> PolicySet {
        let mut set = PolicySet::default();
        if let Some(known) = self.known.get() {
            (set.identity, set.boundary) = known.iam.identity_policies(ask.caller);
            organized(ask, &known.organizations, &mut set);
        }
        for (number, text) in ask.caller.session_policies.iter().enumerate() {
            // A session policy that cannot be read limits to nothing: it must not vanish.
            if let Some(document) = self.parse(text).or_else(|| self.nothing()) {
                set.session.push(Attached::new(PolicyKind::Session, format!("session policy {number}"), document));
            }
        }
        if let Via::Endpoint { id, .. } = ask.via {
            set.endpoint = self.endpoint_policy(*id).or_else(|| {
                // The endpoint went while its last request was on the way.
                self.nothing().map(|document| Attached::new(PolicyKind::Endpoint, id.to_string(), document))
            });
        }
        set
    }
}

/// The organizations' control policies, and what condition keys tell of the accounts' places.
fn organized(ask: &Ask<'_>, organizations: &Organizations, set: &mut PolicySet) {
    let caller = ask.caller.account();
    let owner = ask.resource_account.or(caller);
    if let Some(account) = caller {
        set.service_control = organizations.service_control(account);
    }
    if let Some(account) = owner {
        set.resource_control = organizations.resource_control(account, ask.action);
    }
    let endpoint = match ask.via {
        Via::Endpoint { account, .. } => Some(*account),
        _ => None,
    };
    let source = ask.keys.get("aws:sourceaccount").and_then(|values| values.first()).and_then(|id| id.parse().ok());
    let place = |account: Option<AccountId>| account.and_then(|account| organizations.membership(account));
    set.memberships = Memberships {
        principal: place(caller),
        resource: place(owner),
        endpoint: place(endpoint),
        source: place(source),
    };
}

impl Judge for Gate {
    fn judge(&self, ask: &Ask<'_>) -> Decision {
        let decision = decide(ask, &self.gather(ask));
        self.log.note(ask, &decision);
        if cfg!(debug_assertions)
            && let Some(flaw) = postern_policy::table::flaw(ask)
        {
            tracing::error!(flaw, "a question to the gate is unknown to the table");
        }
        if !matches!(decision, Decision::Allow { .. }) {
            tracing::info!(caller = %ask.caller.display(), action = ask.action, resource = ask.resource, ?decision, "refused");
        }
        decision
    }

    fn same_organization(&self, one: AccountId, other: AccountId) -> bool {
        let organization =
            |account| self.known.get()?.organizations.membership(account).map(|found| found.organization);
        organization(one).is_some_and(|found| organization(other) == Some(found))
    }

    fn sealed(&self, ask: &Ask<'_>, decision: &Decision) -> Option<String> {
        let account = ask.caller.account()?;
        let policies = self.gather(ask);
        let matched = match decision {
            Decision::ExplicitDeny { by } => policies.statement(by),
            _ => None,
        };
        let mut message = authorization_message(ask, decision, matched);
        let close = |message: &Value| self.seal.close(&json!([account, message]).to_string());
        close(&message).or_else(|| {
            // More context than can be given back: the denial itself can.
            message["context"]["conditions"]["items"] = json!([]);
            close(&message)
        })
    }

    fn opened(&self, text: &str, account: AccountId) -> Option<String> {
        let (owner, message): (AccountId, Value) = serde_json::from_str(&self.seal.open(text)?).ok()?;
        (owner == account).then(|| message.to_string())
    }
}
