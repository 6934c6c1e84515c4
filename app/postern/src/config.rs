//! The `--config FILE`: accounts, users, access keys and settings to begin with.

use crate::say::Trouble;
use postern_control::Quotas;
use postern_names::AccountId;
use serde::Deserialize;
use std::collections::BTreeMap;
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
    /// `[[oidc]]`.
    #[serde(default)]
    pub oidc: Vec<Oidc>,
    /// `[[upstream]]`.
    #[serde(default, rename = "upstream")]
    pub upstreams: Vec<Upstream>,
    /// `[sns]`.
    #[serde(default)]
    pub sns: Sns,
    /// `[quota]`: `aws = true` for all of a new account's quotas, and numbers by the name of the quota.
    #[serde(default)]
    pub quota: BTreeMap<String, QuotaWord>,
}

/// What SNS is told.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sns {
    /// Authorities, in PEM, whose certificates it believes besides those of the region's own. A relative path is one
    /// from the configuration file's directory.
    #[serde(rename = "ca-file")]
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub enum QuotaWord {
    Flag(bool),
    Most(usize),
}

/// An identity provider's keys: they come from here, since no issuer is reached over the network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// As tokens have it in `iss`: `https://...`.
    pub issuer: String,
    /// Its JSON Web Key Set: a file, a relative path being one from the configuration file's directory, or a URL of this
    /// machine (`http://127.0.0.1:8080/keys`).
    pub jwks: String,
}

/// Another server behind a service's name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// As in endpoint services' names: `states`, `ecr.api`.
    pub service: String,
    /// `http://127.0.0.1:5000`, `https://127.0.0.1:9000`
    pub url: String,
    /// With which its requests are signed; `test` if there is none, as is the secret key.
    #[serde(rename = "access-key")]
    pub access_key: Option<String>,
    #[serde(rename = "secret-key")]
    pub secret_key: Option<String>,
    /// The authorities, in PEM, of which one must have signed the server's certificate; without it the machine's. A
    /// relative path is one from the configuration file's directory.
    #[serde(rename = "ca-file")]
    pub ca_file: Option<PathBuf>,
    /// The server is on another machine, and that is meant.
    #[serde(default)]
    pub remote: bool,
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
    /// The quotas in force. An unknown name is refused.
    pub fn quotas(&self) -> Result<Quotas, Trouble> {
        let mut quotas = match self.quota.get("aws") {
            None | Some(QuotaWord::Flag(false)) => Quotas::default(),
            Some(QuotaWord::Flag(true)) => Quotas::AWS,
            Some(QuotaWord::Most(_)) => return Err(Trouble::new("[quota] aws is true or false")),
        };
        for (name, word) in self.quota.iter().filter(|(name, _)| *name != "aws") {
            let quota = quotas.named(name).ok_or_else(|| Trouble::new(format!("[quota] knows no {name}")));
            let QuotaWord::Most(most) = word else {
                return Err(Trouble::new(format!("[quota] {name} is a number")));
            };
            *quota.map_err(|trouble| trouble.hint("docs/quotas.md lists the names"))? = *most;
        }
        Ok(quotas)
    }

    /// Reads the file; the error names the line.
    pub fn read(file: &Path) -> Result<Self, Trouble> {
        let text = std::fs::read_to_string(file).map_err(Trouble::at(format!("read {}", file.display())))?;
        let mut config: Self = toml::from_str(&text).map_err(Trouble::at(format!("{}", file.display())))?;
        for oidc in &mut config.oidc {
            if !oidc.issuer.starts_with("https://") {
                let wrong = format!("{}: the issuer {} does not begin with https://", file.display(), oidc.issuer);
                return Err(Trouble::new(wrong));
            }
            if let Some(directory) = file.parent().filter(|_| !oidc.jwks.contains("://")) {
                oidc.jwks = directory.join(&oidc.jwks).to_string_lossy().into_owned();
            }
        }
        let of_upstreams = config.upstreams.iter_mut().map(|upstream| &mut upstream.ca_file);
        for ca_file in of_upstreams.chain([&mut config.sns.ca_file]) {
            if let (Some(directory), Some(ca_file)) = (file.parent(), ca_file) {
                *ca_file = directory.join(&*ca_file);
            }
        }
        Ok(config)
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
            [[oidc]]
            issuer = "https://id.example"
            jwks = "keys.json"
            "#,
        )
        .unwrap();
        assert_eq!(config.accounts[0].users[0].keys[0].id, "test");
        assert_eq!(config.oidc[0].jwks, "keys.json");
    }

    #[test]
    fn key_sets_are_found_from_the_configuration_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("postern.toml");
        let read = |issuer: &str| {
            std::fs::write(&file, format!("[[oidc]]\nissuer = \"{issuer}\"\njwks = \"keys.json\"\n")).unwrap();
            Config::read(&file)
        };
        assert_eq!(read("https://id.example").unwrap().oidc[0].jwks, dir.path().join("keys.json").to_string_lossy());
        assert!(read("http://id.example").is_err());
    }

    #[test]
    fn authorities_are_found_from_the_configuration_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("postern.toml");
        let upstream = "[[upstream]]\nservice = \"s3\"\nurl = \"https://127.0.0.1:1\"\nca-file = \"a.pem\"\n";
        std::fs::write(&file, format!("{upstream}[sns]\nca-file = \"b.pem\"\n")).unwrap();
        let config = Config::read(&file).unwrap();
        assert_eq!(config.upstreams[0].ca_file, Some(dir.path().join("a.pem")));
        assert_eq!(config.sns.ca_file, Some(dir.path().join("b.pem")));
        assert!(toml::from_str::<Config>("[sns]\ntrust = \"b.pem\"").is_err());
    }

    #[test]
    fn quotas_are_aws_s_or_any() {
        let quotas = |text: &str| toml::from_str::<Config>(text).unwrap().quotas();
        assert_eq!(quotas("").unwrap(), Quotas::default());
        assert_eq!(quotas("[quota]\naws = true").unwrap(), Quotas::AWS);
        let some = quotas("[quota]\naws = true\nvpcs = 2\ninterface-endpoints-per-vpc = 1000").unwrap();
        assert_eq!(some, Quotas { vpcs: 2, interface_endpoints_per_vpc: 1000, ..Quotas::AWS });
        for wrong in ["vpc = 2", "vpcs = true", "aws = 3"] {
            assert!(quotas(&format!("[quota]\n{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_misspelt_word_is_refused() {
        assert!(toml::from_str::<Config>("lisen = \"x\"").is_err());
        assert!(toml::from_str::<Config>("account-id = \"12\"").is_err());
    }
}
