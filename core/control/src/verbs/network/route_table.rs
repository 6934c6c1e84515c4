//! CreateRouteTable and DeleteRouteTable.

use crate::{Context, Draft, Request, find, quota, refuse, tags, view};
use postern_call::Refusal;
use postern_model::{EndpointKind, RouteTable, Vpc};
use postern_names::RouteTableId;
use serde_json::{Value, json};

pub fn create_route_table(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.clone();
    let others = draft.route_tables.values().filter(|t| t.vpc == vpc.id);
    let refusal = || quota::reached("RouteTableLimitExceeded", "route tables");
    quota::check(context.quotas.route_tables_per_vpc, others, refusal)?;
    let table = RouteTable {
        id: RouteTableId::from_bits(context.outside.bits()),
        vpc: vpc.id,
        owner: vpc.owner,
        region: vpc.region.clone(),
        number: vpc.next_table_number,
        routes: Vec::new(),
        associations: Vec::new(),
        tags: tags::specified(request, "route-table", &[])?,
    };
    vpc.next_table_number += 1;
    let mut reply = json!({ "RouteTable": view::route_table::route_table(draft, &table) });
    if let Some(token) = request.get("ClientToken") {
        reply["ClientToken"] = token.clone();
    }
    draft.put(vpc);
    draft.put(table);
    Ok(reply)
}

/// The main table and tables with associations stay. A gateway endpoint loses the table from its list.
pub fn delete_route_table(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let table = find::<RouteTable>(draft, context, request.id("RouteTableId")?)?;
    let id = table.id;
    if !table.associations.is_empty() {
        let message = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
        return Err(refuse::dependency_violation(message));
    }
    let endpoints: Vec<_> = draft.endpoints.values().filter(|e| e.route_tables().contains(&id)).cloned().collect();
    for mut endpoint in endpoints {
        if let EndpointKind::Gateway { route_tables } = &mut endpoint.kind {
            route_tables.retain(|table| *table != id);
            draft.put(endpoint);
        }
    }
    draft.remove(id);
    Ok(json!({}))
}
