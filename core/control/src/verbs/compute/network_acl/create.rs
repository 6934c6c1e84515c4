//! CreateNetworkAcl.

use crate::{Context, Draft, Request, find, quota, tags, view};
use postern_call::Refusal;
use postern_model::{NetworkAcl, Vpc, World};
use postern_names::{NetworkAclId, VpcId};
use serde_json::{Value, json};

/// A new ACL denies everything both ways until it has entries.
pub(super) fn create(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let vpc = find::<Vpc>(draft, context, request.id("VpcId")?)?.id;
    check_count(draft, context, vpc)?;
    let acl = NetworkAcl {
        id: NetworkAclId::from_bits(context.outside.bits()),
        vpc,
        owner: context.account,
        region: context.region.clone(),
        is_default: false,
        entries: Vec::new(),
        associations: Vec::new(),
        tags: tags::specified(request, "network-acl", &[])?,
    };
    let mut reply = json!({ "NetworkAcl": view::network_acl::network_acl(draft, &acl) });
    if let Some(token) = request.text("ClientToken") {
        reply["ClientToken"] = json!(token);
    }
    draft.put(acl);
    Ok(reply)
}

fn check_count(world: &World, context: &Context<'_>, vpc: VpcId) -> Result<(), Refusal> {
    let others = world.network_acls.values().filter(|acl| acl.vpc == vpc);
    let refusal = || quota::reached("NetworkAclLimitExceeded", "network ACLs");
    quota::check(context.quotas.network_acls_per_vpc, others, refusal)
}
