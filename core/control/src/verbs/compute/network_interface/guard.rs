//! What users may not do to interfaces that a service made for them.

use crate::{Context, find};
use postern_call::Refusal;
use postern_model::{NetworkInterface, World};
use postern_names::NetworkInterfaceId;

/// The caller's interface, to be changed. Errors: `InvalidNetworkInterfaceID.NotFound`, `OperationNotPermitted`.
pub(super) fn own(world: &World, context: &Context<'_>, id: NetworkInterfaceId) -> Result<NetworkInterface, Refusal> {
    let interface = find::<NetworkInterface>(world, context, id)?;
    let is_held_by_service = interface.attachment.as_ref().is_some_and(|a| a.instance.is_none());
    if interface.requester_managed || is_held_by_service {
        let message = "You do not have permission to access the specified resource.";
        return Err(Refusal::new("OperationNotPermitted", message)
            .hint(format!("{id} belongs to a service: {}", interface.description)));
    }
    Ok(interface.clone())
}
