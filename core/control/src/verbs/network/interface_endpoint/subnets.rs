//! The subnets of an interface endpoint: one per zone, with an interface in each.

use crate::verbs::compute::free_address::free_address;
use crate::verbs::compute::interface_wish::address;
use crate::verbs::compute::ipv6_wish::{self, Ipv6Wish};
use crate::verbs::compute::new_interface::new_interface;
use crate::{Context, Draft, Request, find};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The type of an endpoint that has addresses of both families.
const DUAL: &str = "dualstack";

/// The addresses that an endpoint shall have in a subnet, where they are named.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named {
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Addr>,
}

/// A subnet that the endpoint shall be in.
pub type Wish = (Subnet, Named);

/// The subnets of a member: each of the VPC, each in a zone that no other subnet of the endpoint is in.
pub fn wanted(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    member: &str,
    (vpc, address_type): (&Vpc, &str),
    own: &InterfaceEndpoint,
) -> Result<Vec<Wish>, Refusal> {
    let addresses = addresses(request, address_type)?;
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
        check_dual(&subnet, address_type)?;
        let named = addresses.iter().find(|(named, _)| named == id).map(|(_, named)| *named);
        wishes.push((subnet, named.unwrap_or_default()));
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
        let interface = make(draft, context, endpoint, &own.groups, &subnet, wish)?;
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
    for (id, wish) in addresses(request, &endpoint.ip_address_type)? {
        let Some(place) = own.subnets.iter_mut().find(|place| place.subnet == id) else { continue };
        let Some(present) = draft.network_interfaces.get(&place.interface).cloned() else { continue };
        let is_same = wish.ipv4.is_none_or(|wanted| present.primary_address() == Some(wanted))
            && wish.ipv6.is_none_or(|wanted| present.ipv6_addresses == [wanted]);
        if is_same {
            continue;
        }
        let subnet = find::<Subnet>(draft, context, id)?.clone();
        draft.remove(place.interface);
        // What is not named stays as it is.
        let wish = Named {
            ipv4: wish.ipv4.or(present.primary_address()),
            ipv6: wish.ipv6.or(present.ipv6_addresses.first().copied()),
        };
        place.interface = make(draft, context, endpoint, &own.groups, &subnet, wish)?;
    }
    Ok(())
}

/// IpAddressType of ModifyVpcEndpoint: the interfaces get an IPv6 address, or lose theirs.
pub fn change_type(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    own: &InterfaceEndpoint,
) -> Result<(), Refusal> {
    for place in &own.subnets {
        let Some(mut eni) = draft.network_interfaces.get(&place.interface).cloned() else { continue };
        let subnet = find::<Subnet>(draft, context, place.subnet)?.clone();
        check_dual(&subnet, &endpoint.ip_address_type)?;
        match endpoint.ip_address_type.as_str() {
            DUAL if eni.ipv6_addresses.is_empty() => {
                Ipv6Wish { named: vec![], count: 1 }.give(draft, context, &mut eni, &subnet)?;
            }
            DUAL => continue,
            _ => eni.ipv6_addresses.clear(),
        }
        draft.put(eni);
    }
    Ok(())
}

/// An endpoint of both families needs both in each of its subnets.
fn check_dual(subnet: &Subnet, address_type: &str) -> Result<(), Refusal> {
    if address_type != DUAL || subnet.ipv6.is_some() {
        return Ok(());
    }
    let message = format!("The IP address type (dualstack) is not supported by the subnet {}.", subnet.id);
    Err(Refusal::new("InvalidParameter", message).hint("associate an IPv6 CIDR block with AssociateSubnetCidrBlock"))
}

fn make(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    groups: &[SecurityGroupId],
    subnet: &Subnet,
    wish: Named,
) -> Result<NetworkInterfaceId, Refusal> {
    let address = free_address(draft, subnet, wish.ipv4)?;
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
    if endpoint.ip_address_type == DUAL {
        let newer = Ipv6Wish { named: wish.ipv6.into_iter().collect(), count: u32::from(wish.ipv6.is_none()) };
        newer.give(draft, context, &mut eni, subnet)?;
    }
    let id = eni.id;
    draft.put(eni);
    Ok(id)
}

/// SubnetConfigurations: an address of each family that the endpoint has.
fn addresses(request: &Request<'_>, address_type: &str) -> Result<Vec<(SubnetId, Named)>, Refusal> {
    let one = |part: &Request<'_>| {
        let ipv6 = part.text("Ipv6").map(ipv6_wish::parse).transpose()?;
        if ipv6.is_some() && address_type != DUAL {
            let message = "SubnetConfigurations name an IPv6 address, and the endpoint's IP address type is ipv4.";
            return Err(Refusal::new("InvalidParameter", message));
        }
        Ok((part.id("SubnetId")?, Named { ipv4: address(part, "Ipv4")?, ipv6 }))
    };
    request.parts("SubnetConfigurations").iter().map(one).collect()
}
