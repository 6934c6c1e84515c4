//! GetSessionToken: a user's own permissions, for a while, with a second factor if one is given.

use super::second_factor::SecondFactor;
use super::shape;
use crate::gate::account_of;
use crate::iam::Iam;
use crate::input::Input;
use crate::session::{Session, Who};
use crate::verb::time_text;
use postern_call::{Call, Principal, Refusal};
use serde_json::{Value, json};

const SECONDS: (i64, i64) = (900, 129_600);
const SECONDS_DEFAULT: i64 = 43_200;
const ROOT_SECONDS_MAX: i64 = 3600;

/// Needs no permission, but long-lived credentials.
pub async fn run(iam: &Iam, call: &Call) -> Result<Value, Refusal> {
    let account = account_of(&call.caller)?;
    let seconds = Input(&call.input).bounded("DurationSeconds", SECONDS.0, SECONDS.1)?.unwrap_or(SECONDS_DEFAULT);
    let temporary = call.caller.access_key.as_ref().is_some_and(|key| iam.read().sessions.contains_key(key));
    let (who, seconds) = match &call.caller.principal {
        Principal::User { name, id, .. } if !temporary => (Who::User { name: name.clone(), id: id.clone() }, seconds),
        Principal::Root { .. } if !temporary => (Who::Root, seconds.min(ROOT_SECONDS_MAX)),
        _ => {
            let message = "Cannot call GetSessionToken with session credentials";
            return Err(Refusal::new("AccessDenied", message).status(403));
        }
    };
    let now = call.now.unix_timestamp();
    let factor = SecondFactor::of(Input(&call.input))?;
    let (access_key, mut session) = Session::open(account, who, now, seconds)?;
    session.keys.clone_from(&call.caller.keys);
    session.keys.insert("aws:TokenIssueTime".into(), vec![time_text(now)]);
    session.keys.insert("aws:MultiFactorAuthPresent".into(), vec![factor.is_some().to_string()]);
    let credentials = session.credentials(&access_key);
    iam.transact(account, |desk| {
        factor.map_or(Ok(()), |factor| factor.check(desk, &call.caller, now))?;
        desk.sweep_sessions(now);
        desk.keep_session(access_key, session);
        Ok(())
    })
    .await?;
    Ok(json!({ "Credentials": shape(&credentials) }))
}
