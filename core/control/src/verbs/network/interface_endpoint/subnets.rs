//! The subnets of an interface endpoint: one per zone, with an interface in each.

use crate::verbs::compute::free_address::free_address;
use crate::verbs::compute::interface_wish::address;
use crate::verbs::compute::new_interface::new_interface;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use std::net::Ipv4Addr;

/// A subnet that the endpoint shall be in, with the address it shall have there, if one is named.
pub type Wish = (Subnet, Option<Ipv4Addr>);

/// The subnets of a member: each of the VPC, each in a zone that no other subnet of the endpoint is in.
pub fn wanted(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    member: &str,
    vpc: &Vpc,
    own: &InterfaceEndpoint,
) -> Result<Vec<Wish>, Refusal> {
    let addresses = addresses(request)?;
    let mut ids: Vec<SubnetId> = Vec::new();
    for id in request.ids(member)? {
        let is_new = !ids.contains(&id) && !own.subnets.iter().any(|place| place.subnet == id);
        is_new.then(|| ids.push(id));
    }
    let is_known = |id: &SubnetId| ids.contains(id) || own.subnets.iter().any(|place| place.subnet == *id);
    if let Some((stranger, _)) = addresses.iter().find(|(id, _)| !is_known(id)) {
        find::<Subnet>(world, context, *stranger)?;
        let message = format!("The subnet {stranger} of SubnetConfigurations is not one of the endpoint's subnets.");
        return Err(Refusal::new("InvalidParameter", message).hint("name it in SubnetIds too"));
    }
    let mut wishes: Vec<Wish> = Vec::new();
    for id in &ids {
        let subnet = find::<Subnet>(world, context, *id)?.clone();
        if subnet.vpc != vpc.id {
            let message = format!("Subnet {id} does not belong to the VPC {}.", vpc.id);
            return Err(Refusal::new("InvalidParameter", message));
        }
        let held = own.subnets.iter().filter_map(|place| world.subnets.get(&place.subnet));
        if held.chain(wishes.iter().map(|(subnet, _)| subnet)).any(|other| other.zone == subnet.zone) {
            let message = format!("Found another VPC endpoint subnet in the availability zone of {id}");
            return Err(Refusal::new("DuplicateSubnetsInSameZone", message));
        }
        wishes.push((subnet, addresses.iter().find(|(named, _)| named == id).and_then(|(_, address)| *address)));
    }
    Ok(wishes)
}

/// Makes an interface in each.
pub fn add(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    own: &mut InterfaceEndpoint,
    wishes: Vec<Wish>,
) -> Result<(), Refusal> {
    for (subnet, wish) in wishes {
        let address = free_address(draft, &subnet, wish)?;
        let interface = make(draft, context, endpoint, &own.groups, &subnet, address);
        own.subnets.push(EndpointSubnet { subnet: subnet.id, interface });
    }
    Ok(())
}

/// RemoveSubnetIds.
pub fn remove(
    draft: &mut Draft<'_>,
    request: &Request<'_>,
    endpoint: &VpcEndpoint,
    own: &mut InterfaceEndpoint,
) -> Result<(), Refusal> {
    for id in request.ids::<SubnetId>("RemoveSubnetIds")? {
        let Some(at) = own.subnets.iter().position(|place| place.subnet == id) else {
            let message = format!("Subnet {id} is not associated with the endpoint {}.", endpoint.id);
            return Err(Refusal::new("InvalidParameter", message));
        };
        draft.remove(own.subnets.remove(at).interface);
    }
    Ok(())
}

/// A named address that the interface in its subnet does not have yet: a new interface takes the old one's place.
pub fn replace(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    endpoint: &VpcEndpoint,
    own: &mut InterfaceEndpoint,
) -> Result<(), Refusal> {
    for (id, wish) in addresses(request)? {
        let Some(place) = own.subnets.iter_mut().find(|place| place.subnet == id) else { continue };
        let present = draft.network_interfaces.get(&place.interface).and_then(NetworkInterface::primary_address);
        if wish.is_none() || wish == present {
            continue;
        }
        let subnet = find::<Subnet>(draft, context, id)?.clone();
        let address = free_address(draft, &subnet, wish)?;
        draft.remove(place.interface);
        place.interface = make(draft, context, endpoint, &own.groups, &subnet, address);
    }
    Ok(())
}

fn make(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    groups: &[SecurityGroupId],
    subnet: &Subnet,
    address: Ipv4Addr,
) -> NetworkInterfaceId {
    let description = format!("VPC Endpoint Interface {}", endpoint.id);
    let mut eni = new_interface(context, subnet, InterfaceKind::VpcEndpoint, &description, address);
    eni.groups = groups.to_vec();
    eni.requester_managed = true;
    eni.attachment = Some(Attachment {
        id: NetworkInterfaceAttachmentId::from_bits(context.outside.bits()),
        instance: None,
        device_index: 1,
        delete_on_termination: false,
        attached: context.now,
    });
    let id = eni.id;
    draft.put(eni);
    id
}

/// SubnetConfigurations: IPv4 only.
fn addresses(request: &Request<'_>) -> Result<Vec<(SubnetId, Option<Ipv4Addr>)>, Refusal> {
    let one = |part: &Request<'_>| {
        if part.text("Ipv6").is_some() {
            return Err(refuse::not_served("IPv6"));
        }
        Ok((part.id("SubnetId")?, address(part, "Ipv4")?))
    };
    request.parts("SubnetConfigurations").iter().map(one).collect()
}
