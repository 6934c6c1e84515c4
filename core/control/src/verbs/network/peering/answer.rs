//! AcceptVpcPeeringConnection, RejectVpcPeeringConnection, DeleteVpcPeeringConnection.

use super::{already_exists, check_limit, ended, find_peering, forget, overlap, own_side};
use crate::verbs::is_visible;
use crate::view::peering::{peering_connection, status, words_of};
use crate::{Context, Draft, Request, refuse};
use postern_call::Refusal;
use postern_model::{PeeringState, VpcPeeringConnection};
use postern_names::VpcPeeringConnectionId;
use serde_json::{Value, json};

/// Errors: `OperationNotPermitted` for anybody but the owner of the accepter's VPC, `InvalidStateTransition` for what is not
/// pending, `VpcPeeringConnectionAlreadyExists`. VPCs whose ranges have come to overlap make a failed connection.
pub fn accept_vpc_peering_connection(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let peering = pending(draft, context, request, ("accept", "accepted"), "active")?;
    let (near, far) = (peering.requester.vpc, peering.accepter.vpc);
    if let Some(there) = draft.peering_between(near, far) {
        return Err(already_exists(near, far, there.id));
    }
    check_limit(draft, context, near)?;
    check_limit(draft, context, far)?;
    let is_gone = [near, far].into_iter().any(|vpc| !draft.vpcs.contains_key(&vpc));
    if is_gone || overlap(draft, near, far) {
        let failed = VpcPeeringConnection { ended_by: None, ..ended(&peering, context, PeeringState::Failed) };
        let reply = peering_connection(draft, context, &failed);
        draft.put(failed);
        return Ok(json!({ "VpcPeeringConnection": reply }));
    }
    let active = VpcPeeringConnection { state: PeeringState::Active, ..peering };
    let mut reply = peering_connection(draft, context, &active);
    reply["Status"] = words_of("provisioning", "Provisioning");
    draft.put(active);
    forget(draft, context);
    Ok(json!({ "VpcPeeringConnection": reply }))
}

/// Errors as for accepting.
pub fn reject_vpc_peering_connection(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let peering = pending(draft, context, request, ("reject", "rejected"), "rejected")?;
    draft.put(ended(&peering, context, PeeringState::Rejected));
    Ok(json!({ "Return": true }))
}

/// Either owner deletes an active connection, the requester's owner a request. Errors: `OperationNotPermitted`,
/// `InvalidStateTransition`.
pub fn delete_vpc_peering_connection(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let peering = find_peering(draft, context, request.id("VpcPeeringConnectionId")?)?.clone();
    let (code, _) = status(&peering, context.now);
    match code {
        "active" => {}
        "pending-acceptance" if own_side(context, &peering).is_some_and(|own| own.vpc == peering.requester.vpc) => {}
        "pending-acceptance" => {
            let message = format!("User ({}) cannot delete peering {}", context.account, peering.id);
            return Err(Refusal::new("OperationNotPermitted", message)
                .hint("the owner of the accepter's VPC rejects a request, the requester deletes it"));
        }
        other => return Err(wrong_state(peering.id, other, "deleting")),
    }
    draft.put(ended(&peering, context, PeeringState::Deleted));
    Ok(json!({ "Return": true }))
}

/// The request that the caller answers: what is done to it as an infinitive and a participle, and the state wanted.
fn pending(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
    (verb, participle): (&str, &str),
    wanted: &str,
) -> Result<VpcPeeringConnection, Refusal> {
    let text = request.text("VpcPeeringConnectionId");
    let id = crate::request::parse_id(text.ok_or_else(|| refuse::missing_parameter("vpcPeeringConnectionId"))?)?;
    let peering = find_peering(draft, context, id)?.clone();
    let accepter = &peering.accepter;
    if accepter.owner != context.account {
        let message = format!("User ({}) cannot {verb} peering {id}", context.account);
        return Err(Refusal::new("OperationNotPermitted", message)
            .hint(format!("account {} owns the accepter's VPC", accepter.owner)));
    }
    if !is_visible(context, accepter.owner, &accepter.region) {
        let (here, there) = (context.region, &accepter.region);
        let message = format!(
            "Incorrect region ({here}) specified for this request. VPC peering connection {id} must be {participle} in \
             region {there}"
        );
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    match status(&peering, context.now).0 {
        "pending-acceptance" => Ok(peering),
        other => Err(wrong_state(id, other, wanted)),
    }
}

fn wrong_state(id: VpcPeeringConnectionId, from: &str, to: &str) -> Refusal {
    let message = format!("Invalid state transition for {id}, attempted to transition from {from} to {to}");
    Refusal::new("InvalidStateTransition", message)
}
