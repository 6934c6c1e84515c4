//! The state in memory: every account's entities, the index of access keys, the open sessions.

use crate::document::Doc;
use crate::entity::{
    AccessKey, Group, MfaDevice, OidcProvider, Policies, Policy, Profile, Role, Root, SamlProvider, User,
};
use crate::managed;
use crate::refuse;
use crate::session::Session;
use crate::verb::{AccessReport, CredentialReport};
use postern_call::Refusal;
use postern_names::AccountId;
use std::collections::{BTreeMap, HashMap};

#[derive(Default)]
pub struct State {
    pub accounts: BTreeMap<AccountId, Account>,
    /// Whose a long-lived access key is.
    pub keys: HashMap<String, Holder>,
    /// Sessions by their access key id.
    pub sessions: HashMap<String, Session>,
}

/// The owner of an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub account: AccountId,
    /// The user's name in lower case; `None` for the account's root.
    pub user: Option<String>,
}

/// One account. Names are keys in lower case, since IAM's names differ by more than case.
#[derive(Default)]
pub struct Account {
    pub root: Root,
    pub users: BTreeMap<String, User>,
    pub groups: BTreeMap<String, Group>,
    pub roles: BTreeMap<String, Role>,
    /// Customer managed policies by ARN.
    pub policies: BTreeMap<String, Policy>,
    pub profiles: BTreeMap<String, Profile>,
    /// OpenID Connect providers by issuer without `https://`; upper and lower case differ.
    pub oidc_providers: BTreeMap<String, OidcProvider>,
    /// By name; upper and lower case differ.
    pub saml_providers: BTreeMap<String, SamlProvider>,
    /// By serial number: an ARN.
    pub mfa_devices: BTreeMap<String, MfaDevice>,
    pub credential_report: Option<CredentialReport>,
    /// By job.
    pub access_reports: BTreeMap<String, AccessReport>,
}

/// The three that policies are attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bearer {
    User,
    Group,
    Role,
}

impl Bearer {
    /// `User`, as operation names and quotas spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }
    /// The request's member that names one.
    pub fn member(self) -> &'static str {
        match self {
            Self::User => "UserName",
            Self::Group => "GroupName",
            Self::Role => "RoleName",
        }
    }
}

/// The key of a name in the maps.
pub fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl State {
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The secret key with this id, if it exists, and its owner.
    pub fn access_key(&self, id: &str) -> Option<(&Holder, &AccessKey)> {
        let holder = self.keys.get(id)?;
        let account = self.account(holder.account)?;
        let keys = match &holder.user {
            Some(user) => &account.users.get(user)?.keys,
            None => &account.root.keys,
        };
        Some((holder, keys.iter().find(|key| key.id == id)?))
    }
}

impl Account {
    pub fn user(&self, name: &str) -> Result<&User, Refusal> {
        self.users.get(&key(name)).ok_or_else(|| refuse::no_such("user", name))
    }
    pub fn user_mut(&mut self, name: &str) -> Result<&mut User, Refusal> {
        self.users.get_mut(&key(name)).ok_or_else(|| refuse::no_such("user", name))
    }
    pub fn group(&self, name: &str) -> Result<&Group, Refusal> {
        self.groups.get(&key(name)).ok_or_else(|| refuse::no_such("group", name))
    }
    pub fn group_mut(&mut self, name: &str) -> Result<&mut Group, Refusal> {
        self.groups.get_mut(&key(name)).ok_or_else(|| refuse::no_such("group", name))
    }
    pub fn role(&self, name: &str) -> Result<&Role, Refusal> {
        self.roles.get(&key(name)).ok_or_else(|| refuse::no_such("role", name))
    }
    pub fn role_mut(&mut self, name: &str) -> Result<&mut Role, Refusal> {
        self.roles.get_mut(&key(name)).ok_or_else(|| refuse::no_such("role", name))
    }
    pub fn profile(&self, name: &str) -> Result<&Profile, Refusal> {
        self.profiles.get(&key(name)).ok_or_else(|| refuse::no_such_profile(name))
    }
    pub fn profile_mut(&mut self, name: &str) -> Result<&mut Profile, Refusal> {
        self.profiles.get_mut(&key(name)).ok_or_else(|| refuse::no_such_profile(name))
    }
    pub fn policy(&self, arn: &str) -> Result<&Policy, Refusal> {
        self.policies.get(arn).ok_or_else(|| refuse::no_such_policy(arn))
    }
    pub fn policy_mut(&mut self, arn: &str) -> Result<&mut Policy, Refusal> {
        self.policies.get_mut(arn).ok_or_else(|| refuse::no_such_policy(arn))
    }

    pub fn policies_of(&self, bearer: Bearer, name: &str) -> Result<&Policies, Refusal> {
        Ok(match bearer {
            Bearer::User => &self.user(name)?.policies,
            Bearer::Group => &self.group(name)?.policies,
            Bearer::Role => &self.role(name)?.policies,
        })
    }
    pub fn policies_of_mut(&mut self, bearer: Bearer, name: &str) -> Result<&mut Policies, Refusal> {
        Ok(match bearer {
            Bearer::User => &mut self.user_mut(name)?.policies,
            Bearer::Group => &mut self.group_mut(name)?.policies,
            Bearer::Role => &mut self.role_mut(name)?.policies,
        })
    }

    /// Whether the user has an MFA device.
    pub fn has_mfa(&self, user: &User) -> bool {
        let name = key(&user.name);
        self.mfa_devices.values().any(|device| device.user.as_ref() == Some(&name))
    }

    /// The document in force of a managed policy, the account's or AWS's.
    pub fn managed_document(&self, arn: &str) -> Option<Doc> {
        match self.policies.get(arn) {
            Some(policy) => policy.document().cloned(),
            None => managed::find(arn).map(|policy| policy.document.clone()),
        }
    }

    /// Everything that has the managed policy attached, by kind and map key.
    pub fn bearers_of(&self, arn: &str) -> Vec<(Bearer, &str)> {
        let has = |policies: &Policies| policies.attached.iter().any(|attached| attached == arn);
        let groups = self.groups.iter().filter(|(_, g)| has(&g.policies)).map(|(k, _)| (Bearer::Group, k.as_str()));
        let users = self.users.iter().filter(|(_, u)| has(&u.policies)).map(|(k, _)| (Bearer::User, k.as_str()));
        let roles = self.roles.iter().filter(|(_, r)| has(&r.policies)).map(|(k, _)| (Bearer::Role, k.as_str()));
        groups.chain(users).chain(roles).collect()
    }

    /// How many users and roles have the managed policy as their boundary.
    pub fn bounded_by(&self, arn: &str) -> usize {
        let users = self.users.values().filter(|user| user.boundary.as_deref() == Some(arn));
        users.count() + self.roles.values().filter(|role| role.boundary.as_deref() == Some(arn)).count()
    }
}
