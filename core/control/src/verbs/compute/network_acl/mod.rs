//! Verbs of network ACLs.

mod association;
mod create;
mod delete;
mod entry;

use crate::verbs::Whole;
use crate::{Context, Draft, Request, describe, view};
use postern_call::{Answer, Refusal};

pub(super) const VERBS: &[(&str, Whole)] = &[
    ("CreateNetworkAcl", create::create),
    ("DeleteNetworkAcl", delete::delete),
    ("CreateNetworkAclEntry", entry::create),
    ("ReplaceNetworkAclEntry", entry::replace),
    ("DeleteNetworkAclEntry", entry::delete),
    ("ReplaceNetworkAclAssociation", association::replace),
];

pub(super) fn describe_acls(
    draft: &mut Draft<'_>,
    context: &Context<'_>,
    request: &Request<'_>,
) -> Result<Answer, Refusal> {
    describe(draft, context, request, ("NetworkAclIds", "NetworkAcls"), view::network_acl::network_acl)
}
