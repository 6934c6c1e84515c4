//! What takes long is got before the World is locked: a key pair takes a tenth of a second to make.

use postern_call::Call;
use postern_control::{InstanceProfile, KeyMaterial, Outside};
use postern_names::{AccountId, InstanceId};
use serde_json::Value;
use std::sync::Arc;

/// The outside as one call's verb sees it.
pub struct Prepared {
    outside: Arc<dyn Outside + Send + Sync>,
    key: Option<Result<KeyMaterial, String>>,
}

impl Prepared {
    pub async fn of(call: &Call, outside: &Arc<dyn Outside + Send + Sync>) -> Self {
        let outside = outside.clone();
        let Some((key_type, comment)) = wanted_key(call) else { return Self { outside, key: None } };
        let maker = outside.clone();
        let made = tokio::task::spawn_blocking(move || maker.make_key(key_type, &comment)).await;
        Self { outside, key: Some(made.unwrap_or_else(|error| Err(error.to_string()))) }
    }
}

/// Type and comment of the key that the call will ask for, if it is a good one.
fn wanted_key(call: &Call) -> Option<(&'static str, String)> {
    if call.operation != "CreateKeyPair" {
        return None;
    }
    let text = |member: &str| call.input.get(member).and_then(Value::as_str);
    let key_type = match text("KeyType") {
        None | Some("rsa") => "rsa",
        Some("ed25519") => "ed25519",
        Some(_) => return None,
    };
    Some((key_type, text("KeyName")?.to_owned()))
}

impl Outside for Prepared {
    fn bits(&self) -> u64 {
        self.outside.bits()
    }
    fn instance_profile(&self, account: AccountId, name_or_arn: &str) -> Option<InstanceProfile> {
        self.outside.instance_profile(account, name_or_arn)
    }
    fn make_key(&self, key_type: &str, comment: &str) -> Result<KeyMaterial, String> {
        match &self.key {
            Some(made) => made.clone(),
            None => self.outside.make_key(key_type, comment),
        }
    }
    fn read_public_key(&self, line: &str) -> Option<KeyMaterial> {
        self.outside.read_public_key(line)
    }
    fn console(&self, instance: InstanceId) -> Option<Vec<u8>> {
        self.outside.console(instance)
    }
}
