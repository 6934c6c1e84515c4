//! Instances, as a client sees them.

mod common;

use common::{Lab, host_type, masked, pretty, text, texts};
use expect_test::expect;
use postern_control::lifecycle;
use postern_model::InstanceState;
use serde_json::{Value, json};

fn run(subnet: &str) -> Value {
    json!({ "ImageId": "ami-00000001", "InstanceType": host_type(), "MinCount": 1, "MaxCount": 1, "SubnetId": subnet })
}

fn with(mut input: Value, member: &str, value: Value) -> Value {
    input[member] = value;
    input
}

fn described(lab: &mut Lab, id: &str) -> Value {
    lab.ok("DescribeInstances", json!({ "InstanceIds": [id] }))["Reservations"][0]["Instances"][0].clone()
}

#[test]
fn an_instance_begins_pending_with_all_its_members() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let input = json!({
        "ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        "InstanceType": host_type(), "MinCount": 1, "MaxCount": 1, "ClientToken": "t-1",
        "NetworkInterfaces": [{
            "DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": true, "PrivateIpAddress": "10.0.1.10",
        }],
        "IamInstanceProfile": { "Name": "app" },
        "UserData": "aGVs\nbG8=",
        "MetadataOptions": { "HttpTokens": "required", "HttpPutResponseHopLimit": 2 },
        "TagSpecifications": [
            { "ResourceType": "instance", "Tags": [{ "Key": "Name", "Value": "web" }] },
            { "ResourceType": "volume", "Tags": [{ "Key": "Name", "Value": "disk" }] },
            { "ResourceType": "network-interface", "Tags": [{ "Key": "Name", "Value": "card" }] },
        ],
    });
    let mut reply = lab.ok("RunInstances", input);
    assert!(reply["Instances"][0]["CpuOptions"].take().is_object());
    expect![[r#"
        {
          "ReservationId": "r-00000000000001022",
          "OwnerId": "123456789012",
          "Groups": [],
          "Instances": [
            {
              "Architecture": "ARCH",
              "BlockDeviceMappings": [
                {
                  "DeviceName": "/dev/xvda",
                  "Ebs": {
                    "AttachTime": "2026-11-21T10:00:00Z",
                    "DeleteOnTermination": true,
                    "Status": "attached",
                    "VolumeId": "vol-00000000000001023"
                  }
                }
              ],
              "ClientToken": "t-1",
              "EbsOptimized": false,
              "EnaSupport": true,
              "Hypervisor": "xen",
              "NetworkInterfaces": [
                {
                  "Association": {
                    "IpOwnerId": "amazon",
                    "PublicDnsName": "",
                    "PublicIp": "3.208.16.41"
                  },
                  "Description": "",
                  "Groups": [
                    {
                      "GroupId": "sg-0000000000000101c",
                      "GroupName": "default"
                    }
                  ],
                  "InterfaceType": "interface",
                  "Ipv6Addresses": [],
                  "MacAddress": "0a:00:00:00:10:27",
                  "NetworkInterfaceId": "eni-00000000000001026",
                  "OwnerId": "123456789012",
                  "PrivateIpAddress": "10.0.1.10",
                  "PrivateIpAddresses": [
                    {
                      "Association": {
                        "IpOwnerId": "amazon",
                        "PublicDnsName": "",
                        "PublicIp": "3.208.16.41"
                      },
                      "Primary": true,
                      "PrivateIpAddress": "10.0.1.10"
                    }
                  ],
                  "SourceDestCheck": true,
                  "Status": "in-use",
                  "SubnetId": "subnet-0000000000000101f",
                  "VpcId": "vpc-00000000000001017",
                  "Operator": {
                    "Managed": false
                  },
                  "Attachment": {
                    "AttachTime": "2026-11-21T10:00:00Z",
                    "AttachmentId": "eni-attach-00000000000001028",
                    "DeleteOnTermination": true,
                    "DeviceIndex": 0,
                    "Status": "attached",
                    "NetworkCardIndex": 0
                  }
                }
              ],
              "RootDeviceName": "/dev/xvda",
              "RootDeviceType": "ebs",
              "SecurityGroups": [
                {
                  "GroupId": "sg-0000000000000101c",
                  "GroupName": "default"
                }
              ],
              "VirtualizationType": "hvm",
              "CapacityReservationSpecification": {
                "CapacityReservationPreference": "open"
              },
              "HibernationOptions": {
                "Configured": false
              },
              "MetadataOptions": {
                "State": "applied",
                "HttpTokens": "required",
                "HttpPutResponseHopLimit": 2,
                "HttpEndpoint": "enabled",
                "HttpProtocolIpv6": "disabled",
                "InstanceMetadataTags": "disabled"
              },
              "EnclaveOptions": {
                "Enabled": false
              },
              "BootMode": "uefi-preferred",
              "PlatformDetails": "Linux/UNIX",
              "UsageOperation": "RunInstances",
              "UsageOperationUpdateTime": "2026-11-21T10:00:00Z",
              "MaintenanceOptions": {
                "AutoRecovery": "default",
                "RebootMigration": "default"
              },
              "CurrentInstanceBootMode": "uefi",
              "NetworkPerformanceOptions": {
                "BandwidthWeighting": "default"
              },
              "Operator": {
                "Managed": false
              },
              "InstanceId": "i-00000000000001024",
              "ImageId": "ami-00000001",
              "State": {
                "Code": 0,
                "Name": "pending"
              },
              "PrivateDnsName": "ip-10-0-1-10.ec2.internal",
              "PublicDnsName": "",
              "StateTransitionReason": "",
              "AmiLaunchIndex": 0,
              "ProductCodes": [],
              "InstanceType": "HOST-TYPE",
              "LaunchTime": "2026-11-21T10:00:00Z",
              "Placement": {
                "AvailabilityZone": "us-east-1a",
                "AvailabilityZoneId": "use1-az1",
                "GroupName": "",
                "Tenancy": "default"
              },
              "Monitoring": {
                "State": "disabled"
              },
              "SubnetId": "subnet-0000000000000101f",
              "VpcId": "vpc-00000000000001017",
              "SourceDestCheck": true,
              "PrivateIpAddress": "10.0.1.10",
              "PublicIpAddress": "3.208.16.41",
              "IamInstanceProfile": {
                "Arn": "arn:aws:iam::123456789012:instance-profile/app",
                "Id": "AIPAEXAMPLE"
              },
              "StateReason": {
                "Code": "pending",
                "Message": "pending"
              },
              "Tags": [
                {
                  "Key": "Name",
                  "Value": "web"
                }
              ],
              "CpuOptions": null,
              "PrivateDnsNameOptions": {
                "HostnameType": "ip-name",
                "EnableResourceNameDnsARecord": false,
                "EnableResourceNameDnsAAAARecord": false
              }
            }
          ]
        }"#]]
    .assert_eq(&masked(&pretty(&reply)));
}

#[test]
fn the_same_token_gives_the_same_instance() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let input = with(run(&subnet), "ClientToken", json!("again"));
    let (first, second) = (lab.ok("RunInstances", input.clone()), lab.ok("RunInstances", input.clone()));
    assert_eq!(first, second);
    expect!["IdempotentParameterMismatch: Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."]
        .assert_eq(&lab.refused("RunInstances", with(input, "ImageId", json!("ami-00002023"))));
}

#[test]
fn wrong_launches_are_refused() {
    let mut lab = Lab::new();
    let (vpc, subnet) = lab.network();
    let elsewhere = lab.ok(
        "DescribeSecurityGroups",
        json!({
            "Filters": [{ "Name": "group-name", "Values": ["default"] }],
        }),
    );
    let elsewhere = elsewhere["SecurityGroups"].as_array().and_then(|g| g.iter().find(|g| g["VpcId"] != vpc.as_str()));
    let elsewhere = text(elsewhere.expect("the default VPC's group"), "/GroupId");
    let wrong = [
        ("ImageId", json!("ami-0abcdef1234567890")),
        ("ImageId", json!("debian")),
        ("InstanceType", json!("t9.huge")),
        ("InstanceType", json!(if cfg!(target_arch = "aarch64") { "t3.micro" } else { "t4g.micro" })),
        ("MinCount", json!(0)),
        ("MinCount", json!(2)),
        ("SubnetId", json!("subnet-00000000000000001")),
        ("SecurityGroupIds", json!([elsewhere])),
        ("SecurityGroups", json!(["default"])),
        ("PrivateIpAddress", json!("10.0.1.3")),
        ("PrivateIpAddress", json!("10.0.2.4")),
        ("PrivateIpAddress", json!("10.0.1")),
        ("KeyName", json!("lost")),
        ("UserData", json!("not base64!")),
        ("IamInstanceProfile", json!({ "Name": "nobody" })),
        ("IamInstanceProfile", json!({ "Name": "app", "Arn": "arn:aws:iam::123456789012:instance-profile/app" })),
        ("MetadataOptions", json!({ "HttpTokens": "maybe" })),
        ("MetadataOptions", json!({ "HttpPutResponseHopLimit": 65 })),
        ("InstanceInitiatedShutdownBehavior", json!("hibernate")),
        ("Placement", json!({ "AvailabilityZone": "us-east-1z" })),
        ("Placement", json!({ "AvailabilityZone": "us-east-1b" })),
        ("NetworkInterfaces", json!([{ "DeviceIndex": 0 }])),
        ("LaunchTemplate", json!({ "LaunchTemplateName": "x" })),
        ("InstanceMarketOptions", json!({ "MarketType": "spot" })),
        ("BlockDeviceMappings", json!([{ "DeviceName": "/dev/sdf", "Ebs": { "VolumeSize": 10 } }])),
        ("TagSpecifications", json!([{ "ResourceType": "vpc", "Tags": [{ "Key": "a" }] }])),
    ];
    let refusals: Vec<String> = wrong
        .into_iter()
        .map(|(member, value)| lab.refused("RunInstances", with(run(&subnet), member, value)))
        .map(|refusal| refusal.replace(&subnet, "SUBNET").replace(&elsewhere, "GROUP"))
        .collect();
    expect![[r#"
        InvalidAMIID.NotFound: The image id '[ami-0abcdef1234567890]' does not exist
        InvalidAMIID.Malformed: Invalid id: "debian" (expecting "ami-...")
        InvalidParameterValue: Invalid value 't9.huge' for InstanceType.
        InvalidParameterValue: The architecture 'ARCH' of the specified instance type does not match the architecture 'ARCH' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.
        InvalidParameterValue: Value (0) for parameter minCount is invalid. Must be at least 1
        InvalidParameterValue: Value (1) for parameter maxCount is invalid. Must be greater than or equal to minCount
        InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000000000001' does not exist
        InvalidParameter: Security group GROUP and subnet SUBNET belong to different networks.
        InvalidParameterCombination: The parameter groupName cannot be used with the parameter subnet
        InvalidParameterValue: Address 10.0.1.3 is in subnet's reserved address range
        InvalidParameterValue: Address 10.0.2.4 does not fall within the subnet's address range
        InvalidParameterValue: Invalid IPv4 address: 10.0.1
        InvalidKeyPair.NotFound: The key pair 'lost' does not exist
        InvalidUserData.Malformed: Invalid BASE64 encoding of user data
        InvalidParameterValue: Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name
        InvalidParameterCombination: The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'
        InvalidParameterValue: Value (maybe) for parameter HttpTokens is invalid. Valid values are: optional, required
        InvalidParameterValue: Value (65) for parameter HttpPutResponseHopLimit is invalid. Must be between 1 and 64
        InvalidParameterValue: Value (hibernate) for parameter InstanceInitiatedShutdownBehavior is invalid. Valid values are: stop, terminate
        InvalidParameterValue: Invalid availability zone: [us-east-1z]
        InvalidParameterValue: Value (us-east-1b) for parameter availabilityZone is invalid. It is not the zone of SUBNET.
        InvalidParameterCombination: Network interfaces and an instance-level subnet ID may not be specified on the same request
        UnsupportedOperation: RunInstances with LaunchTemplate is not served by Postern yet.
        UnsupportedOperation: RunInstances with InstanceMarketOptions (Spot) other than the default is not served by Postern yet.
        UnsupportedOperation: A volume besides the root volume is not served by Postern yet.
        InvalidParameterValue: 'vpc' is not a valid taggable resource type for this operation."#]].assert_eq(&masked(&refusals.join("\n")));
}

#[test]
fn a_subnet_bounds_how_many_fit() {
    let mut lab = Lab::new();
    let (vpc, _) = lab.network();
    let small = json!({ "VpcId": vpc, "CidrBlock": "10.0.9.0/28" });
    let small = text(&lab.ok("CreateSubnet", small), "/Subnet/SubnetId");
    let many = |min, max| with(with(run(&small), "MinCount", json!(min)), "MaxCount", json!(max));
    expect!["InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses to satisfy the request."]
        .assert_eq(&lab.refused("RunInstances", many(12, 12)));
    let reply = lab.ok("RunInstances", many(1, 100));
    assert_eq!(texts(&reply, "/Instances", "InstanceId").len(), 11);
    let shown = lab.ok("DescribeSubnets", json!({ "SubnetIds": [small] }));
    assert_eq!(shown["Subnets"][0]["AvailableIpAddressCount"], 0);
}

#[test]
fn stop_start_terminate() {
    let mut lab = Lab::new();
    let subnet = lab.ok("DescribeSubnets", json!({ "Filters": [{ "Name": "default-for-az", "Values": ["true"] }] }));
    let subnet = text(&subnet, "/Subnets/0/SubnetId");
    let id = lab.instances(&subnet, 1).remove(0);
    let running = described(&mut lab, &id);
    let (public, private) = (text(&running, "/PublicIpAddress"), text(&running, "/PrivateIpAddress"));
    assert!(text(&running, "/PublicDnsName").starts_with("ec2-3-"));
    let ids = json!({ "InstanceIds": [id] });

    let reply = lab.ok("StopInstances", ids.clone());
    assert_eq!(reply["StoppingInstances"][0]["CurrentState"], json!({ "Code": 64, "Name": "stopping" }));
    assert_eq!(reply["StoppingInstances"][0]["PreviousState"], json!({ "Code": 16, "Name": "running" }));
    assert!(lab.refused("StartInstances", ids.clone()).starts_with("IncorrectInstanceState: The instance '"));
    lab.complete(&id, lifecycle::stopped);
    let stopped = described(&mut lab, &id);
    assert_eq!(stopped["State"]["Name"], "stopped");
    assert_eq!(stopped["StateTransitionReason"], "User initiated (2026-11-21 10:00:00 GMT)");
    assert!(stopped.get("PublicIpAddress").is_none());
    assert_eq!(text(&stopped, "/PrivateIpAddress"), private);

    lab.ok("StartInstances", ids.clone());
    let has_links = |lab: &Lab| lab.world.instances.values().any(postern_model::Instance::has_links);
    assert!(!has_links(&lab));
    lab.complete(&id, lifecycle::stands);
    assert!(has_links(&lab), "its links are made before anybody reads that it runs");
    assert_eq!(described(&mut lab, &id)["State"]["Name"], "pending");
    lab.complete(&id, lifecycle::running);
    assert!(has_links(&lab));
    assert_ne!(text(&described(&mut lab, &id), "/PublicIpAddress"), public);

    lab.ok("TerminateInstances", ids.clone());
    lab.complete(&id, lifecycle::terminated);
    let gone = described(&mut lab, &id);
    assert_eq!(gone["State"], json!({ "Code": 48, "Name": "terminated" }));
    assert_eq!(gone["StateReason"]["Code"], "Client.UserInitiatedShutdown");
    assert!(gone.get("VpcId").is_none() && gone["NetworkInterfaces"] == json!([]));
    assert!(lab.world.network_interfaces.is_empty());
    lab.complete(&id, |draft, id, _| lifecycle::forget(draft, id));
    assert_eq!(
        lab.refused("DescribeInstances", ids),
        format!("InvalidInstanceID.NotFound: The instance ID '{id}' does not exist")
    );
}

#[test]
fn a_rebooted_instance_counts_as_running() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let id = lab.instances(&subnet, 1).remove(0);
    let before = described(&mut lab, &id);
    lab.ok("RebootInstances", json!({ "InstanceIds": [id] }));
    let key = id.parse().expect("an instance id");
    assert_eq!(lab.world.instances[&key].state, InstanceState::Pending);
    assert_eq!(described(&mut lab, &id), before);
    lab.complete(&id, lifecycle::running);
    assert_eq!(lab.world.instances[&key].state, InstanceState::Running);
    assert_eq!(described(&mut lab, &id), before);
}

#[test]
fn a_failed_start_costs_no_disk_that_was_written() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let old = lab.instances(&subnet, 1).remove(0);
    lab.ok("RebootInstances", json!({ "InstanceIds": [old] }));
    let new = text(&lab.ok("RunInstances", run(&subnet)), "/Instances/0/InstanceId");
    for (id, state) in [(&old, "stopped"), (&new, "terminated")] {
        lab.complete(id, lifecycle::failed_to_start);
        let shown = described(&mut lab, id);
        assert_eq!(
            (&shown["State"]["Name"], &shown["StateReason"]["Code"]),
            (&json!(state), &json!("Server.InternalError"))
        );
    }
}

#[test]
fn a_protected_instance_is_not_terminated() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    let reply = lab.ok("RunInstances", with(run(&subnet), "DisableApiTermination", json!(true)));
    let id = text(&reply, "/Instances/0/InstanceId");
    assert_eq!(
        lab.refused("TerminateInstances", json!({ "InstanceIds": [id] })),
        format!(
            "OperationNotPermitted: The instance '{id}' may not be terminated. Modify its 'disableApiTermination' \
             instance attribute and try again."
        )
    );
}

#[test]
fn reservations_pages_and_filters() {
    let mut lab = Lab::new();
    let (vpc, subnet) = lab.network();
    lab.instances(&subnet, 3);
    lab.instances(&subnet, 4);
    let all = lab.ok("DescribeInstances", json!({}));
    let sizes: Vec<usize> = all["Reservations"]
        .as_array()
        .map(|r| r.iter().filter_map(|r| r["Instances"].as_array()).map(Vec::len).collect())
        .unwrap_or_default();
    assert_eq!(sizes, [3, 4]);
    let first = lab.ok("DescribeInstances", json!({ "MaxResults": 5 }));
    let next = text(&first, "/NextToken");
    let second = lab.ok("DescribeInstances", json!({ "MaxResults": 5, "NextToken": next }));
    assert_eq!(second["Reservations"][0]["Instances"].as_array().map(Vec::len), Some(2));
    assert!(second.get("NextToken").is_none());
    let by = |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
    for (name, value, count) in [
        ("vpc-id", vpc.as_str(), 7),
        ("private-ip-address", "10.0.1.4", 1),
        ("private-dns-name", "ip-10-0-1-*.ec2.internal", 7),
        ("instance-state-name", "stopped", 0),
        ("network-interface.addresses.private-ip-address", "10.0.1.?", 6),
        ("instance.group-name", "default", 7),
    ] {
        let reply = lab.ok("DescribeInstances", by(name, value));
        let found: usize = reply["Reservations"]
            .as_array()
            .map(|r| r.iter().filter_map(|r| r["Instances"].as_array()).map(Vec::len).sum())
            .unwrap_or_default();
        assert_eq!(found, count, "{name} = {value}");
    }
    expect!["InvalidParameterValue: The filter 'colour' is invalid"]
        .assert_eq(&lab.refused("DescribeInstances", by("colour", "red")));
    let status = lab.ok("DescribeInstanceStatus", json!({}));
    assert_eq!(status["InstanceStatuses"].as_array().map(Vec::len), Some(7));
    assert_eq!(status["InstanceStatuses"][0]["InstanceStatus"]["Status"], "ok");
}

#[test]
fn vcpus_of_running_instances_are_counted() {
    let mut lab = Lab::new();
    let (_, subnet) = lab.network();
    // The type has 4 on a PC and 2 on ARM: room for three and a half, or one and a half.
    let each = if cfg!(target_arch = "aarch64") { 2 } else { 4 };
    lab.quotas.vcpus = 3 * each + 1;
    let launch = |min: u64, max: u64| json!({ "ImageId": "ami-00000001", "InstanceType": host_type(), "MinCount": min, "MaxCount": max, "SubnetId": subnet });
    let said = format!(
        "VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of {} allows for the instance \
         bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to \
         request an adjustment to this limit.",
        3 * each + 1
    );
    assert_eq!(lab.refused("RunInstances", launch(4, 4)), said);
    // As many of them as there is room for.
    let launched = texts(&lab.ok("RunInstances", launch(1, 5)), "/Instances", "InstanceId");
    assert_eq!(launched.len(), 3);
    launched.iter().for_each(|id| lab.complete(id, lifecycle::running));
    assert_eq!(lab.refused("RunInstances", launch(1, 1)), said);
    lab.ok("StopInstances", json!({ "InstanceIds": [launched[0]] }));
    lab.complete(&launched[0], lifecycle::stopped);
    lab.ok("RunInstances", launch(1, 1));
    assert_eq!(lab.refused("StartInstances", json!({ "InstanceIds": [launched[0]] })), said);
}
