//! A VPC peering connection in replies.

use crate::verbs::is_visible;
use crate::view::timestamp;
use crate::{Context, one, tags};
use postern_model::{PeeringSide, PeeringState, VpcPeeringConnection, World};
use postern_names::AccountId;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// How long a connection that has ended stays visible: to who ended it, and to the other owner.
const VISIBLE_TO_ENDER: Duration = Duration::hours(2);
const VISIBLE_TO_OTHER: Duration = Duration::days(2);

type Values = fn(&World, &VpcPeeringConnection, OffsetDateTime) -> Vec<String>;

/// Filter names with the values that a connection has under them.
pub const FILTERS: &[(&str, Values)] = &[
    ("accepter-vpc-info.cidr-block", |w, p, _| cidrs(w, &p.accepter)),
    ("accepter-vpc-info.owner-id", |_, p, _| one(p.accepter.owner)),
    ("accepter-vpc-info.vpc-id", |_, p, _| one(p.accepter.vpc)),
    ("expiration-time", |_, p, _| one(timestamp(p.expires))),
    ("requester-vpc-info.cidr-block", |w, p, _| cidrs(w, &p.requester)),
    ("requester-vpc-info.owner-id", |_, p, _| one(p.requester.owner)),
    ("requester-vpc-info.vpc-id", |_, p, _| one(p.requester.vpc)),
    ("status-code", |_, p, now| one(status(p, now).0)),
    ("status-message", |_, p, now| one(status(p, now).1)),
    ("vpc-peering-connection-id", |_, p, _| one(p.id)),
];

fn cidrs(world: &World, side: &PeeringSide) -> Vec<String> {
    world.ranges_of_side(side).iter().map(ToString::to_string).collect()
}

pub fn is_expired(peering: &VpcPeeringConnection, now: OffsetDateTime) -> bool {
    peering.state == PeeringState::PendingAcceptance && now >= peering.expires
}

/// Code and message.
pub fn status(peering: &VpcPeeringConnection, now: OffsetDateTime) -> (&'static str, String) {
    let by = || peering.ended_by.map(|account| format!(" by {account}")).unwrap_or_default();
    match peering.state {
        PeeringState::PendingAcceptance if is_expired(peering, now) => ("expired", "Expired".to_owned()),
        PeeringState::PendingAcceptance => {
            ("pending-acceptance", format!("Pending Acceptance by {}", peering.accepter.owner))
        }
        PeeringState::Active => ("active", "Active".to_owned()),
        PeeringState::Rejected => ("rejected", format!("Rejected{}", by())),
        PeeringState::Failed => {
            ("failed", "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".to_owned())
        }
        PeeringState::Deleted => ("deleted", format!("Deleted{}", by())),
    }
}

/// Whether the account sees it no more.
pub fn is_forgotten(peering: &VpcPeeringConnection, account: AccountId, now: OffsetDateTime) -> bool {
    let since = |moment: OffsetDateTime| now - moment;
    match peering.state {
        PeeringState::Active => false,
        PeeringState::PendingAcceptance => since(peering.expires) > VISIBLE_TO_OTHER,
        PeeringState::Failed => peering.ended.is_some_and(|ended| since(ended) > VISIBLE_TO_ENDER),
        PeeringState::Rejected | PeeringState::Deleted => {
            let alone = peering.requester.owner == peering.accepter.owner;
            let is_ender = alone || peering.ended_by == Some(account);
            let visible = if is_ender { VISIBLE_TO_ENDER } else { VISIBLE_TO_OTHER };
            peering.ended.is_some_and(|ended| since(ended) > visible)
        }
    }
}

pub fn words_of(code: &str, message: &str) -> Value {
    json!({ "Code": code, "Message": message })
}

/// The tags are those of the caller's own side.
pub fn peering_connection(world: &World, context: &Context<'_>, peering: &VpcPeeringConnection) -> Value {
    let (code, message) = status(peering, context.now);
    let is_mine = |side: &&PeeringSide| is_visible(context, side.owner, &side.region);
    let own = [&peering.requester, &peering.accepter].into_iter().find(is_mine);
    let hides_far = !peering.is_in_one_region() && code == "pending-acceptance" || code == "failed";
    let mut reply = json!({
        "AccepterVpcInfo": info(world, peering, &peering.accepter, hides_far),
        "RequesterVpcInfo": info(world, peering, &peering.requester, false),
        "Status": words_of(code, &message),
        "Tags": own.map(|side| tags::view(&side.tags)).unwrap_or_else(|| json!([])),
        "VpcPeeringConnectionId": peering.id.to_string(),
    });
    if peering.state == PeeringState::PendingAcceptance {
        reply["ExpirationTime"] = json!(timestamp(peering.expires));
    }
    reply
}

fn info(world: &World, peering: &VpcPeeringConnection, side: &PeeringSide, hides_ranges: bool) -> Value {
    let mut info = json!({
        "OwnerId": side.owner.to_string(),
        "VpcId": side.vpc.to_string(),
        "Region": side.region.to_string(),
    });
    let ranges = world.ranges_of_side(side);
    if let Some(primary) = ranges.first().filter(|_| !hides_ranges) {
        info["CidrBlock"] = json!(primary.to_string());
        info["CidrBlockSet"] = ranges.iter().map(|range| json!({ "CidrBlock": range.to_string() })).collect();
    }
    if peering.is_active() {
        info["PeeringOptions"] = options(side);
    }
    info
}

pub fn options(side: &PeeringSide) -> Value {
    json!({
        "AllowDnsResolutionFromRemoteVpc": side.allow_dns_resolution_from_remote_vpc,
        "AllowEgressFromLocalClassicLinkToRemoteVpc": false,
        "AllowEgressFromLocalVpcToRemoteClassicLink": false,
    })
}
