//! One call at work: which parameter it names, whether the caller may, and what its values are.

use crate::name::{self, Named};
use crate::parameter::{Held, Parameter, Tier, Version};
use crate::parameters::{Parameters, Place};
use crate::refuse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::{Call, Refusal};
use postern_kit::{Input, Question, resource_tag_keys};
use postern_names::AccountId;
use postern_policy::{Judge, Keys};
use postern_serve::{Ciphers, Closed, Envelope, OnBehalf};
use postern_store::Pending;
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct Desk<'a> {
    pub parameters: &'a Parameters,
    ciphers: &'a dyn Ciphers,
    judge: &'a dyn Judge,
    pub call: &'a Call,
    pub input: Input<'a>,
    pub place: Place,
}

impl<'a> Desk<'a> {
    pub fn new(
        parameters: &'a Parameters,
        ciphers: &'a dyn Ciphers,
        judge: &'a dyn Judge,
        call: &'a Call,
    ) -> Result<Self, Refusal> {
        let account = call.caller.account().ok_or_else(|| {
            Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token").status(403)
        })?;
        let place = (account, call.region.as_str().to_owned());
        Ok(Self { parameters, ciphers, judge, call, input: Input(&call.input), place })
    }

    pub fn account(&self) -> AccountId {
        self.place.0
    }

    /// The name of a member or of a list's item, with what is behind it.
    pub fn named(&self, given: &str) -> Result<Named, Refusal> {
        name::read(given, self.place.0, &self.place.1)
    }

    /// The parameter of this name. One that was named by its ARN may have a slash before its name.
    pub fn find(&self, name: &str) -> Option<Arc<Parameter>> {
        self.parameters.find(&self.place, name)
    }

    /// Asks whether the caller may do `action` to the parameter of this name, there or not.
    pub fn ask(&self, action: &str, name: &str, known: Option<&Parameter>, extra: Keys) -> Result<(), Refusal> {
        let mut keys = extra;
        if let Some(parameter) = known {
            resource_tag_keys(&parameter.record.tags, &mut keys);
            for (tag, value) in &parameter.record.tags {
                keys.insert(format!("ssm:resourcetag/{}", tag.to_lowercase()), vec![value.clone()]);
            }
        }
        let (resource, account) = match crate::public::is_public(name) {
            true => (format!("arn:aws:ssm:{}::parameter{name}", self.place.1), None),
            false => (name::arn(self.place.0, &self.place.1, name), Some(self.place.0)),
        };
        self.question(action, &resource, account, keys)
    }

    /// Asks for an action without resources.
    pub fn ask_at_all(&self, action: &str, keys: Keys) -> Result<(), Refusal> {
        self.question(action, "*", Some(self.place.0), keys)
    }

    fn question(&self, action: &str, resource: &str, account: Option<AccountId>, keys: Keys) -> Result<(), Refusal> {
        Question { service: "ssm", action, resource, account, policy: None, keys }.put(self.judge, self.call)
    }

    /// The parameter of the member `Name`, when the caller may do `action` to it.
    pub fn parameter(&self, action: &str) -> Result<(Arc<Parameter>, Named), Refusal> {
        let named = self.named(self.input.required("Name")?)?;
        let known = self.find(&named.name);
        self.ask(action, &named.name, known.as_deref(), Keys::new())?;
        Ok((known.ok_or_else(|| refuse::not_found(&named.name))?, named))
    }

    fn on_behalf<'k>(&'k self, arn: &str, key: Option<&'k str>) -> OnBehalf<'k> {
        let context = BTreeMap::from([("PARAMETER_ARN".to_owned(), arn.to_owned())]);
        OnBehalf { call: self.call, service: "ssm", key, context }
    }

    /// Has a secure value encrypted: standard ones by the key itself, advanced ones in an envelope.
    pub async fn close(&self, arn: &str, tier: Tier, key: &str, value: &str) -> Result<Held, Refusal> {
        let of = self.on_behalf(arn, Some(key));
        let passed_on = |kms: Refusal| refuse::from_kms(kms, self.call);
        Ok(match tier {
            Tier::Standard => {
                let closed = self.ciphers.encrypt(&of, value.as_bytes()).await.map_err(passed_on)?;
                Held::Closed { key: closed.key, ciphertext: STANDARD.encode(closed.ciphertext) }
            }
            Tier::Advanced => {
                let envelope = self.ciphers.enclose(&of, value.as_bytes()).await.map_err(passed_on)?;
                Held::Enclosed {
                    key: envelope.data_key.key,
                    data_key: STANDARD.encode(envelope.data_key.ciphertext),
                    sealed: STANDARD.encode(envelope.sealed),
                }
            }
        })
    }

    /// The value of a version: in the clear, or as it is kept when it is secure and nobody asks to have it decrypted.
    pub async fn value(&self, parameter: &Parameter, version: &Version) -> Result<String, Refusal> {
        let decrypt = self.input.truth("WithDecryption").unwrap_or(false);
        let arn = parameter.record.arn();
        let of = self.on_behalf(&arn, None);
        let bytes = |text: &String| STANDARD.decode(text).map_err(Refusal::internal);
        let opened = match &version.value {
            Held::Plain(value) => return Ok(value.clone()),
            Held::Closed { ciphertext, .. } | Held::Enclosed { sealed: ciphertext, .. } if !decrypt => {
                return Ok(ciphertext.clone());
            }
            Held::Closed { ciphertext, .. } => self.ciphers.decrypt(&of, &bytes(ciphertext)?).await,
            Held::Enclosed { key, data_key, sealed } => {
                let data_key = Closed { ciphertext: bytes(data_key)?, key: key.clone() };
                self.ciphers.disclose(&of, &Envelope { data_key, sealed: bytes(sealed)? }).await
            }
        };
        let opened = opened.map_err(|kms| refuse::from_kms(kms, self.call))?;
        String::from_utf8(opened).map_err(Refusal::internal)
    }
}

pub async fn durable(pending: Pending) -> Result<(), Refusal> {
    pending.durable().await.map_err(Refusal::internal)
}
