//! A service that endpoints can lead to, in replies.

use postern_model::GatewayService;
use postern_names::{Region, VpcEndpointServiceId};
use serde_json::{Value, json};

/// The full name: `com.amazonaws.us-east-1.s3`.
pub fn name(service: &GatewayService, region: &Region) -> String {
    format!("com.amazonaws.{region}.{}", service.name)
}

/// A gateway service as DescribeVpcEndpointServices details it.
pub fn gateway_service(service: &GatewayService, region: &Region) -> Value {
    let zones = region.zones();
    let names: Vec<String> = zones.iter().map(|z| z.to_string()).collect();
    let ids: Vec<String> = zones.iter().map(|z| z.id()).collect();
    json!({
        "ServiceName": name(service, region),
        "ServiceId": service_id(service, region).to_string(),
        "ServiceType": [{ "ServiceType": "Gateway" }],
        "ServiceRegion": region.to_string(),
        "AvailabilityZoneIds": ids,
        "AvailabilityZones": names,
        "Owner": "amazon",
        "BaseEndpointDnsNames": [format!("{}.{region}.amazonaws.com", service.name)],
        "VpcEndpointPolicySupported": true,
        "AcceptanceRequired": false,
        "ManagesVpcEndpoints": false,
        "Tags": [],
        "SupportedIpAddressTypes": ["ipv4"],
    })
}

/// Stable for service and region: the digits of the service's prefix list stand in both halves.
fn service_id(service: &GatewayService, region: &Region) -> VpcEndpointServiceId {
    let list = service.prefix_list(region).digits().bits();
    VpcEndpointServiceId::from_bits(list << 32 | list.rotate_left(7) & 0xffff_ffff)
}
