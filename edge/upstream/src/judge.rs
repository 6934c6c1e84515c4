//! The question to the gate about a request that is handed on.

use crate::asked::{Asked, prefix};
use crate::objects;
use crate::resource::resources;
use crate::{Arrival, Upstream};
use postern_call::{Caller, Refusal};
use postern_policy::{Ask, Decision, Keys, code_for, hint, sentence, table};
use time::OffsetDateTime;

/// One request, authenticated.
pub struct Request<'a> {
    pub caller: &'a Caller,
    pub asked: &'a Asked,
    pub arrival: &'a Arrival,
    pub region: &'a str,
    pub user_agent: Option<&'a str>,
    pub now: OffsetDateTime,
}

impl Upstream {
    /// The action is the request's operation on what its members name. Where the operation is not told, only who may do
    /// everything with the service passes; where the resource is not told, `*` is asked for.
    pub(crate) fn may(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let prefix = prefix(&self.signing);
        let operation = request.asked.operation.as_deref().unwrap_or("*");
        if self.signing == "s3" {
            for asked in objects::questions(operation, &request.asked.members) {
                let is_vague = asked.resource == "*" && asked.action != "ListAllMyBuckets";
                self.put(request, &format!("s3:{}", asked.action), &asked.resource, is_vague)?;
            }
            return Ok(());
        }
        let known = table::service(prefix).and_then(|table| table.action(operation));
        // What the table spells otherwise keeps its spelling there.
        let action = format!("{prefix}:{}", known.map_or(operation, |action| action.name));
        let mut about = match (known, request.caller.account()) {
            (Some(action), Some(account)) => resources(action, &request.asked.members, request.region, account),
            _ => Vec::new(),
        };
        let is_vague = about.is_empty() && known.is_none_or(|action| action.resource_types().next().is_some());
        if about.is_empty() {
            about.push("*".to_owned());
        }
        for resource in &about {
            self.put(request, &action, resource, is_vague)?;
        }
        Ok(())
    }

    fn put(&self, request: &Request<'_>, action: &str, resource: &str, is_vague: bool) -> Result<(), Refusal> {
        let Request { caller, arrival, .. } = request;
        let owner = resource.split(':').nth(4).and_then(|account| account.parse().ok());
        let ask = Ask {
            caller,
            via: &arrival.via,
            action,
            resource,
            resource_account: owner.or_else(|| caller.account()),
            resource_policy: None,
            keys: Keys::new(),
            region: request.region,
            secure: arrival.secure,
            user_agent: request.user_agent,
            now: request.now,
            request_id: Some(&arrival.request_id),
        };
        let decision = self.judge.judge(&ask);
        if matches!(decision, Decision::Allow { .. }) {
            return Ok(());
        }
        let (code, status) = code_for(&self.signing);
        let refusal = Refusal::new(code, sentence(&ask, &decision)).status(status);
        let vague = "Postern does not know what this request is about, and asked for the resource *";
        let told = match (hint(&decision), is_vague) {
            (Some(told), true) => Some(format!("{told}; {vague}")),
            (None, true) => Some(vague.to_owned()),
            (told, false) => told,
        };
        Err(Refusal { hint: told, ..refusal })
    }
}
