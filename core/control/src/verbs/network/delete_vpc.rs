//! DeleteVpc: takes along what came with the VPC, refuses while anything else is in it.

use super::peering;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{Vpc, World};
use postern_names::VpcId;
use serde_json::{Value, json};

pub fn delete_vpc(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id: VpcId = request.id("VpcId")?;
    find::<Vpc>(draft, context, id)?;
    if is_in_use(draft, id) {
        return Err(refuse::dependency_violation(format!("The vpc '{id}' has dependencies and cannot be deleted.")));
    }
    peering::withdraw_requests(draft, context, id);
    let tables: Vec<_> = draft.route_tables.values().filter(|t| t.vpc == id).map(|t| t.id).collect();
    let acls: Vec<_> = draft.network_acls.values().filter(|a| a.vpc == id).map(|a| a.id).collect();
    let groups: Vec<_> = draft.security_groups.values().filter(|g| g.vpc == id).map(|g| g.id).collect();
    tables.into_iter().for_each(|table| draft.remove(table));
    acls.into_iter().for_each(|acl| draft.remove(acl));
    groups.into_iter().for_each(|group| draft.remove(group));
    draft.remove(id);
    Ok(json!({}))
}

fn is_in_use(world: &World, id: VpcId) -> bool {
    world.subnets.values().any(|s| s.vpc == id)
        || world.network_interfaces.values().any(|eni| eni.vpc == id)
        || world.internet_gateways.values().any(|g| g.vpc == Some(id))
        || world.endpoints.values().any(|e| e.vpc == id)
        || world.peerings_of(id).next().is_some()
        || world.route_tables.values().any(|t| t.vpc == id && !t.is_main())
        || world.network_acls.values().any(|a| a.vpc == id && !a.is_default)
        || world.security_groups.values().any(|g| g.vpc == id && !g.is_default())
}
