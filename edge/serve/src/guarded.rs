//! A resource as the gate sees it, for questions that no request puts.

use postern_names::AccountId;
use postern_policy::{Document, Keys};
use std::sync::Arc;

/// Whose it is and what it says itself about who may use it.
#[derive(Debug, Clone)]
pub struct Guarded {
    pub account: AccountId,
    /// Its own policy, if it has one.
    pub policy: Option<Arc<Document>>,
    /// The condition keys that a request for it has by the resource alone: its tags. Names in lower case.
    pub keys: Keys,
    /// Why nobody of another account gets in, whatever the policies say: a bucket whose public policy is restricted.
    pub shut: Option<&'static str>,
}
