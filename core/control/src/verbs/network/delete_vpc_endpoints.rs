//! DeleteVpcEndpoints: always 200; what could not be deleted is listed in the reply.

use crate::request::parse_id;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::VpcEndpoint;
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
        match find::<VpcEndpoint>(draft, context, id) {
            Ok(_) => draft.remove(id),
            Err(_) => unsuccessful.push(json!({
                "Error": {
                    "Code": "InvalidVpcEndpoint.NotFound",
                    "Message": format!("The VpcEndpoint Id '{id}' does not exist"),
                },
                "ResourceId": id.to_string(),
            })),
        }
    }
    Ok(json!({ "Unsuccessful": unsuccessful }))
}
