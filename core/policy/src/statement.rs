//! One statement of a policy.

use crate::action::ActionPattern;
use crate::condition::Condition;
use crate::json::Json;
use crate::principal::Principals;
use crate::resource::ResourcePattern;

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
}

impl Statement {
    /// Reads one statement. `variables`: whether the document's version knows them. The error is AWS's sentence.
    pub(crate) fn parse(value: &Json, variables: bool) -> Result<Self, String> {
        let Json::Map(members) = value else { return Err("Syntax errors in policy: a statement is no object.".into()) };
        let (mut sid, mut effect, mut principals) = (None, None, None);
        let (mut actions, mut resources, mut conditions) = (None, None, Vec::new());
        for (name, value) in members {
            let twice = || format!("Syntax errors in policy: {name} beside its opposite.");
            match name.as_str() {
                "Sid" => sid = Some(value.text().ok_or("Syntax errors in policy: Sid is no string.")?.to_owned()),
                "Effect" => effect = Some(parse_effect(value)?),
                "Principal" | "NotPrincipal" => {
                    let parsed = Principals::parse(value, name == "NotPrincipal")?;
                    if principals.replace(parsed).is_some() {
                        return Err(twice());
                    }
                }
                "Action" | "NotAction" => {
                    let patterns = parse_list(value, name, ActionPattern::parse)?;
                    if patterns.is_empty() {
                        return Err("Policy statement must contain actions.".into());
                    }
                    if actions.replace(Listed { negated: name == "NotAction", patterns }).is_some() {
                        return Err(twice());
                    }
                }
                "Resource" | "NotResource" => {
                    let patterns = parse_list(value, name, |text| ResourcePattern::parse(text, variables))?;
                    if patterns.is_empty() {
                        return Err("Policy statement must contain resources.".into());
                    }
                    if resources.replace(Listed { negated: name == "NotResource", patterns }).is_some() {
                        return Err(twice());
                    }
                }
                "Condition" => conditions = Condition::parse_all(value, variables)?,
                other => return Err(format!("Syntax errors in policy: a statement has no member {other}.")),
            }
        }
        let effect = effect.ok_or("Missing required field Effect")?;
        let actions = actions.ok_or("Missing required field Action")?;
        if effect == Effect::Allow && principals.as_ref().is_some_and(|p: &Principals| p.negated) {
            return Err("Allow with NotPrincipal is not allowed.".into());
        }
        Ok(Self { sid: sid.filter(|sid| !sid.is_empty()), effect, principals, actions, resources, conditions })
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
