//! DeleteSecurityGroup.

use super::named::named;
use crate::{Context, Draft, Request, refuse};
use postern_call::Refusal;
use postern_model::{GroupPeer, SecurityGroup, World};
use serde_json::{Value, json};

/// Errors: `CannotDelete` for a default group; `DependencyViolation` while an interface has the group or the rule
/// of another group of its VPC names it. Rules of peered VPCs become stale.
pub(super) fn delete(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let group = named(draft, context, request)?;
    if group.is_default() {
        let message =
            format!("the specified group: \"{}\" name: \"{}\" cannot be deleted by a user", group.id, group.name);
        return Err(Refusal::new("CannotDelete", message).hint("a VPC's default group goes with its VPC"));
    }
    if let Some(user) = dependent(draft, group) {
        let message = format!("resource {} has a dependent object", group.id);
        return Err(refuse::dependency_violation(message).hint(format!("{user} uses it")));
    }
    let id = group.id;
    draft.remove(id);
    Ok(json!({ "Return": true, "GroupId": id.to_string() }))
}

/// What still uses the group.
fn dependent(world: &World, group: &SecurityGroup) -> Option<String> {
    let interface = world.network_interfaces.values().find(|eni| eni.groups.contains(&group.id));
    let names_it = |peer: &GroupPeer| matches!(peer, GroupPeer::Group { id, .. } if *id == group.id);
    let others = world.security_groups.values().filter(|other| other.id != group.id && other.vpc == group.vpc);
    let mut naming = others.filter(|other| other.rules.iter().any(|rule| names_it(&rule.peer)));
    interface.map(|eni| eni.id.to_string()).or_else(|| naming.next().map(|other| format!("a rule of {}", other.id)))
}
