//! CreateVpcPeeringConnection: a request to the owner of another VPC. A request that cannot be is made all the same, as failed,
//! since AWS finds out later: ranges that overlap, or no such VPC in another account or region.

use super::{already_exists, forget, overlap};
use crate::request::parse_id;
use crate::view::peering::{is_expired, peering_connection, words_of};
use crate::{Context, Draft, Request, find, quota, refuse, tags};
use postern_call::Refusal;
use postern_model::{PeeringSide, PeeringState, Vpc, VpcPeeringConnection, World};
use postern_names::*;
use serde_json::{Value, json};
use time::Duration;

/// How long a request can be accepted.
const ACCEPTABLE_FOR: Duration = Duration::days(7);

/// Errors: `InvalidVpcID.NotFound`, `VpcPeeringConnectionAlreadyExists`, `OutstandingVpcPeeringConnectionLimitExceeded`. The same
/// request again is answered with the connection that there is.
pub fn create_vpc_peering_connection(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    forget(draft, context);
    if request.get("RequesterPeeringConnectionOptions").is_some() {
        return Err(refuse::not_served("Multipath resilience of a peering connection"));
    }
    let vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.clone();
    let peer = wanted_peer(draft, context, request)?;
    let tags = tags::specified(request, "vpc-peering-connection", &[])?;
    if let Some(there) = same(draft, context, vpc.id, peer.vpc) {
        return Ok(json!({ "VpcPeeringConnection": peering_connection(draft, context, there) }));
    }
    if let Some(there) = draft.peering_between(vpc.id, peer.vpc) {
        return Err(already_exists(vpc.id, peer.vpc, there.id));
    }
    check_outstanding(draft, context)?;
    let fails = !peer_is_there(draft, &peer) || overlap(draft, vpc.id, peer.vpc);
    let requester = side(&vpc, tags);
    let peering = VpcPeeringConnection {
        id: VpcPeeringConnectionId::from_bits(context.outside.bits()),
        requester,
        accepter: peer,
        state: if fails { PeeringState::Failed } else { PeeringState::PendingAcceptance },
        expires: context.now + ACCEPTABLE_FOR,
        ended: fails.then_some(context.now),
        ended_by: None,
    };
    let mut reply = peering_connection(draft, context, &peering);
    reply["Status"] = words_of("initiating-request", &format!("Initiating Request to {}", peering.accepter.owner));
    if let Some(accepter) = reply["AccepterVpcInfo"].as_object_mut() {
        accepter.retain(|member, _| !member.starts_with("Cidr"));
    }
    draft.put(peering);
    Ok(json!({ "VpcPeeringConnection": reply }))
}

fn side(vpc: &Vpc, tags: postern_model::Tags) -> PeeringSide {
    PeeringSide {
        vpc: vpc.id,
        owner: vpc.owner,
        region: vpc.region.clone(),
        cidrs: vpc.cidrs.iter().map(|c| c.cidr).collect(),
        allow_dns_resolution_from_remote_vpc: false,
        tags,
    }
}

/// The other side as the request names it. A VPC of the caller's own in this region must be there.
fn wanted_peer(world: &World, context: &Context<'_>, request: &Request<'_>) -> Result<PeeringSide, Refusal> {
    let id: VpcId = parse_id(request.text("PeerVpcId").ok_or_else(|| refuse::missing_parameter("peerVpcId"))?)?;
    let owner = match request.text("PeerOwnerId") {
        None => context.account,
        Some(text) => text.parse().map_err(|_| refuse::invalid_value("peerOwnerId", text, "Invalid account ID."))?,
    };
    let region = match request.text("PeerRegion") {
        None => context.region.clone(),
        Some(text) => Region::new(text),
    };
    if owner == context.account && region == *context.region {
        find::<Vpc>(world, context, id)?;
    }
    let found = world.vpcs.get(&id).filter(|vpc| vpc.owner == owner && vpc.region == region);
    Ok(match found {
        Some(vpc) => side(vpc, postern_model::Tags::new()),
        None => PeeringSide {
            vpc: id,
            owner,
            region,
            cidrs: Vec::new(),
            allow_dns_resolution_from_remote_vpc: false,
            tags: postern_model::Tags::new(),
        },
    })
}

fn peer_is_there(world: &World, peer: &PeeringSide) -> bool {
    world.vpcs.get(&peer.vpc).is_some_and(|vpc| vpc.owner == peer.owner && vpc.region == peer.region)
}

/// The connection that this very request has made before, and that can still be one.
fn same<'w>(world: &'w World, context: &Context<'_>, vpc: VpcId, peer: VpcId) -> Option<&'w VpcPeeringConnection> {
    let is_it = |p: &&VpcPeeringConnection| {
        let stands = p.is_active() || p.state == PeeringState::PendingAcceptance && !is_expired(p, context.now);
        stands && p.requester.vpc == vpc && p.accepter.vpc == peer
    };
    world.peerings.values().find(is_it)
}

fn check_outstanding(world: &World, context: &Context<'_>) -> Result<(), Refusal> {
    let pending = |p: &&VpcPeeringConnection| {
        let waits = p.state == PeeringState::PendingAcceptance && !is_expired(p, context.now);
        waits && p.requester.owner == context.account && p.requester.region == *context.region
    };
    let message = "You have reached the limit of outstanding VPC peering connection requests.";
    let refusal = || Refusal::new("OutstandingVpcPeeringConnectionLimitExceeded", message);
    quota::check(context.quotas.outstanding_peerings, world.peerings.values().filter(pending), refusal)
}
