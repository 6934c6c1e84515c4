//! AttachNetworkInterface and DetachNetworkInterface.

use super::guard::own;
use crate::verbs::is_visible;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{Attachment, Instance, InstanceState, NetworkInterface, World, instance_types};
use postern_names::NetworkInterfaceAttachmentId;
use serde_json::{Value, json};

/// To a running or stopped instance of the same VPC and zone.
pub(super) fn attach(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut interface = own(draft, context, request.id("NetworkInterfaceId")?)?;
    let instance = find::<Instance>(draft, context, request.id("InstanceId")?)?;
    let index = request.number("DeviceIndex").ok_or_else(|| refuse::missing_parameter("deviceIndex"))?;
    let device_index =
        u32::try_from(index).map_err(|_| refuse::invalid_value("deviceIndex", index, "Must not be negative"))?;
    if request.number("NetworkCardIndex").unwrap_or(0) != 0 {
        return Err(refuse::not_served("AttachNetworkInterface with a NetworkCardIndex other than 0"));
    }
    if interface.attachment.is_some() {
        let message = format!("Interface: [{}] in use.", interface.id);
        return Err(Refusal::new("InvalidNetworkInterface.InUse", message));
    }
    check_instance(draft, instance, &interface, device_index)?;
    let id = NetworkInterfaceAttachmentId::from_bits(context.outside.bits());
    interface.attachment = Some(Attachment {
        id,
        instance: Some(instance.id),
        device_index,
        delete_on_termination: false,
        attached: context.now,
    });
    draft.put(interface);
    Ok(json!({ "AttachmentId": id.to_string(), "NetworkCardIndex": 0 }))
}

fn check_instance(
    world: &World,
    instance: &Instance,
    interface: &NetworkInterface,
    device_index: u32,
) -> Result<(), Refusal> {
    if !matches!(instance.state, InstanceState::Pending | InstanceState::Running | InstanceState::Stopped) {
        let message = format!("Instance '{}' is not in a valid state for this operation.", instance.id);
        return Err(Refusal::new("IncorrectState", message).hint(format!("it is {}", instance.state.wire().1)));
    }
    if interface.zone != instance.zone || interface.vpc != instance.vpc {
        return Err(refuse::invalid_combination(
            "You may not attach a network interface to an instance if they are not in the same availability zone",
        )
        .hint(format!(
            "{} is in {} of {}, {} in {} of {}",
            interface.id, interface.zone, interface.vpc, instance.id, instance.zone, instance.vpc
        )));
    }
    let attached = world.interfaces_of_instance(instance.id);
    let takes = |eni: &&NetworkInterface| eni.attachment.as_ref().is_some_and(|a| a.device_index == device_index);
    if attached.iter().any(takes) {
        let message =
            format!("Instance '{}' already has an interface attached at device index '{device_index}'.", instance.id);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let most = instance_types().iter().find(|kind| kind.name == instance.instance_type).map_or(0, |k| k.interfaces);
    if attached.len() >= most as usize {
        let message =
            format!("Interface count {} exceeds the limit for {}", attached.len() + 1, instance.instance_type);
        return Err(Refusal::new("AttachmentLimitExceeded", message));
    }
    Ok(())
}

/// Never the primary interface. Errors: `InvalidAttachmentID.NotFound`, `OperationNotPermitted`.
pub(super) fn detach(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let given = request.required_text("AttachmentId")?;
    if given.starts_with("ela-attach-") {
        let message = "You are not allowed to manage 'ela-attach' attachments.";
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    let id: NetworkInterfaceAttachmentId = request.id("AttachmentId")?;
    let has_it = |eni: &&NetworkInterface| eni.attachment.as_ref().is_some_and(|a| a.id == id && a.instance.is_some());
    let mut visible = draft.network_interfaces.values().filter(|e| is_visible(context, e.owner, &e.region));
    let mut interface =
        visible.find(has_it).ok_or_else(|| refuse::not_found(NetworkInterfaceAttachmentId::PREFIX, id))?.clone();
    if interface.attachment.as_ref().is_some_and(|a| a.device_index == 0) {
        let message = "The network interface at device index 0 cannot be detached.";
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    interface.attachment = None;
    interface.addresses.iter_mut().for_each(|address| address.auto_public = None);
    draft.put(interface);
    Ok(json!({}))
}
