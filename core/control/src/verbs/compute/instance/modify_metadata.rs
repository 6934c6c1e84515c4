//! ModifyInstanceMetadataOptions.

use super::metadata_options::changed;
use crate::{Context, Draft, Request, find, refuse, view};
use postern_call::Refusal;
use postern_model::{Instance, InstanceState};
use serde_json::{Value, json};

pub(super) fn modify(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut instance = find::<Instance>(draft, context, request.id("InstanceId")?)?.clone();
    let members = ["HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags"];
    if members.iter().all(|member| request.get(member).is_none()) {
        return Err(refuse::missing_parameter("HttpTokens, HttpEndpoint or another option"));
    }
    if matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
        let message = format!("The instance '{}' is not in a state in which it can be modified.", instance.id);
        return Err(Refusal::new("IncorrectInstanceState", message));
    }
    instance.metadata = changed(&instance.metadata, request)?;
    let mut options = view::instance::metadata_options(&instance.metadata);
    options["State"] = json!("pending");
    let reply = json!({ "InstanceId": instance.id.to_string(), "InstanceMetadataOptions": options });
    draft.put(instance);
    Ok(reply)
}
