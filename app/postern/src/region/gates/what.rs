//! What is asked: the action, the resource with its owner and its policy, and the keys that the service would give.

use super::Calls;
use super::who::Who;
use crate::control::CallQuestion;
use crate::say::Trouble;
use postern_names::AccountId;
use postern_policy::{Document, Keys, table};
use postern_serve::Guarded;
use std::sync::Arc;

/// The call that is thought of.
pub struct Asked {
    /// `None`: only the way and the credentials are asked about.
    pub action: Option<String>,
    pub resource: String,
    pub account: Option<AccountId>,
    pub policy: Option<Arc<Document>>,
    /// Why nobody of another account gets in.
    pub shut: Option<&'static str>,
    keys: Keys,
}

impl Calls {
    pub fn asked(&self, call: &CallQuestion, who: &Who) -> Result<Asked, Trouble> {
        let resource = call.resource.clone().unwrap_or_else(|| "*".to_owned());
        let Some(action) = call.action.clone() else {
            let none = Asked { action: None, resource, account: None, policy: None, shut: None, keys: Keys::new() };
            return Ok(none);
        };
        let action = checked(&action, &resource)?;
        let guarded = self.guarded(&action, &resource)?;
        let in_arn = || resource.split(':').nth(4).and_then(|id| id.parse().ok());
        let own = || who.account.filter(|_| resource != "*");
        let account = guarded.as_ref().map(|found| found.account).or_else(in_arn).or_else(own);
        let (policy, keys, shut) = guarded.map(|found| (found.policy, found.keys, found.shut)).unwrap_or_default();
        Ok(Asked { action: Some(action), resource, account, policy, shut, keys })
    }

    /// The resource as its service puts it before the gate.
    fn guarded(&self, action: &str, resource: &str) -> Result<Option<Guarded>, Trouble> {
        let service = action.split(':').next().unwrap_or_default();
        if resource == "*" || resource.contains('*') {
            return Ok(None);
        }
        let (found, must_be) = match service {
            "s3" => (self.s3.guarded(resource), true),
            "sts" => {
                let trust = self.iam.trust_of(resource);
                let guarded =
                    |(account, policy)| Guarded { account, policy: Some(policy), keys: Keys::new(), shut: None };
                (trust.map(guarded), resource.contains(":role/"))
            }
            "sqs" | "sns" | "kms" | "secretsmanager" => {
                (self.services.get(service).and_then(|s| s.guarded(resource)), true)
            }
            _ => (self.services.get(service).and_then(|s| s.guarded(resource)), false),
        };
        match found {
            None if must_be => Err(Trouble::new(format!("there is no {resource}"))),
            found => Ok(found),
        }
    }
}

/// The action as AWS spells it, if it can be asked for on the resource.
fn checked(action: &str, resource: &str) -> Result<String, Trouble> {
    let (prefix, name) = action
        .split_once(':')
        .ok_or_else(|| Trouble::new(format!("`{action}` is no action")).hint("one reads s3:GetObject"))?;
    let service = table::service(prefix).ok_or_else(|| Trouble::new(format!("no service has the prefix {prefix}")))?;
    let known = service.action(name).ok_or_else(|| Trouble::new(format!("there is no action {action}")))?;
    let spelled = format!("{}:{}", service.prefix, known.name);
    let mut forms = known.resource_types().map(|(one, _)| one.arn.text());
    if resource != "*" && known.type_of(resource).is_none() {
        let hint = forms
            .next()
            .map_or_else(|| "it has none: leave --resource out".to_owned(), |form| format!("its form is {form}"));
        return Err(Trouble::new(format!("{spelled} is never asked for on {resource}")).hint(hint));
    }
    if resource == "*"
        && let Some(form) = forms.next()
    {
        return Err(Trouble::new(format!("{spelled} on what?")).hint(format!("--resource {form}")));
    }
    Ok(spelled)
}

impl Asked {
    /// The keys that the service gives with such a request.
    pub fn keys_with(&self, secure: bool, who: &Who) -> Keys {
        let mut keys = self.keys.clone();
        let mut set = |name: &str, value: String| drop(keys.insert(name.to_owned(), vec![value]));
        let Some((service, name)) = self.action.as_deref().and_then(|action| action.split_once(':')) else {
            return keys;
        };
        let account = who.caller.as_ref().ok().and_then(|caller| caller.account());
        match service {
            "s3" => {
                if secure {
                    set("s3:tlsversion", "1.3".to_owned());
                }
                if account.is_some() {
                    set("s3:authtype", "REST-HEADER".to_owned());
                    set("s3:signatureversion", "AWS4-HMAC-SHA256".to_owned());
                }
                if let Some(owner) = self.account {
                    set("s3:resourceaccount", owner.to_string());
                }
            }
            "kms" => {
                if let Some(account) = account {
                    set("kms:calleraccount", account.to_string());
                }
            }
            _ => {}
        }
        if let Some(action) = table::service(service).and_then(|table| table.action(name)) {
            action.keep_known(&self.resource, &mut keys);
        }
        keys
    }
}
