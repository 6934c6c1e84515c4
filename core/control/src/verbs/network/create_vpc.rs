//! CreateVpc: the VPC with its main route table, default group and default ACL.

use super::{dhcp_options, ipv6_cidr_block, vpc_cidr_block};
use crate::{Context, Draft, Request, quota, refuse, tags, view};
use postern_call::Refusal;
use postern_model::*;
use postern_names::*;
use serde_json::{Value, json};

/// The reply says `pending`; a Describe after it says `available`.
pub fn create_vpc(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    refuse_unserved(request)?;
    let has_v6 = ipv6_cidr_block::is_wanted(request)?;
    let Some(text) = request.text("CidrBlock") else {
        return Err(Refusal::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."));
    };
    let cidr = vpc_cidr_block::parse(text)?;
    let tenancy = tenancy(request)?;
    let tags = tags::specified(request, "vpc", &[])?;
    check_count(draft, context)?;
    let mut vpc = make_vpc(draft, context, NewVpc { cidr, tenancy, is_default: false, tags });
    if has_v6 {
        ipv6_cidr_block::give(draft, context, &mut vpc)?;
    }
    Ok(json!({ "Vpc": view::vpc::new(&vpc) }))
}

/// There is room for one more VPC in the region.
pub fn check_count(world: &World, context: &Context<'_>) -> Result<(), Refusal> {
    let own = world.vpcs.values().filter(|vpc| vpc.owner == context.account && vpc.region == *context.region);
    quota::check(context.quotas.vpcs, own, || quota::reached("VpcLimitExceeded", "VPCs"))
}

fn refuse_unserved(request: &Request<'_>) -> Result<(), Refusal> {
    if request.get("Ipv4IpamPoolId").is_some() || request.get("Ipv4NetmaskLength").is_some() {
        return Err(refuse::not_served("IPAM"));
    }
    if request.get("VpcEncryptionControl").is_some() {
        return Err(refuse::not_served("VPC encryption control"));
    }
    Ok(())
}

fn tenancy(request: &Request<'_>) -> Result<String, Refusal> {
    match request.text("InstanceTenancy") {
        None => Ok("default".to_owned()),
        Some(given @ ("default" | "dedicated")) => Ok(given.to_owned()),
        Some("host") => Err(Refusal::new("UnsupportedTenancy", "The tenancy value 'host' is not supported for VPCs.")),
        Some(other) => Err(refuse::invalid_value("instanceTenancy", other, "Invalid tenancy.")),
    }
}

/// What differs between the VPCs that are made.
pub struct NewVpc {
    pub cidr: Ipv4Cidr,
    pub tenancy: String,
    pub is_default: bool,
    pub tags: Tags,
}

/// Puts a VPC and everything that comes with one.
pub fn make_vpc(draft: &mut Draft<'_>, context: &Context<'_>, new: NewVpc) -> Vpc {
    let bits = || context.outside.bits();
    let vpc = Vpc {
        id: VpcId::from_bits(bits()),
        owner: context.account,
        region: context.region.clone(),
        cidrs: vec![VpcCidr { association: VpcCidrAssociationId::from_bits(bits()), cidr: new.cidr }],
        dhcp_options: dhcp_options::default_set(draft, context),
        tenancy: new.tenancy,
        is_default: new.is_default,
        enable_dns_support: true,
        enable_dns_hostnames: new.is_default,
        enable_network_address_usage_metrics: false,
        ipv6_cidrs: Vec::new(),
        next_subnet_number: 1,
        next_table_number: 2,
        tags: new.tags,
    };
    draft.put(vpc.clone());
    draft.put(main_table(context, &vpc));
    draft.put(default_acl(context, &vpc));
    draft.put(default_group(context, &vpc));
    vpc
}

fn main_table(context: &Context<'_>, vpc: &Vpc) -> RouteTable {
    RouteTable {
        id: RouteTableId::from_bits(context.outside.bits()),
        vpc: vpc.id,
        owner: vpc.owner,
        region: vpc.region.clone(),
        number: 1,
        routes: Vec::new(),
        associations: vec![TableAssociation {
            id: RouteTableAssociationId::from_bits(context.outside.bits()),
            subnet: None,
        }],
        tags: Tags::new(),
    }
}

/// Entry 100 allows everything, each way.
fn default_acl(context: &Context<'_>, vpc: &Vpc) -> NetworkAcl {
    let allow_all = |egress| AclEntry {
        number: 100,
        egress,
        action: AclAction::Allow,
        protocol: Protocol::All,
        ports: None,
        icmp: None,
        cidr: Cidr::ALL_V4,
    };
    NetworkAcl {
        id: NetworkAclId::from_bits(context.outside.bits()),
        vpc: vpc.id,
        owner: vpc.owner,
        region: vpc.region.clone(),
        is_default: true,
        entries: vec![allow_all(true), allow_all(false)],
        associations: Vec::new(),
        tags: Tags::new(),
    }
}

/// Everything from its own members, everything to anywhere.
fn default_group(context: &Context<'_>, vpc: &Vpc) -> SecurityGroup {
    let id = SecurityGroupId::from_bits(context.outside.bits());
    let rule = |direction, peer| SecurityGroupRule {
        id: SecurityGroupRuleId::from_bits(context.outside.bits()),
        direction,
        protocol: Protocol::All,
        ports: None,
        icmp: None,
        peer,
        description: None,
        tags: Tags::new(),
    };
    SecurityGroup {
        id,
        vpc: vpc.id,
        owner: vpc.owner,
        region: vpc.region.clone(),
        name: "default".to_owned(),
        description: "default VPC security group".to_owned(),
        rules: vec![
            rule(RuleDirection::Ingress, GroupPeer::Group { id, owner: vpc.owner }),
            rule(RuleDirection::Egress, GroupPeer::Cidr(Ipv4Cidr::ALL)),
        ],
        tags: Tags::new(),
    }
}
