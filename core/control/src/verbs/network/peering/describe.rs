//! DescribeVpcPeeringConnections.

use super::{find_peering, own_side};
use crate::view::peering::{FILTERS, is_forgotten, peering_connection};
use crate::{Context, Draft, Filters, Request, page};
use postern_call::Refusal;
use postern_model::VpcPeeringConnection;
use serde_json::Value;
use std::collections::BTreeMap;

pub fn describe_vpc_peering_connections(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let filters = Filters::of(request);
    filters.check_names(|name| FILTERS.iter().any(|(known, _)| *known == name))?;
    let ids = request.ids("VpcPeeringConnectionIds")?;
    let found: Vec<&VpcPeeringConnection> = if ids.is_empty() {
        let seen = |p: &&VpcPeeringConnection| !is_forgotten(p, context.account, context.now);
        draft.peerings.values().filter(seen).collect()
    } else {
        let named = ids.into_iter().map(|id| find_peering(draft, context, id).map(|peering| (id, peering)));
        named.collect::<Result<BTreeMap<_, _>, _>>()?.into_values().collect()
    };
    let mut items = Vec::new();
    for peering in found {
        let Some(own) = own_side(context, peering) else { continue };
        let values = |name: &str| {
            FILTERS.iter().find(|(known, _)| *known == name).map(|(_, values)| values(draft, peering, context.now))
        };
        if filters.pass(&own.tags, values)? {
            items.push(peering_connection(draft, context, peering));
        }
    }
    page(request, "VpcPeeringConnections", items, 5, 1000)
}
