//! Random calls of all kinds in random order, right and wrong ones: none panics, a refused one changes nothing, after
//! each the World has no flaw, and the log of changes replays to the same World.

mod common;

use common::{Lab, NOW, host_type, text};
use postern_control::{Context, Draft, Request, lifecycle, verb, verbs};
use postern_model::{Change, World};
use postern_names::InstanceId;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Splitmix64: chance from the seed that proptest chooses, so that a failure shrinks and repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.roll(of.len())).cloned()
    }
}

/// What a member may be filled with.
#[derive(Clone, Copy)]
enum Fill {
    Vpc,
    Subnet,
    Group,
    Acl,
    AclAssociation,
    Interface,
    Attachment,
    Instance,
    Table,
    TableAssociation,
    Gateway,
    Nat,
    Allocation,
    AddressAssociation,
    Endpoint,
    Rule,
    Word(&'static [&'static str]),
    Number(&'static [i64]),
    Flag,
    Text(&'static str),
    FlagValue,
    Permissions,
    Interfaces,
}

use Fill::*;

const ADDRESSES: &[&str] = &["10.0.0.4", "10.0.0.5", "10.0.1.9", "10.0.0.1", "10.0.0.15", "172.31.0.9"];
const CIDRS: &[&str] = &["10.0.0.0/16", "10.0.0.0/28", "10.0.1.0/24", "0.0.0.0/0", "172.31.0.0/16", "10.0.0.300/8"];

/// Operation; members that are always there; members that sometimes are.
type Form = (&'static str, &'static [(&'static str, Fill)], &'static [(&'static str, Fill)]);

const FORMS: &[Form] = &[
    ("CreateVpc", &[("CidrBlock", Text("10.0.0.0/16"))], &[]),
    ("DeleteVpc", &[("VpcId", Vpc)], &[]),
    ("CreateSubnet", &[("VpcId", Vpc), ("CidrBlock", Word(CIDRS))], &[]),
    ("DeleteSubnet", &[("SubnetId", Subnet)], &[]),
    ("CreateInternetGateway", &[], &[]),
    ("AttachInternetGateway", &[("InternetGatewayId", Gateway), ("VpcId", Vpc)], &[]),
    ("DetachInternetGateway", &[("InternetGatewayId", Gateway), ("VpcId", Vpc)], &[]),
    ("DeleteInternetGateway", &[("InternetGatewayId", Gateway)], &[]),
    ("CreateRouteTable", &[("VpcId", Vpc)], &[]),
    ("DeleteRouteTable", &[("RouteTableId", Table)], &[]),
    ("AssociateRouteTable", &[("RouteTableId", Table), ("SubnetId", Subnet)], &[]),
    ("DisassociateRouteTable", &[("AssociationId", TableAssociation)], &[]),
    (
        "CreateRoute",
        &[("RouteTableId", Table), ("DestinationCidrBlock", Word(CIDRS))],
        &[("GatewayId", Gateway), ("NetworkInterfaceId", Interface), ("InstanceId", Instance), ("NatGatewayId", Nat)],
    ),
    ("DeleteRoute", &[("RouteTableId", Table), ("DestinationCidrBlock", Word(CIDRS))], &[]),
    ("AllocateAddress", &[("Domain", Text("vpc"))], &[]),
    (
        "AssociateAddress",
        &[("AllocationId", Allocation)],
        &[("InstanceId", Instance), ("NetworkInterfaceId", Interface), ("AllowReassociation", Flag)],
    ),
    ("DisassociateAddress", &[("AssociationId", AddressAssociation)], &[]),
    ("ReleaseAddress", &[("AllocationId", Allocation)], &[]),
    ("CreateNatGateway", &[("SubnetId", Subnet), ("AllocationId", Allocation)], &[]),
    ("DeleteNatGateway", &[("NatGatewayId", Nat)], &[]),
    (
        "CreateVpcEndpoint",
        &[("VpcId", Vpc), ("ServiceName", Text("com.amazonaws.us-east-1.s3"))],
        &[("RouteTableIds", Table)],
    ),
    ("DeleteVpcEndpoints", &[("VpcEndpointIds", Endpoint)], &[]),
    (
        "CreateSecurityGroup",
        &[("GroupName", Word(&["a", "b", "default"])), ("Description", Text("d"))],
        &[("VpcId", Vpc)],
    ),
    ("DeleteSecurityGroup", &[("GroupId", Group)], &[]),
    ("AuthorizeSecurityGroupIngress", &[("GroupId", Group), ("IpPermissions", Permissions)], &[]),
    ("AuthorizeSecurityGroupEgress", &[("GroupId", Group), ("IpPermissions", Permissions)], &[]),
    ("RevokeSecurityGroupIngress", &[("GroupId", Group), ("IpPermissions", Permissions)], &[]),
    ("RevokeSecurityGroupEgress", &[("GroupId", Group), ("SecurityGroupRuleIds", Rule)], &[]),
    ("CreateNetworkAcl", &[("VpcId", Vpc)], &[]),
    ("DeleteNetworkAcl", &[("NetworkAclId", Acl)], &[]),
    ("ReplaceNetworkAclAssociation", &[("AssociationId", AclAssociation), ("NetworkAclId", Acl)], &[]),
    (
        "CreateNetworkAclEntry",
        &[
            ("NetworkAclId", Acl),
            ("RuleNumber", Number(&[1, 2, 100, 0, 32767])),
            ("Egress", Flag),
            ("Protocol", Word(&["-1", "1", "50", "x"])),
            ("RuleAction", Word(&["allow", "deny"])),
            ("CidrBlock", Word(CIDRS)),
        ],
        &[],
    ),
    ("DeleteNetworkAclEntry", &[("NetworkAclId", Acl), ("RuleNumber", Number(&[1, 2, 100])), ("Egress", Flag)], &[]),
    (
        "CreateNetworkInterface",
        &[("SubnetId", Subnet)],
        &[
            ("Groups", Group),
            ("PrivateIpAddress", Word(ADDRESSES)),
            ("SecondaryPrivateIpAddressCount", Number(&[0, 1, 3, 11])),
        ],
    ),
    ("DeleteNetworkInterface", &[("NetworkInterfaceId", Interface)], &[]),
    (
        "AttachNetworkInterface",
        &[("NetworkInterfaceId", Interface), ("InstanceId", Instance), ("DeviceIndex", Number(&[0, 1, 2, -1]))],
        &[],
    ),
    ("DetachNetworkInterface", &[("AttachmentId", Attachment)], &[]),
    (
        "ModifyNetworkInterfaceAttribute",
        &[("NetworkInterfaceId", Interface)],
        &[("Groups", Group), ("SourceDestCheck", FlagValue), ("AssociatePublicIpAddress", Flag)],
    ),
    (
        "AssignPrivateIpAddresses",
        &[("NetworkInterfaceId", Interface)],
        &[
            ("PrivateIpAddresses", Word(ADDRESSES)),
            ("SecondaryPrivateIpAddressCount", Number(&[1, 2, 20])),
            ("AllowReassignment", Flag),
        ],
    ),
    ("UnassignPrivateIpAddresses", &[("NetworkInterfaceId", Interface), ("PrivateIpAddresses", Word(ADDRESSES))], &[]),
    (
        "RunInstances",
        &[("ImageId", Text("ami-00000001")), ("MinCount", Number(&[1])), ("MaxCount", Number(&[1, 2, 14]))],
        &[("SubnetId", Subnet), ("NetworkInterfaces", Interfaces), ("SecurityGroupIds", Group)],
    ),
    ("StartInstances", &[("InstanceIds", Instance)], &[]),
    ("StopInstances", &[("InstanceIds", Instance)], &[]),
    ("TerminateInstances", &[("InstanceIds", Instance)], &[]),
    (
        "ModifyInstanceAttribute",
        &[("InstanceId", Instance)],
        &[("Groups", Group), ("SourceDestCheck", FlagValue), ("DisableApiTermination", FlagValue)],
    ),
];

/// Members that are lists.
const LISTS: &[&str] = &[
    "RouteTableIds",
    "VpcEndpointIds",
    "SecurityGroupRuleIds",
    "SecurityGroupIds",
    "PrivateIpAddresses",
    "InstanceIds",
    "Groups",
];

/// Ids of the kind in the World, as text.
fn known(world: &World, fill: Fill) -> Vec<String> {
    fn texts<T: ToString>(ids: impl Iterator<Item = T>) -> Vec<String> {
        ids.map(|id| id.to_string()).collect()
    }
    match fill {
        Vpc => texts(world.vpcs.keys()),
        Subnet => texts(world.subnets.keys()),
        Group => texts(world.security_groups.keys()),
        Rule => texts(world.security_groups.values().flat_map(|g| &g.rules).map(|r| r.id)),
        Acl => texts(world.network_acls.keys()),
        AclAssociation => texts(world.network_acls.values().flat_map(|a| &a.associations).map(|(id, _)| id)),
        Interface => texts(world.network_interfaces.keys()),
        Attachment => texts(world.network_interfaces.values().filter_map(|e| e.attachment.as_ref()).map(|a| a.id)),
        Instance => texts(world.instances.keys()),
        Table => texts(world.route_tables.keys()),
        TableAssociation => texts(world.route_tables.values().flat_map(|t| &t.associations).map(|a| a.id)),
        Gateway => texts(world.internet_gateways.keys()),
        Nat => texts(world.nat_gateways.keys()),
        Allocation => texts(world.addresses.keys()),
        AddressAssociation => texts(world.addresses.values().filter_map(|a| a.association).map(|a| a.0)),
        Endpoint => texts(world.endpoints.keys()),
        _ => Vec::new(),
    }
}

/// An id of the kind that names nothing.
fn unknown(fill: Fill) -> String {
    let prefix = match fill {
        Vpc => "vpc",
        Subnet => "subnet",
        Group => "sg",
        Rule => "sgr",
        Acl => "acl",
        AclAssociation => "aclassoc",
        Interface => "eni",
        Attachment => "eni-attach",
        Instance => "i",
        Table => "rtb",
        TableAssociation => "rtbassoc",
        Gateway => "igw",
        Nat => "nat",
        Allocation => "eipalloc",
        AddressAssociation => "eipassoc",
        _ => "vpce",
    };
    format!("{prefix}-00000000000000bad")
}

fn filled(dice: &mut Dice, world: &World, fill: Fill) -> Value {
    match fill {
        Word(words) => json!(dice.one(words)),
        Number(numbers) => json!(dice.one(numbers)),
        Flag => json!(dice.roll(2) == 0),
        Text(text) => json!(text),
        FlagValue => json!({ "Value": dice.roll(2) == 0 }),
        Permissions => json!([{
            "IpProtocol": dice.one(&["tcp", "-1", "icmp"]),
            "FromPort": dice.one(&[80, 443, -1]), "ToPort": dice.one(&[443, 8, -1]),
            "IpRanges": [{ "CidrIp": dice.one(CIDRS) }],
            "UserIdGroupPairs": [{ "GroupId": filled(dice, world, Group) }],
        }]),
        Interfaces => json!([
            { "DeviceIndex": 0, "NetworkInterfaceId": filled(dice, world, Interface) },
            { "DeviceIndex": 1, "SubnetId": filled(dice, world, Subnet), "DeleteOnTermination": dice.roll(2) == 0 },
        ]),
        id => {
            // One in twelve is wrong: of another kind, unknown, or no id.
            match dice.roll(24) {
                0 => json!("vpc-0"),
                1 => json!(dice.one(&["i-00000000000000bad", "eni-00000000000000bad", "subnet-00000000", ""])),
                _ => json!(dice.one(&known(world, id)).unwrap_or_else(|| unknown(id))),
            }
        }
    }
}

fn call(dice: &mut Dice, world: &World) -> (&'static str, Value) {
    let (operation, always, sometimes) = FORMS[dice.roll(FORMS.len())];
    let mut input = Map::new();
    for (name, fill) in always {
        input.insert((*name).into(), filled(dice, world, *fill));
    }
    for (name, fill) in sometimes {
        if dice.roll(2) == 0 {
            input.insert((*name).into(), filled(dice, world, *fill));
        }
    }
    for list in LISTS {
        if let Some(value) = input.get_mut(*list) {
            *value = json!([value.take()]);
        }
    }
    if operation == "RunInstances" {
        input.insert("InstanceType".into(), json!(host_type()));
    }
    (operation, Value::Object(input))
}

/// A small network with instances, interfaces and an address to begin with, so that the first calls find something.
fn begun() -> Lab {
    let mut lab = Lab::new();
    let (vpc, subnet) = lab.network();
    let small = json!({ "VpcId": vpc, "CidrBlock": "10.0.0.0/28", "AvailabilityZone": "us-east-1a" });
    let small = text(&lab.ok("CreateSubnet", small), "/Subnet/SubnetId");
    let gateway = text(&lab.ok("CreateInternetGateway", json!({})), "/InternetGateway/InternetGatewayId");
    lab.ok("AttachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
    lab.ok("ModifySubnetAttribute", json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": true } }));
    lab.instances(&subnet, 2);
    lab.instances(&small, 1);
    for subnet in [&subnet, &small, &small] {
        lab.ok("CreateNetworkInterface", json!({ "SubnetId": subnet }));
    }
    lab.ok("AllocateAddress", json!({ "Domain": "vpc" }));
    lab.ok("CreateRouteTable", json!({ "VpcId": vpc }));
    lab
}

/// Does `work` on the lab's World and gives the changes that it made; none when it is refused.
fn changes(lab: &mut Lab, operation: &str, input: &Value) -> Result<Vec<Change>, String> {
    let context =
        Context { account: lab.account, region: &lab.region, now: NOW, quotas: &lab.quotas, outside: &lab.outside };
    let verb = verb(operation).expect("a verb of the list");
    let mut draft = Draft::new(&mut lab.world);
    match verb.serve(&mut draft, &context, &Request(input)) {
        Ok(_) => Ok(draft.commit()),
        Err(refusal) => {
            draft.roll_back();
            Err(refusal.code)
        }
    }
}

/// What runs the sandboxes: completes half-done state changes.
fn sandboxes(lab: &mut Lab, dice: &mut Dice) -> Vec<Change> {
    let ids: Vec<InstanceId> = lab.world.instances.keys().copied().collect();
    let Some(id) = dice.one(&ids) else { return Vec::new() };
    let step = dice.roll(6);
    let mut draft = Draft::new(&mut lab.world);
    match step {
        0 | 1 => lifecycle::running(&mut draft, id, NOW),
        2 | 3 => lifecycle::stopped(&mut draft, id, NOW),
        4 => lifecycle::terminated(&mut draft, id, NOW),
        _ => lifecycle::forget(&mut draft, id),
    };
    draft.commit()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_leaves_a_world_without_flaws(seed: u64, length in 1usize..120) {
        let mut lab = begun();
        let mut replayed = lab.world.clone();
        let mut dice = Dice(seed);
        for _ in 0..length {
            let before = lab.world.entities();
            let (what, made) = if dice.roll(5) == 0 {
                ("a lifecycle step".to_owned(), sandboxes(&mut lab, &mut dice))
            } else {
                let (operation, input) = call(&mut dice, &lab.world);
                let result = changes(&mut lab, operation, &input);
                if let Err(code) = &result {
                    prop_assert!(before == lab.world.entities(), "refused with {code}, {operation} {input} changed the World");
                    prop_assert_ne!(code, "InternalError");
                }
                (format!("{operation} {input}"), result.unwrap_or_default())
            };
            let flaws = lab.world.flaws();
            prop_assert!(flaws.is_empty(), "after {what}: {flaws:?}");
            for change in made {
                let change: Change = serde_json::from_str(&serde_json::to_string(&change).expect("JSON")).expect("a change");
                replayed.apply(change);
            }
        }
        prop_assert!(replayed.entities() == lab.world.entities(), "the log replays to another World");
    }

    #[test]
    fn no_member_of_any_call_can_panic(seed: u64) {
        let mut lab = begun();
        lab.call("RunInstances", json!({
            "ImageId": "ami-00000001", "InstanceType": host_type(), "MinCount": 1, "MaxCount": 1,
        })).expect("an instance");
        let mut dice = Dice(seed);
        let all: Vec<&str> = verbs().map(|(name, _)| name).collect();
        let members: Vec<&str> = FORMS.iter().flat_map(|(_, a, b)| a.iter().chain(*b)).map(|(name, _)| *name)
            .chain(["Filters", "MaxResults", "NextToken", "Attribute", "Value", "TagSpecifications", "KeyName"])
            .collect();
        for _ in 0..40 {
            let Some(operation) = dice.one(&all) else { continue };
            let mut input = Map::new();
            for _ in 0..dice.roll(5) {
                let Some(member) = dice.one(&members) else { continue };
                input.insert(member.to_owned(), nonsense(&mut dice, &lab.world, 3));
            }
            let input = Value::Object(input);
            if let Err(code) = changes(&mut lab, operation, &input) {
                prop_assert_ne!(code, "InternalError", "{} {}", operation, input);
            }
            let flaws = lab.world.flaws();
            prop_assert!(flaws.is_empty(), "after {operation} {input}: {flaws:?}");
        }
    }
}

/// Values of every type, some of them ids that are there.
fn nonsense(dice: &mut Dice, world: &World, depth: usize) -> Value {
    let kinds = [Vpc, Subnet, Group, Interface, Instance, Table, Allocation];
    match dice.roll(if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(dice.roll(2) == 0),
        2 => json!(dice.one(&[-1i64, 0, 1, 65536, i64::MAX, i64::MIN])),
        3 => json!(dice.one(&["", "*", "ä\u{0}", "10.0.0.0/8", "-1", "aGk=", "tag:a", "vpc-id", "sg-"])),
        4 | 5 => {
            let kind = dice.one(&kinds).unwrap_or(Vpc);
            filled(dice, world, kind)
        }
        6 => (0..dice.roll(3)).map(|_| nonsense(dice, world, depth - 1)).collect(),
        _ => {
            let names = ["Name", "Values", "Value", "CidrIp", "GroupId", "Key", "ResourceType", "Tags", "DeviceIndex"];
            let members = (0..dice.roll(4)).filter_map(|_| {
                let name = dice.one(&names)?;
                Some((name.to_owned(), nonsense(dice, world, depth - 1)))
            });
            Value::Object(members.collect())
        }
    }
}
