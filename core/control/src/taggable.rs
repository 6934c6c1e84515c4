//! Every kind of thing that tags can be put on.

use crate::verbs::is_visible;
use crate::{Context, Draft, refuse};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use std::str::FromStr;

/// A thing with its tags.
pub struct Tagged<'w> {
    pub id: String,
    /// AWS's word for the kind: `vpc-endpoint`, `natgateway`.
    pub resource_type: &'static str,
    pub tags: &'w Tags,
}

macro_rules! taggable {
    ($($map:ident, $id:ty, $key:ident, $word:literal;)*) => {
        /// Everything of the caller's that can have tags.
        pub fn all<'w>(world: &'w World, context: &Context<'_>) -> Vec<Tagged<'w>> {
            let mut all = Vec::new();
            $(all.extend(
                world
                    .$map
                    .values()
                    .filter(|e| is_mine(context, e.owner, &e.region))
                    .map(|e| Tagged { id: e.$key.to_string(), resource_type: $word, tags: &e.tags }),
            );)*
            for group in world.security_groups.values().filter(|g| is_mine(context, g.owner, &g.region)) {
                all.extend(group.rules.iter().map(|rule| Tagged {
                    id: rule.id.to_string(),
                    resource_type: "security-group-rule",
                    tags: &rule.tags,
                }));
            }
            for peering in world.peerings.values() {
                let own = own_side(context, peering);
                let tags = own.map(|is_requester| &side(peering, is_requester).tags);
                let id = || peering.id.to_string();
                all.extend(tags.map(|tags| Tagged { id: id(), resource_type: "vpc-peering-connection", tags }));
            }
            for instance in world.instances.values().filter(|i| is_mine(context, i.owner, &i.region)) {
                let volume = &instance.root_volume;
                all.push(Tagged { id: volume.id.to_string(), resource_type: "volume", tags: &volume.tags });
            }
            all
        }

        /// The tags of the thing with this id, whoever owns it.
        pub fn tags_of<'w>(world: &'w World, text: &str) -> Option<&'w Tags> {
            $(if let Ok(id) = <$id>::from_str(text) {
                return world.$map.get(&id).map(|e| &e.tags);
            })*
            if let Ok(id) = VpcPeeringConnectionId::from_str(text) {
                return world.peerings.get(&id).map(|peering| &peering.requester.tags);
            }
            None
        }

        /// Changes the tags of the thing with this id. Unknown: its kind's `...NotFound`; no id at all: `InvalidID`.
        pub fn change(
            draft: &mut Draft<'_>,
            context: &Context<'_>,
            text: &str,
            with: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
        ) -> Result<(), Refusal> {
            $(if let Ok(id) = <$id>::from_str(text) {
                let found = draft.$map.get(&id).filter(|e| is_mine(context, e.owner, &e.region)).cloned();
                let mut entity = found.ok_or_else(|| refuse::not_found(<$id>::PREFIX, id))?;
                with(&mut entity.tags)?;
                draft.put(entity);
                return Ok(());
            })*
            if let Ok(id) = VpcPeeringConnectionId::from_str(text) {
                return change_peering(draft, context, id, with);
            }
            if let Ok(id) = SecurityGroupRuleId::from_str(text) {
                return change_rule(draft, context, id, with);
            }
            if let Ok(id) = VolumeId::from_str(text) {
                return change_volume(draft, context, id, with);
            }
            Err(Refusal::new("InvalidID", format!("The ID '{text}' is not valid")))
        }
    };
}

taggable! {
    vpcs, VpcId, id, "vpc";
    subnets, SubnetId, id, "subnet";
    dhcp_options, DhcpOptionsId, id, "dhcp-options";
    internet_gateways, InternetGatewayId, id, "internet-gateway";
    nat_gateways, NatGatewayId, id, "natgateway";
    route_tables, RouteTableId, id, "route-table";
    prefix_lists, PrefixListId, id, "prefix-list";
    security_groups, SecurityGroupId, id, "security-group";
    network_acls, NetworkAclId, id, "network-acl";
    network_interfaces, NetworkInterfaceId, id, "network-interface";
    addresses, AllocationId, allocation, "elastic-ip";
    endpoints, VpcEndpointId, id, "vpc-endpoint";
    key_pairs, KeyPairId, id, "key-pair";
    instances, InstanceId, id, "instance";
    insights_paths, NetworkInsightsPathId, id, "network-insights-path";
    insights_analyses, NetworkInsightsAnalysisId, id, "network-insights-analysis";
    access_scopes, NetworkInsightsAccessScopeId, id, "network-insights-access-scope";
    access_scope_analyses, NetworkInsightsAccessScopeAnalysisId, id, "network-insights-access-scope-analysis";
}

/// A prefix list may be AWS's own and then has no owner.
fn is_mine(context: &Context<'_>, owner: impl Into<Option<AccountId>>, region: &Region) -> bool {
    owner.into().is_some_and(|owner| is_visible(context, owner, region))
}

/// Whether the caller's side of a connection is the requester's; `None`: it has no side of its own.
fn own_side(context: &Context<'_>, peering: &VpcPeeringConnection) -> Option<bool> {
    [true, false].into_iter().find(|requester| {
        let side = side(peering, *requester);
        is_mine(context, side.owner, &side.region)
    })
}

fn side(peering: &VpcPeeringConnection, requester: bool) -> &PeeringSide {
    if requester { &peering.requester } else { &peering.accepter }
}

/// Each owner has tags of its own on a connection.
fn change_peering(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    id: VpcPeeringConnectionId,
    with: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let not_found = || refuse::not_found(VpcPeeringConnectionId::PREFIX, id);
    let mut peering = draft.peerings.get(&id).cloned().ok_or_else(not_found)?;
    let is_requester = own_side(context, &peering).ok_or_else(not_found)?;
    let own = if is_requester { &mut peering.requester } else { &mut peering.accepter };
    with(&mut own.tags)?;
    draft.put(peering);
    Ok(())
}

fn change_rule(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    id: SecurityGroupRuleId,
    with: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let is_it = |g: &&SecurityGroup| is_mine(context, g.owner, &g.region) && g.rules.iter().any(|r| r.id == id);
    let not_found = || refuse::not_found(SecurityGroupRuleId::PREFIX, id);
    let mut group = draft.security_groups.values().find(is_it).ok_or_else(not_found)?.clone();
    let rule = group.rules.iter_mut().find(|r| r.id == id).ok_or_else(not_found)?;
    with(&mut rule.tags)?;
    draft.put(group);
    Ok(())
}

/// A root volume is kept in its instance.
fn change_volume(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    id: VolumeId,
    with: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let is_it = |i: &&Instance| is_mine(context, i.owner, &i.region) && i.root_volume.id == id;
    let mut instance = draft
        .instances
        .values()
        .find(is_it)
        .cloned()
        .ok_or_else(|| Refusal::new("InvalidVolume.NotFound", format!("The volume '{id}' does not exist.")))?;
    with(&mut instance.root_volume.tags)?;
    draft.put(instance);
    Ok(())
}
