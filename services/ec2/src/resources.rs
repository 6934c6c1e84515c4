//! Which resources a call touches, as ARNs with their condition keys.

use postern_call::Call;
use postern_model::World;
use postern_names::*;
use postern_policy::Keys;
use serde_json::Value;
use std::collections::BTreeMap;

/// One resource of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// `*` for calls without resources.
    pub arn: String,
    /// `ec2:resourcetag/...`, `aws:resourcetag/...`, `ec2:vpc`.
    pub keys: Keys,
}

/// An id's word before the hyphen and the resource type in ARNs.
const TYPES: &[(&str, &str)] = &[
    ("vpc", "vpc"),
    ("subnet", "subnet"),
    ("igw", "internet-gateway"),
    ("rtb", "route-table"),
    ("pl", "prefix-list"),
    ("sg", "security-group"),
    ("sgr", "security-group-rule"),
    ("acl", "network-acl"),
    ("eni", "network-interface"),
    ("eipalloc", "elastic-ip"),
    ("nat", "natgateway"),
    ("vpce", "vpc-endpoint"),
    ("dopt", "dhcp-options"),
    ("key", "key-pair"),
    ("i", "instance"),
    ("vol", "volume"),
];

/// Operations that make things, with the types of what they make.
const CREATED: &[(&str, &[&str])] = &[
    ("AllocateAddress", &["elastic-ip"]),
    ("CreateDhcpOptions", &["dhcp-options"]),
    ("CreateInternetGateway", &["internet-gateway"]),
    ("CreateManagedPrefixList", &["prefix-list"]),
    ("CreateNatGateway", &["natgateway"]),
    ("CreateNetworkAcl", &["network-acl"]),
    ("CreateNetworkInterface", &["network-interface"]),
    ("CreateRouteTable", &["route-table"]),
    ("CreateSecurityGroup", &["security-group"]),
    ("CreateSubnet", &["subnet"]),
    ("CreateVpc", &["vpc"]),
    ("CreateVpcEndpoint", &["vpc-endpoint"]),
    ("RunInstances", &["instance", "network-interface", "volume"]),
];

/// Operations that are asked for on some of the ids in their request only.
const ONLY: &[(&str, &[&str])] =
    &[("CreateRoute", &["RouteTableId"]), ("ReplaceRoute", &["RouteTableId"]), ("DeleteRoute", &["RouteTableId"])];

/// The resources of a call: `*` alone for Describe calls and those that name none.
pub fn touched(world: &World, call: &Call, account: AccountId) -> Vec<Touched> {
    if call.operation.starts_with("Describe") {
        return vec![everything()];
    }
    let mut ids = Vec::new();
    collect_ids(call, &mut ids);
    for id in ids.clone() {
        ids.extend(behind_association(world, &id));
    }
    // By ARN, each once.
    let mut found: BTreeMap<String, Keys> = BTreeMap::new();
    for id in ids {
        if let Some(arn) = arn(call, account, &id) {
            found.insert(arn, keys_of(world, call, account, &id));
        }
    }
    for name in key_names(call) {
        found.insert(
            Arn::new("ec2", call.region.as_str(), account, format!("key-pair/{name}")).to_string(),
            Keys::new(),
        );
    }
    let vpc_key = |keys: &Keys| keys.get("ec2:vpc").cloned();
    let vpc = found.values().find_map(vpc_key);
    for word in created(call) {
        let arn = Arn::new("ec2", call.region.as_str(), account, format!("{word}/*")).to_string();
        let keys = vpc.iter().map(|vpc| ("ec2:vpc".to_owned(), vpc.clone())).collect();
        found.insert(arn, keys);
    }
    if found.is_empty() {
        return vec![everything()];
    }
    found.into_iter().map(|(arn, keys)| Touched { arn, keys }).collect()
}

/// The resources that `ec2:CreateTags` is asked for when a call makes things with tags.
pub fn tagged_on_create(call: &Call, account: AccountId) -> Vec<Touched> {
    let specifications = call.input.get("TagSpecifications").and_then(Value::as_array).into_iter().flatten();
    specifications
        .filter(|s| s.get("Tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty()))
        .filter_map(|s| s.get("ResourceType").and_then(Value::as_str))
        .map(|word| Touched {
            arn: Arn::new("ec2", call.region.as_str(), account, format!("{word}/*")).to_string(),
            keys: Keys::from([("ec2:createaction".to_owned(), vec![call.operation.clone()])]),
        })
        .collect()
}

fn everything() -> Touched {
    Touched { arn: "*".to_owned(), keys: Keys::new() }
}

fn created(call: &Call) -> &'static [&'static str] {
    CREATED.iter().find(|(operation, _)| *operation == call.operation).map(|(_, words)| *words).unwrap_or_default()
}

fn collect_ids(call: &Call, ids: &mut Vec<String>) {
    let only = ONLY.iter().find(|(operation, _)| *operation == call.operation).map(|(_, members)| *members);
    let Some(members) = call.input.as_object() else { return };
    for (name, value) in members {
        if only.is_some_and(|only| !only.contains(&name.as_str())) || name == "ClientToken" {
            continue;
        }
        match value {
            Value::String(text) => ids.push(text.clone()),
            Value::Array(items) => {
                ids.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
                if name == "NetworkInterfaces" {
                    items.iter().for_each(|item| collect_nested(item, ids));
                }
            }
            _ => {}
        }
    }
}

/// The ids of RunInstances' interfaces: subnet, groups, the interface itself.
fn collect_nested(item: &Value, ids: &mut Vec<String>) {
    for value in item.as_object().into_iter().flat_map(|members| members.values()) {
        match value {
            Value::String(text) => ids.push(text.clone()),
            Value::Array(items) => ids.extend(items.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
}

fn key_names(call: &Call) -> Vec<&str> {
    call.input.get("KeyName").and_then(Value::as_str).into_iter().collect()
}

/// An association's id stands for what it joins.
fn behind_association(world: &World, id: &str) -> Vec<String> {
    if let Ok(id) = id.parse::<RouteTableAssociationId>() {
        let found = world.route_tables.values().flat_map(|t| t.associations.iter().map(move |a| (t, a)));
        return found
            .filter(|(_, a)| a.id == id)
            .flat_map(|(t, a)| [Some(t.id.to_string()), a.subnet.map(|s| s.to_string())])
            .flatten()
            .collect();
    }
    if let Ok(id) = id.parse::<NetworkAclAssociationId>() {
        let found = world.network_acls.values().flat_map(|acl| acl.associations.iter().map(move |a| (acl, a)));
        return found.filter(|(_, a)| a.0 == id).flat_map(|(acl, a)| [acl.id.to_string(), a.1.to_string()]).collect();
    }
    if let Ok(id) = id.parse::<AddressAssociationId>() {
        let found = world.addresses.values().filter_map(|a| Some((a.allocation, a.association?)));
        return found
            .filter(|(_, association)| association.0 == id)
            .flat_map(|(allocation, association)| [allocation.to_string(), association.1.to_string()])
            .collect();
    }
    if let Ok(id) = id.parse::<NetworkInterfaceAttachmentId>() {
        let found = world.network_interfaces.values().filter_map(|eni| Some((eni.id, eni.attachment.as_ref()?)));
        return found
            .filter(|(_, a)| a.id == id)
            .flat_map(|(eni, a)| [Some(eni.to_string()), a.instance.map(|i| i.to_string())])
            .flatten()
            .collect();
    }
    if let Ok(id) = id.parse::<IamInstanceProfileAssociationId>() {
        let holds = |i: &&postern_model::Instance| i.profile.as_ref().is_some_and(|p| p.id == id);
        return world.instances.values().filter(holds).map(|i| i.id.to_string()).collect();
    }
    if let Ok(id) = id.parse::<VpcCidrAssociationId>() {
        let holds = |v: &&postern_model::Vpc| v.cidrs.iter().any(|c| c.association == id);
        return world.vpcs.values().filter(holds).map(|v| v.id.to_string()).collect();
    }
    Vec::new()
}

/// The ARN of a thing by its id; `None` for texts that are no ids.
fn arn(call: &Call, account: AccountId, id: &str) -> Option<String> {
    let (prefix, digits) = id.rsplit_once('-')?;
    if !matches!(digits.len(), 8 | 17) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let region = call.region.as_str();
    if prefix == "ami" {
        return Some(Arn::new("ec2", region, "", format!("image/{id}")).to_string());
    }
    let (_, word) = TYPES.iter().find(|(known, _)| *known == prefix)?;
    let is_aws = prefix == "pl" && digits.len() == 8;
    let owner = if is_aws { "aws".to_owned() } else { account.to_string() };
    Some(Arn::new("ec2", region, owner, format!("{word}/{id}")).to_string())
}

fn keys_of(world: &World, call: &Call, account: AccountId, id: &str) -> Keys {
    let mut keys = Keys::new();
    for (key, value) in postern_control::tags_of(world, id).into_iter().flatten() {
        let key = key.to_lowercase();
        keys.insert(format!("aws:resourcetag/{key}"), vec![value.clone()]);
        keys.insert(format!("ec2:resourcetag/{key}"), vec![value.clone()]);
    }
    if let Some(vpc) = vpc_of(world, id) {
        let arn = Arn::new("ec2", call.region.as_str(), account, format!("vpc/{vpc}"));
        keys.insert("ec2:vpc".to_owned(), vec![arn.to_string()]);
    }
    keys
}

fn vpc_of(world: &World, id: &str) -> Option<VpcId> {
    let subnet = |id: SubnetId| world.subnets.get(&id).map(|e| e.vpc);
    let table = |id: RouteTableId| world.route_tables.get(&id).map(|e| e.vpc);
    let group = |id: SecurityGroupId| world.security_groups.get(&id).map(|e| e.vpc);
    let acl = |id: NetworkAclId| world.network_acls.get(&id).map(|e| e.vpc);
    let interface = |id: NetworkInterfaceId| world.network_interfaces.get(&id).map(|e| e.vpc);
    let endpoint = |id: VpcEndpointId| world.endpoints.get(&id).map(|e| e.vpc);
    let instance = |id: InstanceId| world.instances.get(&id).map(|e| e.vpc);
    id.parse::<VpcId>()
        .ok()
        .or_else(|| id.parse().ok().and_then(subnet))
        .or_else(|| id.parse().ok().and_then(table))
        .or_else(|| id.parse().ok().and_then(group))
        .or_else(|| id.parse().ok().and_then(acl))
        .or_else(|| id.parse().ok().and_then(interface))
        .or_else(|| id.parse().ok().and_then(endpoint))
        .or_else(|| id.parse().ok().and_then(instance))
}
