//! AssociateRouteTable, DisassociateRouteTable, ReplaceRouteTableAssociation.

use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{RouteTable, Subnet, TableAssociation};
use postern_names::RouteTableAssociationId;
use serde_json::{Value, json};

pub fn associate_route_table(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut table = find::<RouteTable>(draft, context, request.id("RouteTableId")?)?.clone();
    if request.get("GatewayId").is_some() {
        return Err(refuse::not_served("A route table of a gateway (edge association)"));
    }
    if request.text("SubnetId").is_none() {
        return Err(refuse::missing_parameter("subnetId or gatewayId"));
    }
    let subnet = find::<Subnet>(draft, context, request.id("SubnetId")?)?;
    if subnet.vpc != table.vpc {
        let message = format!("Route table {} and subnet {} belong to different networks", table.id, subnet.id);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let subnet = subnet.id;
    if let Some(existing) = table.associations.iter().find(|a| a.subnet == Some(subnet)) {
        return Ok(json!({ "AssociationId": existing.id.to_string(), "AssociationState": { "State": "associated" } }));
    }
    if draft.route_tables.values().any(|t| t.associations.iter().any(|a| a.subnet == Some(subnet))) {
        let message =
            format!("the specified association for route table {} conflicts with an existing association", table.id);
        return Err(Refusal::new("Resource.AlreadyAssociated", message));
    }
    let id = RouteTableAssociationId::from_bits(context.outside.bits());
    table.associations.push(TableAssociation { id, subnet: Some(subnet) });
    draft.put(table);
    Ok(json!({ "AssociationId": id.to_string(), "AssociationState": { "State": "associated" } }))
}

/// The subnet falls back to the VPC's main table.
pub fn disassociate_route_table(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let (mut table, association) = find_association(draft, context, request)?;
    if association.subnet.is_none() {
        let message = format!("cannot disassociate the main route table association {}", association.id);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    table.associations.retain(|a| a.id != association.id);
    draft.put(table);
    Ok(json!({}))
}

/// Moves a subnet, or the VPC's main association, to another table of the VPC.
pub fn replace_route_table_association(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let (mut old, association) = find_association(draft, context, request)?;
    let mut new = find::<RouteTable>(draft, context, request.id("RouteTableId")?)?.clone();
    if new.vpc != old.vpc {
        let message = format!(
            "route table association {} and route table {} belong to different networks",
            association.id, new.id
        );
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let mut id = association.id;
    if new.id != old.id {
        id = RouteTableAssociationId::from_bits(context.outside.bits());
        old.associations.retain(|a| a.id != association.id);
        new.associations.push(TableAssociation { id, subnet: association.subnet });
        draft.put(old);
        draft.put(new);
    }
    Ok(json!({ "NewAssociationId": id.to_string(), "AssociationState": { "State": "associated" } }))
}

fn find_association(
    draft: &Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<(RouteTable, TableAssociation), Refusal> {
    let id: RouteTableAssociationId = request.id("AssociationId")?;
    draft
        .route_tables
        .values()
        .filter(|t| t.owner == context.account && t.region == *context.region)
        .find_map(|t| t.associations.iter().find(|a| a.id == id).map(|a| (t.clone(), a.clone())))
        .ok_or_else(|| refuse::not_found(RouteTableAssociationId::PREFIX, id))
}
