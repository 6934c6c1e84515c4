//! A call that is only thought of: behind the packet's way the TLS name, who asks, and every policy that the gate would look
//! at, with the engine's own decision and what to change. Nothing is sent, signed or served.

mod command;
mod door;
mod told;
mod what;
mod who;

use super::gate::Gate;
use super::told_of;
use super::ways::Ways;
use crate::control::{CallQuestion, WayQuestion};
use crate::say::Trouble;
use door::Door;
use postern_explain::{Ground, Listening, Question, Trace, json, remedies_until};
use postern_iam::Iam;
use postern_model::World;
use postern_policy::{Amendments, Ask, Decision, PolicySet, amendments, decide, gates, stops};
use postern_s3::S3;
use postern_serve::Service;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use time::OffsetDateTime;
use what::Asked;
use who::Who;

/// Ways that are offered.
const OFFERED_MAX: usize = 3;

/// What is asked for the answer.
pub struct Calls {
    pub gate: Arc<Gate>,
    pub iam: Arc<Iam>,
    pub services: HashMap<&'static str, Arc<dyn Service>>,
    pub s3: Arc<S3>,
    pub account: postern_names::AccountId,
}

/// One question made ready.
struct Scene<'a> {
    calls: &'a Calls,
    question: &'a Question,
    who: &'a Who,
    asked: &'a Asked,
    secure: bool,
    now: OffsetDateTime,
}

impl Calls {
    /// The way with what comes behind it.
    pub fn explain(&self, ways: &Ways, way: &WayQuestion, call: &CallQuestion) -> Result<Value, Trouble> {
        let (world, question) = ways.ready(way)?;
        let ground = Ground::new(&world);
        let listening = ways.listening(&ground.explain(&question, &Listening::new()));
        let trace = ground.explain(&question, &listening);
        let mut told = json(&ground, &trace);
        let now = OffsetDateTime::now_utc();
        let who = self.who(&world, &question, call.caller.as_deref(), now)?;
        let asked = self.asked(call, &who)?;
        let secure = door::is_secure(&question);
        let scene = Scene { calls: self, question: &question, who: &who, asked: &asked, secure, now };
        let answer = scene.answer(&world, &trace, &listening);
        told["change"] = json!(answer.change);
        told["call"] = answer.call;
        told["stopped_by"] = stopped_by(&told);
        told["allowed"] = json!(told["stopped_by"].is_null());
        Ok(told)
    }
}

struct Answer {
    call: Value,
    change: Vec<Vec<String>>,
}

/// Where a call that gets there arrives, and what the policies say there.
struct Judged {
    door: Door,
    policies: PolicySet,
    decision: Decision,
}

impl Scene<'_> {
    fn answer(&self, world: &World, trace: &Trace, listening: &Listening) -> Answer {
        let opened = |world: &World, trace: &Trace| door::of(world, self.question, trace).is_some();
        // Barred, the call is judged as it would come by the first way that opens.
        let mut way = Vec::new();
        let mut here = door::of(world, self.question, trace).map(|door| (world.clone(), door));
        if here.is_none() {
            let first = remedies_until(world, self.question, listening, opened).into_iter().next();
            here = first.and_then(|(remedy, changed)| {
                way = remedy.commands;
                let door = door::of(&changed, self.question, &self.walk(&changed, listening))?;
                Some((changed, door))
            });
        }
        let judged = here.as_ref().and_then(|(world, door)| self.judge(world, door));
        let name = here.as_ref().map(|(_, door)| door.name(self.question));
        let call = json!({
            "name": name,
            "credentials": self.who.told(),
            "action": self.asked.action,
            "resource": self.asked.resource,
            "resource_account": self.asked.account,
            "if_opened_by": way,
            "via": here.as_ref().map(|(_, door)| told_of::via(&door.via)),
            "policies": judged.as_ref().map(|judged| self.told(judged)),
        });
        let mut change = self.changes(world, trace, listening, judged.as_ref());
        change.sort_by_key(Vec::len);
        change.truncate(OFFERED_MAX);
        Answer { call, change }
    }

    fn walk(&self, world: &World, listening: &Listening) -> Trace {
        Ground::new(world).explain(self.question, listening)
    }

    /// `None`: without somebody who asks or something that is asked there is nothing to judge.
    fn judge(&self, world: &World, door: &Door) -> Option<Judged> {
        let ask = self.ask(door)?;
        let policies = self.policies(world, door, &ask);
        let decision = decide(&ask, &policies);
        Some(Judged { door: door.clone(), policies, decision })
    }

    fn ask<'a>(&'a self, door: &'a Door) -> Option<Ask<'a>> {
        Some(Ask {
            caller: self.who.caller.as_ref().ok()?,
            via: &door.via,
            action: self.asked.action.as_deref()?,
            resource: &self.asked.resource,
            resource_account: self.asked.account,
            resource_policy: self.asked.policy.as_deref(),
            keys: self.asked.keys_with(self.secure, self.who),
            region: door.region.as_str(),
            secure: self.secure,
            user_agent: None,
            now: self.now,
            request_id: None,
        })
    }

    fn policies(&self, world: &World, door: &Door, ask: &Ask<'_>) -> PolicySet {
        let mut policies = self.calls.gate.policies(ask);
        if let Some(endpoint) = door.endpoint.and_then(|id| world.endpoints.get(&id)) {
            policies.endpoint = self.calls.gate.endpoint_in(endpoint);
        }
        policies
    }

    fn told(&self, judged: &Judged) -> Value {
        let Some(ask) = self.ask(&judged.door) else { return Value::Null };
        let mut told = self.told_of_policies(&ask, judged);
        if let (Some(why), Some(stops)) = (self.shut(), told["stops"].as_array_mut()) {
            stops.insert(0, json!({ "stop": "resource_policy", "kind": "public-access-block", "why": why }));
        }
        told
    }

    fn told_of_policies(&self, ask: &Ask<'_>, judged: &Judged) -> Value {
        told::policies(
            ask,
            &judged.policies,
            &judged.decision,
            &gates(ask, &judged.policies),
            &stops(ask, &judged.policies),
        )
    }

    /// Why the caller does not get in although the policies may allow it.
    fn shut(&self) -> Option<&'static str> {
        let caller = self.who.caller.as_ref().ok()?.account();
        self.asked.shut.filter(|_| caller != self.asked.account)
    }

    /// What to change, from packets to policies, so that the call is allowed.
    fn changes(
        &self,
        world: &World,
        trace: &Trace,
        listening: &Listening,
        judged: Option<&Judged>,
    ) -> Vec<Vec<String>> {
        if self.shut().is_some() {
            // Its owner keeps others out on purpose, and no single command says that it should not.
            return vec![];
        }
        let is_allowed = |judged: &Judged| matches!(judged.decision, Decision::Allow { .. });
        let Some(action) = &self.asked.action else {
            return self.opened(world, listening).into_iter().map(|(commands, _)| commands).collect();
        };
        let Ok(_) = &self.who.caller else { return self.with_credentials(world, trace, listening) };
        let by_way = remedies_until(world, self.question, listening, |world, trace| {
            let door = door::of(world, self.question, trace);
            door.and_then(|door| self.judge(world, &door)).is_some_and(|judged| is_allowed(&judged))
        });
        let mut all: Vec<Vec<String>> = by_way.into_iter().map(|(remedy, _)| remedy.commands).collect();
        let by_policy = |judged: &Judged, before: &[String]| -> Vec<Vec<String>> {
            let Some(ask) = self.ask(&judged.door) else { return vec![] };
            let with = |changes: Amendments| {
                let own =
                    changes.iter().map(|one| command::of(self.calls, &ask, action, one)).collect::<Option<Vec<_>>>();
                own.map(|own| before.iter().cloned().chain(own).collect())
            };
            amendments(&ask, &judged.policies).into_iter().filter_map(with).collect()
        };
        if trace.is_answered {
            if let Some(judged) = judged.filter(|judged| !is_allowed(judged)) {
                all.extend(by_policy(judged, &[]));
            }
            return all;
        }
        for (commands, changed) in self.opened(world, listening) {
            let door = door::of(&changed, self.question, &self.walk(&changed, listening));
            let judged = door.and_then(|door| self.judge(&changed, &door)).filter(|judged| !is_allowed(judged));
            all.extend(judged.iter().flat_map(|judged| by_policy(judged, &commands)));
        }
        all
    }

    fn opened(&self, world: &World, listening: &Listening) -> Vec<(Vec<String>, World)> {
        let found = remedies_until(world, self.question, listening, |_, _| true);
        found.into_iter().map(|(remedy, world)| (remedy.commands, world)).collect()
    }

    /// Nobody asks: with credentials by which the call is allowed, and behind the changes of the way.
    fn with_credentials(&self, world: &World, trace: &Trace, listening: &Listening) -> Vec<Vec<String>> {
        let ways = match trace.is_answered {
            true => vec![(vec![], world.clone())],
            false => self.opened(world, listening),
        };
        let mut all = Vec::new();
        for (commands, changed) in ways {
            let Some(door) = door::of(&changed, self.question, &self.walk(&changed, listening)) else { continue };
            for (command, who) in self.calls.credentials(world, self.question, self.who, self.now) {
                let with = Scene { who: &who, ..*self };
                let judged = with.judge(&changed, &door);
                if judged.is_some_and(|judged| matches!(judged.decision, Decision::Allow { .. })) {
                    all.push(commands.iter().cloned().chain([command]).collect());
                }
            }
        }
        all
    }
}

/// The first thing that stops the call, in the order in which it is met.
fn stopped_by(told: &Value) -> Value {
    if !told["barred_by"].is_null() {
        return json!({ "by": "network", "stop": told["barred_by"]["stop"], "why": told["barred_by"]["why"] });
    }
    let call = &told["call"];
    for (by, part) in [("tls", &call["name"]), ("credentials", &call["credentials"])] {
        if part["passes"] == json!(false) {
            return json!({ "by": by, "stop": by, "why": part["why"] });
        }
    }
    match call["policies"]["stops"].get(0) {
        Some(first) => json!({ "by": "policy", "stop": first["stop"], "why": first["why"] }),
        None => Value::Null,
    }
}
