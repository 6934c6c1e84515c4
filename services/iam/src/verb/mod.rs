//! IAM's operations: one file per family, one table of all.

mod access_key;
mod alias;
mod attachment;
mod bound;
mod boundary;
mod details;
mod group;
mod inline;
pub mod oidc_provider;
mod password_policy;
mod policy;
mod policy_version;
mod profile;
mod role;
mod service_access;
mod simulate;
mod summary;
mod tags;
mod user;

pub use password_policy::PasswordPolicy;

use crate::iam::Desk;
use crate::input::Input;
use crate::state::Bearer;
use postern_call::{Call, Caller, Refusal};
use serde_json::{Map, Value};

/// One operation.
pub struct Verb {
    pub operation: &'static str,
    pub subject: Subject,
    pub run: fn(&mut Desk<'_>, &Request<'_>) -> Result<Value, Refusal>,
}

/// What an operation is about: from it follow the resource's ARN and its condition keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    None,
    /// All of a kind below a path: `user`, `role`.
    List(&'static str),
    User,
    Group,
    Role,
    Profile,
    Policy,
    OidcProvider,
    /// The identity whose policies are simulated or looked through.
    Source,
}

/// One request to a verb.
pub struct Request<'a> {
    pub input: Input<'a>,
    pub caller: &'a Caller,
    /// Unix seconds.
    pub now: i64,
}

impl<'a> Request<'a> {
    pub fn new(call: &'a Call) -> Self {
        Self { input: Input(&call.input), caller: &call.caller, now: call.now.unix_timestamp() }
    }
    /// `UserName`, or the sender's own name.
    pub fn user(&self) -> Result<&'a str, Refusal> {
        match self.input.text("UserName") {
            Some(_) => self.input.name("UserName", 128),
            None => crate::gate::own_name(self.caller),
        }
    }
}

const fn verb(
    operation: &'static str,
    subject: Subject,
    run: fn(&mut Desk<'_>, &Request<'_>) -> Result<Value, Refusal>,
) -> Verb {
    Verb { operation, subject, run }
}

/// Every operation that is served.
pub static VERBS: &[Verb] = &[
    verb("AddClientIDToOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::add_client_id),
    verb("AddRoleToInstanceProfile", Subject::Profile, profile::add_role),
    verb("AddUserToGroup", Subject::Group, group::add_user),
    verb("AttachGroupPolicy", Subject::Group, |d, r| attachment::attach(d, r, Bearer::Group)),
    verb("AttachRolePolicy", Subject::Role, |d, r| attachment::attach(d, r, Bearer::Role)),
    verb("AttachUserPolicy", Subject::User, |d, r| attachment::attach(d, r, Bearer::User)),
    verb("CreateAccessKey", Subject::User, access_key::create),
    verb("CreateAccountAlias", Subject::None, alias::create),
    verb("CreateGroup", Subject::Group, group::create),
    verb("CreateInstanceProfile", Subject::Profile, profile::create),
    verb("CreateOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::create),
    verb("CreatePolicy", Subject::Policy, policy::create),
    verb("CreatePolicyVersion", Subject::Policy, policy_version::create),
    verb("CreateRole", Subject::Role, role::create),
    verb("CreateUser", Subject::User, user::create),
    verb("DeleteAccessKey", Subject::User, access_key::delete),
    verb("DeleteAccountAlias", Subject::None, alias::delete),
    verb("DeleteAccountPasswordPolicy", Subject::None, password_policy::delete),
    verb("DeleteGroup", Subject::Group, group::delete),
    verb("DeleteGroupPolicy", Subject::Group, |d, r| inline::delete(d, r, Bearer::Group)),
    verb("DeleteInstanceProfile", Subject::Profile, profile::delete),
    verb("DeleteOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::delete),
    verb("DeletePolicy", Subject::Policy, policy::delete),
    verb("DeletePolicyVersion", Subject::Policy, policy_version::delete),
    verb("DeleteRole", Subject::Role, role::delete),
    verb("DeleteRolePermissionsBoundary", Subject::Role, |d, r| boundary::delete(d, r, Bearer::Role)),
    verb("DeleteRolePolicy", Subject::Role, |d, r| inline::delete(d, r, Bearer::Role)),
    verb("DeleteUser", Subject::User, user::delete),
    verb("DeleteUserPermissionsBoundary", Subject::User, |d, r| boundary::delete(d, r, Bearer::User)),
    verb("DeleteUserPolicy", Subject::User, |d, r| inline::delete(d, r, Bearer::User)),
    verb("DetachGroupPolicy", Subject::Group, |d, r| attachment::detach(d, r, Bearer::Group)),
    verb("DetachRolePolicy", Subject::Role, |d, r| attachment::detach(d, r, Bearer::Role)),
    verb("DetachUserPolicy", Subject::User, |d, r| attachment::detach(d, r, Bearer::User)),
    verb("GetAccountAuthorizationDetails", Subject::None, details::get),
    verb("GetAccountPasswordPolicy", Subject::None, password_policy::get),
    verb("GetAccountSummary", Subject::None, summary::get),
    verb("GetContextKeysForCustomPolicy", Subject::None, simulate::context_keys_of_custom),
    verb("GetContextKeysForPrincipalPolicy", Subject::Source, simulate::context_keys_of_principal),
    verb("GetGroup", Subject::Group, group::get),
    verb("GetGroupPolicy", Subject::Group, |d, r| inline::get(d, r, Bearer::Group)),
    verb("GetInstanceProfile", Subject::Profile, profile::get),
    verb("GetOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::get),
    verb("GetPolicy", Subject::Policy, policy::get),
    verb("GetPolicyVersion", Subject::Policy, policy_version::get),
    verb("GetRole", Subject::Role, role::get),
    verb("GetRolePolicy", Subject::Role, |d, r| inline::get(d, r, Bearer::Role)),
    verb("GetUser", Subject::User, user::get),
    verb("GetUserPolicy", Subject::User, |d, r| inline::get(d, r, Bearer::User)),
    verb("ListAccessKeys", Subject::User, access_key::list),
    verb("ListAccountAliases", Subject::None, alias::list),
    verb("ListAttachedGroupPolicies", Subject::Group, |d, r| attachment::list(d, r, Bearer::Group)),
    verb("ListAttachedRolePolicies", Subject::Role, |d, r| attachment::list(d, r, Bearer::Role)),
    verb("ListAttachedUserPolicies", Subject::User, |d, r| attachment::list(d, r, Bearer::User)),
    verb("ListEntitiesForPolicy", Subject::Policy, attachment::entities),
    verb("ListGroupPolicies", Subject::Group, |d, r| inline::list(d, r, Bearer::Group)),
    verb("ListGroups", Subject::List("group"), group::list),
    verb("ListGroupsForUser", Subject::User, group::list_for_user),
    verb("ListInstanceProfileTags", Subject::Profile, |d, r| tags::list(d, r, Subject::Profile)),
    verb("ListInstanceProfiles", Subject::List("instance-profile"), profile::list),
    verb("ListInstanceProfilesForRole", Subject::Role, profile::list_for_role),
    verb("ListOpenIDConnectProviderTags", Subject::OidcProvider, |d, r| tags::list(d, r, Subject::OidcProvider)),
    verb("ListOpenIDConnectProviders", Subject::None, oidc_provider::list),
    verb("ListPolicies", Subject::List("policy"), policy::list),
    verb("ListPoliciesGrantingServiceAccess", Subject::Source, service_access::list),
    verb("ListPolicyTags", Subject::Policy, |d, r| tags::list(d, r, Subject::Policy)),
    verb("ListPolicyVersions", Subject::Policy, policy_version::list),
    verb("ListRolePolicies", Subject::Role, |d, r| inline::list(d, r, Bearer::Role)),
    verb("ListRoleTags", Subject::Role, |d, r| tags::list(d, r, Subject::Role)),
    verb("ListRoles", Subject::List("role"), role::list),
    verb("ListUserPolicies", Subject::User, |d, r| inline::list(d, r, Bearer::User)),
    verb("ListUserTags", Subject::User, |d, r| tags::list(d, r, Subject::User)),
    verb("ListUsers", Subject::List("user"), user::list),
    verb("PutGroupPolicy", Subject::Group, |d, r| inline::put(d, r, Bearer::Group)),
    verb("PutRolePermissionsBoundary", Subject::Role, |d, r| boundary::put(d, r, Bearer::Role)),
    verb("PutRolePolicy", Subject::Role, |d, r| inline::put(d, r, Bearer::Role)),
    verb("PutUserPermissionsBoundary", Subject::User, |d, r| boundary::put(d, r, Bearer::User)),
    verb("PutUserPolicy", Subject::User, |d, r| inline::put(d, r, Bearer::User)),
    verb("RemoveClientIDFromOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::remove_client_id),
    verb("RemoveRoleFromInstanceProfile", Subject::Profile, profile::remove_role),
    verb("RemoveUserFromGroup", Subject::Group, group::remove_user),
    verb("SetDefaultPolicyVersion", Subject::Policy, policy_version::set_default),
    verb("SimulateCustomPolicy", Subject::None, simulate::custom),
    verb("SimulatePrincipalPolicy", Subject::Source, simulate::principal),
    verb("TagInstanceProfile", Subject::Profile, |d, r| tags::add(d, r, Subject::Profile)),
    verb("TagOpenIDConnectProvider", Subject::OidcProvider, |d, r| tags::add(d, r, Subject::OidcProvider)),
    verb("TagPolicy", Subject::Policy, |d, r| tags::add(d, r, Subject::Policy)),
    verb("TagRole", Subject::Role, |d, r| tags::add(d, r, Subject::Role)),
    verb("TagUser", Subject::User, |d, r| tags::add(d, r, Subject::User)),
    verb("UntagInstanceProfile", Subject::Profile, |d, r| tags::remove(d, r, Subject::Profile)),
    verb("UntagOpenIDConnectProvider", Subject::OidcProvider, |d, r| tags::remove(d, r, Subject::OidcProvider)),
    verb("UntagPolicy", Subject::Policy, |d, r| tags::remove(d, r, Subject::Policy)),
    verb("UntagRole", Subject::Role, |d, r| tags::remove(d, r, Subject::Role)),
    verb("UntagUser", Subject::User, |d, r| tags::remove(d, r, Subject::User)),
    verb("UpdateAccessKey", Subject::User, access_key::update),
    verb("UpdateAccountPasswordPolicy", Subject::None, password_policy::update),
    verb("UpdateAssumeRolePolicy", Subject::Role, role::update_trust),
    verb("UpdateGroup", Subject::Group, group::update),
    verb("UpdateOpenIDConnectProviderThumbprint", Subject::OidcProvider, oidc_provider::update_thumbprints),
    verb("UpdateRole", Subject::Role, role::update),
    verb("UpdateRoleDescription", Subject::Role, role::update_description),
    verb("UpdateUser", Subject::User, user::update),
];

/// A reply without members.
fn nothing() -> Result<Value, Refusal> {
    Ok(Value::Object(Map::new()))
}

/// RFC 3339, whole seconds.
pub fn time_text(seconds: i64) -> String {
    let format = &time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|t| t.format(format).ok()).unwrap_or_default()
}

/// Drops members that are null: absent in AWS's replies.
fn compact(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    value
}

/// Tags as replies have them; null when there are none.
fn tag_list(tags: &crate::entity::Tags) -> Value {
    if tags.is_empty() {
        return Value::Null;
    }
    tags.iter().map(|(key, value)| serde_json::json!({ "Key": key, "Value": value })).collect()
}

/// The boundary as replies have it; null when there is none.
fn boundary_shape(boundary: Option<&String>) -> Value {
    boundary.map_or(
        Value::Null,
        |arn| serde_json::json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn }),
    )
}
