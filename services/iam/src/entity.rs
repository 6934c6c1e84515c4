//! What an account holds: users, groups, roles, policies, instance profiles. Plain data, stored as JSON.

use crate::document::Doc;
use crate::password::Password;
use postern_names::{AccountId, Arn};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Tags in the order they were given.
pub type Tags = Vec<(String, String)>;

/// The policies of a user, group or role.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Policies {
    /// Inline documents by name.
    pub inline: BTreeMap<String, Doc>,
    /// ARNs of managed policies, in the order they were attached.
    pub attached: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// `AIDA...`.
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    pub tags: Tags,
    /// ARN of the managed policy that is the permissions boundary.
    pub boundary: Option<String>,
    pub policies: Policies,
    pub keys: Vec<AccessKey>,
    #[serde(default)]
    pub password: Option<Password>,
    #[serde(default)]
    pub ssh_keys: Vec<SshKey>,
    #[serde(default)]
    pub certificates: Vec<SigningCertificate>,
}

/// A user's SSH public key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SshKey {
    /// `APKA...`.
    pub id: String,
    /// As SSH sends it.
    pub blob: Vec<u8>,
    pub active: bool,
    pub uploaded: i64,
}

/// A user's signing certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SigningCertificate {
    pub id: String,
    /// PEM, as it was given.
    pub body: String,
    pub active: bool,
    pub uploaded: i64,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
    pub active: bool,
    pub created: i64,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).field("active", &self.active).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub path: String,
    /// `AGPA...`.
    pub id: String,
    pub created: i64,
    pub policies: Policies,
    /// Names of users, in lower case.
    pub members: BTreeSet<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub path: String,
    /// `AROA...`.
    pub id: String,
    pub created: i64,
    pub description: Option<String>,
    /// Seconds.
    pub session_max: i64,
    pub trust: Doc,
    pub tags: Tags,
    pub boundary: Option<String>,
    pub policies: Policies,
}

/// A customer managed policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Policy {
    pub name: String,
    pub path: String,
    /// `ANPA...`.
    pub id: String,
    pub created: i64,
    pub updated: i64,
    pub description: Option<String>,
    pub tags: Tags,
    /// Oldest first; never empty.
    pub versions: Vec<Version>,
    /// Number of the default version.
    pub default: u32,
    /// Number of the next version.
    pub next: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    pub number: u32,
    pub document: Doc,
    pub created: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    pub path: String,
    /// `AIPA...`.
    pub id: String,
    pub created: i64,
    /// Name of the role in it.
    pub role: Option<String>,
    pub tags: Tags,
}

/// An OpenID Connect provider that the account trusts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The issuer without `https://`, as it was given.
    pub url: String,
    pub created: i64,
    /// Audiences, in the order they were added.
    pub client_ids: Vec<String>,
    /// SHA-1 of certificates, in hexadecimal. Kept and told; keys do not come over TLS.
    pub thumbprints: Vec<String>,
    pub tags: Tags,
}

/// A SAML provider, with the metadata document that names its certificates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SamlProvider {
    pub name: String,
    pub created: i64,
    pub metadata: String,
    /// Unix seconds.
    pub valid_until: i64,
    pub tags: Tags,
}

/// A virtual MFA device, by its serial number.
#[derive(Clone, Serialize, Deserialize)]
pub struct MfaDevice {
    /// Base32.
    pub seed: String,
    pub tags: Tags,
    /// Whose it is: name in lower case.
    pub user: Option<String>,
    /// Unix seconds since when it is somebody's.
    pub enabled: Option<i64>,
    /// The step of the last code that was taken: none is good twice.
    pub last_step: i64,
}

impl std::fmt::Debug for MfaDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MfaDevice").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What belongs to the account itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Root {
    pub alias: Option<String>,
    pub keys: Vec<AccessKey>,
    pub created: i64,
    #[serde(default)]
    pub password_policy: Option<crate::verb::PasswordPolicy>,
    /// The latest tasks that deleted service-linked roles.
    #[serde(default)]
    pub linked_role_deletions: Vec<String>,
}

impl User {
    pub fn arn(&self, account: AccountId) -> String {
        arn(account, "user", &self.path, &self.name)
    }
}
impl Group {
    pub fn arn(&self, account: AccountId) -> String {
        arn(account, "group", &self.path, &self.name)
    }
}
impl Role {
    pub fn arn(&self, account: AccountId) -> String {
        arn(account, "role", &self.path, &self.name)
    }
}
impl Profile {
    pub fn arn(&self, account: AccountId) -> String {
        arn(account, "instance-profile", &self.path, &self.name)
    }
}
impl SamlProvider {
    pub fn arn(&self, account: AccountId) -> String {
        arn(account, "saml-provider", "/", &self.name)
    }
}
impl OidcProvider {
    pub fn arn(&self, account: AccountId) -> String {
        arn(account, "oidc-provider", "/", &self.url)
    }
}
impl Policy {
    /// The document in force.
    pub fn document(&self) -> Option<&Doc> {
        self.version(self.default).map(|version| &version.document)
    }
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }
}

/// `arn:aws:iam::<account>:<kind><path><name>`.
pub fn arn(account: AccountId, kind: &str, path: &str, name: &str) -> String {
    Arn::new("iam", "", account, format!("{kind}{path}{name}")).to_string()
}
