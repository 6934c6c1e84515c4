//! GetFederationToken: a user's permissions cut down by the policies passed, under another name.

use super::limits::{packed_size, policies, session_name, tag_request_keys};
use super::shape;
use crate::gate::{Question, account_of};
use crate::iam::{Iam, tag_keys};
use crate::input::{Input, merge_tags};
use crate::session::{Session, Who};
use crate::verb::time_text;
use postern_call::{Call, Principal, Refusal};
use postern_names::Arn;
use postern_policy::Judge;
use serde_json::{Value, json};

const SECONDS: (i64, i64) = (900, 129_600);
const SECONDS_DEFAULT: i64 = 43_200;

pub async fn run(iam: &Iam, judge: &dyn Judge, call: &Call) -> Result<Value, Refusal> {
    let input = Input(&call.input);
    let account = account_of(&call.caller)?;
    let name = session_name(input, "Name", 32)?.to_owned();
    let seconds = input.bounded("DurationSeconds", SECONDS.0, SECONDS.1)?.unwrap_or(SECONDS_DEFAULT);
    let tags = input.tags()?;
    let temporary = call.caller.access_key.as_ref().is_some_and(|key| iam.read().sessions.contains_key(key));
    let (issuer, mut all_tags) = match &call.caller.principal {
        Principal::User { name, .. } if !temporary => {
            let tags = iam.read().account(account).and_then(|a| Some(a.user(name).ok()?.tags.clone()));
            (Some(name.clone()), tags.unwrap_or_default())
        }
        Principal::Root { .. } if !temporary => (None, Vec::new()),
        _ => {
            let message = "Cannot call GetFederationToken with session credentials";
            return Err(Refusal::new("AccessDenied", message).status(403));
        }
    };
    let arn = Arn::new("sts", "", account, format!("federated-user/{name}")).to_string();
    let ask = |operation: &'static str| {
        let keys = tag_request_keys(&tags, &[]);
        Question { service: "sts", operation, resource: &arn, account, policy: None, keys }.put(judge, call)
    };
    ask("GetFederationToken")?;
    if !tags.is_empty() {
        ask("TagSession")?;
    }
    let passed = policies(input, &tags, iam.read().account(account))?;
    let packed = packed_size(input, &tags);
    merge_tags(&mut all_tags, tags)?;

    let now = call.now.unix_timestamp();
    let (access_key, mut session) =
        Session::open(account, Who::Federated { name: name.clone(), issuer }, now, seconds)?;
    session.keys = tag_keys(&all_tags);
    session.keys.insert("aws:TokenIssueTime".into(), vec![time_text(now)]);
    session.policies = passed;
    let credentials = session.credentials(&access_key);
    iam.transact(account, |desk| {
        desk.sweep_sessions(now);
        desk.keep_session(access_key, session);
        Ok(())
    })
    .await?;
    let mut reply = json!({
        "Credentials": shape(&credentials),
        "FederatedUser": { "FederatedUserId": format!("{account}:{name}"), "Arn": arn },
    });
    if let Some(percent) = packed {
        reply["PackedPolicySize"] = json!(percent);
    }
    Ok(reply)
}
