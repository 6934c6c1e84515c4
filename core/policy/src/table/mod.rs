//! What each service's actions are about, as AWS publishes it: resource types with the forms of their ARNs, the condition
//! keys that a request for them has, the other actions that they need.
//!
//! The data lie in `core/policy/tables`, written by `cargo xtask actions`; a service's table is read at its first use.

mod conform;
mod embedded;
mod form;
mod read;
#[cfg(test)]
mod tests;

pub use conform::flaw;
pub use embedded::{is_prefix, prefixes, service, services};
pub use form::ArnForm;

use std::borrow::Cow;

/// The table of one service.
#[derive(Debug)]
pub struct Service {
    /// The prefix of its actions: `ec2`, and not always the signing name: `cloudwatch`.
    pub prefix: &'static str,
    keys: Vec<Key>,
    resource_types: Vec<ResourceType>,
    /// By name in lower case.
    actions: Vec<Action>,
}

/// A condition key as the table spells it: `ec2:ResourceTag/${TagKey}`.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    /// `String`, `ArrayOfString`, `Numeric`, `Bool`, `ARN`, `Date`, `IPAddress`.
    pub kind: &'static str,
    /// In lower case; of a key with a placeholder the part before it.
    lower: String,
    is_open: bool,
}

impl Key {
    /// Whether this is the key of a name in lower case.
    fn is(&self, lower: &str) -> bool {
        if self.is_open {
            lower.len() > self.lower.len() && lower.starts_with(&self.lower)
        } else {
            lower == self.lower
        }
    }
}

/// A kind of thing that policies name: `instance`, `bucket`.
#[derive(Debug)]
pub struct ResourceType {
    pub word: &'static str,
    pub arn: ArnForm,
    keys: Vec<u16>,
}

/// How much an action can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    List,
    Read,
    Write,
    Tagging,
    Permissions,
}

/// One action.
#[derive(Debug)]
pub struct Action {
    /// `RunInstances`.
    pub name: &'static str,
    pub level: Level,
    /// Actions that the caller may need as well: `iam:PassRole`.
    pub dependent: Vec<&'static str>,
    lower: String,
    keys: Vec<u16>,
    touches: Vec<Touch>,
}

#[derive(Debug)]
struct Touch {
    is_required: bool,
    resource_type: u16,
    keys: Vec<u16>,
}

impl Service {
    /// The action of a name without the prefix; letters of either case are the same.
    pub fn action(&'static self, name: &str) -> Option<ActionIn> {
        let lower = || name.bytes().map(|byte| byte.to_ascii_lowercase());
        let at = self.actions.binary_search_by(|action| action.lower.bytes().cmp(lower())).ok()?;
        Some(ActionIn { service: self, action: self.actions.get(at)? })
    }

    pub fn actions(&'static self) -> impl Iterator<Item = ActionIn> {
        self.actions.iter().map(move |action| ActionIn { service: self, action })
    }

    pub fn resource_types(&self) -> &[ResourceType] {
        &self.resource_types
    }

    /// The type of this word, as the table and ARNs spell it.
    pub fn resource_type(&self, word: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|one| one.word == word)
    }

    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// A key of this table as it is spelled there, a tag's key behind it as it is given.
    pub(crate) fn spelled(&self, key: &str) -> Option<String> {
        let lower = key.to_lowercase();
        let found = self.keys.iter().find(|one| one.is(&lower))?;
        // The part before a placeholder: `lower` is as long.
        let head = found.name.get(..found.lower.len()).unwrap_or_default();
        Some(if found.is_open {
            format!("{head}{}", key.get(head.len()..).unwrap_or_default())
        } else {
            found.name.into()
        })
    }

    fn key_among(&self, numbers: &[u16], lower: &str) -> bool {
        numbers.iter().filter_map(|at| self.keys.get(usize::from(*at))).any(|key| key.is(lower))
    }
}

/// Most callers have it so already.
fn in_lower_case(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// An action with the table that it stands in.
#[derive(Debug, Clone, Copy)]
pub struct ActionIn {
    service: &'static Service,
    action: &'static Action,
}

impl std::ops::Deref for ActionIn {
    type Target = Action;
    fn deref(&self) -> &Action {
        self.action
    }
}

impl ActionIn {
    /// The types that it can be asked for; `true`: one of that type always takes part.
    pub fn resource_types(self) -> impl Iterator<Item = (&'static ResourceType, bool)> {
        let types = &self.service.resource_types;
        self.action.touches.iter().filter_map(|t| Some((types.get(usize::from(t.resource_type))?, t.is_required)))
    }

    /// Whether it can be asked for a thing of this type.
    pub fn touches(self, word: &str) -> bool {
        self.resource_types().any(|(one, _)| one.word == word)
    }

    /// The type of an ARN that it is asked for. `None`: it has no such resource.
    pub fn type_of(self, arn: &str) -> Option<&'static ResourceType> {
        self.resource_types().map(|(one, _)| one).find(|one| one.arn.fits(arn))
    }

    /// Whether a request for it on a thing of this type (`None`: without a resource) has the condition key. Keys of the
    /// network, the principal and the time, which every request has, are in no table.
    pub fn has_key(self, word: Option<&str>, key: &str) -> bool {
        let lower = in_lower_case(key);
        if self.service.key_among(&self.action.keys, &lower) {
            return true;
        }
        let touches = self.action.touches.iter();
        let mut found =
            touches.filter_map(|t| Some((t, self.service.resource_types.get(usize::from(t.resource_type))?)));
        let Some((touch, resource)) = word.and_then(|word| found.find(|(_, resource)| resource.word == word)) else {
            return false;
        };
        // Some services give the keys with the action's row, some with the type alone.
        let keys = if touch.keys.is_empty() { &resource.keys } else { &touch.keys };
        self.service.key_among(keys, &lower)
    }
}
