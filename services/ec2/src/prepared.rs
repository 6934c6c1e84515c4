//! What takes long is got before the World is locked: a key pair takes a tenth of a second to make, a Network Access Scope's
//! analysis up to half a minute, that of a path as long as two thousand questions; and what another service does must be on
//! its disk.

use crate::commit::read_lock;
use crate::serve::is_dry;
use postern_call::{Call, Refusal};
use postern_control::{Analysis, Bounds, FoundWays, InstanceProfile, KeyMaterial, Outside};
use postern_model::{AccessScope, InsightsPath, World};
use postern_names::{AccountId, InstanceId, NetworkInsightsAccessScopeId, NetworkInsightsPathId};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

/// The outside as one call's verb sees it.
pub struct Prepared {
    outside: Arc<dyn Outside + Send + Sync>,
    key: Option<Result<KeyMaterial, String>>,
    ways: Option<(NetworkInsightsAccessScopeId, Result<FoundWays, String>)>,
    analysis: Option<(NetworkInsightsPathId, Analysis)>,
    trusted: Option<Result<(), Refusal>>,
}

impl Prepared {
    pub async fn of(call: &Call, outside: &Arc<dyn Outside + Send + Sync>, world: &Arc<RwLock<World>>) -> Self {
        let mut prepared = Self { outside: outside.clone(), key: None, ways: None, analysis: None, trusted: None };
        if let Some((key_type, comment)) = wanted_key(call) {
            let maker = outside.clone();
            let made = tokio::task::spawn_blocking(move || maker.make_key(key_type, &comment)).await;
            prepared.key = Some(made.unwrap_or_else(|error| Err(error.to_string())));
        }
        if let Some(scope) = wanted_scope(call, world) {
            let (id, world, outside) = (scope.id, world.clone(), outside.clone());
            // Others go on with the World meanwhile: the analysis has a copy.
            let look = move || {
                let world = read_lock(&world).clone();
                outside.ways_of(&world, &scope)
            };
            let found = tokio::task::spawn_blocking(look).await;
            prepared.ways = Some((id, found.unwrap_or_else(|error| Err(error.to_string()))));
        }
        if let Some(path) = wanted_path(call, world) {
            let filters = (texts(call, "FilterInArns"), texts(call, "FilterOutArns"));
            let named: Vec<AccountId> =
                texts(call, "AdditionalAccounts").iter().flat_map(|text| text.parse()).collect();
            let (id, world, outside) = (path.id, world.clone(), outside.clone());
            // Short enough that those who change the World wait for it; those who read do not.
            let look = move || {
                let (world, readable) = (read_lock(&world), outside.readable_accounts(path.owner));
                outside.analysed(&world, &path, &Bounds::of(&world, &path, filters, &named, &readable))
            };
            prepared.analysis = tokio::task::spawn_blocking(look).await.ok().map(|found| (id, found));
        }
        if call.operation == "EnableReachabilityAnalyzerOrganizationSharing"
            && let Some(account) = call.caller.account()
        {
            let (outside, is_dry) = (outside.clone(), is_dry(call));
            let trusted = tokio::task::spawn_blocking(move || outside.trust_analyzer(account, is_dry)).await;
            prepared.trusted = Some(trusted.unwrap_or_else(|error| Err(Refusal::internal(error))));
        }
        prepared
    }
}

/// The caller's path that the call will have analysed.
fn wanted_path(call: &Call, world: &RwLock<World>) -> Option<InsightsPath> {
    if call.operation != "StartNetworkInsightsAnalysis" {
        return None;
    }
    let id = call.input.get("NetworkInsightsPathId").and_then(Value::as_str)?.parse().ok()?;
    let path = read_lock(world).insights_paths.get(&id).cloned()?;
    (Some(path.owner) == call.caller.account() && path.region == call.region).then_some(path)
}

fn texts(call: &Call, member: &str) -> Vec<String> {
    let all = call.input.get(member).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The caller's scope that the call will have analysed.
fn wanted_scope(call: &Call, world: &RwLock<World>) -> Option<AccessScope> {
    if call.operation != "StartNetworkInsightsAccessScopeAnalysis" {
        return None;
    }
    let id = call.input.get("NetworkInsightsAccessScopeId").and_then(Value::as_str)?.parse().ok()?;
    let scope = read_lock(world).access_scopes.get(&id).cloned()?;
    (Some(scope.owner) == call.caller.account() && scope.region == call.region).then_some(scope)
}

/// Type and comment of the key that the call will ask for, if it is a good one.
fn wanted_key(call: &Call) -> Option<(&'static str, String)> {
    if call.operation != "CreateKeyPair" {
        return None;
    }
    let text = |member: &str| call.input.get(member).and_then(Value::as_str);
    let key_type = match text("KeyType") {
        None | Some("rsa") => "rsa",
        Some("ed25519") => "ed25519",
        Some(_) => return None,
    };
    Some((key_type, text("KeyName")?.to_owned()))
}

impl Outside for Prepared {
    fn bits(&self) -> u64 {
        self.outside.bits()
    }
    fn instance_profile(&self, account: AccountId, name_or_arn: &str) -> Option<InstanceProfile> {
        self.outside.instance_profile(account, name_or_arn)
    }
    fn make_key(&self, key_type: &str, comment: &str) -> Result<KeyMaterial, String> {
        match &self.key {
            Some(made) => made.clone(),
            None => self.outside.make_key(key_type, comment),
        }
    }
    fn read_public_key(&self, line: &str) -> Option<KeyMaterial> {
        self.outside.read_public_key(line)
    }
    fn console(&self, instance: InstanceId) -> Option<Vec<u8>> {
        self.outside.console(instance)
    }
    fn ways_of(&self, world: &World, scope: &AccessScope) -> Result<FoundWays, String> {
        match &self.ways {
            Some((id, found)) if *id == scope.id => found.clone(),
            _ => self.outside.ways_of(world, scope),
        }
    }
    fn readable_accounts(&self, account: AccountId) -> BTreeSet<AccountId> {
        self.outside.readable_accounts(account)
    }
    fn trust_analyzer(&self, _account: AccountId, _is_dry: bool) -> Result<(), Refusal> {
        self.trusted.clone().unwrap_or_else(|| Err(Refusal::internal("trust in the analyzer was not prepared")))
    }
    fn analysed(&self, world: &World, path: &InsightsPath, bounds: &Bounds) -> Analysis {
        match &self.analysis {
            Some((id, found)) if *id == path.id => found.clone(),
            _ => self.outside.analysed(world, path, bounds),
        }
    }
}
