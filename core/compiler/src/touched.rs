//! What a change can alter in the program: whole VPCs, or nothing at all. It is asked after every call of the API, so that
//! what no packet depends on yet costs no look at the data plane.

use postern_model::*;
use postern_names::*;
use std::collections::BTreeSet;

/// The VPCs whose parts may differ after these changes; no other VPC's do, and the internet's only if there is one. The World
/// is the one after them.
pub fn touched(world: &World, all: &[Done]) -> BTreeSet<VpcId> {
    let mut vpcs = BTreeSet::new();
    for done in all {
        if !is_without_links(done) {
            for side in [done.before(), done.after()].into_iter().flatten() {
                of(world, side, &mut vpcs);
            }
            named(world, done, &mut vpcs);
        }
    }
    // A peered VPC's rules name groups, and its routes lead to ranges, of the touched one.
    let peered: Vec<VpcId> = vpcs.iter().flat_map(|vpc| world.peerings_of(*vpc)).map(|(_, other)| other.vpc).collect();
    vpcs.extend(peered);
    vpcs
}

/// An instance that neither had links nor has them: it is being made, or is going.
fn is_without_links(done: &Done) -> bool {
    let has_none = |side: Option<&Entity>| match side {
        Some(Entity::Instance(instance)) => !instance.has_links(),
        Some(_) => false,
        None => true,
    };
    has_none(done.before()) && has_none(done.after())
}

/// The VPCs in which the thing, as it was or is, can be met by a packet.
fn of(world: &World, entity: &Entity, vpcs: &mut BTreeSet<VpcId>) {
    let own = match entity {
        Entity::Vpc(e) => Some(e.id),
        Entity::Subnet(e) => Some(e.vpc),
        Entity::NatGateway(e) => Some(e.vpc),
        Entity::InternetGateway(e) => e.vpc,
        Entity::RouteTable(e) => (!e.associations.is_empty()).then_some(e.vpc),
        Entity::NetworkAcl(e) => (!e.associations.is_empty()).then_some(e.vpc),
        Entity::SecurityGroup(e) => is_worn(world, e.id).then_some(e.vpc),
        Entity::NetworkInterface(e) => Some(e.vpc),
        Entity::Instance(e) => Some(e.vpc),
        Entity::Endpoint(e) => (e.interface().is_some() || !e.route_tables().is_empty()).then_some(e.vpc),
        Entity::Address(e) => {
            let interface = e.association.and_then(|(_, interface, _)| world.network_interfaces.get(&interface));
            interface.map(|interface| interface.vpc)
        }
        Entity::Peering(e) => return vpcs.extend([e.requester.vpc, e.accepter.vpc]),
        Entity::Outages(_) => return vpcs.extend(world.vpcs.keys()),
        Entity::PrefixList(e) => return with_list(world, e.id, vpcs),
        Entity::DhcpOptions(_) | Entity::KeyPair(_) | Entity::HostedZone(_) => None,
        // Questions and answers move no packet.
        Entity::InsightsPath(_) | Entity::InsightsAnalysis(_) => None,
        Entity::AccessScope(_) | Entity::AccessScopeAnalysis(_) => None,
    };
    vpcs.extend(own);
}

/// A group that comes or goes means something, or nothing any more, to the rules that name it.
fn named(world: &World, done: &Done, vpcs: &mut BTreeSet<VpcId>) {
    let ((None, Some(Entity::SecurityGroup(group))) | (Some(Entity::SecurityGroup(group)), None)) =
        (done.before(), done.after())
    else {
        return;
    };
    let names = |rule: &SecurityGroupRule| matches!(&rule.peer, GroupPeer::Group { id, .. } if *id == group.id);
    let naming = world.security_groups.values().filter(|other| other.rules.iter().any(names));
    vpcs.extend(naming.map(|other| other.vpc));
}

/// Whether an interface has the group. A rule that names a group looks at its members too.
fn is_worn(world: &World, group: SecurityGroupId) -> bool {
    world.network_interfaces.values().any(|interface| interface.groups.contains(&group))
}

/// The VPCs whose groups or route tables name a prefix list.
fn with_list(world: &World, list: PrefixListId, vpcs: &mut BTreeSet<VpcId>) {
    let names = |group: &&SecurityGroup| group.rules.iter().any(|rule| rule.peer == GroupPeer::PrefixList(list));
    vpcs.extend(world.security_groups.values().filter(names).map(|group| group.vpc));
    let leads =
        |table: &&RouteTable| table.routes.iter().any(|route| route.destination == RouteDestination::PrefixList(list));
    vpcs.extend(world.route_tables.values().filter(leads).map(|table| table.vpc));
}
