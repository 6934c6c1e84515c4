//! What EC2 and the metadata service ask: which role an instance has, and credentials for it.

use crate::entity::Role;
use crate::iam::{Desk, Iam, tag_keys};
use crate::refuse;
pub use crate::session::SessionCredentials;
use crate::session::{Session, Who};
use crate::state::{Account, key};
use postern_call::{Caller, Principal, Refusal};
use postern_names::{AccountId, Arn, Via};
use postern_policy::{Ask, Attached, Decision, Keys, PolicyKind, PolicySet, decide};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Credentials of an instance last six hours and are renewed from the middle on.
const SESSION_SECONDS: i64 = 6 * 3600;
const RENEW_BEFORE_HALF_SECONDS: i64 = 300;

/// An instance profile as EC2 shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceProfile {
    pub name: String,
    pub arn: String,
    /// `AIPA...`.
    pub id: String,
    pub role_name: Option<String>,
    pub role_arn: Option<String>,
}

impl Iam {
    /// The instance profile of this name or ARN.
    pub fn instance_profile(&self, account: AccountId, name_or_arn: &str) -> Result<InstanceProfile, Refusal> {
        let missing = || {
            let member =
                if name_or_arn.starts_with("arn:") { "iamInstanceProfile.arn" } else { "iamInstanceProfile.name" };
            let message =
                format!("Value ({name_or_arn}) for parameter {member} is invalid. Invalid IAM Instance Profile");
            Refusal::new("InvalidParameterValue", message)
        };
        let state = self.read();
        let held = state.account(account).ok_or_else(missing)?;
        let name = match name_or_arn.parse::<Arn>() {
            Ok(arn) => arn.resource.rsplit('/').next().unwrap_or_default().to_owned(),
            Err(_) => name_or_arn.to_owned(),
        };
        let profile = held.profiles.get(&key(&name)).ok_or_else(missing)?;
        let arn = profile.arn(account);
        if name_or_arn.starts_with("arn:") && arn != name_or_arn {
            return Err(missing());
        }
        let role = profile.role.as_deref().and_then(|role| held.roles.get(&key(role)));
        Ok(InstanceProfile {
            name: profile.name.clone(),
            arn,
            id: profile.id.clone(),
            role_name: role.map(|role| role.name.clone()),
            role_arn: role.map(|role| role.arn(account)),
        })
    }

    /// Credentials of an instance's role, as the metadata service hands them out. The session bears the instance's id;
    /// `extra_keys` (`aws:Ec2InstanceSourceVpc`, `aws:Ec2InstanceSourcePrivateIPv4`, `ec2:SourceInstanceArn`,
    /// `ec2:RoleDelivery`) come with them. `profile_or_role` is the name or ARN of an instance profile, or a role's ARN.
    ///
    /// The same credentials are given until five minutes before half of their time. Refuses when there is no such
    /// role or it does not trust EC2.
    pub async fn role_credentials_for_instance(
        &self,
        account: AccountId,
        profile_or_role: &str,
        instance_id: &str,
        extra_keys: BTreeMap<String, Vec<String>>,
        now: OffsetDateTime,
    ) -> Result<SessionCredentials, Refusal> {
        let role_name = self.role_named(account, profile_or_role)?;
        let seconds = now.unix_timestamp();
        {
            let state = self.read();
            let role = state.account(account).ok_or_else(|| refuse::no_such("role", &role_name))?.role(&role_name)?;
            let wanted = who(role, instance_id);
            let good = |session: &Session| {
                let half = (session.expires - session.issued) / 2;
                session.account == account
                    && session.who == wanted
                    && seconds < session.issued + half - RENEW_BEFORE_HALF_SECONDS
            };
            let found = state.sessions.iter().filter(|(_, session)| good(session) && has(session, &extra_keys));
            if let Some((access_key, session)) = found.max_by_key(|(_, session)| session.issued) {
                return Ok(session.credentials(access_key));
            }
        }
        self.transact(account, |desk| open(desk, &role_name, instance_id, extra_keys, now)).await
    }

    /// The role behind an instance profile or a role's ARN.
    pub(crate) fn role_named(&self, account: AccountId, profile_or_role: &str) -> Result<String, Refusal> {
        if let Ok(arn) = profile_or_role.parse::<Arn>()
            && let Some(path) = arn.resource.strip_prefix("role/")
        {
            return Ok(path.rsplit('/').next().unwrap_or_default().to_owned());
        }
        let profile = self.instance_profile(account, profile_or_role)?;
        profile.role_name.ok_or_else(|| refuse::no_entity(format!("Instance Profile {} has no role.", profile.name)))
    }
}

fn open(
    desk: &mut Desk<'_>,
    role_name: &str,
    instance_id: &str,
    extra_keys: BTreeMap<String, Vec<String>>,
    now: OffsetDateTime,
) -> Result<SessionCredentials, Refusal> {
    let account_id = desk.account_id;
    let account: &Account = desk.account();
    let role = account.role(role_name)?;
    if !trusts_ec2(account_id, role, now) {
        let message =
            format!("EC2 cannot assume the role {role_name}: its trust policy does not allow ec2.amazonaws.com.");
        return Err(Refusal::new("AssumeRoleUnauthorizedAccess", message).status(403));
    }
    let seconds = now.unix_timestamp();
    let (access_key, mut session) = Session::open(account_id, who(role, instance_id), seconds, SESSION_SECONDS)?;
    session.keys = tag_keys(&role.tags);
    session.keys.insert("aws:TokenIssueTime".into(), vec![crate::verb::time_text(seconds)]);
    session.keys.extend(extra_keys);
    let credentials = session.credentials(&access_key);
    desk.sweep_sessions(seconds);
    desk.keep_session(access_key, session);
    Ok(credentials)
}

fn who(role: &Role, instance_id: &str) -> Who {
    Who::Role { name: role.name.clone(), id: role.id.clone(), session: instance_id.to_owned() }
}

/// Whether the session brings just these keys besides its own.
fn has(session: &Session, keys: &BTreeMap<String, Vec<String>>) -> bool {
    keys.iter().all(|(key, values)| session.keys.get(key) == Some(values))
}

pub(crate) fn trusts_ec2(account: AccountId, role: &Role, now: OffsetDateTime) -> bool {
    let caller = Caller::of(Principal::Service { name: "ec2.amazonaws.com".into() });
    let via = Via::Service { principal: "ec2.amazonaws.com".into() };
    let arn = role.arn(account);
    let ask = Ask {
        caller: &caller,
        via: &via,
        action: "sts:AssumeRole",
        resource: &arn,
        resource_account: Some(account),
        resource_policy: None,
        keys: Keys::from([("aws:sourceaccount".to_owned(), vec![account.to_string()])]),
        region: "us-east-1",
        secure: true,
        user_agent: None,
        now,
        request_id: None,
    };
    let trust = Attached::new(PolicyKind::Trust, arn.clone(), role.trust.0.clone());
    matches!(decide(&ask, &PolicySet { resource: Some(trust), ..PolicySet::default() }), Decision::Allow { .. })
}
