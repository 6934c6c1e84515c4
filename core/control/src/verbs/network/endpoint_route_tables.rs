//! The route tables of a gateway endpoint: of its VPC, and one route per prefix list and table.

use crate::{Context, find};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use std::collections::BTreeSet;

/// Whether an endpoint for the service may put its route into these tables.
pub fn check(
    world: &World,
    context: &Context<'_>,
    vpc: VpcId,
    service_name: &str,
    tables: &[RouteTableId],
) -> Result<(), Refusal> {
    let prefix = format!("com.amazonaws.{}.", context.region);
    let short = service_name.strip_prefix(prefix.as_str()).unwrap_or_default();
    let list = GATEWAY_SERVICES.iter().find(|s| s.name == short).map(|s| s.prefix_list(context.region));
    for id in tables {
        let table = find::<RouteTable>(world, context, *id)?;
        if table.vpc != vpc {
            let message = format!("Route table {id} does not belong to the VPC {vpc}.");
            return Err(Refusal::new("InvalidParameter", message));
        }
        if list.is_some_and(|list| has_route(world, table, list)) {
            let list = list.map(|l| l.to_string()).unwrap_or_default();
            let message = format!("route table {id} already has a route with destination-prefix-list-id {list}");
            return Err(Refusal::new("RouteAlreadyExists", message));
        }
    }
    Ok(())
}

fn has_route(world: &World, table: &RouteTable, list: PrefixListId) -> bool {
    world.endpoint_routes(table.id).iter().any(|r| r.prefix_list == list)
        || table.routes.iter().any(|r| r.destination == RouteDestination::PrefixList(list))
}

/// Each table once, in the order given.
pub fn distinct(tables: Vec<RouteTableId>) -> Vec<RouteTableId> {
    let mut seen = BTreeSet::new();
    tables.into_iter().filter(|t| seen.insert(*t)).collect()
}
