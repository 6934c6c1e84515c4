//! What a change would open and close, before it is made: EC2's own verbs run it on a copy of the World, and every pair's way
//! is asked in both.

mod commands;
mod plan;
mod plan_rules;
mod references;

use crate::say::Trouble;
use postern_control::{Context, Draft, Outside, Quotas, Request, lifecycle, verb};
use postern_explain::{Changed, How, Next, Who, difference};
use postern_model::{InstanceState, World};
use postern_names::{AccountId, InstanceId, Region, Stop};
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};
use time::OffsetDateTime;

/// One step of a change: what the user wrote, and what it asks of EC2.
pub struct Step {
    pub written: String,
    pub operation: String,
    pub input: Value,
}

/// What was written and is not part of the answer, and why.
pub struct NotDone {
    pub written: String,
    pub why: String,
}

/// What a dry run begins with.
pub struct DryRegion {
    pub world: Arc<RwLock<World>>,
    pub account: AccountId,
    pub region: Region,
    pub quotas: Quotas,
    pub outside: Arc<dyn Outside + Send + Sync>,
}

impl DryRegion {
    pub fn diff(&self, change: &str) -> Result<Value, Trouble> {
        let world = self.world.read().unwrap_or_else(|e| e.into_inner()).clone();
        let (account, region, quotas) = (self.account, &self.region, &self.quotas);
        diff(Dry { world, account, region, quotas, outside: &*self.outside, now: OffsetDateTime::now_utc() }, change)
    }
}

/// A copy of the World that verbs change; nothing of it becomes real.
pub struct Dry<'a> {
    pub world: World,
    pub account: AccountId,
    pub region: &'a Region,
    pub quotas: &'a Quotas,
    pub outside: &'a dyn Outside,
    pub now: OffsetDateTime,
}

impl Dry<'_> {
    /// The reply of a step, or AWS's refusal in words.
    fn run(&mut self, step: &Step) -> Result<Value, NotDone> {
        let refuse = |why: String| NotDone { written: step.written.clone(), why };
        let Some(verb) = verb(&step.operation) else {
            return Err(refuse(format!("{} is not served", step.operation)));
        };
        let context = Context {
            account: self.account,
            region: self.region,
            now: self.now,
            quotas: self.quotas,
            outside: self.outside,
        };
        let mut draft = Draft::new(&mut self.world);
        match verb.serve(&mut draft, &context, &Request(&step.input)) {
            Ok(reply) => {
                draft.commit();
                Ok(reply.into())
            }
            Err(refusal) => {
                draft.roll_back();
                Err(refuse(format!("{}: {}", refusal.code, refusal.message)))
            }
        }
    }

    /// Instances that start or stop have done so.
    fn settle(&mut self) {
        let of = |world: &World, state: InstanceState| -> Vec<InstanceId> {
            world.instances.values().filter(|i| i.state == state).map(|i| i.id).collect()
        };
        let (starting, stopping) = (of(&self.world, InstanceState::Pending), of(&self.world, InstanceState::Stopping));
        let mut draft = Draft::new(&mut self.world);
        for id in starting {
            lifecycle::running(&mut draft, id, self.now);
        }
        for id in stopping {
            lifecycle::stopped(&mut draft, id, self.now);
        }
        draft.commit();
    }
}

/// The change in the text, `aws ec2` commands or a Terraform plan as JSON, against the World as it is.
pub fn diff(mut dry: Dry<'_>, text: &str) -> Result<Value, Trouble> {
    let before = dry.world.clone();
    let mut not_done = Vec::new();
    let done = if text.trim_start().starts_with('{') {
        plan::run(&mut dry, text, &mut not_done)?
    } else {
        commands::run(&mut dry, text, &mut not_done)
    };
    dry.settle();
    let changed = difference(&before, &dry.world);
    let of = |is_wanted: fn(How) -> bool| changed.iter().filter(|c| is_wanted(c.how)).map(told).collect::<Vec<_>>();
    let (opened, closed) = (of(|how| how == How::Opened), of(|how| how == How::Closed));
    let moved = of(|how| matches!(how, How::Moved { .. }));
    let not_done: Vec<Value> = not_done.iter().map(|one| json!({ "written": one.written, "why": one.why })).collect();
    Ok(json!({ "done": done, "not_done": not_done, "opened": opened, "closed": closed, "moved": moved }))
}

/// A way that changes: what barred it or does, the table that leads elsewhere, and which ends are new or gone.
fn told(changed: &Changed) -> Value {
    let mut told = json!({
        "from": changed.question.from.to_string(),
        "to": changed.question.to.to_string(),
        "what": changed.question.what.to_string(),
        "stop": changed.before.or(changed.after).map(Stop::word),
    });
    if let Some((table, next)) = changed.route {
        told["table"] = json!(table.to_string());
        told["leads_to"] = json!(next.map(target));
    }
    if let How::Moved { before, after } = changed.how {
        told["before"] = json!(who(before));
        told["after"] = json!(who(after));
    }
    for (name, ids) in [("new", &changed.new), ("gone", &changed.gone)] {
        if !ids.is_empty() {
            told[name] = json!(ids);
        }
    }
    told
}

fn target(next: Next) -> String {
    match next {
        Next::Local => "local".to_owned(),
        Next::Never => "nowhere".to_owned(),
        Next::InternetGateway(id) => id.to_string(),
        Next::NatGateway(id) => id.to_string(),
        Next::Interface(id) => id.to_string(),
        Next::Peering(id) => id.to_string(),
        Next::Endpoint(id) => id.to_string(),
    }
}

fn who(who: Who) -> String {
    match who {
        Who::Instance(id) | Who::Appliance(id) => id.to_string(),
        Who::Endpoint(id) => id.to_string(),
        Who::Service => "its public address".to_owned(),
        Who::Site | Who::Internet => "the internet".to_owned(),
        Who::Resolver => "the resolver".to_owned(),
        Who::Metadata => "the metadata service".to_owned(),
    }
}
