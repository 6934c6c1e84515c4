//! A role's credentials as the SDKs read them.

use serde_json::json;

/// Temporary credentials. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleCredentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub token: String,
    pub expiration: String,
    pub last_updated: String,
}

impl RoleCredentials {
    /// The document under `iam/security-credentials/ROLE`.
    pub fn document(&self) -> String {
        let document = json!({
            "Code": "Success",
            "LastUpdated": self.last_updated,
            "Type": "AWS-HMAC",
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "Token": self.token,
            "Expiration": self.expiration,
        });
        format!("{document:#}")
    }
}
