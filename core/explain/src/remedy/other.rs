//! Public addresses, instances that are stopped, endpoints that are not on the way.

use super::{Candidate, route};
use crate::ground::Ground;
use crate::trace::*;
use postern_model::*;
use postern_names::*;
use std::net::{IpAddr, Ipv4Addr};

/// An address of nobody (RFC 5737): the copy's, until AWS gives a real one.
const SOME_PUBLIC: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// An Elastic IP for the interface, or another way than the internet gateway.
pub(super) fn public_address(ground: &Ground<'_>, trace: &Trace, bar: &Step) -> Vec<Candidate> {
    let mut all = route::without_the_last(ground, trace, bar);
    let before = trace.steps.iter().take_while(|step| *step != bar);
    let table = before.filter_map(|step| match step.place {
        Place::Table { table, .. } if step.way == bar.way => Some(table),
        _ => None,
    });
    let Some(table) = table.last().and_then(|id| ground.world.route_tables.get(&id)) else { return all };
    all.extend(route::endpoint(ground, table, bar.packet.destination));
    let Place::InternetGateway { private: Some(IpAddr::V4(private)), .. } = bar.place else { return all };
    if let Some(eni) = ground.holder(table.vpc, private.into()) {
        let command = format!(
            "aws ec2 associate-address --network-interface-id {} --private-ip-address {private} \
             --allocation-id \"$(aws ec2 allocate-address --query AllocationId --output text)\"",
            eni.id
        );
        let address = ElasticAddress {
            allocation: AllocationId::from_bits(u64::MAX),
            owner: eni.owner,
            region: eni.region.clone(),
            public_ip: SOME_PUBLIC,
            association: Some((AddressAssociationId::from_bits(u64::MAX), eni.id, private)),
            tags: Tags::new(),
        };
        all.push(Candidate::new(3, command, address));
    }
    all
}

/// A start, or a route that does not lead to an instance that does not forward.
pub(super) fn instance(ground: &Ground<'_>, trace: &Trace, bar: &Step) -> Vec<Candidate> {
    let Place::Interface { instance, .. } = bar.place else { return vec![] };
    let stopped = instance.and_then(|id| ground.world.instances.get(&id));
    match (bar.cause, stopped.filter(|i| i.state == InstanceState::Stopped)) {
        (Some(Cause::NotRunning), Some(stopped)) => {
            let command = format!("aws ec2 start-instances --instance-ids {}", stopped.id);
            vec![Candidate::new(1, command, Instance { state: InstanceState::Running, ..stopped.clone() })]
        }
        (Some(Cause::NotItsAddress), _) => route::without_the_last(ground, trace, bar),
        _ => vec![],
    }
}

/// The sender's table on the endpoint that was asked for.
pub(super) fn endpoint(ground: &Ground<'_>, trace: &Trace, bar: &Step) -> Vec<Candidate> {
    let (Some(Cause::AnotherWay), Place::Endpoint { id: Some(_), .. }) = (bar.cause, bar.place) else { return vec![] };
    let table = trace.steps.iter().find_map(|step| match step.place {
        Place::Table { table, .. } => ground.world.route_tables.get(&table),
        _ => None,
    });
    let mut all = route::without_the_last(ground, trace, bar);
    all.extend(table.into_iter().flat_map(|table| route::endpoint(ground, table, bar.packet.destination)));
    all
}
