//! Describe-, Modify- and ResetNetworkInterfaceAttribute.

use super::guard::own;
use crate::verbs::compute::interface_wish;
use crate::verbs::compute::public_address::give_public_address;
use crate::verbs::compute::word::word;
use crate::{Context, Draft, Request, find, refuse, view};
use postern_call::Refusal;
use postern_model::{InstanceState, NetworkInterface, Subnet};
use serde_json::{Value, json};

pub(super) fn describe_attribute(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let interface = find::<NetworkInterface>(draft, context, request.id("NetworkInterfaceId")?)?;
    let attributes = ["description", "groupSet", "sourceDestCheck", "attachment", "associatePublicIpAddress"];
    let attribute = word(request, "Attribute", &attributes)?.ok_or_else(|| refuse::missing_parameter("attribute"))?;
    let mut reply = json!({ "NetworkInterfaceId": interface.id.to_string() });
    let whole = || Value::from(view::network_interface::network_interface(draft, interface));
    match attribute {
        "description" => reply["Description"] = json!({ "Value": interface.description }),
        "groupSet" => reply["Groups"] = view::group::identifiers(draft, &interface.groups).into(),
        "sourceDestCheck" => reply["SourceDestCheck"] = json!({ "Value": interface.source_dest_check }),
        "attachment" => {
            if let Some(attachment) = whole().get("Attachment") {
                reply["Attachment"] = attachment.clone();
            }
        }
        _ => reply["AssociatePublicIpAddress"] = json!(interface.associate_public_ip),
    }
    Ok(reply)
}

/// One attribute per call, as AWS demands. A public address comes or goes at once while the instance is up.
pub(super) fn modify(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut interface = own(draft, context, request.id("NetworkInterfaceId")?)?;
    let unserved =
        ["EnaSrdSpecification", "EnablePrimaryIpv6", "ConnectionTrackingSpecification", "AssociatedSubnetIds"];
    if let Some(member) = unserved.into_iter().find(|m| request.get(m).is_some_and(|v| v != &json!([]))) {
        return Err(refuse::not_served(&format!("ModifyNetworkInterfaceAttribute with {member}")));
    }
    let groups = !request.texts("Groups").is_empty();
    let given = ["Description", "SourceDestCheck", "Attachment", "AssociatePublicIpAddress"];
    let count = given.iter().filter(|member| request.get(member).is_some()).count() + usize::from(groups);
    match count {
        0 => return Err(refuse::missing_parameter("an attribute to modify")),
        1 => {}
        _ => return Err(refuse::invalid_combination("Only one attribute can be modified at a time")),
    }
    if let Some(part) = request.part("Description") {
        interface.description = part.text("Value").unwrap_or_default().to_owned();
    }
    if let Some(check) = request.attribute_flag("SourceDestCheck") {
        interface.source_dest_check = check;
    }
    if let Some(wants) = request.flag("AssociatePublicIpAddress") {
        check_no_elastic(draft, &interface)?;
        interface.associate_public_ip = wants;
        let holder = interface.attachment.as_ref().and_then(|a| a.instance).and_then(|id| draft.instances.get(&id));
        if !wants {
            interface.addresses.iter_mut().for_each(|address| address.auto_public = None);
        } else if holder.is_some_and(|i| matches!(i.state, InstanceState::Pending | InstanceState::Running)) {
            give_public_address(draft, context, &mut interface)?;
        }
    }
    if let Some(part) = request.part("Attachment") {
        set_attachment(&mut interface, &part)?;
    }
    if groups {
        set_groups(draft, context, request, &mut interface)?;
    }
    draft.put(interface);
    Ok(json!({}))
}

/// Replaces an interface's groups by those of the request's `Groups`.
pub(crate) fn set_groups(
    draft: &Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    interface: &mut NetworkInterface,
) -> Result<(), Refusal> {
    let subnet = find::<Subnet>(draft, context, interface.subnet)?;
    interface.groups = interface_wish::groups(draft, context, request, "Groups", subnet)?;
    Ok(())
}

/// Back to true.
pub(super) fn reset(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let mut interface = own(draft, context, request.id("NetworkInterfaceId")?)?;
    if request.text("SourceDestCheck").is_none() {
        return Err(refuse::missing_parameter("sourceDestCheck"));
    }
    interface.source_dest_check = true;
    draft.put(interface);
    Ok(json!({}))
}

fn check_no_elastic(draft: &Draft<'_>, interface: &NetworkInterface) -> Result<(), Refusal> {
    let public = view::network_interface::primary_public(draft, interface);
    match public.and_then(|public| public.elastic) {
        None => Ok(()),
        Some(elastic) => Err(refuse::invalid_combination(format!(
            "The primary private IP address of {} has an Elastic IP address: {}",
            interface.id, elastic.public_ip
        ))),
    }
}

fn set_attachment(interface: &mut NetworkInterface, part: &Request<'_>) -> Result<(), Refusal> {
    let given = part.required_text("AttachmentId")?;
    let attachment = interface.attachment.as_mut().filter(|a| a.id.to_string() == given);
    let attachment = attachment.ok_or_else(|| {
        let message = format!("The attachment ID '{given}' does not exist");
        Refusal::new("InvalidAttachmentID.NotFound", message)
    })?;
    if part.get("EnaQueueCount").is_some() || part.get("DefaultEnaQueueCount").is_some() {
        return Err(refuse::not_served("Attachment.EnaQueueCount"));
    }
    attachment.delete_on_termination = part.flag("DeleteOnTermination").unwrap_or(attachment.delete_on_termination);
    Ok(())
}
