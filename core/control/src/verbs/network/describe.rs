//! The Describe calls that are nothing but ids, filters and pages.

use crate::{Context, Draft, Request, describe, view};
use postern_call::{Answer, Refusal};
use postern_model::*;

macro_rules! describes {
    ($($verb:ident($ids:literal, $reply:literal) $view:expr;)*) => {$(
        pub fn $verb(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Answer, Refusal> {
            describe(draft, context, request, ($ids, $reply), $view)
        }
    )*};
}

describes! {
    describe_vpcs("VpcIds", "Vpcs") |_, e: &Vpc| view::vpc::vpc(e);
    describe_subnets("SubnetIds", "Subnets") |w, e: &Subnet| view::subnet::subnet(w, e);
    describe_dhcp_options("DhcpOptionsIds", "DhcpOptions") |_, e: &DhcpOptions| view::dhcp_options::dhcp_options(e);
    describe_internet_gateways("InternetGatewayIds", "InternetGateways")
        |_, e: &InternetGateway| view::internet_gateway::internet_gateway(e);
    describe_route_tables("RouteTableIds", "RouteTables") |w, e: &RouteTable| view::route_table::route_table(w, e);
    describe_vpc_endpoints("VpcEndpointIds", "VpcEndpoints") |w, e: &VpcEndpoint| view::endpoint::endpoint(w, e);
}
