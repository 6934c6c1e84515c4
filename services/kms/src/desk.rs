//! One call at work: which key it names, whether the caller may, and what must be durable before the answer.

use crate::grant::{self, OPERATIONS};
use crate::key::{Kept, Key, Turn};
use crate::kms::{Kms, Place, place_of};
use crate::refuse;
use postern_call::{Call, Refusal};
use postern_kit::{Input, Question, resource_tag_keys};
use postern_names::{AccountId, Arn, Via};
use postern_policy::{Document, Judge, Keys};
use postern_store::Pending;
use std::cell::RefCell;
use std::sync::Arc;

pub struct Desk<'a> {
    pub kms: &'a Kms,
    judge: &'a dyn Judge,
    pub call: &'a Call,
    pub input: Input<'a>,
    /// What the answer waits for.
    pending: RefCell<Vec<Pending>>,
}

/// A key as a request names it.
#[derive(Clone)]
pub struct Named {
    pub key: Arc<Key>,
    /// `alias/...` when it was named so.
    pub alias: Option<String>,
}

/// How an operation lets its key be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By id, ARN, alias or alias ARN, of other accounts too: what uses a key.
    Anything,
    /// By id or ARN, of other accounts too.
    Id,
    /// By id or ARN, in the caller's own account: what manages a key.
    OwnId,
}

/// The services whose AWS managed keys are made on first use.
const MANAGED: &[&str] = &["s3", "secretsmanager", "ssm"];

impl<'a> Desk<'a> {
    pub fn new(kms: &'a Kms, judge: &'a dyn Judge, call: &'a Call) -> Self {
        Self { kms, judge, call, input: Input(&call.input), pending: RefCell::default() }
    }

    /// What must be durable before the answer goes out.
    pub fn into_pending(self) -> Vec<Pending> {
        self.pending.into_inner()
    }

    pub fn wait_for(&self, pending: impl IntoIterator<Item = Pending>) {
        self.pending.borrow_mut().extend(pending);
    }

    /// The caller's account. Nobody and services have none, and no keys of their own.
    pub fn account(&self) -> Result<AccountId, Refusal> {
        self.call.caller.account().ok_or_else(|| {
            Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token").status(403)
        })
    }

    pub fn place(&self) -> Result<Place, Refusal> {
        Ok((self.account()?, self.call.region.as_str().to_owned()))
    }

    /// The key of the member `KeyId`, when the caller may do `action` to it.
    pub fn key(&self, action: &str, by: By, extra: Keys) -> Result<Named, Refusal> {
        self.key_of(self.input.required("KeyId")?, action, by, extra)
    }

    /// The key of this reference, when the caller may do `action` to it.
    pub fn key_of(&self, reference: &str, action: &str, by: By, extra: Keys) -> Result<Named, Refusal> {
        match self.find(reference, by)? {
            Ok(named) => {
                self.ask(action, &named.key, named.alias.as_deref(), extra)?;
                if by == By::OwnId && Some(named.key.record.account) != self.call.caller.account() {
                    let message = "The operation is not allowed on a KMS key of a different account.";
                    return Err(Refusal::new("AccessDeniedException", message));
                }
                Ok(named)
            }
            Err(missing) => {
                // Whoever may not ask at all does not hear what there is.
                self.ask_for(action, &missing.arn, missing.account, None, extra)?;
                Err(missing.refusal)
            }
        }
    }

    /// The key of this reference. The outer error: it is no reference at all.
    pub fn find(&self, reference: &str, by: By) -> Result<Result<Named, Missing>, Refusal> {
        let (place, resource) = match reference.parse::<Arn>() {
            Ok(arn) if arn.service == "kms" => {
                let account = arn.account.parse().map_err(|_| refuse::invalid_arn(reference))?;
                if arn.region != self.call.region.as_str() {
                    let message = format!("Invalid arn {}", arn.region);
                    return Err(Refusal::new("NotFoundException", message).hint("the key is in another region"));
                }
                ((account, arn.region), arn.resource)
            }
            Ok(_) => return Err(refuse::invalid_arn(reference)),
            Err(_) if reference.starts_with("arn:") => return Err(refuse::invalid_arn(reference)),
            Err(_) if reference.starts_with("alias/") => (self.place()?, reference.to_owned()),
            Err(_) => (self.place()?, format!("key/{reference}")),
        };
        if resource.starts_with("alias/") {
            if by != By::Anything {
                return Err(refuse::invalid_key_id(reference));
            }
            return self.by_alias(&place, resource);
        }
        let id = resource.strip_prefix("key/").ok_or_else(|| refuse::invalid_arn(reference))?;
        let arn = Arn::new("kms", &place.1, place.0, &resource).to_string();
        let key = self.kms.read().keys.get(&id.replace('-', "")).cloned();
        let key = key.filter(|key| place_of(&key.record) == place && key.record.id() == id);
        Ok(match key.filter(|key| !key.record.is_gone(self.call.now)) {
            Some(key) => Ok(Named { key, alias: None }),
            None => {
                let refusal = if looks_like_id(id) { refuse::no_key(&arn) } else { refuse::invalid_key_id(reference) };
                Err(Missing { arn, account: place.0, refusal })
            }
        })
    }

    fn by_alias(&self, place: &Place, name: String) -> Result<Result<Named, Missing>, Refusal> {
        let mut key = self.kms.read().by_alias(place, &name);
        let service = name.strip_prefix("alias/aws/").filter(|service| MANAGED.contains(service));
        if let (None, Some(service), true) = (&key, service, self.call.caller.account() == Some(place.0)) {
            let (made, pending) = self.kms.managed(place.0, &place.1, service, self.call.now)?;
            self.wait_for(pending);
            key = Some(made);
        }
        Ok(key
            .filter(|key| !key.record.is_gone(self.call.now))
            .map(|key| Named { key, alias: Some(name.clone()) })
            .ok_or_else(|| {
                let arn = Arn::new("kms", &place.1, place.0, &name).to_string();
                // The gate knows keys; what the alias would lead to is not known.
                let any = Arn::new("kms", &place.1, place.0, "key/*").to_string();
                Missing { refusal: refuse::no_alias(&arn), arn: any, account: place.0 }
            }))
    }

    /// Asks the gate about a key; grants that fit count as the key's policy does.
    pub fn ask(&self, action: &str, key: &Key, alias: Option<&str>, extra: Keys) -> Result<(), Refusal> {
        let granted = self.granted(action, key, &extra);
        self.put(action, key, alias, extra, granted)
    }

    /// The same, with who may beside those whom the policies name.
    pub fn ask_with(&self, action: &str, key: &Key, extra: Keys, principal: Option<String>) -> Result<(), Refusal> {
        let granted = principal.and_then(|principal| grant::with(&key.document, &principal, action));
        self.put(action, key, None, extra, granted)
    }

    /// Whether the policies alone allow it.
    pub fn allows_without_grants(&self, action: &str, key: &Key, extra: Keys) -> bool {
        self.put(action, key, None, extra, None).is_ok()
    }

    /// The ARNs that a grant may name the caller by: the session's first, then the role's.
    pub fn callers(&self) -> Vec<String> {
        let caller = &self.call.caller;
        let mut arns: Vec<String> =
            caller.arn().into_iter().chain(caller.principal_arn()).map(|a| a.to_string()).collect();
        arns.dedup();
        arns
    }

    /// The key's policy with what a grant gives the caller for this, if one does.
    fn granted(&self, action: &str, key: &Key, extra: &Keys) -> Option<Document> {
        if !OPERATIONS.contains(&action) {
            return None;
        }
        let callers = self.callers();
        let grants = self.kms.read().grants_to(&key.record.id, &callers);
        let grant = grants.iter().find(|grant| grant.gives(action, extra))?;
        grant::with(&key.document, &grant.grantee, action)
    }

    fn put(
        &self,
        action: &str,
        key: &Key,
        alias: Option<&str>,
        extra: Keys,
        granted: Option<Document>,
    ) -> Result<(), Refusal> {
        let record = &key.record;
        let mut keys = extra;
        let mut set = |name: &str, value: &str| {
            keys.insert(format!("kms:{name}"), vec![value.to_owned()]);
        };
        set("keyspec", record.spec.word());
        set("customermasterkeyspec", record.spec.word());
        set("keyusage", record.usage.word());
        set("customermasterkeyusage", record.usage.word());
        set("keyorigin", "AWS_KMS");
        set("multiregion", "false");
        if let Some(alias) = alias {
            set("requestalias", alias);
        }
        let aliases = self.kms.read().aliases_of(record);
        if !aliases.is_empty() {
            keys.insert("kms:resourcealiases".into(), aliases);
        }
        resource_tag_keys(&record.tags, &mut keys);
        self.ask_for(action, &record.arn(), record.account, Some(granted.as_ref().unwrap_or(&key.document)), keys)
    }

    /// Asks the gate about anything else: `*`, an alias, a key that is not there.
    pub fn ask_for(
        &self,
        action: &str,
        resource: &str,
        account: AccountId,
        policy: Option<&Document>,
        mut keys: Keys,
    ) -> Result<(), Refusal> {
        if let Some(account) = self.call.caller.account() {
            keys.insert("kms:calleraccount".into(), vec![account.to_string()]);
        }
        if let Via::Service { principal } = &self.call.via {
            let service = principal.split('.').next().unwrap_or_default();
            keys.insert(
                "kms:viaservice".into(),
                vec![format!("{service}.{}.amazonaws.com", self.call.region.as_str())],
            );
        }
        Question { service: "kms", action, resource, account: Some(account), policy, keys }.put(self.judge, self.call)
    }

    /// Refuses tokens of no grant, and what is asked for an enclave, which is not served. A grant is in force at once, so
    /// that a token adds nothing.
    pub fn plain_use(&self) -> Result<(), Refusal> {
        for token in self.input.texts("GrantTokens") {
            self.kms.read().by_token(token).ok_or_else(refuse::invalid_token)?;
        }
        if self.input.get("Recipient").is_some() {
            return Err(refuse::unsupported("Recipient is not supported."));
        }
        Ok(())
    }

    /// Ends a request that only wanted to know.
    pub fn dry_run(&self) -> Result<(), Refusal> {
        if self.input.truth("DryRun") == Some(true) {
            let message = "The request would have succeeded, but the DryRun option is set.";
            return Err(Refusal::new("DryRunOperationException", message));
        }
        Ok(())
    }

    /// The key as it is now; with fresh material if its automatic rotation is due.
    pub fn up_to_date(&self, key: &Arc<Key>) -> Result<Arc<Key>, Refusal> {
        let now = self.call.now;
        let due = |rotation: &crate::key::Rotation| rotation.next <= now;
        if !key.record.rotation.as_ref().is_some_and(due) {
            return Ok(Arc::clone(key));
        }
        let kept = self.kms.make_material(&key.record, Some(Turn::Automatic), now)?;
        self.turn(key, kept)
    }

    /// Puts material that was made for this key behind its others, unless somebody else did meanwhile.
    pub fn turn(&self, key: &Arc<Key>, kept: Kept) -> Result<Arc<Key>, Refusal> {
        let (now, automatic) = (self.call.now, kept.how == Some(Turn::Automatic));
        let count = key.record.materials.len();
        let (key, pending) = self.kms.change(&key.record.id, |record| {
            if record.materials.len() == count {
                record.materials.push(kept);
            }
            if let Some(rotation) = record.rotation.as_mut().filter(|_| automatic) {
                rotation.next = now + time::Duration::days(rotation.days);
            }
            Ok(())
        })?;
        self.wait_for([pending]);
        Ok(key)
    }
}

/// A key that is not there.
pub struct Missing {
    /// What the gate is asked about.
    pub arn: String,
    pub account: AccountId,
    pub refusal: Refusal,
}

fn looks_like_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
