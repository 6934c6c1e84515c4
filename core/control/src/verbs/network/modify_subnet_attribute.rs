//! ModifySubnetAttribute: one attribute a call.

use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::Subnet;
use serde_json::{Value, json};

const ATTRIBUTES: &[&str] = &[
    "AssignIpv6AddressOnCreation",
    "MapPublicIpOnLaunch",
    "MapCustomerOwnedIpOnLaunch",
    "CustomerOwnedIpv4Pool",
    "EnableDns64",
    "PrivateDnsHostnameTypeOnLaunch",
    "EnableResourceNameDnsARecordOnLaunch",
    "EnableResourceNameDnsAAAARecordOnLaunch",
    "EnableLniAtDeviceIndex",
    "DisableLniAtDeviceIndex",
];

const RESOURCE_NAMES: &str = "A hostname made of the instance's ID (resource name)";

pub fn modify_subnet_attribute(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut subnet = find::<Subnet>(draft, context, request.id("SubnetId")?)?.clone();
    let given: Vec<&str> = ATTRIBUTES.iter().copied().filter(|name| request.get(name).is_some()).collect();
    let attribute = match given.as_slice() {
        [] => return Err(refuse::missing_parameter("mapPublicIpOnLaunch or another attribute")),
        [one] => *one,
        _ => return Err(refuse::invalid_combination("Fields for multiple attribute types specified.")),
    };
    let value = request.attribute_flag(attribute);
    match (attribute, value) {
        ("MapPublicIpOnLaunch", Some(value)) => subnet.map_public_ip_on_launch = value,
        ("EnableResourceNameDnsARecordOnLaunch", Some(true)) => return Err(refuse::not_served(RESOURCE_NAMES)),
        ("AssignIpv6AddressOnCreation", Some(value)) => {
            if value && subnet.ipv6.is_none() {
                let why = format!("The subnet '{}' has no IPv6 CIDR block associated with it.", subnet.id);
                return Err(refuse::invalid_value("assignIpv6AddressOnCreation", "true", &why));
            }
            subnet.assign_ipv6_on_creation = value;
        }
        ("EnableDns64", Some(true)) => return Err(refuse::not_served("DNS64")),
        ("EnableResourceNameDnsAAAARecordOnLaunch", Some(true)) => return Err(refuse::not_served(RESOURCE_NAMES)),
        ("PrivateDnsHostnameTypeOnLaunch", _) => subnet.hostname_type = hostname_type(request)?,
        (_, Some(false)) => {}
        (other, _) => return Err(refuse::not_served(&format!("The subnet attribute {other}"))),
    }
    draft.put(subnet);
    Ok(json!({}))
}

/// `ip-name` is what instances have; names made of the resource's id are not given out yet.
fn hostname_type(request: &Request<'_>) -> Result<String, Refusal> {
    match request.required_text("PrivateDnsHostnameTypeOnLaunch")? {
        given @ "ip-name" => Ok(given.to_owned()),
        "resource-name" => Err(refuse::not_served(RESOURCE_NAMES)),
        other => Err(refuse::invalid_value("privateDnsHostnameTypeOnLaunch", other, "Unknown hostname type.")),
    }
}
