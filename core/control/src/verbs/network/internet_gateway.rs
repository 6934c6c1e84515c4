//! CreateInternetGateway, DeleteInternetGateway, AttachInternetGateway, DetachInternetGateway.

use crate::{Context, Draft, Request, find, quota, refuse, tags, view};
use postern_call::Refusal;
use postern_model::{InternetGateway, Vpc, World};
use postern_names::{InternetGatewayId, VpcId};
use serde_json::{Value, json};

pub fn create_internet_gateway(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    check_count(draft, context)?;
    let gateway = InternetGateway {
        id: InternetGatewayId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        vpc: None,
        tags: tags::specified(request, "internet-gateway", &[])?,
    };
    let reply = view::internet_gateway::internet_gateway(&gateway);
    draft.put(gateway);
    Ok(json!({ "InternetGateway": reply }))
}

/// There is room for one more internet gateway in the region.
pub fn check_count(world: &World, context: &Context<'_>) -> Result<(), Refusal> {
    let own = world.internet_gateways.values().filter(|g| g.owner == context.account && g.region == *context.region);
    let refusal = || quota::reached("InternetGatewayLimitExceeded", "internet gateways");
    quota::check(context.quotas.internet_gateways, own, refusal)
}

pub fn delete_internet_gateway(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let gateway = find::<InternetGateway>(draft, context, request.id("InternetGatewayId")?)?;
    let id = gateway.id;
    if gateway.vpc.is_some() {
        let message = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(refuse::dependency_violation(message));
    }
    draft.remove(id);
    Ok(json!({}))
}

pub fn attach_internet_gateway(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut gateway = find::<InternetGateway>(draft, context, request.id("InternetGatewayId")?)?.clone();
    let vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.id;
    if let Some(attached) = gateway.vpc {
        let message = format!("resource {} is already attached to network {attached}", gateway.id);
        return Err(Refusal::new("Resource.AlreadyAssociated", message));
    }
    if draft.internet_gateways.values().any(|g| g.vpc == Some(vpc)) {
        let message = format!("Network {vpc} already has an internet gateway attached");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    gateway.vpc = Some(vpc);
    draft.put(gateway);
    Ok(json!({}))
}

pub fn detach_internet_gateway(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut gateway = find::<InternetGateway>(draft, context, request.id("InternetGatewayId")?)?.clone();
    let vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.id;
    if gateway.vpc != Some(vpc) {
        let message = format!("resource {} is not attached to network {vpc}", gateway.id);
        return Err(Refusal::new("Gateway.NotAttached", message));
    }
    if has_public_addresses(draft, vpc) {
        return Err(refuse::dependency_violation(format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching \
             the gateway."
        )));
    }
    gateway.vpc = None;
    draft.put(gateway);
    Ok(json!({}))
}

fn has_public_addresses(world: &World, vpc: VpcId) -> bool {
    let mut interfaces = world.network_interfaces.values().filter(|eni| eni.vpc == vpc);
    interfaces.any(|eni| eni.addresses.iter().any(|a| world.public_address(eni.id, a.address).is_some()))
}
