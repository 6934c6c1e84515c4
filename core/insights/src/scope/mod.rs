//! Network Access Scopes: every way that a scope's match paths match and none of its exclude paths does.
//!
//! The ends are the account's interfaces, internet gateways, endpoints and peering connections. Each pair is asked with the few
//! packets that its groups, ACLs, routes and the scope's own headers tell apart. A finding is the way of one packet from its
//! start to its end, as AWS has it; whether an answer comes back is not looked at.

mod check;
mod ends;
mod packets;
mod search;
mod statement;

pub use check::{Misstated, check};

use postern_model::{AccessScope, World};
use search::Search;
use serde_json::Value;
use statement::Statement;

/// Findings that one analysis keeps at most; AWS keeps "a representative set".
pub const FINDINGS_MAX: usize = 500;
/// Packets that one analysis follows at most: half a minute's work.
const PACKETS_MAX: usize = 5_000_000;

/// What a scope found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The components of each way.
    pub ways: Vec<Vec<Value>>,
    /// Interfaces of the account in the region.
    pub interfaces: usize,
    /// What was left out, if anything.
    pub warning: Option<String>,
}

/// Analyses a scope in the World as it is. The error says why it cannot be, in AWS's words.
pub fn find(world: &World, scope: &AccessScope) -> Result<Found, String> {
    let matched = statements(world, scope, &scope.match_paths)?;
    let excluded = statements(world, scope, &scope.exclude_paths)?;
    let mut search = Search::new(world, scope, matched, excluded);
    search.run();
    Ok(search.found())
}

fn statements(world: &World, scope: &AccessScope, paths: &str) -> Result<Vec<Statement>, String> {
    let paths: Vec<Value> = serde_json::from_str(paths).map_err(|error| error.to_string())?;
    paths.iter().map(|path| Statement::of(world, scope, path)).collect()
}
