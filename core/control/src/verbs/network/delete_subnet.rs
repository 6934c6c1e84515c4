//! DeleteSubnet: leaves its ACL and route table, refuses while interfaces are in it.

use crate::{Context, Draft, Request, find, refuse};
use postern_call::Refusal;
use postern_model::Subnet;
use postern_names::SubnetId;
use serde_json::{Value, json};

pub fn delete_subnet(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    let id: SubnetId = request.id("SubnetId")?;
    find::<Subnet>(draft, context, id)?;
    if draft.network_interfaces.values().any(|eni| eni.subnet == id) {
        return Err(refuse::dependency_violation(format!("The subnet '{id}' has dependencies and cannot be deleted.")));
    }
    if let Some(mut acl) = draft.acl_of_subnet(id).cloned() {
        acl.associations.retain(|(_, subnet)| *subnet != id);
        draft.put(acl);
    }
    let own_table = draft.route_tables.values().find(|t| t.associations.iter().any(|a| a.subnet == Some(id))).cloned();
    if let Some(mut table) = own_table {
        table.associations.retain(|a| a.subnet != Some(id));
        draft.put(table);
    }
    draft.remove(id);
    Ok(json!({}))
}
