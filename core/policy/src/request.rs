//! A request made ready for comparison with statements: each thing is worked out once, keys only when one is looked at.

use crate::context::{Facts, JUDGED, Rank, brought};
use crate::key::{KeyName, Lookup};
use crate::principal::{Identity, Reach};
use crate::resource::AskedArn;
use crate::statement::{Effect, Statement};
use crate::{Ask, Keys, PolicyKind, PolicySet};
use postern_call::Principal;
use std::cell::OnceCell;

pub(crate) struct Request<'a> {
    pub ask: &'a Ask<'a>,
    pub who: Identity<'a>,
    service: String,
    name: String,
    resource: AskedArn<'a>,
    /// These keys and no others, if they are given.
    given: Option<Keys>,
    facts: Facts<'a>,
    /// The judge's keys, each worked out when a statement first asks for it.
    judged: [OnceCell<Option<[String; 1]>>; JUDGED.len()],
}

/// S3 passes the caller's canonical user id here, so that bucket policies may name it.
const CANONICAL_USER_KEY: &str = "s3:canonicaluserid";

impl<'a> Request<'a> {
    pub fn new(ask: &'a Ask<'a>, policies: &'a PolicySet) -> Self {
        let (service, name) = ask.action.split_once(':').unwrap_or((ask.action, ""));
        // ListBuckets has no resource, yet policies for arn:aws:s3:::* have always covered it.
        let all_buckets = ask.action == "s3:ListAllMyBuckets" && ask.resource == "*";
        let resource = AskedArn::new(if all_buckets { "arn:aws:s3:::*" } else { ask.resource });
        let canonical = ask.keys.get(CANONICAL_USER_KEY).and_then(|ids| ids.first()).map(String::as_str);
        Self {
            ask,
            who: Identity::new(ask.caller, canonical, policies.boundary.is_some()),
            service: service.to_lowercase(),
            name: name.to_lowercase(),
            resource,
            given: None,
            facts: Facts { ask, memberships: &policies.memberships },
            judged: [const { OnceCell::new() }; JUDGED.len()],
        }
    }

    /// A request with these keys and no others.
    pub fn given(ask: &'a Ask<'a>, policies: &'a PolicySet, keys: Keys) -> Self {
        Self { given: Some(keys), ..Self::new(ask, policies) }
    }

    /// Whether caller and resource belong to different accounts.
    pub fn crosses_accounts(&self) -> bool {
        match (self.ask.caller.account(), self.ask.resource_account) {
            (Some(caller), Some(owner)) => caller != owner,
            _ => false,
        }
    }

    pub fn is_root(&self) -> bool {
        matches!(self.ask.caller.principal, Principal::Root { .. })
    }

    /// Whether the statement applies, and how closely it names the caller. A statement without principals names
    /// whoever its policy is attached to.
    pub fn meets(&self, statement: &Statement, kind: PolicyKind) -> Option<Reach> {
        if !self.action_fits(statement) {
            return None;
        }
        let reach = self.reach(statement, kind)?;
        (self.resource_fits(statement) && statement.conditions.iter().all(|c| c.holds(self))).then_some(reach)
    }

    pub fn reach(&self, statement: &Statement, kind: PolicyKind) -> Option<Reach> {
        let reach = match &statement.principals {
            Some(principals) => principals.includes(&self.who)?,
            None if needs_principal(kind) => return None,
            None => return Some(Reach::Direct),
        };
        // A session policy does not see through `*` that only a condition on the principal narrows: AWS's exception.
        let narrowed = reach == Reach::Everyone
            && statement.effect == Effect::Allow
            && statement.conditions.iter().any(|c| c.lower_key() == "aws:principalarn" && !c.negated());
        Some(if narrowed { Reach::Direct } else { reach })
    }

    pub fn action_fits(&self, statement: &Statement) -> bool {
        statement.actions.includes(|pattern| pattern.covers(&self.service, &self.name))
    }

    pub fn resource_fits(&self, statement: &Statement) -> bool {
        statement
            .resources
            .as_ref()
            .is_none_or(|listed| listed.includes(|pattern| pattern.covers(&self.resource, self)))
    }
}

impl Lookup for Request<'_> {
    fn look_up(&self, key: &KeyName) -> Option<&[String]> {
        if let Some(keys) = &self.given {
            return keys.look_up(key);
        }
        let brought = || brought(self.ask, key.lower());
        let Some(place) = key.judged() else { return brought() };
        let (_, rank, work_out) = JUDGED[place];
        let own = || {
            let worked_out = self.judged[place].get_or_init(|| work_out(&self.facts).map(|value| [value]));
            worked_out.as_ref().map(<[_; 1]>::as_slice)
        };
        match rank {
            Rank::Alone => own(),
            Rank::First => own().or_else(brought),
            Rank::Last => brought().or_else(own),
        }
    }
}

/// The kinds whose statements name their principals.
fn needs_principal(kind: PolicyKind) -> bool {
    matches!(kind, PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint | PolicyKind::ResourceControl)
}
