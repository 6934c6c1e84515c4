//! Verbs of network ACLs.

mod association;
mod create;
mod delete;
mod entry;

use crate::verbs::Verb;
use crate::{Context, Draft, Request, describe, view};
use postern_call::Refusal;
use serde_json::Value;

pub(super) const VERBS: &[(&str, Verb)] = &[
    ("CreateNetworkAcl", create::create),
    ("DeleteNetworkAcl", delete::delete),
    ("DescribeNetworkAcls", describe_acls),
    ("CreateNetworkAclEntry", entry::create),
    ("ReplaceNetworkAclEntry", entry::replace),
    ("DeleteNetworkAclEntry", entry::delete),
    ("ReplaceNetworkAclAssociation", association::replace),
];

fn describe_acls(draft: &mut Draft<'_>, context: &Context<'_>, request: &Request<'_>) -> Result<Value, Refusal> {
    describe(draft, context, request, ("NetworkAclIds", "NetworkAcls"), view::network_acl::network_acl)
}
