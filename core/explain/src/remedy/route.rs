//! A route, or an endpoint that makes one.

use super::Candidate;
use crate::ground::Ground;
use crate::trace::*;
use postern_model::*;
use postern_names::*;
use std::net::IpAddr;
use time::OffsetDateTime;

pub(super) fn candidates(ground: &Ground<'_>, bar: &Step) -> Vec<Candidate> {
    let Place::Table { table, subnet, route } = bar.place else { return vec![] };
    let Some(table) = ground.world.route_tables.get(&table) else { return vec![] };
    let to = bar.packet.destination;
    let mut all = endpoint(ground, table, to);
    for peering in ground.world.peerings.values() {
        let far = ground.beyond(table.vpc, peering.id);
        let of_family = |range: &Cidr| range.family() == IpFamily::V4 && range.contains(to);
        if let Some(range) = far.and_then(|far| far.ranges().find(of_family)) {
            let words = format!("--vpc-peering-connection-id {}", peering.id);
            all.extend(to_target(table, range, RouteTarget::Peering(peering.id), &words, 1));
        }
    }
    if to.is_ipv6() {
        if let Some(id) = ground.internet_gateway(table.vpc) {
            let words = format!("--gateway-id {id}");
            all.extend(to_target(table, Cidr::ALL_V6, RouteTarget::InternetGateway(id), &words, 2));
        }
    } else if !matches!(to, IpAddr::V4(to) if to.is_private()) {
        let nats = ground.world.nat_gateways.values();
        let usable = nats.filter(|nat| nat.vpc == table.vpc && nat.state == NatGatewayState::Available);
        for nat in usable.filter(|nat| nat.is_public && nat.subnet != subnet) {
            let words = format!("--nat-gateway-id {}", nat.id);
            all.extend(to_target(table, Cidr::ALL_V4, RouteTarget::NatGateway(nat.id), &words, 2));
        }
        if let Some(id) = ground.internet_gateway(table.vpc) {
            let words = format!("--gateway-id {id}");
            all.extend(to_target(table, Cidr::ALL_V4, RouteTarget::InternetGateway(id), &words, 2));
        }
    }
    all.extend(route.and_then(|route| without(table, route)));
    all
}

/// A route like this, in place of one for the same range.
fn to_target(table: &RouteTable, range: Cidr, target: RouteTarget, words: &str, cost: u32) -> Option<Candidate> {
    let destination = RouteDestination::Cidr(range);
    let mut changed = table.clone();
    let verb = match changed.routes.iter_mut().find(|route| route.destination == destination) {
        Some(route) if route.target == target => return None,
        Some(route) => {
            route.target = target;
            "replace"
        }
        None => {
            changed.routes.push(Route { destination, target });
            "create"
        }
    };
    let command = format!("aws ec2 {verb}-route --route-table-id {} {} {words}", table.id, destination_words(range));
    Some(Candidate::new(cost, command, changed))
}

fn destination_words(range: Cidr) -> String {
    format!("--destination-{}cidr-block {range}", super::of_family(range.family()))
}

/// The table without the user's route that was chosen.
fn without(table: &RouteTable, chosen: Chosen) -> Option<Candidate> {
    let (destination, words) = match chosen.list {
        Some(list) => (RouteDestination::PrefixList(list), format!("--destination-prefix-list-id {list}")),
        None => (RouteDestination::Cidr(chosen.range), destination_words(chosen.range)),
    };
    let mut changed = table.clone();
    changed.routes.retain(|route| route.destination != destination);
    let command = format!("aws ec2 delete-route --route-table-id {} {words}", table.id);
    (changed.routes.len() < table.routes.len()).then(|| Candidate::new(1, command, changed))
}

/// The change that takes away the route by which the packet came to a bar.
pub(super) fn without_the_last(ground: &Ground<'_>, trace: &Trace, bar: &Step) -> Vec<Candidate> {
    let before = trace.steps.iter().take_while(|step| *step != bar);
    let last = before.filter(|step| step.way == bar.way && step.stop == Stop::RouteTable).last();
    let Some(Place::Table { table, route: Some(route), .. }) = last.map(|step| step.place) else { return vec![] };
    ground.world.route_tables.get(&table).and_then(|table| without(table, route)).into_iter().collect()
}

/// The table on a gateway endpoint of the service that has the address.
pub(super) fn endpoint(ground: &Ground<'_>, table: &RouteTable, to: IpAddr) -> Vec<Candidate> {
    let has_it =
        |service: &&GatewayService| service.ranges(&table.region).into_iter().any(|range| Cidr::V4(range).contains(to));
    let Some(service) = GATEWAY_SERVICES.iter().find(has_it) else { return vec![] };
    let of_service = |e: &&VpcEndpoint| {
        e.vpc == table.vpc
            && e.state == EndpointState::Available
            && e.interface().is_none()
            && e.service() == service.name
    };
    let on_table = |e: &&VpcEndpoint| e.route_tables().contains(&table.id);
    if ground.world.endpoints.values().filter(of_service).any(|e| on_table(&e)) {
        return vec![];
    }
    if let Some(endpoint) = ground.world.endpoints.values().find(of_service) {
        let mut changed = endpoint.clone();
        if let EndpointKind::Gateway { route_tables } = &mut changed.kind {
            route_tables.push(table.id);
        }
        let command =
            format!("aws ec2 modify-vpc-endpoint --vpc-endpoint-id {} --add-route-table-ids {}", endpoint.id, table.id);
        return vec![Candidate::new(1, command, changed)];
    }
    let service_name = format!("com.amazonaws.{}.{}", table.region, service.name);
    let command = format!(
        "aws ec2 create-vpc-endpoint --vpc-id {} --service-name {service_name} --route-table-ids {}",
        table.vpc, table.id
    );
    vec![Candidate::new(2, command, new_endpoint(table, service_name))]
}

/// The endpoint of a copy of the World: no reply ever carries its id.
fn new_endpoint(table: &RouteTable, service_name: String) -> VpcEndpoint {
    VpcEndpoint {
        id: VpcEndpointId::from_bits(u64::MAX),
        vpc: table.vpc,
        owner: table.owner,
        region: table.region.clone(),
        service_name,
        kind: EndpointKind::Gateway { route_tables: vec![table.id] },
        state: EndpointState::Available,
        policy: String::new(),
        ip_address_type: "ipv4".to_owned(),
        dns_record_ip_type: "service-defined".to_owned(),
        created: OffsetDateTime::UNIX_EPOCH,
        client_token: None,
        tags: Tags::new(),
    }
}
