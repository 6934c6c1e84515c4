//! One call at work: which secret it names, and whether the caller may.

use crate::refuse;
use crate::secret::{CURRENT, Secret};
use crate::secrets::{Address, Place, Secrets};
use postern_call::{Call, Refusal};
use postern_kit::{Input, Question, resource_tag_keys};
use postern_names::AccountId;
use postern_policy::{Document, Judge, Keys};
use postern_serve::{Ciphers, OnBehalf};
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct Desk<'a> {
    pub secrets: &'a Secrets,
    pub ciphers: &'a dyn Ciphers,
    judge: &'a dyn Judge,
    pub call: &'a Call,
    pub input: Input<'a>,
}

impl<'a> Desk<'a> {
    pub fn new(secrets: &'a Secrets, ciphers: &'a dyn Ciphers, judge: &'a dyn Judge, call: &'a Call) -> Self {
        Self { secrets, ciphers, judge, call, input: Input(&call.input) }
    }

    pub fn account(&self) -> Result<AccountId, Refusal> {
        self.call.caller.account().ok_or_else(|| {
            Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token").status(403)
        })
    }

    pub fn place(&self) -> Result<Place, Refusal> {
        Ok((self.account()?, self.call.region.as_str().to_owned()))
    }

    /// The secret of the member `SecretId`, when the caller may do `action` to it.
    pub fn secret(&self, action: &str, extra: Keys) -> Result<Arc<Secret>, Refusal> {
        self.secret_of(self.input.required("SecretId")?, action, extra)
    }

    /// The same for a secret that must not be marked for deletion.
    pub fn living(&self, action: &str, extra: Keys) -> Result<Arc<Secret>, Refusal> {
        let secret = self.secret(action, extra)?;
        secret.record.alive()?;
        Ok(secret)
    }

    pub fn secret_of(&self, given: &str, action: &str, extra: Keys) -> Result<Arc<Secret>, Refusal> {
        let address = Address::read(given, self.call.caller.account(), self.call.region.as_str())?;
        let found = address.find(&self.secrets.read()).filter(|secret| !secret.record.is_gone(self.call.now));
        match found {
            Some(secret) => {
                self.ask_about(&secret, action, extra)?;
                Ok(secret)
            }
            None => {
                // Whoever may not ask at all does not hear what there is.
                let mut keys = extra;
                keys.insert("secretsmanager:secretid".into(), vec![address.arn()]);
                self.ask(action, &address.arn(), address.place.0, None, keys)?;
                Err(refuse::no_secret())
            }
        }
    }

    pub fn ask_about(&self, secret: &Secret, action: &str, extra: Keys) -> Result<(), Refusal> {
        let (record, mut keys) = (&secret.record, extra);
        keys.insert("secretsmanager:secretid".into(), vec![record.arn()]);
        keys.insert("secretsmanager:secretprimaryregion".into(), vec![record.region.clone()]);
        for (name, value) in &record.tags {
            keys.insert(format!("secretsmanager:resourcetag/{}", name.to_lowercase()), vec![value.clone()]);
        }
        resource_tag_keys(&record.tags, &mut keys);
        self.ask(action, &record.arn(), record.account, secret.document.as_ref(), keys)
    }

    pub fn ask(
        &self,
        action: &str,
        resource: &str,
        account: AccountId,
        policy: Option<&Document>,
        keys: Keys,
    ) -> Result<(), Refusal> {
        Question { service: "secretsmanager", action, resource, account: Some(account), policy, keys }
            .put(self.judge, self.call)
    }

    /// KMS's part in reading and writing a version.
    pub fn on_behalf<'k>(&'k self, arn: &str, version: &str, key: Option<&'k str>) -> OnBehalf<'k> {
        let context = BTreeMap::from([
            ("SecretARN".to_owned(), arn.to_owned()),
            ("SecretVersionId".to_owned(), version.to_owned()),
        ]);
        OnBehalf { call: self.call, service: "secretsmanager", key, context }
    }
}

/// `secretsmanager:VersionId` and `secretsmanager:VersionStage` of a request for a value.
pub fn version_keys(id: Option<&str>, stage: Option<&str>) -> Keys {
    let mut keys = Keys::new();
    if let Some(id) = id {
        keys.insert("secretsmanager:versionid".into(), vec![id.to_owned()]);
    }
    // Who names neither asks for the current one.
    if let Some(stage) = stage.or(if id.is_none() { Some(CURRENT) } else { None }) {
        keys.insert("secretsmanager:versionstage".into(), vec![stage.to_owned()]);
    }
    keys
}

/// One key of Secrets Manager's own, by its name in lower case.
pub fn set(keys: &mut Keys, name: &str, value: Option<impl ToString>) {
    if let Some(value) = value {
        keys.insert(format!("secretsmanager:{name}"), vec![value.to_string()]);
    }
}
