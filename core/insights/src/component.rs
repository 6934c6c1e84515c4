//! Components by id and ARN, as analyses name them.

use postern_model::{Tags, World};
use postern_names::*;
use serde_json::{Value, json};

/// An id's word before the hyphen and the resource type in ARNs.
const TYPES: &[(&str, &str)] = &[
    ("acl", "network-acl"),
    ("eni", "network-interface"),
    ("i", "instance"),
    ("igw", "internet-gateway"),
    ("nat", "natgateway"),
    ("pcx", "vpc-peering-connection"),
    ("pl", "prefix-list"),
    ("rtb", "route-table"),
    ("sg", "security-group"),
    ("subnet", "subnet"),
    ("vpc", "vpc"),
    ("vpce", "vpc-endpoint"),
];

/// Owner, region and tags of the thing with this id; `None`: there is none, or it can be no component.
fn of<'w>(world: &'w World, id: &str) -> Option<(AccountId, &'w Region, &'w Tags)> {
    macro_rules! look {
        ($($map:ident)*) => {
            $(if let Some(e) = id.parse().ok().and_then(|id| world.$map.get(&id)) {
                return Some((e.owner, &e.region, &e.tags));
            })*
        };
    }
    look!(instances network_interfaces security_groups network_acls route_tables subnets vpcs endpoints internet_gateways nat_gateways);
    if let Some(peering) = id.parse().ok().and_then(|id| world.peerings.get(&id)) {
        let side = &peering.requester;
        return Some((side.owner, &side.region, &side.tags));
    }
    let list = id.parse().ok().and_then(|id| world.prefix_lists.get(&id))?;
    Some((list.owner?, &list.region, &list.tags))
}

/// The owner of a thing that can be a component.
pub fn owner(world: &World, id: &str) -> Option<(AccountId, Region)> {
    of(world, id).map(|(owner, region, _)| (owner, region.clone()))
}

/// The ARN of a thing; `None`: there is none.
pub fn arn(world: &World, id: &str) -> Option<String> {
    let (owner, region, _) = of(world, id)?;
    let (prefix, _) = id.rsplit_once('-')?;
    let (_, word) = TYPES.iter().find(|(known, _)| *known == prefix)?;
    Some(Arn::new("ec2", region.as_str(), owner, format!("{word}/{id}")).to_string())
}

/// An `AnalysisComponent`.
pub fn component(world: &World, id: impl ToString) -> Value {
    let id = id.to_string();
    let mut component = json!({ "Id": id });
    if let Some(arn) = arn(world, &id) {
        component["Arn"] = json!(arn);
    }
    if let Some(name) = of(world, &id).and_then(|(_, _, tags)| tags.get("Name")) {
        component["Name"] = json!(name);
    }
    component
}

/// The id that an id or an ARN names.
pub fn id_of(text: &str) -> &str {
    if text.starts_with("arn:") { text.rsplit('/').next().unwrap_or(text) } else { text }
}
