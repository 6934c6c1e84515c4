//! The check for flaws sees each of the flaws that it promises to see.

use crate::rig::Rig;
use postern_model::World;
use postern_names::*;
use serde_json::json;

fn flaws_after(harm: impl FnOnce(&mut World)) -> String {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    rig.gateway(&vpc);
    let (subnet, address) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.address());
    rig.call("CreateNatGateway", json!({ "SubnetId": subnet, "AllocationId": address }));
    let table = rig.table(&vpc);
    let input = json!({ "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table] });
    rig.call("CreateVpcEndpoint", input);
    harm(&mut rig.world);
    rig.world.flaws().join("; ")
}

#[test]
fn each_harm_is_seen() {
    type Harm = fn(&mut World);
    let harms: &[(&str, Harm)] = &[
        ("has 0 main route tables", |w| w.route_tables.retain(|_, t| !t.is_main())),
        ("is in 0 ACLs", |w| w.network_acls.values_mut().for_each(|a| a.associations.clear())),
        ("has 0 default groups", |w| w.security_groups.clear()),
        ("which is gone", |w| w.vpcs.clear()),
        ("lies outside", |w| w.subnets.values_mut().for_each(|s| s.cidr = Ipv4Cidr::ALL)),
        ("cannot give", |w| {
            let all: Vec<_> = w.network_interfaces.values().cloned().collect();
            for mut eni in all {
                eni.addresses[0].address = [10, 0, 1, 3].into();
                w.network_interfaces.insert(eni);
            }
        }),
        ("and its Elastic IP leads elsewhere", |w| {
            let all: Vec<_> = w.addresses.values().cloned().collect();
            for mut address in all {
                address.association = None;
                w.addresses.insert(address);
            }
        }),
        ("is gone", |w| w.network_interfaces = Default::default()),
        ("is on rtb-", |w| w.route_tables.retain(|_, t| t.is_main())),
        ("is there twice", |w| {
            let mut twin = w.addresses.values().next().unwrap().clone();
            twin.allocation = AllocationId::from_bits(7);
            twin.association = None;
            w.addresses.insert(twin);
        }),
        ("in rtb-", |w| {
            let mut twin = w.endpoints.values().next().unwrap().clone();
            twin.id = VpcEndpointId::from_bits(7);
            w.endpoints.insert(twin.id, twin);
        }),
        ("has 2 internet gateways", |w| {
            let mut twin = w.internet_gateways.values().next().unwrap().clone();
            twin.id = InternetGatewayId::from_bits(7);
            w.internet_gateways.insert(twin.id, twin);
        }),
    ];
    assert_eq!(flaws_after(|_| {}), "");
    for (wanted, harm) in harms {
        let found = flaws_after(harm);
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
}
