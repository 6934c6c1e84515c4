//! Who asks.

use postern_names::{AccountId, Arn};
use std::collections::BTreeMap;

/// An authenticated identity, or nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// No signature at all.
    Anonymous,
    /// The account's root user.
    Root { account: AccountId },
    /// An IAM user. `path` begins and ends with `/`; `id` is the `AIDA...` unique id.
    User { account: AccountId, path: String, name: String, id: String },
    /// A role session. `id` is the role's `AROA...` unique id.
    Role { account: AccountId, path: String, name: String, id: String, session: String },
    /// A session from GetFederationToken.
    Federated { account: AccountId, name: String },
    /// An AWS service acting for itself: `ec2.amazonaws.com`.
    Service { name: String },
    /// Somebody whom an identity provider vouches for, before a role is taken: the provider's ARN, and whom it names.
    WebIdentity { provider: String, subject: String },
}

/// A principal with what its credentials bring along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    /// The access key id that signed, if any.
    pub access_key: Option<String>,
    /// Condition keys that come with the credentials (`aws:PrincipalTag/team`, `aws:TokenIssueTime`,
    /// `ec2:SourceInstanceARN`), by key name as AWS spells it.
    pub keys: BTreeMap<String, Vec<String>>,
    /// JSON texts of the session policies, if any were passed.
    pub session_policies: Vec<String>,
}

impl Caller {
    pub fn anonymous() -> Self {
        Self::of(Principal::Anonymous)
    }
    pub fn of(principal: Principal) -> Self {
        Self { principal, access_key: None, keys: BTreeMap::new(), session_policies: Vec::new() }
    }
    /// The caller's account; `None` for nobody, for services and for whom a provider vouches.
    pub fn account(&self) -> Option<AccountId> {
        match &self.principal {
            Principal::Root { account }
            | Principal::User { account, .. }
            | Principal::Role { account, .. }
            | Principal::Federated { account, .. } => Some(*account),
            Principal::Anonymous | Principal::Service { .. } | Principal::WebIdentity { .. } => None,
        }
    }
    /// The ARN as GetCallerIdentity and denial sentences give it: the session ARN for a role.
    pub fn arn(&self) -> Option<Arn> {
        Some(match &self.principal {
            Principal::Anonymous | Principal::Service { .. } | Principal::WebIdentity { .. } => return None,
            Principal::Root { account } => Arn::new("iam", "", account, "root"),
            Principal::User { account, path, name, .. } => Arn::new("iam", "", account, format!("user{path}{name}")),
            Principal::Role { account, name, session, .. } => {
                Arn::new("sts", "", account, format!("assumed-role/{name}/{session}"))
            }
            Principal::Federated { account, name } => Arn::new("sts", "", account, format!("federated-user/{name}")),
        })
    }
    /// The ARN as `aws:PrincipalArn` has it: the role's own ARN for a role session.
    pub fn principal_arn(&self) -> Option<Arn> {
        match &self.principal {
            Principal::Role { account, path, name, .. } => {
                Some(Arn::new("iam", "", account, format!("role{path}{name}")))
            }
            _ => self.arn(),
        }
    }
    /// `aws:userid`: the account for root, the unique id for a user, `AROA...:session` for a role.
    pub fn user_id(&self) -> String {
        match &self.principal {
            Principal::Anonymous => "anonymous".into(),
            Principal::Root { account } => account.to_string(),
            Principal::User { id, .. } => id.clone(),
            Principal::Role { id, session, .. } => format!("{id}:{session}"),
            Principal::Federated { account, name } => format!("{account}:{name}"),
            Principal::Service { name } => name.clone(),
            Principal::WebIdentity { provider, subject } => format!("{provider}:{subject}"),
        }
    }
    /// The name for a sentence: the ARN, or `anonymous`.
    pub fn display(&self) -> String {
        match &self.principal {
            Principal::Service { name } => name.clone(),
            Principal::WebIdentity { .. } => self.user_id(),
            _ => self.arn().map_or_else(|| "anonymous".to_owned(), |arn| arn.to_string()),
        }
    }
}
