//! A service that endpoints can lead to, in replies: one entry per type that it has.

use postern_model::{GATEWAY_SERVICES, GatewayService, InterfaceService, interface_services};
use postern_names::{Region, VpcEndpointServiceId};
use serde_json::{Value, json};

/// A service as one type of endpoint sees it.
pub struct Offer {
    /// The full name: `com.amazonaws.us-east-1.s3`.
    pub name: String,
    /// `Gateway` or `Interface`.
    pub kind: &'static str,
    id: VpcEndpointServiceId,
    base_name: String,
    private_names: Vec<String>,
}

/// Everything that endpoints in the region can lead to, by name; of one name the gateway type first.
pub fn offers(region: &Region) -> Vec<Offer> {
    let gateways = GATEWAY_SERVICES.iter().map(|service| gateway(service, region));
    let mut offers: Vec<Offer> = gateways.chain(interface_services(region).map(|s| interface(s, region))).collect();
    offers.sort_by(|a, b| (&a.name, a.kind).cmp(&(&b.name, b.kind)));
    offers
}

fn gateway(service: &GatewayService, region: &Region) -> Offer {
    // Stable for service and region: the digits of the service's prefix list stand in both halves.
    let list = service.prefix_list(region).digits().bits();
    Offer {
        name: format!("com.amazonaws.{region}.{}", service.name),
        kind: "Gateway",
        id: VpcEndpointServiceId::from_bits(list << 32 | list.rotate_left(7) & 0xffff_ffff),
        base_name: format!("{}.{region}.amazonaws.com", service.name),
        private_names: vec![],
    }
}

fn interface(service: &InterfaceService, region: &Region) -> Offer {
    let base_name = service.base_name(region);
    let hash = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    Offer {
        name: service.service_name(region),
        kind: "Interface",
        id: VpcEndpointServiceId::from_bits(base_name.bytes().fold(0xcbf2_9ce4_8422_2325, hash)),
        base_name,
        private_names: service.private_names(region),
    }
}

impl Offer {
    /// As DescribeVpcEndpointServices details it.
    pub fn view(&self, region: &Region) -> Value {
        let zones = region.zones();
        let names: Vec<String> = zones.iter().map(|z| z.to_string()).collect();
        let ids: Vec<String> = zones.iter().map(|z| z.id()).collect();
        let mut shown = json!({
            "ServiceName": self.name,
            "ServiceId": self.id.to_string(),
            "ServiceType": [{ "ServiceType": self.kind }],
            "ServiceRegion": region.to_string(),
            "AvailabilityZoneIds": ids,
            "AvailabilityZones": names,
            "Owner": "amazon",
            "BaseEndpointDnsNames": [self.base_name],
            "VpcEndpointPolicySupported": true,
            "AcceptanceRequired": false,
            "ManagesVpcEndpoints": false,
            "Tags": [],
            "SupportedIpAddressTypes": if self.kind == "Interface" { json!(["ipv4", "ipv6"]) } else { json!(["ipv4"]) },
        });
        if let Some(main) = self.private_names.first() {
            let all: Vec<Value> = self.private_names.iter().map(|name| json!({ "PrivateDnsName": name })).collect();
            shown["PrivateDnsName"] = json!(main);
            shown["PrivateDnsNames"] = json!(all);
            shown["PrivateDnsNameVerificationState"] = json!("verified");
        }
        shown
    }
}
