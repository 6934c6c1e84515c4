//! The operations, each with who may call it, the members that name its resources, and the function that does it.

pub mod account;
mod attachment;
mod handshake;
mod leave;
mod organization;
mod policy;
mod tags;
mod tree;
pub(crate) mod trusted;
mod unit;

use crate::input::Input;
use crate::organizations::Desk;
use crate::refuse;
use crate::state::{Organization, State};
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// One call, as a verb sees it.
pub struct Request<'a> {
    pub input: Input<'a>,
    /// The caller's account.
    pub account: AccountId,
    /// The id of its organization; empty for [`Who::Anyone`] outside one.
    pub organization: &'a str,
    pub time: OffsetDateTime,
    /// Unix seconds.
    pub now: i64,
}

impl<'a> Request<'a> {
    pub fn new(call: &'a Call, account: AccountId, organization: &'a str) -> Self {
        Self { input: Input(&call.input), account, organization, time: call.now, now: call.now.unix_timestamp() }
    }

    /// The caller's organization.
    pub fn of<'s>(&self, state: &'s State) -> Result<&'s Organization, Refusal> {
        state.organizations.get(self.organization).ok_or_else(refuse::not_in_use)
    }
}

/// Which accounts may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anyone,
    Member,
    Management,
}

/// How an operation is done.
#[derive(Clone, Copy)]
pub enum Run {
    Change(fn(&mut Desk<'_>, &Request<'_>) -> Result<Value, Refusal>),
    Look(fn(&State, &Request<'_>) -> Result<Value, Refusal>),
    /// Works in other services too.
    CreateAccount,
}

pub struct Verb {
    pub operation: &'static str,
    pub who: Who,
    /// The members that name resources.
    pub subjects: &'static [&'static str],
    pub run: Run,
}

const fn change(
    operation: &'static str,
    who: Who,
    subjects: &'static [&'static str],
    run: fn(&mut Desk<'_>, &Request<'_>) -> Result<Value, Refusal>,
) -> Verb {
    Verb { operation, who, subjects, run: Run::Change(run) }
}

const fn look(
    operation: &'static str,
    who: Who,
    subjects: &'static [&'static str],
    run: fn(&State, &Request<'_>) -> Result<Value, Refusal>,
) -> Verb {
    Verb { operation, who, subjects, run: Run::Look(run) }
}

use Who::{Anyone, Management, Member};

/// Every operation that is served.
pub const VERBS: &[Verb] = &[
    change("AcceptHandshake", Anyone, &["HandshakeId"], handshake::accept),
    change("AttachPolicy", Management, &["PolicyId", "TargetId"], attachment::attach),
    change("CancelHandshake", Management, &["HandshakeId"], handshake::cancel),
    change("CloseAccount", Management, &["AccountId"], account::close),
    Verb { operation: "CreateAccount", who: Management, subjects: &[], run: Run::CreateAccount },
    change("CreateOrganization", Anyone, &[], organization::create),
    change("CreateOrganizationalUnit", Management, &["ParentId"], unit::create),
    change("CreatePolicy", Management, &[], policy::create),
    change("DeclineHandshake", Anyone, &["HandshakeId"], handshake::decline),
    change("DeleteOrganization", Management, &[], organization::delete),
    change("DeleteOrganizationalUnit", Management, &["OrganizationalUnitId"], unit::delete),
    change("DeletePolicy", Management, &["PolicyId"], policy::delete),
    look("DescribeAccount", Management, &["AccountId"], account::describe),
    look("DescribeCreateAccountStatus", Management, &[], account::describe_status),
    look("DescribeHandshake", Anyone, &["HandshakeId"], handshake::describe),
    look("DescribeOrganization", Member, &[], organization::describe),
    look("DescribeOrganizationalUnit", Management, &["OrganizationalUnitId"], unit::describe),
    look("DescribePolicy", Management, &["PolicyId"], policy::describe),
    change("DetachPolicy", Management, &["PolicyId", "TargetId"], attachment::detach),
    change("DisableAWSServiceAccess", Management, &[], trusted::disable),
    change("DisablePolicyType", Management, &["RootId"], organization::disable),
    change("EnableAWSServiceAccess", Management, &[], trusted::enable),
    change("EnablePolicyType", Management, &["RootId"], organization::enable),
    change("InviteAccountToOrganization", Management, &["Target.Id"], handshake::invite),
    change("LeaveOrganization", Member, &[], leave::leave),
    look("ListAWSServiceAccessForOrganization", Management, &[], trusted::list),
    look("ListAccounts", Management, &[], account::list),
    look("ListAccountsForParent", Management, &["ParentId"], account::list_for_parent),
    look("ListChildren", Management, &["ParentId"], tree::children),
    look("ListCreateAccountStatus", Management, &[], account::list_status),
    look("ListHandshakesForAccount", Anyone, &[], handshake::list_for_account),
    look("ListHandshakesForOrganization", Management, &[], handshake::list_for_organization),
    look("ListOrganizationalUnitsForParent", Management, &["ParentId"], unit::list),
    look("ListParents", Management, &["ChildId"], tree::parents),
    look("ListPolicies", Management, &[], policy::list),
    look("ListPoliciesForTarget", Management, &["TargetId"], attachment::policies),
    look("ListRoots", Management, &[], organization::roots),
    look("ListTagsForResource", Management, &["ResourceId"], tags::list),
    look("ListTargetsForPolicy", Management, &["PolicyId"], attachment::targets),
    change("MoveAccount", Management, &["AccountId", "SourceParentId", "DestinationParentId"], tree::move_account),
    change("RemoveAccountFromOrganization", Management, &["AccountId"], leave::remove),
    change("TagResource", Management, &["ResourceId"], tags::add),
    change("UntagResource", Management, &["ResourceId"], tags::remove),
    change("UpdateOrganizationalUnit", Management, &["OrganizationalUnitId"], unit::update),
    change("UpdatePolicy", Management, &["PolicyId"], policy::update),
];

/// A reply without members.
fn nothing() -> Result<Value, Refusal> {
    Ok(Value::Object(Map::new()))
}

/// RFC 3339, whole seconds.
fn time_text(seconds: i64) -> String {
    let format = &time::format_description::well_known::Rfc3339;
    OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|t| t.format(format).ok()).unwrap_or_default()
}

/// Drops members that are null: absent in AWS's replies.
fn compact(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    value
}
