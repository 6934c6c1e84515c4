//! Network interfaces, as a client sees them.

mod common;

use common::{Lab, host_type, pretty, text, texts};
use expect_test::expect;
use postern_control::lifecycle;
use serde_json::{Value, json};

fn created(lab: &mut Lab, subnet: &str) -> String {
    let reply = lab.ok("CreateNetworkInterface", json!({ "SubnetId": subnet }));
    text(&reply, "/NetworkInterface/NetworkInterfaceId")
}

fn described(lab: &mut Lab, id: &str) -> Value {
    lab.ok("DescribeNetworkInterfaces", json!({ "NetworkInterfaceIds": [id] }))["NetworkInterfaces"][0].clone()
}

#[test]
fn a_new_interface_has_the_default_group_and_a_free_address() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let input = json!({
        "SubnetId": subnet, "Description": "card", "ClientToken": "c",
        "PrivateIpAddresses": [
            { "PrivateIpAddress": "10.0.1.20", "Primary": true }, { "PrivateIpAddress": "10.0.1.21", "Primary": false },
        ],
        "TagSpecifications": [{ "ResourceType": "network-interface", "Tags": [{ "Key": "a", "Value": "b" }] }],
    });
    let reply = lab.ok("CreateNetworkInterface", input);
    expect![[r#"
        {
          "NetworkInterface": {
            "Description": "card",
            "Groups": [
              {
                "GroupId": "sg-0000000000000101c",
                "GroupName": "default"
              }
            ],
            "InterfaceType": "interface",
            "Ipv6Addresses": [],
            "MacAddress": "0a:00:00:00:10:22",
            "NetworkInterfaceId": "eni-00000000000001021",
            "OwnerId": "123456789012",
            "PrivateIpAddress": "10.0.1.20",
            "PrivateIpAddresses": [
              {
                "Primary": true,
                "PrivateIpAddress": "10.0.1.20"
              },
              {
                "Primary": false,
                "PrivateIpAddress": "10.0.1.21"
              }
            ],
            "SourceDestCheck": true,
            "Status": "pending",
            "SubnetId": "subnet-0000000000000101f",
            "VpcId": "vpc-00000000000001017",
            "Operator": {
              "Managed": false
            },
            "AvailabilityZone": "us-east-1a",
            "AvailabilityZoneId": "use1-az1",
            "RequesterManaged": false,
            "TagSet": [
              {
                "Key": "a",
                "Value": "b"
              }
            ],
            "DenyAllIgwTraffic": false,
            "Ipv6Native": false
          },
          "ClientToken": "c"
        }"#]]
    .assert_eq(&pretty(&reply));
    let id = text(&reply, "/NetworkInterface/NetworkInterfaceId");
    assert_eq!(described(&mut lab, &id)["Status"], "available");
}

#[test]
fn wrong_interfaces_are_refused() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let taken = created(&mut lab, &subnet);
    let taken = text(&described(&mut lab, &taken), "/PrivateIpAddress");
    let two_primaries = json!([
        { "PrivateIpAddress": "10.0.1.20", "Primary": true }, { "PrivateIpAddress": "10.0.1.21", "Primary": true },
    ]);
    let wrong = [
        ("SubnetId", json!("subnet-1")),
        ("SubnetId", json!("subnet-00000000000000001")),
        ("PrivateIpAddress", json!(taken)),
        ("PrivateIpAddress", json!("10.0.1.0")),
        ("PrivateIpAddress", json!("10.0.1.255")),
        ("PrivateIpAddress", json!("10.0.0.9")),
        ("PrivateIpAddress", json!("::1")),
        ("PrivateIpAddresses", two_primaries),
        ("SecondaryPrivateIpAddressCount", json!(-1)),
        ("SecondaryPrivateIpAddressCount", json!(50)),
        ("Groups", json!(["sg-00000000000000001"])),
        ("Ipv6AddressCount", json!(1)),
        ("InterfaceType", json!("efa")),
    ];
    let refusals: Vec<String> = wrong
        .into_iter()
        .map(|(member, value)| {
            let mut input = json!({ "SubnetId": subnet });
            input[member] = value;
            lab.refused("CreateNetworkInterface", input)
        })
        .collect();
    expect![[r#"
        InvalidSubnetID.Malformed: Invalid id: "subnet-1"
        InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000000000001' does not exist
        InvalidIPAddress.InUse: Address 10.0.1.4 is in use.
        InvalidParameterValue: Address 10.0.1.0 is in subnet's reserved address range
        InvalidParameterValue: Address 10.0.1.255 is in subnet's reserved address range
        InvalidParameterValue: Address 10.0.0.9 does not fall within the subnet's address range
        InvalidParameterValue: Invalid IPv4 address: ::1
        InvalidParameterCombination: Only one primary private IP address can be specified.
        InvalidParameterValue: Value (-1) for parameter secondaryPrivateIpAddressCount is invalid. Must not be negative
        PrivateIpAddressLimitExceeded: Number of private addresses will exceed limit of 50.
        InvalidGroup.NotFound: The security group 'sg-00000000000000001' does not exist
        InvalidParameterValue: The subnet 'subnet-0000000000000101f' has no IPv6 CIDR block associated with it.
        UnsupportedOperation: CreateNetworkInterface with InterfaceType is not served by Postern yet."#]]
    .assert_eq(&refusals.join("\n"));
}

#[test]
fn attach_detach_delete() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let instance = lab.instances(&subnet, 1).remove(0);
    let id = created(&mut lab, &subnet);
    let attach = |index: i64| json!({ "NetworkInterfaceId": id, "InstanceId": instance, "DeviceIndex": index });
    assert_eq!(
        lab.refused("AttachNetworkInterface", attach(0)),
        format!("InvalidParameterValue: Instance '{instance}' already has an interface attached at device index '0'.")
    );
    let attachment = text(&lab.ok("AttachNetworkInterface", attach(1)), "/AttachmentId");
    let shown = described(&mut lab, &id);
    assert_eq!(shown["Status"], "in-use");
    assert_eq!(shown["Attachment"]["InstanceId"], instance.as_str());
    assert_eq!(shown["Attachment"]["DeleteOnTermination"], false);
    assert_eq!(
        lab.refused("DeleteNetworkInterface", json!({ "NetworkInterfaceId": id })),
        format!("InvalidNetworkInterface.InUse: Network interface '{id}' is currently in use.")
    );
    assert_eq!(
        lab.refused("AttachNetworkInterface", attach(2)),
        format!("InvalidNetworkInterface.InUse: Interface: [{id}] in use.")
    );
    let primary = lab.ok("DescribeInstances", json!({ "InstanceIds": [instance] }));
    let primary = text(&primary, "/Reservations/0/Instances/0/NetworkInterfaces/0/Attachment/AttachmentId");
    expect!["OperationNotPermitted: The network interface at device index 0 cannot be detached."]
        .assert_eq(&lab.refused("DetachNetworkInterface", json!({ "AttachmentId": primary })));
    expect!["OperationNotPermitted: You are not allowed to manage 'ela-attach' attachments."]
        .assert_eq(&lab.refused("DetachNetworkInterface", json!({ "AttachmentId": "ela-attach-00000000000000001" })));
    lab.ok("DetachNetworkInterface", json!({ "AttachmentId": attachment }));
    lab.ok("DeleteNetworkInterface", json!({ "NetworkInterfaceId": id }));
    assert_eq!(
        lab.refused("DeleteNetworkInterface", json!({ "NetworkInterfaceId": id })),
        format!("InvalidNetworkInterfaceID.NotFound: The networkInterface ID '{id}' does not exist")
    );
}

#[test]
fn an_attached_interface_outlives_the_instance() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let id = created(&mut lab, &subnet);
    let reply = lab.ok(
        "RunInstances",
        json!({
            "ImageId": "ami-00000001", "InstanceType": host_type(), "MinCount": 1, "MaxCount": 1,
            "NetworkInterfaces": [
                { "DeviceIndex": 1, "SubnetId": subnet }, { "DeviceIndex": 0, "NetworkInterfaceId": id },
            ],
        }),
    );
    let instance = text(&reply, "/Instances/0/InstanceId");
    let address = text(&described(&mut lab, &id), "/PrivateIpAddress");
    assert_eq!(text(&reply, "/Instances/0/PrivateIpAddress"), address);
    lab.ok("TerminateInstances", json!({ "InstanceIds": [instance] }));
    lab.complete(&instance, lifecycle::terminated);
    let left = lab.ok("DescribeNetworkInterfaces", json!({}));
    assert_eq!(texts(&left, "/NetworkInterfaces", "NetworkInterfaceId"), [id]);
    assert_eq!(text(&left, "/NetworkInterfaces/0/Status"), "available");
}

#[test]
fn attributes_change_one_by_one() {
    let mut lab = Lab::new();
    let (vpc, subnet) = lab.network();
    let id = created(&mut lab, &subnet);
    let group = json!({ "GroupName": "g", "Description": "d", "VpcId": vpc });
    let group = text(&lab.ok("CreateSecurityGroup", group), "/GroupId");
    let modify = |member: &str, value: Value| {
        let mut input = json!({ "NetworkInterfaceId": id });
        input[member] = value;
        input
    };
    lab.ok("ModifyNetworkInterfaceAttribute", modify("Groups", json!([group])));
    lab.ok("ModifyNetworkInterfaceAttribute", modify("SourceDestCheck", json!({ "Value": false })));
    lab.ok("ModifyNetworkInterfaceAttribute", modify("Description", json!({ "Value": "new" })));
    let attribute = |name: &str| json!({ "NetworkInterfaceId": id, "Attribute": name });
    let groups = lab.ok("DescribeNetworkInterfaceAttribute", attribute("groupSet"));
    assert_eq!(groups["Groups"], json!([{ "GroupId": group, "GroupName": "g" }]));
    let check = lab.ok("DescribeNetworkInterfaceAttribute", attribute("sourceDestCheck"));
    assert_eq!(check["SourceDestCheck"], json!({ "Value": false }));
    let description = lab.ok("DescribeNetworkInterfaceAttribute", attribute("description"));
    assert_eq!(description["Description"], json!({ "Value": "new" }));
    lab.ok("ResetNetworkInterfaceAttribute", modify("SourceDestCheck", json!("true")));
    assert_eq!(described(&mut lab, &id)["SourceDestCheck"], true);
    let mut both = modify("Groups", json!([group]));
    both["SourceDestCheck"] = json!({ "Value": false });
    expect!["InvalidParameterCombination: Only one attribute can be modified at a time"]
        .assert_eq(&lab.refused("ModifyNetworkInterfaceAttribute", both));
    expect!["InvalidParameterValue: Value (colour) for parameter Attribute is invalid. Valid values are: description, groupSet, sourceDestCheck, attachment, associatePublicIpAddress"]
        .assert_eq(&lab.refused("DescribeNetworkInterfaceAttribute", attribute("colour")));
}

#[test]
fn a_public_address_comes_and_goes_with_the_attribute() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let instance = lab.instances(&subnet, 1).remove(0);
    let eni = lab.ok("DescribeNetworkInterfaces", json!({}));
    let eni = text(&eni, "/NetworkInterfaces/0/NetworkInterfaceId");
    let public = |lab: &mut Lab| {
        let shown = lab.ok("DescribeInstances", json!({ "InstanceIds": [instance] }));
        shown["Reservations"][0]["Instances"][0].get("PublicIpAddress").cloned()
    };
    assert_eq!(public(&mut lab), None);
    let modify = |on: bool| json!({ "NetworkInterfaceId": eni, "AssociatePublicIpAddress": on });
    lab.ok("ModifyNetworkInterfaceAttribute", modify(true));
    assert!(public(&mut lab).is_some());
    lab.ok("ModifyNetworkInterfaceAttribute", modify(false));
    assert_eq!(public(&mut lab), None);
    // While stopped only the wish is kept.
    lab.ok("StopInstances", json!({ "InstanceIds": [instance] }));
    lab.complete(&instance, lifecycle::stopped);
    lab.ok("ModifyNetworkInterfaceAttribute", modify(true));
    assert_eq!(public(&mut lab), None);
    lab.ok("StartInstances", json!({ "InstanceIds": [instance] }));
    assert!(public(&mut lab).is_some());
}

#[test]
fn secondary_addresses_come_go_and_move() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let (one, two) = (created(&mut lab, &subnet), created(&mut lab, &subnet));
    let named = |id: &str, address: &str| json!({ "NetworkInterfaceId": id, "PrivateIpAddresses": [address] });
    let reply = lab.ok("AssignPrivateIpAddresses", named(&one, "10.0.1.50"));
    assert_eq!(reply["AssignedPrivateIpAddresses"], json!([{ "PrivateIpAddress": "10.0.1.50" }]));
    lab.ok("AssignPrivateIpAddresses", json!({ "NetworkInterfaceId": one, "SecondaryPrivateIpAddressCount": 2 }));
    let shown = described(&mut lab, &one);
    assert_eq!(
        texts(&shown, "/PrivateIpAddresses", "PrivateIpAddress"),
        ["10.0.1.4", "10.0.1.50", "10.0.1.6", "10.0.1.7"]
    );
    expect!["InvalidIPAddress.InUse: Address 10.0.1.50 is in use."]
        .assert_eq(&lab.refused("AssignPrivateIpAddresses", named(&two, "10.0.1.50")));
    let mut moving = named(&two, "10.0.1.50");
    moving["AllowReassignment"] = json!(true);
    lab.ok("AssignPrivateIpAddresses", moving.clone());
    moving["PrivateIpAddresses"] = json!(["10.0.1.4"]);
    assert_eq!(
        lab.refused("AssignPrivateIpAddresses", moving),
        format!("InvalidParameterValue: Address 10.0.1.4 is the primary address of {one} and cannot be reassigned.")
    );
    lab.ok("UnassignPrivateIpAddresses", named(&two, "10.0.1.50"));
    assert_eq!(
        lab.refused("UnassignPrivateIpAddresses", named(&two, "10.0.1.50")),
        format!("InvalidParameterValue: Some of the specified addresses are not assigned to interface {two}")
    );
    assert_eq!(
        lab.refused("UnassignPrivateIpAddresses", named(&one, "10.0.1.4")),
        format!("InvalidParameterValue: 10.0.1.4 is the primary address of {one} and cannot be unassigned.")
    );
}
