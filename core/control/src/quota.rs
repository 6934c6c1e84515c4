//! How many of each kind an account may have. AWS's defaults (Amazon VPC quotas, EC2 service quotas), but for the few that
//! are counted per region: every account outgrows them, and a test suite that makes its sixth VPC must not fail for it.

use postern_call::Refusal;

/// As good as none.
pub(crate) const UNLIMITED: usize = usize::MAX;

/// A quota for each kind; per account where it is per region or zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas {
    pub vpcs: usize,
    pub internet_gateways: usize,
    pub addresses: usize,
    /// Per zone.
    pub nat_gateways: usize,
    pub gateway_endpoints: usize,
    /// Of instances that are pending or running, of the standard families.
    pub vcpus: usize,
    pub subnets_per_vpc: usize,
    pub cidr_blocks_per_vpc: usize,
    pub route_tables_per_vpc: usize,
    pub routes_per_table: usize,
    pub security_groups: usize,
    /// Per direction and IP family.
    pub rules_per_group: usize,
    pub groups_per_interface: usize,
    pub network_acls_per_vpc: usize,
    /// Per direction.
    pub entries_per_acl: usize,
    pub network_interfaces: usize,
    pub interface_endpoints_per_vpc: usize,
    pub peerings_per_vpc: usize,
    pub outstanding_peerings: usize,
}

impl Quotas {
    /// What a new account of AWS has.
    pub const AWS: Self = Self {
        vpcs: 5,
        internet_gateways: 5,
        addresses: 5,
        nat_gateways: 5,
        gateway_endpoints: 20,
        vcpus: 5,
        subnets_per_vpc: 200,
        cidr_blocks_per_vpc: 5,
        route_tables_per_vpc: 200,
        routes_per_table: 500,
        security_groups: 2500,
        rules_per_group: 60,
        groups_per_interface: 5,
        network_acls_per_vpc: 200,
        entries_per_acl: 20,
        network_interfaces: 5000,
        interface_endpoints_per_vpc: 50,
        peerings_per_vpc: 50,
        outstanding_peerings: 25,
    };

    /// The quota of this name, to be set.
    pub fn named(&mut self, name: &str) -> Option<&mut usize> {
        Some(match name {
            "vpcs" => &mut self.vpcs,
            "internet-gateways" => &mut self.internet_gateways,
            "addresses" => &mut self.addresses,
            "nat-gateways" => &mut self.nat_gateways,
            "gateway-endpoints" => &mut self.gateway_endpoints,
            "vcpus" => &mut self.vcpus,
            "subnets-per-vpc" => &mut self.subnets_per_vpc,
            "cidr-blocks-per-vpc" => &mut self.cidr_blocks_per_vpc,
            "route-tables-per-vpc" => &mut self.route_tables_per_vpc,
            "routes-per-table" => &mut self.routes_per_table,
            "security-groups" => &mut self.security_groups,
            "rules-per-group" => &mut self.rules_per_group,
            "groups-per-interface" => &mut self.groups_per_interface,
            "network-acls-per-vpc" => &mut self.network_acls_per_vpc,
            "entries-per-acl" => &mut self.entries_per_acl,
            "network-interfaces" => &mut self.network_interfaces,
            "interface-endpoints-per-vpc" => &mut self.interface_endpoints_per_vpc,
            "peerings-per-vpc" => &mut self.peerings_per_vpc,
            "outstanding-peerings" => &mut self.outstanding_peerings,
            _ => return None,
        })
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: UNLIMITED,
            internet_gateways: UNLIMITED,
            addresses: UNLIMITED,
            nat_gateways: UNLIMITED,
            gateway_endpoints: UNLIMITED,
            vcpus: UNLIMITED,
            ..Self::AWS
        }
    }
}

/// Refuses one more where there are as many as there may be. Nothing is counted where there is no quota.
pub(crate) fn check<T>(
    most: usize,
    have: impl Iterator<Item = T>,
    refusal: impl FnOnce() -> Refusal,
) -> Result<(), Refusal> {
    if most == UNLIMITED || have.take(most).count() < most {
        return Ok(());
    }
    let refusal = refusal();
    Err(match refusal.hint {
        Some(_) => refusal,
        None => refusal.hint(format!("the quota is {most}; [quota] in the file of --config sets another")),
    })
}

/// AWS's sentence for most kinds.
pub(crate) fn reached(code: &str, what: &str) -> Refusal {
    Refusal::new(code, format!("The maximum number of {what} has been reached."))
}
