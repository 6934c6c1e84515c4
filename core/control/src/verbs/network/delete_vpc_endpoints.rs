//! DeleteVpcEndpoints: always 200; what could not be deleted is listed in the reply.

use crate::request::parse_id;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{VpcEndpoint, World};
use postern_names::VpcEndpointId;
use serde_json::{Value, json};

/// A malformed id refuses the whole call.
pub fn delete_vpc_endpoints(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let given = request.texts("VpcEndpointIds");
    if given.is_empty() {
        return Err(refuse::missing_parameter("VpcEndpointId"));
    }
    let ids = given.into_iter().map(parse_id).collect::<Result<Vec<VpcEndpointId>, _>>()?;
    let mut unsuccessful = Vec::new();
    for id in ids {
        let refused = match find::<VpcEndpoint>(draft, context, id).cloned() {
            Err(_) => Some(("InvalidVpcEndpoint.NotFound", format!("The VpcEndpoint Id '{id}' does not exist"))),
            Ok(endpoint) => match relies_on(draft, &endpoint) {
                Some(other) => Some((
                    "InvalidParameter",
                    format!(
                        "The endpoint {id} cannot be deleted while PrivateDnsOnlyForInboundResolverEndpoint is true for {other}."
                    ),
                )),
                None => {
                    remove(draft, &endpoint);
                    None
                }
            },
        };
        if let Some((code, message)) = refused {
            unsuccessful.push(json!({
                "Error": { "Code": code, "Message": message },
                "ResourceId": id.to_string(),
            }));
        }
    }
    Ok(json!({ "Unsuccessful": unsuccessful }))
}

/// An interface endpoint's interfaces go with it.
fn remove(draft: &mut Draft<'_>, endpoint: &VpcEndpoint) {
    for place in endpoint.interface().map(|own| own.subnets.as_slice()).unwrap_or_default() {
        draft.remove(place.interface);
    }
    draft.remove(endpoint.id);
}

/// The interface endpoint whose service's public names lead to this gateway endpoint by its own option, unless another
/// gateway endpoint is there for them.
fn relies_on(world: &World, endpoint: &VpcEndpoint) -> Option<VpcEndpointId> {
    let alike =
        || world.endpoints.values().filter(|e| e.vpc == endpoint.vpc && e.service_name == endpoint.service_name);
    if endpoint.interface().is_some() || alike().any(|e| e.interface().is_none() && e.id != endpoint.id) {
        return None;
    }
    alike().find(|e| e.interface().is_some_and(|own| own.private_dns_for_inbound_only)).map(|e| e.id)
}
