//! AssociateAddress and DisassociateAddress.

use super::address::{by_public_ip, not_yours};

use crate::verbs::compute::public_address::free_public_address;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::{ElasticAddress, Instance, NetworkInterface, World};
use postern_names::*;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// Moves the address unless `AllowReassociation` is false; the same association again is no error.
pub fn associate_address(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut address = elastic_address(draft, context, request)?;
    let interface = interface(draft, context, request)?;
    let private = private_address(request, &interface)?;
    if interface.requester_managed {
        return Err(not_permitted());
    }
    if !draft.internet_gateways.values().any(|g| g.vpc == Some(interface.vpc)) {
        let message = format!("Network {} is not attached to any internet gateway", interface.vpc);
        return Err(Refusal::new("Gateway.NotAttached", message));
    }
    if let Some((existing, eni, ip)) = address.association {
        if (eni, ip) == (interface.id, private) {
            return Ok(json!({ "AssociationId": existing.to_string() }));
        }
        if request.flag("AllowReassociation") == Some(false) {
            let message = format!("resource {} is already associated with associate-id {existing}", address.allocation);
            return Err(Refusal::new("Resource.AlreadyAssociated", message));
        }
        take_off(draft, context, &mut address)?;
    }
    if let Some(mut former) = draft.addresses.associated(interface.id, private).cloned() {
        former.association = None;
        draft.put(former);
    }
    let id = AddressAssociationId::from_bits(context.outside.bits());
    address.association = Some((id, interface.id, private));
    draft.put(address);
    Ok(json!({ "AssociationId": id.to_string() }))
}

fn elastic_address(world: &World, context: &Context<'_>, request: &Request<'_>) -> Result<ElasticAddress, Refusal> {
    match (request.optional_id("AllocationId")?, request.text("PublicIp")) {
        (Some(id), None) => find::<ElasticAddress>(world, context, id).cloned(),
        (None, Some(ip)) => by_public_ip(world, context, ip).cloned().ok_or_else(|| not_yours(ip)),
        (Some(_), Some(_)) => Err(refuse::invalid_combination(
            "You may specify public IP or allocation id, but not both in the same call",
        )),
        (None, None) => Err(refuse::missing_parameter("AllocationId")),
    }
}

fn interface(world: &World, context: &Context<'_>, request: &Request<'_>) -> Result<NetworkInterface, Refusal> {
    match (request.optional_id("InstanceId")?, request.optional_id("NetworkInterfaceId")?) {
        (None, Some(eni)) => find::<NetworkInterface>(world, context, eni).cloned(),
        (Some(instance), None) => interface_of(world, context, instance),
        (Some(instance), Some(eni)) => {
            let found = find::<NetworkInterface>(world, context, eni)?;
            let is_on_it = found.attachment.as_ref().is_some_and(|a| a.instance == Some(instance));
            if is_on_it {
                return Ok(found.clone());
            }
            Err(refuse::invalid_combination("You may specify instance id or network interface id, but not both."))
        }
        (None, None) => Err(refuse::missing_parameter("networkInterfaceId or instanceId")),
    }
}

fn interface_of(world: &World, context: &Context<'_>, id: InstanceId) -> Result<NetworkInterface, Refusal> {
    let instance = find::<Instance>(world, context, id)?;
    let state = instance.state.wire().1;
    if !matches!(state, "pending" | "running" | "stopped") {
        let message = format!("The {state} instance '{id}' is not in a valid state for this operation.");
        return Err(Refusal::new("InvalidInstanceID", message));
    }
    match world.interfaces_of_instance(id).as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Refusal::new("InvalidInstanceID", format!("There are no interfaces attached to instance '{id}'."))),
        _ => Err(Refusal::new(
            "InvalidInstanceID",
            format!(
                "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the \
                 operation instead."
            ),
        )),
    }
}

fn private_address(request: &Request<'_>, interface: &NetworkInterface) -> Result<Ipv4Addr, Refusal> {
    let Some(text) = request.text("PrivateIpAddress") else {
        return interface
            .primary_address()
            .ok_or_else(|| Refusal::internal(format!("{} has no address", interface.id)));
    };
    let is_its = |ip: &Ipv4Addr| interface.addresses.iter().any(|a| a.address == *ip);
    text.parse().ok().filter(is_its).ok_or_else(|| {
        refuse::invalid_value("privateIpAddress", text, &format!("It is not an address of {}.", interface.id))
    })
}

fn not_permitted() -> Refusal {
    Refusal::new("AuthFailure", "You do not have permission to access the specified resource.")
}

pub fn disassociate_address(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut address = match (request.text("AssociationId"), request.text("PublicIp")) {
        (Some(_), _) => {
            let id: AddressAssociationId = request.id("AssociationId")?;
            let is_it = |a: &&ElasticAddress| {
                a.association.is_some_and(|(given, _, _)| given == id)
                    && crate::verbs::is_visible(context, a.owner, &a.region)
            };
            let found = draft.addresses.values().find(is_it).cloned();
            found.ok_or_else(|| refuse::not_found(AddressAssociationId::PREFIX, id))?
        }
        (None, Some(ip)) => by_public_ip(draft, context, ip).cloned().ok_or_else(|| not_yours(ip))?,
        (None, None) => return Err(refuse::missing_parameter("associationId")),
    };
    take_off(draft, context, &mut address)?;
    draft.put(address);
    Ok(json!({}))
}

/// Ends the association. An interface that had an automatic public address before gets a new one, as in AWS.
fn take_off(draft: &mut Draft<'_>, context: &Context<'_>, address: &mut ElasticAddress) -> Result<(), Refusal> {
    let Some((_, eni, private)) = address.association else { return Ok(()) };
    let Some(mut interface) = draft.network_interfaces.get(&eni).cloned() else {
        address.association = None;
        return Ok(());
    };
    if interface.requester_managed {
        return Err(not_permitted());
    }
    address.association = None;
    let mut addresses = interface.addresses.iter_mut();
    if let Some(entry) = addresses.find(|a| a.address == private && a.auto_public.is_some()) {
        entry.auto_public = Some(free_public_address(draft, context)?);
        draft.put(interface);
    }
    Ok(())
}
