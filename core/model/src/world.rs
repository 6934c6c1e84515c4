//! The World itself: every entity by its id, and the one way to change it.

use crate::*;
use postern_names::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts the changes of a World, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Generation(pub u64);

/// Everything that all accounts want in all regions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    pub generation: Generation,
    pub vpcs: BTreeMap<VpcId, Vpc>,
    pub subnets: BTreeMap<SubnetId, Subnet>,
    pub dhcp_options: BTreeMap<DhcpOptionsId, DhcpOptions>,
    pub internet_gateways: BTreeMap<InternetGatewayId, InternetGateway>,
    pub nat_gateways: BTreeMap<NatGatewayId, NatGateway>,
    pub route_tables: BTreeMap<RouteTableId, RouteTable>,
    /// The accounts' own lists; AWS's are found by [`World::prefix_list`] too.
    pub prefix_lists: BTreeMap<PrefixListId, ManagedPrefixList>,
    pub security_groups: BTreeMap<SecurityGroupId, SecurityGroup>,
    pub network_acls: BTreeMap<NetworkAclId, NetworkAcl>,
    pub network_interfaces: NetworkInterfaces,
    pub addresses: ElasticAddresses,
    pub endpoints: BTreeMap<VpcEndpointId, VpcEndpoint>,
    pub key_pairs: BTreeMap<KeyPairId, KeyPair>,
    pub instances: BTreeMap<InstanceId, Instance>,
    pub peerings: BTreeMap<VpcPeeringConnectionId, VpcPeeringConnection>,
    pub outages: Outages,
    pub hosted_zones: BTreeMap<HostedZoneId, HostedZone>,
    pub insights_paths: BTreeMap<NetworkInsightsPathId, InsightsPath>,
    pub insights_analyses: BTreeMap<NetworkInsightsAnalysisId, InsightsAnalysis>,
    pub access_scopes: BTreeMap<NetworkInsightsAccessScopeId, AccessScope>,
    pub access_scope_analyses: BTreeMap<NetworkInsightsAccessScopeAnalysisId, AccessScopeAnalysis>,
}

impl World {
    /// Applies a change and gives back the change that undoes it.
    pub fn apply(&mut self, change: Change) -> Change {
        self.generation.0 += 1;
        let (key, former) = match change {
            Change::Put(entity) => (entity.key(), self.put(*entity)),
            Change::Remove(key) => (key, self.remove(key)),
        };
        match former {
            Some(entity) => Change::Put(Box::new(entity)),
            None => Change::Remove(key),
        }
    }

    fn put(&mut self, entity: Entity) -> Option<Entity> {
        match entity {
            Entity::Vpc(e) => self.vpcs.insert(e.id, e).map(Entity::from),
            Entity::Subnet(e) => self.subnets.insert(e.id, e).map(Entity::from),
            Entity::DhcpOptions(e) => self.dhcp_options.insert(e.id, e).map(Entity::from),
            Entity::InternetGateway(e) => self.internet_gateways.insert(e.id, e).map(Entity::from),
            Entity::NatGateway(e) => self.nat_gateways.insert(e.id, e).map(Entity::from),
            Entity::RouteTable(e) => self.route_tables.insert(e.id, e).map(Entity::from),
            Entity::PrefixList(e) => self.prefix_lists.insert(e.id, e).map(Entity::from),
            Entity::SecurityGroup(e) => self.security_groups.insert(e.id, e).map(Entity::from),
            Entity::NetworkAcl(e) => self.network_acls.insert(e.id, e).map(Entity::from),
            Entity::NetworkInterface(e) => self.network_interfaces.insert(e).map(Entity::from),
            Entity::Address(e) => self.addresses.insert(e).map(Entity::from),
            Entity::Endpoint(e) => self.endpoints.insert(e.id, e).map(Entity::from),
            Entity::KeyPair(e) => self.key_pairs.insert(e.id, e).map(Entity::from),
            Entity::Instance(e) => self.instances.insert(e.id, e).map(Entity::from),
            Entity::Peering(e) => self.peerings.insert(e.id, e).map(Entity::from),
            Entity::Outages(e) => Some(Entity::from(std::mem::replace(&mut self.outages, e))),
            Entity::HostedZone(e) => self.hosted_zones.insert(e.id, e).map(Entity::from),
            Entity::InsightsPath(e) => self.insights_paths.insert(e.id, e).map(Entity::from),
            Entity::InsightsAnalysis(e) => self.insights_analyses.insert(e.id, e).map(Entity::from),
            Entity::AccessScope(e) => self.access_scopes.insert(e.id, e).map(Entity::from),
            Entity::AccessScopeAnalysis(e) => self.access_scope_analyses.insert(e.id, e).map(Entity::from),
        }
    }

    fn remove(&mut self, key: EntityKey) -> Option<Entity> {
        match key {
            EntityKey::Vpc(id) => self.vpcs.remove(&id).map(Entity::from),
            EntityKey::Subnet(id) => self.subnets.remove(&id).map(Entity::from),
            EntityKey::DhcpOptions(id) => self.dhcp_options.remove(&id).map(Entity::from),
            EntityKey::InternetGateway(id) => self.internet_gateways.remove(&id).map(Entity::from),
            EntityKey::NatGateway(id) => self.nat_gateways.remove(&id).map(Entity::from),
            EntityKey::RouteTable(id) => self.route_tables.remove(&id).map(Entity::from),
            EntityKey::PrefixList(id) => self.prefix_lists.remove(&id).map(Entity::from),
            EntityKey::SecurityGroup(id) => self.security_groups.remove(&id).map(Entity::from),
            EntityKey::NetworkAcl(id) => self.network_acls.remove(&id).map(Entity::from),
            EntityKey::NetworkInterface(id) => self.network_interfaces.remove(&id).map(Entity::from),
            EntityKey::Address(id) => self.addresses.remove(&id).map(Entity::from),
            EntityKey::Endpoint(id) => self.endpoints.remove(&id).map(Entity::from),
            EntityKey::KeyPair(id) => self.key_pairs.remove(&id).map(Entity::from),
            EntityKey::Instance(id) => self.instances.remove(&id).map(Entity::from),
            EntityKey::Peering(id) => self.peerings.remove(&id).map(Entity::from),
            EntityKey::Outages(_) => Some(Entity::from(std::mem::take(&mut self.outages))),
            EntityKey::HostedZone(id) => self.hosted_zones.remove(&id).map(Entity::from),
            EntityKey::InsightsPath(id) => self.insights_paths.remove(&id).map(Entity::from),
            EntityKey::InsightsAnalysis(id) => self.insights_analyses.remove(&id).map(Entity::from),
            EntityKey::AccessScope(id) => self.access_scopes.remove(&id).map(Entity::from),
            EntityKey::AccessScopeAnalysis(id) => self.access_scope_analyses.remove(&id).map(Entity::from),
        }
    }

    /// Every entity, kind by kind, as changes that make this World from an empty one.
    pub fn entities(&self) -> Vec<Entity> {
        let mut all: Vec<Entity> = Vec::new();
        all.extend(self.vpcs.values().cloned().map(Entity::from));
        all.extend(self.subnets.values().cloned().map(Entity::from));
        all.extend(self.dhcp_options.values().cloned().map(Entity::from));
        all.extend(self.internet_gateways.values().cloned().map(Entity::from));
        all.extend(self.nat_gateways.values().cloned().map(Entity::from));
        all.extend(self.route_tables.values().cloned().map(Entity::from));
        all.extend(self.prefix_lists.values().cloned().map(Entity::from));
        all.extend(self.security_groups.values().cloned().map(Entity::from));
        all.extend(self.network_acls.values().cloned().map(Entity::from));
        all.extend(self.network_interfaces.values().cloned().map(Entity::from));
        all.extend(self.addresses.values().cloned().map(Entity::from));
        all.extend(self.endpoints.values().cloned().map(Entity::from));
        all.extend(self.key_pairs.values().cloned().map(Entity::from));
        all.extend(self.instances.values().cloned().map(Entity::from));
        all.extend(self.peerings.values().cloned().map(Entity::from));
        let outages = Some(&self.outages).filter(|outages| !outages.zones.is_empty());
        all.extend(outages.cloned().map(Entity::from));
        all.extend(self.hosted_zones.values().cloned().map(Entity::from));
        all.extend(self.insights_paths.values().cloned().map(Entity::from));
        all.extend(self.insights_analyses.values().cloned().map(Entity::from));
        all.extend(self.access_scopes.values().cloned().map(Entity::from));
        all.extend(self.access_scope_analyses.values().cloned().map(Entity::from));
        all
    }
}
