//! The state in memory: every account of the region, every organization. Plain data, stored as JSON.

use crate::content::{Content, Type};
use crate::refuse;
use postern_call::Refusal;
use postern_names::{AccountId, Arn};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Tags in the order they were given.
pub type Tags = Vec<(String, String)>;

#[derive(Default)]
pub struct State {
    pub accounts: BTreeMap<AccountId, Account>,
    pub organizations: BTreeMap<String, Organization>,
}

/// An account, in an organization or on its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub email: String,
    /// Unix seconds.
    pub created: i64,
    /// Closed accounts stay, and nobody gets in.
    pub closed: bool,
    pub member: Option<Member>,
    pub tags: Tags,
}

/// An account's place in its organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    pub organization: String,
    /// Id of the root or organizational unit.
    pub parent: String,
    pub joined: i64,
    /// By invitation, or as the first; otherwise it was created.
    pub invited: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organization {
    pub id: String,
    pub management: AccountId,
    /// All features; otherwise consolidated billing alone.
    pub all_features: bool,
    pub root: String,
    pub root_tags: Tags,
    pub units: BTreeMap<String, Unit>,
    /// The types in force.
    pub enabled: BTreeSet<Type>,
    /// The customer's own policies.
    pub policies: BTreeMap<String, Policy>,
    /// Ids of policies by the id of the root, unit or account; in the order they were attached.
    pub attached: BTreeMap<String, Vec<String>>,
    /// What CreateAccount was asked, oldest first.
    pub requests: Vec<CreateRequest>,
    pub handshakes: BTreeMap<String, Handshake>,
    /// Services that may act in the organization's accounts, with the time since when.
    #[serde(default)]
    pub trusted_services: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unit {
    pub name: String,
    pub parent: String,
    pub tags: Tags,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Policy {
    pub kind: Type,
    pub name: String,
    pub description: String,
    pub content: Content,
    pub tags: Tags,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateRequest {
    /// `car-...`.
    pub id: String,
    pub name: String,
    pub at: i64,
    /// The account made, or AWS's word for why there is none.
    pub outcome: Result<AccountId, String>,
}

/// An invitation to join.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Handshake {
    pub account: AccountId,
    pub email: String,
    pub notes: Option<String>,
    /// `OPEN`, `ACCEPTED`, `DECLINED`, `CANCELED`; see [`Handshake::state`].
    pub state: String,
    pub requested: i64,
    pub expires: i64,
    /// For the account when it joins.
    pub tags: Tags,
}

impl Handshake {
    pub fn state(&self, now: i64) -> &str {
        if self.state == "OPEN" && now >= self.expires { "EXPIRED" } else { &self.state }
    }
}

impl State {
    /// The organization that this account belongs to, with its place.
    pub fn of_account(&self, id: AccountId) -> Option<(&Organization, &Member)> {
        let member = self.accounts.get(&id)?.member.as_ref()?;
        Some((self.organizations.get(&member.organization)?, member))
    }

    /// The organization's accounts, in order.
    pub fn members<'a>(&'a self, organization: &'a str) -> impl Iterator<Item = (AccountId, &'a Account, &'a Member)> {
        self.accounts.iter().filter_map(move |(id, account)| {
            let member = account.member.as_ref().filter(|member| member.organization == organization)?;
            Some((*id, account, member))
        })
    }

    /// A member of this organization.
    pub fn member(&self, organization: &str, id: &str) -> Result<(AccountId, &Account, &Member), Refusal> {
        let found = id.parse().ok().and_then(|id: AccountId| {
            let account = self.accounts.get(&id)?;
            let member = account.member.as_ref().filter(|member| member.organization == organization)?;
            Some((id, account, member))
        });
        found.ok_or_else(refuse::no_account)
    }

    /// The tags of the root, a unit, a policy or an account of the organization; `None` if there is no such thing.
    pub fn tags(&self, organization: &Organization, id: &str) -> Option<&Tags> {
        let organization = self.organizations.get(&organization.id)?;
        if id == organization.root {
            return Some(&organization.root_tags);
        }
        let unit = organization.units.get(id).map(|unit| &unit.tags);
        let tags = unit.or_else(|| organization.policies.get(id).map(|policy| &policy.tags));
        tags.or_else(|| self.member(&organization.id, id).ok().map(|(_, account, _)| &account.tags))
    }

    /// From the root to the account, ids of all that it stands below, and its own.
    pub fn levels(&self, organization: &Organization, account: AccountId, member: &Member) -> Vec<String> {
        let mut levels = organization.above(&member.parent);
        levels.push(account.to_string());
        levels
    }
}

impl Organization {
    /// From the root down to this root or unit, it included.
    pub fn above(&self, parent: &str) -> Vec<String> {
        let mut levels = vec![parent.to_owned()];
        let mut at = parent;
        while let Some(unit) = self.units.get(at) {
            at = &unit.parent;
            levels.push(at.to_owned());
        }
        levels.reverse();
        levels
    }

    /// `o-.../r-.../ou-.../`: the path of a root or unit, as condition keys have it.
    pub fn path(&self, parent: &str) -> String {
        format!("{}/{}/", self.id, self.above(parent).join("/"))
    }

    /// Whether a service may act in the organization's accounts.
    pub fn does_trust(&self, service: &str) -> bool {
        self.trusted_services.contains_key(service)
    }

    pub fn is_parent(&self, id: &str) -> bool {
        self.root == id || self.units.contains_key(id)
    }

    pub fn unit(&self, id: &str) -> Result<&Unit, Refusal> {
        self.units.get(id).ok_or_else(refuse::no_unit)
    }

    /// A policy by id: name, description, document, whether it is AWS's own.
    pub fn policy(&self, id: &str) -> Result<Shown<'_>, Refusal> {
        if let Some(kind) = Type::ALL.into_iter().find(|kind| kind.full_access() == id) {
            let (name, description) = match kind {
                Type::ServiceControl => ("FullAWSAccess", "Allows access to every operation"),
                Type::ResourceControl => ("RCPFullAWSAccess", "Allows access to every resource"),
            };
            let content = Content::full_access(kind);
            return Ok(Shown { id: kind.full_access(), kind, name, description, content, aws: true });
        }
        let (id, policy) = self.policies.get_key_value(id).ok_or_else(refuse::no_policy)?;
        let (name, description) = (&policy.name, &policy.description);
        Ok(Shown { id, kind: policy.kind, name, description, content: &policy.content, aws: false })
    }

    /// The policies of a type on a root, unit or account.
    pub fn attached_to(&self, target: &str, kind: Type) -> impl Iterator<Item = Shown<'_>> {
        let ids = self.attached.get(target).into_iter().flatten();
        ids.filter_map(|id| self.policy(id).ok()).filter(move |policy| policy.kind == kind)
    }

    /// The policies that anything new begins with.
    pub fn attach_full_access(&mut self, target: &str) {
        let ids = self.enabled.iter().map(|kind| kind.full_access().to_owned()).collect();
        self.attached.insert(target.to_owned(), ids);
    }

    /// The ARN of anything of this organization, told by the form of its id.
    pub fn arn(&self, id: &str) -> String {
        let arn = |owner: String, resource: String| Arn::new("organizations", "", owner, resource).to_string();
        let own = |resource: String| arn(self.management.to_string(), resource);
        if id == self.id {
            return own(format!("organization/{id}"));
        }
        match id.split_once('-').map(|(kind, _)| kind) {
            Some("r") => own(format!("root/{}/{id}", self.id)),
            Some("ou") => own(format!("ou/{}/{id}", self.id)),
            Some("h") => own(format!("handshake/{}/invite/{id}", self.id)),
            Some("p") => match self.policy(id) {
                Ok(policy) if policy.aws => arn("aws".into(), format!("policy/{}/{id}", policy.kind.lower())),
                Ok(policy) => own(format!("policy/{}/{}/{id}", self.id, policy.kind.lower())),
                Err(_) => own(format!("policy/{}/*/{id}", self.id)),
            },
            _ => own(format!("account/{}/{id}", self.id)),
        }
    }
}

/// A policy as replies have it.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub id: &'a str,
    pub kind: Type,
    pub name: &'a str,
    pub description: &'a str,
    pub content: &'a Content,
    /// Managed by AWS.
    pub aws: bool,
}
