//! CreateNatGateway, DeleteNatGateway, DescribeNatGateways.
//!
//! The gateway's data plane is in force when the create call returns, so it is stored as available at once, while the
//! reply says `pending` as AWS's does. What AWS finds out later (no internet gateway, address taken, subnet full)
//! makes a gateway in state failed.

use crate::verbs::compute::free_address::free_address;
use crate::verbs::compute::new_interface::new_interface;
use crate::{Context, Draft, Request, find, page, quota, refuse, select, tags, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use time::Duration;

/// How long a deleted gateway stays visible.
const VISIBLE_AFTER_DELETION: Duration = Duration::hours(1);

pub fn create_nat_gateway(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    forget_deleted(draft, context);
    refuse_unserved(request)?;
    let is_public = match request.text("ConnectivityType") {
        None | Some("public") => true,
        Some("private") => false,
        Some(other) => return Err(refuse::invalid_value("connectivityType", other, "Unknown connectivity type.")),
    };
    let wanted = wanted_address(request)?;
    let tags = tags::specified(request, "natgateway", &[])?;
    let subnet = find::<Subnet>(draft, context, request.id("SubnetId")?)?.clone();
    let address = elastic_address(draft, context, request, is_public)?;
    check_count(draft, context, &subnet)?;
    let mut nat = NatGateway {
        id: NatGatewayId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        vpc: subnet.vpc,
        subnet: subnet.id,
        interface: None,
        private_ip: Ipv4Addr::UNSPECIFIED,
        allocation: address.as_ref().map(|a| a.allocation),
        public_ip: address.as_ref().map(|a| a.public_ip),
        is_public,
        state: NatGatewayState::Pending,
        failure: None,
        created: context.now,
        deleted: None,
        tags,
    };
    match why_it_fails(draft, &subnet, address.as_ref()) {
        Some((code, message)) => {
            nat.state = NatGatewayState::Failed;
            nat.failure = Some((code.to_owned(), message));
        }
        None => build(draft, context, &subnet, address, wanted, &mut nat)?,
    }
    let mut reply = json!({ "NatGateway": view::nat_gateway::pending(&nat) });
    if let Some(token) = request.get("ClientToken") {
        reply["ClientToken"] = token.clone();
    }
    draft.put(nat);
    Ok(reply)
}

/// Gateways that failed or were deleted do not count.
fn check_count(world: &World, context: &Context<'_>, subnet: &Subnet) -> Result<(), Refusal> {
    let counts = |nat: &&NatGateway| {
        let here = world.subnets.get(&nat.subnet).is_some_and(|other| other.zone == subnet.zone);
        let gone = matches!(nat.state, NatGatewayState::Failed | NatGatewayState::Deleted);
        here && !gone && nat.owner == context.account
    };
    let most = context.quotas.nat_gateways;
    let message = || format!("Performing this operation would exceed the limit of {most} NAT gateways");
    let own = world.nat_gateways.values().filter(counts);
    quota::check(most, own, || Refusal::new("NatGatewayLimitExceeded", message()))
}

fn refuse_unserved(request: &Request<'_>) -> Result<(), Refusal> {
    if request.text("AvailabilityMode").is_some_and(|mode| mode != "zonal") || request.get("VpcId").is_some() {
        return Err(refuse::not_served("A regional NAT gateway"));
    }
    let secondary = ["SecondaryAllocationIds", "SecondaryPrivateIpAddresses", "SecondaryPrivateIpAddressCount"];
    if secondary.iter().any(|m| request.get(m).is_some_and(|v| v.as_array().is_none_or(|a| !a.is_empty()))) {
        return Err(refuse::not_served("A secondary address of a NAT gateway"));
    }
    Ok(())
}

fn wanted_address(request: &Request<'_>) -> Result<Option<Ipv4Addr>, Refusal> {
    let parse = |text: &str| {
        text.parse().map_err(|_| refuse::invalid_value("privateIpAddress", text, "This is not a valid IPv4 address."))
    };
    request.text("PrivateIpAddress").map(parse).transpose()
}

fn elastic_address(
    world: &World,
    context: &Context<'_>,
    request: &Request<'_>,
    is_public: bool,
) -> Result<Option<ElasticAddress>, Refusal> {
    match (is_public, request.optional_id("AllocationId")?) {
        (true, None) => Err(refuse::missing_parameter("AllocationId")),
        (true, Some(id)) => find::<ElasticAddress>(world, context, id).cloned().map(Some),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(refuse::invalid_combination(
            "The parameter AllocationId cannot be used with the connectivity type private.",
        )),
    }
}

fn why_it_fails(world: &World, subnet: &Subnet, address: Option<&ElasticAddress>) -> Option<(&'static str, String)> {
    if address.is_some() && !world.internet_gateways.values().any(|g| g.vpc == Some(subnet.vpc)) {
        return Some(("Gateway.NotAttached", format!("Network {} has no Internet gateway attached", subnet.vpc)));
    }
    if let Some(taken) = address.filter(|a| a.association.is_some()) {
        let message = format!("Elastic IP address [{}] is already associated", taken.allocation);
        return Some(("Resource.AlreadyAssociated", message));
    }
    if crate::verbs::compute::free_address::free_count(world, subnet) == 0 {
        return Some((
            "InsufficientFreeAddressesInSubnet",
            "Subnet has insufficient free addresses to create this NAT gateway".to_owned(),
        ));
    }
    None
}

/// Makes the gateway's interface and gives it the address.
fn build(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    subnet: &Subnet,
    address: Option<ElasticAddress>,
    wanted: Option<Ipv4Addr>,
    nat: &mut NatGateway,
) -> Result<(), Refusal> {
    let private = free_address(draft, subnet, wanted)?;
    let description = format!("Interface for NAT Gateway {}", nat.id);
    let mut eni = new_interface(context, subnet, InterfaceKind::NatGateway, &description, private);
    eni.requester_managed = true;
    eni.source_dest_check = false;
    eni.attachment = Some(Attachment {
        id: NetworkInterfaceAttachmentId::from_bits(context.outside.bits()),
        instance: None,
        device_index: 1,
        delete_on_termination: false,
        attached: context.now,
    });
    if let Some(mut address) = address {
        let association = AddressAssociationId::from_bits(context.outside.bits());
        address.association = Some((association, eni.id, private));
        draft.put(address);
    }
    nat.interface = Some(eni.id);
    nat.private_ip = private;
    nat.state = NatGatewayState::Available;
    draft.put(eni);
    Ok(())
}

/// The gateway's interface is gone and its address free when the call returns; the gateway stays visible for an hour.
pub fn delete_nat_gateway(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    forget_deleted(draft, context);
    let mut nat = find::<NatGateway>(draft, context, request.id("NatGatewayId")?)?.clone();
    let id = nat.id;
    if nat.state != NatGatewayState::Deleted {
        if let Some(interface) = nat.interface.take() {
            let address = draft.addresses.values().find(|a| a.association.is_some_and(|(_, eni, _)| eni == interface));
            if let Some(mut address) = address.cloned() {
                address.association = None;
                draft.put(address);
            }
            draft.remove(interface);
        }
        nat.state = NatGatewayState::Deleted;
        nat.deleted = Some(context.now);
        draft.put(nat);
    }
    Ok(json!({ "NatGatewayId": id.to_string() }))
}

pub fn describe_nat_gateways(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let items = select::<NatGateway>(draft, context, request, "NatGatewayIds")?
        .into_iter()
        .filter(|nat| !is_forgotten(nat, context))
        .map(|nat| view::nat_gateway::nat_gateway(draft, nat))
        .collect();
    page(request, "NatGateways", items, 5, 1000)
}

fn is_forgotten(nat: &NatGateway, context: &Context<'_>) -> bool {
    nat.deleted.is_some_and(|deleted| context.now - deleted > VISIBLE_AFTER_DELETION)
}

fn forget_deleted(draft: &mut Draft<'_>, context: &Context<'_>) {
    let forgotten: Vec<_> = draft.nat_gateways.values().filter(|n| is_forgotten(n, context)).map(|n| n.id).collect();
    forgotten.into_iter().for_each(|id| draft.remove(id));
}
