//! DescribeSecurityGroupReferences: VPCs at the other side of a peering connection whose groups name these groups.

use crate::{Context, Draft, Request, find};
use postern_call::Refusal;
use postern_model::{GroupPeer, SecurityGroup};
use serde_json::{Value, json};

/// Rules name groups of their own VPC only as long as there is no peering, so what is found here comes from elsewhere.
pub(super) fn references(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let mut found = Vec::new();
    for id in request.ids("GroupId")? {
        let group = find::<SecurityGroup>(draft, context, id)?;
        let others = draft.security_groups.values().filter(|other| other.vpc != group.vpc);
        let naming = others.filter(|other| {
            other.rules.iter().any(|rule| matches!(&rule.peer, GroupPeer::Group { id, .. } if *id == group.id))
        });
        found.extend(
            naming.map(|other| json!({ "GroupId": group.id.to_string(), "ReferencingVpcId": other.vpc.to_string() })),
        );
    }
    Ok(json!({ "SecurityGroupReferenceSet": found }))
}
