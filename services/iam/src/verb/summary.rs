//! GetAccountSummary: how much there is of everything, and how much there may be.

use super::Request;
use crate::iam::Desk;
use postern_call::Refusal;
use serde_json::{Value, json};

pub fn get(desk: &mut Desk<'_>, _: &Request<'_>) -> Result<Value, Refusal> {
    let account = desk.account();
    let versions: usize = account.policies.values().map(|policy| policy.versions.len()).sum();
    Ok(json!({ "SummaryMap": {
        "Users": account.users.len(),
        "UsersQuota": 5000,
        "Groups": account.groups.len(),
        "GroupsQuota": 300,
        "Roles": account.roles.len(),
        "RolesQuota": 1000,
        "Policies": account.policies.len(),
        "PoliciesQuota": 1500,
        "PolicyVersionsInUse": versions,
        "PolicyVersionsInUseQuota": 10_000,
        "InstanceProfiles": account.profiles.len(),
        "InstanceProfilesQuota": 1000,
        "AccountAccessKeysPresent": usize::from(!account.root.keys.is_empty()),
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "MFADevices": account.mfa_devices.len(),
        "MFADevicesInUse": account.mfa_devices.values().filter(|device| device.user.is_some()).count(),
        "Providers": account.oidc_providers.len() + account.saml_providers.len(),
        "ServerCertificates": 0,
        "ServerCertificatesQuota": 20,
        "SigningCertificatesPerUserQuota": 2,
        "GlobalEndpointTokenVersion": 1,
        "AccessKeysPerUserQuota": 2,
        "GroupsPerUserQuota": 10,
        "AttachedPoliciesPerUserQuota": 10,
        "AttachedPoliciesPerGroupQuota": 10,
        "AttachedPoliciesPerRoleQuota": 10,
        "VersionsPerPolicyQuota": 5,
        "PolicySizeQuota": 6144,
        "UserPolicySizeQuota": 2048,
        "GroupPolicySizeQuota": 5120,
        "RolePolicySizeQuota": 10_240,
        "AssumeRolePolicySizeQuota": 2048,
    }}))
}
