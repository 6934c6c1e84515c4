//! CreateNetworkInsightsPath, DeleteNetworkInsightsPath, DescribeNetworkInsightsPaths.

use super::{PAGE_LEAST, PAGE_MOST};
use crate::{Context, Draft, Request, find, page, refuse, select, tags, view};
use postern_call::Refusal;
use postern_insights::{End, arn, end, id_of, owner};
use postern_model::{InsightsPath, PathFilter, World};
use postern_names::{NetworkInsightsPathId, PortRange, Protocol};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// Kinds of AWS that a path can begin or end at and that Postern does not have.
const NOT_SERVED: &[(&str, &str)] = &[
    ("tgw", "A transit gateway"),
    ("tgw-attach", "A transit gateway attachment"),
    ("vgw", "A VPN gateway"),
    ("vpce-svc", "A VPC endpoint service"),
];

pub fn create_network_insights_path(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let source = one_end(draft, context, "Source", request.required_text("Source")?)?;
    if let End::Peering(_) = source.1 {
        return Err(refuse::not_served("A VPC peering connection as the source of a path"));
    }
    let destination =
        request.text("Destination").map(|text| one_end(draft, context, "Destination", text)).transpose()?;
    let protocol = match request.required_text("Protocol")? {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        other => return Err(refuse::invalid_value("Protocol", other, "Valid values are tcp and udp.")),
    };
    let at_source = request.part("FilterAtSource").map(|part| filter(&part)).transpose()?;
    let at_destination = request.part("FilterAtDestination").map(|part| filter(&part)).transpose()?;
    check_combination(request)?;
    let path = InsightsPath {
        id: NetworkInsightsPathId::from_bits(context.outside.bits()),
        owner: context.account,
        region: context.region.clone(),
        source: source.0,
        destination: destination.map(|(id, _)| id),
        protocol,
        source_ip: address(request, "SourceIp")?,
        destination_ip: address(request, "DestinationIp")?,
        destination_port: port(request, "DestinationPort")?,
        at_source,
        at_destination,
        created: context.now,
        tags: tags::specified(request, "network-insights-path", &[])?,
    };
    let has_address = path.destination_ip.or(path.at_source.and_then(|filter| filter.destination_address)).is_some();
    if path.destination.is_none() && !has_address {
        return Err(refuse::missing_parameter("Destination"));
    }
    let reply = view::insights::path(draft, &path);
    draft.put(path);
    Ok(json!({ "NetworkInsightsPath": reply }))
}

/// What AWS's documentation says of members that exclude each other.
fn check_combination(request: &Request<'_>) -> Result<(), Refusal> {
    let pairs = [
        ("FilterAtSource", "SourceIp"),
        ("FilterAtSource", "DestinationPort"),
        ("FilterAtDestination", "DestinationIp"),
    ];
    for (filter, member) in pairs {
        if request.get(filter).is_some() && request.get(member).is_some() {
            return Err(refuse::invalid_combination(format!("You cannot specify both {filter} and {member}.")));
        }
    }
    Ok(())
}

/// A component that the caller owns, by id or ARN, or that an account owns which Reachability Analyzer may read for the caller,
/// by ARN.
fn one_end(world: &World, context: &Context<'_>, name: &str, text: &str) -> Result<(String, End), Refusal> {
    let id = id_of(text);
    let prefix = id.rsplit_once('-').map(|(prefix, _)| prefix).unwrap_or_default();
    if let Some((_, what)) = NOT_SERVED.iter().find(|(known, _)| *known == prefix) {
        return Err(refuse::not_served(&format!("{what} as an end of a path")));
    }
    let unknown =
        || refuse::invalid_value(name, text, "It is not a resource of this account and Region that a path can name.");
    let end = end(world, id).ok_or_else(unknown)?;
    let (own, (owner, region)) = arn(world, id).zip(owner(world, id)).ok_or_else(unknown)?;
    let is_arn = text.starts_with("arn:");
    // A connection is known to both its sides.
    let is_side = match end {
        End::Peering(id) => world.peerings.get(&id).is_some_and(|p| p.accepter.owner == context.account),
        _ => false,
    };
    let may_read = || is_arn && context.outside.readable_accounts(context.account).contains(&owner);
    let is_known = region == *context.region && (owner == context.account || may_read());
    if (!is_arn || text == own) && (is_known || is_side) { Ok((id.to_owned(), end)) } else { Err(unknown()) }
}

fn filter(part: &Request<'_>) -> Result<PathFilter, Refusal> {
    Ok(PathFilter {
        source_address: address(part, "SourceAddress")?,
        source_ports: ports(part, "SourcePortRange")?,
        destination_address: address(part, "DestinationAddress")?,
        destination_ports: ports(part, "DestinationPortRange")?,
    })
}

fn address(request: &Request<'_>, name: &str) -> Result<Option<Ipv4Addr>, Refusal> {
    let parse = |text: &str| text.parse().map_err(|_| refuse::invalid_value(name, text, "It is not an IPv4 address."));
    request.text(name).map(parse).transpose()
}

fn port(request: &Request<'_>, name: &str) -> Result<Option<u16>, Refusal> {
    let parse = |n: i64| u16::try_from(n).map_err(|_| refuse::invalid_value(name, n, "A port is between 0 and 65535."));
    request.number(name).map(parse).transpose()
}

/// One end alone stands for a single port.
fn ports(request: &Request<'_>, name: &str) -> Result<Option<PortRange>, Refusal> {
    let Some(part) = request.part(name) else { return Ok(None) };
    let (first, last) = (port(&part, "FromPort")?, port(&part, "ToPort")?);
    match (first.or(last), last.or(first)) {
        (Some(first), Some(last)) if first <= last => Ok(Some(PortRange { first, last })),
        (Some(first), Some(last)) => {
            Err(refuse::invalid_value(name, format!("{first}-{last}"), "FromPort must not be greater than ToPort."))
        }
        _ => Ok(None),
    }
}

/// A path that has analyses stays.
pub fn delete_network_insights_path(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let id = find::<InsightsPath>(draft, context, request.id("NetworkInsightsPathId")?)?.id;
    let since = view::insights::kept_since(context.now);
    let mut its = draft.insights_analyses.values().filter(|analysis| analysis.path == id && analysis.started >= since);
    if let Some(analysis) = its.next() {
        let message = format!(
            "At least one analysis [{}] exists for path {id}. Delete all the analyses before deleting this network path.",
            analysis.id
        );
        return Err(Refusal::new("AnalysisExistsForNetworkInsightsPath", message));
    }
    draft.remove(id);
    Ok(json!({ "NetworkInsightsPathId": id.to_string() }))
}

pub fn describe_network_insights_paths(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let chosen = select::<InsightsPath>(draft, context, request, "NetworkInsightsPathIds")?;
    let items = chosen.into_iter().map(|path| view::insights::path(draft, path)).collect();
    page(request, "NetworkInsightsPaths", items, PAGE_LEAST, PAGE_MOST)
}
