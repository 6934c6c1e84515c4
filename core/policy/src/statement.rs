//! One statement of a policy.

use crate::action::ActionPattern;
use crate::condition::Condition;
use crate::json::Json;
use crate::principal::Principals;
use crate::resource::ResourcePattern;
use crate::spanned::Step;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// A list of patterns, or all that is not in it (`NotAction`, `NotResource`).
#[derive(Debug, Clone)]
pub struct Listed<P> {
    pub negated: bool,
    pub patterns: Vec<P>,
}

impl<P> Listed<P> {
    pub(crate) fn includes(&self, covers: impl FnMut(&P) -> bool) -> bool {
        self.patterns.iter().any(covers) != self.negated
    }
}

/// A statement: what it says, ready to be compared with a request.
#[derive(Debug, Clone)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    /// Absent in identity policies.
    pub principals: Option<Principals>,
    pub actions: Listed<ActionPattern>,
    /// Absent in trust policies.
    pub resources: Option<Listed<ResourcePattern>>,
    pub conditions: Vec<Condition>,
    /// Not written by whoever wrote the policy: see [`crate::Document::ending_in_grant`].
    pub(crate) granted: bool,
}

impl Statement {
    /// Reads one statement. `variables`: whether the document's version knows them.
    pub(crate) fn parse(value: &Json, variables: bool) -> Result<Self, Misfit> {
        let Json::Map(members) = value else {
            return Err(Misfit::whole("Syntax errors in policy: a statement is no object."));
        };
        let mut parts = Parts::default();
        for (name, value) in members {
            parts.read(name, value, variables).map_err(|reason| Misfit { reason, member: Some(name.clone()) })?;
        }
        let effect = parts.effect.ok_or_else(|| Misfit::whole("Missing required field Effect"))?;
        let actions = parts.actions.ok_or_else(|| Misfit::whole("Missing required field Action"))?;
        if effect == Effect::Allow && parts.principals.as_ref().is_some_and(|p| p.negated) {
            let reason = "Allow with NotPrincipal is not allowed.".to_owned();
            return Err(Misfit { reason, member: Some("NotPrincipal".into()) });
        }
        let sid = parts.sid.filter(|sid| !sid.is_empty());
        let Parts { principals, resources, conditions, .. } = parts;
        Ok(Self { sid, effect, principals, actions, resources, conditions, granted: false })
    }
}

/// Why a value is no statement: AWS's sentence, and the member that is at fault.
pub(crate) struct Misfit {
    pub reason: String,
    member: Option<String>,
}

impl Misfit {
    fn whole(reason: &str) -> Self {
        Self { reason: reason.to_owned(), member: None }
    }
    /// The steps to the fault from the document's head.
    pub fn path(&self, statement: usize) -> Vec<Step> {
        let mut path = vec![Step::Member("Statement".into()), Step::Item(statement)];
        path.extend(self.member.clone().map(Step::Member));
        path
    }
}

/// What has been read of a statement.
#[derive(Default)]
struct Parts {
    sid: Option<String>,
    effect: Option<Effect>,
    principals: Option<Principals>,
    actions: Option<Listed<ActionPattern>>,
    resources: Option<Listed<ResourcePattern>>,
    conditions: Vec<Condition>,
}

impl Parts {
    fn read(&mut self, name: &str, value: &Json, variables: bool) -> Result<(), String> {
        let twice = || format!("Syntax errors in policy: {name} beside its opposite.");
        match name {
            "Sid" => self.sid = Some(value.text().ok_or("Syntax errors in policy: Sid is no string.")?.to_owned()),
            "Effect" => self.effect = Some(parse_effect(value)?),
            "Principal" | "NotPrincipal" => {
                let parsed = Principals::parse(value, name == "NotPrincipal")?;
                if self.principals.replace(parsed).is_some() {
                    return Err(twice());
                }
            }
            "Action" | "NotAction" => {
                let patterns = parse_list(value, name, ActionPattern::parse)?;
                if patterns.is_empty() {
                    return Err("Policy statement must contain actions.".into());
                }
                if self.actions.replace(Listed { negated: name == "NotAction", patterns }).is_some() {
                    return Err(twice());
                }
            }
            "Resource" | "NotResource" => {
                let patterns = parse_list(value, name, |text| ResourcePattern::parse(text, variables))?;
                if patterns.is_empty() {
                    return Err("Policy statement must contain resources.".into());
                }
                if self.resources.replace(Listed { negated: name == "NotResource", patterns }).is_some() {
                    return Err(twice());
                }
            }
            "Condition" => self.conditions = Condition::parse_all(value, variables)?,
            other => return Err(format!("Syntax errors in policy: a statement has no member {other}.")),
        }
        Ok(())
    }
}

fn parse_effect(value: &Json) -> Result<Effect, String> {
    match value.text() {
        Some("Allow") => Ok(Effect::Allow),
        Some("Deny") => Ok(Effect::Deny),
        Some(other) => Err(format!("Invalid effect: {other}")),
        None => Err("Syntax errors in policy: Effect is no string.".into()),
    }
}

fn parse_list<P>(value: &Json, name: &str, parse: impl Fn(&str) -> Result<P, String>) -> Result<Vec<P>, String> {
    value
        .items()
        .iter()
        .map(|item| item.text().ok_or_else(|| format!("Syntax errors in policy: {name} holds more than strings.")))
        .map(|text| parse(text?))
        .collect()
}
