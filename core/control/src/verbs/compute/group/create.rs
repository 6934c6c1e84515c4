//! CreateSecurityGroup.

use crate::verbs::compute::find::{default_vpc, group_by_name, no_default_vpc};
use crate::{Context, Draft, Request, find, quota, refuse, tags, view};
use postern_call::Refusal;
use postern_model::{GroupPeer, RuleDirection, SecurityGroup, SecurityGroupRule, Tags, Vpc, World};
use postern_names::*;
use serde_json::{Map, Value, json};

/// A new group lets nothing in and everything out.
pub(super) fn create(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let name = checked_text("GroupName", request.required_text("GroupName")?)?;
    let description = checked_text("GroupDescription", request.required_text("Description")?)?;
    check_name(name)?;
    let vpc = match request.optional_id("VpcId")? {
        Some(id) => find::<Vpc>(draft, context, id)?,
        None => default_vpc(draft, context).ok_or_else(no_default_vpc)?,
    };
    if group_by_name(draft, vpc.id, name).is_some() {
        let message = format!("The security group '{name}' already exists for VPC '{}'", vpc.id);
        return Err(Refusal::new("InvalidGroup.Duplicate", message));
    }
    check_count(draft, context)?;
    // To anywhere; in a VPC that has IPv6, by it too.
    let newer = (!vpc.ipv6_cidrs.is_empty()).then_some(GroupPeer::Ipv6Cidr(Ipv6Cidr::ALL));
    let peers: Vec<GroupPeer> = [GroupPeer::Cidr(Ipv4Cidr::ALL)].into_iter().chain(newer).collect();
    let group = SecurityGroup {
        id: SecurityGroupId::from_bits(context.outside.bits()),
        vpc: vpc.id,
        owner: context.account,
        region: context.region.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        rules: peers.into_iter().map(|peer| all_out(context, peer)).collect(),
        tags: tags::specified(request, "security-group", &[])?,
    };
    let mut reply = Map::new();
    reply.insert("GroupId".into(), json!(group.id.to_string()));
    if !group.tags.is_empty() {
        reply.insert("Tags".into(), tags::view(&group.tags));
    }
    reply.insert("SecurityGroupArn".into(), json!(view::group::arn(&group).to_string()));
    draft.put(group);
    Ok(Value::Object(reply))
}

fn all_out(context: &Context<'_>, peer: GroupPeer) -> SecurityGroupRule {
    SecurityGroupRule {
        id: SecurityGroupRuleId::from_bits(context.outside.bits()),
        direction: RuleDirection::Egress,
        protocol: Protocol::All,
        ports: None,
        icmp: None,
        peer,
        description: None,
        tags: Tags::new(),
    }
}

/// At most 255 characters of AWS's set; the parameter's name as the message has it.
fn checked_text<'r>(parameter: &str, text: &'r str) -> Result<&'r str, Refusal> {
    if text.is_empty() {
        return Err(refuse::missing_parameter(parameter));
    }
    if text.chars().count() > 255 {
        return Err(refuse::invalid_value(parameter, text, "Must be no longer than 255 characters"));
    }
    if !text.is_ascii() {
        return Err(refuse::invalid_value(parameter, text, "Character sets beyond ASCII are not supported."));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if !text.chars().all(is_allowed) {
        let why = "Valid characters: a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*";
        return Err(refuse::invalid_value(parameter, text, why));
    }
    Ok(text)
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.to_ascii_lowercase().starts_with("sg-") {
        return Err(refuse::invalid_value("GroupName", name, "Group names may not be in the format sg-*"));
    }
    if name == "default" {
        return Err(Refusal::new("InvalidParameterValue", "Cannot use reserved security group name: default"));
    }
    Ok(())
}

fn check_count(world: &World, context: &Context<'_>) -> Result<(), Refusal> {
    let own = world.security_groups.values().filter(|g| g.owner == context.account && g.region == *context.region);
    let refusal = || quota::reached("SecurityGroupLimitExceeded", "security groups");
    quota::check(context.quotas.security_groups, own, refusal)
}
