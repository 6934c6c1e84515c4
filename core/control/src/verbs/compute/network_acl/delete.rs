//! DeleteNetworkAcl.

use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::NetworkAcl;
use serde_json::{Value, json};

/// Errors: `InvalidParameterValue` for a default ACL, `DependencyViolation` while subnets are associated.
pub(super) fn delete(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let acl = find::<NetworkAcl>(draft, context, request.id("NetworkAclId")?)?;
    let id = acl.id;
    if acl.is_default {
        let message = format!("cannot delete default network ACL {id}");
        return Err(Refusal::new("InvalidParameterValue", message).hint("it goes with its VPC"));
    }
    if let Some((_, subnet)) = acl.associations.first() {
        let message = format!("The networkAcl '{id}' has dependencies and cannot be deleted.");
        return Err(refuse::dependency_violation(message).hint(format!("{subnet} is associated with it")));
    }
    draft.remove(id);
    Ok(json!({}))
}
