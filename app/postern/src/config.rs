//! The `--config FILE`: accounts, users, access keys and settings to begin with.

use crate::say::Trouble;
use postern_names::AccountId;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file as written. Unknown words are refused, so that a misspelt one is not silently without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: Option<String>,
    pub region: Option<String>,
    #[serde(rename = "account-id")]
    pub account_id: Option<AccountId>,
    /// Directories of the host shown read-only at the same place in every instance, their `bin` on its PATH.
    #[serde(default)]
    pub share: Vec<PathBuf>,
    /// `[[account]]`.
    #[serde(default, rename = "account")]
    pub accounts: Vec<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub id: AccountId,
    /// For `postern env --account NAME` and the like; the id if there is none.
    pub name: Option<String>,
    /// `[[account.user]]`.
    #[serde(default, rename = "user")]
    pub users: Vec<User>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    /// ARNs of managed policies.
    #[serde(default)]
    pub policies: Vec<String>,
    /// `[[account.user.key]]`.
    #[serde(default, rename = "key")]
    pub keys: Vec<Key>,
}

/// Any id and secret, so that test suites can bring their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl Config {
    /// Reads the file; the error names the line.
    pub fn read(file: &Path) -> Result<Self, Trouble> {
        let text = std::fs::read_to_string(file).map_err(Trouble::at(format!("read {}", file.display())))?;
        toml::from_str(&text).map_err(Trouble::at(format!("{}", file.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let config: Config = toml::from_str(
            r#"
            listen = "127.0.0.1:5000"
            account-id = "000000000000"
            [[account]]
            id = "000000000000"
            [[account.user]]
            name = "tester"
            policies = ["arn:aws:iam::aws:policy/AdministratorAccess"]
            [[account.user.key]]
            id = "test"
            secret = "test"
            "#,
        )
        .unwrap();
        assert_eq!(config.accounts[0].users[0].keys[0].id, "test");
    }

    #[test]
    fn a_misspelt_word_is_refused() {
        assert!(toml::from_str::<Config>("lisen = \"x\"").is_err());
        assert!(toml::from_str::<Config>("account-id = \"12\"").is_err());
    }
}
