use crate::rig::{Rig, id};
use postern_control::Draft;
use postern_model::*;
use postern_names::*;
use serde_json::json;

/// A detached interface of the user's, put there directly: its verbs are tested elsewhere.
pub fn interface(rig: &mut Rig, subnet: &str, host: u32) -> String {
    let subnet = rig.world.subnets[&subnet.parse().unwrap()].clone();
    let eni = NetworkInterface {
        id: NetworkInterfaceId::from_bits(u64::from(host)),
        vpc: subnet.vpc,
        subnet: subnet.id,
        zone: subnet.zone.clone(),
        owner: rig.account,
        region: rig.region.clone(),
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [2, 0, 0, 0, 0, host as u8],
        addresses: vec![PrivateAddress { address: subnet.cidr.nth(host).unwrap(), auto_public: None }],
        groups: Vec::new(),
        ipv6_addresses: Vec::new(),
        source_dest_check: true,
        attachment: None,
        requester_managed: false,
        associate_public_ip: false,
        tags: Tags::new(),
    };
    let id = eni.id.to_string();
    let mut draft = Draft::new(&mut rig.world);
    draft.put(eni);
    rig.log.extend(draft.commit());
    id
}

#[test]
fn an_address_from_allocation_to_release() {
    let mut rig = Rig::new();
    let made = rig.call("AllocateAddress", json!({}));
    let ip = id(&made["PublicIp"]);
    assert!(ip.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.octets()[0] == 3));
    let address = id(&made["AllocationId"]);
    assert_eq!(
        made,
        json!({
            "AllocationId": address, "PublicIpv4Pool": "amazon", "NetworkBorderGroup": "us-east-1", "Domain": "vpc",
            "PublicIp": ip,
        })
    );
    let seen = rig.call("DescribeAddresses", json!({ "PublicIps": [ip] }));
    assert_eq!(seen["Addresses"][0]["AllocationId"], address.as_str());
    assert_eq!(
        rig.refused("DescribeAddresses", json!({ "PublicIps": ["3.3.3.3"] })),
        "InvalidAddress.NotFound: Address '3.3.3.3' not found."
    );
    assert!(rig.refused("ReleaseAddress", json!({ "PublicIp": ip })).contains("must specify an allocation id"));
    assert!(rig.refused("ReleaseAddress", json!({ "PublicIp": "3.3.3.3" })).starts_with("AuthFailure"));
    rig.call("ReleaseAddress", json!({ "AllocationId": address }));
    let gone = rig.refused("ReleaseAddress", json!({ "AllocationId": address }));
    assert_eq!(gone, format!("InvalidAllocationID.NotFound: The allocation ID '{address}' does not exist"));
}

#[test]
fn an_address_moves_between_interfaces() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let subnet = rig.subnet(&vpc, "10.0.1.0/24");
    let (first, second) = (interface(&mut rig, &subnet, 10), interface(&mut rig, &subnet, 11));
    let (address, other) = (rig.address(), rig.address());
    let to = |address: &str, eni: &str| json!({ "AllocationId": address, "NetworkInterfaceId": eni });
    assert_eq!(
        rig.refused("AssociateAddress", to(&address, &first)),
        format!("Gateway.NotAttached: Network {vpc} is not attached to any internet gateway")
    );
    rig.gateway(&vpc);
    let association = id(&rig.call("AssociateAddress", to(&address, &first))["AssociationId"]);
    let again = rig.call("AssociateAddress", to(&address, &first));
    assert_eq!(again["AssociationId"], association.as_str(), "the same again is no error");
    let mut stay = to(&address, &second);
    stay["AllowReassociation"] = json!(false);
    assert_eq!(
        rig.refused("AssociateAddress", stay),
        format!("Resource.AlreadyAssociated: resource {address} is already associated with associate-id {association}")
    );
    let moved = id(&rig.call("AssociateAddress", to(&address, &second))["AssociationId"]);
    let seen = rig.call("DescribeAddresses", json!({ "AllocationIds": [address] }))["Addresses"][0].clone();
    assert_eq!((id(&seen["NetworkInterfaceId"]), id(&seen["PrivateIpAddress"])), (second.clone(), "10.0.1.11".into()));
    rig.call("AssociateAddress", to(&other, &second));
    let seen = rig.call("DescribeAddresses", json!({ "AllocationIds": [address] }))["Addresses"][0].clone();
    assert_eq!(seen.get("AssociationId"), None, "the other address took its place");
    let gone = rig.refused("DisassociateAddress", json!({ "AssociationId": moved }));
    assert!(gone.starts_with("InvalidAssociationID.NotFound"), "{gone}");
    let seen = rig.call("DescribeAddresses", json!({ "AllocationIds": [other] }))["Addresses"][0].clone();
    rig.call("DisassociateAddress", json!({ "AssociationId": seen["AssociationId"] }));
    let mut odd = to(&address, &first);
    odd["PrivateIpAddress"] = json!("10.0.1.99");
    assert!(rig.refused("AssociateAddress", odd).starts_with("InvalidParameterValue"));
    assert!(rig.refused("AssociateAddress", json!({ "AllocationId": address })).starts_with("MissingParameter"));
}

#[test]
fn an_automatic_address_comes_back_as_another_one() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let subnet = rig.subnet(&vpc, "10.0.1.0/24");
    rig.gateway(&vpc);
    let eni = interface(&mut rig, &subnet, 10);
    let key: NetworkInterfaceId = eni.parse().unwrap();
    let automatic = std::net::Ipv4Addr::new(3, 208, 1, 1);
    let mut given = rig.world.network_interfaces[&key].clone();
    given.addresses[0].auto_public = Some(automatic);
    rig.world.network_interfaces.insert(given);
    let address = rig.address();
    let made = rig.call("AssociateAddress", json!({ "AllocationId": address, "NetworkInterfaceId": eni }));
    rig.call("DisassociateAddress", json!({ "AssociationId": made["AssociationId"] }));
    let now = rig.world.network_interfaces[&key].addresses[0].auto_public.unwrap();
    assert_ne!(now, automatic);
}

#[test]
fn a_nat_gateways_address_is_not_the_users_to_move() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let subnet = rig.subnet(&vpc, "10.0.1.0/24");
    rig.gateway(&vpc);
    let (address, eni) = (rig.address(), interface(&mut rig, &subnet, 10));
    rig.call("CreateNatGateway", json!({ "SubnetId": subnet, "AllocationId": address }));
    let seen = rig.call("DescribeAddresses", json!({}))["Addresses"][0].clone();
    let association = json!({ "AssociationId": seen["AssociationId"] });
    assert!(rig.refused("DisassociateAddress", association).starts_with("AuthFailure"));
    let take = json!({ "AllocationId": address, "NetworkInterfaceId": eni });
    assert!(rig.refused("AssociateAddress", take).starts_with("AuthFailure"));
}
