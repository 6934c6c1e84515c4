use crate::rig::{Rig, id, pretty};
use expect_test::expect;
use serde_json::json;

#[test]
fn awss_own_lists() {
    let mut rig = Rig::new();
    expect![[r#"
        {
          "PrefixLists": [
            {
              "Cidrs": [
                "54.231.0.0/16",
                "52.216.0.0/15",
                "3.5.0.0/19"
              ],
              "PrefixListId": "pl-63a5400a",
              "PrefixListName": "com.amazonaws.us-east-1.s3"
            },
            {
              "Cidrs": [
                "52.94.0.0/22",
                "52.119.224.0/20"
              ],
              "PrefixListId": "pl-02cd2c6b",
              "PrefixListName": "com.amazonaws.us-east-1.dynamodb"
            }
          ]
        }"#]]
    .assert_eq(&pretty(&rig.call("DescribePrefixLists", json!({}))));
    let managed =
        rig.call("DescribeManagedPrefixLists", json!({ "Filters": [{ "Name": "owner-id", "Values": ["AWS"] }] }));
    expect![[r#"
        {
          "PrefixListId": "pl-63a5400a",
          "AddressFamily": "IPv4",
          "State": "create-complete",
          "PrefixListArn": "arn:aws:ec2:us-east-1:aws:prefix-list/pl-63a5400a",
          "PrefixListName": "com.amazonaws.us-east-1.s3",
          "Tags": [],
          "OwnerId": "AWS"
        }"#]]
    .assert_eq(&pretty(&managed["PrefixLists"][0]));
    let entries = rig.call("GetManagedPrefixListEntries", json!({ "PrefixListId": "pl-63a5400a", "MaxResults": 2 }));
    assert_eq!(entries["Entries"].as_array().unwrap().len(), 2);
    let next = json!({ "PrefixListId": "pl-63a5400a", "NextToken": entries["NextToken"] });
    assert_eq!(rig.call("GetManagedPrefixListEntries", next)["Entries"].as_array().unwrap().len(), 1);
    for operation in ["DeleteManagedPrefixList", "GetManagedPrefixListAssociations", "ModifyManagedPrefixList"] {
        let refusal = rig.refused(operation, json!({ "PrefixListId": "pl-63a5400a" }));
        assert!(refusal.starts_with("OperationNotPermitted"), "{refusal}");
    }
}

#[test]
fn a_list_and_its_versions() {
    let mut rig = Rig::new();
    let create = json!({
        "PrefixListName": "offices", "AddressFamily": "IPv4", "MaxEntries": 2,
        "Entries": [{ "Cidr": "192.0.2.0/24", "Description": "one" }],
    });
    let made = rig.call("CreateManagedPrefixList", create)["PrefixList"].clone();
    assert_eq!((id(&made["State"]), made["Version"].clone()), ("create-in-progress".into(), json!(1)));
    let list = id(&made["PrefixListId"]);
    let entries = |rig: &mut Rig| {
        let reply = rig.call("GetManagedPrefixListEntries", json!({ "PrefixListId": list }));
        reply["Entries"].as_array().unwrap().iter().map(|e| id(&e["Cidr"])).collect::<Vec<_>>()
    };
    let modify = |version: i64, add: &str| json!({ "PrefixListId": list, "CurrentVersion": version, "AddEntries": [{ "Cidr": add }] });
    rig.call("ModifyManagedPrefixList", modify(1, "198.51.100.0/24"));
    assert_eq!(entries(&mut rig), ["192.0.2.0/24", "198.51.100.0/24"]);
    assert!(
        rig.refused("ModifyManagedPrefixList", modify(1, "203.0.113.0/24")).starts_with("PrefixListVersionMismatch")
    );
    assert!(
        rig.refused("ModifyManagedPrefixList", modify(2, "203.0.113.0/24")).starts_with("PrefixListMaxEntriesExceeded")
    );
    let old = rig.call("GetManagedPrefixListEntries", json!({ "PrefixListId": list, "TargetVersion": 1 }));
    assert_eq!(old["Entries"].as_array().unwrap().len(), 1);
    let remove = json!({ "PrefixListId": list, "CurrentVersion": 2, "RemoveEntries": [{ "Cidr": "10.0.0.0/8" }] });
    assert!(rig.refused("ModifyManagedPrefixList", remove).starts_with("InvalidPrefixListModification"));
    let restore = json!({ "PrefixListId": list, "PreviousVersion": 1, "CurrentVersion": 2 });
    assert_eq!(rig.call("RestoreManagedPrefixListVersion", restore)["PrefixList"]["Version"], 3);
    assert_eq!(entries(&mut rig), ["192.0.2.0/24"]);
    let restore = json!({ "PrefixListId": list, "PreviousVersion": 9, "CurrentVersion": 3 });
    assert!(rig.refused("RestoreManagedPrefixListVersion", restore).starts_with("PrefixListVersionNotFound"));
    let seen = rig.call("DescribeManagedPrefixLists", json!({ "PrefixListIds": [list] }));
    assert_eq!(seen["PrefixLists"][0]["State"], "restore-complete");
}

#[test]
fn a_list_in_use_stays() {
    let mut rig = Rig::new();
    let vpc = rig.vpc("10.0.0.0/16");
    let (table, gateway) = (rig.table(&vpc), rig.gateway(&vpc));
    let create = json!({ "PrefixListName": "x", "AddressFamily": "IPv4", "MaxEntries": 1 });
    let list = id(&rig.call("CreateManagedPrefixList", create)["PrefixList"]["PrefixListId"]);
    let route = json!({ "RouteTableId": table, "DestinationPrefixListId": list, "GatewayId": gateway });
    rig.call("CreateRoute", route.clone());
    assert_eq!(
        rig.refused("CreateRoute", route),
        format!("RouteAlreadyExists: The route identified by {list} already exists.")
    );
    let users = rig.call("GetManagedPrefixListAssociations", json!({ "PrefixListId": list }));
    assert_eq!(users["PrefixListAssociations"], json!([{ "ResourceId": table, "ResourceOwner": "123456789012" }]));
    let refusal = rig.refused("DeleteManagedPrefixList", json!({ "PrefixListId": list }));
    assert!(refusal.starts_with("DependencyViolation"), "{refusal}");
    rig.call("DeleteRoute", json!({ "RouteTableId": table, "DestinationPrefixListId": list }));
    rig.call("DeleteManagedPrefixList", json!({ "PrefixListId": list }));
    let gone = rig.refused("GetManagedPrefixListEntries", json!({ "PrefixListId": list }));
    assert_eq!(gone, format!("InvalidPrefixListID.NotFound: The prefix list ID '{list}' does not exist"));
}

#[test]
fn lists_that_are_refused() {
    let mut rig = Rig::new();
    let good = json!({ "PrefixListName": "x", "AddressFamily": "IPv4", "MaxEntries": 1 });
    for (member, value, wanted) in [
        ("PrefixListName", json!("com.amazonaws.mine"), "InvalidParameterValue"),
        ("MaxEntries", json!(0), "InvalidParameterValue"),
        ("MaxEntries", json!(1001), "InvalidParameterValue"),
        ("AddressFamily", json!("IPv6"), "UnsupportedOperation: IPv6"),
        ("AddressFamily", json!("IPX"), "InvalidParameterValue"),
        ("Entries", json!([{ "Cidr": "10.0.0.0" }]), "InvalidParameterValue"),
        ("Entries", json!([{ "Cidr": "10.0.0.0/8" }, { "Cidr": "11.0.0.0/8" }]), "PrefixListMaxEntriesExceeded"),
    ] {
        let mut input = good.clone();
        input[member] = value;
        let refusal = rig.refused("CreateManagedPrefixList", input);
        assert!(refusal.starts_with(wanted), "{member}: {refusal}");
    }
}
