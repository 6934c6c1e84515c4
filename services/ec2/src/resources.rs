//! Which resources a call touches, as ARNs with their condition keys: for each type that the table gives the operation,
//! the things that the request names or means, or `type/*` for what it makes.

use crate::mention::{Mention, mentions};
use crate::resource_keys::keys_of;
use postern_call::Call;
use postern_model::World;
use postern_names::*;
use postern_policy::Keys;
use postern_policy::table::{self, ActionIn};
use serde_json::Value;

/// One resource of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// `*` for calls without resources.
    pub arn: String,
    /// The keys of the thing itself, names in lower case.
    pub keys: Keys,
}

/// Types that AWS asks for although the table does not require them.
const ALSO: &[(&str, &str)] = &[("RunInstances", "volume")];

/// The EC2 action of this name.
pub fn action(operation: &str) -> Option<ActionIn> {
    table::service("ec2")?.action(operation)
}

/// The resources of a call in the table's order; `*` alone for calls without.
pub fn touched(world: &World, call: &Call, account: AccountId) -> Vec<Touched> {
    let mut found = Vec::new();
    let Some(action) = action(&call.operation) else { return vec![everything()] };
    let mentioned = mentions(world, call, account);
    for (resource, is_required) in action.resource_types() {
        let word = resource.word;
        let mut of_type = mentioned.iter().filter(|mention| mention.word == word).peekable();
        let makes = is_required || ALSO.contains(&(&call.operation, word));
        if of_type.peek().is_none() && makes {
            let made = Mention { word, id: "*".to_owned() };
            found.push(touch(world, call, account, &made, &mentioned));
        }
        found.extend(of_type.map(|mention| touch(world, call, account, mention, &mentioned)));
    }
    if found.is_empty() { vec![everything()] } else { found }
}

/// The resources that `ec2:CreateTags` is asked for when a call makes things with tags.
pub fn tagged_on_create(call: &Call, touched: &[Touched], account: AccountId) -> Vec<Touched> {
    let mut found = Vec::new();
    for specification in call.input.get("TagSpecifications").and_then(Value::as_array).into_iter().flatten() {
        let tags = specification.get("Tags").and_then(Value::as_array);
        let word = specification.get("ResourceType").and_then(Value::as_str).unwrap_or_default();
        let known = action("CreateTags").is_some_and(|action| action.touches(word));
        if !known || tags.is_none_or(Vec::is_empty) {
            continue;
        }
        let any = arn(call, account, &Mention { word: "", id: "*".to_owned() }).replace(":/", &format!(":{word}/"));
        // A key pair is made under its name.
        let head = any.trim_end_matches('*');
        let made = touched.iter().find(|one| one.arn.starts_with(head)).map_or(any.clone(), |one| one.arn.clone());
        let keys = Keys::from([("ec2:createaction".to_owned(), vec![call.operation.clone()])]);
        found.push(Touched { arn: made, keys });
    }
    found
}

fn everything() -> Touched {
    Touched { arn: "*".to_owned(), keys: Keys::new() }
}

fn touch(world: &World, call: &Call, account: AccountId, mention: &Mention, all: &[Mention]) -> Touched {
    Touched { arn: arn(call, account, mention), keys: keys_of(world, call, account, mention, all) }
}

/// The ARN of a thing.
pub fn arn(call: &Call, account: AccountId, mention: &Mention) -> String {
    let Mention { word, id } = mention;
    let is_aws_list = *word == "prefix-list" && id.len() == "pl-".len() + 8;
    // The VPC that a peering request is for may be another account's, in another region.
    let text = |member: &str| call.input.get(member).and_then(Value::as_str);
    let is_peer = *word == "vpc" && text("PeerVpcId") == Some(id);
    let region = text("PeerRegion").filter(|_| is_peer).unwrap_or(call.region.as_str());
    let owner = match *word {
        _ if is_peer && text("PeerOwnerId").is_some() => text("PeerOwnerId").unwrap_or_default().to_owned(),
        "image" | "snapshot" => String::new(),
        _ if is_aws_list => "aws".to_owned(),
        _ => account.to_string(),
    };
    Arn::new("ec2", region, owner, format!("{word}/{id}")).to_string()
}
