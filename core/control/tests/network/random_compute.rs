//! Random calls of the compute verbs among those of the network, with the instances' lives between them: the World stays
//! without flaws throughout.

use crate::rig::Rig;
use postern_control::{Draft, lifecycle};
use postern_model::World;
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
struct Step {
    operation: usize,
    picks: [usize; 3],
    small: u8,
}

fn step() -> impl Strategy<Value = Step> {
    (0usize..30, any::<[usize; 3]>(), 0u8..12).prop_map(|(operation, picks, small)| Step { operation, picks, small })
}

fn pick<K: ToString>(keys: impl Iterator<Item = K>, n: usize, prefix: &str) -> String {
    let ids: Vec<String> = keys.map(|k| k.to_string()).collect();
    if ids.is_empty() { format!("{prefix}-0123456789abcdef0") } else { ids[n % ids.len()].clone() }
}

/// A call; `None` when the step is one of an instance's life.
fn call(world: &World, step: &Step) -> Option<(&'static str, Value)> {
    let [a, b, c] = step.picks;
    let vpc = pick(world.vpcs.keys(), a, "vpc");
    let subnet = pick(world.subnets.keys(), b, "subnet");
    let group = pick(world.security_groups.keys(), c, "sg");
    let other_group = pick(world.security_groups.keys(), a, "sg");
    let acl = pick(world.network_acls.keys(), c, "acl");
    let eni = pick(world.network_interfaces.keys(), a, "eni");
    let instance = pick(world.instances.keys(), b, "i");
    let address = pick(world.addresses.keys(), c, "eipalloc");
    let acl_associations = world.network_acls.values().flat_map(|acl| &acl.associations).map(|(id, _)| id);
    let acl_association = pick(acl_associations, a, "aclassoc");
    let attachments = world.network_interfaces.values().filter_map(|e| e.attachment.as_ref()).map(|a| a.id);
    let attachment = pick(attachments, b, "eni-attach");
    let associations = world.addresses.values().filter_map(|a| a.association).map(|(id, _, _)| id);
    let association = pick(associations, c, "eipassoc");
    let small = step.small;
    let image = "ami-00000001";
    let inside = world.network_interfaces.values().find(|e| e.id.to_string() == eni);
    let last = inside.and_then(|e| e.addresses.last()).map(|a| a.address.to_string()).unwrap_or_default();
    let permissions = json!([{
        "IpProtocol": "tcp", "FromPort": small, "ToPort": 443,
        "UserIdGroupPairs": [{ "GroupId": other_group }], "IpRanges": [{ "CidrIp": "10.0.0.0/8" }],
    }]);
    Some(match step.operation {
        0 | 1 => {
            ("RunInstances", json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 + small % 3, "SubnetId": subnet }))
        }
        2 => {
            let wish =
                json!([{ "DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": true, "Groups": [group] }]);
            ("RunInstances", json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1, "NetworkInterfaces": wish }))
        }
        3 => {
            let wish = json!([{ "DeviceIndex": 0, "NetworkInterfaceId": eni }]);
            ("RunInstances", json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1, "NetworkInterfaces": wish }))
        }
        4 => ("TerminateInstances", json!({ "InstanceIds": [instance] })),
        5 => ("StopInstances", json!({ "InstanceIds": [instance] })),
        6 => ("StartInstances", json!({ "InstanceIds": [instance] })),
        7 | 8 => ("CreateNetworkInterface", json!({ "SubnetId": subnet, "SecondaryPrivateIpAddressCount": small % 3 })),
        9 => ("CreateNetworkInterface", json!({ "SubnetId": subnet, "Groups": [group, other_group] })),
        10 => ("DeleteNetworkInterface", json!({ "NetworkInterfaceId": eni })),
        11 => {
            let attach = json!({ "NetworkInterfaceId": eni, "InstanceId": instance, "DeviceIndex": 1 + small % 3 });
            ("AttachNetworkInterface", attach)
        }
        12 => ("DetachNetworkInterface", json!({ "AttachmentId": attachment, "Force": small > 6 })),
        13 => (
            "AssignPrivateIpAddresses",
            json!({ "NetworkInterfaceId": eni, "SecondaryPrivateIpAddressCount": 1 + small % 2 }),
        ),
        14 => ("UnassignPrivateIpAddresses", json!({ "NetworkInterfaceId": eni, "PrivateIpAddresses": [last] })),
        15 => ("ModifyNetworkInterfaceAttribute", json!({ "NetworkInterfaceId": eni, "Groups": [group] })),
        16 => ("CreateSecurityGroup", json!({ "GroupName": format!("g{small}"), "Description": "d", "VpcId": vpc })),
        17 => ("DeleteSecurityGroup", json!({ "GroupId": group })),
        18 => ("AuthorizeSecurityGroupIngress", json!({ "GroupId": group, "IpPermissions": permissions })),
        19 => ("RevokeSecurityGroupIngress", json!({ "GroupId": group, "IpPermissions": permissions })),
        20 => ("CreateNetworkAcl", json!({ "VpcId": vpc })),
        21 => ("DeleteNetworkAcl", json!({ "NetworkAclId": acl })),
        22 => ("ReplaceNetworkAclAssociation", json!({ "AssociationId": acl_association, "NetworkAclId": acl })),
        23 => {
            let entry = json!({
                "NetworkAclId": acl, "RuleNumber": 1 + small, "Protocol": "-1", "RuleAction": "allow", "Egress": true,
                "CidrBlock": "10.0.0.0/8",
            });
            ("CreateNetworkAclEntry", entry)
        }
        24 => ("AssociateAddress", json!({ "AllocationId": address, "NetworkInterfaceId": eni })),
        25 => ("AssociateAddress", json!({ "AllocationId": address, "InstanceId": instance })),
        26 => ("DisassociateAddress", json!({ "AssociationId": association })),
        27 => ("DeleteSubnet", json!({ "SubnetId": subnet })),
        _ => return None,
    })
}

/// What the keeper of the sandboxes does: every instance on its way arrives.
fn live(rig: &mut Rig, step: &Step) {
    let ids: Vec<_> = rig.world.instances.keys().copied().collect();
    let now = rig.now;
    let mut draft = Draft::new(&mut rig.world);
    for id in ids {
        let Some(state) = draft.instances.get(&id).map(|i| i.state) else { continue };
        match state {
            postern_model::InstanceState::Pending => lifecycle::running(&mut draft, id, now),
            postern_model::InstanceState::Stopping => lifecycle::stopped(&mut draft, id, now),
            postern_model::InstanceState::ShuttingDown => lifecycle::terminated(&mut draft, id, now),
            postern_model::InstanceState::Running if step.small == 0 => lifecycle::stopped(&mut draft, id, now),
            _ => false,
        };
    }
    rig.log.extend(draft.commit());
    assert_eq!(rig.world.flaws(), Vec::<String>::new(), "after the instances' lives");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn instances_interfaces_and_groups_keep_the_world_whole(steps in prop::collection::vec(step(), 1..100)) {
        let mut rig = Rig::seeded();
        let vpc = rig.vpc("10.0.0.0/16");
        rig.gateway(&vpc);
        rig.subnet(&vpc, "10.0.1.0/28");
        rig.subnet(&vpc, "10.0.2.0/24");
        rig.address();
        rig.address();
        for step in &steps {
            match call(&rig.world, step) {
                Some((operation, input)) => {
                    let _ = rig.try_call(operation, input);
                }
                None => live(&mut rig, step),
            }
        }
        let mut replayed = World::default();
        for change in &rig.log {
            replayed.apply(change.clone());
        }
        prop_assert_eq!(replayed.entities(), rig.world.entities());
    }
}
