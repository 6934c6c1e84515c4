//! ReplaceNetworkAclAssociation.

use crate::verbs::is_visible;
use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::NetworkAcl;
use postern_names::NetworkAclAssociationId;
use serde_json::{Value, json};

/// Moves a subnet from its ACL to another one of the same VPC; the association gets a new id.
pub(super) fn replace(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id: NetworkAclAssociationId = request.id("AssociationId")?;
    let mut wanted = find::<NetworkAcl>(draft, context, request.id("NetworkAclId")?)?.clone();
    let mut visible = draft.network_acls.values().filter(|acl| is_visible(context, acl.owner, &acl.region));
    let mut former = visible
        .find(|acl| acl.associations.iter().any(|(association, _)| *association == id))
        .ok_or_else(|| refuse::not_found(NetworkAclAssociationId::PREFIX, id))?
        .clone();
    let Some(place) = former.associations.iter().position(|(association, _)| *association == id) else {
        return Err(refuse::not_found(NetworkAclAssociationId::PREFIX, id));
    };
    let (_, subnet) = former.associations.remove(place);
    if former.vpc != wanted.vpc {
        let message = format!("networkAcl {} and subnet {subnet} belong to different networks", wanted.id);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let new = NetworkAclAssociationId::from_bits(context.outside.bits());
    if former.id == wanted.id {
        former.associations.push((new, subnet));
        draft.put(former);
    } else {
        wanted.associations.push((new, subnet));
        draft.put(former);
        draft.put(wanted);
    }
    Ok(json!({ "NewAssociationId": new.to_string() }))
}
