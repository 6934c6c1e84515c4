//! AllocateAddress, ReleaseAddress, DescribeAddresses, DescribeAddressesAttribute.

use crate::verbs::compute::public_address::free_public_address;
use crate::verbs::is_visible;
use crate::{Context, Draft, Request, find, page, quota, refuse, select, tags, view};
use postern_call::Refusal;
use postern_model::{ElasticAddress, World};
use postern_names::AllocationId;
use serde_json::{Value, json};

pub fn allocate_address(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    match request.text("Domain") {
        None | Some("vpc") => {}
        Some(other) => return Err(refuse::invalid_value("domain", other, "Only the domain vpc is supported.")),
    }
    for (member, what) in [
        ("Address", "The recovery of an address"),
        ("CustomerOwnedIpv4Pool", "A customer-owned address pool"),
        ("IpamPoolId", "IPAM"),
    ] {
        if request.get(member).is_some() {
            return Err(refuse::not_served(what));
        }
    }
    if let Some(pool) = request.text("PublicIpv4Pool").filter(|pool| *pool != "amazon") {
        let message = format!("The pool ID '{pool}' does not exist");
        return Err(Refusal::new("InvalidPublicIpv4PoolID.NotFound", message));
    }
    check_border_group(context, request)?;
    let own = draft.addresses.values().filter(|a| a.owner == context.account && a.region == *context.region);
    quota::check(context.quotas.addresses, own, || quota::reached("AddressLimitExceeded", "addresses"))?;
    let address = ElasticAddress {
        allocation: AllocationId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        public_ip: free_public_address(draft, context)?,
        association: None,
        tags: tags::specified(request, "elastic-ip", &[])?,
    };
    let reply = json!({
        "AllocationId": address.allocation.to_string(),
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": context.region.to_string(),
        "Domain": "vpc",
        "PublicIp": address.public_ip.to_string(),
    });
    draft.put(address);
    Ok(reply)
}

fn check_border_group(context: &Context<'_>, request: &Request<'_>) -> Result<(), Refusal> {
    match request.text("NetworkBorderGroup") {
        Some(group) if group != context.region.as_str() => {
            Err(refuse::invalid_value("networkBorderGroup", group, "Unknown network border group."))
        }
        _ => Ok(()),
    }
}

/// By allocation id only, as AWS demands of addresses in a VPC.
pub fn release_address(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    check_border_group(context, request)?;
    let Some(id) = request.optional_id::<AllocationId>("AllocationId")? else {
        let ip = request.text("PublicIp").ok_or_else(|| refuse::missing_parameter("allocationId"))?;
        by_public_ip(draft, context, ip).ok_or_else(|| not_yours(ip))?;
        return Err(Refusal::new(
            "InvalidParameterValue",
            "You must specify an allocation id when releasing a VPC elastic IP address",
        ));
    };
    let address = find::<ElasticAddress>(draft, context, id)?;
    if address.association.is_some() {
        let message = format!("Address {} is in use.", address.public_ip);
        return Err(Refusal::new("InvalidIPAddress.InUse", message));
    }
    draft.remove(id);
    Ok(json!({}))
}

/// The caller's address with this text.
pub fn by_public_ip<'w>(world: &'w World, context: &Context<'_>, ip: &str) -> Option<&'w ElasticAddress> {
    let is_it = |a: &&ElasticAddress| a.public_ip.to_string() == ip && is_visible(context, a.owner, &a.region);
    world.addresses.values().find(is_it)
}

/// An address of somebody else, or of nobody.
pub fn not_yours(ip: &str) -> Refusal {
    Refusal::new("AuthFailure", format!("The address '{ip}' does not belong to you."))
}

/// Not paged, as in AWS.
pub fn describe_addresses(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let ips = request.texts("PublicIps");
    if let Some(ip) = ips.iter().find(|ip| by_public_ip(draft, context, ip).is_none()) {
        return Err(Refusal::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")));
    }
    let addresses: Vec<Value> = select::<ElasticAddress>(draft, context, request, "AllocationIds")?
        .into_iter()
        .filter(|a| ips.is_empty() || ips.contains(&a.public_ip.to_string().as_str()))
        .map(|a| view::address::address(draft, a))
        .collect();
    Ok(json!({ "Addresses": addresses }))
}

/// No address has a reverse name of its own here, so no address has attributes to show.
pub fn describe_addresses_attribute(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    for id in request.ids::<AllocationId>("AllocationIds")? {
        find::<ElasticAddress>(draft, context, id)?;
    }
    page(request, "Addresses", Vec::new(), 1, 1000)
}
