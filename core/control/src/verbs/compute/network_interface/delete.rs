//! DeleteNetworkInterface.

use super::guard::own;
use crate::verbs::compute::lifecycle::disassociate_elastic_addresses;
use crate::{Context, Draft, Request, find};
use postern_call::Refusal;
use postern_model::NetworkInterface;
use serde_json::{Value, json};

/// Errors: `InvalidNetworkInterface.InUse` while attached, `OperationNotPermitted` for a service's.
pub(super) fn delete(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id = request.id("NetworkInterfaceId")?;
    let interface = find::<NetworkInterface>(draft, context, id)?;
    if interface.requester_managed {
        own(draft, context, id)?;
    }
    if interface.attachment.is_some() {
        let message = format!("Network interface '{id}' is currently in use.");
        return Err(Refusal::new("InvalidNetworkInterface.InUse", message).hint("detach it first"));
    }
    let interface = own(draft, context, id)?;
    disassociate_elastic_addresses(draft, &interface);
    draft.remove(id);
    Ok(json!({}))
}
