//! For calls that are only thought of: who somebody would be with fresh credentials, and where a policy of theirs is kept.

use crate::iam::{Iam, tag_keys};
use crate::instance::trusts_ec2;
use crate::refuse;
use crate::state::key;
use postern_call::{Caller, Principal, Refusal};
use postern_names::{AccountId, Arn};
use postern_policy::Document;
use std::collections::BTreeMap;
use std::sync::Arc;
use time::OffsetDateTime;

/// Who bears an inline policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    User(String),
    Group(String),
    Role(String),
}

impl Iam {
    /// The caller that is meant by `root`, `anonymous`, `user/NAME`, `role/NAME`, an ARN of one, or the bare name of a role or
    /// a user of the account. A role's session bears the name `session`.
    pub fn caller_named(
        &self,
        account: AccountId,
        named: &str,
        session: &str,
        now: OffsetDateTime,
    ) -> Result<Caller, Refusal> {
        let (account, resource) = match named.parse::<Arn>() {
            Ok(arn) => (arn.account.parse().unwrap_or(account), arn.resource),
            Err(_) => (account, named.to_owned()),
        };
        let name = resource.rsplit('/').next().unwrap_or_default();
        let state = self.read();
        let unknown = || refuse::no_entity(format!("there is no role and no user {named} in account {account}"));
        let held = state.account(account).ok_or_else(unknown)?;
        let is = |kind: &str| !resource.contains('/') || resource.starts_with(kind);
        if resource == "anonymous" {
            return Ok(Caller::anonymous());
        }
        if resource == "root" {
            return Ok(Caller::of(Principal::Root { account }));
        }
        if let Some(role) = held.roles.get(&key(name)).filter(|_| is("role/")) {
            let mut caller = Caller::of(Principal::Role {
                account,
                path: role.path.clone(),
                name: role.name.clone(),
                id: role.id.clone(),
                session: session.to_owned(),
            });
            caller.keys = session_keys(tag_keys(&role.tags), now);
            return Ok(caller);
        }
        let user = held.users.get(&key(name)).filter(|_| is("user/")).ok_or_else(unknown)?;
        let mut caller = Caller::of(Principal::User {
            account,
            path: user.path.clone(),
            name: user.name.clone(),
            id: user.id.clone(),
        });
        caller.keys = tag_keys(&user.tags);
        Ok(caller)
    }

    /// The caller that an instance is by its profile: as [`Iam::role_credentials_for_instance`], with no session made.
    pub fn caller_of_instance(
        &self,
        account: AccountId,
        profile_or_role: &str,
        instance_id: &str,
        extra_keys: BTreeMap<String, Vec<String>>,
        now: OffsetDateTime,
    ) -> Result<Caller, Refusal> {
        let role_name = self.role_named(account, profile_or_role)?;
        {
            let state = self.read();
            let held = state.account(account).ok_or_else(|| refuse::no_such("role", &role_name))?;
            if !trusts_ec2(account, held.role(&role_name)?, now) {
                let message = format!("the trust policy of the role {role_name} does not allow ec2.amazonaws.com");
                return Err(Refusal::new("AssumeRoleUnauthorizedAccess", message).status(403));
            }
        }
        let (_, caller) = self.caller_if_trusted(account, profile_or_role, instance_id, extra_keys, now)?;
        Ok(caller)
    }

    /// The same as if the role trusted EC2, with the role's name.
    pub fn caller_if_trusted(
        &self,
        account: AccountId,
        profile_or_role: &str,
        instance_id: &str,
        extra_keys: BTreeMap<String, Vec<String>>,
        now: OffsetDateTime,
    ) -> Result<(String, Caller), Refusal> {
        let role_name = self.role_named(account, profile_or_role)?;
        let mut caller = self.caller_named(account, &format!("role/{role_name}"), instance_id, now)?;
        caller.keys.extend(extra_keys);
        Ok((role_name, caller))
    }

    /// The instance profiles of an account that have a role: name and ARN.
    pub fn profiles(&self, account: AccountId) -> Vec<(String, String)> {
        let state = self.read();
        let held = state.account(account).into_iter().flat_map(|held| held.profiles.values());
        held.filter(|profile| profile.role.is_some()).map(|p| (p.name.clone(), p.arn(account))).collect()
    }

    /// The bearer of an inline policy that counts for the caller.
    pub fn bearer(&self, caller: &Caller, policy: &str) -> Option<Bearer> {
        let state = self.read();
        let account = state.account(caller.account()?)?;
        match &caller.principal {
            Principal::Role { name, .. } => Some(Bearer::Role(name.clone())),
            Principal::User { name, .. } => {
                let own = account.users.get(&key(name))?.policies.inline.iter().any(|(known, _)| known == policy);
                let mut groups = account.groups.values().filter(|group| group.members.contains(&key(name)));
                let group = groups.find(|group| group.policies.inline.iter().any(|(known, _)| known == policy));
                Some(match group.filter(|_| !own) {
                    Some(group) => Bearer::Group(group.name.clone()),
                    None => Bearer::User(name.clone()),
                })
            }
            _ => None,
        }
    }

    /// The account and the trust policy of a role.
    pub fn trust_of(&self, arn: &str) -> Option<(AccountId, Arc<Document>)> {
        let parsed: Arn = arn.parse().ok()?;
        let account = parsed.account.parse().ok()?;
        let name = parsed.resource.strip_prefix("role/")?.rsplit('/').next()?.to_owned();
        let state = self.read();
        let role = state.account(account)?.roles.get(&key(&name)).filter(|role| role.arn(account) == arn)?;
        Some((account, role.trust.0.clone()))
    }
}

fn session_keys(mut keys: BTreeMap<String, Vec<String>>, now: OffsetDateTime) -> BTreeMap<String, Vec<String>> {
    keys.insert("aws:TokenIssueTime".into(), vec![crate::verb::time_text(now.unix_timestamp())]);
    keys
}
