//! One call: gate, token, verb, disk, data plane, reply.

use crate::commit::{self, Batch, Made};
use crate::prepared::Prepared;
use crate::{Ec2, ask};
use async_trait::async_trait;
use postern_call::{Answer, Call, Refusal};
use postern_control::{Context, Draft, Request, Verb, verb, verbs};
use postern_names::{AccountId, Region};
use postern_serve::Service;
use serde_json::Value;

#[async_trait]
impl Service for Ec2 {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        self.answer(call).await.map(Value::from)
    }

    async fn answer(&self, call: Call) -> Result<Answer, Refusal> {
        let verb = verb(&call.operation).ok_or_else(|| not_served(&call.operation))?;
        let account = call.caller.account().ok_or_else(no_account)?;
        check_region(&call.region)?;
        ask::may(&self.inner, &call, account)?;
        let outside = Prepared::of(&call, &self.inner.outside, &self.inner.world).await;
        if let Some(answer) = self.look(&call, account, verb, &outside) {
            return answer;
        }
        let (answer, batch) = self.run(&call, account, verb, &outside)?;
        // Beginnings that this call brought about are kept even when the call itself is refused.
        self.settle(batch).await?;
        answer
    }

    fn operations(&self) -> Vec<&'static str> {
        verbs().map(|(name, _)| name).collect()
    }
}

impl Ec2 {
    /// The answer of a call that changes nothing, so that such calls need not wait for each other; `None` if that cannot be
    /// said of it. What it tells may not be on the disk yet; then the call that made it so is not answered yet either.
    fn look(&self, call: &Call, account: AccountId, verb: Verb, outside: &Prepared) -> Option<Result<Answer, Refusal>> {
        let inner = &self.inner;
        let reads = call.operation.starts_with("Describe") || call.operation.starts_with("Get");
        let has_token = call.input.get("ClientToken").is_some();
        if !reads || has_token || inner.check_whole().is_err() {
            return None;
        }
        if !commit::lock(&inner.seeded).contains(&(account, call.region.clone())) {
            return None;
        }
        let world = commit::read_lock(&inner.world);
        let context = Context { account, region: &call.region, now: call.now, quotas: &inner.quotas, outside };
        let mut draft = Draft::reading(&world);
        let answer = match verb.serve(&mut draft, &context, &Request(&call.input)) {
            Ok(_) if is_dry(call) => Err(would_have_succeeded()),
            answer => answer,
        };
        (!draft.has_refused()).then_some(answer)
    }

    /// Everything under the World's lock. The outer result is what must be answered without waiting for anything.
    fn run(
        &self,
        call: &Call,
        account: AccountId,
        verb: Verb,
        outside: &Prepared,
    ) -> Result<(Result<Answer, Refusal>, Batch), Refusal> {
        let inner = &self.inner;
        inner.check_whole()?;
        let mut world = commit::write_lock(&inner.world);
        let seed = inner.seed(&mut world, account, &call.region, call.now)?;
        let mut tokens = commit::lock(&inner.tokens);
        // A dry run is answered before tokens are looked at.
        let is_dry = is_dry(call);
        let earlier = if is_dry { Ok(None) } else { tokens.reply(account, call) };
        match earlier {
            Ok(None) => {}
            // The first call may still be waiting for the disk: its reply is good when it is durable.
            Ok(Some(reply)) => {
                inner.queue(seed)?;
                return Ok((Ok(reply.into()), inner.everything_so_far()));
            }
            Err(refusal) => return Ok((Err(refusal), inner.queue(seed)?)),
        }
        let context = Context { account, region: &call.region, now: call.now, quotas: &inner.quotas, outside };
        let mut draft = Draft::new(&mut world);
        let reply = match verb.serve(&mut draft, &context, &Request(&call.input)) {
            Ok(_) if is_dry => Err(would_have_succeeded()),
            answer => answer,
        };
        let made = match &reply {
            Err(_) => {
                draft.roll_back();
                Made::default()
            }
            Ok(reply) => match tokens.remember(account, call, reply) {
                Ok(writes) => Made { done: draft.commit_done(), writes },
                Err(refusal) => {
                    draft.roll_back();
                    return Ok((Err(refusal), inner.queue(seed)?));
                }
            },
        };
        let batch = inner.queue(seed.and(made))?;
        Ok((reply, batch))
    }
}

pub(crate) fn is_dry(call: &Call) -> bool {
    call.input.get("DryRun").and_then(Value::as_bool) == Some(true)
}

fn would_have_succeeded() -> Refusal {
    Refusal::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").status(412)
}

fn not_served(operation: &str) -> Refusal {
    Refusal::new(
        "InvalidAction",
        format!("The action {operation} is not valid for this web service: Postern does not serve it yet."),
    )
    .hint("docs/coverage.md lists every operation with its state")
}

fn no_account() -> Refusal {
    Refusal::new("AuthFailure", "AWS was not able to validate the provided access credentials").status(401)
}

/// A region has the form of AWS's names: `us-east-1`, `us-gov-west-1`.
fn check_region(region: &Region) -> Result<(), Refusal> {
    let text = region.as_str();
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_good = match parts.as_slice() {
        [area, middle @ .., number] => {
            area.len() == 2
                && is_word(area)
                && (1..=2).contains(&middle.len())
                && middle.iter().all(is_word)
                && number.len() == 1
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    };
    if is_good && text.len() <= 32 {
        return Ok(());
    }
    let message = format!("Credential should be scoped to a valid region, not '{text}'.");
    Err(Refusal::new("AuthFailure", message).status(401))
}
