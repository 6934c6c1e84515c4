//! What makes a name lead to an endpoint.

use super::Candidate;
use crate::name::Zone;
use crate::trace::*;
use postern_model::*;
use postern_names::VpcId;

/// The VPC's resolver, switched on.
pub(super) fn resolver(world: &World, bar: &Step) -> Vec<Candidate> {
    let (Some(Cause::ResolverOff), Place::Resolver(id)) = (bar.cause, bar.place) else { return vec![] };
    let Some(vpc) = world.vpcs.get(&id) else { return vec![] };
    let command = format!("aws ec2 modify-vpc-attribute --vpc-id {id} --enable-dns-support Value=true");
    vec![Candidate::new(1, command, Vpc { enable_dns_support: true, ..vpc.clone() })]
}

/// Private DNS, where an endpoint of the VPC could take the name over.
pub(super) fn private_dns(world: &World, trace: &Trace) -> Vec<Candidate> {
    let Some(resolution) = &trace.name else { return vec![] };
    let Zone::Public { would: Some(id) } = resolution.zone else { return vec![] };
    let (Some(endpoint), Some(vpc)) = (world.endpoints.get(&id), resolution.vpc.and_then(|id| vpc(world, id))) else {
        return vec![];
    };
    if !vpc.enable_dns_hostnames {
        let command = format!("aws ec2 modify-vpc-attribute --vpc-id {} --enable-dns-hostnames Value=true", vpc.id);
        return vec![Candidate::new(1, command, Vpc { enable_dns_hostnames: true, ..vpc.clone() })];
    }
    let mut changed = endpoint.clone();
    match &mut changed.kind {
        EndpointKind::Interface(own) if !own.private_dns => own.private_dns = true,
        _ => return vec![],
    }
    let command = format!("aws ec2 modify-vpc-endpoint --vpc-endpoint-id {id} --private-dns-enabled");
    vec![Candidate::new(1, command, changed)]
}

fn vpc(world: &World, id: VpcId) -> Option<&Vpc> {
    world.vpcs.get(&id)
}
