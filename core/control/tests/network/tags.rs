use crate::rig::{Rig, id};
use serde_json::{Value, json};

#[test]
fn tags_on_every_kind_of_thing() {
    let mut rig = Rig::seeded();
    let vpc = rig.vpc("10.0.0.0/16");
    let (subnet, address) = (rig.subnet(&vpc, "10.0.1.0/24"), rig.address());
    rig.call("CreateNatGateway", json!({ "SubnetId": subnet, "ConnectivityType": "private" }));
    rig.call("CreateVpcEndpoint", json!({ "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3" }));
    rig.call("CreateManagedPrefixList", json!({ "PrefixListName": "x", "AddressFamily": "IPv4", "MaxEntries": 1 }));
    let mut ids: Vec<String> = rig.world.entities().iter().map(|e| e.key().to_string()).collect();
    ids.extend(rig.world.security_groups.values().flat_map(|g| g.rules.iter().map(|r| r.id.to_string())));
    let tag = json!([{ "Key": "team", "Value": "a" }]);
    rig.call("CreateTags", json!({ "Resources": ids, "Tags": tag }));
    let all = rig.call("DescribeTags", json!({}));
    assert_eq!(all["Tags"].as_array().unwrap().len(), ids.len());
    let filters = json!({ "Filters": [{ "Name": "resource-type", "Values": ["elastic-ip"] }] });
    assert_eq!(
        rig.call("DescribeTags", filters)["Tags"],
        json!([{ "Key": "team", "ResourceId": address, "ResourceType": "elastic-ip", "Value": "a" }])
    );
    let words: std::collections::BTreeSet<&str> =
        all["Tags"].as_array().unwrap().iter().filter_map(|t| t["ResourceType"].as_str()).collect();
    assert_eq!(
        words.into_iter().collect::<Vec<_>>(),
        [
            "dhcp-options",
            "elastic-ip",
            "internet-gateway",
            "natgateway",
            "network-acl",
            "network-interface",
            "prefix-list",
            "route-table",
            "security-group",
            "security-group-rule",
            "subnet",
            "vpc",
            "vpc-endpoint",
        ]
    );
    rig.call("DeleteTags", json!({ "Resources": ids }));
    assert_eq!(rig.call("DescribeTags", json!({}))["Tags"], json!([]));
}

#[test]
fn deleting_by_key_and_value() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let tags = json!([{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "" }, { "Key": "c", "Value": "3" }]);
    rig.call("CreateTags", json!({ "Resources": [vpc], "Tags": tags }));
    let keys = |rig: &mut Rig| {
        let reply = rig.call("DescribeVpcs", json!({}));
        reply["Vpcs"][0]["Tags"].as_array().unwrap().iter().map(|t| id(&t["Key"])).collect::<Vec<_>>()
    };
    let mut delete = |tag: Value, left: &[&str]| {
        rig.call("DeleteTags", json!({ "Resources": [vpc], "Tags": [tag] }));
        assert_eq!(keys(&mut rig), left);
    };
    delete(json!({ "Key": "a", "Value": "2" }), &["a", "b", "c"]);
    delete(json!({ "Key": "a", "Value": "1" }), &["b", "c"]);
    delete(json!({ "Key": "c", "Value": "" }), &["b", "c"]);
    delete(json!({ "Key": "c" }), &["b"]);
    delete(json!({ "Key": "b", "Value": "" }), &[]);
}

#[test]
fn tags_that_are_refused() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let mut refused = |ids: Value, tags: Value| rig.refused("CreateTags", json!({ "Resources": ids, "Tags": tags }));
    let good = json!([{ "Key": "k", "Value": "v" }]);
    assert_eq!(refused(json!(["nonsense"]), good.clone()), "InvalidID: The ID 'nonsense' is not valid");
    assert!(refused(json!(["vpc-0123456789abcdef0"]), good.clone()).starts_with("InvalidVpcID.NotFound"));
    assert!(refused(json!(["pl-63a5400a"]), good.clone()).starts_with("InvalidPrefixListID.NotFound"));
    assert!(refused(json!([vpc, "igw-0123456789abcdef0"]), good).starts_with("InvalidInternetGatewayID.NotFound"));
    assert!(refused(json!([vpc]), json!([])).starts_with("MissingParameter"));
    for key in ["", "aws:x", "AWS:x", &"k".repeat(129)] {
        assert!(
            refused(json!([vpc]), json!([{ "Key": key, "Value": "v" }])).starts_with("InvalidParameterValue"),
            "{key}"
        );
    }
    let long = json!([{ "Key": "k", "Value": "v".repeat(257) }]);
    assert!(refused(json!([vpc]), long).starts_with("InvalidParameterValue"));
    let many: Vec<Value> = (0..51).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect();
    assert!(refused(json!([vpc]), json!(many)).starts_with("TagLimitExceeded"));
    assert_eq!(rig.call("DescribeTags", json!({}))["Tags"], json!([]), "a refused call tags nothing");
}
