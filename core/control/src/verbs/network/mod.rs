//! Verbs of VPCs, subnets, routes, gateways, addresses, prefix lists and endpoints.

use super::{Lean, Whole};

mod absent;
mod address;
mod associate_address;
mod create_subnet;
mod create_vpc;
mod create_vpc_endpoint;
mod default_vpc;
mod delete_subnet;
mod delete_vpc;
mod delete_vpc_endpoints;
mod describe;
mod describe_prefix_lists;
mod describe_vpc_endpoint_services;
pub(crate) mod dhcp_options;
mod endpoint_policy;
mod endpoint_route_tables;
mod interface_endpoint;
mod internet_gateway;
mod ipv6_cidr_block;
mod modify_subnet_attribute;
mod modify_vpc_endpoint;
mod nat_gateway;
mod peering;
mod prefix_list;
mod route;
mod route_table;
mod route_table_association;
mod route_target;
mod tags;
mod vpc_attribute;
mod vpc_cidr_block;

pub use default_vpc::seed;

/// Operation and verb.
pub const VERBS: &[(&str, Whole)] = &[
    ("AcceptVpcPeeringConnection", peering::accept_vpc_peering_connection),
    ("AllocateAddress", address::allocate_address),
    ("AssociateAddress", associate_address::associate_address),
    ("AssociateDhcpOptions", dhcp_options::associate_dhcp_options),
    ("AssociateRouteTable", route_table_association::associate_route_table),
    ("AssociateSubnetCidrBlock", ipv6_cidr_block::associate_subnet_cidr_block),
    ("AssociateVpcCidrBlock", vpc_cidr_block::associate_vpc_cidr_block),
    ("AttachInternetGateway", internet_gateway::attach_internet_gateway),
    ("CreateDefaultSubnet", default_vpc::create_default_subnet),
    ("CreateDefaultVpc", default_vpc::create_default_vpc),
    ("CreateDhcpOptions", dhcp_options::create_dhcp_options),
    ("CreateEgressOnlyInternetGateway", absent::create_egress_only_internet_gateway),
    ("CreateInternetGateway", internet_gateway::create_internet_gateway),
    ("CreateManagedPrefixList", prefix_list::create_managed_prefix_list),
    ("CreateNatGateway", nat_gateway::create_nat_gateway),
    ("CreateRoute", route::create_route),
    ("CreateRouteTable", route_table::create_route_table),
    ("CreateSubnet", create_subnet::create_subnet),
    ("CreateTags", tags::create_tags),
    ("CreateVpc", create_vpc::create_vpc),
    ("CreateVpcEndpoint", create_vpc_endpoint::create_vpc_endpoint),
    ("CreateVpcPeeringConnection", peering::create_vpc_peering_connection),
    ("DeleteDhcpOptions", dhcp_options::delete_dhcp_options),
    ("DeleteEgressOnlyInternetGateway", absent::delete_egress_only_internet_gateway),
    ("DeleteInternetGateway", internet_gateway::delete_internet_gateway),
    ("DeleteManagedPrefixList", prefix_list::delete_managed_prefix_list),
    ("DeleteNatGateway", nat_gateway::delete_nat_gateway),
    ("DeleteRoute", route::delete_route),
    ("DeleteRouteTable", route_table::delete_route_table),
    ("DeleteSubnet", delete_subnet::delete_subnet),
    ("DeleteTags", tags::delete_tags),
    ("DeleteVpc", delete_vpc::delete_vpc),
    ("DeleteVpcEndpoints", delete_vpc_endpoints::delete_vpc_endpoints),
    ("DeleteVpcPeeringConnection", peering::delete_vpc_peering_connection),
    ("DescribeAddresses", address::describe_addresses),
    ("DescribeAddressesAttribute", address::describe_addresses_attribute),
    ("DescribeCarrierGateways", absent::describe_carrier_gateways),
    ("DescribeCustomerGateways", absent::describe_customer_gateways),
    ("DescribeEgressOnlyInternetGateways", absent::describe_egress_only_internet_gateways),
    ("DescribeFlowLogs", absent::describe_flow_logs),
    ("DescribeLocalGateways", absent::describe_local_gateways),
    ("DescribeManagedPrefixLists", describe_prefix_lists::describe_managed_prefix_lists),
    ("DescribeNatGateways", nat_gateway::describe_nat_gateways),
    ("DescribePrefixLists", describe_prefix_lists::describe_prefix_lists),
    ("DescribeTags", tags::describe_tags),
    ("DescribeTransitGatewayVpcAttachments", absent::describe_transit_gateway_vpc_attachments),
    ("DescribeTransitGateways", absent::describe_transit_gateways),
    ("DescribeVpcAttribute", vpc_attribute::describe_vpc_attribute),
    ("DescribeVpcEndpointAssociations", absent::describe_vpc_endpoint_associations),
    ("DescribeVpcEndpointConnectionNotifications", absent::describe_vpc_endpoint_connection_notifications),
    ("DescribeVpcEndpointConnections", absent::describe_vpc_endpoint_connections),
    ("DescribeVpcEndpointServiceConfigurations", absent::describe_vpc_endpoint_service_configurations),
    ("DescribeVpcEndpointServices", describe_vpc_endpoint_services::describe_vpc_endpoint_services),
    ("DescribeVpcPeeringConnections", peering::describe_vpc_peering_connections),
    ("DescribeVpnConnections", absent::describe_vpn_connections),
    ("DescribeVpnGateways", absent::describe_vpn_gateways),
    ("DetachInternetGateway", internet_gateway::detach_internet_gateway),
    ("DisassociateAddress", associate_address::disassociate_address),
    ("DisassociateRouteTable", route_table_association::disassociate_route_table),
    ("DisassociateSubnetCidrBlock", ipv6_cidr_block::disassociate_subnet_cidr_block),
    ("DisassociateVpcCidrBlock", vpc_cidr_block::disassociate_vpc_cidr_block),
    ("GetManagedPrefixListAssociations", describe_prefix_lists::get_managed_prefix_list_associations),
    ("GetManagedPrefixListEntries", describe_prefix_lists::get_managed_prefix_list_entries),
    ("GetSubnetCidrReservations", absent::get_subnet_cidr_reservations),
    ("ModifyManagedPrefixList", prefix_list::modify_managed_prefix_list),
    ("ModifySubnetAttribute", modify_subnet_attribute::modify_subnet_attribute),
    ("ModifyVpcAttribute", vpc_attribute::modify_vpc_attribute),
    ("ModifyVpcEndpoint", modify_vpc_endpoint::modify_vpc_endpoint),
    ("ModifyVpcPeeringConnectionOptions", peering::modify_vpc_peering_connection_options),
    ("RejectVpcPeeringConnection", peering::reject_vpc_peering_connection),
    ("ReleaseAddress", address::release_address),
    ("ReplaceRoute", route::replace_route),
    ("ReplaceRouteTableAssociation", route_table_association::replace_route_table_association),
    ("RestoreManagedPrefixListVersion", prefix_list::restore_managed_prefix_list_version),
];

/// The same of what answers leanly.
pub const LEAN: &[(&str, Lean)] = &[
    ("DescribeDhcpOptions", describe::describe_dhcp_options),
    ("DescribeInternetGateways", describe::describe_internet_gateways),
    ("DescribeRouteTables", describe::describe_route_tables),
    ("DescribeSubnets", describe::describe_subnets),
    ("DescribeVpcEndpoints", describe::describe_vpc_endpoints),
    ("DescribeVpcs", describe::describe_vpcs),
];
