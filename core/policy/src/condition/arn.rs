//! ArnEquals and ArnLike, which are the same, and their negations.

use crate::key::Lookup;
use crate::resource::{ArnPattern, AskedArn};

/// A policy value of an ARN operator.
#[derive(Debug, Clone)]
pub struct Pattern(ArnPattern);

impl Pattern {
    pub fn parse(text: &str, variables: bool) -> Option<Self> {
        ArnPattern::of_condition(text, variables).map(Self)
    }
    pub fn matches(&self, found: &str, keys: &impl Lookup) -> bool {
        self.0.covers(&AskedArn::new(found), keys)
    }
}
