//! AssumeRole: the role must trust the caller, and the caller must be allowed to take it.

use super::limits::{policies, session_name, tag_request_keys};
use super::role_session::{self, RoleSession, SECONDS, question, role_of};
use super::second_factor::SecondFactor;
use crate::gate::account_of;
use crate::iam::Iam;
use crate::input::{Input, constraint};
use crate::refuse;
use crate::state::key;
use postern_call::{Call, Principal, Refusal};
use postern_policy::{Judge, Keys};
use serde_json::Value;

/// A role taken with a role's session lasts an hour at most.
const CHAINED_SECONDS_MAX: i64 = 3600;

pub async fn run(iam: &Iam, judge: &dyn Judge, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    account_of(&call.caller)?;
    let session_name = session_name(input, "RoleSessionName", 64)?.to_owned();
    let arn = input.required("RoleArn")?;
    let Some((account, name)) = role_of(arn) else {
        return Err(refuse::invalid(format!("{arn} is invalid")));
    };
    let seconds = input.bounded("DurationSeconds", SECONDS.0, SECONDS.1)?;
    if let Principal::Root { .. } = call.caller.principal {
        return Err(Refusal::new("AccessDenied", "Roles may not be assumed by root accounts.").status(403));
    }
    let chained = matches!(call.caller.principal, Principal::Role { .. });
    if chained && seconds.is_some_and(|seconds| seconds > CHAINED_SECONDS_MAX) {
        let message =
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(refuse::invalid(message));
    }
    let mut tags = input.tags()?;
    let mut transitive: Vec<String> =
        input.list("TransitiveTagKeys").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let mut request_keys = request_keys(input, &session_name, tag_request_keys(&tags, &transitive));
    if let Some(factor) = SecondFactor::of(input)? {
        let (own, now) = (account_of(&call.caller)?, call.now.unix_timestamp());
        iam.transact(own, |desk| factor.check(desk, &call.caller, now)).await?;
        request_keys.insert("aws:multifactorauthpresent".into(), vec!["true".into()]);
        request_keys.insert("aws:multifactorauthage".into(), vec!["0".into()]);
    }

    let (role, passed) = {
        let state = iam.read();
        let held = state.account(account);
        // A role that is not there is refused as one that does not trust the caller.
        let role = held.and_then(|held| held.roles.get(&key(name))).filter(|role| role.arn(account) == arn);
        let role = role.ok_or_else(|| unauthorized(call, arn))?.clone();
        (role, policies(input, &tags, held)?)
    };
    let ask = |operation: &'static str| question(operation, arn, account, &role, request_keys.clone()).put(judge, call);
    ask("AssumeRole")?;
    if !tags.is_empty() {
        ask("TagSession")?;
    }
    if input.text("SourceIdentity").is_some() {
        ask("SetSourceIdentity")?;
    }
    let seconds = role_session::seconds(seconds, &role)?;
    let source_identity = source_identity(call, input)?;
    inherit_tags(iam, call, &mut tags, &mut transitive);
    let (name, keys) = (session_name, Default::default());
    let session =
        RoleSession { account, role, name, seconds, tags, transitive, source_identity, policies: passed, keys };
    session.open(iam, input, call.now.unix_timestamp()).await
}

fn request_keys(input: Input<'_>, session_name: &str, mut keys: Keys) -> Keys {
    keys.insert("sts:rolesessionname".into(), vec![session_name.to_owned()]);
    for (member, name) in [("ExternalId", "sts:externalid"), ("SourceIdentity", "sts:sourceidentity")] {
        if let Some(value) = input.text(member) {
            keys.insert(name.into(), vec![value.to_owned()]);
        }
    }
    keys
}

/// The source identity asked for, or the one that the caller's session has; it cannot be changed on the way.
fn source_identity(call: &Call, input: Input<'_>) -> Result<Option<String>, Refusal> {
    let own = call.caller.keys.get("aws:SourceIdentity").and_then(|values| values.first());
    match (own, input.text("SourceIdentity")) {
        (Some(own), Some(asked)) if own != asked => {
            Err(constraint(asked, "SourceIdentity", "Member must be the source identity of the calling session"))
        }
        (own, asked) => Ok(asked.map(str::to_owned).or_else(|| own.cloned())),
    }
}

/// Tags that the caller's session passes on. They win over the request's.
fn inherit_tags(iam: &Iam, call: &Call, tags: &mut crate::entity::Tags, transitive: &mut Vec<String>) {
    let state = iam.read();
    let Some(session) = call.caller.access_key.as_ref().and_then(|key| state.sessions.get(key)) else { return };
    for name in &session.transitive_tags {
        let value = session.keys.get(&format!("aws:PrincipalTag/{name}")).and_then(|values| values.first());
        if let Some(value) = value {
            tags.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            tags.push((name.clone(), value.clone()));
            transitive.push(name.clone());
        }
    }
}

fn unauthorized(call: &Call, arn: &str) -> Refusal {
    let who = call.caller.display();
    let message = format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}");
    Refusal::new("AccessDenied", message).status(403)
}
