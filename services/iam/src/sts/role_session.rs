//! What all ways of taking a role have in common: the session that is opened at their end.

use super::limits::packed_size;
use super::shape;
use crate::entity::{Role, Tags};
use crate::gate::Question;
use crate::iam::{Iam, tag_keys};
use crate::input::{Input, merge_tags};
use crate::refuse;
use crate::session::{PassedPolicy, Session, Who};
use crate::verb::time_text;
use postern_call::Refusal;
use postern_names::{AccountId, Arn};
use postern_policy::Keys;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Shortest and longest, in seconds; what a role allows is less.
pub const SECONDS: (i64, i64) = (900, 43_200);
const SECONDS_DEFAULT: i64 = 3600;

/// A session about to be opened: everything has been asked and allowed.
pub struct RoleSession {
    pub account: AccountId,
    pub role: Role,
    pub name: String,
    pub seconds: i64,
    /// Session tags; they go over the role's own.
    pub tags: Tags,
    pub transitive: Vec<String>,
    pub source_identity: Option<String>,
    pub policies: Vec<PassedPolicy>,
    /// Condition keys that this way of coming adds, as AWS spells them.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl RoleSession {
    /// Opens it; gives the reply's members that every way has.
    pub async fn open(self, iam: &Iam, input: Input<'_>, now: i64) -> Result<Value, Refusal> {
        let Self { account, role, name, seconds, tags, transitive, source_identity, policies, keys } = self;
        let who = Who::Role { name: role.name.clone(), id: role.id.clone(), session: name.clone() };
        let (access_key, mut session) = Session::open(account, who, now, seconds)?;
        let mut all_tags = role.tags.clone();
        let passed_tags = tags.clone();
        merge_tags(&mut all_tags, tags)?;
        session.keys = tag_keys(&all_tags);
        session.keys.extend(keys);
        session.keys.insert("aws:TokenIssueTime".into(), vec![time_text(now)]);
        session.keys.insert("aws:MultiFactorAuthPresent".into(), vec!["false".into()]);
        if let Some(identity) = &source_identity {
            session.keys.insert("aws:SourceIdentity".into(), vec![identity.clone()]);
        }
        session.policies = policies;
        session.transitive_tags = transitive;
        let credentials = session.credentials(&access_key);
        let packed = packed_size(input, &passed_tags);
        iam.transact(account, |desk| {
            desk.sweep_sessions(now);
            desk.keep_session(access_key, session);
            Ok(())
        })
        .await?;
        let mut reply = json!({
            "Credentials": shape(&credentials),
            "AssumedRoleUser": {
                "AssumedRoleId": format!("{}:{name}", role.id),
                "Arn": Arn::new("sts", "", account, format!("assumed-role/{}/{name}", role.name)).to_string(),
            },
        });
        if let Some(percent) = packed {
            reply["PackedPolicySize"] = json!(percent);
        }
        if let Some(identity) = source_identity {
            reply["SourceIdentity"] = json!(identity);
        }
        Ok(reply)
    }
}

/// The question whether the role may be taken.
pub fn question<'a>(
    operation: &'static str,
    arn: &'a str,
    account: AccountId,
    role: &'a Role,
    mut keys: Keys,
) -> Question<'a> {
    for (name, value) in &role.tags {
        keys.insert(format!("aws:resourcetag/{}", name.to_lowercase()), vec![value.clone()]);
        keys.insert(format!("iam:resourcetag/{}", name.to_lowercase()), vec![value.clone()]);
    }
    Question { service: "sts", operation, resource: arn, account, policy: Some(&role.trust.0), keys }
}

/// The seconds asked for, or an hour; no more than the role allows.
pub fn seconds(asked: Option<i64>, role: &Role) -> Result<i64, Refusal> {
    let seconds = asked.unwrap_or(SECONDS_DEFAULT);
    if seconds > role.session_max {
        return Err(refuse::invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    Ok(seconds)
}

/// Account and name of a role's ARN.
pub fn role_of(arn: &str) -> Option<(AccountId, &str)> {
    let mut fields = arn.splitn(6, ':');
    let head = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let (account, resource) = (fields.next()?.parse().ok()?, fields.next()?);
    let path = resource.strip_prefix("role/").filter(|_| matches!(head, ("arn", _, "iam", "")))?;
    Some((account, path.rsplit('/').next()?))
}
