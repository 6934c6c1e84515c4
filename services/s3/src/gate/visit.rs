//! One request at the gate: the caller with the way it came, and the questions put to the judge about it.

use crate::arrival::{Arrival, Signed};
use crate::error::{Answer, refuse, refuse_with};
use crate::store::buckets::Bucket;
use postern_call::{Caller, Refusal};
use postern_names::AccountId;
use postern_policy::table;
use postern_policy::{Ask, Decision, Keys, hint, sentence_among};
use postern_serve::Judge;
use std::sync::Arc;
use time::OffsetDateTime;

/// What is the same for every question about one request.
pub(crate) struct Visit {
    pub caller: Caller,
    pub arrival: Arrival,
    /// The region signed for.
    pub region: String,
    /// The region of the endpoint addressed; `None` for the global name and for the machine itself.
    pub addressed: Option<String>,
    pub user_agent: Option<String>,
    pub now: OffsetDateTime,
    pub signed: Signed,
    /// The signature stands in the fields of a POST form.
    pub form: bool,
    /// The session token that the form must bring.
    pub form_token: Option<String>,
    pub judge: Arc<dyn Judge>,
    /// The condition keys of the request line and the headers.
    pub asked: Keys,
}

impl Visit {
    /// May the caller do this to that?
    pub fn ask(&self, action: &str, resource: &str, bucket: Option<&Bucket>, keys: Keys) -> Answer<()> {
        let mut keys = with_owner(keys, bucket.map(|b| b.owner));
        if let Some(action) = action.strip_prefix("s3:").and_then(|name| table::service("s3")?.action(name)) {
            action.keep_known(resource, &mut keys);
        }
        let ask = Ask {
            caller: &self.caller,
            via: &self.arrival.via,
            action,
            resource,
            resource_account: bucket.map(|b| b.owner),
            resource_policy: bucket.and_then(|b| b.policy.as_deref()),
            keys,
            region: &self.region,
            secure: self.arrival.tls.is_some(),
            user_agent: self.user_agent.as_deref(),
            now: self.now,
            request_id: Some(&self.arrival.request_id),
        };
        if let Some(bucket) = bucket
            && self.shut_out(bucket)
        {
            return Err(refuse("AccessDenied").hint(format!(
                "the bucket `{}` has a public policy and RestrictPublicBuckets: only its own account gets in",
                bucket.name
            )));
        }
        match self.judge.judge(&ask) {
            Decision::Allow { .. } => Ok(()),
            decision => Err(self.denied(&ask, &decision)),
        }
    }

    /// The question about one object of a bucket.
    pub fn ask_object(&self, action: &str, bucket: &Bucket, key: &str, keys: Keys) -> Answer<()> {
        self.ask(action, &format!("arn:aws:s3:::{}/{key}", bucket.name), Some(bucket), keys)
    }

    fn denied(&self, ask: &Ask<'_>, decision: &Decision) -> Refusal {
        let accounts = ask.caller.account().zip(ask.resource_account);
        let kin = accounts.is_some_and(|(caller, owner)| self.judge.same_organization(caller, owner));
        let refusal = refuse_with("AccessDenied", sentence_among(ask, decision, kin));
        match hint(decision) {
            Some(hint) => refusal.hint(hint),
            None => refusal,
        }
    }

    /// RestrictPublicBuckets: while the policy is public, only the owner's account and AWS services come in.
    fn shut_out(&self, bucket: &Bucket) -> bool {
        bucket.public
            && bucket.settings.public_block.is_some_and(|b| b.restrict_buckets)
            && self.caller.account() != Some(bucket.owner)
            && !matches!(self.caller.principal, postern_call::Principal::Service { .. })
    }
}

fn with_owner(mut keys: Keys, owner: Option<AccountId>) -> Keys {
    if let Some(owner) = owner {
        keys.insert("s3:resourceaccount".into(), vec![owner.to_string()]);
    }
    keys
}
