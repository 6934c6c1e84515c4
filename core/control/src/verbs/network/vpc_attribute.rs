//! ModifyVpcAttribute and DescribeVpcAttribute: one attribute a call.

use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::Vpc;
use serde_json::{Value, json};

const SUPPORT: &str = "EnableDnsSupport";
const HOSTNAMES: &str = "EnableDnsHostnames";
const USAGE_METRICS: &str = "EnableNetworkAddressUsageMetrics";

pub fn modify_vpc_attribute(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.clone();
    let given: Vec<(&str, bool)> = [SUPPORT, HOSTNAMES, USAGE_METRICS]
        .into_iter()
        .filter_map(|name| Some((name, request.attribute_flag(name)?)))
        .collect();
    match given.as_slice() {
        [] => return Err(refuse::invalid_combination("No attributes specified.")),
        [(SUPPORT, value)] => vpc.enable_dns_support = *value,
        [(HOSTNAMES, true)] if !vpc.enable_dns_support => {
            return Err(Refusal::new(
                "InvalidParameterValue",
                format!("DNS hostnames cannot be enabled for {} because DNS support is disabled.", vpc.id),
            ));
        }
        [(HOSTNAMES, value)] => vpc.enable_dns_hostnames = *value,
        [(_, true)] => return Err(refuse::not_served("Network Address Usage metrics")),
        [(_, false)] => vpc.enable_network_address_usage_metrics = false,
        [_, _, ..] => {
            return Err(refuse::invalid_combination("Fields for multiple attribute types specified."));
        }
    }
    draft.put(vpc);
    Ok(json!({}))
}

pub fn describe_vpc_attribute(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?;
    let (member, value) = match request.required_text("Attribute")? {
        "enableDnsSupport" => (SUPPORT, vpc.enable_dns_support),
        "enableDnsHostnames" => (HOSTNAMES, vpc.enable_dns_hostnames),
        "enableNetworkAddressUsageMetrics" => (USAGE_METRICS, vpc.enable_network_address_usage_metrics),
        other => return Err(refuse::invalid_value("attribute", other, "Unknown attribute.")),
    };
    Ok(json!({ member: { "Value": value }, "VpcId": vpc.id.to_string() }))
}
