//! What other services have encrypted: as their caller, by their way.

use crate::blob::Head;
use crate::desk::{By, Desk};
use crate::key::Key;
use crate::kms::Kms;
use crate::material::{Material, random};
use crate::refuse;
use crate::spec::{Spec, Usage};
use crate::verb::{context_keys, decrypt_blob, seal};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_names::Via;
use postern_policy::{Judge, Keys};
use postern_serve::{Ciphers, Closed, Envelope, OnBehalf};
use serde_json::Value;
use std::sync::Arc;

/// What the contents of an envelope are bound to: the data key is used for nothing else.
const ENVELOPE: &[u8] = b"envelope";

/// KMS as the region's other services see it.
pub struct Forward {
    kms: Arc<Kms>,
    judge: Arc<dyn Judge>,
}

impl Forward {
    pub fn new(kms: Arc<Kms>, judge: Arc<dyn Judge>) -> Self {
        Self { kms, judge }
    }

    /// The call as KMS hears it: the same caller and request, through the service.
    fn call(of: &OnBehalf<'_>, operation: &str) -> Call {
        Call {
            service: "kms",
            operation: operation.to_owned(),
            input: Value::Null,
            region: of.call.region.clone(),
            caller: of.call.caller.clone(),
            via: Via::Service { principal: format!("{}.amazonaws.com", of.service) },
            request_id: of.call.request_id.clone(),
            now: of.call.now,
            secure: of.call.secure,
            user_agent: None,
        }
    }

    async fn close(&self, of: &OnBehalf<'_>, operation: &'static str, plaintext: &[u8]) -> Result<Closed, Refusal> {
        let call = Self::call(of, operation);
        let (closed, pending) = {
            let desk = Desk::new(&self.kms, self.judge.as_ref(), &call);
            let managed = format!("alias/aws/{}", of.service);
            let reference = of.key.unwrap_or(&managed);
            let named = desk.key_of(reference, operation, By::Anything, asked(of))?;
            let record = &named.key.record;
            record.is_for(Usage::Encrypt, operation)?;
            record.usable()?;
            if !record.spec.is_symmetric() {
                let message = format!("{} is no symmetric encryption key.", record.arn());
                return Err(Refusal::new("InvalidKeyUsageException", message));
            }
            let ciphertext = seal(&desk, &named.key, &of.context, plaintext)?;
            (Closed { ciphertext, key: record.arn() }, desk.into_pending())
        };
        for durable in pending {
            durable.durable().await.map_err(Refusal::internal)?;
        }
        Ok(closed)
    }

    fn key_of_ciphertext(&self, call: &Call, ciphertext: &[u8]) -> Result<Arc<Key>, Refusal> {
        let (head, _) = Head::read(ciphertext).ok_or_else(refuse::not_opened)?;
        let key = self.kms.read().keys.get(&hex::encode(head.key)).cloned();
        key.filter(|key| !key.record.is_gone(call.now)).ok_or_else(refuse::ciphertext_of_no_key)
    }
}

fn asked(of: &OnBehalf<'_>) -> Keys {
    let mut keys = Keys::from_iter([("kms:encryptionalgorithm".to_owned(), vec!["SYMMETRIC_DEFAULT".to_owned()])]);
    context_keys(&of.context, &mut keys);
    keys
}

#[async_trait]
impl Ciphers for Forward {
    async fn encrypt(&self, of: &OnBehalf<'_>, plaintext: &[u8]) -> Result<Closed, Refusal> {
        self.close(of, "Encrypt", plaintext).await
    }

    async fn decrypt(&self, of: &OnBehalf<'_>, ciphertext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let call = Self::call(of, "Decrypt");
        let key = self.key_of_ciphertext(&call, ciphertext)?;
        Desk::new(&self.kms, self.judge.as_ref(), &call).ask("Decrypt", &key, None, asked(of))?;
        key.record.usable()?;
        decrypt_blob(&key, &of.context, ciphertext)
    }

    async fn enclose(&self, of: &OnBehalf<'_>, plaintext: &[u8]) -> Result<Envelope, Refusal> {
        let secret: [u8; 32] = random()?;
        let data_key = self.close(of, "GenerateDataKey", &secret).await?;
        let sealed = Material::from_bytes(Spec::Symmetric, &secret)?.seal(plaintext, ENVELOPE)?;
        Ok(Envelope { data_key, sealed })
    }

    async fn disclose(&self, of: &OnBehalf<'_>, envelope: &Envelope) -> Result<Vec<u8>, Refusal> {
        let secret = self.decrypt(of, &envelope.data_key.ciphertext).await?;
        let opened = Material::from_bytes(Spec::Symmetric, &secret)?.open(&envelope.sealed, ENVELOPE);
        opened.map_err(|_| Refusal::internal("an envelope does not open with its own data key"))
    }
}
