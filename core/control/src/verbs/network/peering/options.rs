//! ModifyVpcPeeringConnectionOptions: each owner says what the other side may look up.

use super::find_peering;
use crate::view::peering::options;
use crate::{Context, Draft, Request, refuse};
use postern_call::Refusal;
use postern_model::PeeringSide;
use serde_json::{Value, json};

/// Errors: `OperationNotPermitted` for a connection that is not active, and for the other owner's options.
pub fn modify_vpc_peering_connection_options(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut peering = find_peering(draft, context, request.id("VpcPeeringConnectionId")?)?.clone();
    let id = peering.id;
    let given = |member| request.part(member).filter(|part| part.0.as_object().is_some_and(|o| !o.is_empty()));
    let (accepter, requester) = (given("AccepterPeeringConnectionOptions"), given("RequesterPeeringConnectionOptions"));
    if accepter.is_none() && requester.is_none() {
        return Err(refuse::missing_parameter("accepterPeeringConnectionOptions or requesterPeeringConnectionOptions"));
    }
    if !peering.is_active() {
        let message = format!("Peering {id} is not active. Peering options can be added only to active peerings.");
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    let mut reply = json!({});
    for (word, wanted, side) in
        [("Accepter", accepter, &mut peering.accepter), ("Requester", requester, &mut peering.requester)]
    {
        let Some(wanted) = wanted else { continue };
        if side.owner != context.account {
            let message = format!(
                "User ({}) cannot modify {} peering options of {id}",
                context.account,
                word.to_ascii_lowercase()
            );
            return Err(Refusal::new("OperationNotPermitted", message)
                .hint(format!("account {} owns that side's VPC", side.owner)));
        }
        set(side, &wanted)?;
        reply[format!("{word}PeeringConnectionOptions")] = options(side);
    }
    draft.put(peering);
    Ok(reply)
}

fn set(side: &mut PeeringSide, wanted: &Request<'_>) -> Result<(), Refusal> {
    for member in ["AllowEgressFromLocalClassicLinkToRemoteVpc", "AllowEgressFromLocalVpcToRemoteClassicLink"] {
        if wanted.flag(member) == Some(true) {
            return Err(refuse::not_served("EC2-Classic, which AWS retired,"));
        }
    }
    if wanted.flag("AllowMultipathResilience") == Some(true) || wanted.get("MultipathResilienceMode").is_some() {
        return Err(refuse::not_served("Multipath resilience of a peering connection"));
    }
    if let Some(allow) = wanted.flag("AllowDnsResolutionFromRemoteVpc") {
        side.allow_dns_resolution_from_remote_vpc = allow;
    }
    Ok(())
}
