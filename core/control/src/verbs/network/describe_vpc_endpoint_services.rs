//! DescribeVpcEndpointServices: two lists side by side, the names and the details.

use super::create_vpc_endpoint::unknown_service;
use crate::view::endpoint_service::{self, Offer};
use crate::{Context, Draft, Filters, Request, page};
use postern_call::Refusal;
use postern_model::Tags;
use serde_json::{Value, json};

const FILTERS: &[&str] = &["owner", "service-name", "service-region", "service-type", "supported-ip-address-types"];

pub fn describe_vpc_endpoint_services(
    _: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let region = context.region;
    let names = request.texts("ServiceNames");
    let offers = endpoint_service::offers(region);
    if let Some(unknown) = names.iter().find(|name| !offers.iter().any(|offer| offer.name == **name)) {
        return Err(unknown_service(unknown));
    }
    let filters = Filters::of(request);
    filters.check_names(|name| FILTERS.contains(&name))?;
    let regions = request.texts("ServiceRegions");
    let is_asked = |offer: &Offer| {
        (names.is_empty() || names.contains(&offer.name.as_str()))
            && (regions.is_empty() || regions.contains(&region.as_str()))
    };
    let mut details = Vec::new();
    for offer in offers.iter().filter(|offer| is_asked(offer)) {
        let values = |filter: &str| {
            Some(vec![match filter {
                "owner" => "amazon".to_owned(),
                "service-name" => offer.name.clone(),
                "service-region" => region.to_string(),
                "service-type" => offer.kind.to_owned(),
                "supported-ip-address-types" => "ipv4".to_owned(),
                _ => return None,
            }])
        };
        if filters.pass(&Tags::new(), values)? {
            details.push(offer.view(region));
        }
    }
    let mut reply = page(request, "ServiceDetails", details, 1, 1000)?;
    // A service of two types has two details and one name.
    let mut shown: Vec<Value> = reply["ServiceDetails"]
        .as_array()
        .map(|a| a.iter().map(|detail| detail["ServiceName"].clone()).collect())
        .unwrap_or_default();
    shown.dedup();
    reply["ServiceNames"] = json!(shown);
    Ok(reply)
}
