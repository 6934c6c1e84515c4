use crate::rig::{Rig, id};
use serde_json::json;

#[test]
fn an_account_begins_with_a_default_vpc() {
    let mut rig = Rig::seeded();
    let vpc = rig.call("DescribeVpcs", json!({ "Filters": [{ "Name": "is-default", "Values": ["true"] }] }))["Vpcs"][0]
        .clone();
    assert_eq!(vpc["CidrBlock"], "172.31.0.0/16");
    let subnets = rig.call("DescribeSubnets", json!({}))["Subnets"].clone();
    let mut found: Vec<(String, String, bool)> = subnets
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            (
                id(&s["AvailabilityZone"]),
                id(&s["CidrBlock"]),
                s["MapPublicIpOnLaunch"] == true && s["DefaultForAz"] == true,
            )
        })
        .collect();
    found.sort();
    let wanted = [
        ("a", "172.31.0.0/20"),
        ("b", "172.31.16.0/20"),
        ("c", "172.31.32.0/20"),
        ("d", "172.31.48.0/20"),
        ("e", "172.31.64.0/20"),
        ("f", "172.31.80.0/20"),
    ];
    assert_eq!(found, wanted.map(|(zone, cidr)| (format!("us-east-1{zone}"), cidr.to_owned(), true)));
    let main = rig.main_table(&id(&vpc["VpcId"]));
    let routes = rig.routes(&main);
    assert_eq!(routes[0], "172.31.0.0/16 local active");
    assert!(routes[1].starts_with("0.0.0.0/0 igw-") && routes[1].ends_with(" active"), "{routes:?}");
    let hostnames =
        rig.call("DescribeVpcAttribute", json!({ "VpcId": vpc["VpcId"], "Attribute": "enableDnsHostnames" }));
    assert_eq!(hostnames["EnableDnsHostnames"]["Value"], true);
}

#[test]
fn seeding_twice_makes_nothing_new_and_the_same_world_each_time() {
    let rig = Rig::seeded();
    assert_eq!(rig.world.entities(), Rig::seeded().world.entities());
    let mut again = Rig { log: Vec::new(), ..rig };
    let context = postern_control::Context {
        account: again.account,
        region: &again.region,
        now: again.now,
        quotas: &again.quotas,
        outside: &again.chance,
    };
    let mut draft = postern_control::Draft::new(&mut again.world);
    postern_control::seed_account(&mut draft, &context).unwrap();
    assert!(draft.commit().is_empty());
}

#[test]
fn a_lost_default_vpc_can_be_made_again() {
    let mut rig = Rig::seeded();
    let refusal = rig.refused("CreateDefaultVpc", json!({}));
    assert!(refusal.starts_with("DefaultVpcAlreadyExists"), "{refusal}");
    let vpc = id(&rig.call("DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"]);
    let gateway = id(&rig.call("DescribeInternetGateways", json!({}))["InternetGateways"][0]["InternetGatewayId"]);
    let subnets = rig.call("DescribeSubnets", json!({}))["Subnets"].clone();
    let first = &subnets.as_array().unwrap()[0];
    let zone = first["AvailabilityZone"].clone();
    let taken = rig.refused("CreateDefaultSubnet", json!({ "AvailabilityZone": zone }));
    assert!(taken.starts_with("DefaultSubnetAlreadyExistsInAvailabilityZone"), "{taken}");
    rig.call("DeleteSubnet", json!({ "SubnetId": first["SubnetId"] }));
    let again = rig.call("CreateDefaultSubnet", json!({ "AvailabilityZone": zone }));
    assert_eq!(again["Subnet"]["CidrBlock"], first["CidrBlock"]);
    for subnet in rig.call("DescribeSubnets", json!({}))["Subnets"].as_array().unwrap() {
        rig.call("DeleteSubnet", json!({ "SubnetId": subnet["SubnetId"] }));
    }
    rig.call("DetachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
    rig.call("DeleteVpc", json!({ "VpcId": vpc }));
    assert!(
        rig.refused("CreateDefaultSubnet", json!({ "AvailabilityZone": zone })).starts_with("DefaultVpcDoesNotExist")
    );
    let made = rig.call("CreateDefaultVpc", json!({}));
    assert_eq!(made["Vpc"]["IsDefault"], true);
    assert_eq!(rig.call("DescribeSubnets", json!({}))["Subnets"].as_array().unwrap().len(), 6);
}
