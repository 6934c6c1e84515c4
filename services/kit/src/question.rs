//! The question to the gate, and its refusal in the words of the service.

use postern_call::{Call, Refusal};
use postern_names::AccountId;
use postern_policy::{Ask, Decision, Document, Judge, Keys, code_for, hint, sentence, table};

/// May the caller do this to that?
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The prefix of the service's actions: `sqs`, `cloudwatch`.
    pub service: &'a str,
    /// The action without its prefix: the operation's name, unless the service's table says otherwise.
    pub action: &'a str,
    /// The resource's ARN, or `*` for an action without resources.
    pub resource: &'a str,
    /// Who owns the resource; `None` where the action has none.
    pub account: Option<AccountId>,
    /// The policy attached to the resource.
    pub policy: Option<&'a Document>,
    /// Condition keys by name in lower case. What the service's table does not have for this action and resource is left out.
    pub keys: Keys,
}

impl Question<'_> {
    /// The gate's answer: AWS's code and sentence for the service when it is no.
    pub fn put(self, judge: &dyn Judge, call: &Call) -> Result<(), Refusal> {
        let service = self.service;
        self.decide(judge, call, |ask, decision| {
            let (code, status) = code_for(service);
            Refusal::new(code, sentence(ask, decision)).status(status)
        })
    }

    /// The same for a service that refuses in words of its own.
    pub fn decide(
        self,
        judge: &dyn Judge,
        call: &Call,
        refuse: impl FnOnce(&Ask<'_>, &Decision) -> Refusal,
    ) -> Result<(), Refusal> {
        let action = format!("{}:{}", self.service, self.action);
        let mut keys = self.keys;
        if let Some(known) = table::service(self.service).and_then(|table| table.action(self.action)) {
            known.keep_known(self.resource, &mut keys);
        }
        let ask = Ask {
            caller: &call.caller,
            via: &call.via,
            action: &action,
            resource: self.resource,
            resource_account: self.account,
            resource_policy: self.policy,
            keys,
            region: call.region.as_str(),
            secure: call.secure,
            user_agent: call.user_agent.as_deref(),
            now: call.now,
            request_id: Some(&call.request_id),
        };
        let decision = judge.judge(&ask);
        if matches!(decision, Decision::Allow { .. }) {
            return Ok(());
        }
        let refusal = refuse(&ask, &decision);
        Err(Refusal { hint: refusal.hint.or_else(|| hint(&decision)), ..refusal })
    }
}
