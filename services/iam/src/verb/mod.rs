//! IAM's operations: one file per family, one table of all.

mod access_key;
mod alias;
mod attachment;
mod bound;
mod boundary;
pub mod credential_report;
mod details;
mod group;
mod inline;
pub mod last_accessed;
mod last_used;
pub mod linked_role;
mod login_profile;
pub mod mfa;
pub mod oidc_provider;
mod password_policy;
mod policy;
mod policy_version;
mod profile;
mod role;
pub mod saml_provider;
mod service_access;
mod signing_certificate;
mod simulate;
mod ssh_key;
mod summary;
mod tags;
mod user;

pub use credential_report::CredentialReport;
pub use last_accessed::AccessReport;
pub use password_policy::PasswordPolicy;

use crate::iam::Desk;
use crate::input::Input;
use crate::state::Bearer;
use postern_call::{Call, Caller, Refusal};
use postern_policy::Attached;
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
    SamlProvider,
    MfaDevice,
    /// The user whose access key is named.
    KeyOwner,
    /// The role that is linked to the service named, made or to be made.
    LinkedRole,
    /// The identity whose policies are simulated or looked through.
    Source,
}

/// One request to a verb.
pub struct Request<'a> {
    pub input: Input<'a>,
    pub caller: &'a Caller,
    /// Unix seconds.
    pub now: i64,
    /// The organization's policies over the account, where the verb looks at them.
    pub service_control: &'a [Vec<Attached>],
}

impl<'a> Request<'a> {
    pub fn new(call: &'a Call, service_control: &'a [Vec<Attached>]) -> Self {
        Self { input: Input(&call.input), caller: &call.caller, now: call.now.unix_timestamp(), service_control }
    }
    /// `UserName`, or the sender's own name.
    pub fn user(&self) -> Result<&'a str, Refusal> {
        match self.input.text("UserName") {
            Some(_) => self.input.name("UserName", 128),
            None => crate::gate::own_name(self.caller),
        }
    }
}

/// `Status`: whether what a user has is to be good.
fn is_active(request: &Request<'_>) -> Result<bool, Refusal> {
    match request.input.required("Status")? {
        "Active" => Ok(true),
        "Inactive" => Ok(false),
        other => {
            let rule = "Member must satisfy enum value set: [Active, Inactive]";
            Err(crate::input::constraint(other, "Status", rule))
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
    verb("ChangePassword", Subject::User, login_profile::change),
    verb("CreateAccessKey", Subject::User, access_key::create),
    verb("CreateAccountAlias", Subject::None, alias::create),
    verb("CreateGroup", Subject::Group, group::create),
    verb("CreateInstanceProfile", Subject::Profile, profile::create),
    verb("CreateLoginProfile", Subject::User, login_profile::create),
    verb("CreateOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::create),
    verb("CreatePolicy", Subject::Policy, policy::create),
    verb("CreatePolicyVersion", Subject::Policy, policy_version::create),
    verb("CreateRole", Subject::Role, role::create),
    verb("CreateSAMLProvider", Subject::SamlProvider, saml_provider::create),
    verb("CreateServiceLinkedRole", Subject::LinkedRole, linked_role::create),
    verb("CreateUser", Subject::User, user::create),
    verb("CreateVirtualMFADevice", Subject::MfaDevice, mfa::create),
    verb("DeactivateMFADevice", Subject::User, mfa::deactivate),
    verb("DeleteAccessKey", Subject::User, access_key::delete),
    verb("DeleteAccountAlias", Subject::None, alias::delete),
    verb("DeleteAccountPasswordPolicy", Subject::None, password_policy::delete),
    verb("DeleteGroup", Subject::Group, group::delete),
    verb("DeleteGroupPolicy", Subject::Group, |d, r| inline::delete(d, r, Bearer::Group)),
    verb("DeleteInstanceProfile", Subject::Profile, profile::delete),
    verb("DeleteLoginProfile", Subject::User, login_profile::delete),
    verb("DeleteOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::delete),
    verb("DeletePolicy", Subject::Policy, policy::delete),
    verb("DeletePolicyVersion", Subject::Policy, policy_version::delete),
    verb("DeleteRole", Subject::Role, role::delete),
    verb("DeleteRolePermissionsBoundary", Subject::Role, |d, r| boundary::delete(d, r, Bearer::Role)),
    verb("DeleteRolePolicy", Subject::Role, |d, r| inline::delete(d, r, Bearer::Role)),
    verb("DeleteSAMLProvider", Subject::SamlProvider, saml_provider::delete),
    verb("DeleteSSHPublicKey", Subject::User, ssh_key::delete),
    verb("DeleteServiceLinkedRole", Subject::Role, linked_role::delete),
    verb("DeleteSigningCertificate", Subject::User, signing_certificate::delete),
    verb("DeleteUser", Subject::User, user::delete),
    verb("DeleteUserPermissionsBoundary", Subject::User, |d, r| boundary::delete(d, r, Bearer::User)),
    verb("DeleteUserPolicy", Subject::User, |d, r| inline::delete(d, r, Bearer::User)),
    verb("DeleteVirtualMFADevice", Subject::MfaDevice, mfa::delete),
    verb("DetachGroupPolicy", Subject::Group, |d, r| attachment::detach(d, r, Bearer::Group)),
    verb("DetachRolePolicy", Subject::Role, |d, r| attachment::detach(d, r, Bearer::Role)),
    verb("DetachUserPolicy", Subject::User, |d, r| attachment::detach(d, r, Bearer::User)),
    verb("EnableMFADevice", Subject::User, mfa::enable),
    verb("GenerateCredentialReport", Subject::None, credential_report::generate),
    verb("GenerateServiceLastAccessedDetails", Subject::Source, last_accessed::generate),
    verb("GetAccessKeyLastUsed", Subject::KeyOwner, last_used::of_key),
    verb("GetAccountAuthorizationDetails", Subject::None, details::get),
    verb("GetAccountPasswordPolicy", Subject::None, password_policy::get),
    verb("GetAccountSummary", Subject::None, summary::get),
    verb("GetContextKeysForCustomPolicy", Subject::None, simulate::context_keys_of_custom),
    verb("GetContextKeysForPrincipalPolicy", Subject::Source, simulate::context_keys_of_principal),
    verb("GetCredentialReport", Subject::None, credential_report::get),
    verb("GetGroup", Subject::Group, group::get),
    verb("GetGroupPolicy", Subject::Group, |d, r| inline::get(d, r, Bearer::Group)),
    verb("GetInstanceProfile", Subject::Profile, profile::get),
    verb("GetLoginProfile", Subject::User, login_profile::get),
    verb("GetMFADevice", Subject::User, mfa::get),
    verb("GetOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::get),
    verb("GetPolicy", Subject::Policy, policy::get),
    verb("GetPolicyVersion", Subject::Policy, policy_version::get),
    verb("GetRole", Subject::Role, role::get),
    verb("GetRolePolicy", Subject::Role, |d, r| inline::get(d, r, Bearer::Role)),
    verb("GetSAMLProvider", Subject::SamlProvider, saml_provider::get),
    verb("GetSSHPublicKey", Subject::User, ssh_key::get),
    verb("GetServiceLastAccessedDetails", Subject::None, last_accessed::get),
    verb("GetServiceLastAccessedDetailsWithEntities", Subject::None, last_accessed::get_with_entities),
    verb("GetServiceLinkedRoleDeletionStatus", Subject::LinkedRole, linked_role::deletion_status),
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
    verb("ListMFADeviceTags", Subject::MfaDevice, |d, r| tags::list(d, r, Subject::MfaDevice)),
    verb("ListMFADevices", Subject::User, mfa::list),
    verb("ListOpenIDConnectProviderTags", Subject::OidcProvider, |d, r| tags::list(d, r, Subject::OidcProvider)),
    verb("ListOpenIDConnectProviders", Subject::None, oidc_provider::list),
    verb("ListPolicies", Subject::List("policy"), policy::list),
    verb("ListPoliciesGrantingServiceAccess", Subject::Source, service_access::list),
    verb("ListPolicyTags", Subject::Policy, |d, r| tags::list(d, r, Subject::Policy)),
    verb("ListPolicyVersions", Subject::Policy, policy_version::list),
    verb("ListRolePolicies", Subject::Role, |d, r| inline::list(d, r, Bearer::Role)),
    verb("ListRoleTags", Subject::Role, |d, r| tags::list(d, r, Subject::Role)),
    verb("ListRoles", Subject::List("role"), role::list),
    verb("ListSAMLProviderTags", Subject::SamlProvider, |d, r| tags::list(d, r, Subject::SamlProvider)),
    verb("ListSAMLProviders", Subject::None, saml_provider::list),
    verb("ListSSHPublicKeys", Subject::User, ssh_key::list),
    verb("ListSigningCertificates", Subject::User, signing_certificate::list),
    verb("ListUserPolicies", Subject::User, |d, r| inline::list(d, r, Bearer::User)),
    verb("ListUserTags", Subject::User, |d, r| tags::list(d, r, Subject::User)),
    verb("ListUsers", Subject::List("user"), user::list),
    verb("ListVirtualMFADevices", Subject::None, mfa::list_virtual),
    verb("PutGroupPolicy", Subject::Group, |d, r| inline::put(d, r, Bearer::Group)),
    verb("PutRolePermissionsBoundary", Subject::Role, |d, r| boundary::put(d, r, Bearer::Role)),
    verb("PutRolePolicy", Subject::Role, |d, r| inline::put(d, r, Bearer::Role)),
    verb("PutUserPermissionsBoundary", Subject::User, |d, r| boundary::put(d, r, Bearer::User)),
    verb("PutUserPolicy", Subject::User, |d, r| inline::put(d, r, Bearer::User)),
    verb("RemoveClientIDFromOpenIDConnectProvider", Subject::OidcProvider, oidc_provider::remove_client_id),
    verb("RemoveRoleFromInstanceProfile", Subject::Profile, profile::remove_role),
    verb("RemoveUserFromGroup", Subject::Group, group::remove_user),
    verb("ResyncMFADevice", Subject::User, mfa::resync),
    verb("SetDefaultPolicyVersion", Subject::Policy, policy_version::set_default),
    verb("SimulateCustomPolicy", Subject::None, simulate::custom),
    verb("SimulatePrincipalPolicy", Subject::Source, simulate::principal),
    verb("TagInstanceProfile", Subject::Profile, |d, r| tags::add(d, r, Subject::Profile)),
    verb("TagMFADevice", Subject::MfaDevice, |d, r| tags::add(d, r, Subject::MfaDevice)),
    verb("TagOpenIDConnectProvider", Subject::OidcProvider, |d, r| tags::add(d, r, Subject::OidcProvider)),
    verb("TagPolicy", Subject::Policy, |d, r| tags::add(d, r, Subject::Policy)),
    verb("TagRole", Subject::Role, |d, r| tags::add(d, r, Subject::Role)),
    verb("TagSAMLProvider", Subject::SamlProvider, |d, r| tags::add(d, r, Subject::SamlProvider)),
    verb("TagUser", Subject::User, |d, r| tags::add(d, r, Subject::User)),
    verb("UntagInstanceProfile", Subject::Profile, |d, r| tags::remove(d, r, Subject::Profile)),
    verb("UntagMFADevice", Subject::MfaDevice, |d, r| tags::remove(d, r, Subject::MfaDevice)),
    verb("UntagOpenIDConnectProvider", Subject::OidcProvider, |d, r| tags::remove(d, r, Subject::OidcProvider)),
    verb("UntagPolicy", Subject::Policy, |d, r| tags::remove(d, r, Subject::Policy)),
    verb("UntagRole", Subject::Role, |d, r| tags::remove(d, r, Subject::Role)),
    verb("UntagSAMLProvider", Subject::SamlProvider, |d, r| tags::remove(d, r, Subject::SamlProvider)),
    verb("UntagUser", Subject::User, |d, r| tags::remove(d, r, Subject::User)),
    verb("UpdateAccessKey", Subject::User, access_key::update),
    verb("UpdateAccountPasswordPolicy", Subject::None, password_policy::update),
    verb("UpdateAssumeRolePolicy", Subject::Role, role::update_trust),
    verb("UpdateGroup", Subject::Group, group::update),
    verb("UpdateLoginProfile", Subject::User, login_profile::update),
    verb("UpdateOpenIDConnectProviderThumbprint", Subject::OidcProvider, oidc_provider::update_thumbprints),
    verb("UpdateRole", Subject::Role, role::update),
    verb("UpdateRoleDescription", Subject::Role, role::update_description),
    verb("UpdateSAMLProvider", Subject::SamlProvider, saml_provider::update),
    verb("UpdateSSHPublicKey", Subject::User, ssh_key::update),
    verb("UpdateSigningCertificate", Subject::User, signing_certificate::update),
    verb("UpdateUser", Subject::User, user::update),
    verb("UploadSSHPublicKey", Subject::User, ssh_key::upload),
    verb("UploadSigningCertificate", Subject::User, signing_certificate::upload),
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
