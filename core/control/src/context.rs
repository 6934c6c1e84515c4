//! What a verb knows besides the World: who calls, from where, when; and what lies outside EC2.

use crate::Quotas;
use postern_call::Refusal;
use postern_insights::{Analysis, Bounds, Found, analyse, find_ways};
use postern_model::{AccessScope, InsightsPath, World};
use postern_names::{AccountId, Region};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// The surroundings of one call.
pub struct Context<'a> {
    pub account: AccountId,
    pub region: &'a Region,
    pub now: OffsetDateTime,
    pub quotas: &'a Quotas,
    pub outside: &'a dyn Outside,
}

/// The service principal of Reachability Analyzer, by which an organization trusts it.
pub const ANALYZER: &str = "reachabilityanalyzer.networkinsights.amazonaws.com";

/// Knowledge and chance that EC2 takes from elsewhere.
pub trait Outside {
    /// 64 fresh random bits, for ids and addresses.
    fn bits(&self) -> u64;
    /// The instance profile of that name or ARN, as IAM knows it.
    fn instance_profile(&self, account: AccountId, name_or_arn: &str) -> Option<InstanceProfile>;
    /// Makes a key pair: `rsa` or `ed25519`.
    fn make_key(&self, key_type: &str, comment: &str) -> Result<KeyMaterial, String>;
    /// The fingerprint and canonical line of an imported OpenSSH public key, as AWS computes it; `None` if it is none.
    fn read_public_key(&self, line: &str) -> Option<KeyMaterial>;
    /// The tail of an instance's console, as raw bytes.
    fn console(&self, instance: postern_names::InstanceId) -> Option<Vec<u8>>;
    /// What a Network Access Scope finds in the World. It takes long in a large one: who holds the World's lock meanwhile has it
    /// looked up before, in a copy.
    fn ways_of(&self, world: &World, scope: &AccessScope) -> Result<Found, String> {
        find_ways(world, scope)
    }
    /// What Reachability Analyzer says of a path. It may ask thousands of questions, so it is looked up before too.
    fn analysed(&self, world: &World, path: &InsightsPath, bounds: &Bounds) -> Analysis {
        analyse(world, path, bounds)
    }
    /// The accounts whose things Reachability Analyzer may read for this one: those of the organization that it manages, once
    /// that trusts the analyzer.
    fn readable_accounts(&self, account: AccountId) -> BTreeSet<AccountId>;
    /// Makes the organization that this account manages trust Reachability Analyzer; a dry run finds out whether it would.
    /// Durable when it returns.
    fn trust_analyzer(&self, account: AccountId, is_dry: bool) -> Result<(), Refusal>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceProfile {
    pub arn: String,
    /// `AIPA...`.
    pub id: String,
    /// ARN of the role in it, which the caller of RunInstances must be allowed to pass on.
    pub role: Option<String>,
}

/// A key pair: the private half only when it was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMaterial {
    pub key_type: String,
    pub private_pem: Option<String>,
    /// `ssh-ed25519 AAAA... comment`.
    pub public_line: String,
    pub fingerprint: String,
}
