//! What can be changed of an instance, as a client sees it.

mod common;

use common::{Lab, pretty, text, texts};
use expect_test::expect;
use postern_control::lifecycle;
use serde_json::{Value, json};

fn attribute(lab: &mut Lab, id: &str, name: &str) -> Value {
    let mut reply = lab.ok("DescribeInstanceAttribute", json!({ "InstanceId": id, "Attribute": name }));
    reply.as_object_mut().and_then(|members| members.remove("InstanceId"));
    reply
}

fn modify(id: &str, member: &str, value: Value) -> Value {
    let mut input = json!({ "InstanceId": id });
    input[member] = value;
    input
}

#[test]
fn attributes_of_a_running_and_of_a_stopped_instance() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let id = lab.instances(&subnet, 1).remove(0);
    lab.ok("ModifyInstanceAttribute", modify(&id, "SourceDestCheck", json!({ "Value": false })));
    assert_eq!(attribute(&mut lab, &id, "sourceDestCheck"), json!({ "SourceDestCheck": { "Value": false } }));
    lab.ok("ModifyInstanceAttribute", modify(&id, "DisableApiTermination", json!({ "Value": true })));
    lab.refused("TerminateInstances", json!({ "InstanceIds": [id] }));
    lab.ok(
        "ModifyInstanceAttribute",
        json!({ "InstanceId": id, "Attribute": "disableApiTermination", "Value": "false" }),
    );
    let user_data = modify(&id, "UserData", json!({ "Value": "aGk=" }));
    assert_eq!(
        lab.refused("ModifyInstanceAttribute", user_data.clone()),
        format!("IncorrectInstanceState: The instance '{id}' is not in the 'stopped' state.")
    );
    lab.ok("StopInstances", json!({ "InstanceIds": [id] }));
    lab.complete(&id, lifecycle::stopped);
    lab.ok("ModifyInstanceAttribute", user_data);
    assert_eq!(attribute(&mut lab, &id, "userData"), json!({ "UserData": { "Value": "aGk=" } }));
    let kind = if cfg!(target_arch = "aarch64") { "t4g.nano" } else { "t3.nano" };
    lab.ok("ModifyInstanceAttribute", modify(&id, "InstanceType", json!({ "Value": kind })));
    assert_eq!(attribute(&mut lab, &id, "instanceType"), json!({ "InstanceType": { "Value": kind } }));
    expect!["InvalidParameterValue: Invalid value 'x1.nope' for InstanceType."]
        .assert_eq(&lab.refused("ModifyInstanceAttribute", modify(&id, "InstanceType", json!({ "Value": "x1.nope" }))));
    expect!["InvalidParameterValue: Value (sleep) for parameter instanceInitiatedShutdownBehavior is invalid. Valid values are: stop, terminate"]
        .assert_eq(&lab.refused(
            "ModifyInstanceAttribute",
            modify(&id, "InstanceInitiatedShutdownBehavior", json!({ "Value": "sleep" })),
        ));
}

#[test]
fn several_interfaces_must_be_named() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let id = lab.instances(&subnet, 1).remove(0);
    let eni = lab.ok("CreateNetworkInterface", json!({ "SubnetId": subnet }));
    let eni = text(&eni, "/NetworkInterface/NetworkInterfaceId");
    lab.ok("AttachNetworkInterface", json!({ "NetworkInterfaceId": eni, "InstanceId": id, "DeviceIndex": 1 }));
    assert_eq!(
        lab.refused("ModifyInstanceAttribute", modify(&id, "SourceDestCheck", json!({ "Value": false }))),
        format!(
            "InvalidInstanceID: There are multiple interfaces attached to instance '{id}'. Please specify an interface \
             ID for the operation instead."
        )
    );
}

#[test]
fn metadata_options_and_monitoring() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let id = lab.instances(&subnet, 1).remove(0);
    let input = json!({ "InstanceId": id, "HttpTokens": "required", "InstanceMetadataTags": "enabled" });
    let reply = lab.ok("ModifyInstanceMetadataOptions", input);
    assert_eq!(reply["InstanceMetadataOptions"]["HttpTokens"], "required");
    expect![
        "InvalidParameterValue: Value (0) for parameter HttpPutResponseHopLimit is invalid. Must be between 1 and 64"
    ]
    .assert_eq(&lab.refused("ModifyInstanceMetadataOptions", modify(&id, "HttpPutResponseHopLimit", json!(0))));
    let reply = lab.ok("MonitorInstances", json!({ "InstanceIds": [id] }));
    assert_eq!(reply["InstanceMonitorings"][0]["Monitoring"]["State"], "pending");
    let shown = lab.ok("DescribeInstances", json!({}));
    let shown = &shown["Reservations"][0]["Instances"][0];
    assert_eq!(shown["Monitoring"]["State"], "enabled");
    assert_eq!(shown["MetadataOptions"]["InstanceMetadataTags"], "enabled");
    let console = lab.ok("GetConsoleOutput", json!({ "InstanceId": id }));
    assert_eq!(console["Output"], "Ym9vdGVkCg==");
}

#[test]
fn profiles_come_and_go() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let id = lab.instances(&subnet, 1).remove(0);
    let associate = |name: &str| json!({ "InstanceId": id, "IamInstanceProfile": { "Name": name } });
    expect!["InvalidParameterValue: Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"]
        .assert_eq(&lab.refused("AssociateIamInstanceProfile", associate("nobody")));
    let reply = lab.ok("AssociateIamInstanceProfile", associate("app"));
    let association = text(&reply, "/IamInstanceProfileAssociation/AssociationId");
    assert_eq!(
        lab.refused("AssociateIamInstanceProfile", associate("app")),
        format!("IncorrectState: There is an existing association for instance {id}")
    );
    let by_instance = json!({ "Filters": [{ "Name": "instance-id", "Values": [id] }] });
    let shown = lab.ok("DescribeIamInstanceProfileAssociations", by_instance);
    let masked = pretty(&shown).replace(&id, "i-").replace(&association, "iip-assoc-");
    expect![[r#"
        {
          "IamInstanceProfileAssociations": [
            {
              "AssociationId": "iip-assoc-",
              "InstanceId": "i-",
              "IamInstanceProfile": {
                "Arn": "arn:aws:iam::123456789012:instance-profile/app",
                "Id": "AIPAEXAMPLE"
              },
              "State": "associated",
              "Timestamp": "2026-11-21T10:00:00Z"
            }
          ]
        }"#]]
    .assert_eq(&masked);
    let replaced = lab.ok(
        "ReplaceIamInstanceProfileAssociation",
        json!({ "AssociationId": association, "IamInstanceProfile": { "Name": "app" } }),
    );
    let new = text(&replaced, "/IamInstanceProfileAssociation/AssociationId");
    assert_eq!(
        lab.refused("DisassociateIamInstanceProfile", json!({ "AssociationId": association })),
        format!("NoSuchAssociation: An invalid association-id of '{association}' was given")
    );
    let reply = lab.ok("DisassociateIamInstanceProfile", json!({ "AssociationId": new }));
    assert_eq!(reply["IamInstanceProfileAssociation"]["State"], "disassociating");
    let none = lab.ok("DescribeIamInstanceProfileAssociations", json!({}));
    assert_eq!(none["IamInstanceProfileAssociations"], json!([]));
}

#[test]
fn root_volumes_are_described() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let reply = lab.ok(
        "RunInstances",
        json!({
            "ImageId": "ami-00000001", "InstanceType": common::host_type(), "MinCount": 2, "MaxCount": 2,
            "SubnetId": subnet,
            "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": { "VolumeSize": 20, "VolumeType": "gp2" } }],
            "TagSpecifications": [{ "ResourceType": "volume", "Tags": [{ "Key": "Name", "Value": "disk" }] }],
        }),
    );
    let id = text(&reply, "/Instances/0/InstanceId");
    let by_instance = json!({ "Filters": [{ "Name": "attachment.instance-id", "Values": [id] }] });
    let shown = lab.ok("DescribeVolumes", by_instance);
    let volume = &shown["Volumes"][0];
    assert_eq!((&volume["Size"], &volume["VolumeType"]), (&json!(20), &json!("gp2")));
    assert_eq!(volume["Tags"], json!([{ "Key": "Name", "Value": "disk" }]));
    let all = lab.ok("DescribeVolumes", json!({ "Filters": [{ "Name": "tag:Name", "Values": ["disk"] }] }));
    assert_eq!(texts(&all, "/Volumes", "VolumeId").len(), 2);
    expect!["InvalidVolume.NotFound: The volume 'vol-00000000000000001' does not exist."]
        .assert_eq(&lab.refused("DescribeVolumes", json!({ "VolumeIds": ["vol-00000000000000001"] })));
}
