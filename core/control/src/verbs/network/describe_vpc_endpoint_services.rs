//! DescribeVpcEndpointServices: two lists side by side, the names and the details.

use super::create_vpc_endpoint::unknown_service;
use crate::view::endpoint_service;
use crate::{Context, Draft, Filters, Request, page};
use postern_call::Refusal;
use postern_model::{GATEWAY_SERVICES, GatewayService, Tags};
use serde_json::{Value, json};

const FILTERS: &[&str] = &["owner", "service-name", "service-region", "service-type", "supported-ip-address-types"];

pub fn describe_vpc_endpoint_services(
    _: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let region = context.region;
    let names = request.texts("ServiceNames");
    let is_known = |name: &str| GATEWAY_SERVICES.iter().any(|s| endpoint_service::name(s, region) == name);
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        return Err(unknown_service(unknown));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| FILTERS.contains(&name))?;
    let regions = request.texts("ServiceRegions");
    let is_asked = |service: &GatewayService| {
        (names.is_empty() || names.contains(&endpoint_service::name(service, region).as_str()))
            && (regions.is_empty() || regions.contains(&region.as_str()))
    };
    let mut details = Vec::new();
    for service in GATEWAY_SERVICES.iter().filter(|s| is_asked(s)) {
        let values = |filter: &str| {
            Some(vec![match filter {
                "owner" => "amazon".to_owned(),
                "service-name" => endpoint_service::name(service, region),
                "service-region" => region.to_string(),
                "service-type" => "Gateway".to_owned(),
                "supported-ip-address-types" => "ipv4".to_owned(),
                _ => return None,
            }])
        };
        if filters.pass(&Tags::new(), values)? {
            details.push(endpoint_service::gateway_service(service, region));
        }
    }
    let mut reply = page(request, "ServiceDetails", details, 1, 1000)?;
    let shown: Vec<Value> = reply["ServiceDetails"]
        .as_array()
        .map(|a| a.iter().map(|detail| detail["ServiceName"].clone()).collect())
        .unwrap_or_default();
    reply["ServiceNames"] = json!(shown);
    Ok(reply)
}
