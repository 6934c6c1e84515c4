//! DHCP option sets: CreateDhcpOptions, DeleteDhcpOptions, AssociateDhcpOptions, and the region's default set.

use crate::{Context, Draft, Request, find, refuse, tags, view};
use postern_call::Refusal;
use postern_model::{DhcpOptions, Tags, Vpc};
use postern_names::{DhcpOptionsId, Region};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Stands in a VPC that was associated with `default`: no option set at all.
pub const NO_DHCP_OPTIONS: DhcpOptionsId = DhcpOptionsId::short(0);

/// The resolver at the VPC's second address.
const AMAZON: &str = "AmazonProvidedDNS";

/// The account's set with the region's default options; made if there is none.
pub fn default_set(draft: &mut Draft<'_>, context: &Context<'_>) -> DhcpOptionsId {
    let configurations = default_configurations(context.region);
    let is_default = |d: &&DhcpOptions| {
        d.owner == context.account && d.region == *context.region && d.configurations == configurations
    };
    if let Some(set) = draft.dhcp_options.values().find(is_default) {
        return set.id;
    }
    let set = DhcpOptions {
        id: DhcpOptionsId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        configurations,
        tags: Tags::new(),
    };
    let id = set.id;
    draft.put(set);
    id
}

fn default_configurations(region: &Region) -> Vec<(String, Vec<String>)> {
    vec![
        ("domain-name".to_owned(), vec![region.internal_domain()]),
        ("domain-name-servers".to_owned(), vec![AMAZON.to_owned()]),
    ]
}

pub fn create_dhcp_options(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut configurations: Vec<(String, Vec<String>)> = Vec::new();
    for given in request.parts("DhcpConfigurations") {
        let key = given.required_text("Key")?;
        let values: Vec<String> = given.texts("Values").into_iter().map(str::to_owned).collect();
        check(key, &values)?;
        if configurations.iter().any(|(known, _)| known == key) {
            return Err(refuse::invalid_value("key", key, "The key is given twice."));
        }
        configurations.push((key.to_owned(), values));
    }
    if configurations.is_empty() {
        return Err(refuse::missing_parameter("dhcpConfiguration"));
    }
    let set = DhcpOptions {
        id: DhcpOptionsId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        configurations,
        tags: tags::specified(request, "dhcp-options", &[])?,
    };
    let reply = view::dhcp_options::dhcp_options(&set);
    draft.put(set);
    Ok(json!({ "DhcpOptions": reply }))
}

fn check(key: &str, values: &[String]) -> Result<(), Refusal> {
    let is_address = |v: &String| v.parse::<IpAddr>().is_ok();
    let is_good = match key {
        "domain-name" => matches!(values, [one] if is_domain(one)),
        "domain-name-servers" => values.iter().all(|v| is_address(v) || v == AMAZON) && values.len() <= 4,
        "ntp-servers" | "netbios-name-servers" => values.iter().all(is_address) && values.len() <= 4,
        "netbios-node-type" => matches!(values, [one] if matches!(one.as_str(), "1" | "2" | "4" | "8")),
        "ipv6-address-preferred-lease-time" => matches!(values, [one] if one.parse::<u32>().is_ok()),
        _ => return Err(refuse::invalid_value("name", key, "Unknown DHCP option")),
    };
    if !is_good || values.is_empty() {
        return Err(refuse::invalid_value("value", values.join(","), &format!("Invalid value for DHCP option {key}.")));
    }
    // What an instance would not be told is not taken.
    match key {
        "domain-name" => Ok(()),
        "domain-name-servers" if matches!(values, [one] if one == AMAZON) => Ok(()),
        _ => Err(refuse::not_served(&format!("The DHCP option {key} with values other than AWS's own"))),
    }
}

/// A name, or several with spaces between them, as Linux clients take them.
fn is_domain(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ' ');
    !text.trim().is_empty() && text.len() <= 255 && text.chars().all(is_name)
}

pub fn delete_dhcp_options(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let id: DhcpOptionsId = request.id("DhcpOptionsId")?;
    find::<DhcpOptions>(draft, context, id)?;
    if draft.vpcs.values().any(|v| v.dhcp_options == id) {
        let message = format!("The dhcpOptions '{id}' has dependencies and cannot be deleted.");
        return Err(refuse::dependency_violation(message));
    }
    draft.remove(id);
    Ok(json!({}))
}

/// `default` takes every option from the VPC.
pub fn associate_dhcp_options(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let options = match request.required_text("DhcpOptionsId")? {
        "default" => NO_DHCP_OPTIONS,
        _ => find::<DhcpOptions>(draft, context, request.id("DhcpOptionsId")?)?.id,
    };
    let mut vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.clone();
    vpc.dhcp_options = options;
    draft.put(vpc);
    Ok(json!({}))
}
